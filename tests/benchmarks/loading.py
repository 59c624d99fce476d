"""A large table: from the file to the first step, and a step, against polars and against points made in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import lightning
import numpy as np
import polars
import torch
from torch.utils.data import TensorDataset

from benchmarks.lightning_projects import Clock
from benchmarks.measuring import Row, compared
from torchtour import Classifier, SyntheticData, TableData, TableNet

ROWS, COLUMNS = 1_000_000, 20  # the label is one of the columns
BATCH, STEPS = 1000, 300


def write(path: Path, rows: int) -> None:
    """Measurements with four digits after the point, and a label of three classes."""
    rng = np.random.default_rng(0)
    values = {f"x{k}": rng.normal(10 * k, 1 + k, rows).round(4) for k in range(COLUMNS - 1)}
    label = np.array(["low", "middle", "high"])[np.digitize(values["x0"] + values["x1"], (9, 11))]
    polars.DataFrame({**values, "label": label}).write_csv(path)


def tables(rows: int = ROWS) -> Iterator[Row]:
    what = f"a table of {rows:,} rows, {COLUMNS} columns"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path, rows)
        data = TableData(str(path), "label", batch_size=BATCH, val_fraction=0.2)
        ways = {"polars.read_csv": lambda: polars.read_csv(path), "TableData, up to the first step": lambda: read(path)}
        yield from compared(f"{what}, read", ways, {"TableData, up to the first step": "1.5"})
        data.setup()
        points = wide(data.n_classes, len(data.sets["train"]))
        points.setup("fit")
        ways = {"SyntheticData": lambda: train(points), "TableData": lambda: train(data)}
        yield from compared(f"{what}, {STEPS} steps at batch {BATCH:,}", ways, {"TableData": "1.2"})


def read(path: Path) -> None:
    data = TableData(str(path), "label", batch_size=BATCH, val_fraction=0.2)
    data.setup("fit")
    next(iter(data.train_dataloader()))


def wide(n_classes: int, n: int) -> SyntheticData:
    """Points with as many features and classes as the table has."""
    data = SyntheticData(n_train=n, n_val=1000, batch_size=BATCH)
    for name, size in (("train", n), ("val", 1000)):
        data.sets[name] = TensorDataset(torch.randn(size, COLUMNS - 1), torch.randint(n_classes, (size,)))
    data.n_features, data.n_classes = COLUMNS - 1, n_classes
    return data


def train(data: TableData | SyntheticData) -> float:
    """Seconds of the steps alone."""
    names = {"columns": data.columns, "classes": data.classes} if isinstance(data, TableData) else {}
    kind = TableNet if names else Classifier
    model, clock = kind(n_features=data.n_features, n_classes=data.n_classes, **names), Clock()
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, limit_train_batches=STEPS, limit_val_batches=0, callbacks=[clock],
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, data)
    return clock.seconds
