"""The pictures of a run: curves, decision boundary and stills when fit has ended, the confusion matrix at test."""

import csv
import math
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from torchtour import checkpoint, plots
from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.limits import UserError, shown
from torchtour.problems import Points
from torchtour.run import Run

MOST_STILLS = 8


class Pictures(Callback):
    """Draws curves.png and boundary.png into a run's folder when fit has ended, and nothing while it runs.

    Args:
        enabled: Draw them, and confusion.png beside the checkpoint at test.
        stills: Epochs whose decision boundaries stills.png shows in a row, 0 for the untrained net; null: no stills.

    Raises:
        UserError: stills are not some few epochs.
    """

    def __init__(self, enabled: bool = True, stills: list[int] | None = None) -> None:
        if stills is not None and not (1 <= len(stills) <= MOST_STILLS and min(stills) >= 0):
            raise UserError(f"pictures.stills must be 1 to {MOST_STILLS} epochs from 0 on, got {shown(stills)}")
        self.enabled, self.stills = enabled, stills or []
        self.fields: dict[int, Tensor] = {}  # epoch -> probabilities [SIDE, SIDE]

    def state_dict(self) -> dict[str, Any]:
        return {"fields": self.fields} if self.fields else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.fields = {epoch: field for epoch, field in state_dict["fields"].items() if epoch in self.stills}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep(trainer, pl_module, trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep(trainer, pl_module, trainer.current_epoch + 1)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.enabled or not trainer.is_global_zero:
            return
        run = next(callback for callback in trainer.callbacks if isinstance(callback, Run))  # type: ignore[attr-defined]
        train, val, limits = _sample(trainer)
        assert run.folder is not None
        name = trainer.datamodule.hparams["problem"]  # type: ignore[attr-defined]
        figures = {"curves": plots.curves(_history(run.folder), f"{name}: scores and learning rate of each epoch")}
        if (best := run.folder / "best.ckpt").exists():
            field = plots.field(Classifier.load_from_checkpoint(best, weights_only=True).cpu(), limits)
            figures["boundary"] = plots.boundary(field, limits, train, val, f"{name}: what the best epoch has learned")
        if self.fields:
            figures["stills"] = plots.stills(self.fields, limits, train, f"{name}: how the net bends")
        for kind, figure in figures.items():
            checkpoint.replace(run.folder / f"{kind}.png", plots.png(figure))

    def _keep(self, trainer: Trainer, pl_module: LightningModule, epoch: int) -> None:
        if epoch in self.stills and trainer.is_global_zero:
            self.fields[epoch] = plots.field(pl_module, _sample(trainer)[2], pl_module.device)


class Confusion(Callback):
    """Draws the confusion matrix of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, Classifier)
        matrix = pl_module.test_confusion.compute()  # by all processes: they add up their counts
        if trainer.is_global_zero:
            title = f"{trainer.datamodule.hparams['problem']}: {matrix.sum()} held-out points"  # type: ignore[attr-defined]
            checkpoint.replace(self.path, plots.png(plots.confusion(matrix.cpu(), title)))


def check_pictures(stored: dict[str, Any], path: str | Path) -> None:
    """Hold what Pictures has kept in a checkpoint, if it has, against what it keeps.

    Raises:
        UserError: It is something else.
    """
    state = stored.get("callbacks", {}).get("Pictures", {"fields": {}})
    fields = state.get("fields") if isinstance(state, dict) else None
    epochs = list(fields)[: MOST_STILLS + 1] if isinstance(fields, dict) else [""]
    pattern = {"fields": dict.fromkeys(epochs, torch.empty(plots.SIDE, plots.SIDE))}
    if not all(type(epoch) is int for epoch in epochs) or checkpoint.unlike(state, pattern):
        raise UserError(f"checkpoint {path} holds no run to resume: its stills are none of ours")


def _sample(trainer: Trainer) -> tuple[Points, Points, plots.Extent]:
    """The training and validation points to draw, and the part of the plane that holds them."""
    data = trainer.datamodule  # type: ignore[attr-defined]
    assert isinstance(data, SyntheticData)
    train, val = (data.sample(split, plots.SHOWN) for split in ("train", "val"))
    return train, val, plots.extent(torch.cat([train[0], val[0]]))


def _history(folder: Path) -> dict[str, list[float]]:
    """The columns of metrics.csv; NaN where a cell is empty."""
    with open(folder / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name] or math.nan) for row in rows] for name in rows[0]}
