"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from torchtour.trust.lock import POSIX, locked

UNFINISHED = ".*." + 12 * "[0-9a-f]" + ".tmp"


def replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, meets the old content or the new, never a part."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` when all is written; if that fails, `path` stays."""
    # In the same folder, since a rename is atomic within a file system only; of a name that no other writer has.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(beside, "wb") as file:
            locked(file.fileno())  # as long as this process writes, remove_unfinished lets it be
            yield file
            file.flush()  # from Python's buffer to the system, and from there to the disk
            sync(file.fileno())
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync(file: int) -> None:
    """Bring an open file to the disk."""
    os.fsync(file)


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can open a folder."""
    if not POSIX:
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed have left; who still writes holds its file locked."""
    for path in folder.glob(UNFINISHED):
        with suppress(OSError), open(path, "rb") as file:
            if locked(file.fileno()):
                path.unlink()
