"""What a run on a table leaves besides: predictions beside the input's columns, scores by class, and an info sheet."""

import csv
import io
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from lightning import __version__ as lightning_version
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_precision, multiclass_recall

from torchtour import __version__
from torchtour.evaluation import plots
from torchtour.evaluation.confidence import majority_class_baseline, wilson_interval
from torchtour.evaluation.importance import permutation_importance
from torchtour.runs.checkpoint import read_checkpoint
from torchtour.runs.files import replace, replacing
from torchtour.runs.plots import Confusion
from torchtour.runs.run import Run
from torchtour.settings import without_control_chars
from torchtour.tables import cells
from torchtour.tables.data import TableData
from torchtour.tables.loading import Table, describe, reasons
from torchtour.tables.schema import Column, NumberColumn
from torchtour.tables.scores import Score, amount_scores, r2
from torchtour.tables.splitting import FOLDS
from torchtour.training.trainer_parts import callback_of, datamodule_of

MAX_IMPORTANCE_COLUMNS = 500  # columns; each is shuffled and evaluated several times
AMOUNT_COLUMNS = ("predicted", "low", "high")
FORMULA = r"^[=+\-@\t\r]"  # a spreadsheet would run a text that begins so


class TablePredictions(Callback):
    """Writes predictions.csv, chunk by chunk: the input's columns, then the class and each class's probability, or the
    amount and its interval.

    Text that a spreadsheet would run as a formula gets a ' in front.

    Attributes:
        rows: How many were written.
        quoted: How many texts got a '.
    """

    def __init__(self, path: Path, classes: Sequence[str | int] | None) -> None:
        self.path, self.classes = path, classes
        self.rows = self.quoted = 0
        self.writing: Any = None

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            self.writing = replacing(self.path)
            self.file: BinaryIO = self.writing.__enter__()

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Tensor, batch: tuple[Tensor, Any], *_: Any
    ) -> None:
        if self.writing is None:
            return
        import polars

        frame = _writable(batch[1])
        text = [polars.col(name) for name, kind in frame.schema.items() if kind == polars.String]
        formula = [
            column.str.contains(FORMULA)
            & ~column.str.strip_chars().str.contains(cells.ANY_NUMBER)
            & ~column.is_in(cells.MISSING)
            for column in text
        ]
        if text:
            self.quoted += sum(frame.select(found.sum() for found in formula).row(0))
            safe = [
                polars.when(found).then("'" + column).otherwise(column)
                for found, column in zip(formula, text, strict=True)
            ]
            frame = frame.with_columns(
                cell.alias(name)
                for cell, name in zip(safe, (column.meta.output_name() for column in text), strict=True)
            )
        added = self._added(outputs.cpu().numpy())
        added.columns = _unlike(added.columns, frame.columns)
        frame = polars.concat([frame, added], how="horizontal")
        frame.columns = [_safe(name) for name in frame.columns]
        frame.write_csv(self.file, include_header=self.rows == 0)
        self.rows += len(frame)

    def _added(self, values: Any) -> Any:
        """The new columns, of probabilities [batch, n_classes] or of amounts and their intervals [batch, 3]."""
        import polars

        if self.classes is None:
            return polars.DataFrame([polars.Series(name, values[:, k]) for k, name in enumerate(AMOUNT_COLUMNS)])
        found = polars.Series("class", [self.classes[place] for place in values.argmax(axis=1)])
        return polars.DataFrame(
            [found, *(polars.Series(f"p_{name}", values[:, k]) for k, name in enumerate(self.classes))]
        )

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.writing is not None:
            self.writing.__exit__(None, None, None)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.writing is not None:
            self.writing.__exit__(type(exception), exception, exception.__traceback__)
            self.writing = None


