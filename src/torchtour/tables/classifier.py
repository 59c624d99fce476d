"""A Classifier for the rows of a table: its preprocessing is a part of it."""

from typing import Any

from torch import Tensor

from torchtour.classifier import Classifier
from torchtour.tables.preprocessing import Preprocessing, check_columns


class TableClassifier(Classifier):
    """A Classifier whose inputs are a table's raw columns.

    Args:
        columns: A table's columns, which Preprocessing makes features of; the command takes them from the data.
        classes: The names of a table's classes; the command takes them from the data.

    Raises:
        UserError: An argument is out of range, or the columns do not fit the net's inputs.
    """

    def __init__(
        self,
        columns: list[Any] | None = None,  # not list[dict]: LightningCLI would read a name of 2019 as a number
        classes: list[str] | list[int] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        check_columns(columns, classes, self.hparams["n_features"], self.hparams["n_classes"])
        self.inputs = Preprocessing(columns or [])

    def forward(self, features: Tensor) -> Tensor:
        """Raw columns [batch, n_columns] to logits [batch, n_classes]."""
        logits: Tensor = self.net(self.inputs(features))
        return logits
