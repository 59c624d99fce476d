"""The preprocessing of a table as a part of the net: raw values in, standardised numbers and one-hot categories out."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.settings import UserError, short_repr

MAX_ABS_STD = 1e6  # standard deviations; no training value lies farther than the square root of their number


class Preprocessing(nn.Module):
    """Raw columns [batch, n_columns] to the net's inputs [batch, n_features], both float32.

    A raw number is itself, NaN where it is missing. A raw category is the place of its level, -1 where it is missing or
    was never seen. Numbers come out in standard deviations from the training mean, 0 where they are missing. After all
    of them come the one-hot levels, and a 1 for each missing value of a column that missed some in training.

    Args:
        columns: Plain values, one dict a column, see `number` and `category`.
    """

    means: Tensor
    scales: Tensor
    numbers: Tensor
    categories: Tensor
    levels: Tensor
    gaps: Tensor

    def __init__(self, columns: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        numbers = [place for place, column in enumerate(columns) if column["kind"] == "number"]
        pairs = [(place, level) for place, column in enumerate(columns) for level in _codes(column)]
        missing = [place for place in numbers if columns[place]["missing"]]
        self.register_buffer("means", torch.tensor([columns[place]["mean"] for place in numbers], dtype=torch.float32))
        self.register_buffer(
            "scales", torch.tensor([columns[place]["scale"] for place in numbers], dtype=torch.float32)
        )
        self.register_buffer("numbers", torch.tensor(numbers, dtype=torch.long))  # where the raw numbers are
        self.register_buffer("categories", torch.tensor([place for place, _ in pairs], dtype=torch.long))
        self.register_buffer("levels", torch.tensor([level for _, level in pairs], dtype=torch.float32))
        self.register_buffer("gaps", torch.tensor(missing, dtype=torch.long))  # numbers with an indicator
        self.only_numbers = len(numbers) == len(columns)

    def forward(self, raw: Tensor) -> Tensor:
        values = raw if self.only_numbers else raw.index_select(1, self.numbers)  # [batch, n_numbers]
        standard = ((values - self.means) / self.scales).nan_to_num(nan=0.0).clamp(-MAX_ABS_STD, MAX_ABS_STD)
        parts = [standard]
        if len(self.levels):
            parts.append((raw.index_select(1, self.categories) == self.levels).to(raw.dtype))
        if len(self.gaps):
            parts.append(raw.index_select(1, self.gaps).isnan().to(raw.dtype))
        return torch.cat(parts, dim=1) if len(parts) > 1 else standard


def number(name: str, mean: float, scale: float, missing: bool) -> dict[str, Any]:
    """A column of numbers; `missing`: some were missing in training, so that it has an indicator."""
    return {"name": name, "kind": "number", "mean": mean, "scale": scale, "missing": missing}


def category(name: str, levels: Sequence[str], missing: bool) -> dict[str, Any]:
    """A column of categories; `missing`: some were missing in training, so that they are a level of their own."""
    return {"name": name, "kind": "category", "levels": list(levels), "missing": missing}


def n_features(columns: Sequence[Mapping[str, Any]]) -> int:
    """How many inputs of the net the columns become."""
    return sum(len(_codes(column)) if column["kind"] == "category" else 1 + column["missing"] for column in columns)


def check_columns(columns: Any, classes: Any, inputs: int, outputs: int) -> None:
    """Verify a table's columns and classes, and that they fit a net's inputs and outputs; None: not of a table.

    Raises:
        UserError: They are not as `number` and `category` make them.
    """
    for place, column in enumerate(columns or []):
        if not (isinstance(column, dict) and (_is_number(column) or _is_category(column))):
            raise UserError(f"model.columns must be numbers and categories, got {short_repr(column)} in place {place}")
    if columns and n_features(columns) != inputs:
        raise UserError(f"model.n_features must be {n_features(columns)} with these model.columns, got {inputs}")
    if classes is not None and not len({*classes}) == len(classes) == outputs:
        raise UserError(f"model.classes must be {outputs} different names, got {short_repr(classes)}")


def _is_number(column: Mapping[str, Any]) -> bool:
    if column.keys() != number("", 0.0, 1.0, False).keys() or column["kind"] != "number":
        return False
    plain = type(column["name"]) is str and type(column["missing"]) is bool
    mean, scale = column["mean"], column["scale"]
    return plain and type(mean) is type(scale) is float and isfinite(mean) and isfinite(scale) and scale > 0


def _is_category(column: Mapping[str, Any]) -> bool:
    if column.keys() != category("", [], False).keys() or column["kind"] != "category":
        return False
    plain = type(column["name"]) is str and type(column["missing"]) is bool
    levels = column["levels"]
    return (
        plain
        and type(levels) is list
        and 0 < len({*map(str, levels)}) == len(levels)
        and all(type(level) is str for level in levels)
    )


def _codes(column: Mapping[str, Any]) -> list[int]:
    """The raw values of a category that have an input of their own."""
    if column["kind"] == "number":
        return []
    return [*range(len(column["levels"])), *([-1] if column["missing"] else [])]
