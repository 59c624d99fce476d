import contextlib
import io
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from torchtour import SyntheticData
from torchtour.problems import PROBLEMS, Problem, line
from torchtour.settings import UserError
from torchtour.training.batches import BatchNumbers, InMemory, Stream


def sets(data: SyntheticData) -> dict[str, tuple[torch.Tensor, ...]]:
    for stage in ("fit", "test", "predict"):
        data.setup(stage)
    return {split: dataset.tensors for split, dataset in data.sets.items()}


def test_four_sets_of_the_sizes_asked_for():
    sizes = {"n_train": 7, "n_val": 5, "n_test": 3, "n_predict": 2}
    assert {f"n_{split}": len(points[0]) for split, points in sets(SyntheticData(**sizes)).items()} == sizes


@pytest.mark.parametrize("seed", [None, 0, 1, 2**32 - 1])
@pytest.mark.parametrize("problem", ["line", "circle", "xor", "gauss", "spiral"])
def test_no_point_is_in_two_sets(problem, seed):
    data = SyntheticData(problem, n_train=3000, n_val=3000, n_test=3000, n_predict=3000, seed=seed)
    points = torch.cat([features for features, _ in sets(data).values()])
    assert len(points.unique(dim=0)) == len(points)


@pytest.mark.parametrize(("n", "n_features", "n_classes"), [(8, 2, 2), (9, 3, 2), (9, 2, 1)])
def test_a_problem_must_give_what_it_is_registered_with(monkeypatch, n, n_features, n_classes):
    short = Problem(lambda _, generator: line(n, generator), n_features, n_classes)
    monkeypatch.setitem(PROBLEMS, "line", short)
    said = f"problem line must give 9 points with {n_features} features and {n_classes} classes: it gave "
    with pytest.raises(UserError, match=re.escape(f"{said}[{n}, 2] features and classes from 0 to 1")):
        SyntheticData(n_train=9, n_val=9).setup("fit")
    with pytest.raises(UserError, match=re.escape(said)):
        SyntheticData(n_train=9, seed=None)
    with pytest.raises(UserError, match=re.escape(said)):
        next(iter(SyntheticData(n_train=9, batch_size=9, streaming=True).train_dataloader()))


def test_seeds_that_differ_give_points_that_differ():
    drawn = [sets(SyntheticData(seed=seed, n_train=4, n_val=4, n_test=4, n_predict=4)) for seed in range(50)]
    first_points = torch.stack([points[0][0] for each in drawn for points in each.values()])
    assert len(first_points.unique(dim=0)) == 50 * 4


def test_the_test_points_do_not_hang_on_the_other_sizes():
    assert torch.equal(sets(SyntheticData(n_train=9))["test"][0], sets(SyntheticData(n_train=77))["test"][0])


def test_the_same_arguments_give_the_same_data_in_another_process():
    code = (
        "import torch; from torchtour import SyntheticData\n"
        "for seed in (3, None):\n"
        "    torch.manual_seed(5); data = SyntheticData('spiral', 0.1, seed=seed)\n"
        "    for stage in ('fit', 'test', 'predict'): data.setup(stage)\n"
        "    print([[t.double().sum().item() for t in points.tensors] for points in data.sets.values()])\n"
    )
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(code)
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == here.getvalue()


def test_with_seed_null_the_training_points_are_the_global_generators():
    torch.manual_seed(42)
    data = SyntheticData(n_train=100, seed=None)
    data.setup("fit")
    after = torch.rand(1)
    torch.manual_seed(42)
    assert torch.equal(data.sets["train"].tensors[0], torch.randn(100, 2))
    assert torch.equal(after, torch.rand(1))  # the validation points took nothing from it


def batches(n: int, batch_size: int, seed: int | None = None, epoch: int = 0, **share: int) -> list[torch.Tensor]:
    """The indices of an epoch's batches: each point is its own index."""
    served = InMemory(TensorDataset(torch.arange(n)), batch_size, seed, **share)
    numbers = BatchNumbers(served)
    numbers.set_epoch(epoch)
    return [served[k][0] for k in numbers]


@pytest.mark.parametrize(("n", "batch_size"), [(10, 3), (10, 10), (10, 99), (1, 1), (12, 4)])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_each_epoch_serves_each_point_once(n, batch_size, world_size):
    ranks = [batches(n, batch_size, seed=1, rank=rank, world_size=world_size) for rank in range(world_size)]
    assert torch.cat([index for rank in ranks for index in rank]).sort().values.tolist() == list(range(n))
    assert {len(rank) for rank in ranks} == {int(np.ceil(n / batch_size))}
    for k in range(len(ranks[0])):  # a step means the same however many processes share it
        whole = batches(n, batch_size, seed=1)[k]
        assert set(whole.tolist()) == {int(i) for rank in ranks for i in rank[k]}


def test_the_order_is_a_pure_function_of_seed_and_epoch():
    def order(seed: int, epoch: int) -> list[int]:
        return torch.cat(batches(100, 7, seed, epoch)).tolist()

    assert order(3, 2) == np.random.default_rng((3, 2)).permutation(100).tolist()
    assert len({tuple(order(seed, epoch)) for seed in range(5) for epoch in range(5)}) == 25


def test_an_order_asked_for_before_the_epoch_is_set_is_that_of_the_epoch():
    served = InMemory(TensorDataset(torch.arange(100)), 7, seed=3)
    numbers = BatchNumbers(served)
    begun = iter(numbers)  # as Lightning does when it resumes
    numbers.set_epoch(2)
    assert torch.cat([served[k][0] for k in begun]).tolist() == np.random.default_rng((3, 2)).permutation(100).tolist()


def test_the_loader_serves_whole_batches():
    data = SyntheticData(n_train=10, batch_size=4)
    data.setup("fit")
    batches = list(data.train_dataloader())
    assert [(tuple(features.shape), tuple(labels.shape)) for features, labels in batches] == [
        ((4, 2), (4,)),
        ((4, 2), (4,)),
        ((2, 2), (2,)),
    ]
    features, labels = data.sets["train"].tensors
    order = np.random.default_rng((0, 0)).permutation(10)
    assert torch.equal(batches[0][0], features[order[:4]])
    assert torch.equal(batches[0][1], labels[order[:4]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"problem": "moon"}, "data.problem must be one of line, circle, xor, gauss, spiral, got 'moon'"),
        ({"noise": -0.1}, "data.noise must be from 0 to 1000, got -0.1"),
        ({"noise": float("nan")}, "data.noise must be from 0 to 1000, got nan"),
        ({"n_train": 0}, "data.n_train must be from 1 to 1000000000000, got 0"),
        ({"n_val": 0}, "data.n_val must be from 1 to 100000000, got 0"),
        ({"batch_size": -1}, "data.batch_size must be from 1 to 100000000, got -1"),
        ({"batch_size": 2.5}, "data.batch_size must be a whole number or null, got 2.5"),
        ({"n_test": True}, "data.n_test must be a whole number, got True"),
        ({"n_test": None}, "data.n_test must be a whole number, got None"),
        ({"seed": -1}, "data.seed must be from 0 to 4294967295, got -1"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        SyntheticData(**settings)


def stream(n: int = 10, batch_size: int = 4, problem: str = "line", **settings) -> list[tuple[torch.Tensor, ...]]:
    data = SyntheticData(problem, n_train=n, batch_size=batch_size, streaming=True, **settings)
    data.setup("fit")
    loader = data.train_dataloader()
    batches = []
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        batches += list(loader)
    return batches


def test_a_stream_serves_batches_that_are_never_alike_and_always_the_same():
    batches = stream()
    assert [len(labels) for _, labels in batches] == [4, 4, 2] * 3
    features = torch.cat([features for features, _ in batches])
    assert len(features.unique(dim=0)) == 30
    assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in zip(batches, stream(), strict=True))
    assert not torch.equal(batches[0][0], stream(seed=1)[0][0])
    assert all(torch.equal(labels, (features.sum(dim=1) > 0).long()) for features, labels in batches)


def test_a_streams_batch_is_that_of_numpys_mersenne_twister():
    features, _ = stream(problem="xor", seed=7)[4]  # batch 4, of process 0
    words = np.random.MT19937(np.random.SeedSequence((0, 7, 4)))
    words.random_raw(1)  # torch begins with the next round
    uniform = (words.random_raw(8) % 2**24).astype(np.float32) / np.float32(2**24)
    assert features.flatten().tolist() == (2 * uniform - 1).tolist()


def test_batches_far_out_in_a_stream_are_not_those_near_by():
    keys = [(rank, k) for rank in (0, 1) for k in (0, 1, 2, 2**32, 2**32 + 1, 2**33, 2**64)]
    # Streams of one process and two, and numbers that agree in their last 32 bits, of which torch's seeds consist.
    assert len({Stream(uniform, 10**12, 2, 5, rank, 2)[k].item() for rank, k in keys}) == len(keys)


def uniform(n: int, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(n, generator=generator)


@pytest.mark.parametrize(("n", "batch_size", "world_size"), [(10, 4, 2), (11, 3, 3), (1, 5, 2)])
def test_the_processes_of_a_stream_take_the_same_steps_and_share_each_batch(n, batch_size, world_size):
    ranks = [Stream(uniform, n, batch_size, 0, rank, world_size) for rank in range(world_size)]
    sizes = [[len(rank[k]) for k in BatchNumbers(rank)] for rank in ranks]
    whole = [len(range(start, min(start + batch_size, n))) for start in range(0, n, batch_size)]
    assert [sum(step) for step in zip(*sizes, strict=True)] == whole


def test_evaluation_deals_whole_batches_in_turn():
    ranks = [[index.tolist() for index in batches(10, 3, rank=rank, world_size=3)] for rank in range(3)]
    assert ranks == [[[0, 1, 2], [], [], [9]], [[], [3, 4, 5], [], []], [[], [], [6, 7, 8], []]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_train": 10**9}, "data.n_train must be from 1 to 100000000 without data.streaming, got 1000000000"),
        ({"n_train": 10**13, "streaming": True}, "data.n_train must be from 1 to 1000000000000, got 10000000000000"),
        ({"batch_size": None, "streaming": True}, "data.batch_size must be a number with data.streaming, got null"),
    ],
)
def test_a_stream_may_be_longer_than_a_set_but_not_endless(settings, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        SyntheticData(**settings)
