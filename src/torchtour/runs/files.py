"""Files that are written whole or not at all, and folders that one process writes at a time."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from torchtour.settings import UserError

POSIX = os.name == "posix"
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


def check_fits_memory(path: Path, size: int) -> None:
    """Compare a number of bytes to read with the machine's memory.

    Raises:
        UserError: It is more.
    """
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not on this system
        return
    if size > memory:
        raise UserError(f"{path} takes {size:,} bytes, more than the memory of this machine ({memory:,})")


def next_folder(parent: Path, prefix: str) -> Path:
    """Make the next `<prefix><n>` below parent; mkdir decides between runs that start at the same time."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        numbered = [re.fullmatch(rf"{prefix}(\d{{1,15}})", path.name) for path in parent.iterdir()]
        folder = parent / f"{prefix}{max((int(found[1]) for found in numbered if found), default=-1) + 1}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def locked(number: int) -> bool:
    """Lock an open file or folder until it is closed; False if another process holds it.

    Windows has no such locks, nor have some file systems: there nothing is locked, and this is True.
    """
    if POSIX:
        import fcntl

        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass
    return True


class FolderLock:
    """Locks a folder against other processes until it is released, or this process ends."""

    def __init__(self, folder: Path) -> None:
        """Raises UserError: another process holds the folder."""
        self.number: int | None = None
        if not POSIX:
            return
        self.number = os.open(folder, os.O_RDONLY)
        if not locked(self.number):
            self.release()
            raise UserError(f"another process is writing to {folder}; wait until it has ended")

    def release(self) -> None:
        if self.number is not None:
            os.close(self.number)
            self.number = None
