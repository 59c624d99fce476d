"""The preprocessing of a table as a part of the net: raw values in, standardised numbers and one-hot categories out."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from torchtour.tables.schema import CategoryColumn, Column, NumberColumn

MAX_ABS_STD = 1e6  # standard deviations; no training value lies farther than the square root of their number


class Preprocessing(nn.Module):
    """Raw columns [batch, n_columns] to the net's inputs [batch, n_features], both float32.

    A raw number is itself, NaN where it is missing. A raw category is the index of its level, -1 where it is missing or
    was never seen. Numbers come out in standard deviations from the training mean, 0 where they are missing. After all
    of them come the one-hot levels, and a 1 for each missing value of a column that missed some in training.
    """

    means: Tensor
    scales: Tensor
    numbers: Tensor
    categories: Tensor
    levels: Tensor
    gaps: Tensor

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        numbers = {place: column for place, column in enumerate(columns) if isinstance(column, NumberColumn)}
        categories = {place: column for place, column in enumerate(columns) if isinstance(column, CategoryColumn)}
        pairs = [(place, code) for place, column in categories.items() for code in column.codes]
        missing = [place for place, column in numbers.items() if column.had_missing]
        self.register_buffer("means", torch.tensor([column.mean for column in numbers.values()], dtype=torch.float32))
        self.register_buffer("scales", torch.tensor([column.std for column in numbers.values()], dtype=torch.float32))
        self.register_buffer("numbers", torch.tensor([*numbers], dtype=torch.long))  # where the raw numbers are
        self.register_buffer("categories", torch.tensor([place for place, _ in pairs], dtype=torch.long))
        self.register_buffer("levels", torch.tensor([code for _, code in pairs], dtype=torch.float32))
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
