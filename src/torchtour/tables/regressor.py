"""TableRegressor: how much does a row of a table amount to?"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import huber_loss, l1_loss, mse_loss
from torchmetrics import MeanAbsoluteError, MeanSquaredError

from torchtour.settings import UserError, check
from torchtour.tables.conformal import Conformal
from torchtour.tables.cross_fitting import LIMITS, Batch, CrossFitted, unpacked
from torchtour.tables.members import AmountEnsemble
from torchtour.tables.schema import columns_from_dicts
from torchtour.tables.splitting import FOLDS
from torchtour.training.metrics import EpochMetrics, MeanLoss
from torchtour.training.trainer_parts import datamodule_of

ROWS_AT_ONCE = 1_000  # whose intervals are computed


class AmountWithInterval(nn.Module):
    """Raw columns [batch, n_columns] to the amount and the ends of its interval [batch, 3]."""

    def __init__(self, net: AmountEnsemble, conformal: Conformal, coverage: float) -> None:
        super().__init__()
        self.net, self.conformal, self.coverage = net, conformal, coverage

    def forward(self, raw: Tensor) -> Tensor:
        amounts, of_folds = self.net.with_folds(raw)  # [batch], [FOLDS, batch]
        low, high = self.conformal(of_folds, self.coverage)
        return torch.stack([amounts, low, high], dim=1)


class TableRegressor(CrossFitted):
    """Small nets side by side, each trained on seven of eight folds; they answer with their average.

    They learn the standardised target. Trainer(max_epochs=-1) trains for as many epochs as the table needs.

    Args:
        loss: mse (mean squared error), huber, absolute, or pinball, which estimates a quantile.
        quantile: Which one, with pinball.
        coverage: Share of new rows whose amount should lie in the interval of their prediction.
        members: Nets of each kind. 8, or a multiple of it, leaves out each fold equally often.
        bins: The kinds: for each, the bins of its piecewise-linear encoding of numbers, up to 16; 0: none.
        hidden_size: Units of each hidden layer of a member.
        n_layers: Hidden layers.
        dropout: Share of hidden units that are dropped in training.
        lr: AdamW's learning rate at the start, a third of it for members with bins; it falls to 0 along a cosine.
        weight_decay: AdamW's, of weights and not of biases.
        patience: Epochs without a better val/loss after which training ends; null: it goes on to the last.
        columns: The table's columns; the command takes them from the data.
        target_mean: Of the training rows; null: fit takes it from the data.
        target_std: Of the training rows; null: fit takes it from the data.

    Raises:
        UserError: An argument is out of range, or not a table's.
    """

    net: AmountEnsemble
    conformal: Conformal

    def __init__(
        self,
        loss: Literal["mse", "huber", "absolute", "pinball"] = "mse",
        quantile: float = 0.5,
        coverage: float = 0.9,
        members: int = 8,
        bins: list[int] = [0, 8, 16],  # noqa: B006  never changed
        hidden_size: int = 64,
        n_layers: int = 2,
        dropout: float = 0.1,
        lr: float = 0.003,
        weight_decay: float = 0.01,
        patience: int | None = 20,
        columns: list[Any] | None = None,
        target_mean: float | None = None,
        target_std: float | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        limits = {"quantile": (0.001, 0.999), "coverage": (0.01, 0.999), "target_std": (1e-37, 1e38)}
        check("model", TableRegressor.__init__, self.hparams, {**LIMITS, **limits})
        if quantile != 0.5 and loss != "pinball":
            raise UserError(f"model.quantile goes with model.loss pinball, not {loss}")
        known = columns_from_dicts(columns or [])
        self.net = AmountEnsemble(known, bins, members, hidden_size, n_layers, dropout)
        if target_mean is not None and target_std is not None:
            self.net.set_target(target_mean, target_std)
        self.conformal = Conformal(FOLDS)
        metrics = {"loss": MeanLoss(), "mae": MeanAbsoluteError(), "rmse": MeanSquaredError(squared=False)}
        self.train_metrics = EpochMetrics(metrics, prefix="train/")
        self.val_metrics = EpochMetrics(metrics, prefix="val/")
        self.test_metrics = EpochMetrics(metrics, prefix="test/")
        self.errors: list[tuple[Tensor, Tensor]] = []  # absolute errors and folds of the validation rows so far

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if stage != "fit" or self.hparams["target_std"] is not None:
            return
        data: Any = datamodule_of(self.trainer)
        if getattr(data, "target_std", None) is None:
            raise UserError("TableRegressor needs target_mean and target_std, or a TableData whose label is an amount")
        self.hparams.update(target_mean=data.target_mean, target_std=data.target_std)
        self.net.set_target(data.target_mean, data.target_std)

    def losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        standard = self.net.standardised(labels)  # [batch]
        return self._loss(outputs[..., 0], standard.expand(len(outputs), -1))

    def evaluate(self, averages: Tensor, labels: Tensor) -> Tensor:
        """In the units of training, standard deviations of the target."""
        return self._loss(self.net.standardised(averages), self.net.standardised(labels)).mean()

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        averages = super().validation_step(batch, batch_idx)
        raw, labels, folds = unpacked(batch)
        if folds is None:  # rows that no member has learned: the members of each fold predict their share
            folds = torch.arange(len(labels), device=labels.device) % FOLDS
            averages = self.net.out_of_fold(raw, folds)
        self.errors.append(((averages - labels).abs(), folds))
        return averages

    def on_validation_epoch_end(self) -> None:
        parts = _of_all_processes(self.errors)
        self.errors.clear()
        if parts:
            self.conformal.keep(torch.cat([errors for errors, _ in parts]), torch.cat([folds for _, folds in parts]))

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The amount and the ends of its interval [batch, 3]."""
        answer = AmountWithInterval(self.net, self.conformal, self.hparams["coverage"])
        return torch.cat([answer(rows) for rows in torch.split(batch[0], ROWS_AT_ONCE)])

    def _loss(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Of each prediction, in standard deviations."""
        kind = self.hparams["loss"]
        if kind == "pinball":
            quantile = self.hparams["quantile"]
            return 2 * torch.maximum(quantile * (targets - predictions), (1 - quantile) * (predictions - targets))
        losses: Tensor = LOSSES[kind](predictions, targets, reduction="none")
        return losses


LOSSES: dict[str, Any] = {"mse": mse_loss, "huber": huber_loss, "absolute": l1_loss}


def _of_all_processes(parts: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [*parts]
    gathered: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(gathered, parts)
    return [part for process in gathered for part in process]
