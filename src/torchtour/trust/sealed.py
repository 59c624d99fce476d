"""Checkpoint files: sealed with a SHA-256, read as data only."""

import hashlib
import io
import stat
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from torchtour.settings import UserError
from torchtour.trust.atomic import replace

LARGEST = 2**27  # bytes; the widest net that limits allow, with Adam's moments, takes 60 MB
SEAL = b"sha256:"
HOLD = "hold"
LEAVES = {str, int, float, bool, type(None)}
END_OF_ZIP = b"PK\x05\x06"


def pack(checkpoint: Mapping[str, Any]) -> bytes:
    """torch.save, with a SHA-256 of the file as its zip comment, which torch.load passes over."""
    buffer = io.BytesIO()
    torch.save(dict(checkpoint), buffer)
    return _sealed(buffer.getvalue())


def plain(value: Any) -> Any:
    """A copy with plain values for enums and numpy's numbers: a file that holds data alone can be loaded."""
    if type(value) in LEAVES:
        return value
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    if type(value) is OrderedDict:  # with the versions that torch notes as an attribute of a state_dict
        copied = copy(value)
        copied.clear()
        copied.update((plain(key), plain(item)) for key, item in value.items())
        return copied
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    return value


def is_sealed(content: bytes) -> bool:
    """Does the file end with the SHA-256 of all that is before?"""
    return content == _sealed(content[: -len(SEAL) - 66] + b"\0\0")


def read_bytes(path: str | Path) -> bytes:
    """The bytes of a checkpoint file.

    Raises:
        UserError: It is no file, too large, or cannot be read.
    """
    try:
        state = Path(path).stat()
        if not stat.S_ISREG(state.st_mode):
            raise UserError(f"checkpoint {path} is not a file")
        if state.st_size > LARGEST:
            raise UserError(f"checkpoint {path} has more than {LARGEST} bytes")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"checkpoint {path} cannot be read: {getattr(error, 'strerror', error)}") from None


def unpack(content: bytes, path: str | Path) -> Any:
    """What the bytes of a checkpoint file hold, on the CPU; weights_only, so that no code in it runs.

    Raises:
        UserError: Not a checkpoint, or changed since it was written.
    """
    unsealed = content[-22:-18] == END_OF_ZIP and content[-2:] == b"\0\0"  # a zip file without a comment
    if not unsealed and not is_sealed(content):
        raise UserError(f"checkpoint {path} is damaged: it was cut short or changed, or is not a checkpoint")
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist())
        if unpacked > len(content):
            raise UserError(f"checkpoint {path} is compressed: it would take {unpacked} bytes")
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except UserError:
        raise
    except UnpicklingError:
        raise UserError(f"checkpoint {path} cannot be loaded: it holds more than weights and plain values") from None
    except Exception:  # torch and zipfile raise many kinds for what is not a file of theirs
        raise UserError(f"checkpoint {path} cannot be loaded: torch.save did not write it") from None


@dataclass(frozen=True)
class Parsed:
    """A checkpoint file as it was read: its path, what it holds, and whether it carries its SHA-256."""

    path: Path
    content: Any
    sealed: bool


def parse(path: str | Path) -> Parsed:
    """Read a checkpoint file, once: who needs it again is handed this value.

    Raises:
        UserError: It is no file, too large, changed since it was written, or not a checkpoint.
    """
    content = read_bytes(path)
    return Parsed(Path(path), unpack(content, path), is_sealed(content))


def read(path: str | Path) -> Any:
    """What a checkpoint file holds; raises as `parse`."""
    return parse(path).content


class CheckpointFile(TorchCheckpointIO):
    """What Trainer writes and reads its checkpoints with."""

    def __init__(self) -> None:
        self.held: dict[Path, Mapping[str, Any]] = {}
        self.audited: dict[Path, Mapping[str, Any]] = {}  # parsed and checked: what was checked is what is loaded

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write it; with the storage option HOLD only with the next `write_held`, as it is now."""
        if storage_options == HOLD:
            self.held[Path(path)] = plain(checkpoint)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            replace(Path(path), pack(plain(checkpoint)))

    def write_held(self) -> None:
        while self.held:
            path = next(iter(self.held))
            replace(path, pack(self.held[path]))
            del self.held[path]

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        return dict(self.audited.pop(Path(path), None) or read(path))


def _sealed(body: bytes) -> bytes:
    """A zip file that ends with an empty comment, with its digest as the comment instead."""
    comment = SEAL + hashlib.sha256(body).hexdigest().encode()
    return body[:-2] + len(comment).to_bytes(2, "little") + comment
