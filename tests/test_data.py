import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
import torch

from torchtour import SyntheticData
from torchtour.data import Batches
from torchtour.limits import UserError


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


@pytest.mark.parametrize(("n", "batch_size"), [(10, 3), (10, 10), (10, 99), (1, 1), (12, 4)])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_each_epoch_serves_each_point_once(n, batch_size, world_size):
    ranks = [Batches(n, batch_size, seed=1, rank=rank, world_size=world_size) for rank in range(world_size)]
    batches = [list(rank) for rank in ranks]
    assert torch.cat([index for rank in batches for index in rank]).sort().values.tolist() == list(range(n))
    assert {len(rank) for rank in batches} == {len(ranks[0])} == {int(np.ceil(n / batch_size))}
    for k in range(len(ranks[0])):  # a step means the same however many processes share it
        whole = list(Batches(n, batch_size, seed=1))[k]
        assert set(whole.tolist()) == {int(i) for rank in batches for i in rank[k]}


def test_the_order_is_a_pure_function_of_seed_and_epoch():
    def order(seed: int, epoch: int) -> list[int]:
        batches = Batches(100, 7, seed)
        batches.set_epoch(epoch)
        return torch.cat(list(batches)).tolist()

    assert order(3, 2) == np.random.default_rng((3, 2)).permutation(100).tolist()
    assert len({tuple(order(seed, epoch)) for seed in range(5) for epoch in range(5)}) == 25


def test_an_order_asked_for_before_the_epoch_is_set_is_that_of_the_epoch():
    batches = Batches(100, 7, seed=3)
    begun = iter(batches)  # as Lightning does when it resumes
    batches.set_epoch(2)
    assert torch.cat(list(begun)).tolist() == np.random.default_rng((3, 2)).permutation(100).tolist()


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
        ({"n_train": 0}, "data.n_train must be from 1 to 100000000, got 0"),
        ({"n_val": 0}, "data.n_val must be from 1 to 100000000, got 0"),
        ({"batch_size": -1}, "data.batch_size must be from 1 to 100000000, got -1"),
        ({"batch_size": 2.5}, "data.batch_size must be int or null, got 2.5"),
        ({"n_test": True}, "data.n_test must be int, got True"),
        ({"n_test": None}, "data.n_test must be int, got None"),
        ({"seed": -1}, "data.seed must be from 0 to 4294967295, got -1"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        SyntheticData(**settings)
