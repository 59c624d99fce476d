"""What each convenience costs: torchtour, the usual Lightning project and others against a plain loop.

python tests/benchmarks/bench.py [--only PART] prints a table and writes it, and pictures, to docs/.
All train the same net on the same number of points in the same batches, on one thread: the net is so small that more
threads would wait for each other. They take turns in one process; figures are medians, with the lowest and highest.
"""

import argparse
import contextlib
import csv
import gc
import io
import logging
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("TERM", "xterm")  # rich draws on no other kind

import lightning
import numpy as np
import torch
from lightning.fabric import Fabric
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from torch import distributed
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.functional import accuracy

from torchtour import Classifier, SimpleNet, SyntheticData
from torchtour.callbacks import EpochReport, Progress
from torchtour.callbacks.run import Run
from torchtour.problems import line
from torchtour.trust.sealed import CheckpointFile

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "docs/measured"


@dataclass(frozen=True)
class Setting:
    n: int
    batch: int
    epochs: int
    validate: bool = False
    hidden: int = 10
    report: int = 1  # epochs from one printed line to the next
    few: int = 0  # points for those who collate sample by sample, and would need minutes; 0: all

    @property
    def steps(self) -> int:
        return -(-self.n // self.batch) * self.epochs

    @property
    def n_val(self) -> int:
        return min(self.n, 2000)

    def for_the_slow(self) -> "Setting":
        return replace(self, n=self.few, epochs=1) if self.few else self


Trained = tuple[float, torch.nn.Module]  # seconds in the loop, and the net


def points(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return line(n, torch.Generator().manual_seed(n))


def net_and_optimizer(setting: Setting) -> tuple[SimpleNet, torch.optim.Optimizer]:
    torch.manual_seed(0)
    net = SimpleNet(2, setting.hidden, 2)
    return net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def plain(setting: Setting) -> Trained:
    """The loop of lesson 4 with batches cut by slicing, and the sums of loss and accuracy."""
    (features, labels), (val_features, val_labels) = points(setting.n), points(setting.n_val)
    net, optimizer = net_and_optimizer(setting)
    begin = time.perf_counter()
    for _ in range(setting.epochs):
        order = torch.randperm(setting.n)
        loss_sum, correct = 0.0, 0
        for start in range(0, setting.n, setting.batch):
            index = order[start : start + setting.batch]
            x, y = features[index], labels[index]
            logits = net(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
        if setting.validate:
            with torch.no_grad():
                logits = net(val_features)
                cross_entropy(logits, val_labels).item()
                (logits.argmax(1) == val_labels).float().mean().item()
    return time.perf_counter() - begin, net


def generated(setting: Setting) -> Trained:
    """The plain loop with batches drawn as they are needed."""
    net, optimizer = net_and_optimizer(setting)
    generator = torch.Generator().manual_seed(0)
    begin = time.perf_counter()
    loss_sum, correct = 0.0, 0
    for _ in range(setting.steps):
        x, y = line(setting.batch, generator)
        logits = net(x)
        loss = cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(y)
        correct += (logits.argmax(1) == y).sum().item()
    return time.perf_counter() - begin, net


class Screen(io.TextIOBase):
    """A terminal that nobody looks at: bars draw themselves only on a terminal, and drawing is part of their cost."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class Clock(Callback):
    """The time of the loop, without what comes before the first step and after the last; also for `torchtour fit`."""

    def on_train_start(self, *_: object) -> None:
        self.begin = time.perf_counter()

    def on_train_epoch_start(self, trainer: lightning.Trainer, *_: object) -> None:
        if trainer.current_epoch == 1:
            self.warm = time.perf_counter()

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        end = time.perf_counter()
        self.seconds = end - self.begin
        if trainer.max_epochs > 1:
            module.print(f"seconds after the first epoch: {end - self.warm}")


def torchtour(setting: Setting, streaming: bool = False) -> Trained:
    """As the command sets it up: metrics.csv, both checkpoints, report, bar."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=False, num_sanity_val_steps=0,
            enable_model_summary=False, use_distributed_sampler=False, plugins=[CheckpointFile()],
            limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[clock, Run(root=folder), EpochReport(setting.report), Progress()],
        )  # fmt: skip
        torch.manual_seed(0)
        data = SyntheticData(n_train=setting.n, n_val=setting.n_val, batch_size=setting.batch, streaming=streaming)
        model = Classifier(hidden_size=setting.hidden, step_size=10**6)
        trainer.fit(model, data)
    return clock.seconds, model.net


def streamed(setting: Setting) -> Trained:
    return torchtour(setting, streaming=True)


class Usual(lightning.LightningModule):
    """A LightningModule as tutorials write it: loss and accuracy logged at each step."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.net = SimpleNet(2, hidden, 2)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        return self.step("train", batch)

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.step("val", batch)

    def step(self, split: str, batch: list[torch.Tensor]) -> torch.Tensor:
        logits = self.net(batch[0])
        loss = cross_entropy(logits, batch[1])
        self.log(f"{split}_loss", loss, prog_bar=True, on_step=split == "train", on_epoch=True)
        value = accuracy(logits, batch[1], task="multiclass", num_classes=2)
        self.log(f"{split}_acc", value, prog_bar=True, on_step=split == "train", on_epoch=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def usual(setting: Setting) -> Trained:
    """TensorDataset, default collate, a rich bar, CSVLogger and ModelCheckpoint."""
    monitor = "val_loss" if setting.validate else None
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=CSVLogger(folder), num_sanity_val_steps=0,
            enable_model_summary=False, limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[clock, ModelCheckpoint(folder, monitor=monitor), RichProgressBar()],
        )  # fmt: skip
        torch.manual_seed(0)
        model = Usual(setting.hidden)
        trainer.fit(model, *loaders(setting))
    return clock.seconds, model.net


Loader = DataLoader[tuple[torch.Tensor, ...]]


def loaders(setting: Setting) -> tuple[Loader, Loader]:
    """To train and to validate on, with what DataLoader does by default: batches collated sample by sample."""
    train, val = (TensorDataset(*points(n)) for n in (setting.n, setting.n_val))
    return DataLoader(train, setting.batch, shuffle=True), DataLoader(val, setting.batch)


def fabric(setting: Setting) -> Trained:
    """Fabric: the loop one's own, device and loader Lightning's; default collate."""
    it = Fabric(accelerator="cpu", devices=1)
    net, optimizer = it.setup(*net_and_optimizer(setting))
    return own_loop(setting, net, optimizer, it.setup_dataloaders(*loaders(setting)), it.backward)


def accelerate(setting: Setting) -> Trained:
    from accelerate import Accelerator

    it = Accelerator(cpu=True)
    net, optimizer, *both = it.prepare(*net_and_optimizer(setting), *loaders(setting))
    return own_loop(setting, net, optimizer, both, it.backward)


def own_loop(setting, net, optimizer, loaders, backward) -> Trained:  # type: ignore[no-untyped-def]
    train, val = loaders
    begin = time.perf_counter()
    for _ in range(setting.epochs):
        loss_sum, correct = 0.0, 0
        for x, y in train:
            logits = net(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            backward(loss)
            optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
        if setting.validate:
            loss_sum, correct = 0.0, 0
            with torch.no_grad():
                for x, y in val:
                    logits = net(x)
                    loss_sum += cross_entropy(logits, y).item() * len(y)
                    correct += (logits.argmax(1) == y).sum().item()
    return time.perf_counter() - begin, net


def skorch(setting: Setting) -> Trained:
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EpochScoring
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    torch.manual_seed(0)
    it = NeuralNetClassifier(
        SimpleNet(2, setting.hidden, 2), criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=0.1,
        optimizer__momentum=0.9, batch_size=setting.batch, max_epochs=setting.epochs, iterator_train__shuffle=True,
        train_split=predefined_split(Dataset(*points(setting.n_val))) if setting.validate else None,
        callbacks=[EpochScoring("accuracy", name="train_acc", lower_is_better=False, on_train=True)],
    ).initialize()  # fmt: skip
    features, labels = points(setting.n)
    begin = time.perf_counter()
    it.partial_fit(features, labels)
    return time.perf_counter() - begin, it.module_


def ignite(setting: Setting) -> Trained:
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.metrics import Accuracy, Loss

    net, optimizer = net_and_optimizer(setting)
    it = create_supervised_trainer(
        net, optimizer, cross_entropy, output_transform=lambda x, y, y_pred, loss: (y_pred.detach(), y)
    )
    scores = {"accuracy": Accuracy, "loss": lambda: Loss(cross_entropy)}
    for name, score in scores.items():
        score().attach(it, name)
    evaluator = create_supervised_evaluator(net, {name: score() for name, score in scores.items()})
    train, val = loaders(setting)
    if setting.validate:
        it.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(val))
    begin = time.perf_counter()
    it.run(train, max_epochs=setting.epochs)
    return time.perf_counter() - begin, net


def keras(setting: Setting) -> Trained:
    import keras as k

    k.utils.set_random_seed(0)
    it = k.Sequential([k.Input((2,)), k.layers.Dense(setting.hidden, activation="relu"), k.layers.Dense(2)])
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    it.compile(k.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    (features, labels), val = ([part.numpy() for part in points(n)] for n in (setting.n, setting.n_val))
    more = {"validation_data": val, "validation_batch_size": setting.batch} if setting.validate else {}
    few = slice(0, setting.batch)
    it.fit(features[few], labels[few], batch_size=setting.batch, **more)  # it builds itself at the first call
    begin = time.perf_counter()
    it.fit(features, labels, batch_size=setting.batch, epochs=setting.epochs, **more)
    return time.perf_counter() - begin, it


CONTESTANTS: dict[str, Callable[[Setting], Trained]] = {
    "plain loop": plain,
    "torchtour": torchtour,
    "usual Lightning project": usual,
    "Fabric": fabric,
    **{name: it for name, it in {"skorch": skorch, "ignite": ignite, "accelerate": accelerate, "keras": keras}.items()
       if find_spec(name)},
}  # fmt: skip
DRAWING = {"plain loop, drawing": generated, "torchtour, streaming": streamed}
QUICK = {"plain loop", "torchtour", "keras"}  # the others collate sample by sample


def learned(net: torch.nn.Module) -> float:
    """Accuracy on points of its own: no contestant may be quick because it doesn't train."""
    features, labels = points(10_000)
    with torch.no_grad():
        return (net(features).argmax(1).cpu() == labels).float().mean().item()


def timed(name: str, setting: Setting) -> float:
    """ms a step of one training, seen by nobody."""
    gc.collect()  # nobody pays for what another has left
    screen = Screen()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        spent, net = {**CONTESTANTS, **DRAWING}[name](setting)
    least = 0.9 if setting.steps >= 15 else 0.6  # three steps can't learn all; before the first it is a half or less
    if (found := learned(net)) < least:
        raise AssertionError(f"{name} learned nothing: accuracy {found}")
    return 1000 * spent / setting.steps


def take_turns(setting: Setting, names: list[str], repeats: int, slow: int = 3) -> dict[str, list[float]]:
    """ms a step, `repeats` times each, those who collate `slow` times."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names:
            if name in QUICK or turn < slow:
                found[name].append(timed(name, setting if name in QUICK else setting.for_the_slow()))
    return found


Row = dict[str, str]


def rows(setting: Setting, what: str, repeats: int, target: str) -> Iterator[Row]:
    times = take_turns(setting, list(CONTESTANTS), repeats, slow=2 if setting.batch > 10_000 else 3)
    for name, mine in times.items():
        # Each against the plain loop of the same turn: what disturbs the machine disturbs both.
        ratios = [ms / loop for ms, loop in zip(mine, times["plain loop"], strict=False)]
        yield row(what, name, statistics.median(mine), ratios, target if name == "torchtour" else "")


def row(what: str, name: str, ms: float, ratios: list[float], target: str = "") -> Row:
    return {
        "what": what,
        "who": name,
        "ms": f"{ms:.3g}" if ms < 100 else f"{ms:.0f}",
        "ratio": f"{statistics.median(ratios):.2f}",
        "lowest": f"{min(ratios):.2f}",
        "highest": f"{max(ratios):.2f}",
        "target": target,
    }


def steps() -> Iterator[Row]:
    for validate in (False, True):
        more = ", validated" if validate else ""
        big = Setting(1_000_000, 65_536, 1, validate, few=3 * 65_536)
        yield from rows(Setting(100_000, 1000, 3, validate, few=100_000), f"batch 1,000 of 100,000{more}", 5, "3.5")
        yield from rows(Setting(20_000, 32, 1, validate), f"batch 32 of 20,000{more}", 5, "4")
        yield from rows(big, f"batch 65,536 of 1,000,000{more}", 7, "1.2")
        # A line every 20 epochs, as configs/tutorial.yaml has it.
        yield from rows(Setting(100, 100, 100, validate, report=20), f"100 epochs of one step{more}", 7, "9")


PLAIN_SCRIPT = """
import torch
torch.manual_seed(42)
x = torch.randn(100, 2)
y = (x.sum(1) > 0).long()
net = torch.nn.Sequential(torch.nn.Linear(2, 10), torch.nn.ReLU(), torch.nn.Linear(10, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(100):
    loss = torch.nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def process() -> Iterator[Row]:
    """Whole processes, from the shell's return key to its next prompt."""
    command = Path(sys.executable).with_name("torchtour")
    calls = {
        "plain script": [sys.executable, "-c", PLAIN_SCRIPT],
        "torchtour fit -c tutorial": [command, "fit", "-c", ROOT / "configs/tutorial.yaml"],
        "torchtour --help": [command, "--help"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5):
            for name, call in calls.items():
                begin = time.perf_counter()
                subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=120)
                seconds[name].append(time.perf_counter() - begin)
    targets = {"torchtour fit -c tutorial": "1.5", "torchtour --help": "0.5 s"}
    for name, mine in seconds.items():
        ratios = [a / b for a, b in zip(mine, seconds["plain script"], strict=True)]
        yield row("whole process", name, 1000 * statistics.median(mine), ratios, targets.get(name, ""))


def streaming() -> Iterator[Row]:
    setting = Setting(16 * 65_536, 65_536, 2)
    times = [(timed("plain loop, drawing", setting), timed("torchtour, streaming", setting)) for _ in range(7)]
    base, mine = (list(column) for column in zip(*times, strict=True))
    what = "streaming, batch 65,536"
    yield row(what, "plain loop and generation", statistics.median(base), [1.0])
    ratios = [ms / loop for ms, loop in zip(mine, base, strict=True)]
    yield row(what, "torchtour", statistics.median(mine), ratios, "1.3")
    peaks = [(peak_of_a_run(10**5), peak_of_a_run(10**8)) for _ in range(3)]
    what = "peak memory in MB, 10^8 points against 10^5"
    large = statistics.median(large for _, large in peaks)
    yield row(what, "torchtour", large, [large / small for small, large in peaks], "1.05")


def peak_of_a_run(n: int) -> float:
    """MB of a whole process, measured by its parent's parent: each gets a Python of its own to wait for it."""
    command = [
        str(Path(sys.executable).with_name("torchtour")),
        "fit",
        "--data.streaming",
        "true",
        "--data.n_train",
        str(n),
    ]
    flags = ["--data.batch_size", "65536", "--trainer.max_epochs", "1"]
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-c", code, *command, *flags]
        out = subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True, timeout=300).stdout
    return int(out) / (1024 if sys.platform == "linux" else 1024**2)


EPOCHS = 9
TURNS = 3


def processes() -> Iterator[Row]:
    """Points a second inside training, after the first epoch, by torchtour and by a plain loop with DDP."""
    one, shared, each = ("1 process", 1, 65_536), ("2, a batch shared", 2, 65_536), ("2, a batch each", 2, 131_072)
    ways: dict[str, Callable[[int, int], float]] = {
        "torchtour": torchtour_shared,
        "plain loop, DDP": partial(plain_shared, policy="SCHED_OTHER"),
        "the same, SCHED_BATCH": partial(plain_shared, policy="SCHED_BATCH"),
    }
    spent: dict[tuple[str, str], list[float]] = {}
    for _ in range(TURNS):
        for name, train in ways.items():
            for how, n, batch in (one, shared, each):
                spent.setdefault((name, how), []).append(train(n, batch))
    for (name, how), mine in spent.items():
        gains = [alone / seconds for alone, seconds in zip(spent[name, one[0]], mine, strict=True)]
        a_second = (EPOCHS - 1) * 1_000_000 / statistics.median(mine)
        target = "1.6" if name == "torchtour" and how != one[0] else ""
        found = row(f"points a second, {name}", how, a_second, gains, target)
        yield {**found, "ms": f"{a_second:,.0f}"}
    for printed in spawn("add_up", 2).splitlines():
        floats, ms = printed.split()
        yield row("all-reduce by gloo, 2 processes", f"{int(floats):,} floats", float(ms), [1.0])


def torchtour_shared(processes: int, batch: int) -> float:
    """Seconds of all epochs but the first, which warms up; a batch is that of all processes together."""
    flags = ["--data.n_train", "1000000", "--data.batch_size", str(batch), "--trainer.max_epochs", str(EPOCHS)]
    flags += ["--trainer.callbacks+=bench.Clock", "--report.every", "0", "--pictures.enabled", "false"]
    flags += ["-c", str(ROOT / "configs/ddp.yaml")] if processes == 2 else []
    with tempfile.TemporaryDirectory() as folder:
        out = output([Path(sys.executable).with_name("torchtour"), "fit", *flags], folder)
    return float(re.search(r"after the first epoch: (\S+)", out)[1])


def plain_shared(processes: int, batch: int, policy: str) -> float:
    """The same by the plain loop, its net wrapped in DDP: what PyTorch itself gains from a second process here."""
    return float(spawn("train_share", processes, batch, policy))


def train_share(rank: int, meet: str, processes: int, batch: str, policy: str) -> None:
    if sys.platform == "linux":  # before there are threads that bring messages
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))
    meet_others(rank, meet, processes)
    setting = Setting(1_000_000, int(batch), EPOCHS)
    (features, labels), (net, optimizer) = points(setting.n), net_and_optimizer(setting)
    model = DistributedDataParallel(net) if processes > 1 else net
    begin = 0.0
    for epoch in range(EPOCHS):
        if epoch == 1:
            begin = time.perf_counter()
        order = torch.randperm(setting.n)
        loss_sum, correct = 0.0, 0
        for start in range(0, setting.n, setting.batch):
            index = order[start : start + setting.batch][rank::processes]
            x, y = features[index], labels[index]
            logits = model(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
    if rank == 0:
        print(time.perf_counter() - begin, flush=True)
    del model  # it would wait, with Python locked, for a thread that waits for Python
    distributed.destroy_process_group()


def spawn(work: str, processes: int, *more: object) -> str:
    """What a function of this file prints, called in so many processes."""
    code = "from torch.multiprocessing.spawn import start_processes as s; import bench, sys;"
    code += "_, work, meet, n, *more = sys.argv;"
    code += "s(getattr(bench, work), (meet, int(n), *more), int(n), start_method='fork')"
    with tempfile.TemporaryDirectory() as folder:
        return output([sys.executable, "-c", code, work, f"file://{folder}/meet", processes, *more], folder)


def meet_others(rank: int, meet: str, processes: int) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=processes)


def output(call: list[object], folder: str) -> str:
    """What a process printed that can import this file."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    call = [str(part) for part in call]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(call)}: {done.stderr[-2000:]}")
    return done.stdout


def add_up(rank: int, meet: str, processes: int) -> None:
    """ms of adding up so many floats over the processes, median of many."""
    meet_others(rank, meet, processes)
    for floats in (52, 50_002, 5_000_002):  # the parameters of 10, 10,000 and 1,000,000 hidden units
        gradients, seconds = torch.zeros(floats), []
        for _ in range(200 if floats < 1_000_000 else 20):
            begin = time.perf_counter()
            distributed.all_reduce(gradients)
            seconds.append(time.perf_counter() - begin)
        if rank == 0:
            print(floats, 1000 * statistics.median(seconds), flush=True)
    distributed.destroy_process_group()


LINES = {  # colours that all eyes tell apart, and shapes
    "plain loop": ("#000000", "o"),
    "torchtour": ("#0072B2", "s"),
    "usual Lightning project": ("#D55E00", "^"),
}


def growth() -> list[Row]:
    """ms a step of whole epochs against points, batch size and width, each by itself, not validated."""
    ways = {
        "points": [Setting(n, min(n, 1000), max(1, 100_000 // max(n, 1000))) for n in (100, 1000, 10**4, 10**5, 10**6)],
        "batch size": [Setting(min(100 * b, 262_144), b, 1) for b in (10, 100, 1000, 10_000, 100_000)],
        "hidden units": [Setting(20_000, 1000, 1, hidden=h) for h in (10, 100, 1000, 10_000)],
    }
    sizes = {"points": "n", "batch size": "batch", "hidden units": "hidden"}
    found: list[Row] = []
    for way, settings in ways.items():
        for setting in settings:
            turns = take_turns(setting, list(LINES), 3, slow=1 if setting.n > 200_000 else 2)
            for name, mine in turns.items():
                ratios = [ms / loop for ms, loop in zip(mine, turns["plain loop"], strict=False)]
                found.append(row(f"{way}: {getattr(setting, sizes[way]):,}", name, statistics.median(mine), ratios))
    return found


def growth_picture(found: list[Row]) -> None:
    figure = Figure(figsize=(11, 6.4), dpi=110, layout="constrained")
    figure.suptitle("How the cost of a training step grows")
    panels = figure.subplots(2, 3, sharex="col", sharey="row")
    labels = {
        "points": "points (in batches of 1,000, or all)",
        "batch size": "batch size",
        "hidden units": "hidden units (batch 1,000)",
    }
    for (upper, lower), (way, label) in zip(panels.T, labels.items(), strict=True):
        for name, (colour, mark) in LINES.items():
            mine = [each for each in found if each["who"] == name and each["what"].startswith(f"{way}: ")]
            xs = [int(each["what"].split(": ")[1].replace(",", "")) for each in mine]
            upper.loglog(xs, [float(each["ms"]) for each in mine], marker=mark, color=colour, label=name)
            lower.loglog(xs, [float(each["ratio"]) for each in mine], marker=mark, color=colour)
        upper.set_title(f"against {way}")
        lower.set_xlabel(label)
        upper.grid(alpha=0.3)
        lower.grid(alpha=0.3)
    panels[0, 0].set_ylabel("ms a step")
    panels[1, 0].set_ylabel("ratio to the plain loop")
    whole_ratios(panels[1, 0].yaxis)
    panels[0, 0].legend(fontsize=8)
    figure.savefig(MEASURED / "growth.png", metadata={"Software": None})


def whole_ratios(axis: Axis) -> None:
    """1, 2, 5, 10, ... on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def picture(found: list[Row]) -> None:
    """A panel a setting: each contestant's ratio with its spread, validated or not, and torchtour's target."""
    whats = [what for what in dict.fromkeys(each["what"] for each in found) if not what.endswith(", validated")]
    names = [name for name in CONTESTANTS if name != "plain loop"]
    figure = Figure(figsize=(11, 7), dpi=110, layout="constrained")
    figure.suptitle("What each convenience costs: a training step, in steps of a plain loop")
    panels = figure.subplots(2, 2, sharey=True)
    for axes, what in zip(panels.flat, whats, strict=True):
        for more, colour, mark, shift in (("", "#0072B2", "o", -0.15), (", validated", "#D55E00", "s", 0.15)):
            at = {each["who"]: each for each in found if each["what"] == what + more}
            middle, low, high = ([float(at[name][key]) for name in names] for key in ("ratio", "lowest", "highest"))
            spread = np.array([np.subtract(middle, low), np.subtract(high, middle)])
            places = np.arange(len(names)) + shift
            label = "validated each epoch" if more else "not validated"
            axes.errorbar(middle, places, xerr=spread, fmt=mark, color=colour, capsize=3, label=label)
        target = next(float(each["target"]) for each in found if each["what"] == what and each["target"])
        axes.axvline(target, color="#009E73", linestyle="--", label="target of torchtour")
        axes.axvline(1, color="black", label="plain loop")
        axes.set(xscale="log", xlabel="ratio to the plain loop", title=what)
        axes.set_yticks(range(len(names)), names)
        whole_ratios(axes.xaxis)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(MEASURED / "costs.png", metadata={"Software": None})


def write(name: str, found: list[Row]) -> None:
    with open(MEASURED / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def table(found: list[Row]) -> str:
    heads = ["what", "who", "ms, if nothing else is said", "ratio", "lowest", "highest", "target"]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|---:|---:|"]
    before = ""
    for each in found:
        lines.append(
            "| " + " | ".join([each["what"] if each["what"] != before else "", *list(each.values())[1:]]) + " |"
        )
        before = each["what"]
    return "\n".join(lines)


def into_page(text: str) -> None:
    """Put the table between the marks of docs/costs.md."""
    page = ROOT / "docs/costs.md"
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    head, rest = page.read_text().split(begin)
    pictures = (
        "![Time of a step of each way to train, in plain loops](measured/costs.png)\n\n"
        "![A training step against points, batch size and width](measured/growth.png)"
    )
    page.write_text(head + begin + "\n" + text + "\n\n" + pictures + "\n\n" + end + rest.split(end)[1])


def quiet() -> None:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "growth": growth,
    "steps": steps,
    "process": process,
    "streaming": streaming,
    "processes": processes,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="print this part alone, and write nothing")
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(1)
    began = time.monotonic()
    for name in CONTESTANTS:
        timed(name, Setting(2000, 100, 2, validate=True))  # warms up
    gc.freeze()  # what is imported is no garbage: nobody's steps shall wait until it is looked through
    found: dict[str, list[Row]] = {}
    for part in [options.only] if options.only else PARTS:
        found[part] = []
        for each in PARTS[part]():
            cells = f"{each['who']:26} {each['ms']:>10} {each['ratio']:>7}  {each['lowest']:>6} to {each['highest']:6}"
            print(f"{each['what']:44} {cells} {each['target']}", flush=True)
            found[part].append(each)
    if not options.only:
        grown = found.pop("growth")
        MEASURED.mkdir(exist_ok=True)
        write("growth", grown)
        growth_picture(grown)
        rest = [each for part in found.values() for each in part]
        write("costs", rest)
        picture(found["steps"])
        into_page(table(rest))
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
