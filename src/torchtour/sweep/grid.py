"""What a sweep trains: each combination of settings with each seed, in parts that fit into memory."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

from lightning import LightningDataModule, Trainer, seed_everything

from torchtour.classifier import Classifier
from torchtour.settings import SET_FROM_DATA
from torchtour.sweep.classifiers import PER_NET_SETTINGS, StackedClassifiers
from torchtour.sweep.data import StackedData
from torchtour.training.module import init_parameters

MAX_NETS_AT_ONCE = 1000
MAX_FLOATS_AT_ONCE = 2**26  # 256 MB, by our estimate
Row = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """A net of the sweep: Classifier's settings, and what `fit` calls seed_everything."""

    settings: Mapping[str, Any]
    seed: int

    @property
    def shape(self) -> str:
        """What nets that train as one have in common."""
        return repr([item for item in self.settings.items() if item[0] not in PER_NET_SETTINGS])


class Grid:
    """Every combination of the settings that are lists, times the seeds.

    Args:
        model: The class of the nets' module.
        settings: The module's settings without those that come from the data; a list stands for several values.
        seeds: Seeds of each combination.
        new_data: Makes the datamodule; with its seed null, the data are those of the seed that was set before.

    Raises:
        UserError: A combination is not valid.
    """

    def __init__(
        self,
        model: type[Classifier],
        settings: Mapping[str, Any],
        seeds: Sequence[int],
        new_data: Callable[[], LightningDataModule],
    ) -> None:
        self.model, self.seeds, self.new_data = model, list(seeds), new_data
        values = [value if isinstance(value, list) else [value] for value in settings.values()]
        self.combinations = [dict(zip(settings, point, strict=True)) for point in product(*values)]
        seed_everything(self.seeds[0], verbose=False)
        self.data = new_data()
        for combination in self.combinations:
            model(**combination, **from_data(model, self.data))  # which checks them
        members = [Member(combination, seed) for seed in self.seeds for combination in self.combinations]
        self.parts = list(self._parts(members))

    @property
    def own_data(self) -> bool:
        """Does each seed have data of its own?"""
        return self.data.hparams.get("seed", 0) is None

    def train(self, part: Sequence[Member], trainer: Trainer) -> list[Row]:
        """Train the nets of a part side by side; a row for each, see StackedClassifiers.results."""
        seeds = list(dict.fromkeys(member.seed for member in part))
        started = [self._start(part[0].settings, seed) for seed in seeds]
        own = self.own_data
        indices = [seeds.index(member.seed) for member in part]
        stack = StackedClassifiers(
            started[0][0],
            [copy.deepcopy(started[index][0].net) for index in indices],
            [member.settings for member in part],
            indices if own else None,
        )
        trainer.fit(stack, StackedData([data for _, data in started] if own else [self.data]))
        results = zip(part, stack.results(), strict=True)
        return [{**member.settings, "seed": member.seed, **result} for member, result in results]

    def _start(self, settings: Mapping[str, Any], seed: int) -> tuple[Classifier, LightningDataModule]:
        """A net and its data as `fit` begins with them: first the seed, then the data, then the net."""
        seed_everything(seed, verbose=False)
        data = self.new_data() if self.own_data else self.data
        return self.model(**settings, **from_data(self.model, data)), data

    def _parts(self, members: Sequence[Member]) -> Iterator[Sequence[Member]]:
        for _, alike in groupby(sorted(members, key=lambda member: member.shape), key=lambda member: member.shape):
            nets = list(alike)
            at_once = self._at_once(nets[0])
            yield from (nets[start : start + at_once] for start in range(0, len(nets), at_once))

    def _at_once(self, member: Member) -> int:
        net, data = self._start(member.settings, member.seed)
        weights = sum(weight.numel() for weight in net.net.parameters())
        data.setup("fit")
        features, _ = data.train_dataloader().dataset[0]
        floats = weights * (len(features) + 6)  # hidden units are fewer than weights; optimizers keep up to four copies
        if self.own_data:
            n = data.hparams.get("n_train", 0) + data.hparams.get("n_val", 0)
            floats += n * features.shape[1] // len(self.combinations)
        return min(MAX_NETS_AT_ONCE, 1 + MAX_FLOATS_AT_ONCE // floats)


def choose(rows: Sequence[Row], names: Sequence[str]) -> Row | None:
    """The combination with the lowest mean validation loss, by its best seed; None where nets of all have diverged."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    finite = [group for group in groups.values() if all(row["val/loss"] == row["val/loss"] for row in group)]
    if not finite:
        return None
    best = min(finite, key=lambda group: sum(row["val/loss"] for row in group) / len(group))
    return min(best, key=lambda row: row["val/loss"])


def from_data(model: type[Classifier], data: LightningDataModule) -> dict[str, Any]:
    """The settings of a model that come from its data."""
    names = [name for name in SET_FROM_DATA if name in init_parameters(model)]
    return {name: getattr(data, name) for name in names if hasattr(data, name)}
