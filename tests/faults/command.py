"""The command in a child forked from here, and what it answered."""

import contextlib
import ctypes
import logging
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning import Trainer, seed_everything

from faults.product import CheckpointFile, Classifier, Run, SyntheticData, UserError, command_line

LONGEST = 60  # seconds; nothing here takes longer unless it hangs
MEMORY = 1024  # MiB that a hostile file may make the command take; a checkpoint of the default net has 7 KiB
ENOUGH = 16 * 2**30  # bytes of address space: a child that asks for more fails, and the machine lives on


@dataclass
class Answer:
    status: int | None  # None: it had to be ended
    out: str
    err: str
    seconds: float
    memory: float  # MiB at the peak, beyond what this process had

    def problem(self, *allowed: int, lines: int = 2) -> str:
        """ "" for one of the allowed statuses and, where it is not 0, a short message; else what it was instead."""
        said = self.err.splitlines()
        short = len(said) <= lines and len(self.err) < 1200 and all(line.isprintable() for line in said)
        if self.status in allowed and short and (self.status == 0 or said) and self.memory < MEMORY:
            return ""
        return f"status {self.status}, {self.seconds:.1f} s, {self.memory:.0f} MiB, {len(said)} lines: {self._end()}"

    def _end(self) -> str:
        said = self.err.strip().splitlines() or [""]
        place = [line.strip() for line in said if line.lstrip().startswith('File "') and "torchtour" in line][-1:]
        return " ".join([ascii(said[-1][:300]), *place])


class Command:
    """The command, as a shell would run it, in a child forked from here: torch is loaded, so it starts at once.

    Its main() takes over as soon as this returns.
    """

    def __init__(
        self,
        *arguments: object,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        first: Callable[[], object] = lambda: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.started = folder, time.monotonic()
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self.status: int | None = None
        self.said: list[str] = []
        listen, speak = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pytest-xdist has a thread, which takes no part in what is forked
            self.pid = os.fork()
        if self.pid == 0:
            os.close(listen)
            self._be_the_command([str(argument) for argument in arguments], environment or {}, first, speak)
        os.close(speak)
        os.read(listen, 1)
        os.close(listen)

    def _be_the_command(
        self, arguments: list[str], environment: Mapping[str, str], first: Callable[[], object], ready: int
    ) -> None:
        status = 1
        try:
            os.setsid()
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # a campaign that is ended ends its children with it
            os.chdir(self.folder)
            for number, file in ((1, self.out), (2, self.err)):
                os.dup2(file.fileno(), number)
            encoding = environment.get("PYTHONIOENCODING", "utf-8")
            sys.stdout, sys.stderr = (open(number, "w", encoding=encoding, closefd=False) for number in (1, 2))  # noqa: SIM115
            _be_fresh(environment)
            sys.argv = ["torchtour", *arguments]
            first()
            os.write(ready, b".")
            program = PROGRAMS.get(arguments[0]) if arguments else None
            status = program(*arguments[1:]) if program else command_line.main()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
                signal.signal(signum, signal.SIG_IGN)
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError):  # a full one
                    stream.flush()
            os._exit(status)

    def ended(self) -> bool:
        if self.status is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.status, self.seconds = _shells(os.waitstatus_to_exitcode(status)), time.monotonic() - self.started
                self.memory = used.ru_maxrss / 1024 - BASE
                for file in (self.out, self.err):
                    self.said.append(os.pread(file.fileno(), 10**6, 0).decode(errors="replace"))
                    file.close()
        return self.status is not None

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait, but no longer than until it ends, or `until` comes true."""
        end = time.monotonic() + seconds
        while not self.ended() and not until() and time.monotonic() < end:
            time.sleep(0.002)
        return self.status is not None

    def kill(self, signum: int = signal.SIGKILL) -> None:
        if not self.ended():
            os.kill(self.pid, signum)
            if signum == signal.SIGKILL:
                self.wait(LONGEST)

    def answer(self, seconds: float = LONGEST) -> Answer:
        hangs = not self.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # with the children that it may have left
        self.kill()
        return Answer(None if hangs else self.status, *self.said, self.seconds, self.memory)


def _be_fresh(environment: Mapping[str, str]) -> None:
    """Undo what the process forked from (pytest) has set up for itself."""
    os.environ.update(environment)
    tempfile.tempdir = None
    warnings.resetwarnings()
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
    for name in ("lightning.pytorch", "lightning.fabric"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.stream = sys.stderr
    resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _shells(status: int) -> int:
    return status if status >= 0 else 128 - status


def call(*arguments: object, folder: Path, **settings: Any) -> Answer:
    return Command(*arguments, folder=folder, **settings).answer()


def load(path: str) -> int:
    """What a program of one's own would do, told as the command would tell it."""
    try:
        Classifier.load_from_checkpoint(path)
    except UserError as error:
        print(f"torchtour: {error}", file=sys.stderr)
        return 2
    return 0


def fit_with_one_run(*epochs: str) -> int:
    """One Run object for several fits, each of so many epochs."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    run = Run(save_every_seconds=0)
    for number in epochs:
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = Trainer(max_epochs=int(number), callbacks=[run], plugins=[CheckpointFile()], **quiet)
        seed_everything(0, verbose=False)
        trainer.fit(Classifier(), SyntheticData(n_train=60, n_val=30, batch_size=25))
    return 0


PROGRAMS: dict[str, Callable[..., int]] = {"load": load, "fit_with_one_run": fit_with_one_run}


BASE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB
