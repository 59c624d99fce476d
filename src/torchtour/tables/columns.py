"""What becomes of a table's columns: numbers and categories for the net, or left out, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from torchtour.settings import UserError, short_repr
from torchtour.tables.cells import DATE, MISSING, UNIT, numbers
from torchtour.tables.schema import CategoryColumn, Column, NumberColumn

if TYPE_CHECKING:
    import polars as pl

MAX_ABS_VALUE = 1e37  # so that no difference of two overflows a float32
MIN_STD = 1e-30  # a standard deviation below counts as none
FIRST_ROWS = 10_000  # that are looked at before all are
N_QUANTILES = 17  # the ends of 16 bins, and of 8
QUANTILE_ROWS = 200_000  # that quantiles are taken of, at most

Raw = NDArray[np.float32]
Rows = NDArray[np.int64]


class Columns:
    """The columns of a frame, read as numbers or as categories.

    Args:
        frame: The table, or a part of it.
        marks: The decimal mark of each column of text; "." where there is none.
        rows: The numbers of the frame's rows in the file, for messages; 1, 2, ... if not given.
    """

    def __init__(self, frame: "pl.DataFrame", marks: Mapping[str, str] | None = None, rows: Rows | None = None) -> None:
        self.frame, self.marks = frame, marks or {}
        self.rows = np.arange(1, frame.height + 1) if rows is None else rows

    def part(self, name: str, rows: Rows) -> "Columns":
        """One column, some of its rows."""
        return Columns(self.frame[name].gather(rows).to_frame(), self.marks, self.rows[rows])

    def different(self, name: str) -> "Columns":
        """One column, the first row of each of its values."""
        return self.part(name, np.sort(self.frame[name].arg_unique().to_numpy()))

    def text(self, name: str) -> "pl.Series":
        """Text without spaces around it; null where it is missing."""
        import polars

        text = self.frame[name].cast(polars.String).str.strip_chars()
        return text.set(text.is_in(MISSING), None)

    def numbers(self, name: str) -> "pl.Series":
        """Numbers; null where they are missing, and where text is not a number."""
        import polars

        values = self.frame[name]
        if values.dtype.is_numeric():
            return values.cast(polars.Float64).fill_nan(None)
        return numbers(self.text(name), self.marks.get(name, "."))

    def wrong(self, name: str) -> tuple[int, str] | None:
        """The first row that has text where a number is due, and the text."""
        if self.frame[name].dtype.is_numeric():
            return None
        text = self.text(name)
        places = (text.is_not_null() & self.numbers(name).is_null()).arg_true()
        return (int(self.rows[places[0]]), text[places[0]]) if len(places) else None

    def raw(self, columns: Sequence[Column]) -> tuple["pl.DataFrame", dict[str, int]]:
        """The raw columns that Preprocessing takes, as float32, and how many values of each category are unseen.

        Raises:
            UserError: A column is missing, or has text where numbers were, or a number too large for a float32.
        """
        import polars

        raw, unseen, kinds = [], {}, dict(self.frame.schema)
        for place, column in enumerate(columns):
            name = column.name
            if name not in kinds:
                raise UserError(f"the column {short_repr(name)} is missing; there are {_listed(self.frame.columns)}")
            if not _readable(kind := kinds[name]):
                held = "number" if isinstance(column, NumberColumn) else "category"
                raise UserError(f"the column {short_repr(name)} holds {held} values, and here it is of type {kind}")
            if isinstance(column, NumberColumn):
                values = self._number(name)
            else:
                values, unseen[name] = self._codes(name, column.levels)
            raw.append(values.alias(str(place)))
        if not raw:
            return polars.DataFrame(), {}
        table = polars.DataFrame(raw).select(polars.all().cast(polars.Float32))  # all columns at once, on every core
        largest = table.select(polars.all().abs().max())  # it skips null and NaN
        for column, most in zip(columns, largest.row(0), strict=True):
            if most is not None and most > MAX_ABS_VALUE:
                self._refuse_large(column.name)
        return table, {name: count for name, count in unseen.items() if count}

    def _number(self, name: str) -> "pl.Series":
        import polars

        if self.frame[name].dtype.is_numeric():
            return self.frame[name].cast(polars.Float64)
        texts = self.text(name)
        values = numbers(texts, self.marks.get(name, "."))
        if values.null_count() > texts.null_count() and (wrong := self.wrong(name)):
            raise UserError(
                f"the column {short_repr(name)} holds numbers, but row {wrong[0]} has {short_repr(wrong[1])}"
            )
        return values

    def _refuse_large(self, name: str) -> None:
        values = self.numbers(name)
        place = cast("int", values.abs().arg_max())
        raise UserError(
            f"the column {short_repr(name)} has {values[place]:g} in row {self.rows[place]}: "
            f"numbers may go to {MAX_ABS_VALUE:g}"
        )

    def _codes(self, name: str, levels: Sequence[str]) -> tuple["pl.Series", int]:
        import polars

        text = self.text(name)
        codes = text.cast(polars.Enum(levels), strict=False).to_physical().cast(polars.Int32)
        return codes.fill_null(-1), codes.null_count() - text.null_count()


@dataclass
class Choice:
    """The columns that the net takes, and the others, with the reason."""

    columns: list[Column]
    left_out: dict[str, str]


class LeftOutError(Exception):
    """A column that is no feature; the message is the reason, as the user reads it."""


def choose(table: Columns, train: Rows, names: Sequence[str], keep: Sequence[str], max_levels: int) -> Choice:
    """Decide from training rows what each column is; the means and scales of numbers are still to be measured."""
    choice = Choice([], {})
    for name in names:
        try:
            choice.columns.append(_feature(table, train, name, name in keep, max_levels))
        except LeftOutError as reason:
            choice.left_out[name] = str(reason)
    return choice


def measure(columns: Sequence[Column], raw: Raw) -> list[Column | None]:
    """The columns with the statistics of the numbers over training rows [n, n_columns]; None for a constant one."""
    count, mean, std = moments(raw)
    some = raw[:: -(-len(raw) // QUANTILE_ROWS)] if len(raw) else raw
    measured: list[Column | None] = []
    for place, column in enumerate(columns):
        had_missing = bool(count[place] < len(raw))
        if isinstance(column, CategoryColumn):
            measured.append(column)
        elif std[place] < MIN_STD and not had_missing:
            measured.append(None)
        else:
            spread = float(std[place]) if std[place] >= MIN_STD else 1.0
            measured.append(
                replace(
                    _number(column.name),
                    mean=float(mean[place]),
                    std=spread,
                    had_missing=had_missing,
                    quantiles=quantiles(some[:, place]),
                )
            )
    return measured


def quantiles(values: Raw) -> tuple[float, ...]:
    """N_QUANTILES evenly spaced quantiles of values [n], of those that are not NaN; none of no values."""
    present = values[~np.isnan(values)].astype(np.float64)
    if not len(present):
        return ()
    return tuple(np.quantile(present, np.linspace(0, 1, N_QUANTILES)).tolist())


def moments(values: Raw) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Count, mean and standard deviation of each column of [n, k], without NaN; summed in float64, in a fixed order."""
    shift = np.nan_to_num(np.nanmean(values[:1000], axis=0, dtype=np.float64)) if len(values) else 0.0
    count, total, squares = (np.zeros(values.shape[1]) for _ in range(3))
    for start in range(0, len(values), 4096):  # a block fits the cache
        block = values[start : start + 4096] - shift  # float64 [block, k]
        sums = block.sum(axis=0)
        if np.isnan(sums).any():
            gaps = np.isnan(block)
            block[gaps] = 0
            count -= gaps.sum(axis=0)
            sums = block.sum(axis=0)
        count += len(block)
        total += sums
        squares += np.einsum("ij,ij->j", block, block)
    mean = total / np.maximum(count, 1)
    variance = np.maximum(squares / np.maximum(count, 1) - mean**2, 0)
    return count, shift + mean, np.sqrt(variance)


