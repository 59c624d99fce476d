"""Checkpoint files: written whole with a SHA-256, read as data only."""

import io
import stat
from collections import OrderedDict
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from torchtour.runs.files import check_fits_memory, replace
from torchtour.settings import UserError
from torchtour.training.checksum import has_valid_checksum, with_checksum
from torchtour.training.module import from_bytes

DEFER = "defer"  # a storage option: write the checkpoint with the next flush
PLAIN_TYPES = {str, int, float, bool, type(None)}


def to_bytes(checkpoint: Mapping[str, Any]) -> bytes:
    """torch.save, with a SHA-256 of the file as its zip comment, which torch.load skips."""
    buffer = io.BytesIO()
    torch.save(dict(checkpoint), buffer)
    return with_checksum(buffer.getvalue())


def to_plain_values(value: Any) -> Any:
    """A copy with plain values for enums and numpy's numbers, so that weights_only can load it."""
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Enum):
        return to_plain_values(value.value)
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is dict:
        return {to_plain_values(key): to_plain_values(item) for key, item in value.items()}
    if type(value) is OrderedDict:  # with the versions that torch notes as an attribute of a state_dict
        copied = copy(value)
        copied.clear()
        copied.update((to_plain_values(key), to_plain_values(item)) for key, item in value.items())
        return copied
    if type(value) in (list, tuple):
        return type(value)(to_plain_values(item) for item in value)
    return value


@dataclass(frozen=True)
class RawCheckpoint:
    """A checkpoint file as it was read: its path, its content, and whether it carries its SHA-256."""

    path: Path
    content: Any
    has_checksum: bool


def read_raw(path: str | Path) -> RawCheckpoint:
    """Read a checkpoint file once; callers share the result.

    Raises:
        UserError: It is not a file, has changed since it was written, or is not a checkpoint.
    """
    content = _read_bytes(path)
    return RawCheckpoint(Path(path), from_bytes(content, path), has_valid_checksum(content))


class CheckpointFile(TorchCheckpointIO):
    """Trainer's checkpoint plugin: atomic writes with a checksum, reads that are checked."""

    def __init__(self) -> None:
        self.pending: dict[Path, Mapping[str, Any]] = {}
        self.checked: dict[Path, Mapping[str, Any]] = {}  # what was checked is what is loaded

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write it now; with the storage option DEFER a copy waits for the next `flush`."""
        if storage_options == DEFER:
            self.pending[Path(path)] = to_plain_values(checkpoint)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            replace(Path(path), to_bytes(to_plain_values(checkpoint)))

    def flush(self) -> None:
        """Write what was put off; what could not be written stays pending."""
        while self.pending:
            path = next(iter(self.pending))
            replace(path, to_bytes(self.pending[path]))
            del self.pending[path]

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        return dict(self.checked.pop(Path(path), None) or read_raw(path).content)


def _read_bytes(path: str | Path) -> bytes:
    try:
        state = Path(path).stat()
        if not stat.S_ISREG(state.st_mode):
            raise UserError(f"checkpoint {path} is not a file")
        check_fits_memory(Path(path), state.st_size)
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"checkpoint {path} cannot be read: {getattr(error, 'strerror', error)}") from None
