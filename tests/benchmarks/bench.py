"""What each convenience costs: torchtour, the usual Lightning project and others against a plain loop.

python tests/benchmarks/bench.py [--only PART] prints a table and writes it, and pictures, to docs/.
All train the same net on the same number of points in the same batches, on one thread: the net is so small that more
threads would wait for each other. They take turns in one process; figures are medians, with the lowest and highest.
"""

import argparse
import contextlib
import csv
import io
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["KERAS_BACKEND"] = "torch"

import lightning
import numpy as np
import torch
from lightning.fabric import Fabric
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from matplotlib.figure import Figure
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.functional import accuracy

from torchtour import Classifier, SimpleNet, SyntheticData
from torchtour.callbacks import EpochReport, Progress
from torchtour.checkpoint import CheckpointFile
from torchtour.problems import line
from torchtour.run import Run

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "docs/measured"
N_VAL = 2000


@dataclass(frozen=True)
class Setting:
    n: int
    batch: int
    epochs: int
    validate: bool = False
    hidden: int = 10

    @property
    def steps(self) -> int:
        return -(-self.n // self.batch) * self.epochs


Trained = tuple[float, torch.nn.Module]  # seconds in the loop, and the net


def points(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return line(n, torch.Generator().manual_seed(n))


def net_and_optimizer(setting: Setting) -> tuple[SimpleNet, torch.optim.Optimizer]:
    torch.manual_seed(0)
    net = SimpleNet(2, setting.hidden, 2)
    return net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def plain(setting: Setting) -> Trained:
    """The loop of lesson 4 with batches cut by slicing, and the sums of loss and accuracy."""
    (features, labels), (val_features, val_labels) = points(setting.n), points(N_VAL)
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


class Clock(Callback):
    def on_train_start(self, *_: object) -> None:
        self.begin = time.perf_counter()

    def on_train_end(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.begin


def torchtour(setting: Setting, streaming: bool = False) -> Trained:
    """As the command sets it up: metrics.csv, both checkpoints, report, bar."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=False, num_sanity_val_steps=0,
            enable_model_summary=False, use_distributed_sampler=False, plugins=[CheckpointFile()],
            limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[Run(root=folder), EpochReport(1), Progress(), clock],
        )  # fmt: skip
        torch.manual_seed(0)
        data = SyntheticData(n_train=setting.n, n_val=N_VAL, batch_size=setting.batch, streaming=streaming)
        model = Classifier(hidden_size=setting.hidden, step_size=10**6)
        with contextlib.redirect_stdout(io.StringIO()):
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
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=CSVLogger(folder), num_sanity_val_steps=0,
            enable_model_summary=False, limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[ModelCheckpoint(folder, save_top_k=1), RichProgressBar(), clock],
        )  # fmt: skip
        torch.manual_seed(0)
        model = Usual(setting.hidden)
        loaders = [
            DataLoader(TensorDataset(*points(n)), setting.batch, shuffle=n == setting.n) for n in (setting.n, N_VAL)
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.fit(model, *loaders)
    return clock.seconds, model.net


def batches(setting: Setting) -> DataLoader[tuple[torch.Tensor, ...]]:
    return DataLoader(TensorDataset(*points(setting.n)), setting.batch, shuffle=True)


def fabric(setting: Setting) -> Trained:
    """Fabric: the loop one's own, device and loader Lightning's; default collate."""
    it = Fabric(accelerator="cpu", devices=1)
    net, optimizer = it.setup(*net_and_optimizer(setting))
    loader = it.setup_dataloaders(batches(setting))
    return own_loop(setting, net, optimizer, loader, it.backward)


def accelerate(setting: Setting) -> Trained:
    from accelerate import Accelerator

    it = Accelerator(cpu=True)
    net, optimizer, loader = it.prepare(*net_and_optimizer(setting), batches(setting))
    return own_loop(setting, net, optimizer, loader, it.backward)


def own_loop(setting, net, optimizer, loader, backward) -> Trained:  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    for _ in range(setting.epochs):
        loss_sum, correct = 0.0, 0
        for x, y in loader:
            logits = net(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            backward(loss)
            optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
    return time.perf_counter() - begin, net


def skorch(setting: Setting) -> Trained:
    from skorch import NeuralNetClassifier

    torch.manual_seed(0)
    it = NeuralNetClassifier(
        SimpleNet(2, setting.hidden, 2), criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=0.1,
        optimizer__momentum=0.9, batch_size=setting.batch, max_epochs=setting.epochs, train_split=None,
        iterator_train__shuffle=True, verbose=0,
    ).initialize()  # fmt: skip
    features, labels = points(setting.n)
    begin = time.perf_counter()
    it.partial_fit(features, labels)
    return time.perf_counter() - begin, it.module_


def ignite(setting: Setting) -> Trained:
    from ignite.engine import create_supervised_trainer
    from ignite.metrics import Accuracy, Loss

    net, optimizer = net_and_optimizer(setting)
    it = create_supervised_trainer(
        net, optimizer, cross_entropy, output_transform=lambda x, y, y_pred, loss: (y_pred.detach(), y)
    )
    Accuracy().attach(it, "accuracy")
    Loss(cross_entropy).attach(it, "loss")
    loader = batches(setting)
    begin = time.perf_counter()
    it.run(loader, max_epochs=setting.epochs)
    return time.perf_counter() - begin, net


def keras(setting: Setting) -> Trained:
    import keras as k

    k.utils.set_random_seed(0)
    it = k.Sequential([k.Input((2,)), k.layers.Dense(setting.hidden, activation="relu"), k.layers.Dense(2)])
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    it.compile(k.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    features, labels = (part.numpy() for part in points(setting.n))
    it.fit(features[: setting.batch], labels[: setting.batch], batch_size=setting.batch, verbose=0)
    begin = time.perf_counter()
    it.fit(features, labels, batch_size=setting.batch, epochs=setting.epochs, verbose=0)
    return time.perf_counter() - begin, it


CONTESTANTS: dict[str, Callable[[Setting], Trained]] = {
    "plain loop": plain,
    "torchtour": torchtour,
    "usual Lightning project": usual,
    "Fabric": fabric,
    **{name: it for name, it in {"skorch": skorch, "ignite": ignite, "accelerate": accelerate, "keras": keras}.items()
       if find_spec(name)},
}  # fmt: skip
VALIDATES = ("plain loop", "torchtour", "usual Lightning project")


def learned(net: torch.nn.Module) -> float:
    """Accuracy on points of its own: no contestant may be quick because it doesn't train."""
    features, labels = points(10_000)
    with torch.no_grad():
        return (net(features).argmax(1).cpu() == labels).float().mean().item()


def take_turns(setting: Setting, names: list[str], repeats: int, most: float = 10.0) -> dict[str, list[float]]:
    """ms a step, `repeats` times each; who takes longer than `most` seconds is measured twice only."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names:
            if turn < 2 or seconds[name][-1] < most:
                spent, net = CONTESTANTS[name](setting)
                if (found := learned(net)) < 0.9:
                    raise AssertionError(f"{name} learned nothing: accuracy {found}")
                seconds[name].append(spent)
    return {name: [1000 * each / setting.steps for each in spent] for name, spent in seconds.items()}


Row = dict[str, str]


def rows(setting: Setting, what: str, repeats: int, target: str) -> Iterator[Row]:
    names = [name for name in CONTESTANTS if not setting.validate or name in VALIDATES]
    times = take_turns(setting, names, repeats)
    base = times["plain loop"]
    for name in names:
        # Each against the plain loop of the same turn: what disturbs the machine disturbs both.
        ratios = [mine / loop for mine, loop in zip(times[name], base, strict=False)]
        yield row(what, name, statistics.median(times[name]), ratios, target if name == "torchtour" else "")


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
        yield from rows(Setting(100_000, 1000, 3, validate), f"batch 1,000 of 100,000{more}", 5, "3.5")
        yield from rows(Setting(20_000, 32, 1, validate), f"batch 32 of 20,000{more}", 5, "4")
        yield from rows(Setting(1_000_000, 65_536, 2, validate), f"batch 65,536 of 1,000,000{more}", 5, "1.2")
        yield from rows(Setting(100, 100, 100, validate), f"100 epochs of one step{more}", 7, "9")


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
    setting = Setting(40 * 65_536, 65_536, 1)
    times: list[tuple[float, float]] = []
    for _ in range(5):
        base, _ = generated(setting)
        mine, net = streamed(setting)
        assert learned(net) > 0.9
        times.append((base, mine))
    ms = [1000 * statistics.median(column) / setting.steps for column in zip(*times, strict=True)]
    yield row("streaming, batch 65,536", "plain loop and generation", ms[0], [1.0])
    yield row("streaming, batch 65,536", "torchtour", ms[1], [mine / base for base, mine in times], "1.3")
    peaks = [peak_of_a_run(n) for n in (10**5, 10**8)]
    what = "peak memory in MB, 10^8 points against 10^5"
    yield row(what, "torchtour", peaks[1], [peaks[1] / peaks[0]], "1.05")


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


def processes() -> Iterator[Row]:
    """Samples a second inside training: a run of one epoch is taken from one of five, which leaves no start-up."""
    spent: dict[str, list[float]] = {"one process": [], "two processes": []}
    for _ in range(3):
        for name, more in {"one process": [], "two processes": ["-c", str(ROOT / "configs/ddp.yaml")]}.items():
            short, long = (whole_run(epochs, more) for epochs in (1, 5))
            spent[name].append((long - short) / 4)
    ratios = [one / two for one, two in zip(*spent.values(), strict=True)]
    for name, factors in {"one process": [1.0], "two processes": ratios}.items():
        a_second = 4_000_000 / statistics.median(spent[name])
        found = row("samples a second, batch 65,536", name, a_second, factors, "1.6" if factors is ratios else "")
        yield {**found, "ms": f"{a_second:,.0f}".replace(",", " ")}


def whole_run(epochs: int, more: list[str]) -> float:
    flags = ["--data.n_train", "4000000", "--data.batch_size", "65536", "--trainer.max_epochs", str(epochs)]
    with tempfile.TemporaryDirectory() as folder:
        call = [Path(sys.executable).with_name("torchtour"), "fit", *flags, *more]
        begin = time.perf_counter()
        subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=300)
        return time.perf_counter() - begin


def growth() -> list[Row]:
    """ms a step against points, batch size and width, and the picture of it."""
    names = ["plain loop", "torchtour", "usual Lightning project"]
    ways = {
        "points, at batch 1,000": [Setting(n, 1000, 1) for n in (1000, 10_000, 100_000, 1_000_000)],
        "batch size, at 100,000 points": [Setting(100_000, b, 1) for b in (100, 1000, 10_000, 100_000)],
        "hidden units, at batch 1,000": [Setting(20_000, 1000, 1, hidden=h) for h in (10, 100, 1000, 10_000)],
    }
    sizes = {"points": "n", "batch size": "batch", "hidden units": "hidden"}
    found: list[Row] = []
    figure = Figure(figsize=(11, 3.8), dpi=110, layout="constrained")
    figure.suptitle("A training step against points, batch size and width: what each way to train costs")
    for axes, (way, settings) in zip(figure.subplots(1, 3, sharey=True), ways.items(), strict=True):
        lines: dict[str, list[float]] = {name: [] for name in names}
        xs = [getattr(setting, sizes[way.split(",")[0]]) for setting in settings]
        for setting, x in zip(settings, xs, strict=True):
            slow = setting.n >= 1_000_000 and setting.batch == 1000
            for name, times in take_turns(setting, names, 2 if slow else 3, most=3.0).items():
                lines[name].append(statistics.median(times))
                ratio = [lines[name][-1] / lines["plain loop"][-1]]
                found.append(row(f"{way}: {x:,}", name, lines[name][-1], ratio))
        for name, mark, colour in zip(names, "os^", ("#000000", "#0072B2", "#D55E00"), strict=True):
            axes.loglog(xs, lines[name], marker=mark, color=colour, label=name)
        axes.set(xlabel=way, title=way.split(",")[0])
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("ms a step")
    figure.axes[0].legend(fontsize=8)
    figure.savefig(MEASURED / "growth.png", metadata={"Software": None})
    return found


def picture(found: list[Row]) -> None:
    whats = list(dict.fromkeys(each["what"] for each in found))
    figure = Figure(figsize=(9, 0.9 + 0.28 * len(found)), dpi=110, layout="constrained")
    axes = figure.subplots()
    ratios = [float(each["ratio"]) for each in found]
    shades = ["#0072B2" if each["who"] == "torchtour" else "#999999" for each in found]
    place = np.arange(len(found)) + [whats.index(each["what"]) for each in found]
    axes.barh(place, ratios, color=shades)
    axes.set_yticks(place, [f"{each['who']}: {each['what']}" for each in found], fontsize=7)
    for y, ratio in zip(place, ratios, strict=True):
        axes.text(ratio * 1.05, y, f"{ratio:.2f}", va="center", fontsize=7)
    axes.set(xscale="log", xlabel="time of a step, in plain loops", title="What each convenience costs, in plain loops")
    axes.invert_yaxis()
    figure.savefig(MEASURED / "costs.png", metadata={"Software": None})


def write(name: str, found: list[Row]) -> None:
    with open(MEASURED / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def table(found: list[Row]) -> str:
    heads = ["", "who", "ms", "ratio", "lowest", "highest", "target"]
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
    page.write_text(head + begin + "\n" + text + "\n\n" + end + rest.split(end)[1])


def quiet() -> None:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "steps": steps, "process": process, "streaming": streaming, "processes": processes,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*PARTS, "growth"], help="measure this part, and write nothing")
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(1)
    for contestant in CONTESTANTS.values():
        contestant(Setting(2000, 100, 2))  # warm up
    if options.only and options.only != "growth":
        print(table(list(PARTS[options.only]())))
        return
    grown = growth()
    write("growth", grown)
    if options.only:
        print(table(grown))
        return
    found = []
    for part in PARTS.values():
        for each in part():
            print(
                f"{each['what']:48} {each['who']:26} {each['ms']:>9} {each['ratio']:>7}  {each['target']}", flush=True
            )
            found.append(each)
    write("costs", found)
    picture([each for each in found if "batch" in each["what"] and "samples" not in each["what"]])
    into_page(table(found))


if __name__ == "__main__":
    main()
