"""Damage checkpoints as a failing disk would."""

import shutil
import warnings
from pathlib import Path
from random import Random

from faults.command import call
from faults.comparing import difference, first_mismatch, unsound
from faults.product import UserError, read_checkpoint
from faults.runs import EACH_EPOCH, fit_flags, newest, undisturbed_run
from faults.tries import Tries, named


class Sound:
    """A copy of a checkpoint, to damage."""

    def __init__(self, folder: Path, path: Path | None) -> None:
        path = path or undisturbed_run(folder, fit_flags(2)) / "best.ckpt"
        self.content, self.held = path.read_bytes(), read_checkpoint(path)
        self.copy = folder / "damaged.ckpt"

    def damaged(self, content: bytes, where: str) -> str:
        """A damaged file must be refused, in a line, or hold what it held."""
        self.copy.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read = read_checkpoint(self.copy)
        except UserError as error:
            return named("many lines" if "\n" in str(error) else "", where)
        except Exception as error:
            return named(repr(error), where)
        return named(first_mismatch(self.held, read), where)


def cut_short(folder: Path, path: Path | None, step: int) -> Tries:
    sound = Sound(folder, path)
    for length in range(0, len(sound.content), step):
        yield "checkpoint cut short, at every length", sound.damaged(sound.content[:length], f" (cut to {length})")


def flipped(folder: Path, path: Path | None, start: int, step: int) -> Tries:
    sound = Sound(folder, path)
    for bit in range(start, 8 * len(sound.content), step):
        changed = bytearray(sound.content)
        changed[bit // 8] ^= 1 << bit % 8
        yield "checkpoint with one bit flipped, every bit", sound.damaged(bytes(changed), f" (bit {bit})")


def overwritten(folder: Path, path: Path | None, count: int) -> Tries:
    sound, rng = Sound(folder, path), Random(0)
    for n in range(count):
        damaged = sound.damaged(overwrite(sound.content, rng), f" (change {n})")
        yield "checkpoint with a stretch overwritten, lost or added", damaged


def overwrite(content: bytes, rng: Random) -> bytes:
    """A stretch is lost or replaced: noise, zeros, nothing, the stretch twice, longer, backwards."""
    start = rng.randrange(len(content))
    length = min(rng.choice([2, 3, 8, 73, 512, 4096]), len(content) - start)
    stretch = content[start : start + length]
    new = (rng.randbytes(length), bytes(length), b"", stretch + stretch, stretch + b"\0", stretch[::-1])
    return content[:start] + rng.choice(new) + content[start + length :]


def damaged_best(folder: Path, seed: int, count: int) -> Tries:
    """A run whose best.ckpt is damaged is resumed: it says so, loses nothing else, and ends with one that is sound."""
    rng, good = Random(seed), undisturbed_run(folder / "good", fit_flags(2)).parents[2]
    whole = undisturbed_run(folder / "whole", fit_flags(4))
    for n in range(count):
        part = folder / "part"
        shutil.copytree(good, part)
        run = newest(part)
        assert run is not None
        best = run / "best.ckpt"
        content = best.read_bytes()
        changed = rng.choice((b"", b"text", content[: rng.randrange(len(content))], overwrite(content, rng)))
        best.write_bytes(changed)
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, *EACH_EPOCH, folder=part)
        problem = answer.problem(0) or unsound(part)
        if changed != content and not problem:
            kept = run / "best.ckpt.damaged"
            problem = "" if "best.ckpt" in answer.err and kept.read_bytes() == changed else "said nothing"
            best.write_bytes((whole / "best.ckpt").read_bytes())  # another epoch may be the best of those to come
        problem = problem or difference(whole, run, without=("callbacks",))
        yield "best.ckpt damaged, then its run resumed", named(problem, f" (change {n})")
        shutil.rmtree(part)