class TableReport(Callback):
    """Draws importance.png, or the boundary of two numbers, when fit has ended, and writes model_card.md.

    Args:
        pictures: Draw.
    """

    def __init__(self, pictures: bool = True) -> None:
        self.pictures = pictures

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = _data(trainer)
        for line in describe(data.table, data.hparams["label"]):
            pl_module.print(without_control_chars(line))

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        run = callback_of(trainer, Run)
        if not trainer.is_global_zero or run is None or run.folder is None or not run.has_checkpoint:
            return
        if self.pictures and (best := run.folder / "best.ckpt").exists():
            if len(_data(trainer).columns) > MAX_IMPORTANCE_COLUMNS:
                pl_module.print(
                    f"No importance.png: with more than {MAX_IMPORTANCE_COLUMNS} columns it would take long."
                )
            else:
                kind, figure = self._picture(read_checkpoint(best, type(pl_module)).build(), _data(trainer))
                replace(run.folder / f"{kind}.png", plots.png(figure))
        not_tested = ["Not tested yet: `torchtour test` adds the scores."]
        replace(run.folder / "model_card.md", card(_data(trainer), run.folder, not_tested).encode())

    def _picture(self, net: Any, data: TableData) -> tuple[str, Any]:
        name = Path(data.hparams["path"]).name
        columns = data.table.columns
        names = [without_control_chars(column.name)[:30] for column in columns]
        if len(columns) == data.n_features == data.n_classes == 2:  # two numbers
            plane = InDeviations(net, data.table.columns)
            train, val = (
                (plane.deviations(features), labels)
                for features, labels, *_ in (
                    data.table.sets[part][: plots.MAX_POINTS_DRAWN] for part in ("train", "val")
                )
            )
            limits = plots.extent(torch.cat([train[0], val[0]]))
            figure = plots.plot_boundary(
                plots.probability_field(plane, limits), limits, train, val, f"{name}: what the best epoch has learned"
            )
            x1, x2 = (f"{column} (standard deviations from its mean)" for column in names)
            figure.axes[0].set(xlabel=x1, ylabel=x2)
            return "boundary", figure
        raw, labels, *folds = data.table.sets["val"].tensors
        if folds:
            known = folds[0] >= 0
            raw, labels, net = raw[known], labels[known], OutOfFold(net, folds[0][known])
        title = f"{name}: what the best epoch looks at"
        if data.classes is None:
            drops = permutation_importance(net, raw, labels, score=_r2)
            return "importance", plots.plot_importance(drops, names, title, of="R2")
        return "importance", plots.plot_importance(permutation_importance(net, raw, labels), names, title)


class InDeviations(nn.Module):
    """A net of two numbers that are given in standard deviations from their means [batch, 2]."""

    def __init__(self, net: nn.Module, columns: Sequence[Column]) -> None:
        super().__init__()
        numbers = [column for column in columns if isinstance(column, NumberColumn)]
        self.net = net
        self.mean = torch.tensor([column.mean for column in numbers])
        self.std = torch.tensor([column.std for column in numbers])

    def deviations(self, raw: Tensor) -> Tensor:
        return (raw - self.mean) / self.std

    def forward(self, deviations: Tensor) -> Tensor:
        logits: Tensor = self.net(deviations * self.std + self.mean)
        return logits


class OutOfFold(nn.Module):
    """A table's net, where each training row is predicted by the members that have not learned it."""

    def __init__(self, model: Any, folds: Tensor) -> None:
        super().__init__()
        self.net, self.folds = model.net, folds

    def forward(self, raw: Tensor) -> Tensor:
        """The first training rows [n, n_columns] to what the net says of them [n, n_outputs]."""
        averages: Tensor = self.net.out_of_fold(raw, self.folds[: len(raw)])
        return averages


class TableTest(Callback):
    """Writes test.csv, precision and recall of each class, and the scores into model_card.md, after a test."""

    def __init__(self, folder: Path, confusion: Confusion) -> None:
        self.folder, self.confusion = folder, confusion

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            data, matrix = _data(trainer), self.confusion.matrix
            classes = data.classes or []
            replace(self.folder / "test.csv", by_class(matrix, classes).encode())
            replace(self.folder / "model_card.md", card(data, self.folder, _scores(matrix, classes)).encode())


class AmountTest(Callback):
    """After a test of amounts: test.csv with the scores, predicted.png, and the scores in model_card.md.

    Attributes:
        scores: When the test has ended.
    """

    def __init__(self, folder: Path, draws: bool = True) -> None:
        self.folder, self.draws = folder, draws
        self.parts: list[tuple[Tensor, Tensor]] = []
        self.scores: dict[str, Score] = {}

    def on_test_batch_end(  # type: ignore[override] # ours gives amounts
        self, trainer: Trainer, pl_module: LightningModule, outputs: Tensor, batch: tuple[Tensor, ...], *_: Any
    ) -> None:
        self.parts.append((outputs.cpu(), batch[1].cpu()))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        predicted, true = (torch.cat(part).double().numpy() for part in zip(*self.parts, strict=True))  # [n], [n]
        self.scores = amount_scores(predicted, true, pl_module.hparams["target_mean"])
        if not trainer.is_global_zero:
            return
        data = _data(trainer)
        rows = ["score,value,low,high,always the mean"]
        rows += [f"{name},{s.value:.6g},{s.low:.6g},{s.high:.6g},{s.baseline:.6g}" for name, s in self.scores.items()]
        replace(self.folder / "test.csv", ("\n".join(rows) + "\n").encode())
        if self.draws:
            title = f"{without_control_chars(Path(data.hparams['path']).name)}: {len(true):,} held-out rows"
            figure = plots.plot_predicted(torch.from_numpy(predicted), torch.from_numpy(true), title)
            replace(self.folder / "predicted.png", plots.png(figure))
        lines = [
            f"- {name} on {len(true):,} test rows: {s.value:.4g}, 95 % interval {s.low:.4g} to {s.high:.4g} "
            f"(bootstrap); always the mean: {s.baseline:.4g}"
            for name, s in self.scores.items()
        ]
        replace(self.folder / "model_card.md", card(data, self.folder, lines).encode())


