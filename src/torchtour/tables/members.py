"""Many small nets side by side as one, with the preprocessing of a table: plain torch."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from torchtour.tables.preprocessing import Preprocessing
from torchtour.tables.schema import Column, NumberColumn
from torchtour.tables.splitting import FOLDS


class Members(nn.Module):
    """Nets of the same sizes, trained independently: Linear -> ReLU -> Dropout, n_layers times, then Linear.

    The weights of a layer are one tensor [n_members, fan_in, fan_out], and torch.baddbmm multiplies them all at once.
    """

    def __init__(
        self, n_members: int, n_inputs: int, hidden_size: int, n_layers: int, n_outputs: int, dropout: float
    ) -> None:
        super().__init__()
        self.dropout = dropout
        sizes = [n_inputs, *[hidden_size] * n_layers, n_outputs]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for fan_in, fan_out in pairwise(sizes):
            bound = 1 / math.sqrt(max(fan_in, 1))  # as nn.Linear draws them
            self.weights.append(torch.empty(n_members, fan_in, fan_out).uniform_(-bound, bound))
            self.biases.append(torch.empty(n_members, 1, fan_out).uniform_(-bound, bound))

    def forward(self, inputs: Tensor, first: int = 0, step: int = 1) -> Tensor:
        """Outputs [members, batch, n_outputs] of the members first, first + step, ...

        Args:
            inputs: The same for all members [batch, n_inputs], or for each its own [members, batch, n_inputs].
            first: The first member that is asked.
            step: Every how many-th member is asked.
        """
        weights = [weight[first::step] for weight in self.weights]
        biases = [bias[first::step] for bias in self.biases]
        hidden = inputs.expand(len(weights[0]), -1, -1)
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            hidden = dropout(torch.baddbmm(bias, hidden, weight).relu(), self.dropout, self.training)
        return torch.baddbmm(biases[-1], hidden, weights[-1])


class Encoding(nn.Module):
    """Raw columns [batch, n_columns] to a member's inputs [batch, n_inputs].

    Standardised numbers x are clipped softly, x / sqrt(1 + (x / 3)^2). With bins, each number also tells where it lies
    in each of its quantile bins: below 0, inside 0 to 1, above 1 (piecewise-linear encoding, Gorishniy et al.,
    NeurIPS 2022).

    Args:
        columns: The table's columns, with the quantiles of the numbers.
        bins: Bins of each number, between its quantiles; 0: none.
    """

    source: Tensor
    lows: Tensor
    widths: Tensor
    floors: Tensor
    ceilings: Tensor

    def __init__(self, columns: Sequence[Column], bins: int) -> None:
        super().__init__()
        self.standardise = Preprocessing(columns)
        self.n_numbers = len(self.standardise.numbers)
        numbers = [column for column in columns if isinstance(column, NumberColumn)]
        edges = [_edges(column, bins) for column in numbers]
        source = [place for place, ends in enumerate(edges) for _ in ends[1:]]
        self.register_buffer("source", torch.tensor(source, dtype=torch.long))  # the number of each bin [n_bins]
        self.register_buffer("lows", _joined([ends[:-1] for ends in edges]))
        self.register_buffer("widths", _joined([ends.diff() for ends in edges]))
        self.register_buffer("floors", _joined([_limits(len(ends) - 1, 0, FIRST_FLOOR, 0.0) for ends in edges]))
        self.register_buffer("ceilings", _joined([_limits(len(ends) - 1, -1, LAST_CEILING, 1.0) for ends in edges]))
        self.n_inputs = sum(column.n_inputs for column in columns) + len(source)

    def forward(self, raw: Tensor) -> Tensor:
        standard = self.standardise(raw)
        numbers = soft_clip(standard[:, : self.n_numbers])  # [batch, n_numbers]
        parts = [numbers, standard[:, self.n_numbers :]]
        if len(self.source):
            position = (numbers.index_select(1, self.source) - self.lows) / self.widths  # [batch, n_bins]
            parts.append(torch.minimum(torch.maximum(position, self.floors), self.ceilings))
        return torch.cat(parts, dim=1)


FIRST_FLOOR, LAST_CEILING = -3.0, 4.0  # how far a number may lie outside the bins at the ends, in bins


def soft_clip(values: Tensor) -> Tensor:
    """Standardised numbers, of which the largest end near 3."""
    return values / (1 + (values / 3).square()).sqrt()


class Ensemble(nn.Module):
    """Members that see a table in different ways, an equal number for each entry of `bins`; their average is one net.

    Member m of each kind leaves out fold m % FOLDS of the training rows.

    Args:
        columns: The table's columns.
        bins: For each kind of members, the bins of its encoding.
        n_members: Members of each kind.
        hidden_size, n_layers, n_outputs, dropout: Of each member.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        bins: Sequence[int],
        n_members: int,
        hidden_size: int,
        n_layers: int,
        n_outputs: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.n_members = n_members
        encodings = [Encoding(columns, n) for n in bins]
        self.encodings = nn.ModuleList(encodings)
        self.kinds = nn.ModuleList(
            Members(n_members, encoding.n_inputs, hidden_size, n_layers, n_outputs, dropout) for encoding in encodings
        )

    @property
    def pairs(self) -> Iterator[tuple[Encoding, Members]]:
        """The encoding and the members of each kind."""
        for encoding, members in zip(self.encodings, self.kinds, strict=True):
            assert isinstance(encoding, Encoding)
            assert isinstance(members, Members)
            yield encoding, members

    def left_out(self, folds: Tensor) -> Tensor:
        """Which member leaves out which rows [members, batch], of the rows' folds [batch]."""
        own = torch.arange(self.n_members, device=folds.device) % FOLDS
        return folds == own.repeat(len(self.kinds))[:, None]

    def outputs(self, raw: Tensor) -> Tensor:
        """Raw columns [batch, n_columns] to the outputs of all members [members, batch, n_outputs]."""
        return torch.cat([members(encoding(raw)) for encoding, members in self.pairs])

    def forward(self, raw: Tensor) -> Tensor:
        """What all members say together."""
        return self.average(self.outputs(raw))

    def out_of_fold(self, raw: Tensor, folds: Tensor) -> Tensor:
        """As forward, of those members alone that left out the row's fold; folds [batch] are 0 to FOLDS - 1."""
        places = [(folds == fold).nonzero()[:, 0] for fold in range(FOLDS)]
        parts = [self.of_fold(raw[rows], fold) for fold, rows in enumerate(places)]
        return torch.cat(parts)[torch.cat(places).argsort()]

    def of_fold(self, raw: Tensor, fold: int) -> Tensor:
        """As forward, of those members alone that left out a fold."""
        return self.average(torch.cat([members(encoding(raw), fold, FOLDS) for encoding, members in self.pairs]))

    def average(self, outputs: Tensor) -> Tensor:
        """Outputs [members, batch, n_outputs] to those of the one net that they are."""
        raise NotImplementedError


