"""SIGINT and SIGTERM at random moments and before chosen lines."""

import random
import signal
import time
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from faults.command import LONGEST, Command
from faults.comparing import litter, unsound
from faults.installed import Real
from faults.lines import fit_lines, send_at
from faults.runs import EACH_EPOCH, SELDOM, epochs_of, finish, fit_flags, last_epoch, undisturbed_run, writes_after
from faults.tries import Tries, named


def stopped(
    folder: Path, signum: signal.Signals, seed: int, times: int, twice: bool = False, epochs: int = 60, **settings: Any
) -> Tries:
    """A signal at a random moment, from the first line of main() on."""
    rng, flags = Random(seed), fit_flags(epochs)
    began = time.monotonic()
    whole, left = undisturbed_run(folder / "whole", flags), times
    longest = time.monotonic() - began
    for number in range(10 * times):
        part = folder / f"part_{number}"
        command = Command(*flags, *rng.choice((EACH_EPOCH, SELDOM)), folder=part, **settings)
        if rng.random() < 0.5:
            command.wait(LONGEST, lambda part=part: writes_after(part, 0))
        if command.wait(rng.uniform(0.005, longest)):
            continue  # it has ended by then
        where = ", in a job of SLURM's" if settings else ""
        yield from stop(command, signum, flags, whole, f"{signum.name} at a random moment{where}", "", 1 + twice)
        left -= 1
        if not left:
            return


def stopped_at_lines(
    folder: Path, signum: signal.Signals, start: int, step: int, lines: tuple[tuple[str, int], ...] = ()
) -> Tries:
    flags = fit_flags(4)
    whole, rng = undisturbed_run(folder / "whole", flags), Random(start)
    for index, line in enumerate(lines or fit_lines(folder)[start::step]):
        part = folder / f"part_{index}"
        command = Command(*flags, folder=part, first=partial(send_at, line, rng.randint(1, 4), signum))
        if command.answer().status == 0:
            continue  # a line that only a resumed fit runs
        where = f" ({line[0]}:{line[1]})"
        fault = f"{signum.name} just before a line of run.py, files.py or sealed.py"
        yield from stop(command, signum, flags, whole, fault, where, times=0)


def stop(
    command: Command,
    signum: signal.Signals,
    flags: tuple[object, ...],
    whole: Path,
    fault: str,
    where: str,
    times: int = 1,
) -> Tries:
    """Signal it, and see that it ends in time, says how to go on, leaves whole files, and goes on to the same end."""
    part, sent = command.folder, time.monotonic()
    for _ in range(times):
        command.kill(signum)
        command.wait(random.uniform(0, 0.05))
    answer = command.answer()
    took = time.monotonic() - sent
    allowed = (0,) if last_epoch(part) == epochs_of(flags) else ()
    problem = "" if answer.status in (128 + signum, *allowed) else f"status {answer.status}: {answer.err[-300:]!r}"
    problem = problem or (f"took {took:.1f} s" if took > 3 else "")
    problem = problem or (f"said {answer.err[-300:]!r}" if answer.err else "")
    problem = problem or unsound(part) or ("" if times > 1 else litter(part))
    goes_on = 0 < last_epoch(part) < epochs_of(flags)  # training may have ended just before
    if not problem and goes_on and "fit --ckpt_path" not in answer.out:
        problem = f"did not say how to go on: {answer.out[-200:]!r}"
    yield fault, named(problem, where)
    yield "runs that were signalled so, in the end", named(finish(part, flags, whole), where)


def stopped_for_real(folder: Path, signum: signal.Signals, moments: tuple[float, ...]) -> Tries:
    """The installed command in a process of its own: it spends its first seconds importing torch."""
    flags = fit_flags(60)
    whole = undisturbed_run(folder / "whole", flags)
    for number, moment in enumerate(moments):
        command = Real(*flags, folder=folder / f"part_{number}")
        command.wait(moment)
        where = f" (after {moment} s)"
        yield from stop(command, signum, flags, whole, f"{signum.name} to a process that starts, or trains", where)
