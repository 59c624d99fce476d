"""From a file to raw columns and labels in three sets, split before anything is learned from the rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, TensorDataset

from torchtour.settings import UserError, short_repr, without_control_chars
from torchtour.tables.cells import ANY_NUMBER, chunk_rows
from torchtour.tables.columns import FIRST_ROWS, Columns, choose, like, looks_like_id, measure
from torchtour.tables.reading import FrameSource, Source, open_frame_or_file, open_table
from torchtour.tables.schema import CategoryColumn, Column, NumberColumn
from torchtour.tables.splitting import FOLDS, PARTS, TRAIN, deal, join, split
from torchtour.tables.target import Task, target_of

if TYPE_CHECKING:
    import polars as pl


PLACEHOLDERS = {sign * float("9" * digits) for sign in (-1, 1) for digits in (2, 3, 4, 5, 6)} | {-1.0}


@dataclass(frozen=True)
class Table:
    """What a file became: raw columns, labels and parts of its rows, and an account of it.

    Attributes:
        sets: For train, val and test: raw columns [n, n_columns] and labels [n]. Without a validation set of their own,
            train and val are the same rows, with the fold [n] of each.
        columns: The columns that the net takes.
        classes: The classes in order; None: the label is an amount.
        left_out: The other columns, each with the reason.
        rows: All rows of the file.
        duplicates: Rows that equal an earlier one in all columns that could be features.
        unlabelled: Rows without a label, which are left out.
        sha256: Of the file.
    """

    sets: dict[str, TensorDataset]
    columns: list[Column]
    classes: list[str] | list[int] | None
    left_out: dict[str, str]
    rows: int
    duplicates: int
    unlabelled: int
    sha256: str


def load(settings: Mapping[str, Any], given: Any = None) -> Table:
    """Read a file, or the frame that is given, with TableData's settings.

    Raises:
        UserError: It cannot be read or learned from.
    """
    source = open_frame_or_file(given, settings["path"])
    _check_names(source, settings)
    frame = source.read()
    with ThreadPoolExecutor(1) as beside:  # a second core hashes the file
        sha256 = beside.submit(source.digest)
        return _learnable(source, frame, settings, sha256.result)


def _learnable(
    source: Source | FrameSource, frame: "pl.DataFrame", settings: Mapping[str, Any], sha256: Callable[[], str]
) -> Table:
    label, keep = settings["label"], settings["keep"] or []
    target = target_of(Columns(frame, source.marks), label, settings["task"])
    left_out = dict.fromkeys(source.unnamed(), "no name") | dict.fromkeys(settings["drop"] or [], "data.drop")
    names = [name for name in source.names if name not in (*left_out, *keep, label, settings["group"])] + keep

    labelled = np.flatnonzero(target.known)
    rows = frame[labelled] if len(labelled) < frame.height else frame
    labels = target.labels[labelled]
    table = Columns(rows, source.marks, labelled + 1)
    alike = like(rows, [name for name in names if name in keep or not looks_like_id(table, name)])
    units = join(alike, like(rows, [settings["group"]])) if settings["group"] else alike
    classes = np.zeros(len(labels), np.int64) if target.classes is None else labels.astype(np.int64)
    parts = split(classes, units, settings["val_fraction"], settings["test_fraction"], settings["seed"])
    choice = choose(table, np.flatnonzero(parts == TRAIN), names, keep, settings["max_levels"])

    raw, _ = table.raw(choice.columns)
    raws = [raw.filter(parts == part).to_numpy(order="c") for part in range(len(PARTS))] if choice.columns else []
    measured = measure(choice.columns, raws[TRAIN]) if raws else []
    varies = [column is not None for column in measured]
    left_out |= choice.left_out
    left_out |= {column.name: "constant" for column, kept in zip(choice.columns, varies, strict=True) if not kept}
    if not any(varies):
        hint = "; data.keep names columns to use all the same" if "every row differs" in left_out.values() else ""
        raise UserError(f"{source.path} has no column to learn from: {reasons(left_out)}{hint}")
    sets = {
        name: TensorDataset(
            torch.from_numpy(values if all(varies) else values[:, varies]), torch.from_numpy(labels[parts == part])
        )
        for part, (name, values) in enumerate(zip(PARTS, raws, strict=True))
    }
    if settings["val_fraction"] is None:
        training = np.flatnonzero(parts == TRAIN)
        folds = deal(labels[training], np.searchsorted(training, units[training]), settings["seed"])
        sets["train"] = sets["val"] = TensorDataset(*sets["train"].tensors, torch.from_numpy(folds))
    columns = [column for column in measured if column is not None]
    duplicates = int((alike != np.arange(len(alike))).sum())
    unlabelled = frame.height - len(labelled)
    return Table(sets, columns, target.classes, left_out, frame.height, duplicates, unlabelled, sha256())


def task_of(path: str, label: str) -> Task:
    """Whether a file's label is classes or an amount, by this column alone.

    Raises:
        UserError: It cannot be read.
    """
    source = open_table(path)
    if label not in source.names:
        return "classes"  # load says that there is no such column
    target = target_of(Columns(source.read([label]), source.marks), label, "auto")
    return "amount" if target.classes is None else "classes"


class Chunks(IterableDataset[Any]):
    """The rows of a file to predict, a chunk at a time: raw columns [chunk, n_columns], and the chunk as it was read.

    Attributes:
        unseen: For each category, how many values no training row had; they count as missing.
    """

    def __init__(self, source: Source | FrameSource, columns: Sequence[Column]) -> None:
        self.source, self.columns = source, columns
        self.unseen: Counter[str] = Counter()

    def __iter__(self) -> Iterator[tuple[Tensor, Any]]:
        import polars

        source, start, found = self.source, 1, 0
        for frame in source.chunks(chunk_rows(len(source.names))):
            numbers = np.arange(start, start + frame.height)
            start += frame.height
            if frame.width > 1:  # a line without anything is no row
                kept = frame.select(~polars.all_horizontal(polars.all().is_null())).to_series().to_numpy()
                frame, numbers = frame.filter(kept), numbers[kept]
            if frame.is_empty():
                continue
            raw, unseen = Columns(frame, source.marks, numbers).raw(self.columns)
            self.unseen.update(unseen)
            yield torch.from_numpy(raw.to_numpy(order="c")), frame
            found += frame.height
        if not found:
            raise UserError(f"{source.path} has a header and no rows")


def describe(table: Table, label: str) -> list[str]:
    """What is learned from what, what was left out and why, and how the rows are split."""
    return [
        *_question(table, label),
        *_odd_values(table),
        *_spellings(table, label),
        *([f"Left out: {reasons(table.left_out)}."] if table.left_out else []),
        *_sizes(table),
        *_missing_classes(table),
    ]


def _question(table: Table, label: str) -> list[str]:
    numbers = sum(isinstance(column, NumberColumn) for column in table.columns)
    categories = len(table.columns) - numbers
    if table.classes is None:
        amounts = torch.cat([rows.tensors[1] for rows in (table.sets["train"], table.sets["test"])])
        question = f"{short_repr(label)}, an amount from {amounts.min():,.6g} to {amounts.max():,.6g}"
    else:
        question = f"{short_repr(label)}, {len(table.classes)} classes"
    plural = "" if numbers == 1 else "s"
    return [f"Learning {question}, from {numbers} column{plural} of numbers and {categories} of categories."]


def _sizes(table: Table) -> list[str]:
    sizes = {name: len(rows) for name, rows in table.sets.items()}
    if table.sets["train"] is table.sets["val"]:
        line = f"Rows: {sizes['train']:,} to train and validate, in {FOLDS} folds; {sizes['test']:,} to test"
    else:
        line = f"Rows: {sizes['train']:,} to train, {sizes['val']:,} to validate, {sizes['test']:,} to test"
    notes = []
    if table.duplicates:
        notes.append(f"{table.duplicates:,} equal to an earlier one")
    if table.unlabelled:
        notes.append(f"{table.unlabelled:,} without a label left out")
    return [f"{line} ({', '.join(notes)})." if notes else f"{line}."]


def _spellings(table: Table, label: str) -> list[str]:
    """Classes and levels that differ in capitals or spaces alone."""
    alike = {label: _alike(table.classes or [])}
    alike |= {column.name: _alike(column.levels) for column in table.columns if isinstance(column, CategoryColumn)}
    found = [
        f"{short_repr(name)[1:-1]} ({without_control_chars(', '.join(names))[:60]})"
        for name, names in alike.items()
        if names
    ]
    more = f" and {len(found) - 3} columns more" if len(found) > 3 else ""
    return [f"Values that differ in capitals or spaces alone: {'; '.join(found[:3])}{more}."] if found else []


def _missing_classes(table: Table) -> list[str]:
    lines = []
    if untrained := _classes_without(table, "train"):
        lines.append(f"No training row has the class {_some(untrained)}: the net cannot learn it.")
    if untested := _classes_without(table, "test"):
        lines.append(f"No test row has the class {_some(untested)}: the test says nothing about it.")
    return lines


def _classes_without(table: Table, part: str) -> list[str]:
    """The classes of which the part has no row."""
    there = set(table.sets[part].tensors[1].tolist()) if table.classes else set()
    return [str(name) for place, name in enumerate(table.classes or []) if place not in there]


def _odd_values(table: Table) -> list[str]:
    """What may stand for "missing" without saying so: -999 far from the other numbers, a text among numbers."""
    raw = table.sets["train"].tensors[0].numpy()
    low, high = (find.reduce(raw[:FIRST_ROWS], axis=0) for find in (np.fmin, np.fmax))  # [columns]
    odd = []
    for place, column in enumerate(table.columns):
        name = short_repr(column.name)[1:-1]
        if isinstance(column, CategoryColumn):
            texts = [level for level in column.levels if not re.match(ANY_NUMBER, level)]
            if len(column.levels) > 3 * len(texts) > 0:
                odd.append(f"{name} has {_some(texts)} among numbers")
            continue
        for extreme in {low[place], high[place]} & PLACEHOLDERS:
            others = raw[raw[:, place] != extreme, place]
            gap = np.fmin.reduce(np.abs(others - extreme), initial=np.inf)
            spread = np.fmax.reduce(others, initial=-np.inf) - np.fmin.reduce(others, initial=np.inf)
            if 0 < spread < gap:
                odd.append(f"{name} has {extreme:g} in {np.count_nonzero(raw[:, place] == extreme):,} training rows")
    more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
    return [f'Should that mean "missing"? {"; ".join(odd[:5])}{more}. Then leave these cells empty.'] if odd else []


def _alike(names: Sequence[str] | Sequence[int]) -> list[str]:
    """Those that another equals but for capitals and spaces."""
    bare = ["".join(str(name).casefold().split()) for name in names]
    often = Counter(bare)
    return [str(name) for name, one in zip(names, bare, strict=True) if often[one] > 1]


def _check_names(source: Source | FrameSource, settings: Mapping[str, Any]) -> None:
    named = {"label": [settings["label"]], "group": [settings["group"]] if settings["group"] else []}
    for setting, names in {**named, "drop": settings["drop"] or [], "keep": settings["keep"] or []}.items():
        for name in names:
            if name not in source.names:
                there = ", ".join(source.names[:20]) + ", ..." * (len(source.names) > 20)
                given = f", got {short_repr(name)}" if name else ""
                alone = "; columns are separated by commas, semicolons or tabs" * (len(source.names) == 1)
                raise UserError(f"data.{setting} must name a column of {source.path}{given}: {there[:300]}{alone}")


def reasons(left_out: Mapping[str, str]) -> str:
    """`id (every row differs), day and hour (dates)`, by reason; of many names the first few."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        reasons.setdefault(reason, []).append(name)
    return "; ".join(f"{_some(names)} ({reason})" for reason, names in reasons.items())


def _some(names: Sequence[str]) -> str:
    return ", ".join(short_repr(name)[1:-1] for name in names[:5]) + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )
