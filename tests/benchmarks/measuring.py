"""Measure contestants: they take turns in one process."""

import contextlib
import gc
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from benchmarks.contestants import CONTESTANTS, DRAWING
from benchmarks.setting import Batch, Setting, points


class Screen(io.TextIOBase):
    """A terminal that nobody looks at: bars draw themselves only on a terminal, and drawing is part of their cost."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def unseen() -> Batch:
    return points(10_000)


def learned(net: torch.nn.Module) -> float:
    """Accuracy on unseen points: no contestant may be quick because it doesn't train."""
    features, labels = unseen()
    with torch.no_grad():
        return (net(features).argmax(1).cpu() == labels).float().mean().item()


def quietly(work: Callable[[], Any]) -> Any:
    """What it returns; what it prints goes to nobody."""
    gc.collect()  # nobody pays for what another has left
    screen = Screen()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        return work()


def timed(name: str, setting: Setting) -> float:
    """ms a step of one training, seen by nobody."""
    spent, net = quietly(lambda: {**CONTESTANTS, **DRAWING}[name].train(setting))
    least = 0.9 if setting.steps >= 15 else 0.6  # three steps can't learn all; before the first it is a half or less
    if (found := learned(net)) < least:
        raise AssertionError(f"{name} learned nothing: accuracy {found}")
    return 1000 * spent / setting.steps


def take_turns(setting: Setting, names: list[str], repeats: int, slow: int = 3) -> dict[str, list[float]]:
    """ms a step, `repeats` times each, those who collate `slow` times."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names:
            quick = CONTESTANTS[name].quick
            if quick or turn < slow:
                found[name].append(timed(name, setting if quick else setting.for_the_slow()))
    return found


Row = dict[str, str]


def rows(setting: Setting, what: str, repeats: int, target: str) -> Iterator[Row]:
    times = take_turns(setting, list(CONTESTANTS), repeats, slow=2 if setting.batch > 10_000 else 3)
    for name, mine in times.items():
        # Each against the plain loop of the same turn: what disturbs the machine disturbs both.
        ratios = [ms / loop for ms, loop in zip(mine, times["plain loop"], strict=False)]
        does = CONTESTANTS[name].does + (", also of the validation points" if setting.validate else "")
        yield row(what, name, statistics.median(mine), ratios, target if name == "torchtour" else "", does)


def row(what: str, name: str, ms: float, ratios: list[float], target: str = "", does: str = "") -> Row:
    return {
        "what": what,
        "who": name,
        "ms": f"{ms:.3g}" if ms < 100 else f"{ms:.0f}",
        "ratio": f"{statistics.median(ratios):.2f}",
        "lowest": f"{min(ratios):.2f}",
        "highest": f"{max(ratios):.2f}",
        "target": target,
        "does": does,
    }


def compared(what: str, ways: Mapping[str, Callable[[], object]], targets: Mapping[str, str]) -> Iterator[Row]:
    """Ways that take turns, five each: ms, and the ratio to the first. A way may return the seconds that count."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(5):
        for name, way in ways.items():
            begin = time.perf_counter()
            said = quietly(way)
            spent[name].append(said if isinstance(said, float) else time.perf_counter() - begin)
    first = spent[next(iter(ways))]
    for name, mine in spent.items():
        ratios = [a / b for a, b in zip(mine, first, strict=True)]
        yield row(what, name, 1000 * statistics.median(mine), ratios, targets.get(name, ""))
