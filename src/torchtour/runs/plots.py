"""The plots of a run: curves, decision boundary and a strip of boundaries after fit, the confusion matrix at test."""

import copy
import math
import os
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from torchtour.evaluation import plots
from torchtour.runs.checkpoint import read_checkpoint
from torchtour.runs.files import replace
from torchtour.runs.run import Run
from torchtour.settings import UserError, short_repr, without_control_chars
from torchtour.training.trainer_parts import callback_of, datamodule_of

MAX_BOUNDARY_EPOCHS = 8


class Plots(Callback):
    """Draws curves.png and boundary.png into a run's folder when fit has ended, and nothing while it runs.

    Args:
        enabled: Draw them, and confusion.png beside the checkpoint at test.
        boundary_epochs: Epochs whose decision boundaries stills.png shows, 0 for the untrained net; null: none.

    Raises:
        UserError: boundary_epochs are not 1 to 8 epochs.
    """

    def __init__(self, enabled: bool = True, boundary_epochs: list[int] | None = None) -> None:
        epochs = [0] if boundary_epochs is None else boundary_epochs
        if not (1 <= len(epochs) <= MAX_BOUNDARY_EPOCHS and min(epochs) >= 0):
            raise UserError(
                f"plots.boundary_epochs must be 1 to {MAX_BOUNDARY_EPOCHS} epochs from 0 on, got {short_repr(epochs)}"
            )
        self.enabled, self.boundary_epochs = enabled, boundary_epochs or []
        self.fields: dict[int, Tensor] = {}  # epoch -> probabilities [FIELD_SIDE, FIELD_SIDE]

    @property
    def state_key(self) -> str:
        return "Pictures"  # the class's name before 0.3: its checkpoints are resumed too

    def state_dict(self) -> dict[str, Any]:
        return {"fields": self.fields} if self.fields else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.fields = {epoch: field for epoch, field in state_dict["fields"].items() if epoch in self.boundary_epochs}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep_field(trainer, pl_module, trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep_field(trainer, pl_module, trainer.current_epoch + 1)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        run = callback_of(trainer, Run)
        if (
            not self.enabled
            or not trainer.is_global_zero
            or run is None
            or run.folder is None
            or not run.has_checkpoint
        ):
            return
        name = _title(trainer)
        rows = run.history.rows
        history = {score: [float(row.get(score) or math.nan) for row in rows] for score in run.history.columns}
        figures = {"curves": plots.plot_curves(history, f"{name}: scores and learning rate of each epoch")}
        if _in_the_plane(trainer, pl_module):
            train, val, limits = _sample(trainer)
            if (best := run.folder / "best.ckpt").exists():
                net = copy.deepcopy(pl_module).cpu()
                net.load_state_dict(read_checkpoint(best, type(pl_module)).weights)
                field = plots.probability_field(net, limits)
                figures["boundary"] = plots.plot_boundary(
                    field, limits, train, val, f"{name}: what the best epoch has learned"
                )
            if self.fields:
                figures["stills"] = plots.plot_boundary_strip(self.fields, limits, train, f"{name}: how the net bends")
        for kind, figure in figures.items():
            replace(run.folder / f"{kind}.png", plots.png(figure))

    def _keep_field(self, trainer: Trainer, pl_module: LightningModule, epoch: int) -> None:
        if epoch in self.boundary_epochs and trainer.is_global_zero and _in_the_plane(trainer, pl_module):
            self.fields[epoch] = plots.probability_field(pl_module, _sample(trainer)[2], pl_module.device)


class Confusion(Callback):
    """Counts how many points of each class a test took for which, and draws it.

    Attributes:
        path: The picture; None: it is not drawn.
        matrix: Counts [n_classes, n_classes], a row for each true class; of all processes when the test has ended.

    Raises:
        UserError: The picture cannot be written.
    """

    NAME = "test/confusion"  # in Trainer's table of scores, which reaches the process that started the others

    def __init__(self, path: Path | None) -> None:
        if path and not os.access(path.parent, os.W_OK):
            raise UserError(f"{path} cannot be written; --plots.enabled false tests without it")
        self.path = path

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        n_classes = pl_module.hparams["n_classes"]
        self.matrix = torch.zeros(n_classes, n_classes, dtype=torch.long, device=pl_module.device)

    def on_test_batch_end(  # type: ignore[override] # ours gives logits
        self, trainer: Trainer, pl_module: LightningModule, outputs: Tensor, batch: tuple[Tensor, ...], *_: Any
    ) -> None:
        logits, labels = outputs, batch[1]  # [batch, n_classes], [batch]
        cells = labels * len(self.matrix) + logits.argmax(dim=1)  # [batch]
        self.matrix += cells.bincount(minlength=self.matrix.numel()).reshape(self.matrix.shape)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.matrix = trainer.strategy.reduce(self.matrix, reduce_op="sum").cpu()  # by all processes, of their counts
        trainer.callback_metrics[self.NAME] = self.matrix
        if trainer.is_global_zero and self.path:
            title = f"{_title(trainer)}: {self.matrix.sum()} held-out points"
            classes = pl_module.hparams.get("classes")
            names = [without_control_chars(str(name))[:20] for name in classes] if classes else None
            replace(self.path, plots.png(plots.plot_confusion(self.matrix, title, names)))


def _title(trainer: Trainer) -> str:
    """What the data are called: the problem, or the class that brings them."""
    data = datamodule_of(trainer)
    if data is None:
        return "your loader"
    path = data.hparams.get("path")
    return str(data.hparams.get("problem") or (Path(path).name if path else type(data).__name__))


def _in_the_plane(trainer: Trainer, pl_module: LightningModule) -> bool:
    """Can a boundary be drawn? It takes two features, two classes, and data that give a sample of their points."""
    plane = pl_module.hparams.get("n_features") == 2 == pl_module.hparams.get("n_classes")
    return plane and callable(getattr(datamodule_of(trainer), "sample", None))


def _sample(trainer: Trainer) -> tuple[plots.Points, plots.Points, plots.Extent]:
    """The training and validation points to draw, and the part of the plane that holds them."""
    data: Any = datamodule_of(trainer)
    train, val = (data.sample(split, plots.MAX_POINTS_DRAWN) for split in ("train", "val"))
    return train, val, plots.extent(torch.cat([train[0], val[0]]))
