"""What a table's columns are: numbers or categories, as values that a checkpoint can hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, TypeAlias

from torchtour.settings import UserError, short_repr


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Attributes:
        mean, std: Of the training rows.
        had_missing: In training; the net then has one more input, 1 where the value is missing.
        quantiles: Of the training rows, evenly spaced from the lowest value to the highest; none before 0.3.
    """

    name: str
    mean: float
    std: float
    had_missing: bool
    quantiles: tuple[float, ...] = ()

    @property
    def n_inputs(self) -> int:
        return 1 + self.had_missing

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint has them."""
        values = {"name": self.name, "kind": "number", "mean": self.mean, "scale": self.std}
        quantiles = {"quantiles": [*self.quantiles]} if self.quantiles else {}
        return values | {"missing": self.had_missing} | quantiles

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NumberColumn":
        """Raises ValueError: not as `to_dict` writes it."""
        quantiles = values.get("quantiles", [])
        column = cls(values["name"], values["mean"], values["scale"], values["missing"], tuple(quantiles))
        numbers = [column.mean, column.std, *column.quantiles]
        is_plain = type(column.name) is str and type(column.had_missing) is bool and type(quantiles) is list
        if not is_plain or not all(type(number) is float and isfinite(number) for number in numbers):
            raise ValueError("a column of numbers has a name, finite numbers, and whether some were missing")
        if not column.std > 0 or any(after < before for before, after in pairwise(column.quantiles)):
            raise ValueError("the standard deviation is above 0, and quantiles never fall")
        return column


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories.

    Attributes:
        levels: The different values in training, in order.
        had_missing: In training; missing values are then a level of their own.
    """

    name: str
    levels: tuple[str, ...]
    had_missing: bool

    @property
    def codes(self) -> list[int]:
        """The raw values that have an input of their own: the index of each level, and -1 for a missing value."""
        return [*range(len(self.levels)), *([-1] if self.had_missing else [])]

    @property
    def n_inputs(self) -> int:
        return len(self.levels) + self.had_missing

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint has them."""
        return {"name": self.name, "kind": "category", "levels": [*self.levels], "missing": self.had_missing}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CategoryColumn":
        """Raises ValueError: not as `to_dict` writes it."""
        levels = values["levels"]
        is_plain = type(values["name"]) is str and type(values["missing"]) is bool and type(levels) is list
        if not is_plain or not all(type(level) is str for level in levels):
            raise ValueError("a column of categories has a name, its levels, and whether some were missing")
        if not 0 < len({*levels}) == len(levels):
            raise ValueError("the levels differ from each other")
        return cls(values["name"], tuple(levels), values["missing"])


Column: TypeAlias = NumberColumn | CategoryColumn
KINDS: dict[str, type[NumberColumn] | type[CategoryColumn]] = {"number": NumberColumn, "category": CategoryColumn}
KEYS = {"number": {"name", "kind", "mean", "scale", "missing"}, "category": {"name", "kind", "levels", "missing"}}


def columns_from_dicts(values: Iterable[Any]) -> list[Column]:
    """Columns from a checkpoint's plain values.

    Raises:
        UserError: One is not as `to_dict` writes it.
    """
    return [_column(place, value) for place, value in enumerate(values)]


def n_features(columns: Sequence[Column]) -> int:
    """How many inputs Preprocessing makes of the columns."""
    return sum(column.n_inputs for column in columns)


def check_classes(classes: Any, n_outputs: int) -> None:
    """Verify the names of a table's classes; None: not known.

    Raises:
        UserError: There is not one different name for each of the net's outputs.
    """
    if classes is not None and not len({*classes}) == len(classes) == n_outputs:
        raise UserError(f"model.classes must be {n_outputs} different names, got {short_repr(classes)}")


def _column(place: int, value: Any) -> Column:
    try:
        if value.keys() - {"quantiles"} != KEYS[value["kind"]]:
            raise ValueError("other keys")
        return KINDS[value["kind"]].from_dict(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UserError(
            f"model.columns must be numbers and categories, got {short_repr(value)} in place {place}"
        ) from None
