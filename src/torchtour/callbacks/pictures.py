"""The pictures of a run: curves, decision boundary and stills when fit has ended, the confusion matrix at test."""

import copy
import math
import os
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from torchtour import plots
from torchtour.callbacks.run import Run
from torchtour.problems import Points
from torchtour.settings import UserError, printable, shown
from torchtour.trust.atomic import replace
from torchtour.trust.audit import Stored, audit, unlike

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
        run = next((callback for callback in trainer.callbacks if isinstance(callback, Run)), None)  # type: ignore[attr-defined]
        if not self.enabled or not trainer.is_global_zero or run is None or run.folder is None or not run.begun:
            return
        name = _title(trainer)
        rows = run.history.rows
        history = {score: [float(row.get(score) or math.nan) for row in rows] for score in run.history.columns}
        figures = {"curves": plots.curves(history, f"{name}: scores and learning rate of each epoch")}
        if _in_the_plane(trainer, pl_module):
            train, val, limits = _sample(trainer)
            if (best := run.folder / "best.ckpt").exists():
                net = copy.deepcopy(pl_module).cpu()
                net.load_state_dict(audit(best, type(pl_module)).weights)
                field = plots.field(net, limits)
                figures["boundary"] = plots.boundary(
                    field, limits, train, val, f"{name}: what the best epoch has learned"
                )
            if self.fields:
                figures["stills"] = plots.stills(self.fields, limits, train, f"{name}: how the net bends")
        for kind, figure in figures.items():
            replace(run.folder / f"{kind}.png", plots.png(figure))

    def _keep(self, trainer: Trainer, pl_module: LightningModule, epoch: int) -> None:
        if epoch in self.stills and trainer.is_global_zero and _in_the_plane(trainer, pl_module):
            self.fields[epoch] = plots.field(pl_module, _sample(trainer)[2], pl_module.device)


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
            raise UserError(f"{path} cannot be written; --pictures.enabled false tests without it")
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
            names = [printable(str(name))[:20] for name in classes] if classes else None
            replace(self.path, plots.png(plots.confusion(self.matrix, title, names)))


def audit_pictures(stored: Stored) -> None:
    """Verify what Pictures has kept in a checkpoint, if it has.

    Raises:
        UserError: It is something else.
    """
    states = stored.content.get("callbacks", {})
    state = states.get("Pictures", {"fields": {}}) if isinstance(states, dict) else None
    fields = state.get("fields") if isinstance(state, dict) else None
    epochs = list(fields)[: MOST_STILLS + 1] if isinstance(fields, dict) else [""]
    pattern = {"fields": dict.fromkeys(epochs, torch.empty(plots.SIDE, plots.SIDE))}
    if not all(type(epoch) is int for epoch in epochs) or unlike(state, pattern):
        raise UserError(f"checkpoint {stored.path} cannot be resumed: its stills are malformed")


def _title(trainer: Trainer) -> str:
    """What the data are called: the problem, or the class that brings them."""
    data = trainer.datamodule  # type: ignore[attr-defined]
    path = data.hparams.get("path")
    return str(data.hparams.get("problem") or (Path(path).name if path else type(data).__name__))


def _in_the_plane(trainer: Trainer, pl_module: LightningModule) -> bool:
    """Can a boundary be drawn? It takes two features, two classes, and data that give a sample of their points."""
    plane = pl_module.hparams.get("n_features") == 2 == pl_module.hparams.get("n_classes")
    return plane and callable(getattr(trainer.datamodule, "sample", None))  # type: ignore[attr-defined]


def _sample(trainer: Trainer) -> tuple[Points, Points, plots.Extent]:
    """The training and validation points to draw, and the part of the plane that holds them."""
    data = trainer.datamodule  # type: ignore[attr-defined]
    train, val = (data.sample(split, plots.SHOWN) for split in ("train", "val"))
    return train, val, plots.extent(torch.cat([train[0], val[0]]))
