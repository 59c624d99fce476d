"""`torchtour runs`: the runs below a folder, and which of them `best` and `last` mean now."""

import csv
import time
from pathlib import Path
from typing import Any

import yaml

from torchtour.command.terminal import Options
from torchtour.runs.checkpoint_paths import newest_first

COLUMNS = ("run", "data", "epochs", "best val loss", "at epoch", "age", "")


def runs(args: list[str]) -> int:
    """Print a line for each run, the newest last."""
    options = Options("torchtour runs", description="List the runs, the newest last.")
    options.add_argument("--root", type=Path, default=Path("checkpoints"), help="the folder that the runs lie in")
    root = options.parse_args(args).root
    folders = [path.parent for path in newest_first(root)][::-1]
    if not folders:
        print(f"No run below {root}/ yet. `torchtour fit` makes one.")
        return 0
    rows = [_row(folder, root) for folder in folders]
    meant = [name for name in ("best", "last") if (folders[-1] / f"{name}.ckpt").exists()]
    rows[-1][-1] = f"<- {' and '.join(meant)}" if meant else "<- the newest, without a checkpoint"
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    for row in (list(COLUMNS), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(folder: Path, root: Path) -> list[str]:
    table = _table(folder / "metrics.csv")
    losses = [(float(row["val/loss"]), row["epoch"]) for row in table if row.get("val/loss")]
    loss, epoch = min(losses, default=(None, ""))
    return [
        str(folder.relative_to(root)),
        _data(folder / "config.yaml"),
        str(len(table)),
        "" if loss is None else f"{loss:.4f}",
        epoch,
        _age(folder / "config.yaml"),
        "",
    ]


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        with open(path, newline="", errors="replace") as file:
            return list(csv.DictReader(file))
    except (OSError, csv.Error):
        return []


def _data(path: Path) -> str:
    """The problem, or the file, or the class that brings the data."""
    try:
        data = yaml.safe_load(path.read_text())["data"]
        settings = data.get("init_args", data)
        return str(settings.get("problem") or settings.get("path") or data["class_path"].rpartition(".")[2])
    except (OSError, UnicodeError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return "?"


def _age(path: Path) -> str:
    seconds = max(time.time() - path.stat().st_mtime, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"
