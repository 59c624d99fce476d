"""The installed command, in a process of its own."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults.command import Command


class Real(Command):
    """The command as it is installed, in a process that starts from nothing."""

    def __init__(self, *arguments: object, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder.parent / "tmp"  # torch leaves a file there for each process that was killed
        temporary.mkdir(exist_ok=True)
        self.folder, self.started, self.status, self.said = folder, time.monotonic(), None, []
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            [Path(sys.executable).with_name("torchtour"), *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            start_new_session=True,
        )
        self.pid, process.returncode = process.pid, 0  # waited for by ended()


def session(leader: int) -> list[int]:
    """The living processes of a session, the oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(path.parent.name))
    return sorted(found)
