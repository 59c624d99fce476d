"""System calls that fail: write, fsync, rename, mkdir, unlink, each at its nth time, by a library loaded before libc.

`python -m faults.failing_calls FOLDER START STEP COUNT` runs with the library loaded, and prints each try as JSON.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random

from faults.command import call
from faults.comparing import unsound
from faults.runs import finish, fit_flags, undisturbed_run
from faults.tries import Skipped, Tries, named

INPUTS = Path(__file__).with_name("inputs")

OURS = 1  # the campaign's own write, by which a child says that it begins


def failing_calls(folder: Path, start: int, step: int, count: int) -> Tries:
    """Said in a line, with whole files left behind, and the run goes on to the same end."""
    library = folder / "failing.so"
    try:
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", library, INPUTS / "failing.c", "-ldl"], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skipped("there is no C compiler") from error
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": path}
    numbers = [str(number) for number in (start, step, count)]
    done = subprocess.run(
        [sys.executable, "-m", "faults.failing_calls", folder, *numbers],
        env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    yield from (tuple(json.loads(line)) for line in done.stdout.splitlines())


def tries(folder: Path, start: int, step: int, count: int) -> Tries:
    rng, flags = Random(start), fit_flags(4)
    whole = undisturbed_run(folder / "whole", flags)
    for nth in range(1 + start, 1 + start + step * count, step):
        part, ever = folder / f"part_{nth}", rng.random() < 0.3
        answer = call(*flags, folder=part, first=partial(ctypes.CDLL(None).fail_nth, OURS + nth, ever))
        where = f" (call {nth}{' and all after it' * ever})"
        if answer.status != 0:
            yield "a system call that fails in fit", named(answer.problem(1, 2) or unsound(part), where)
        yield "runs with a failed system call, in the end", named(finish(part, flags, whole), where)
        target = part / "net"
        eject = ("export", "--ckpt_path", "last", "--to", target)
        answer = call(*eject, folder=part, first=partial(ctypes.CDLL(None).fail_nth, OURS + 1 + nth % 12, False))
        problem = answer.problem(0, 1, 2)
        if answer.status != 0 and not problem:
            problem = named(call(*eject, folder=part).problem(0), ", at the second try")
        yield "a system call that fails in eject, tried again", named(problem, where)
        shutil.rmtree(part)


if __name__ == "__main__":
    for each in tries(Path(sys.argv[1]), *map(int, sys.argv[2:])):
        print(json.dumps(each))
