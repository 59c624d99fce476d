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
from torchtour.tables.columns import FIRST_ROWS, Columns, choose, labels_of, like, looks_like_id, measure
from torchtour.tables.reading import Source, digest, open_table
from torchtour.tables.splitting import PARTS, TRAIN, Rows, join, split

if TYPE_CHECKING:
    import polars as pl


PLACEHOLDERS = {sign * float("9" * digits) for sign in (-1, 1) for digits in (2, 3, 4, 5, 6)} | {-1.0}


@dataclass(frozen=True)
class Table:
    """What a file became: raw columns, labels and parts of its rows, and an account of it.

    Attributes:
        sets: For train, val and test: raw columns [n, n_columns] and labels [n].
        columns: The columns that the net takes, as Preprocessing knows them.
        classes: The classes in order.
        left_out: The other columns, each with the reason.
        rows: All rows of the file.
        duplicates: Rows that equal an earlier one in all columns that could be features.
        unlabelled: Rows without a label, which are left out.
        sha256: Of the file.
    """

    sets: dict[str, TensorDataset]
    columns: list[dict[str, Any]]
    classes: list[str] | list[int]
    left_out: dict[str, str]
    rows: int
    duplicates: int
    unlabelled: int
    sha256: str


def load(settings: Mapping[str, Any]) -> Table:
    """Read a file with TableData's settings.

    Raises:
        UserError: It cannot be read or learned from.
    """
    source = open_table(settings["path"])
    _check_names(source, settings)
    frame = source.read()
    with ThreadPoolExecutor(1) as beside:  # a second core hashes the file
        sha256 = beside.submit(digest, source.path)
        return _learnable(source, frame, settings, sha256.result)


def _learnable(source: Source, frame: "pl.DataFrame", settings: Mapping[str, Any], sha256: Callable[[], str]) -> Table:
    label, keep = settings["label"], settings["keep"] or []
    classes, labels = labels_of(Columns(frame, source.marks), label)
    left_out = dict.fromkeys(source.unnamed(), "no name") | dict.fromkeys(settings["drop"] or [], "data.drop")
    names = [name for name in source.names if name not in (*left_out, *keep, label, settings["group"])] + keep

    labelled = np.flatnonzero(labels >= 0)
    rows = frame[labelled] if len(labelled) < len(labels) else frame
    table = Columns(rows, source.marks, labelled + 1)
    alike = like(rows, [name for name in names if name in keep or not looks_like_id(table, name)])
    parts = _parts(rows, labels[labelled], alike, settings)
    places = [np.flatnonzero(parts == part) for part in range(len(PARTS))]
    choice = choose(table, places[TRAIN], names, keep, settings["max_levels"])

    raw, _ = table.raw(choice.columns)
    raws = [raw.filter(parts == part).to_numpy(order="c") for part in range(len(PARTS))] if choice.columns else []
    measured = measure(choice.columns, raws[TRAIN]) if raws else []
    varies = [column is not None for column in measured]
    left_out |= choice.left_out
    left_out |= {column["name"]: "constant" for column, kept in zip(choice.columns, varies, strict=True) if not kept}
    if not any(varies):
        hint = "; data.keep names columns to use all the same" * ("every row differs" in left_out.values())
        raise UserError(f"{source.path} has no column to learn from: {reasons(left_out)}{hint}")
    sets = {
        name: TensorDataset(torch.from_numpy(raw if all(varies) else raw[:, varies]), torch.from_numpy(labels[place]))
        for name, raw, place in zip(PARTS, raws, (labelled[place] for place in places), strict=True)
    }
    columns = [column for column in measured if column is not None]
    duplicates = int((alike != np.arange(len(alike))).sum())
    return Table(sets, columns, classes, left_out, len(labels), duplicates, len(labels) - len(labelled), sha256())


