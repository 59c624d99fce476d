"""A Classifier for the rows of a table: one SimpleNet, with the table's preprocessing as a part of it."""

from typing import Any

from torch import Tensor

from torchtour.classifier import Classifier
from torchtour.settings import UserError
from torchtour.tables.preprocessing import Preprocessing
from torchtour.tables.schema import check_classes, columns_from_dicts, n_features
from torchtour.training.trainer_parts import datamodule_of


class TableNet(Classifier):
    """A Classifier whose inputs are a table's raw columns, as torchtour 0.1 and 0.2 trained them.

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
        known, inputs = columns_from_dicts(columns or []), self.hparams["n_features"]
        if columns and n_features(known) != inputs:
            raise UserError(f"model.n_features must be {n_features(known)} with these model.columns, got {inputs}")
        check_classes(classes, self.hparams["n_classes"])
        self.inputs = Preprocessing(known)

    def forward(self, features: Tensor) -> Tensor:
        """Raw columns [batch, n_columns] to logits [batch, n_classes]."""
        logits: Tensor = self.net(self.inputs(features))
        return logits

    def on_fit_start(self) -> None:
        data: Any = datamodule_of(self.trainer)
        if data is not None and data.hparams.get("val_fraction", 0.2) is None:
            raise UserError("TableNet needs validation rows of their own: --data.val_fraction 0.2")
