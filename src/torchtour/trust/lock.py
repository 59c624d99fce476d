"""One writer at a time: a lock that ends with its process."""

import os
from pathlib import Path

from torchtour.settings import UserError
from torchtour.trust.atomic import POSIX


class FolderLock:
    """Locks a folder against other processes until it is released, or this process ends.

    Windows cannot lock a folder: there nothing is locked.
    """

    def __init__(self, folder: Path) -> None:
        """Raises UserError: another process holds the folder."""
        self.number: int | None = None
        if not POSIX:
            return
        import fcntl

        self.number = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise UserError(f"another process is writing to {folder}; wait until it has ended") from None
        except OSError:  # a file system without locks
            self.release()

    def release(self) -> None:
        if self.number is not None:
            os.close(self.number)
            self.number = None