class Chunks(IterableDataset[Any]):
    """The rows of a file to predict, a chunk at a time: raw columns [chunk, n_columns], and the chunk as it was read.

    Attributes:
        unseen: For each category, how many values no training row had; they count as missing.
    """

    def __init__(self, path: str, columns: Sequence[Mapping[str, Any]]) -> None:
        self.source, self.columns = open_table(path), columns
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
    """Three lines: what is learned from what, what was left out and why, and how the rows are split."""
    kinds = [column["kind"] for column in table.columns]
    numbers, categories = kinds.count("number"), kinds.count("category")
    sizes = {name: len(rows) for name, rows in table.sets.items()}
    notes = [f"{table.duplicates:,} equal to an earlier one"] * (table.duplicates > 0)
    notes += [f"{table.unlabelled:,} without a label left out"] * (table.unlabelled > 0)
    alike = {label: _alike(table.classes)} | {
        column["name"]: _alike(column["levels"]) for column in table.columns if column["kind"] == "category"
    }
    spelled = [
        f"{short_repr(name)[1:-1]} ({without_control_chars(', '.join(names))[:60]})"
        for name, names in alike.items()
        if names
    ]
    more = f" and {len(spelled) - 3} columns more" * (len(spelled) > 3)
    untrained, untested = _classes_without(table, "train"), _classes_without(table, "test")
    return [
        f"Learning {short_repr(label)}, {len(table.classes)} classes, "
        f"from {numbers} column{'s' * (numbers != 1)} of numbers and {categories} of categories.",
        *_odd_values(table),
        *([f"Values that differ in capitals or spaces alone: {'; '.join(spelled[:3])}{more}."] if spelled else []),
        *([f"Left out: {reasons(table.left_out)}."] if table.left_out else []),
        f"Rows: {sizes['train']:,} to train, {sizes['val']:,} to validate, {sizes['test']:,} to test"
        f"{' (' + ', '.join(notes) + ')' if notes else ''}.",
        *([f"No training row has the class {_some(untrained)}: the net cannot learn it."] if untrained else []),
        *([f"No test row has the class {_some(untested)}: the test says nothing about it."] if untested else []),
    ]


def _classes_without(table: Table, part: str) -> list[str]:
    """The classes of which the part has no row."""
    there = set(table.sets[part].tensors[1].tolist())
    return [str(name) for place, name in enumerate(table.classes) if place not in there]


def _odd_values(table: Table) -> list[str]:
    """What may stand for "missing" without saying so: -999 far from the other numbers, a text among numbers."""
    raw = table.sets["train"].tensors[0].numpy()
    low, high = (find.reduce(raw[:FIRST_ROWS], axis=0) for find in (np.fmin, np.fmax))  # [columns]
    odd = []
    for place, column in enumerate(table.columns):
        name = short_repr(column["name"])[1:-1]
        if column["kind"] == "category":
            texts = [level for level in column["levels"] if not re.match(ANY_NUMBER, level)]
            if len(column["levels"]) > 3 * len(texts) > 0:
                odd.append(f"{name} has {_some(texts)} among numbers")
            continue
        for extreme in {low[place], high[place]} & PLACEHOLDERS:
            others = raw[raw[:, place] != extreme, place]
            gap = np.fmin.reduce(np.abs(others - extreme), initial=np.inf)
            spread = np.fmax.reduce(others, initial=-np.inf) - np.fmin.reduce(others, initial=np.inf)
            if 0 < spread < gap:
                odd.append(f"{name} has {extreme:g} in {np.count_nonzero(raw[:, place] == extreme):,} training rows")
    more = f" and {len(odd) - 5} more" * (len(odd) > 5)
    return [f'Should that mean "missing"? {"; ".join(odd[:5])}{more}. Then leave these cells empty.'] if odd else []


def _alike(names: Sequence[str] | Sequence[int]) -> list[str]:
    """Those that another equals but for capitals and spaces."""
    bare = ["".join(str(name).casefold().split()) for name in names]
    often = Counter(bare)
    return [str(name) for name, one in zip(names, bare, strict=True) if often[one] > 1]


def _check_names(source: Source, settings: Mapping[str, Any]) -> None:
    named = {"label": [settings["label"]], "group": [settings["group"]] if settings["group"] else []}
    for setting, names in {**named, "drop": settings["drop"] or [], "keep": settings["keep"] or []}.items():
        for name in names:
            if name not in source.names:
                there = ", ".join(source.names[:20]) + ", ..." * (len(source.names) > 20)
                given = f", got {short_repr(name)}" if name else ""
                alone = "; columns are separated by commas, semicolons or tabs" * (len(source.names) == 1)
                raise UserError(f"data.{setting} must name a column of {source.path}{given}: {there[:300]}{alone}")


def _parts(rows: "pl.DataFrame", labels: Rows, alike: Rows, settings: Mapping[str, Any]) -> Any:
    group = settings["group"]
    units = join(alike, like(rows, [group])) if group else alike
    return split(labels, units, settings["val_fraction"], settings["test_fraction"], settings["seed"])


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
