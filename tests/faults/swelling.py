"""Small checkpoint files that would need much memory."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from faults.command import call
from faults.forging import CONSUMERS, seal
from faults.runs import fit_flags, undisturbed
from faults.tries import Tries, named


def files_that_swell(folder: Path, consumers: tuple[str, ...]) -> Tries:
    whole = undisturbed(folder, fit_flags(2))
    good = (whole / "last.ckpt").read_bytes()
    makers: dict[str, Callable[[Path], None]] = {
        "a packed zip of 1 GB": partial(_packed, good),
        "the same, its size denied": partial(_packed, good, deny=True),
        "one entry listed 2000 times": partial(_listed_again, good),
        "1 GiB of nothing": partial(_sparse, 2**30),
        "8 TiB of nothing": partial(_sparse, 2**43),
        "a TorchScript archive": _script,
    }
    for name, make in makers.items():
        path = folder / "swelling.ckpt"
        make(path)
        for consumer in consumers:
            answer = call(*CONSUMERS[consumer], path, folder=folder)
            # Denied its size, the tensor has only the bytes that are left of it: another net, sealed as such.
            problem = answer.problem(2, *[0] * ("denied" in name), lines=3 if consumer == "load" else 2)
            yield "checkpoint that swells in memory", named(problem, f" ({consumer}, {name})")
        path.unlink()


def _packed(good: bytes, path: Path, deny: bool = False) -> None:
    """A checkpoint with one tensor more, of a gigabyte of zeros, packed."""
    buffer, size = io.BytesIO(), 2**30
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if entry.filename.endswith("/data/0"):
                with target.open(entry.filename, "w", force_zip64=False) as file:
                    for _ in range(1024):
                        file.write(bytes(size // 1024))
            else:
                target.writestr(entry.filename, source.read(entry))
    body = buffer.getvalue()
    path.write_bytes(seal(body.replace(struct.pack("<I", size), struct.pack("<I", 80)) if deny else body))


def _listed_again(good: bytes, path: Path) -> None:
    """The directory of the zip names one large entry again and again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("archive/data/0", bytes(2**20))
        target.filelist.extend(target.filelist * 2000)
    path.write_bytes(seal(buffer.getvalue()))


def _sparse(size: int, path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(size)


def _script(path: Path) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        torch.jit.save(torch.jit.script(torch.nn.ReLU()), buffer)
    path.write_bytes(seal(buffer.getvalue()))
