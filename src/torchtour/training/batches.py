"""Batches: datasets whose item k is batch k, of points in memory or drawn on the fly, shared by the processes.

An order or a draw is a pure function of a seed and k, so that a resumed run meets the batches of one never interrupted.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler, TensorDataset

from torchtour.training.trainer_parts import callback_of, callbacks_of

Batch = tuple[Tensor, ...]
EVALUATION_BATCH = 16_384  # there are no gradients to keep


class Batches(Dataset[Batch]):
    """Batches of n samples; item k is batch k % len(self) of epoch k // len(self).

    With several processes each takes its share of every batch, so that a step means the same however many there are.
    """

    def __init__(self, n: int, batch_size: int, rank: int = 0, world_size: int = 1) -> None:
        self.n, self.batch_size = n, batch_size
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def size(self, k: int) -> int:
        """Samples in batch k, those of all processes together."""
        return min(self.batch_size, self.n - k % len(self) * self.batch_size)


class InMemory(Batches):
    """Batches of a TensorDataset, in an order that is a pure function of (seed, epoch).

    `seed=None`, for evaluation, keeps the order 0, 1, 2, ... and deals whole batches to the processes in turn, so that
    the scores do not depend on their number. The others get an empty batch, so that all take equally many steps.
    """

    def __init__(
        self, points: TensorDataset, batch_size: int, seed: int | None = None, rank: int = 0, world_size: int = 1
    ) -> None:
        super().__init__(len(points), batch_size, rank, world_size)
        self.points, self.seed = points, seed
        self.epoch, self.order = -1, torch.arange(0)

    def __getitem__(self, k: int) -> Batch:
        epoch, step = divmod(k, len(self))
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.order_of(epoch)
        batch = self.order[step * self.batch_size : (step + 1) * self.batch_size]  # [batch]
        if self.seed is not None:
            batch = batch[self.rank :: self.world_size]
        elif step % self.world_size != self.rank:
            batch = batch[:0]
        if type(self.points) is TensorDataset:  # as below, in a third of the time
            return tuple(tensor.index_select(0, batch) for tensor in self.points.tensors)
        found: Batch = self.points[batch]
        return found

    def order_of(self, epoch: int) -> Tensor:
        """The samples in the order of an epoch [n]."""
        if self.seed is None or self.batch_size >= self.n:
            return torch.arange(self.n)
        return torch.from_numpy(np.random.default_rng((self.seed, epoch)).permutation(self.n))


class Stream(Batches):
    """Batches generated on the fly and never stored: batch k is a pure function of (seed, k) and the process."""

    def __init__(
        self,
        draw: Callable[[int, Generator], Batch],
        n: int,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        super().__init__(n, batch_size, rank, world_size)
        self.draw, self.seed = draw, seed
        self.generator = Generator()

    def __getitem__(self, k: int) -> Batch:
        n_local = len(range(self.rank, self.size(k), self.world_size))
        # A seed of torch's has 32 bits, in which batches would soon meet: numpy fills the whole Mersenne Twister.
        words = np.random.SeedSequence((self.rank, self.seed, k)).generate_state(624)
        self.generator.set_state(torch.from_numpy(_twister(words)))
        return self.draw(n_local, self.generator)


class BatchNumbers(DistributedSampler[int]):
    """Numbers an epoch's batches: epoch * steps, epoch * steps + 1, ...

    A DistributedSampler by name, so that Trainer leaves it alone: the batches are shared already.
    """

    def __init__(self, batches: Batches) -> None:
        super().__init__(batches, batches.world_size, batches.rank)
        self.steps = len(batches)

    def __iter__(self) -> Iterator[int]:
        # A generator runs at the first batch: a resumed run asks for it before it calls set_epoch.
        yield from range(self.epoch * self.steps, (self.epoch + 1) * self.steps)

    def __len__(self) -> int:
        return self.steps


class WeighByShare(Callback):
    """Weighs each process's gradient by its share of the batch: DDP averages them as if all shares were equal."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        whole = trainer.train_dataloader.dataset.size(batch_idx)  # type: ignore[union-attr]
        self.weight = trainer.world_size * len(batch[0]) / whole

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        weight = self.weight
        loss.register_hook(lambda gradient: gradient * weight)  # type: ignore[no-untyped-call]


def loader(batches: Batches) -> DataLoader[Any]:
    """A DataLoader that serves batches as they are: no collation, no worker processes."""
    # A generator of its own: else each epoch would draw a number from the global one, of which a resumed run knows
    # nothing, and its random layers would go their own way.
    return DataLoader(batches, sampler=BatchNumbers(batches), batch_size=None, generator=Generator())


def evaluation_loader(points: TensorDataset, trainer: Trainer | None) -> DataLoader[Any]:
    """A set's points in order, in large batches."""
    return loader(InMemory(points, evaluation_batch(trainer), None, *rank_and_world_size(trainer)))


def rank_and_world_size(trainer: Trainer | None) -> tuple[int, int]:
    return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)


def weigh_gradients(trainer: Trainer | None) -> None:
    """Add WeighByShare to a trainer of several processes, once."""
    if trainer is None or trainer.world_size == 1:
        return
    if callback_of(trainer, WeighByShare) is None:
        callbacks_of(trainer).insert(0, WeighByShare())


def evaluation_batch(trainer: Trainer | None) -> int:
    """Samples to evaluate at once: fewer for a net so wide that their hidden units would fill the memory."""
    if trainer is None:
        return EVALUATION_BATCH
    weights = sum(parameter.numel() for parameter in trainer.lightning_module.parameters())
    return min(EVALUATION_BATCH, 1 + 2**26 // max(weights, 1))


def _twister(words: NDArray[Any]) -> NDArray[np.uint8]:
    """The state [5056] of a CPU generator that goes on from 624 words of 32 bits: seed, counters, words, no normal."""
    state = np.zeros(632, np.uint64)
    state[1] = 1 + 2**32  # one word left of the last round, so that a new round begins; seeded
    state[3:627] = words
    return state.view(np.uint8)
