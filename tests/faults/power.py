"""Power cuts: what a file system of its own holds at a random moment is what a run is resumed from."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from faults.command import LONGEST, Command
from faults.comparing import unsound
from faults.product import read_checkpoint
from faults.runs import SELDOM, finish, fit_flags, newest, undisturbed_run, writes_after
from faults.tries import Skipped, Tries, named

SYSTEMS = {  # how each is made, and the least megabytes that it takes
    "ext4": (("mkfs.ext4", "-q"), 16),
    "xfs": (("mkfs.xfs", "-q"), 300),
    "btrfs": (("mkfs.btrfs", "-q"), 110),
}


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[None]:
    """The file system in an image, by a loop device."""
    folder.mkdir(exist_ok=True)
    _root("mount", "-o", "loop", image, folder)
    try:
        yield
    finally:
        _root("umount", "-l", folder)


def _root(*call: object) -> None:
    try:
        subprocess.run([str(part) for part in call], check=True, capture_output=True, timeout=LONGEST)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skipped(f"{call[0]} is not possible here") from error


def power_cut(folder: Path, system: str, seed: int, times: int) -> Tries:
    """The image is copied while a run writes into it: its own cache never reached that copy, as in a power cut."""
    rng, flags = Random(seed), (*fit_flags(150), *SELDOM, "--run.save_every_seconds", 0.2)
    make, megabytes = SYSTEMS[system]
    whole = undisturbed_run(folder / "whole", flags)
    for n in range(times):
        image, cut = folder / f"live_{n}.img", folder / f"cut_{n}.img"
        with open(image, "wb") as file:
            file.truncate(megabytes * 2**20)
        _root(*make, image)
        with mounted(image, folder / "live"):
            part = folder / "live/part"
            command = Command(*flags, folder=part)
            command.wait(LONGEST, lambda part=part: writes_after(part, 0))
            command.wait(rng.uniform(0, 1))
            _root("cp", "--sparse=always", image, cut)
            command.kill()
        with mounted(cut, folder / "cut"):
            part = folder / "cut/part"
            yield f"power cut on {system}", named(unsound(part) or _rows_kept(part), f" (number {n})")
            for path in part.rglob(".*.tmp"):
                path.unlink()  # of the write that was cut; the next start would remove it
            yield "runs whose power was cut, in the end", named(finish(part, flags, whole), f" (number {n})")


def _rows_kept(root: Path) -> str:
    """Each epoch that last.ckpt completed has its row: in metrics.csv, or in the checkpoint."""
    run = newest(root)
    if run is None or not (run / "last.ckpt").exists():
        return ""
    stored = read_checkpoint(run / "last.ckpt")
    rows = stored["callbacks"]["Run"].get("history", "").splitlines()[1:]
    return "" if len(rows) == stored["epoch"] + 1 else f"{len(rows)} rows of {stored['epoch'] + 1} epochs"
