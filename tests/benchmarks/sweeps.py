"""Many nets side by side, against the same nets one after another.

python tests/benchmarks/sweeps.py [--quick] prints a table. All train the same nets on the same points, on one thread,
and take turns; each ratio is against the same turn, and the median is printed with the lowest and the highest.
"""

import argparse
import gc
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from lightning import Callback, LightningModule, Trainer
from torch.nn.functional import cross_entropy

from torchtour import Classifier
from torchtour.data import SyntheticData
from torchtour.network import SimpleNet
from torchtour.problems import line
from torchtour.sweep import StackedClassifiers, StackedData

RATES = (0.03, 0.3)  # from, to: of all nets
TRIED = 5  # nets that those who train one after another are timed on
LEARNED = 0.85  # accuracy on points of its own, that the middle net of each way must reach


@dataclass(frozen=True)
class Setting:
    """Nets, and what each of them trains on: an epoch of n points in batches."""

    nets: int
    n: int
    batch: int
    target: str = ""

    @property
    def steps(self) -> int:
        return -(-self.n // self.batch)

    @property
    def rates(self) -> list[float]:
        return torch.logspace(*torch.tensor(RATES).log10().tolist(), self.nets).tolist()


Measured = tuple[float, float]  # seconds for all nets, and the accuracy of the middle one


def points(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return line(n, torch.Generator().manual_seed(n))


def learned(net: Callable[[torch.Tensor], torch.Tensor]) -> float:
    features, labels = points(10_000)
    with torch.no_grad():
        return (net(features).argmax(1) == labels).float().mean().item()


def some(setting: Setting) -> list[float]:
    """The rates of the nets that are timed where all would take too long; they stand for all."""
    return setting.rates[:: max(1, setting.nets // TRIED)]


def loops(setting: Setting) -> Measured:
    """The loop of lesson 4 with batches cut by slicing and sums of loss and accuracy, a net after the other."""
    features, labels = points(setting.n)
    scores, rates, begin = [], some(setting), time.perf_counter()
    for rate in rates:
        torch.manual_seed(0)
        net = SimpleNet(2, 10, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
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
            correct += int((logits.argmax(1) == y).sum().item())
        scores.append(net)
    spent = (time.perf_counter() - begin) / len(rates) * setting.nets
    return spent, statistics.median(map(learned, scores))


class Clock(Callback):
    """The time of training, with all that is made at its first step."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.begin = time.perf_counter()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seconds = time.perf_counter() - self.begin


def trainer(clock: Clock) -> Trainer:
    return Trainer(
        accelerator="cpu", max_epochs=1, callbacks=[clock], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, limit_val_batches=0,
    )  # fmt: skip


def sweep(setting: Setting) -> Measured:
    """Side by side, as `torchtour sweep` trains them."""
    torch.manual_seed(0)
    usual = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0, "step_size": 4, "gamma": 0.1}
    stack = StackedClassifiers([SimpleNet(2, 10, 2)] * setting.nets, [{**usual, "lr": rate} for rate in setting.rates])
    data, clock = SyntheticData(n_train=setting.n, n_val=100, n_test=100, batch_size=setting.batch), Clock()
    trainer(clock).fit(stack, StackedData([data]))
    net = SimpleNet(2, 10, 2)
    net.load_state_dict(stack.state_of(setting.nets // 2))
    return clock.seconds, learned(net)


def optuna(setting: Setting) -> Measured:
    """Optuna's sampler and storage in memory, with Lightning's Trainer for each trial, in one process."""
    import optuna as it

    it.logging.set_verbosity(it.logging.WARNING)
    nets: list[torch.nn.Module] = []

    def trial(one: "it.Trial") -> float:
        model = Classifier(lr=one.suggest_float("lr", *RATES, log=True))
        data = SyntheticData(n_train=setting.n, n_val=100, n_test=100, batch_size=setting.batch)
        own = trainer(Clock())
        own.fit(model, data)
        nets.append(model.net)
        return own.callback_metrics["train/loss"].item()

    rates, begin = some(setting), time.perf_counter()
    it.create_study(sampler=it.samplers.RandomSampler(seed=0)).optimize(trial, n_trials=len(rates))
    spent = (time.perf_counter() - begin) / len(rates) * setting.nets
    return spent, statistics.median(map(learned, nets))


def grid_search(setting: Setting) -> Measured:
    """scikit-learn's GridSearchCV over MLPClassifier, one fold held out, two processes."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    features, labels = (part.numpy() for part in points(setting.n))
    fold = [0 if k < 100 else -1 for k in range(setting.n)]
    net = MLPClassifier(
        (10,),
        solver="sgd",
        momentum=0.9,
        nesterovs_momentum=False,
        batch_size=setting.batch,
        max_iter=1,
        random_state=0,
    )
    rates = setting.rates[:: max(1, setting.nets // (4 * TRIED))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch is too few for it
        for tried in (rates[:2], rates):  # its processes stay for the second, which is timed
            begin = time.perf_counter()
            search = GridSearchCV(net, {"learning_rate_init": tried}, cv=PredefinedSplit(fold), n_jobs=2)
            search.fit(features, labels)
    spent = (time.perf_counter() - begin) / len(rates) * setting.nets
    seen, wanted = (part.numpy() for part in points(10_000))
    return spent, float(search.score(seen, wanted))


def processes(setting: Setting) -> Measured:
    """`torchtour fit`, a process after the other; timed on one. Whole processes, so that sweep's is compared whole."""
    flags = ["--data.n_train", setting.n, "--data.batch_size", setting.batch, "--trainer.max_epochs", 1]
    return command("fit", *flags) * setting.nets, 1.0


def whole_sweep(setting: Setting) -> Measured:
    """`torchtour sweep`, a whole process, which also fits and tests its winner."""
    rates = "[" + ", ".join(f"{rate:.9g}" for rate in setting.rates) + "]"
    flags = ["--data.n_train", setting.n, "--data.batch_size", setting.batch, "--trainer.max_epochs", 1]
    return command("sweep", *flags, "--model.lr", rates), 1.0


def command(*words: object) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        call = [sys.executable, "-m", "torchtour", *map(str, words)]
        subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=600)
        return time.perf_counter() - begin


Row = dict[str, str]
WAYS = {"plain loops in turn": loops, "torchtour sweep": sweep}
PEERS = {"Optuna, Lightning": optuna, "GridSearchCV, 2 processes": grid_search}


def compare(setting: Setting, ways: dict[str, Callable[[Setting], Measured]], turns: int) -> list[Row]:
    """How many times as fast as the first way each is."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            gc.collect()
            seconds, accuracy = way(setting)
            if accuracy < LEARNED:
                raise AssertionError(f"{name} learned nothing: accuracy {accuracy}")
            spent[name].append(seconds)
    first = spent[next(iter(ways))]
    what = f"{setting.nets:,} nets, batch {setting.batch:,} of {setting.n:,}"
    return [row(what, name, mine, first, setting.target * (name in OURS)) for name, mine in spent.items()]


OURS = ("torchtour sweep", "one sweep process")


def row(what: str, name: str, seconds: list[float], first: list[float], target: str) -> Row:
    gains = [other / mine for mine, other in zip(seconds, first, strict=True)]
    return {
        "what": what,
        "who": name,
        "s": f"{statistics.median(seconds):.3g}",
        "times as fast": f"{statistics.median(gains):.1f}",
        "lowest": f"{min(gains):.1f}",
        "highest": f"{max(gains):.1f}",
        "target": target,
    }


def rows(quick: bool = False) -> list[Row]:
    """All measurements; `quick` shortens them, to see that they run."""
    settings = [Setting(100, 32_000, 32, "40"), Setting(1000, 9_600, 32, "80"), Setting(100, 100_000, 1000, "3")]
    packages = {"optuna": "Optuna, Lightning", "sklearn": "GridSearchCV, 2 processes"}
    peers = {name: PEERS[name] for package, name in packages.items() if find_spec(package)}
    turns, found = 1 if quick else 5, []
    for setting in settings:
        own = replace(setting, n=setting.n // 4) if quick else setting
        found += compare(own, {**WAYS, **(peers if setting is settings[0] else {})}, turns)
    whole = Setting(1000, 4_000, 100, "200")
    found += compare(whole, {"fit processes in turn": processes, "one sweep process": whole_sweep}, min(turns, 3))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short measurements, to see that they run")
    found = rows(parser.parse_args().quick)
    print("| " + " | ".join(found[0]) + " |")
    print("|---|---|" + "---:|" * (len(found[0]) - 2))
    for each in found:
        print("| " + " | ".join(each.values()) + " |")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    main()
