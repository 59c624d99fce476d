"""Your own table: rows of a CSV or Parquet file, split before anything is learned from them."""

from functools import cached_property
from typing import Any

from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from torchtour.settings import UserError, check
from torchtour.tables.loading import Chunks, Table, load
from torchtour.tables.reading import open_frame_or_file
from torchtour.tables.schema import columns_from_dicts, n_features
from torchtour.tables.target import Task
from torchtour.training.batches import Batch, InMemory, evaluation_loader, loader, rank_and_world_size, weigh_gradients

LIMITS = {
    "val_fraction": (0.001, 0.8),
    "test_fraction": (0.001, 0.8),
    "max_levels": (2, 1000),
    "batch_size": (1, 100_000_000),
    "seed": (0, 2**32 - 1),
}


class TableData(LightningDataModule):
    """The rows of a CSV or Parquet file in three sets: train, val and test.

    The file is read when its rows or columns are first asked for. Numbers and categories are features; dates, free
    text, identifiers and constant columns are left out. A batch holds raw columns: Preprocessing, a part of the net,
    makes inputs of them, with statistics of the training rows alone.

    Args:
        path: A CSV file (comma, semicolon or tab; UTF-8; .gz too) or a Parquet file.
        label: The column to be learned: classes (text, or few whole numbers) or an amount (any other numbers).
        task: classes or amount; auto: as the label's values say.
        drop: Columns to leave out.
        keep: Columns to use although every row differs in them.
        group: A column; rows that are equal there, as those of one patient, are in the same set.
        val_fraction: Share of the rows in a validation set of their own; null: none, and train and val are the same
            rows in 8 folds, since each member of a table's net leaves out a fold.
        test_fraction: Share of the rows in the test set, used once after training.
        max_levels: A text with more different values is no category.
        batch_size: Rows a training step, over all processes together; null: 32, of a large table more, up to 1024.
        seed: Of the split and of the training rows' order.

    Raises:
        UserError: An argument is out of range; later, that the file is malformed.
    """

    def __init__(
        self,
        path: str = "",
        label: str = "",
        drop: list[str] | None = None,
        keep: list[str] | None = None,
        group: str | None = None,
        val_fraction: float | None = None,
        test_fraction: float = 0.2,
        max_levels: int = 50,
        batch_size: int | None = None,
        seed: int = 0,
        task: Task = "auto",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("data", TableData.__init__, self.hparams, LIMITS)
        self.frame: Any = None
        self.sets: dict[str, TensorDataset] = {}
        self.chunks: Chunks | None = None  # of the file to predict

    @classmethod
    def from_frame(cls, frame: Any, label: str, **settings: Any) -> "TableData":
        """The rows of a frame of polars or pandas, in place of a file's; settings as TableData takes them."""
        data = cls("", label, **settings)
        data.frame = frame
        return data

    @cached_property
    def table(self) -> Table:
        """The file's content; read once.

        Raises:
            UserError: It cannot be read or learned from.
        """
        return load(self.hparams, self.frame)

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns that the net takes, as plain values."""
        return [column.to_dict() for column in self.table.columns]

    @property
    def classes(self) -> list[str] | list[int] | None:
        """The classes in order; None: the label is an amount."""
        return self.table.classes

    @property
    def n_features(self) -> int:
        """Inputs that Preprocessing makes of the columns."""
        return n_features(self.table.columns)

    @property
    def target_mean(self) -> float | None:
        """Of an amount's training rows; None for classes."""
        return None if self.classes is not None else float(self._training_amounts.mean())

    @property
    def target_std(self) -> float | None:
        """Of an amount's training rows; None for classes."""
        return None if self.classes is not None else float(self._training_amounts.std(correction=0)) or 1.0

    @property
    def _training_amounts(self) -> Tensor:
        return self.table.sets["train"].tensors[1].double()

    @property
    def n_classes(self) -> int | None:
        return None if self.classes is None else len(self.classes)

    def setup(self, stage: str | None = None) -> None:
        """Read the file, if it has not been read."""
        if stage != "predict":
            self.sets = self.table.sets

    def train_dataloader(self) -> DataLoader[Batch]:
        rows = self.sets["train"]
        batch_size = self.hparams["batch_size"] or min(max(len(rows) // 500, 32), 1024)
        weigh_gradients(self.trainer)
        return loader(InMemory(rows, batch_size, self.hparams["seed"], *rank_and_world_size(self.trainer)))

    def val_dataloader(self) -> DataLoader[Batch]:
        return evaluation_loader(self.sets["val"], self.trainer)

    def test_dataloader(self) -> DataLoader[Batch]:
        return evaluation_loader(self.sets["test"], self.trainer)

    def predict_dataloader(self) -> DataLoader[Any]:
        """All rows of the file, read as they are needed; the net says which columns it takes."""
        if self.trainer is None:
            raise UserError("a table is predicted by a Trainer with a model, which says which columns it takes")
        columns = self.trainer.lightning_module.hparams["columns"]
        source = open_frame_or_file(self.frame, self.hparams["path"])
        self.chunks = Chunks(source, columns_from_dicts(columns))
        return DataLoader(self.chunks, batch_size=None)

    @property
    def unseen(self) -> dict[str, int]:
        """After predict: for each category, how many values no training row had."""
        return dict(self.chunks.unseen) if self.chunks else {}

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of the data: the file's SHA-256."""
        return {"sha256": self.table.sha256}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Trainer when a run is resumed.

        Raises:
            UserError: The file is not the one that the run began with.
        """
        if state_dict.get("sha256") != self.table.sha256:
            raise UserError(f"{self.hparams['path']} is not the file that the run began with: its SHA-256 is another")
