"""The parts of the benchmark; each yields rows of the table."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.contestants import DRAWING
from benchmarks.measuring import Row, compared, row, rows, take_turns, timed
from benchmarks.setting import ROOT, Setting
from benchmarks.sharing import EPOCHS, lightning_shared, plain_shared, spawn, torchtour_shared


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
            turns = take_turns(
                setting, ["plain loop", "torchtour", "usual Lightning project"], 3, slow=1 if setting.n > 200_000 else 2
            )
            for name, mine in turns.items():
                ratios = [ms / loop for ms, loop in zip(mine, turns["plain loop"], strict=False)]
                found.append(row(f"{way}: {getattr(setting, sizes[way]):,}", name, statistics.median(mine), ratios))
    return found


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
    targets = {"torchtour fit -c tutorial": "1.5", "torchtour --help": "0.5 s"}
    with tempfile.TemporaryDirectory() as folder:
        run = partial(subprocess.run, cwd=folder, check=True, capture_output=True, timeout=120)
        yield from compared("whole process", {name: partial(run, call) for name, call in calls.items()}, targets)


def streaming() -> Iterator[Row]:
    setting = Setting(16 * 65_536, 65_536, 2)
    times = [(timed("plain loop, drawing", setting), timed("torchtour, streaming", setting)) for _ in range(7)]
    base, mine = (list(column) for column in zip(*times, strict=True))
    what = "streaming, batch 65,536"
    yield row(
        what, "plain loop and generation", statistics.median(base), [1.0], "", DRAWING["plain loop, drawing"].does
    )
    ratios = [ms / loop for ms, loop in zip(mine, base, strict=True)]
    yield row(what, "torchtour", statistics.median(mine), ratios, "1.3", DRAWING["torchtour, streaming"].does)
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


TURNS = 3


def processes() -> Iterator[Row]:
    """Points a second inside training, after the first epoch, by torchtour and by a plain loop with DDP."""
    hows = ("1 process", 1, 65_536), ("2, a batch shared", 2, 65_536), ("2, a batch each", 2, 131_072)
    ways: dict[str, Callable[[int, int], float]] = {
        "torchtour": torchtour_shared,
        "plain loop, DDP": partial(plain_shared, policy="SCHED_OTHER"),
        "the same, SCHED_BATCH": partial(plain_shared, policy="SCHED_BATCH"),
        "and an exchange more": partial(plain_shared, policy="SCHED_BATCH", exchanges=1),
        "Lightning's Trainer alone": lightning_shared,
    }
    turns = {(name, how): partial(train, n, batch) for name, train in ways.items() for how, n, batch in hows}
    turns["torchtour", "1 process, 2 threads"] = partial(torchtour_shared, 1, 65_536, threads=2)
    spent: dict[tuple[str, str], list[float]] = {turn: [] for turn in turns}
    for _ in range(TURNS):
        for turn, train in turns.items():
            spent[turn].append(train())
    for name, how in sorted(spent, key=lambda turn: list(ways).index(turn[0])):
        mine = spent[name, how]
        gains = [alone / seconds for alone, seconds in zip(spent[name, "1 process"], mine, strict=True)]
        a_second = (EPOCHS - 1) * 1_000_000 / statistics.median(mine)
        target = "1.6" if name == "torchtour" and how.startswith("2") else ""
        found = row(f"points a second, {name}", how, a_second, gains, target)
        yield {**found, "ms": f"{a_second:,.0f}"}
    for printed in spawn("add_up", 2).splitlines():
        floats, ms = printed.split()
        yield row("all-reduce by gloo, 2 processes", f"{int(floats):,} floats", float(ms), [1.0])
