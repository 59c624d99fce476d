"""Odd values, drawn for every leaf of a sealed checkpoint."""

import io
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch

from faults.command import Command
from faults.comparing import difference, snapshot
from faults.forging import CONSUMERS, saved, seal
from faults.runs import fit_flags, newest, undisturbed
from faults.tries import Tries, named

Place = tuple[Any, ...]


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """The keys that lead to each value that holds no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, part in inner:
        found = True
        yield from leaves(part, (*place, key))
    if not found:
        yield place


def odd_leaf(rng: Random) -> Any:
    plain = (True, "", "x", [], {}, (), -1, 0, 1.5, -0.0, math.nan, math.inf, 1e308, b"x", 2**63)
    return rng.choice((*plain, torch.tensor(2.0), torch.zeros(0)))


# Each leaf gets one value of each kind.
KINDS: dict[str, Callable[[Random], Any]] = {
    "null": lambda rng: None,
    "huge number": lambda rng: rng.choice((1, -1)) * 10 ** rng.choice((9, 16, 18, 19, 308, 309, 400, 4000)),
    "odd value": odd_leaf,
}


def odd_leaves(folder: Path, seed: int, step: int) -> Tries:
    """Refused in a line, or used to the same end; only fit looks at what resumes."""
    rng = Random(seed)
    whole, good = undisturbed(folder / "whole", fit_flags(3)), undisturbed(folder / "good", fit_flags(2))
    content = (good / "last.ckpt").read_bytes()
    places = list(leaves(torch.load(io.BytesIO(content), weights_only=True)))
    for kind, place in [(kind, place) for kind in KINDS for place in places][seed::step]:
        stored, value = torch.load(io.BytesIO(content), weights_only=True), KINDS[kind](rng)
        *way, last = place
        inner = stored
        for key in way:
            inner = inner[key]
        inner[last] = value
        part = folder / "part"
        run = Path(shutil.copytree(good, part / "checkpoints/default/version_0"))
        (run / "last.ckpt").write_bytes(seal(saved(stored)))
        before, consumer = snapshot(part), rng.choice(("fit", "fit", "test", "init_from", "validate"))
        more = ("--trainer.max_epochs", "3") if consumer == "fit" else ("--trainer.max_epochs", 1)
        more = more if consumer in ("fit", "init_from") else ()
        answer = Command(*CONSUMERS[consumer], run / "last.ckpt", *more, folder=part).answer(20)
        problem = answer.problem(0, 1, 2)
        if not problem and consumer == "fit" and answer.status == 0:
            without = ("loops",) if place[0] == "loops" else ()  # its counters go on from what they are told
            problem = named(difference(whole, newest(part) or run, without), ", and ended with status 0")
        if not problem and answer.status == 2 and snapshot(part) != before:
            problem = "refused, and wrote something"
        shown = f"a number of {value.bit_length()} bits" if type(value) is int else repr(value)
        where = f" ({consumer}, {'/'.join(map(str, place))} = {shown})"
        yield f"{kind} in each leaf of a sealed checkpoint", named(problem, where)
        shutil.rmtree(part)
