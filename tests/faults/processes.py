"""Runs of two processes, one of which is hit."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from faults.command import LONGEST, call
from faults.comparing import difference, litter, unsound
from faults.installed import Real, session
from faults.product import ROOT
from faults.runs import epochs_of, fit_flags, last_epoch, newest, undisturbed_run, writes_after
from faults.tries import Tries, named

DDP = ROOT / "configs/ddp.yaml"


def two_processes(folder: Path, fault: str, strike: Callable[["Real", list[int]], None], rank: int) -> Tries:
    """`strike` hits a process of a run of two; all must end, and the run must go on to the same end."""
    flags, part = (*fit_flags(60), "-c", DDP), folder / "part"
    whole = undisturbed_run(folder / "whole", flags)
    command = Real(*flags, folder=part)
    command.wait(LONGEST, lambda: writes_after(part, 0))
    command.wait(random.uniform(0.1, 0.6))
    pids = session(command.pid)
    workers = [pid for pid in pids if pid != command.pid]
    struck = time.monotonic()
    strike(command, workers[rank:] if rank < len(workers) else [command.pid])
    command.wait(75)
    while set(session(command.pid)) & set(pids) - {command.pid} and time.monotonic() - struck < 75:
        time.sleep(0.05)
    took, left = time.monotonic() - struck, session(command.pid)
    answer = command.answer(1)
    problem = f"{len(left)} processes left" if left else f"took {took:.0f} s" if took > 60 else ""
    problem = problem or ("status 0" if answer.status == 0 else "")
    problem = problem or (
        "" if len(answer.err.splitlines()) <= 6 else f"{answer.problem(1)}, first {answer.err[:1000]!r}"
    )
    where = f" (process {rank}, status {answer.status}, {took:.1f} s)"
    yield f"two processes, {fault}", named(problem or unsound(part), where)
    yield "runs of two processes that were hit so, in the end", named(two_finish(part, flags, whole), where)


def two_finish(part: Path, flags: tuple[object, ...], whole: Path) -> str:
    run = newest(part)
    if run is None or not (run / "last.ckpt").exists():
        return "no last.ckpt"
    if last_epoch(part) < epochs_of(flags):
        answer = call("fit", "-c", DDP, "--ckpt_path", run / "last.ckpt", folder=part)
        if (answer.status, answer.err) != (0, ""):
            return "resuming: " + answer.problem()
    return difference(whole, run) or litter(run)


def hit_one(signum: int) -> Callable[[Real, list[int]], None]:
    return lambda _, pids: os.kill(pids[0], signum)


def hit_all(signum: int) -> Callable[[Real, list[int]], None]:
    return lambda command, _: os.killpg(command.pid, signum)
