"""One writer at a time: locks that end with their process."""

import os
from pathlib import Path

from torchtour.settings import UserError

POSIX = os.name == "posix"


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