def looks_like_id(table: Columns, name: str) -> bool:
    """Is this column an identifier? Numbers written with a currency, a percent or parted thousands are measured."""
    values = table.frame[name]
    if not all_unique(values) or values.dtype.is_numeric():
        return all_unique(values)
    few = table.part(name, np.arange(min(FIRST_ROWS, len(values))))
    return few.wrong(name) is not None or (_bare(few.text(name)) and all_unique(few.numbers(name)))


def _bare(text: "pl.Series") -> bool:
    """Are these numbers of digits alone?"""
    return bool(text.str.contains("^[-+]?[0-9]+(\\.0*)?$").all())


def all_unique(values: "pl.Series") -> bool:
    """Is this an identifier? Text or whole numbers without two alike; measured numbers may well all differ."""
    if values.dtype.is_float() and not (_whole(values.head(FIRST_ROWS)) and _whole(values)):
        return False
    few = values.head(FIRST_ROWS)
    return (
        len(values) > 1 and few.n_unique() == len(few) and values.null_count() == 0 and values.n_unique() == len(values)
    )


def _whole(values: "pl.Series") -> bool:
    return bool((values == values.round()).all())


def like(frame: "pl.DataFrame", names: Sequence[str]) -> Rows:
    """Of each row [n], the first row that equals it in these columns."""
    import polars

    rows = np.arange(frame.height)
    if not names:
        return rows
    for some in (names[:3], names):  # most often a few columns tell all rows apart
        keys = frame.select(some).hash_rows()
        if keys.n_unique() == frame.height:
            return rows
    table = polars.DataFrame({"key": keys, "row": rows})
    return table.select(polars.col("row").min().over("key")).to_series().to_numpy()