def by_class(matrix: Tensor, classes: Sequence[str | int]) -> str:
    """CSV: rows, precision and recall of each class, from the counts of true (row) and predicted (column) classes."""
    n = len(matrix)
    true, predicted = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    counts = matrix.reshape(-1)
    labels, found = (cells.reshape(-1).repeat_interleave(counts) for cells in (true, predicted))
    scores = [
        score(found, labels, num_classes=n, average="none", zero_division=0)
        for score in (multiclass_precision, multiclass_recall)
    ]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["class", "rows", "precision", "recall"])
    for k, name in enumerate(classes):
        values = [str(np.float32(score[k].item())) for score in scores]
        writer.writerow([_safe(name), int(matrix[k].sum()), *values])
    return file.getvalue()


def card(data: TableData, folder: Path, scores: Sequence[str]) -> str:
    """The info sheet, with the lines of scores, that Kapoor and Narayanan (Patterns 2023) ask for, as Markdown."""
    table, settings = data.table, data.hparams
    used = ", ".join(f"{_cell(column['name'])} ({column['kind']})" for column in data.columns)
    lines = [
        "# Model card", "",
        "## Data", "",
        f"- File: {_cell(settings['path'])}",
        f"- SHA-256: `{table.sha256}`",
        f"- Rows: {table.rows:,}, of which {table.unlabelled:,} have no label and are left out",
        f"- Duplicates: {table.duplicates:,} rows equal an earlier one; equal rows are in the same part",
        f"- Label: {_cell(settings['label'])}, {_question(table)}",
        f"- Columns used: {used}",
        f"- Columns left out: {_cell(reasons(table.left_out)) or 'none'}", "",
        "## Split", "",
        f"- {_split(table)}, seed {settings['seed']}",
        f"- Rows kept together by: {_cell(settings['group']) if settings['group'] else 'equality alone'}",
        "- Means, scales and category levels come from the training rows alone.", "",
        "## Scores", "",
        *scores, "",
        "## To repeat it", "",
        f"    torchtour fit -c {folder}/config.yaml", "",
        f"torchtour {__version__}, torch {torch.__version__}, lightning {lightning_version}, "
        f"Python {platform.python_version()}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _question(table: Table) -> str:
    if table.classes is None:
        return "an amount"
    return f"{len(table.classes)} classes: {', '.join(map(_cell, table.classes))}"


def _split(table: Table) -> str:
    sizes = {name: len(rows) for name, rows in table.sets.items()}
    if table.sets["train"] is table.sets["val"]:
        parts = f"Training and validation {sizes['train']:,} rows in {FOLDS} folds, test {sizes['test']:,} rows"
    else:
        parts = f"Training {sizes['train']:,}, validation {sizes['val']:,}, test {sizes['test']:,} rows"
    return parts if table.classes is None else f"{parts}, stratified by class"


def _scores(matrix: Tensor, classes: Sequence[str | int]) -> list[str]:
    """Accuracy and its baseline; precision and recall of each class are in test.csv."""
    correct, n = int(matrix.diagonal().sum()), int(matrix.sum())
    low, high = wilson_interval(correct, n)
    commonest, share = majority_class_baseline(matrix)
    return [
        f"- Accuracy on {n:,} test rows: {correct / n:.1%}, 95 % interval {low:.1%} to {high:.1%} (Wilson)",
        f"- Baseline, always {_cell(classes[commonest])}: {share:.1%}",
        "- Precision and recall of each class: test.csv",
    ]


def _r2(amounts: Tensor, labels: Tensor) -> float:
    return float(r2(amounts.double().numpy(), labels.double().numpy()))


def _cell(value: object) -> str:
    """Text of the file, which must not be read as Markdown."""
    return "".join("\\" + c if c in "\\`*_[]<>|#" else c for c in without_control_chars(str(value)))


def _writable(frame: Any) -> Any:
    """The frame with lists, structures and bytes as text, since CSV has none of them."""
    import polars

    odd = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in (polars.Binary, polars.Object)]
    texts = {name: [None if value is None else str(value) for value in frame[name].to_list()] for name in odd}
    return frame.with_columns(polars.Series(name, values, dtype=polars.String) for name, values in texts.items())


def _safe(value: object) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and re.match(FORMULA, text) else text


def _unlike(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names that are not taken: those that are get "predicted_" in front."""
    found = list(names)
    while set(found) & set(taken):
        found = [f"predicted_{name}" for name in found]
    return found


def _data(trainer: Trainer) -> TableData:
    data = datamodule_of(trainer)
    assert isinstance(data, TableData)
    return data
