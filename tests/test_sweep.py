"""Sweeps against ordinary fits: each net of a stack is the net that fit trains alone."""

import copy
import csv
import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import SMALL
from lightning import Callback, LightningModule, Trainer, seed_everything
from torch import nn
from torch.nn.functional import cross_entropy

from torchtour import Classifier, TableData, TableNet
from torchtour.command.arguments import settings_of
from torchtour.command.lr_find import RangeTest
from torchtour.data import SyntheticData
from torchtour.evaluation import plots
from torchtour.settings import UserError
from torchtour.sweep import StackedClassifiers, StackedData, grid
from torchtour.sweep.grid import Grid, choose, from_data
from torchtour.sweep.optimizers import stacked_optimizer

EPOCHS = 5
QUIET = {
    "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
    "enable_model_summary": False, "num_sanity_val_steps": 0,
}  # fmt: skip
DEFAULTS = {s.key.removeprefix("model."): s.default for s in settings_of("model", Classifier)}


def data(seed: int | None = 0) -> SyntheticData:
    return SyntheticData(n_train=110, n_val=50, n_test=20, n_predict=5, batch_size=25, seed=seed)


def table(path: Path) -> TableData:
    return TableData(str(path), "class", batch_size=16, val_fraction=0.2)


class Losses(Callback):
    """The validation loss of each epoch, as Run sees it."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.losses.append(trainer.callback_metrics["val/loss"].item())


def fitted(
    settings: dict, seed: int, new_data: Callable[[], Any], model: type[Classifier] = Classifier
) -> tuple[Classifier, list[float]]:
    """What fit trains: first the seed, then the data, then the net."""
    seed_everything(seed, verbose=False)
    points, losses = new_data(), Losses()
    kind = TableNet if isinstance(points, TableData) else model
    trained = kind(**settings, **from_data(kind, points))
    Trainer(max_epochs=EPOCHS, callbacks=[losses], **QUIET).fit(trained, points)
    return trained, losses.losses


def stacks(found: Grid, monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict], list[dict]]:
    """The rows of a grid, and the weights of its nets."""
    kept = []
    results = StackedClassifiers.results

    def keep(stack: StackedClassifiers) -> list[dict]:
        kept.extend(stack.state_of(net) for net in range(len(stack.settings)))
        return results(stack)

    monkeypatch.setattr(StackedClassifiers, "results", keep)
    rows = [row for part in found.parts for row in found.train(part, Trainer(max_epochs=EPOCHS, **QUIET))]
    return rows, kept


def assert_as_fit_trains(
    found: Grid, rows: list[dict], weights: list[dict], step: int, kind: type[Classifier] = Classifier
) -> None:
    """Every so many nets of a sweep: the same weights, best epoch and loss as `fit`."""
    for row, state in list(zip(rows, weights, strict=True))[::step]:
        model, losses = fitted({name: row[name] for name in DEFAULTS}, row["seed"], found.new_data, kind)
        for name, weight in model.net.state_dict().items():
            assert (state[name] - weight).norm() <= 1e-4 * weight.norm(), (row, name)
        assert row["epoch"] == 1 + int(np.argmin(losses))
        assert row["val/loss"] == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize("data_seed", [0, None])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_net_is_the_one_that_fit_trains(optimizer, data_seed, monkeypatch):
    points = {
        **DEFAULTS, "optimizer": optimizer, "lr": [0.1, 0.01] if optimizer == "sgd" else [0.02, 0.003],
        "momentum": [0.9, 0.0] if optimizer == "sgd" else 0.0, "weight_decay": [0.0, 0.01], "step_size": [1, 3],
        "gamma": 0.5, "hidden_size": [4, 7],
    }  # fmt: skip
    found = Grid(Classifier, points, [3, 2**31], lambda: data(data_seed))
    rows, weights = stacks(found, monkeypatch)
    assert len(rows) == (32 if optimizer == "adam" else 64)
    assert_as_fit_trains(found, rows, weights, len(rows) // 8 + 1)


def test_each_net_is_the_one_that_fit_trains_on_a_table(tmp_path, monkeypatch):
    """Raw columns with gaps and a category; the number of inputs and classes comes from the file."""
    random = np.random.default_rng(0)
    cells = [
        (
            f"{a:.2f}" if k % 9 else "",
            random.choice(["Rome", "Bonn"]),
            "low" if a < -0.5 else "high" if a > 0.5 else "middle",
        )
        for k, a in enumerate(random.normal(size=120))
    ]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,city,class", *(",".join(row) for row in cells)]))
    points = {**DEFAULTS, "lr": [0.1, 0.01], "hidden_size": [4, 7]}
    found = Grid(TableNet, points, [3, 4], lambda: table(path))
    rows, weights = stacks(found, monkeypatch)
    assert len(rows) == 8
    assert (found.data.n_features, found.data.n_classes) == (4, 3)  # a, whether a is missing, and two cities
    assert_as_fit_trains(found, rows, weights, 3)


def test_a_net_that_diverges_harms_no_other(monkeypatch):
    points = {**DEFAULTS, "lr": [0.1, 1000.0], "hidden_size": 5}
    together, weights = stacks(Grid(Classifier, points, [0], data), monkeypatch)
    alone, own = stacks(Grid(Classifier, {**points, "lr": 0.1}, [0], data), monkeypatch)
    assert together[0] == pytest.approx(alone[0])
    torch.testing.assert_close(weights[0], own[0])
    assert math.isnan(together[1]["val/loss"])
    assert math.isnan(together[1]["epoch"])


def by_hand(net: nn.Module, batches: list, rate: float) -> nn.Module:
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    for features, labels in batches:
        optimizer.zero_grad()
        cross_entropy(net(features), labels).backward()
        optimizer.step()
    return net


def stacked(nets: list[nn.Module], rates: list[float], points: SyntheticData) -> StackedClassifiers:
    model = Classifier()
    model.net = copy.deepcopy(nets[0])
    stack = StackedClassifiers(model, nets, [{**DEFAULTS, "lr": rate, "gamma": 1.0} for rate in rates])
    Trainer(max_epochs=1, limit_val_batches=0, **QUIET).fit(stack, StackedData([points]))
    return stack


def test_whatever_the_net_becomes():
    """Another activation, a norm with buffers, a layer without bias: vmapped as they are."""
    torch.manual_seed(0)
    nets = [
        nn.Sequential(
            nn.Linear(2, 6, bias=False), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3), nn.GELU(), nn.Linear(3, 2)
        )
        for _ in range(2)
    ]
    points, rates = data(), [0.1, 0.03]
    stack = stacked(copy.deepcopy(nets), rates, points)
    batches = list(points.train_dataloader())
    for k, (net, rate) in enumerate(zip(nets, rates, strict=True)):
        torch.testing.assert_close(
            stack.state_of(k), dict(by_hand(net, batches, rate).state_dict()), rtol=1e-4, atol=1e-6
        )


def test_dropout_differs_from_net_to_net_and_step_to_step():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 50), nn.Dropout(0.5), nn.Linear(50, 2))
    same, masks = [net, net], []
    stack = stacked(same, [0.0, 0.0], data())  # a rate of 0: only the masks differ
    for _ in range(2):
        features = torch.ones(10, 2)
        step = stack._traced(stack.weights.detach(), {}, features, torch.zeros(2, 10, dtype=torch.long))
        masks += list(step(stack.weights.detach(), {}, features, torch.zeros(2, 10, dtype=torch.long))[0])
    assert all(not torch.equal(one, other) for k, one in enumerate(masks) for other in masks[:k])
    stack._net[0].eval()
    first, second = stack(torch.ones(1, 10, 2))
    torch.testing.assert_close(first, second)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
@pytest.mark.parametrize("groups", [1, 2])
def test_stacked_optimizers_step_as_torch_does(kind, groups):
    torch.manual_seed(0)
    start, rates, decays, momenta = torch.randn(3, 4), [0.1, 0.01, 0.5], [0.0, 0.1, 0.01], [0.9, 0.0, 0.5]
    own = [[nn.Parameter(part.clone()) for part in row.split([3, 1])] for row in start]
    theirs = []
    for (weight, bias), rate, decay, momentum in zip(own, rates, decays, momenta, strict=True):
        more = {"momentum": momentum} if kind is torch.optim.SGD else {"betas": (0.8, 0.99)}
        parts = [{"params": [weight]}, {"params": [bias], "weight_decay": 0.0}] if groups == 2 else [weight, bias]
        theirs.append(kind(parts, lr=rate, weight_decay=decay, **more))
    weights = nn.Parameter(start.clone())
    optimizer = stacked_optimizer(weights, theirs, [(0, 3), (groups - 1, 1)])
    for _ in range(5):
        weights.grad = torch.randn(3, 4)
        for row, parts, other in zip(weights.grad, own, theirs, strict=True):
            for part, gradient in zip(parts, row.split([3, 1]), strict=True):
                part.grad = gradient.clone()
            other.step()
        optimizer.step()
    torch.testing.assert_close(weights.detach(), torch.stack([torch.cat(parts).detach() for parts in own]))


class Plateau(Classifier):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.net.parameters(), lr=self.hparams["lr"])
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": "val/loss"}}


class Prop(Classifier):
    def configure_optimizers(self):
        return torch.optim.RMSprop(self.net.parameters(), lr=self.hparams["lr"])


class Mixed(Classifier):
    def training_step(self, batch, batch_idx):
        return 0.5 * super().training_step(batch, batch_idx)


@pytest.mark.parametrize(
    ("model", "message"), [(Plateau, "ReduceLROnPlateau"), (Prop, "not RMSprop"), (Mixed, "cannot train Mixed as fit")]
)
def test_what_cannot_be_stacked_is_refused(model, message):
    found = Grid(model, {**DEFAULTS, "lr": [0.1, 0.2]}, [0], data)
    with pytest.raises(UserError, match=message):
        found.train(found.parts[0], Trainer(max_epochs=1, **QUIET))


class Smooth(Classifier):
    """AdamW without decay of biases, a schedule that asks the trainer, and another loss."""

    def loss(self, logits, labels):
        return cross_entropy(logits, labels, label_smoothing=0.1)

    def configure_optimizers(self):
        weights = [weight for weight in self.net.parameters() if weight.dim() > 1]
        biases = [bias for bias in self.net.parameters() if bias.dim() == 1]
        groups = [{"params": weights, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.hparams["lr"])
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.trainer.max_epochs)]


@pytest.mark.parametrize("settings", [{"optimizer": "adamw", "schedule": "cosine", "warmup_epochs": [0, 2]}, {}])
def test_a_sweep_uses_what_the_module_configures(settings, monkeypatch):
    model = Classifier if settings else Smooth
    points = {**DEFAULTS, "lr": [0.02, 0.003], "weight_decay": 0.1, **settings}
    found = Grid(model, points, [3], data)
    rows, weights = stacks(found, monkeypatch)
    assert_as_fit_trains(found, rows, weights, 1, model)


def test_a_grid_is_every_combination_with_every_seed_in_parts_of_one_shape(monkeypatch):
    monkeypatch.setattr(grid, "MAX_NETS_AT_ONCE", 5)
    points = {**DEFAULTS, "hidden_size": [3, 4], "optimizer": ["sgd", "adam"], "momentum": 0.0, "lr": [0.1, 0.2, 0.3]}
    found = Grid(Classifier, points, [7, 8], data)
    members = [(each.settings["hidden_size"], each.settings["optimizer"], each.settings["lr"], each.seed)
               for part in found.parts for each in part]  # fmt: skip
    assert sorted(members) == sorted(product([3, 4], ["sgd", "adam"], [0.1, 0.2, 0.3], [7, 8]))
    assert sorted(map(len, found.parts)) == [1, 1, 1, 1, 5, 5, 5, 5]
    assert all(len({each.shape for each in part}) == 1 for part in found.parts)


def test_parts_shrink_so_that_memory_is_bounded():
    wide = {**DEFAULTS, "hidden_size": 100_000, "lr": [0.001 * k for k in range(1, 41)]}
    found = Grid(Classifier, wide, [0], data)
    weights = 2 * 100_000 + 100_000 + 100_000 * 2 + 2
    assert max(map(len, found.parts)) * weights * 4 * (25 + 6) < 2**29
    assert sum(map(len, found.parts)) == 40


def test_the_choice_is_by_the_mean_over_seeds_and_leaves_out_what_diverged():
    def row(lr: float, seed: int, loss: float) -> dict:
        return {"lr": lr, "seed": seed, "val/loss": loss}

    lucky = [row(0.1, 0, 0.1), row(0.1, 1, 0.9)]
    steady = [row(0.2, 0, 0.41), row(0.2, 1, 0.4)]
    diverged = [row(0.3, 0, 0.01), row(0.3, 1, math.nan)]
    assert choose([*lucky, *steady, *diverged], ["lr"]) == steady[1]
    assert choose(diverged, ["lr"]) is None


GRID = ("--model.lr", "[0.03, 0.3]", "--model.hidden_size", "[4, 5]", "--seeds", "2")


def test_the_command(torchtour, tmp_path, monkeypatch):
    tested = []
    served = SyntheticData.test_dataloader
    monkeypatch.setattr(SyntheticData, "test_dataloader", lambda data: tested.append(1) or served(data))
    answer = torchtour("sweep", *SMALL, *GRID)
    assert (answer.status, answer.err) == (0, "")
    assert len(tested) == 1
    folder = tmp_path / "checkpoints/default/sweep_0"
    with open(folder / "sweep.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert (folder / "sweep.png").read_bytes()[:4] == b"\x89PNG"
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row["lr"], row["hidden_size"]), []).append(float(row["val/loss"]))
    lr, hidden = min(groups, key=lambda key: sum(groups[key]))
    mine = [row for row in rows if (row["lr"], row["hidden_size"]) == (lr, hidden)]
    best = min(mine, key=lambda row: float(row["val/loss"]))
    stored = torch.load(tmp_path / "checkpoints/default/version_0/best.ckpt", weights_only=True)
    assert str(stored["hyper_parameters"]["lr"]) == lr
    assert str(stored["hyper_parameters"]["hidden_size"]) == hidden
    with open(tmp_path / "checkpoints/default/version_0/metrics.csv") as file:
        losses = [float(row["val/loss"]) for row in csv.DictReader(file)]
    assert min(losses) == pytest.approx(float(best["val/loss"]), rel=1e-4)
    assert 1 + losses.index(min(losses)) == float(best["epoch"])
    again = next(line for line in answer.out.splitlines() if " fit " in line).split(" fit ")[1].split()
    repeated = torchtour("fit", *again)
    assert (repeated.status, repeated.err) == (0, "")
    other = torch.load(tmp_path / "checkpoints/default/version_1/best.ckpt", weights_only=True)
    torch.testing.assert_close(other["state_dict"], stored["state_dict"], rtol=0, atol=0)


@pytest.mark.slow
def test_a_sweep_that_is_stopped_goes_on_with_the_parts_that_are_missing(torchtour, tmp_path, monkeypatch):
    torchtour("sweep", *SMALL, *GRID, "--run.name", "whole")
    trained, train = [], Grid.train

    def stops(self, part, trainer):
        if len(trained) == 1:
            raise SystemExit(143)
        trained.append(part)
        return train(self, part, trainer)

    monkeypatch.setattr(Grid, "train", stops)
    with pytest.raises(SystemExit):
        torchtour("sweep", *SMALL, *GRID, "--run.name", "halves")
    folder = tmp_path / "checkpoints/halves/sweep_0"
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "part_0.csv"}
    trained.clear()
    answer = torchtour("sweep", "--resume", folder)
    assert (answer.status, answer.err) == (0, "")
    assert len(trained) == 1
    assert (folder / "sweep.csv").read_text() == (tmp_path / "checkpoints/whole/sweep_0/sweep.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model.lr", "[0.1, x]"], "lr"),
        (["--model.lr", "[0.1, -1]"], "model.lr must be from 0 to 1000, got -1"),
        (["--model.lr", "[]"], "model.lr must have a value or several, got []"),
        (["--seeds", "0"], "seeds must be at least 1"),
        (["--seeds", "[1, 1]"], "a list of seeds that differ"),
        (["--seeds", "[-1]"], "a seed must be from 0 to 4294967295, got -1"),
        (["--seeds", "2000000"], "a sweep may have 1,000,000 nets"),
        (["--trainer.devices", "2"], "trainer.devices has no effect here"),
        (["--trainer.max_epochs", "-1"], "trainer.max_epochs must be at least 1 here"),
        (["--resume", "nowhere"], "nowhere/config.yaml is not a file"),
        (["--resume", "nowhere", "--seeds", "3"], "--resume takes no other options"),
        (["--model.lrr", "1"], "did you mean --model.lr?"),
    ],
)
def test_a_mistake_is_one_line(torchtour, arguments, message):
    answer = torchtour("sweep", *arguments)
    assert answer.status == 2
    assert message in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""


def test_nets_that_all_diverge_are_one_line(torchtour):
    answer = torchtour("sweep", *SMALL, "--model.lr", "1000", "--model.weight_decay", "1000", "--seeds", "2")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert "diverged" in answer.err


def test_the_picture_holds_the_seeds():
    rows = [
        {"lr": lr, "hidden_size": size, "val/loss": lr * size * (1 + seed), "val/accuracy": 0.5}
        for lr, size, seed in product([0.1, 1.0], [5, 10], [0, 1, 2])
    ]
    rows.append({"lr": 10.0, "hidden_size": 5, "val/loss": math.nan, "val/accuracy": math.nan})
    lines, accuracies, heat, _ = plots.plot_sweep(rows, ["lr", "hidden_size"]).axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in lines.lines}
    assert drawn["hidden_size 5"] == [[0.1, 1.0], [1.0, 10.0]]
    assert drawn["hidden_size 10"] == [[0.1, 2.0], [1.0, 20.0]]
    assert {y for line in accuracies.lines for _, y in line.get_xydata().tolist()} == {0.5}
    shades = [each.get_paths()[0].vertices[:, 1] for each in lines.collections]
    assert sorted((each.min(), each.max()) for each in shades) == [(0.5, 15.0), (1.0, 30.0)]
    means = heat.images[0].get_array()
    np.testing.assert_allclose(means[:, :2], [[1.0, 10.0], [2.0, 20.0]])


def test_a_range_test_raises_the_rate_by_one_factor_and_stops_where_the_loss_explodes():
    seed_everything(0, verbose=False)
    test = RangeTest(1e-4, 1.0, 41)
    Trainer(max_epochs=-1, max_steps=41, callbacks=[test], limit_val_batches=0, **QUIET).fit(Classifier(), data())
    assert test.rates == pytest.approx(list(np.geomspace(1e-4, 1.0, 41)))
    test.losses = [1.0] * 20 + [1.0 - 0.05 * k for k in range(10)] + [0.5] * 11
    assert test.rates[19] < test.steepest_lr() < test.rates[30]
    wild = RangeTest(1.0, 1000.0, 60)
    Trainer(max_epochs=-1, max_steps=60, callbacks=[wild], limit_val_batches=0, **QUIET).fit(Classifier(), data())
    assert len(wild.losses) < 60
    assert not np.mean(wild.losses[-3:]) <= 4 * min(wild.losses)


def test_lr_writes_its_files_and_says_the_rate(torchtour, tmp_path):
    answer = torchtour("lr-find", *SMALL, "--steps", "40")
    assert (answer.status, answer.err) == (0, "")
    folder = tmp_path / "checkpoints/default/lr_0"
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "lr.csv", "lr.png"}
    with open(folder / "lr.csv") as file:
        rates = [float(row["lr"]) for row in csv.DictReader(file)]
    assert rates[0] == pytest.approx(1e-5)
    assert "fit --model.lr" in answer.out
    assert torchtour("lr-find", "--low", "2", "--high", "1").status == 2
    assert torchtour("lr-find", "--model.lr", "[0.1, 0.2]").status == 2


def test_a_combination_that_is_not_valid_is_refused_before_any_training():
    with pytest.raises(UserError, match=r"model\.gamma"):
        Grid(Classifier, {**DEFAULTS, "gamma": [0.5, 2.0]}, [0], data)
