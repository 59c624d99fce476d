"""What two runs, two checkpoints or a folder before and after have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from faults.product import Classifier, read_checkpoint


def unsound(root: Path) -> str:
    """Which of the checkpoints below root cannot be loaded."""
    for path in root.rglob("*.ckpt"):
        try:
            stored = read_checkpoint(path)
            Classifier.load_from_checkpoint(path)
            torch.load(path, weights_only=True)
        except Exception as error:
            return f"{path.name}: {error}"
        if not all(value.isfinite().all() for value in stored["state_dict"].values()):
            return f"{path.name} is not finite"
    return ""


def litter(root: Path) -> str:
    """Which files lie below root that no run means to leave."""
    names = {"config.yaml", "metrics.csv", "best.ckpt", "last.ckpt", "curves.png", "boundary.png", "model_card.md"}
    return ", ".join(str(path) for path in root.rglob("*") if path.is_file() and path.name not in names)


def difference(whole: Path, part: Path, without: tuple[str, ...] = ()) -> str:
    """How two runs differ: in a row of metrics.csv, or in what best.ckpt and last.ckpt hold, `without` these parts."""
    rows = [(run / "metrics.csv").read_text().splitlines() for run in (whole, part)]
    if rows[0] != rows[1]:
        near = [f"{a!r} became {b!r}" for a, b in zip(*rows, strict=False) if a != b]
        return f"metrics.csv: {len(rows[0])} rows became {len(rows[1])}; " + "".join(near[:1])
    for name in ("best.ckpt", "last.ckpt"):
        stored = [read_checkpoint(run / name) for run in (whole, part)]
        for each in stored:  # best.ckpt may be from before the run was resumed to go on for longer
            each["settings"] = {**each["settings"], "trainer.max_epochs": 0}
        place = first_mismatch(*({key: each[key] for key in each if key not in without} for each in stored))
        if place:
            return f"{name} differs at {place}"
    return ""


def first_mismatch(a: Any, b: Any, place: str = "/") -> str:
    """Where two checkpoints' contents differ, down to the last bit; "" where they don't."""
    if type(a) is not type(b):
        return place
    if isinstance(a, torch.Tensor):
        bits = [tensor.reshape(-1).contiguous().view(torch.uint8) for tensor in (a, b)]  # numpy has no bfloat16
        return "" if a.dtype == b.dtype and a.shape == b.shape and torch.equal(*bits) else place
    if isinstance(a, (dict, list, tuple)):
        parts = [(key, a[key], b.get(key)) for key in a] if isinstance(a, dict) else list(zip(range(len(a)), a, b))  # noqa: B905
        if len(a) != len(b) or (isinstance(a, dict) and a.keys() != b.keys()):
            return place
        return next((found for key, x, y in parts if (found := first_mismatch(x, y, f"{place}{key}/"))), "")
    return "" if a == b or (a != a and b != b) else place


def snapshot(root: Path) -> dict[Path, tuple[int, int, int]]:
    """All that lies below root, so that a command which should have written nothing can be held to it."""
    stats = {path: path.lstat() for path in [root, *root.rglob("*")]}
    return {path: (stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def restore(folder: Path, before: Mapping[Path, Any]) -> None:
    for path in sorted((path for path in snapshot(folder) if path not in before), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
