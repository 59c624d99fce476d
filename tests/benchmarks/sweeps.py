"""Many nets side by side, against the same nets one after another.

Each way trains the same nets on the same points; a ratio says how many times as fast as the first way of the same turn
it is. Ways that take too long are timed on some of the nets, which stand for all.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

import torch
from lightning import Trainer

from benchmarks.lightning_projects import Clock
from benchmarks.measuring import Row, learned, row, unseen
from benchmarks.plain import loop, shuffled
from benchmarks.setting import points
from torchtour import Classifier, SimpleNet, SyntheticData
from torchtour.sweep import StackedClassifiers, StackedData

RATES = (0.03, 0.3)  # from, to: of all nets
TRIED = 5  # nets that are timed where all would take too long
LEARNED = 0.85  # accuracy that the middle net of each way must reach
USUAL = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0, "step_size": 4, "gamma": 0.1}


@dataclass(frozen=True)
class Nets:
    """So many nets, each trained for an epoch of n points in batches."""

    nets: int
    n: int
    batch: int
    target: str = ""

    @property
    def rates(self) -> list[float]:
        return torch.logspace(*torch.tensor(RATES).log10().tolist(), self.nets).tolist()

    def some(self, tried: int = TRIED) -> list[float]:
        return self.rates[:: max(1, self.nets // tried)]

    def data(self) -> SyntheticData:
        return SyntheticData(n_train=self.n, n_val=100, n_test=100, batch_size=self.batch)


Measured = tuple[float, float]  # seconds for all nets, and the accuracy of the middle one
Way = Callable[[Nets], Measured]


def loops(setting: Nets) -> Measured:
    """The plain loop, a net after the other."""
    data, seconds, scores = points(setting.n), [], []
    for rate in setting.some():
        torch.manual_seed(0)
        net = SimpleNet(2, 10, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
        seconds += loop(net, optimizer, partial(shuffled, data, setting.batch), epochs=1)
        scores.append(learned(net))
    return statistics.mean(seconds) * setting.nets, statistics.median(scores)


def trainer(clock: Clock) -> Trainer:
    return Trainer(
        accelerator="cpu", max_epochs=1, callbacks=[clock], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, limit_val_batches=0,
    )  # fmt: skip


def sweep(setting: Nets) -> Measured:
    """Side by side, as `torchtour sweep` trains them; with what is made at the first step."""
    torch.manual_seed(0)
    net, clock = SimpleNet(2, 10, 2), Clock()
    stack = StackedClassifiers([net] * setting.nets, [{**USUAL, "lr": rate} for rate in setting.rates])
    trainer(clock).fit(stack, StackedData([setting.data()]))
    net.load_state_dict(stack.state_of(setting.nets // 2))
    return clock.seconds, learned(net)


def optuna(setting: Nets) -> Measured:
    """Optuna's sampler and storage in memory, with Lightning's Trainer for each trial, in one process."""
    import optuna as it

    it.logging.set_verbosity(it.logging.WARNING)
    scores: list[float] = []

    def trial(one: "it.Trial") -> float:
        model, own = Classifier(lr=one.suggest_float("lr", *RATES, log=True)), trainer(Clock())
        own.fit(model, setting.data())
        scores.append(learned(model.net))
        return own.callback_metrics["train/loss"].item()

    study, trials = it.create_study(sampler=it.samplers.RandomSampler(seed=0)), len(setting.some())
    begin = time.perf_counter()
    study.optimize(trial, n_trials=trials)
    return (time.perf_counter() - begin) / trials * setting.nets, statistics.median(scores)


def grid_search(setting: Nets) -> Measured:
    """scikit-learn's GridSearchCV over MLPClassifier, a hundred points held out, two processes."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    features, labels = (part.numpy() for part in points(setting.n))
    fold = PredefinedSplit([0 if k < 100 else -1 for k in range(setting.n)])
    plain_sgd = {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False, "random_state": 0}
    net = MLPClassifier((10,), **plain_sgd, batch_size=setting.batch, max_iter=1)
    rates = setting.some(4 * TRIED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch is too few for it
        for tried in (rates[:2], rates):  # its processes stay for the second, which is timed
            begin = time.perf_counter()
            search = GridSearchCV(net, {"learning_rate_init": tried}, cv=fold, n_jobs=2).fit(features, labels)
    seen, wanted = (part.numpy() for part in unseen())
    return (time.perf_counter() - begin) / len(rates) * setting.nets, float(search.score(seen, wanted))


def fits(setting: Nets) -> Measured:
    """`torchtour fit`, a process after the other; timed on one."""
    return command("fit", setting) * setting.nets, 1.0


def whole_sweep(setting: Nets) -> Measured:
    """`torchtour sweep`, a whole process, which also fits and tests its winner."""
    rates = "[" + ", ".join(f"{rate:.9g}" for rate in setting.rates) + "]"
    return command("sweep", setting, "--model.lr", rates), 1.0


def command(name: str, setting: Nets, *flags: object) -> float:
    size = ["--data.n_train", setting.n, "--data.batch_size", setting.batch, "--trainer.max_epochs", 1]
    call = [sys.executable, "-m", "torchtour", name, *map(str, [*size, *flags])]
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=600)
        return time.perf_counter() - begin


WAYS: dict[str, Way] = {"plain loops in turn": loops, "torchtour sweep": sweep}
PEERS: dict[str, tuple[str, Way]] = {
    "optuna": ("Optuna with Lightning", optuna),
    "sklearn": ("GridSearchCV, 2 processes", grid_search),
}
WHOLE: dict[str, Way] = {"torchtour fit in turn": fits, "torchtour sweep": whole_sweep}


def compare(setting: Nets, ways: dict[str, Way], turns: int) -> Iterator[Row]:
    """How many times as fast as the first way each is."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            seconds, accuracy = way(setting)
            if accuracy < LEARNED:
                raise AssertionError(f"{name} learned nothing: accuracy {accuracy}")
            spent[name].append(seconds)
    first = spent[next(iter(ways))]
    of_what = "processes" if ways is WHOLE else "nets"
    what = f"{setting.nets:,} {of_what}, batch {setting.batch:,} of {setting.n:,}"
    for name, mine in spent.items():
        gains = [other / own for own, other in zip(mine, first, strict=True)]
        target = setting.target if name == "torchtour sweep" else ""
        does = (ways[name].__doc__ or "").split("\n")[0].rstrip(".")
        yield {**row(what, name, 0, gains, target, does), "ms": f"{statistics.median(mine):.3g} s"}


def sweeps(quick: bool = False) -> Iterator[Row]:
    """`quick`: short, to see that all ways run."""
    settings = [Nets(100, 32_000, 32, "40"), Nets(1000, 9_600, 32, "80"), Nets(100, 100_000, 1000, "3")]
    peers = dict(it for package, it in PEERS.items() if find_spec(package))
    for setting in settings:
        own = replace(setting, n=setting.n // 4) if quick else setting
        yield from compare(own, {**WAYS, **(peers if setting is settings[0] else {})}, 1 if quick else 5)
    yield from compare(Nets(1000, 4_000, 100, "200"), WHOLE, 1 if quick else 3)