class ClassEnsemble(Ensemble):
    """Logits [batch, n_classes] whose softmax is the average of the members' probabilities."""

    def average(self, outputs: Tensor) -> Tensor:
        return outputs.log_softmax(dim=2).logsumexp(dim=0) - math.log(len(outputs))


class AmountEnsemble(Ensemble):
    """Amounts [batch]: the members learn the standardised target, and their average is put back into its unit."""

    target_mean: Tensor
    target_std: Tensor

    def __init__(
        self,
        columns: Sequence[Column],
        bins: Sequence[int],
        n_members: int,
        hidden_size: int,
        n_layers: int,
        dropout: float,
    ) -> None:
        super().__init__(columns, bins, n_members, hidden_size, n_layers, 1, dropout)
        self.register_buffer("target_mean", torch.tensor(0.0))
        self.register_buffer("target_std", torch.tensor(1.0))

    def set_target(self, mean: float, std: float) -> None:
        """The mean and the standard deviation of the training rows' amounts."""
        self.target_mean.fill_(mean)
        self.target_std.fill_(std)

    def standardised(self, amounts: Tensor) -> Tensor:
        return (amounts - self.target_mean) / self.target_std

    def average(self, outputs: Tensor) -> Tensor:
        return outputs[..., 0].mean(dim=0) * self.target_std + self.target_mean

    def with_folds(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """The amounts [batch], and as the members of each fold alone give them [FOLDS, batch]."""
        outputs = self.outputs(raw)  # [members, batch, 1]
        own = torch.arange(self.n_members, device=raw.device).repeat(len(self.kinds)) % FOLDS
        return self.average(outputs), torch.stack([self.average(outputs[own == fold]) for fold in range(FOLDS)])


def _edges(column: NumberColumn, bins: int) -> Tensor:
    """The ends of a number's bins, as `soft_clip` has them; none if there are not two bins that differ."""
    quantiles = torch.tensor(column.quantiles, dtype=torch.float64)
    if bins == 0 or not len(quantiles):
        return quantiles[:0].float()
    places = torch.linspace(0, len(quantiles) - 1, bins + 1).round().long()
    edges = soft_clip((quantiles[places] - column.mean) / column.std).float()
    edges = torch.cat([edges[:1], edges[1:][edges.diff() > 0]])
    return edges if len(edges) > 2 else edges[:0]


def _limits(n: int, place: int, end: float, inner: float) -> Tensor:
    """A limit for each of n bins: `end` at a place, `inner` at the others."""
    limits = torch.full((max(n, 0),), inner)
    limits[place : place + 1 or None] = end
    return limits


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat([torch.empty(0), *parts])
