"""The label of a table: which question it asks, classes or an amount, and its value in each row."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from torchtour.settings import UserError, short_repr
from torchtour.tables.columns import MAX_ABS_VALUE, Columns

if TYPE_CHECKING:
    import polars as pl

MAX_CLASSES = 1000
MAX_WHOLE_CLASSES = 20  # more different whole numbers are an amount

Task: TypeAlias = Literal["auto", "classes", "amount"]
Labels: TypeAlias = NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """A label.

    Attributes:
        classes: The classes in order; None: the label is an amount.
        labels: Of each row [n], the index of its class, or the amount as float32.
        known: Whether the row has a label [n].
    """

    classes: list[str] | list[int] | None
    labels: Labels
    known: NDArray[np.bool_]


def target_of(table: Columns, name: str, task: Task) -> Target:
    """Text, booleans and few whole numbers are classes; fractions and many different whole numbers are an amount.

    Raises:
        UserError: The column cannot be learned, or not as the task says.
    """
    values = table.frame[name]
    if values.dtype.is_nested() or values.dtype.is_temporal() or str(values.dtype) == "Binary":
        raise UserError(f"the label {short_repr(name)} must be text or numbers, not {values.dtype}")
    seen = table.different(name)
    if task == "auto":
        task = "amount" if _is_amount(seen, name) else "classes"
    return _amount(table, name) if task == "amount" else _classes(table, seen, name)


def _is_amount(seen: Columns, name: str) -> bool:
    if str(seen.frame[name].dtype) == "Boolean" or seen.wrong(name):
        return False
    numbers = seen.numbers(name).drop_nulls()
    return bool((numbers != numbers.round()).any()) or numbers.n_unique() > MAX_WHOLE_CLASSES


def _amount(table: Columns, name: str) -> Target:
    if wrong := table.wrong(name):
        raise UserError(
            f"the label {short_repr(name)} must be numbers for data.task amount, but row {wrong[0]} has "
            f"{short_repr(wrong[1])}"
        )
    numbers = table.numbers(name).cast(float).to_numpy()
    known = np.isfinite(numbers)
    present = numbers[known]
    if len(present) and np.abs(present).max() > MAX_ABS_VALUE:
        row = table.rows[known][np.abs(present).argmax()]
        raise UserError(f"the label {short_repr(name)} in row {row} is too large: numbers may go to {MAX_ABS_VALUE:g}")
    if len(np.unique(present)) < 2:
        raise UserError(f"the label {short_repr(name)} must have at least 2 different values")
    return Target(None, np.where(known, numbers, 0).astype(np.float32), known)


def _classes(table: Columns, seen: Columns, name: str) -> Target:
    import polars

    values = table.frame[name]
    if seen.wrong(name):
        names = seen.text(name)
    else:
        numbers = seen.numbers(name)
        if len(fractions := (numbers != numbers.round()).arg_true()):
            raise UserError(
                f"the label {short_repr(name)} must be text or whole numbers for data.task classes, and row "
                f"{seen.rows[fractions[0]]} has {numbers[fractions[0]]:g}"
            )
        names = numbers.cast(polars.Int64, strict=False)
    classes = names.drop_nulls().unique().sort().to_list()
    if len(classes) == table.frame.height > 1:
        raise UserError(
            f"the label {short_repr(name)} has another value in every row, as an identifier has: "
            f"it must be a column whose values occur again"
        )
    if not 2 <= len(classes) <= MAX_CLASSES:
        plural = "" if len(classes) == 1 else "s"
        raise UserError(
            f"the label {short_repr(name)} has {len(classes):,} different value{plural}: "
            f"there must be 2 to {MAX_CLASSES:,} classes"
        )
    labels = _codes(values, seen.frame[name], names, classes)
    return Target(classes, labels, labels >= 0)


def _codes(values: "pl.Series", seen: "pl.Series", names: "pl.Series", classes: list[str] | list[int]) -> Labels:
    """The index of each row's class [n], -1 where there is none."""
    import polars

    index: dict[object, int] = {name: place for place, name in enumerate(classes)}
    codes = [index.get(name, -1) for name in names.to_list()]
    return values.replace_strict(seen, codes, default=-1, return_dtype=polars.Int64).to_numpy()
