"""Damage checkpoints as a failing disk would."""

import warnings
from pathlib import Path
from random import Random

from faults.comparing import unlike
from faults.product import UserError, read_checkpoint
from faults.runs import fit_flags, undisturbed
from faults.tries import Tries, named


class Sound:
    """A copy of a checkpoint, to damage."""

    def __init__(self, folder: Path, path: Path | None) -> None:
        path = path or undisturbed(folder, fit_flags(2)) / "best.ckpt"
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
        return named(unlike(self.held, read), where)


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
    """Stretches lost or replaced as by a failing disk: noise, zeros, nothing, a stretch twice, longer, backwards."""
    sound, rng = Sound(folder, path), Random(0)
    content = sound.content
    for n in range(count):
        start = rng.randrange(len(content))
        length = min(rng.choice([2, 3, 8, 73, 512, 4096]), len(content) - start)
        stretch = content[start : start + length]
        new = [rng.randbytes(length), bytes(length), b"", stretch + stretch, stretch + b"\0", stretch[::-1]][n % 6]
        changed = content[:start] + new + content[start + length :]
        yield "checkpoint with a stretch overwritten, lost or added", sound.damaged(changed, f" (change {n})")
