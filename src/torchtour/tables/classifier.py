"""TableClassifier: which class does a row of a table belong to?"""

from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics.classification import MulticlassAccuracy

from torchtour.settings import check
from torchtour.tables.cross_fitting import LIMITS, Batch, CrossFitted
from torchtour.tables.members import ClassEnsemble
from torchtour.tables.schema import check_classes, columns_from_dicts
from torchtour.training.metrics import EpochMetrics, MeanLoss


class TableClassifier(CrossFitted):
    """Small nets side by side, each trained with cross-entropy on seven of eight folds; they answer with their average.

    Trainer(max_epochs=-1) trains for as many epochs as the table needs.

    Args:
        members: Nets of each kind. 8, or a multiple of it, leaves out each fold equally often.
        bins: The kinds: for each, the bins of its piecewise-linear encoding of numbers, up to 16; 0: none.
        hidden_size: Units of each hidden layer of a member.
        n_layers: Hidden layers.
        dropout: Share of hidden units that are dropped in training.
        lr: AdamW's learning rate at the start, a third of it for members with bins; it falls to 0 along a cosine.
        weight_decay: AdamW's, of weights and not of biases.
        patience: Epochs without a better val/loss after which training ends; null: it goes on to the last.
        columns: The table's columns; the command takes them from the data.
        classes: The names of the classes; the command takes them from the data.
        n_classes: How many; the command takes it from the data.

    Raises:
        UserError: An argument is out of range, or not a table's.
    """

    def __init__(
        self,
        members: int = 8,
        bins: list[int] = [0, 8, 16],  # noqa: B006  never changed
        hidden_size: int = 64,
        n_layers: int = 2,
        dropout: float = 0.1,
        lr: float = 0.003,
        weight_decay: float = 0.01,
        patience: int | None = 20,
        columns: list[Any] | None = None,  # not list[dict]: LightningCLI would read a name of 2019 as a number
        classes: list[str] | list[int] | None = None,
        n_classes: int = 2,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("model", TableClassifier.__init__, self.hparams, {**LIMITS, "n_classes": (2, 1000)})
        check_classes(classes, n_classes)
        self.net = ClassEnsemble(
            columns_from_dicts(columns or []), bins, members, hidden_size, n_layers, n_classes, dropout
        )
        metrics = {
            "loss": MeanLoss(),
            "accuracy": MulticlassAccuracy(n_classes, average="micro", validate_args=False),
        }
        self.train_metrics = EpochMetrics(metrics, prefix="train/")
        self.val_metrics = EpochMetrics(metrics, prefix="val/")
        self.test_metrics = EpochMetrics(metrics, prefix="test/")

    def losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        members = len(outputs)
        losses = cross_entropy(outputs.flatten(0, 1), labels.repeat(members), reduction="none")
        return losses.view(members, -1)

    def evaluate(self, averages: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(averages, labels)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Probability of each class [batch, n_classes]."""
        probabilities: Tensor = self(batch[0]).softmax(dim=1)
        return probabilities