def _number(name: str) -> NumberColumn:
    """A column of numbers, still to be measured."""
    return NumberColumn(name, 0.0, 1.0, False)


def _feature(table: Columns, train: Rows, name: str, kept: bool, max_levels: int) -> Column:
    """A number or category of this name, of training rows.

    Raises:
        LeftOutError: It is neither.
    """
    few = table.frame[name].gather(train[:FIRST_ROWS])  # they settle what most columns of numbers are
    if few.dtype.is_numeric() and few.null_count() < len(few) and not all_unique(few):
        return _number(name)
    rows = table.part(name, train)
    values = rows.frame[name]
    if values.null_count() == len(values):
        raise LeftOutError("empty")
    if values.dtype.is_temporal():
        raise LeftOutError("dates")
    if not _readable(values.dtype):
        raise LeftOutError(f"of type {values.dtype}")
    if not values.dtype.is_numeric():
        return _feature_of_text(rows, name, kept, max_levels)
    if not kept and all_unique(values):
        raise LeftOutError("every row differs")
    return _number(name)


def _readable(kind: Any) -> bool:
    """Is a column of this type one of numbers or of text?"""
    import polars

    return bool(kind.is_numeric()) or kind in (polars.String, polars.Boolean, polars.Categorical, polars.Enum)


def _feature_of_text(table: Columns, name: str, kept: bool, max_levels: int) -> Column:
    seen = table.different(name)
    text = seen.text(name)
    present = text.drop_nulls()
    levels, had_missing = present.unique().sort().to_list(), len(present) < len(text)
    if not levels:
        raise LeftOutError("empty")
    every = len(levels) == table.frame.height > 1
    wrong = seen.wrong(name)
    if wrong is None:
        if every and not kept and _bare(text) and all_unique(table.numbers(name)):
            raise LeftOutError("every row differs")
        return _number(name)
    if present.str.contains(DATE).all():
        raise LeftOutError("dates")
    if len(levels) == 1 and not had_missing:
        raise LeftOutError("constant")
    if len(levels) <= max_levels and (kept or not every):
        return CategoryColumn(name, tuple(levels), had_missing)
    if table.numbers(name).null_count() - table.text(name).null_count() < table.frame.height / 10:
        raise LeftOutError(f"row {wrong[0]} has {short_repr(wrong[1])} among numbers")
    if present.str.contains(UNIT).all():
        raise LeftOutError(f"numbers with a unit, {short_repr(wrong[1])} in row {wrong[0]}")
    if every and not kept:
        raise LeftOutError("every row differs")
    raise LeftOutError(f"{len(levels):,} different texts, more than data.max_levels {max_levels}")


def _listed(names: Sequence[str]) -> str:
    shown_names = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return shown_names[:300]
