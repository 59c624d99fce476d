"""Trainer.fit with our classes, and the command, against a plain loop in torch alone: equal to the last bit."""

import csv
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from torch import Tensor, nn

from torchtour import Classifier
from torchtour.data import SyntheticData

N = 100
WEIGHTS = ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")


@dataclass
class Setting:
    """What a run is made of; the plain loop, Trainer and the command all take it."""

    seed: int = 0
    data_seed: int | None = None
    batch_size: int | None = None
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    step_size: int = 2
    gamma: float = 0.5
    epochs: int = 6


@dataclass
class Outcome:
    weights: list[Tensor]
    lr: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


def plain_loop(setting: Setting, points: tuple[Tensor, Tensor] | None = None) -> Outcome:
    """The reference. Of torchtour it takes nothing but the points, where they come from a seed of their own."""
    torch.manual_seed(setting.seed)
    if points is None:
        features = torch.randn(N, 2)  # [n, 2]
        labels = (features[:, 0] + features[:, 1] > 0).long()  # [n]
    else:
        features, labels = points
    net = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 2))
    shared = {"lr": setting.lr, "weight_decay": setting.weight_decay}
    if setting.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(net.parameters(), **shared)
    else:
        optimizer = torch.optim.SGD(net.parameters(), momentum=setting.momentum, **shared)

    outcome = Outcome(list(net.parameters()))
    order_seed = setting.seed if setting.data_seed is None else setting.data_seed
    for epoch in range(setting.epochs):
        order = np.arange(N)
        if setting.batch_size is not None and setting.batch_size < N:
            order = np.random.default_rng((order_seed, epoch)).permutation(N)
        outcome.lr.append(optimizer.param_groups[0]["lr"])
        loss_sum, correct = 0.0, 0
        for start in range(0, N, setting.batch_size or N):
            batch = order[start : start + (setting.batch_size or N)].tolist()
            logits = net(features[batch])  # [batch, 2]
            loss = nn.CrossEntropyLoss()(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(batch)  # in float64
            correct += int((logits.argmax(dim=1) == labels[batch]).sum())
        outcome.loss.append(loss_sum / N)
        outcome.accuracy.append(correct / N)
        if (epoch + 1) % setting.step_size == 0:
            optimizer.param_groups[0]["lr"] *= setting.gamma
    return outcome


class Record(Checkpoint):
    """Notes what each epoch logged. A Checkpoint, since those are called after the module has logged."""

    def __init__(self) -> None:
        self.outcome = Outcome([])

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.outcome.lr.append(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.outcome.loss.append(trainer.callback_metrics["train/loss"].item())
        self.outcome.accuracy.append(trainer.callback_metrics["train/accuracy"].item())


def by_trainer(setting: Setting) -> tuple[Outcome, SyntheticData]:
    torch.manual_seed(setting.seed)
    data = SyntheticData(n_train=N, n_val=20, batch_size=setting.batch_size, seed=setting.data_seed)
    names = ("optimizer", "lr", "momentum", "weight_decay", "step_size", "gamma")
    model = Classifier(**{name: getattr(setting, name) for name in names})
    record = Record()
    trainer = Trainer(
        max_epochs=setting.epochs,
        accelerator="cpu",
        callbacks=[record],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(model, datamodule=data)
    record.outcome.weights = [model.net.state_dict()[name] for name in WEIGHTS]
    return record.outcome, data


def start_command(setting: Setting, folder: Path) -> subprocess.Popen[str]:
    flags: dict[str, Any] = {
        "seed_everything": setting.seed,
        "run.name": "equal",
        "trainer.max_epochs": setting.epochs,
        "trainer.accelerator": "cpu",
        "data.n_train": N,
        "data.batch_size": "null" if setting.batch_size is None else setting.batch_size,
        "data.seed": "null" if setting.data_seed is None else setting.data_seed,
    }
    for name in ("optimizer", "lr", "momentum", "weight_decay", "step_size", "gamma"):
        flags[f"model.{name}"] = getattr(setting, name)
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    folder.mkdir()
    command = [sys.executable, "-m", "torchtour", "fit", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def files_of_command(folder: Path) -> Outcome:
    run = folder / "checkpoints/equal/version_0"
    checkpoint = torch.load(run / "last.ckpt", weights_only=True)
    outcome = Outcome([checkpoint["state_dict"][f"net.{name}"] for name in WEIGHTS])
    with open(run / "metrics.csv") as file:
        for row in csv.DictReader(file):
            outcome.lr.append(float(row["lr"]))
            outcome.loss.append(float(row["train/loss"]))
            outcome.accuracy.append(float(row["train/accuracy"]))
    return outcome


def assert_equal(outcome: Outcome, reference: Outcome) -> None:
    assert [list(weight.shape) for weight in outcome.weights] == [[10, 2], [10], [2, 10], [2]]
    for name, weight, expected in zip(WEIGHTS, outcome.weights, reference.weights, strict=True):
        assert torch.equal(weight, expected), name
    assert outcome.lr == reference.lr
    # Kahan's sum in float32 against float64: the product, the sum and the division may each round once.
    np.testing.assert_array_max_ulp(np.float32(outcome.loss), np.float32(reference.loss), maxulp=4)
    np.testing.assert_array_equal(np.float32(outcome.accuracy), np.float32(reference.accuracy))


@pytest.mark.parametrize(
    ("optimizer", "momentum", "weight_decay"),
    [("sgd", 0.0, 0.0), ("sgd", 0.9, 0.0), ("sgd", 0.9, 0.01), ("adam", 0.0, 0.0), ("adam", 0.0, 0.01)],
)
@pytest.mark.parametrize("batch_size", [None, 25, 30])  # the whole set, dividing it, not dividing it
@pytest.mark.parametrize("seed", [0, 2**31 + 1])
def test_trainer(seed: int, batch_size: int | None, optimizer: str, momentum: float, weight_decay: float) -> None:
    lr = 0.01 if optimizer == "adam" else 0.1
    setting = Setting(seed, None, batch_size, optimizer, lr, momentum, weight_decay)
    outcome, _ = by_trainer(setting)
    assert_equal(outcome, plain_loop(setting))
    assert len(set(outcome.lr)) == 3  # the rate did fall during the run


@pytest.mark.parametrize("batch_size", [N, 30])
def test_trainer_with_a_seed_for_the_data(batch_size: int | None) -> None:
    setting = Setting(seed=3, data_seed=5, batch_size=batch_size, momentum=0.9)
    outcome, data = by_trainer(setting)
    features, labels = data.sets["train"].tensors
    assert_equal(outcome, plain_loop(setting, (features, labels)))


def test_lesson_4_by_trainer() -> None:
    setting = Setting(seed=42, lr=0.01, gamma=1.0, epochs=100)
    outcome, _ = by_trainer(setting)
    assert_equal(outcome, plain_loop(setting))
    assert (f"{outcome.loss[19]:.4f}", f"{outcome.loss[99]:.4f}") == ("0.7186", "0.6377")


def test_command(tmp_path: Path) -> None:
    """By its files: last.ckpt and metrics.csv."""
    settings = {
        "lesson_4": Setting(seed=42, lr=0.01, gamma=1.0, epochs=20),
        "adam": Setting(seed=1, batch_size=30, optimizer="adam", lr=0.01, weight_decay=0.01),
    }
    started = {name: start_command(setting, tmp_path / name) for name, setting in settings.items()}
    for name, process in started.items():
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        assert_equal(files_of_command(tmp_path / name), plain_loop(settings[name]))


def test_the_runs_differ() -> None:
    """So that equality above says something: every setting moves the weights."""
    base = Setting(batch_size=30, momentum=0.9)
    others = [
        Setting(batch_size=25, momentum=0.9),
        Setting(batch_size=30, momentum=0.8),
        Setting(batch_size=30, momentum=0.9, weight_decay=0.01),
        Setting(batch_size=30, momentum=0.9, gamma=0.4),
        Setting(batch_size=30, momentum=0.9, step_size=3),
        Setting(batch_size=30, momentum=0.9, seed=1),
        Setting(batch_size=30, optimizer="adam"),
    ]
    reference = plain_loop(base)
    for other in others:
        assert not torch.equal(plain_loop(other).weights[0], reference.weights[0]), other
