"""Kill runs, at random moments and before chosen lines, and resume them."""

import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random

from faults.command import LONGEST
from faults.comparing import unsound
from faults.lines import fit_lines, send_at
from faults.runs import (
    EACH_EPOCH,
    NO_PICTURES,
    SELDOM,
    epochs_of,
    finish,
    fit_flags,
    go_on,
    last_epoch,
    undisturbed_run,
    writes_after,
)
from faults.tries import Tries, named


def killed_at_random(
    folder: Path, fault: str, seed: int, kills: int, flags: tuple[object, ...], environment: Mapping[str, str]
) -> Tries:
    """One run, killed again and again: one kill in four while it starts, the others while it trains."""
    rng, part, whole = Random(seed), folder / "part", undisturbed_run(folder / "whole", flags)
    for _ in range(kills):
        if (before := last_epoch(part)) == epochs_of(flags):
            break
        command = go_on(
            part,
            flags,
            rng.choice((EACH_EPOCH, ("--run.save_every_seconds", 0.1, *NO_PICTURES), SELDOM)),
            environment=environment,
        )
        if rng.random() < 0.75:
            command.wait(LONGEST, lambda before=before: writes_after(part, before))
        if command.wait(rng.uniform(0, 0.7)):
            break
        command.kill()
        yield f"kill -9 {fault}", unsound(part)
    yield "runs that were killed so, in the end", finish(part, flags, whole)


def killed_at_lines(folder: Path, start: int, step: int, lines: tuple[tuple[str, int], ...] = ()) -> Tries:
    """A run killed before a line, resumed and killed before it again, then left alone; for each line in turn."""
    flags = fit_flags(4)
    whole, rng = undisturbed_run(folder / "whole", flags), Random(start)
    for index, line in enumerate(lines or fit_lines(folder)[start::step]):
        part = folder / f"part_{index}"
        for nth in (rng.randint(1, 4), 1):
            if last_epoch(part) == 4:
                break
            answer = go_on(part, flags, first=partial(send_at, line, nth, signal.SIGKILL)).answer()
            if answer.status == 128 + signal.SIGKILL:
                where = f" ({line[0]}:{line[1]}, time {nth})"
                yield "kill -9 just before a line of run.py, files.py or sealed.py", named(unsound(part), where)
        yield "runs that were killed so, in the end", named(finish(part, flags, whole), f" ({line[0]}:{line[1]})")
