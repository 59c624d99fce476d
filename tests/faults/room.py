"""File systems that are full, fill up, or are read-only."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from faults.command import LONGEST, Answer, Command, call
from faults.comparing import litter, unsound
from faults.runs import finish, fit_flags, undisturbed_run, writes_after
from faults.tries import Skipped, Tries, named


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int, inodes: int = 0) -> Iterator[Callable[[], None]]:
    """A file system of few kilobytes at folder; what it yields makes room."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={kilobytes}k" + (f",nr_inodes={inodes}" if inodes else "")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, timeout=LONGEST
    )
    if done.returncode:
        raise Skipped("no tmpfs can be mounted here: " + done.stderr.strip())
    try:
        yield lambda: subprocess.run(
            ["mount", "-o", "remount,size=32m,nr_inodes=10000", folder], check=True, timeout=LONGEST
        )
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=LONGEST)


def full(answer: Answer, root: Path) -> str:
    """A full disk must be said so, in a line, and leave what was written before."""
    clear = any(word in answer.err for word in ("No space", "cannot be written"))
    problem = answer.problem(1, 2) or ("" if clear else "not said: " + answer.err)
    return problem or unsound(root) or litter(root)


def full_from_the_start(folder: Path, sizes: tuple[int, ...], inodes: tuple[int, ...]) -> Tries:
    flags = fit_flags(20, "--model.hidden_size", 100)
    whole = undisturbed_run(folder / "whole", flags)
    for size, nodes in [*((size, 0) for size in sizes), *((1000, nodes) for nodes in inodes)]:
        part = folder / f"part_{size}_{nodes}"
        with small_disk(part, size, nodes) as make_room:
            answer = call(*flags, folder=part)
            where = f" ({size} kB, {nodes or 'any number of'} inodes)"
            if answer.status != 0:
                yield "file system too small for a run", named(full(answer, part), where)
            make_room()
            yield "runs on a full file system, resumed when there is room", named(finish(part, flags, whole), where)


def filled_meanwhile(folder: Path, seed: int, pages: tuple[int, ...]) -> Tries:
    """Something else takes all but a few pages while the run goes on; metrics.csv grows into what is left."""
    flags, rng = fit_flags(150), Random(seed)
    whole = undisturbed_run(folder / "whole", flags)
    for free in pages:
        part = folder / f"part_{free}"
        with small_disk(part, 1000) as make_room:
            command = Command(*flags, folder=part)
            command.wait(LONGEST, lambda part=part: writes_after(part, 0))
            command.wait(rng.uniform(0, 0.4))
            fill(part / "filler", 4096 * free)
            answer = command.answer()
            (part / "filler").unlink()
            if answer.status != 0:
                yield "file system that fills during fit", named(full(answer, part), f" ({free} pages left)")
            make_room()
            problem = finish(part, flags, whole)
            yield "runs on a full file system, resumed when there is room", named(problem, f" ({free} pages left)")


def fill(path: Path, free: int) -> None:
    left = shutil.disk_usage(path.parent).free - free
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        file.write(bytes(max(left, 0)))


def read_only(folder: Path) -> Tries:
    """A folder that cannot be written; by a mount, since no mode stops the superuser."""
    run = undisturbed_run(folder / "good", fit_flags(2))
    with small_disk(folder / "disk", 1000):
        shutil.copytree(run, folder / "disk/run")
        subprocess.run(["mount", "-o", "remount,ro", folder / "disk"], check=True, timeout=LONGEST)
        for arguments in (
            fit_flags(2),
            fit_flags(2, "--run.root", "elsewhere"),
            ("fit", "--ckpt_path", "run/last.ckpt", "--trainer.max_epochs", 3),
            ("predict", "--ckpt_path", "run/last.ckpt"),
            ("test", "--ckpt_path", "run/last.ckpt"),
        ):
            answer = call(*arguments, folder=folder / "disk")
            problem = answer.problem(2) or ("" if "cannot be written" in answer.err else answer.err)
            yield (
                "bad command line",
                named(problem, f" (in a read-only folder: torchtour {' '.join(map(str, arguments))})"),
            )
