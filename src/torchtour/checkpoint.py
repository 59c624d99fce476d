"""Checkpoint files: written whole or not at all, read as data only, found by name."""

import hashlib
import io
import math
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from torchtour.limits import UserError

LARGEST = 2**27  # bytes; the widest net that limits allow, with Adam's moments, takes 60 MB
SEAL = b"sha256:"
HOLD = "hold"
END_OF_ZIP = b"PK\x05\x06"


def replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, meets the old content or the new, never a part."""
    beside = path.with_name(f".{path.name}.tmp")  # the same folder: a rename is atomic within a file system only
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def pack(checkpoint: Mapping[str, Any]) -> bytes:
    """torch.save, with a SHA-256 of the file as its zip comment, which torch.load passes over."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return _sealed(buffer.getvalue())


def read(path: str | Path) -> Any:
    """What a checkpoint file holds, as it was written, on the CPU; weights_only, so that no code in it runs.

    Raises:
        UserError: No such file, not a checkpoint, or changed since it was written.
    """
    try:
        if Path(path).stat().st_size > LARGEST:
            raise UserError(f"checkpoint {path} has more than {LARGEST} bytes")
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"checkpoint {path} can't be read: {error.strerror}") from None
    plain = content[-22:-18] == END_OF_ZIP and content[-2:] == b"\0\0"  # a zip file without a comment
    if plain:
        warnings.warn(f"checkpoint {path} carries no checksum: a change in it would go unseen", stacklevel=2)
    elif content != _sealed(content[: -len(SEAL) - 66] + b"\0\0"):
        raise UserError(f"checkpoint {path} is no checkpoint, or was cut short or changed since it was written")
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist())
        if unpacked > len(content):
            raise UserError(f"checkpoint {path} is packed: it would take {unpacked} bytes")
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except UserError:
        raise
    except UnpicklingError:
        raise UserError(f"checkpoint {path} can't be loaded: it holds more than weights and plain values") from None
    except Exception:  # torch and zipfile raise many kinds for what is not a file of theirs
        raise UserError(f"checkpoint {path} can't be loaded: it is no file of torch.save") from None


def unlike(value: Any, pattern: Any, place: str = "") -> str:
    """Where a checkpoint's content differs in kind from a pattern; "" where it does not.

    The same keys and lengths; tensors on the CPU with the pattern's shape, type and layout, all finite; numbers that
    are finite; else the same type. What the pattern lacks is never looked at, so that no content can keep this busy.
    """
    if isinstance(pattern, Tensor):
        alike = isinstance(value, Tensor) and all(
            getattr(value, name) == getattr(pattern, name) for name in ("shape", "dtype", "layout")
        )
        return "" if alike and value.device.type == "cpu" and value.isfinite().all() else place
    if isinstance(pattern, dict):
        if not isinstance(value, dict) or value.keys() != pattern.keys():
            return place
        return next((found for key in pattern if (found := unlike(value[key], pattern[key], f"{place}/{key}"))), "")
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return place
        pairs = enumerate(zip(value, pattern, strict=True))
        return next((found for n, pair in pairs if (found := unlike(*pair, f"{place}/{n}"))), "")
    if type(pattern) in (int, float):
        return "" if type(value) in (int, float) and math.isfinite(value) else place
    return "" if type(value) is type(pattern) else place


def find(which: str, root: Path) -> Path:
    """The file that `which` names: "best" or "last" of the newest run below `root`, or a path.

    Raises:
        UserError: There is none; the message lists those that exist.
    """
    if which not in ("best", "last"):
        if Path(which).is_file():
            return Path(which)
        raise UserError(f"checkpoint {which} is not a file; {_existing(root)}")
    # config.yaml is written when a run starts or resumes.
    configs = sorted(root.glob("*/version_*/config.yaml"), key=lambda path: path.stat().st_mtime_ns)
    path = configs[-1].with_name(f"{which}.ckpt") if configs else root / f"<name>/version_<n>/{which}.ckpt"
    if path.is_file():
        return path
    raise UserError(f"the newest run has no {which} checkpoint {path}; {_existing(root)}")


class CheckpointFile(TorchCheckpointIO):
    """What Trainer writes and reads its checkpoints with."""

    def __init__(self) -> None:
        self.held: dict[Path, bytes] = {}

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write it; with the storage option HOLD only with the next `write_held`, as it is now."""
        if storage_options == HOLD:
            self.held[Path(path)] = pack(checkpoint)
        else:
            replace(Path(path), pack(checkpoint))

    def write_held(self) -> None:
        while self.held:
            path = next(iter(self.held))
            replace(path, self.held[path])
            del self.held[path]

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        return read(path)


def _sealed(body: bytes) -> bytes:
    """A zip file that ends with an empty comment, with its digest as the comment instead."""
    comment = SEAL + hashlib.sha256(body).hexdigest().encode()
    return body[:-2] + len(comment).to_bytes(2, "little") + comment


def _existing(root: Path) -> str:
    found = sorted(str(path) for path in root.glob("*/version_*/*.ckpt"))
    return "there are: " + ", ".join(found) if found else f"there is none below {root}/"
