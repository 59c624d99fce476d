"""The fault campaign: what happens to a run that is killed, cut off, lied to, or left without room.

python tests/faults.py [--only WORD] [--write PAGE] prints a table: fault, tried, held. `make test` runs a small sample.
"""

import argparse
import contextlib
import ctypes
import importlib
import io
import logging
import os
import pickle
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: more threads would wait for each other, and can't be forked

import torch

from torchtour import Classifier
from torchtour.callbacks import run as run_module
from torchtour.command import main as command_line
from torchtour.settings import UserError
from torchtour.trust import atomic
from torchtour.trust import sealed as checkpoint

for name in ("torchtour.command.cli", "attrs", "omegaconf", "multiprocessing.synchronize"):  # no child need do it
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

ROOT = Path(__file__).parents[1]
DDP = ROOT / "configs/ddp.yaml"
SMALL = ("--data.n_train", "60", "--data.n_val", "30", "--data.n_test", "30", "--data.batch_size", "25")
NO_PICTURES = ("--pictures.enabled", "false")
EACH_EPOCH = ("--run.save_every", 0, *NO_PICTURES)
SELDOM = (
    "--run.save_every",
    1,
    *NO_PICTURES,
)  # as when nothing is said: an epoch of these runs takes some milliseconds
LONGEST = 60  # seconds; nothing here takes longer unless it hangs
MEMORY = 1024  # MiB that a hostile file may make the command take; a checkpoint of the default net has 7 KiB
ENOUGH = 16 * 2**30  # bytes of address space: a child that asks for more fails, and the machine lives on
WATCHED = {run_module.__file__: "run.py", atomic.__file__: "atomic.py", checkpoint.__file__: "sealed.py"}

Try = tuple[str, str]  # the fault, and what went wrong: "" where it held
Tries = Iterator[Try]


class Skipped(Exception):  # noqa: N818 (it is no error)
    """This machine can't make the fault."""


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[Path], Tries]


# The command


@dataclass
class Answer:
    status: int | None  # None: it had to be ended
    out: str
    err: str
    seconds: float
    memory: float  # MiB at the peak, beyond what this process had

    def problem(self, *allowed: int, lines: int = 2) -> str:
        """ "" for one of the allowed statuses and, where it isn't 0, a short message; else what it was instead."""
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
            sys.stdout, sys.stderr = (io.TextIOWrapper(open(number, "wb", closefd=False)) for number in (1, 2))  # noqa: SIM115
            _be_fresh(environment)
            sys.argv = ["torchtour", *arguments]
            first()
            os.write(ready, b".")
            status = load(arguments[1]) if arguments[0] == "load" else command_line.main()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            for signum in (signal.SIGINT, signal.SIGTERM):
                signal.signal(signum, signal.SIG_IGN)
            sys.stdout.flush()
            sys.stderr.flush()
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


BASE = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB


# Runs and their files


def fit_flags(epochs: int, *more: object) -> tuple[object, ...]:
    return ("fit", *SMALL, *EACH_EPOCH, "--trainer.max_epochs", epochs, *more)


def undisturbed(folder: Path, flags: tuple[object, ...]) -> Path:
    """The finished run that all others are held against."""
    answer = call(*flags, folder=folder)
    assert (answer.status, answer.err) == (0, ""), answer
    run = newest(folder)
    assert run is not None
    rows = (run / "metrics.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == [str(n + 1) for n in range(epochs_of(flags))]
    return run


def newest(root: Path) -> Path | None:
    return max(root.glob("checkpoints/*/version_*"), key=lambda path: int(path.name[8:]), default=None)


def last_epoch(root: Path) -> int:
    """How many epochs the newest run below root has behind it, to the time of its last.ckpt; 0: none."""
    run = newest(root)
    epoch = checkpoint.read(run / "last.ckpt")["epoch"] if run and (run / "last.ckpt").exists() else -1
    return int(epoch) + 1


def epochs_of(flags: tuple[object, ...]) -> int:
    return int(str(flags[flags.index("--trainer.max_epochs") + 1]))


def go_on(root: Path, flags: tuple[object, ...], every: tuple[object, ...] = EACH_EPOCH, **settings: Any) -> Command:
    """Resume the newest run below root, with no setting of its own; where it has no checkpoint yet, start anew."""
    run = newest(root)
    if run and (run / "last.ckpt").exists():
        flags = ("fit", "--ckpt_path", run / "last.ckpt")
    return Command(*flags, *every, folder=root, **settings)


def finish(root: Path, flags: tuple[object, ...], whole: Path) -> str:
    """What is wrong with the run below root when it has gone on to its end: "" if it equals the whole one."""
    if last_epoch(root) < epochs_of(flags):
        answer = go_on(root, flags).answer()
        if (answer.status, answer.err) != (0, ""):
            return "resuming: " + answer.problem()
    run = newest(root)
    assert run is not None
    return difference(whole, run) or litter(run)


def unsound(root: Path) -> str:
    """Which of the checkpoints below root can't be loaded."""
    for path in root.rglob("*.ckpt"):
        try:
            stored = checkpoint.read(path)
            Classifier.load_from_checkpoint(path)
            torch.load(path, weights_only=True)
        except Exception as error:
            return f"{path.name}: {error}"
        if not all(value.isfinite().all() for value in stored["state_dict"].values()):
            return f"{path.name} is not finite"
    return ""


def litter(root: Path) -> str:
    """Which files lie below root that no run means to leave."""
    names = {"config.yaml", "metrics.csv", "best.ckpt", "last.ckpt", "curves.png", "boundary.png"}
    return ", ".join(str(path) for path in root.rglob("*") if path.is_file() and path.name not in names)


def difference(whole: Path, part: Path) -> str:
    """How two runs differ: in a row of metrics.csv, or anywhere in what best.ckpt and last.ckpt hold."""
    rows = [(run / "metrics.csv").read_text().splitlines() for run in (whole, part)]
    if rows[0] != rows[1]:
        near = [f"{a!r} became {b!r}" for a, b in zip(*rows, strict=False) if a != b]
        return f"metrics.csv: {len(rows[0])} rows became {len(rows[1])}; " + "".join(near[:1])
    for name in ("best.ckpt", "last.ckpt"):
        place = unlike(*(checkpoint.read(run / name) for run in (whole, part)))
        if place:
            return f"{name} differs at {place}"
    return ""


def unlike(a: Any, b: Any, place: str = "/") -> str:
    """Where two checkpoints' contents differ, down to the last bit; "" where they don't."""
    if type(a) is not type(b):
        return place
    if isinstance(a, torch.Tensor):
        same = a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
        return "" if same else place
    if isinstance(a, (dict, list, tuple)):
        parts = [(key, a[key], b.get(key)) for key in a] if isinstance(a, dict) else list(zip(range(len(a)), a, b))  # noqa: B905
        if len(a) != len(b) or (isinstance(a, dict) and a.keys() != b.keys()):
            return place
        return next((found for key, x, y in parts if (found := unlike(x, y, f"{place}{key}/"))), "")
    return "" if a == b or (a != a and b != b) else place


def snapshot(root: Path) -> dict[Path, tuple[int, int, int]]:
    """All that lies below root, so that a command which should have written nothing can be held to it."""
    stats = {path: path.lstat() for path in [root, *root.rglob("*")]}
    return {path: (stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


# Kills


def killed_at_random(
    folder: Path, fault: str, seed: int, kills: int, flags: tuple[object, ...], environment: Mapping[str, str]
) -> Tries:
    """One run, killed again and again: one kill in four while it starts, the others while it trains."""
    rng, part, whole = Random(seed), folder / "part", undisturbed(folder / "whole", flags)
    for _ in range(kills):
        if (before := last_epoch(part)) == epochs_of(flags):
            break
        command = go_on(
            part,
            flags,
            rng.choice((EACH_EPOCH, ("--run.save_every", 0.1, *NO_PICTURES), SELDOM)),
            environment=environment,
        )
        if rng.random() < 0.75:
            command.wait(LONGEST, lambda before=before: writes_after(part, before))
        if command.wait(rng.uniform(0, 0.7)):
            break
        command.kill()
        yield f"kill -9 {fault}", unsound(part)
    yield "runs that were killed so, in the end", finish(part, flags, whole)


def writes_after(root: Path, before: int) -> bool:
    """Is it past the first checkpoint that it writes in this session? Told by the file's time, which is cheap."""
    run = newest(root)
    last = run / "last.ckpt" if run else None
    if not last or not last.exists():
        return False
    return before == 0 or last.stat().st_mtime_ns > (last.with_name("config.yaml").stat().st_mtime_ns)


def fit_lines(folder: Path) -> list[tuple[str, int]]:
    """Each line of run.py and checkpoint.py that a fit and its resumption run, in order of their first time."""
    path = folder / "lines"
    for flags in (fit_flags(2), ("fit", "--ckpt_path", "last", "--trainer.max_epochs", "3")):
        Command(*flags, folder=folder / "lines.fit", first=partial(trace, partial(note, path))).answer()
    lines = [line.split(":") for line in path.read_text().splitlines()]
    return list(dict.fromkeys((name, int(number)) for name, number in lines))


def line_with(text: str) -> tuple[str, int]:
    """The first line of run.py or checkpoint.py that has this text."""
    for path, name in WATCHED.items():
        for number, line in enumerate(Path(path).read_text().splitlines(), 1):
            if text in line:
                return name, number
    raise LookupError(text)


def note(path: Path, line: tuple[str, int]) -> None:
    with open(path, "a") as file:
        file.write(f"{line[0]}:{line[1]}\n")


def trace(see: Callable[[tuple[str, int]], None]) -> None:
    """Call see(line) just before each line of run.py and checkpoint.py."""

    def local(frame: Any, event: str, _: Any) -> Any:
        if event == "line":
            see((WATCHED[frame.f_code.co_filename], frame.f_lineno))
        return local

    sys.settrace(lambda frame, *_: local if frame.f_code.co_filename in WATCHED else None)


def send_at(line: tuple[str, int], nth: int, signum: int) -> None:
    """Signal this very process when it comes to a line for the nth time."""
    left = nth

    def see(now: tuple[str, int]) -> None:
        nonlocal left
        left -= now == line
        if left == 0 and now == line:
            sys.settrace(None)
            os.kill(os.getpid(), signum)

    trace(see)


def killed_at_lines(folder: Path, start: int, step: int, lines: tuple[tuple[str, int], ...] = ()) -> Tries:
    """A run killed before a line, resumed and killed before it again, then left alone; for each line in turn."""
    flags = fit_flags(4)
    whole, rng = undisturbed(folder / "whole", flags), Random(start)
    for index, line in enumerate(lines or fit_lines(folder)[start::step]):
        part = folder / f"part_{index}"
        for nth in (rng.randint(1, 4), 1):
            if last_epoch(part) == 4:
                break
            answer = go_on(part, flags, first=partial(send_at, line, nth, signal.SIGKILL)).answer()
            if answer.status == 128 + signal.SIGKILL:
                where = f" ({line[0]}:{line[1]}, time {nth})"
                yield "kill -9 just before a line of run.py or checkpoint.py", named(unsound(part), where)
        yield "runs that were killed so, in the end", named(finish(part, flags, whole), f" ({line[0]}:{line[1]})")


def named(problem: str, where: str) -> str:
    return problem and problem + where


def torn_metrics(folder: Path, start: int, step: int) -> Tries:
    """A machine that stops may leave a part of the last row in metrics.csv, and last.ckpt of the row before."""
    flags = fit_flags(12)
    whole = undisturbed(folder / "whole", flags)
    call(*fit_flags(11), folder=folder / "part")
    row = (whole / "metrics.csv").read_text().splitlines()[-1]
    for length in range(1 + start, len(row) + 1, step):
        part = folder / f"part_{length}"
        shutil.copytree(folder / "part", part)
        with open(newest(part) / "metrics.csv", "a") as file:
            file.write(row[:length])
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 12, folder=part)
        problem = answer.problem(0) or difference(whole, newest(part))
        yield "last row of metrics.csv torn, then resumed", named(problem, f" ({row[:length]!r})")


def lost_rows(folder: Path) -> Tries:
    """metrics.csv has lost what last.ckpt has lived: the run must not end as if nothing had happened."""
    fault = "metrics.csv shorter than last.ckpt, or gone, then resumed"
    flags = fit_flags(6)
    whole = undisturbed(folder / "whole", flags)
    call(*fit_flags(4), folder=folder / "part")
    rows = (newest(folder / "part") / "metrics.csv").read_text().splitlines(keepends=True)
    for index, kept in enumerate([rows[:-1], [*rows[:2], *rows[3:]], rows[:1], [], None]):
        part = folder / f"part_{index}"
        shutil.copytree(folder / "part", part)
        path = newest(part) / "metrics.csv"
        path.unlink() if kept is None else path.write_text("".join(kept))
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 6, folder=part)
        problem = difference(whole, newest(part)) if answer.status == 0 and not answer.err else ""
        yield fault, problem and f"said nothing; {problem}"


# Damage


class Sound:
    """A copy of a checkpoint, to damage."""

    def __init__(self, folder: Path, path: Path | None) -> None:
        path = path or undisturbed(folder, fit_flags(2)) / "best.ckpt"
        self.content, self.held = path.read_bytes(), checkpoint.read(path)
        self.copy = folder / "damaged.ckpt"

    def damaged(self, content: bytes, where: str) -> str:
        """A damaged file must be refused, in a line, or hold what it held."""
        self.copy.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read = checkpoint.read(self.copy)
        except UserError as error:
            return named("many lines" if "\n" in str(error) else "", where)
        except Exception as error:
            return named(repr(error), where)
        return named(unlike(self.held, read), where)


def cut_short(folder: Path, path: Path | None, step: int) -> Tries:
    sound = Sound(folder, path)
    for length in range(0, len(sound.content), step):
        yield "checkpoint cut short, at every length", sound.damaged(sound.content[:length], f" (cut to {length})")


def flipped(folder: Path, path: Path | None, start: int, step: int) -> Tries:
    sound = Sound(folder, path)
    for bit in range(start, 8 * len(sound.content), step):
        changed = bytearray(sound.content)
        changed[bit // 8] ^= 1 << bit % 8
        yield "checkpoint with one bit flipped, every bit", sound.damaged(bytes(changed), f" (bit {bit})")


def overwritten(folder: Path, path: Path | None, count: int) -> Tries:
    """Stretches lost or replaced as by a failing disk: noise, zeros, nothing, a stretch twice, longer, backwards."""
    sound, rng = Sound(folder, path), Random(0)
    content = sound.content
    for n in range(count):
        start = rng.randrange(len(content))
        length = min(rng.choice([2, 3, 8, 73, 512, 4096]), len(content) - start)
        stretch = content[start : start + length]
        new = [rng.randbytes(length), bytes(length), b"", stretch + stretch, stretch + b"\0", stretch[::-1]][n % 6]
        changed = content[:start] + new + content[start + length :]
        yield "checkpoint with a stretch overwritten, lost or added", sound.damaged(changed, f" (change {n})")


# Hostile checkpoints


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


def seal(body: bytes) -> bytes:
    """Give a file the SHA-256 that ours carry, as anyone can who has read how."""
    comment = b"sha256:" + sha256(body).hexdigest().encode()
    return body[:-2] + len(comment).to_bytes(2, "little") + comment


def saved(content: Any, zipped: bool = True) -> bytes:
    buffer, limit = io.BytesIO(), sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)  # some contents are nested deep
    try:
        torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
    finally:
        sys.setrecursionlimit(limit)
    return buffer.getvalue()


CONSUMERS: dict[str, tuple[str, ...]] = {
    "fit": ("fit", "--ckpt_path"),
    "fit anew": ("fit", "--ckpt_path"),  # a checkpoint of another name than last.ckpt goes on in a new folder
    "init_from": ("fit", "--init_from"),
    "validate": ("validate", "--ckpt_path"),
    "test": ("test", "--ckpt_path"),
    "predict": ("predict", "--ckpt_path"),
    "load": ("load",),
}


def bombs(folder: Path, consumers: tuple[str, ...], environments: tuple[dict[str, str], ...]) -> Tries:
    marker = folder / "exploded"
    whole = undisturbed(folder, fit_flags(2))
    stored = checkpoint.read(whole / "last.ckpt")
    for place in ("state_dict", "bomb"):
        armed = {**stored, place: Bomb(marker)}
        formats = {"zip": saved(armed), "legacy": saved(armed, zipped=False), "pickle": pickle.dumps(armed, protocol=2)}
        formats["legacy, a zip at its end"] = formats["legacy"] + saved(stored)
        for name, content in formats.items():
            ours = seal(content if "zip" in name else content + b"\0\0")
            for sealed, file in {"sealed": ours, "not sealed": content}.items():
                path = folder / "bomb.ckpt"
                path.write_bytes(file)
                for consumer in consumers:
                    for environment in environments:
                        answer = call(*CONSUMERS[consumer], path, folder=folder, environment=environment)
                        problem = answer.problem(2, lines=3 if consumer == "load" else 2)
                        problem = problem or ("it went off" if marker.exists() else "")
                        problem = problem or ("advises weights_only=False" if "weights_only" in answer.err else "")
                        where = f" ({consumer}, {name}, {sealed}, {environment})"
                        yield "pickle bomb in a checkpoint, 4 formats, sealed or not", named(problem, where)


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Replace what lies at a path such as hyper_parameters/lr."""

    def change(stored: dict[str, Any]) -> None:
        *way, name = key.split("/")
        place: Any = stored
        for step in way:
            place = place[int(step) if isinstance(place, list) or step.isdecimal() else step]
        place[name] = value

    return change


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda stored: stored.pop(key)


def _laughs(levels: int) -> list[Any]:
    """A list of two lists of two lists ... each the same: small in a file, 2 ** levels leaves to whoever walks it."""
    value: list[Any] = [0]
    for _ in range(levels):
        value = [value, value]
    return value


def _cycle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


HUGE = torch.zeros(1).expand(2**40, 2)  # claims 8 TiB, takes 4 bytes
WEIGHT, MOMENT = "state_dict/net.fc1.weight", "optimizer_states/0/state/0/momentum_buffer"

# What nobody may take: the net itself, or what builds it.
NO_NET: dict[str, Callable[[dict[str, Any]], None]] = {
    "_class_path": _set("hyper_parameters/_class_path", "os.system"),
    "_instantiator": _set("hyper_parameters/_instantiator", "lightning.pytorch.cli.instantiate_module"),
    "a setting that names a module": _set("hyper_parameters/optimizer", "antigravity.geohash"),
    "a setting with a class_path": _set("hyper_parameters/optimizer", {"class_path": "os.system"}),
    "hparams_name": lambda stored: stored.update(hparams_name="_class_path", hyper_parameters={"_class_path": "this"}),
    "lr a text": _set("hyper_parameters/lr", "0.1"),
    "lr true": _set("hyper_parameters/lr", True),
    "lr nan": _set("hyper_parameters/lr", float("nan")),
    "lr a list": _set("hyper_parameters/lr", [0.1]),
    "lr null": _set("hyper_parameters/lr", None),
    "lr a tensor": _set("hyper_parameters/lr", torch.tensor(0.1)),
    "lr a huge tensor": _set("hyper_parameters/lr", HUGE),
    "lr a text of 10 MB": _set("hyper_parameters/lr", "x" * 10**7),
    "lr a list that doubles": _set("hyper_parameters/lr", _laughs(40)),
    "lr a text that moves the cursor": _set("hyper_parameters/lr", "\x1b[2J\n\n\n"),
    "hidden_size huge": _set("hyper_parameters/hidden_size", 10**12),
    "hidden_size beyond 64 bits": _set("hyper_parameters/hidden_size", 10**400),
    "hidden_size at its limit": _set("hyper_parameters/hidden_size", 1_000_000),
    "hidden_size negative": _set("hyper_parameters/hidden_size", -1),
    "hidden_size a fraction": _set("hyper_parameters/hidden_size", 10.0),
    "another hidden_size": _set("hyper_parameters/hidden_size", 11),
    "settings missing": _without("hyper_parameters"),
    "settings a list": _set("hyper_parameters", [1, 2]),
    "settings a text": _set("hyper_parameters", "lr"),
    "settings with keys that are none": _set("hyper_parameters", {1: 2, None: 3}),
    "weights missing": _without("state_dict"),
    "weights null": _set("state_dict", None),
    "weights a list": _set("state_dict", [1]),
    "weights none": _set("state_dict", {}),
    "a weight nan": _set(WEIGHT, torch.full((10, 2), torch.nan)),
    "a weight infinite": _set(WEIGHT, torch.full((10, 2), torch.inf)),
    "a weight of another shape": _set(WEIGHT, torch.zeros(2, 10)),
    "a weight that claims 8 TiB": _set(WEIGHT, HUGE),
    "a weight that is a number": _set(WEIGHT, 1.0),
    "a weight complex": _set(WEIGHT, torch.zeros(10, 2, dtype=torch.complex64)),
    "a weight without memory": _set(WEIGHT, torch.zeros(10, 2, device="meta")),
    "a weight sparse": _set(WEIGHT, torch.eye(10)[:, :2].to_sparse()),
    "a weight of whole numbers": _set(WEIGHT, torch.zeros(10, 2, dtype=torch.int64)),
    "a weight too many": _set("state_dict/net.fc3.weight", torch.zeros(1)),
    "all weights the same memory, 8 TiB": lambda stored: stored["state_dict"].update(
        dict.fromkeys(stored["state_dict"], HUGE)
    ),
    "no Lightning version": _without("pytorch-lightning_version"),
    "Lightning version a number": _set("pytorch-lightning_version", 2),
    "Lightning version nonsense": _set("pytorch-lightning_version", "\x1b[2Jnewest"),
    "data settings a list": _set("datamodule_hyper_parameters", [1]),
    "data settings unknown": _set("datamodule_hyper_parameters/\x1b[2J", 1),
    "data problem unknown": _set("datamodule_hyper_parameters/problem", "os.system"),
    "data n_train huge": _set("datamodule_hyper_parameters/n_train", 10**15),
    "data n_train a huge tensor": _set("datamodule_hyper_parameters/n_train", HUGE),
    "data n_val a list that doubles": _set("datamodule_hyper_parameters/n_val", _laughs(40)),
    "settings of ours a text": _set("settings", "seed_everything"),
    "settings of ours name a callback": _set("settings/trainer.callbacks", [{"class_path": "os.system"}]),
    "settings of ours with a seed that is none": _set("settings/seed_everything", -5),
}
# What only a resumed fit looks at; the others may take the net.
NO_RESUME: dict[str, Callable[[dict[str, Any]], None]] = {
    "settings of ours that name a folder": _set("settings/run.root", "elsewhere"),
    "epoch a text": _set("epoch", "three"),
    "epoch negative": _set("epoch", -7),
    "global_step a list": _set("global_step", []),
    "loops none": _set("loops", {}),
    "loops a text": _set("loops", "fit_loop"),
    "fit_loop none": _set("loops/fit_loop", {}),
    "callbacks a text": _set("callbacks", "Run"),
    "best a text": _set("callbacks/Run/best", "low"),
    "best nan": _set("callbacks/Run/best", float("nan")),
    "best missing": _set("callbacks/Run", {}),
    "optimizer none": _set("optimizer_states", []),
    "optimizer a text": _set("optimizer_states", ["sgd"]),
    "optimizer an empty one": _set("optimizer_states", [{}]),
    "optimizer without groups": _set("optimizer_states/0/param_groups", []),
    "optimizer lr nan": _set("optimizer_states/0/param_groups/0/lr", float("nan")),
    "optimizer with fewer settings": _set("optimizer_states/0/param_groups", [{"lr": 0.1, "params": [0, 1, 2, 3]}]),
    "optimizer with other parameters": _set("optimizer_states/0/param_groups", [{"lr": 0.1, "params": [0] * 9}]),
    "a moment nan": _set(MOMENT, torch.full((10, 2), torch.nan)),
    "a moment of another weight's shape": _set(MOMENT, torch.zeros(2)),
    "a moment that claims 8 TiB": _set(MOMENT, HUGE),
    "a moment a text": _set(MOMENT, "fast"),
    "a moment sparse": _set(MOMENT, torch.eye(10)[:, :2].to_sparse()),
    "moments that are a list within itself": _set("optimizer_states/0/state", _cycle()),
    "moments that double 60 times": _set("optimizer_states/0/state", _laughs(60)),
    "moments nested 2000 deep": _set("optimizer_states/0/state", _nested(2000)),
    "scheduler none": _set("lr_schedulers", []),
    "scheduler a text": _set("lr_schedulers", ["step"]),
    "scheduler an empty one": _set("lr_schedulers", [{}]),
    "scheduler with another gamma": _set("lr_schedulers/0/gamma", "os.system"),
    "scheduler that replaces a method": _set("lr_schedulers/0/step", None),
}


def hostile(folder: Path, names: tuple[str, ...], consumers: tuple[str, ...]) -> Tries:
    """Refused in a line, or, where that may be, resumed to what the sound checkpoint gives: never anything between."""
    whole, good = undisturbed(folder / "whole", fit_flags(3)), undisturbed(folder / "good", fit_flags(2))
    content = (good / "last.ckpt").read_bytes()
    for name in names:
        stored = torch.load(io.BytesIO(content), weights_only=True)
        {**NO_NET, **NO_RESUME}[name](stored)
        for consumer in consumers:
            part = folder / "part"
            run = Path(shutil.copytree(good, part / "checkpoints/default/version_0"))
            (run / "other.ckpt").write_bytes(seal(saved(stored)))
            (run / "last.ckpt").write_bytes(seal(saved(stored)))
            yield (
                "hostile checkpoint, sealed",
                named(_taken(consumer, name, run, part, whole), f" ({consumer}, {name})"),
            )
            shutil.rmtree(part)


def _taken(consumer: str, name: str, run: Path, part: Path, whole: Path) -> str:
    resumes = consumer.startswith("fit")
    path = run / ("other.ckpt" if consumer == "fit anew" else "last.ckpt")
    more = ("--trainer.max_epochs", "3") if resumes else ()
    answer = Command(*CONSUMERS[consumer], path, *more, folder=part).answer(20)
    # What is wrong with the settings of the data is nothing to who takes the weights alone.
    weights_alone = consumer in ("load", "init_from") and name.startswith(("data", "settings of ours"))
    allowed = (2,) if name in NO_NET and not weights_alone else (0, 1, 2) if resumes else (0, 2)
    problem = answer.problem(*allowed, lines=3 if consumer == "load" else 2)
    if not problem and resumes and answer.status == 0:
        problem = named(difference(whole, newest(part) or run), ", and ended with status 0")
    strangers = [str(path) for path in part.iterdir() if path.name != "checkpoints"]
    return f"wrote {strangers}" if strangers else problem


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


# No room


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int, inodes: int = 0) -> Iterator[Callable[[], None]]:
    """A file system of few kilobytes at folder; what it yields makes room."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={kilobytes}k" + (f",nr_inodes={inodes}" if inodes else "")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, timeout=LONGEST
    )
    if done.returncode:
        raise Skipped("no tmpfs can be mounted here: " + done.stderr.strip())
    try:
        yield lambda: subprocess.run(
            ["mount", "-o", "remount,size=32m,nr_inodes=10000", folder], check=True, timeout=LONGEST
        )
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=LONGEST)


def full(answer: Answer, root: Path) -> str:
    """A full disk must be said so, in a line, and leave what was written before."""
    clear = any(word in answer.err for word in ("No space", "can't be written"))
    problem = answer.problem(1, 2) or ("" if clear else "not said: " + answer.err)
    return problem or unsound(root) or litter(root)


def full_from_the_start(folder: Path, sizes: tuple[int, ...], inodes: tuple[int, ...]) -> Tries:
    flags = fit_flags(20, "--model.hidden_size", 100)
    whole = undisturbed(folder / "whole", flags)
    for size, nodes in [*((size, 0) for size in sizes), *((1000, nodes) for nodes in inodes)]:
        part = folder / f"part_{size}_{nodes}"
        with small_disk(part, size, nodes) as make_room:
            answer = call(*flags, folder=part)
            where = f" ({size} kB, {nodes or 'any number of'} inodes)"
            if answer.status != 0:
                yield "file system too small for a run", named(full(answer, part), where)
            make_room()
            yield "runs on a full file system, resumed when there is room", named(finish(part, flags, whole), where)


def filled_meanwhile(folder: Path, seed: int, pages: tuple[int, ...]) -> Tries:
    """Something else takes all but a few pages while the run goes on; metrics.csv grows into what is left."""
    flags, rng = fit_flags(150), Random(seed)
    whole = undisturbed(folder / "whole", flags)
    for free in pages:
        part = folder / f"part_{free}"
        with small_disk(part, 1000) as make_room:
            command = Command(*flags, folder=part)
            command.wait(LONGEST, lambda part=part: writes_after(part, 0))
            command.wait(rng.uniform(0, 0.4))
            fill(part / "filler", 4096 * free)
            answer = command.answer()
            (part / "filler").unlink()
            if answer.status != 0:
                yield "file system that fills during fit", named(full(answer, part), f" ({free} pages left)")
            make_room()
            problem = finish(part, flags, whole)
            yield "runs on a full file system, resumed when there is room", named(problem, f" ({free} pages left)")


def fill(path: Path, free: int) -> None:
    left = shutil.disk_usage(path.parent).free - free
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        file.write(bytes(max(left, 0)))


# Bad input


def inputs(folder: Path) -> None:
    """The files that the bad command lines name."""
    run = undisturbed(folder, fit_flags(2))
    good = (run / "last.ckpt").read_bytes()
    stored = torch.load(io.BytesIO(good), weights_only=True)
    weights = stored["state_dict"]
    bit = bytearray(good)
    bit[2000] ^= 4
    files = {
        "text.yaml": b"just a few words",
        "list.yaml": b"- 1\n- 2\n",
        "number.yaml": b"42\n",
        "broken.yaml": b"model: [1, 2\n",
        "tab.yaml": b"model:\n\tlr: 0.1\n",
        "binary.yaml": bytes(range(256)) * 4,
        "latin.yaml": b"run:\n  name: caf\xe9\n",
        "null.yaml": b"run:\n  name: a\0b\n",
        "laughs.yaml": b"a: &a [x, x]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 120)),
        "itself.yaml": b"model: &a\n  lr: *a\n",
        "merge.yaml": b"model: &a {lr: 0.1}\ndata:\n  <<: *a\n",
        "deep.yaml": b"[" * 50_000,
        "deeper.yaml": b"{a: " * 20_000,
        "long.yaml": b"#" * 10_000_000,
        "twice.yaml": b"model:\n  lr: 0.1\n  lr: 0.2\n",
        "documents.yaml": b"model:\n  lr: 0.1\n---\nmodel:\n  lr: 0.2\n",
        "python.yaml": b"run:\n  name: !!python/object/apply:os.mkdir [exploded]\n",
        "tag.yaml": b"run:\n  name: !thing x\n",
        "modle.yaml": b"modle:\n  lr: 0.1\n",
        "lrr.yaml": b"model:\n  lrr: 0.1\n",
        "short.yaml": b"trainer:\n  max_epoch: 3\n",
        "number_for_group.yaml": b"model: 5\n",
        "class.yaml": b"model:\n  class_path: os.system\n",
        "nan.yaml": b"model:\n  lr: .nan\n",
        "true.yaml": b"model:\n  hidden_size: true\n",
        "fraction.yaml": b"model:\n  hidden_size: 2.5\n",
        "list_for_number.yaml": b"model:\n  lr: [0.1]\n",
        "command.yaml": b"fit:\n  model:\n    lr: 0.1\n",
        "callback.yaml": b"trainer:\n  callbacks:\n    - class_path: os.system\n",
        "nested.yaml": b"config: list.yaml\n",
        "empty.ckpt": b"",
        "text.ckpt": b"not a checkpoint\n" * 50,
        "cut.ckpt": good[:3000],
        "bit.ckpt": bytes(bit),
        "weights.ckpt": saved(weights),
        "zip.ckpt": b"PK\x05\x06" + bytes(18),
        "nan.ckpt": seal(saved({**stored, "state_dict": {key: value * torch.nan for key, value in weights.items()}})),
        "other.ckpt": seal(saved({**stored, "state_dict": {"fc.weight": torch.zeros(2, 2)}})),
        "adam.ckpt": (undisturbed(folder / "adam", fit_flags(2, *ADAM)) / "last.ckpt").read_bytes(),
        "file": b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "folder.ckpt").mkdir()
    (folder / "folder.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "loop.ckpt").symlink_to("loop.ckpt")


ADAM = ("--model.optimizer", "adam", "--model.momentum", "0", "--model.lr", "0.01")

# The command line, and what the message must name. What begins with a flag is a fit.
BAD_SETTINGS = """
fitt -> fitt
train -> train
fit fit -> fit
fit test -> test
fit best -> best
--version fit -> --version
--model.lr 0.1 fit -> fit
fit --verbose -> verbose
fit -x -> -x
--model.lrr 0.1 -> model.lr
--model.learning_rate 0.1 -> learning_rate
--model.hidd 5 -> hidden_size
--model.hidden_sizes 5 -> hidden_size
--trainer.max_epoch 3 -> max_epochs
--data.n_trian 50 -> n_train
--modle.lr 0.1 -> model.lr
--Model.lr 0.1 -> model.lr
--lr 0.1 -> --lr
--optimizer SGD -> optimizer
--lr_scheduler StepLR -> lr_scheduler
--model.lr -> lr
--model.lr= -> lr
--model.lr quick -> quick
--model.lr -1 -> model.lr
--model.lr nan -> nan
--model.lr inf -> inf
--model.lr 1e400 -> lr
--model.lr 1e9 -> model.lr
--model.lr 0.1,0.2 -> lr
--model.hidden_size 0 -> model.hidden_size
--model.hidden_size -3 -> model.hidden_size
--model.hidden_size 2.5 -> hidden_size
--model.hidden_size 1e3 -> hidden_size
--model.hidden_size 99999999999 -> model.hidden_size
--model.momentum 1.5 -> model.momentum
--model.weight_decay -1 -> model.weight_decay
--model.gamma 0 -> model.gamma
--model.gamma -0.1 -> model.gamma
--model.step_size 0 -> model.step_size
--model.optimizer lion -> lion
--model.optimizer torch.optim.SGD -> torch.optim.SGD
--model.optimizer adam -> momentum
--model os.system -> model
--model.class_path os.system -> class_path
--data.problem moon -> moon
--data.noise -1 -> data.noise
--data.noise nan -> nan
--data.n_train 0 -> data.n_train
--data.n_train -5 -> data.n_train
--data.n_train 0.5 -> n_train
--data.n_train 99999999999 -> data.n_train
--data.n_val 0 -> data.n_val
--data.n_test 0 -> data.n_test
--data.batch_size 0 -> data.batch_size
--data.batch_size -1 -> data.batch_size
--data.batch_size all -> batch_size
--data.seed -1 -> data.seed
--data.seed 99999999999 -> data.seed
--seed_everything -1 -> seed_everything
--seed_everything 4294967296 -> seed_everything
--seed_everything dice -> dice
--report.every -1 -> report.every
--report.every often -> often
--run.name ../up -> run.name
--run.name a/b -> run.name
--run.name= -> run.name
--run.name . -> run.name
--run.root file -> file
--run.root file/below -> file
--run.root /proc/torchtour -> /proc
--run.tensorboard maybe -> maybe
--trainer.max_epochs 0 -> max_epochs
--trainer.max_epochs -5 -> max_epochs
--trainer.max_epochs ten -> ten
--trainer.max_epochs 1.5 -> 1.5
--trainer.max_steps 0 -> max_steps
--trainer.max_steps -3 -> max_steps
--trainer.max_time soon -> soon
--trainer.min_epochs -1 -> min_epochs
--trainer.accelerator gpu -> accelerator
--trainer.accelerator cuda -> accelerator
--trainer.accelerator tpu -> accelerator
--trainer.accelerator abacus -> abacus
--trainer.devices 0 -> devices
--trainer.devices -2 -> devices
--trainer.devices many -> devices
--trainer.num_nodes 0 -> num_nodes
--trainer.num_nodes -1 -> num_nodes
--trainer.strategy telepathy -> telepathy
--trainer.strategy fsdp -> FSDP
--trainer.precision 12 -> precision
--trainer.precision 16-mixed -> 16
--trainer.limit_train_batches 0 -> limit_train_batches
--trainer.limit_train_batches 1.5 -> limit_train_batches
--trainer.limit_train_batches -1 -> limit_train_batches
--trainer.limit_train_batches nan -> limit_train_batches
--trainer.limit_train_batches 0.001 -> limit_train_batches
--trainer.limit_val_batches 0 -> limit_val_batches
--trainer.limit_val_batches 0.001 -> limit_val_batches
--trainer.overfit_batches 1 -> overfit_batches
--trainer.val_check_interval 0.5 -> val_check_interval
--trainer.check_val_every_n_epoch 0 -> check_val_every_n_epoch
--trainer.check_val_every_n_epoch 99 -> check_val_every_n_epoch
--trainer.accumulate_grad_batches 0 -> accumulate_grad_batches
--trainer.gradient_clip_val -1 -> gradient_clip_val
--trainer.gradient_clip_val nan -> gradient_clip_val
--trainer.gradient_clip_val 1 --trainer.gradient_clip_algorithm scissors -> scissors
--trainer.fast_dev_run true -> fast_dev_run
--trainer.barebones true -> barebones
--trainer.logger true -> logger
--trainer.logger os.system -> os.system
--trainer.callbacks os.system -> os.system
--trainer.plugins os.system -> os.system
--trainer.profiler stopwatch -> profiler
--trainer.deterministic perhaps -> deterministic
--trainer.log_every_n_steps -1 -> log_every_n_steps
--trainer.num_sanity_val_steps -9 -> num_sanity_val_steps
--trainer.reload_dataloaders_every_n_epochs -1 -> reload_dataloaders_every_n_epochs
--trainer.default_root_dir file -> default_root_dir
"""
BAD_CONFIGS = """
-c -> -c
-c absent.yaml -> absent.yaml
-c folder.yaml -> folder.yaml
-c loop.yaml -> loop.yaml
-c /dev/zero -> /dev/zero
-c http://127.0.0.1:9/config.yaml -> http://127.0.0.1:9/config.yaml
-c https://example.com/config.yaml -> https://example.com/config.yaml
-c s3://bucket/config.yaml -> s3://bucket/config.yaml
-c file:///etc/hostname -> file:///etc/hostname
-c github://a:b@main/c.yaml -> github://
-c memory://config.yaml -> memory://
-c best.ckpt -> best.ckpt
-c empty.ckpt -> empty.ckpt
-c text.yaml -> text.yaml
-c list.yaml -> list.yaml
-c number.yaml -> number.yaml
-c broken.yaml -> broken.yaml
-c tab.yaml -> tab.yaml
-c binary.yaml -> binary.yaml
-c latin.yaml -> latin.yaml
-c null.yaml -> null.yaml
-c laughs.yaml -> alias
-c itself.yaml -> alias
-c merge.yaml -> alias
-c deep.yaml -> deep
-c deeper.yaml -> deep
-c long.yaml -> characters
-c twice.yaml -> twice
-c documents.yaml -> documents.yaml
-c python.yaml -> python
-c tag.yaml -> thing
-c modle.yaml -> modle
-c lrr.yaml -> lr
-c short.yaml -> max_epoch
-c number_for_group.yaml -> model
-c class.yaml -> class_path
-c nan.yaml -> nan
-c true.yaml -> hidden_size
-c fraction.yaml -> hidden_size
-c list_for_number.yaml -> lr
-c command.yaml -> fit
-c callback.yaml -> os.system
-c nested.yaml -> config
"""
BAD_CHECKPOINTS = """
fit --ckpt_path empty.ckpt -> empty.ckpt
fit --ckpt_path text.ckpt -> text.ckpt
fit --ckpt_path cut.ckpt -> cut.ckpt
fit --ckpt_path bit.ckpt -> bit.ckpt
fit --ckpt_path weights.ckpt -> weights.ckpt
fit --ckpt_path zip.ckpt -> zip.ckpt
fit --ckpt_path nan.ckpt -> nan.ckpt
fit --ckpt_path other.ckpt -> other.ckpt
fit --ckpt_path folder.ckpt -> folder.ckpt
fit --ckpt_path loop.ckpt -> loop.ckpt
fit --ckpt_path absent.ckpt -> absent.ckpt
test --ckpt_path empty.ckpt -> empty.ckpt
test --ckpt_path text.ckpt -> text.ckpt
test --ckpt_path cut.ckpt -> cut.ckpt
test --ckpt_path bit.ckpt -> bit.ckpt
test --ckpt_path weights.ckpt -> weights.ckpt
test --ckpt_path zip.ckpt -> zip.ckpt
test --ckpt_path nan.ckpt -> nan.ckpt
test --ckpt_path other.ckpt -> other.ckpt
test --ckpt_path folder.ckpt -> folder.ckpt
test --ckpt_path loop.ckpt -> loop.ckpt
test --ckpt_path absent.ckpt -> absent.ckpt
fit --init_from empty.ckpt -> empty.ckpt
fit --init_from text.ckpt -> text.ckpt
fit --init_from cut.ckpt -> cut.ckpt
fit --init_from bit.ckpt -> bit.ckpt
fit --init_from weights.ckpt -> weights.ckpt
fit --init_from zip.ckpt -> zip.ckpt
fit --init_from nan.ckpt -> nan.ckpt
fit --init_from other.ckpt -> other.ckpt
fit --init_from folder.ckpt -> folder.ckpt
fit --init_from loop.ckpt -> loop.ckpt
fit --init_from absent.ckpt -> absent.ckpt
fit --ckpt_path= -> ckpt
test --ckpt_path= -> ckpt
validate --ckpt_path= -> ckpt
predict --ckpt_path= -> ckpt
fit --ckpt_path last --run.root empty_root -> empty_root
test --ckpt_path last --run.root empty_root -> empty_root
predict --ckpt_path last --run.root empty_root -> empty_root
test --ckpt_path newest -> newest
test --ckpt_path hpc -> hpc
test --ckpt_path registry -> registry
test --ckpt_path registry:model -> registry:model
fit --ckpt_path http://127.0.0.1:9/a.ckpt -> http://127.0.0.1:9/a.ckpt
test --ckpt_path https://example.com/a.ckpt -> https://example.com/a.ckpt
test --ckpt_path s3://bucket/a.ckpt -> s3://bucket/a.ckpt
test --ckpt_path file:///etc/hostname -> file:///etc/hostname
test --ckpt_path /dev/zero -> /dev/zero
test --ckpt_path last --ckpt_pathh last -> ckpt_path
test --init_from last -> init_from
fit --ckpt_path last -> max_epochs
fit --ckpt_path last --trainer.max_epochs 2 -> max_epochs
fit --ckpt_path last --trainer.max_epochs 1 -> max_epochs
fit --ckpt_path last --init_from last -> init_from
fit --init_from last --model.hidden_size 11 -> hidden_size
fit --ckpt_path last --trainer.max_epochs 3 --model.lr 0.5 -> model.lr 0.5
fit --ckpt_path last --trainer.max_epochs 3 --model.hidden_size 11 -> model.hidden_size 11
fit --ckpt_path last --trainer.max_epochs 3 --model.optimizer adam --model.momentum 0 -> model.
fit --ckpt_path last --trainer.max_epochs 3 --model.gamma 0.5 -> model.gamma 0.5
fit --ckpt_path last --trainer.max_epochs 3 --data.problem xor -> data.problem xor
fit --ckpt_path last --trainer.max_epochs 3 --data.n_train 61 -> data.n_train 61
fit --ckpt_path last --trainer.max_epochs 3 --data.batch_size 20 -> data.batch_size 20
fit --ckpt_path last --trainer.max_epochs 3 --data.seed 1 -> data.seed 1
fit --ckpt_path last --trainer.max_epochs 3 --data.noise 0.5 -> data.noise 0.5
fit --ckpt_path last --trainer.max_epochs 3 --seed_everything 1 -> seed_everything 1
fit --ckpt_path last --trainer.max_epochs 3 --trainer.precision bf16-mixed -> trainer.precision bf16-mixed
fit --ckpt_path last --trainer.max_epochs 3 --trainer.gradient_clip_val 1 -> trainer.gradient_clip_val 1
fit --ckpt_path last --trainer.max_epochs 3 --trainer.limit_train_batches 1 -> limit_train_batches 1
fit --ckpt_path adam.ckpt --trainer.max_epochs 3 --model.optimizer sgd -> model.optimizer sgd
test --ckpt_path last --model.lr 0.5 -> model.lr 0.5
test --ckpt_path last --model.hidden_size 11 -> model.hidden_size 11
test --ckpt_path last --data.problem moon -> moon
predict --ckpt_path last --data.n_predict 0 -> data.n_predict
validate --ckpt_path last --data.n_val 0 -> data.n_val
test --ckpt_path last --trainer.limit_test_batches 0 -> limit_test_batches
predict --ckpt_path last --trainer.limit_predict_batches 0 -> limit_predict_batches
validate --ckpt_path last --trainer.limit_val_batches 0 -> limit_val_batches
test --ckpt_path last --trainer.limit_test_batches 0.0001 -> limit_test_batches
"""


BAD = {
    "bad command line": BAD_SETTINGS,
    "bad config": BAD_CONFIGS,
    "bad checkpoint, or flags that contradict it": BAD_CHECKPOINTS,
}


def bad_input(folder: Path, fault: str, lines: tuple[str, ...]) -> Tries:
    """Status 2, one or two lines that name what is wrong, nothing on stdout, nothing written."""
    inputs(folder)
    before = snapshot(folder)
    for line in lines:
        words, needle = line.split(" -> ")
        arguments = words.split(" ")
        if words.startswith("-") and not words.endswith(" fit"):
            arguments = ["fit", *arguments]
        answer = call(*arguments, folder=folder)
        after = snapshot(folder)
        problem = answer.problem(2) or ("said on stdout: " + answer.out if answer.out else "")
        problem = problem or ("" if needle in answer.err else f"doesn't name {needle}: {answer.err.strip()}")
        written = [str(path.relative_to(folder)) for path in after if after[path] != before.get(path)]
        problem = problem or ("wrote " + ", ".join(written[:5]) if after != before else "")
        yield fault, named(problem, f" (torchtour {' '.join(arguments)})")
        if after != before:
            restore(folder, before)
            before = snapshot(folder)


def restore(folder: Path, before: Mapping[Path, Any]) -> None:
    for path in sorted((path for path in snapshot(folder) if path not in before), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def read_only(folder: Path) -> Tries:
    """A folder that can't be written; by a mount, since no mode stops the superuser."""
    run = undisturbed(folder / "good", fit_flags(2))
    with small_disk(folder / "disk", 1000):
        shutil.copytree(run, folder / "disk/run")
        subprocess.run(["mount", "-o", "remount,ro", folder / "disk"], check=True, timeout=LONGEST)
        for arguments in (
            fit_flags(2),
            fit_flags(2, "--run.root", "elsewhere"),
            ("fit", "--ckpt_path", "run/last.ckpt", "--trainer.max_epochs", 3),
            ("predict", "--ckpt_path", "run/last.ckpt"),
        ):
            answer = call(*arguments, folder=folder / "disk")
            problem = answer.problem(2) or ("" if "can't be written" in answer.err else answer.err)
            yield (
                "bad command line",
                named(problem, f" (in a read-only folder: torchtour {' '.join(map(str, arguments))})"),
            )


def precisions(folder: Path) -> Tries:
    """Other numbers than float32 are refused, or trained and resumed like them."""
    for precision in ("16-true", "bf16-true", "64-true", "bf16-mixed"):
        flags = fit_flags(4, "--trainer.precision", precision)
        answer = call(*flags, folder=folder / f"whole_{precision}")
        problem = answer.problem(0, 2)
        if answer.status == 0:
            part = folder / f"part_{precision}"
            call(*fit_flags(2, "--trainer.precision", precision), folder=part)
            answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, folder=part)
            problem = answer.problem(0) or difference(newest(folder / f"whole_{precision}"), newest(part))
        yield "precision other than 32 bits: refused, or trained and resumed exactly", named(problem, f" ({precision})")


def half_measures(folder: Path) -> Tries:
    """Who evaluates fewer points than there are must not say that it was all of them."""
    undisturbed(folder, fit_flags(2))
    for command, split in (("test", "test"), ("validate", "val"), ("predict", "predict")):
        limit = ("--trainer.limit_" + split + "_batches", 1, f"--data.n_{split}", 40_000)
        answer = call(command, "--ckpt_path", "last", *limit, folder=folder)
        problem = answer.problem(0, 2) or ("says 40000 points for 16384" if "40000" in answer.out else "")
        yield "command that takes a part of the points and says so", named(problem, f" ({command})")


def ends_early(folder: Path) -> Tries:
    """max_steps and max_time can end a run within an epoch: what it leaves must resume exactly, or not at all."""
    for flags in (
        ("--trainer.max_steps", 5),
        ("--trainer.max_time", "00:00:00:01"),
        ("--trainer.max_time", "00:00:00:00"),
    ):
        more = () if "max_steps" in flags[0] else ("--data.n_train", 5000, "--data.batch_size", 10)
        part = folder / "part"
        answer = call(*fit_flags(4, *more, *flags), folder=part)
        problem = answer.problem(0, 1, 2)
        if answer.status == 0:
            whole = undisturbed(folder / "whole", fit_flags(4, *more))
            if not last_epoch(part):
                problem = problem or "status 0, and says that there is a last.ckpt" * ("last.ckpt" in answer.out)
            elif last_epoch(part) < 4:
                resumed = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, folder=part)
                problem = problem or resumed.problem(0, 2)
                problem = problem or (difference(whole, newest(part)) if resumed.status == 0 else "")
            shutil.rmtree(folder / "whole")
        yield (
            "run that max_steps or max_time ends within an epoch, resumed",
            named(problem, f" ({flags[0]} {flags[1]})"),
        )
        shutil.rmtree(part, ignore_errors=True)


# Signals


def stopped(
    folder: Path, signum: signal.Signals, seed: int, times: int, twice: bool = False, epochs: int = 60
) -> Tries:
    """A signal at a random moment, from the first line of main() on."""
    rng, flags = Random(seed), fit_flags(epochs)
    began = time.monotonic()
    whole, left = undisturbed(folder / "whole", flags), times
    longest = time.monotonic() - began
    for number in range(10 * times):
        part = folder / f"part_{number}"
        command = Command(*flags, *rng.choice((EACH_EPOCH, SELDOM)), folder=part)
        if rng.random() < 0.5:
            command.wait(LONGEST, lambda part=part: writes_after(part, 0))
        if command.wait(rng.uniform(0.005, longest)):
            continue  # it has ended by then
        yield from stop(command, signum, flags, whole, f"{signum.name} at a random moment", "", twice)
        left -= 1
        if not left:
            return


def stopped_at_lines(
    folder: Path, signum: signal.Signals, start: int, step: int, lines: tuple[tuple[str, int], ...] = ()
) -> Tries:
    flags = fit_flags(4)
    whole, rng = undisturbed(folder / "whole", flags), Random(start)
    for index, line in enumerate(lines or fit_lines(folder)[start::step]):
        part = folder / f"part_{index}"
        command = Command(*flags, folder=part, first=partial(send_at, line, rng.randint(1, 4), signum))
        if command.answer().status == 0:
            continue  # a line that only a resumed fit runs
        where = f" ({line[0]}:{line[1]})"
        yield from stop(
            command, None, flags, whole, f"{signum.name} just before a line of run.py or checkpoint.py", where
        )


def stop(
    command: Command,
    signum: signal.Signals | None,
    flags: tuple[object, ...],
    whole: Path,
    fault: str,
    where: str,
    twice: bool = False,
) -> Tries:
    """Signal it, and see that it ends in time, says how to go on, leaves whole files, and goes on to the same end."""
    part, sent = command.folder, time.monotonic()
    if signum:
        command.kill(signum)
        if twice:
            command.wait(random.uniform(0, 0.05))
            command.kill(signum)
    answer = command.answer()
    took = time.monotonic() - sent
    allowed = (0,) if last_epoch(part) == epochs_of(flags) else ()
    wanted = (130,) if "SIGINT" in fault else (143,)
    problem = "" if answer.status in (*wanted, *allowed) else f"status {answer.status}: {answer.err[-300:]!r}"
    problem = problem or (f"took {took:.1f} s" if took > 3 else "")
    problem = problem or (f"said {answer.err[-300:]!r}" if answer.err else "")
    problem = problem or unsound(part) or ("" if twice else litter(part))
    if not problem and last_epoch(part) and "fit --ckpt_path" not in answer.out and answer.status != 0:
        problem = f"did not say how to go on: {answer.out[-200:]!r}"
    yield fault, named(problem, where)
    yield "runs that were signalled so, in the end", named(finish(part, flags, whole), where)


def stopped_for_real(folder: Path, signum: signal.Signals, moments: tuple[float, ...]) -> Tries:
    """The installed command in a process of its own: it spends its first seconds importing torch."""
    flags = fit_flags(60)
    whole = undisturbed(folder / "whole", flags)
    for number, moment in enumerate(moments):
        command = Real(*flags, folder=folder / f"part_{number}")
        command.wait(moment)
        where = f" (after {moment} s)"
        yield from stop(command, signum, flags, whole, f"{signum.name} to a process that starts, or trains", where)


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


# Two processes


def two_processes(folder: Path, fault: str, strike: Callable[["Real", list[int]], None], rank: int) -> Tries:
    """`strike` hits a process of a run of two; all must end, and the run must go on to the same end."""
    flags, part = (*fit_flags(60), "-c", DDP), folder / "part"
    whole = undisturbed(folder / "whole", flags)
    command = Real(*flags, folder=part)
    command.wait(LONGEST, lambda: writes_after(part, 0))
    command.wait(random.uniform(0.1, 0.6))
    pids = session(command.pid)
    workers = [pid for pid in pids if pid != command.pid]
    struck = time.monotonic()
    strike(command, workers[rank:] if rank < len(workers) else [command.pid])
    command.wait(75)
    while set(session(command.pid)) & set(pids) - {command.pid} and time.monotonic() - struck < 75:
        time.sleep(0.05)
    took, left = time.monotonic() - struck, session(command.pid)
    answer = command.answer(1)
    problem = f"{len(left)} processes left" if left else f"took {took:.0f} s" if took > 60 else ""
    problem = problem or ("status 0" if answer.status == 0 else "")
    problem = problem or ("" if len(answer.err.splitlines()) <= 6 else answer.problem(1))
    where = f" (process {rank}, status {answer.status}, {took:.1f} s)"
    yield f"two processes, {fault}", named(problem or unsound(part), where)
    yield "runs of two processes that were hit so, in the end", named(two_finish(part, flags, whole), where)


def two_finish(part: Path, flags: tuple[object, ...], whole: Path) -> str:
    run = newest(part)
    if run is None or not (run / "last.ckpt").exists():
        return "no last.ckpt"
    if last_epoch(part) < epochs_of(flags):
        answer = call("fit", "-c", DDP, "--ckpt_path", run / "last.ckpt", folder=part)
        if (answer.status, answer.err) != (0, ""):
            return "resuming: " + answer.problem()
    return difference(whole, run) or litter(run)


def session(leader: int) -> list[int]:
    """The living processes of a session, the oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(path.parent.name))
    return sorted(found)


def hit_one(signum: int) -> Callable[[Real, list[int]], None]:
    return lambda _, pids: os.kill(pids[0], signum)


def hit_all(signum: int) -> Callable[[Real, list[int]], None]:
    return lambda command, _: os.killpg(command.pid, signum)


# Divergence

WILD: dict[str, tuple[object, ...]] = {
    "weight decay that overshoots": (
        *("--model.weight_decay", 3, "--model.lr", 1, "--model.momentum", 0, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "momentum that adds up": (
        *("--model.weight_decay", 5, "--model.lr", 1, "--model.momentum", 0.9, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "within the first epoch": ("--model.weight_decay", 1000, "--model.lr", 1000, "--data.batch_size", 1),
    "points far away": (
        *("--data.noise", 1000, "--model.lr", 1000, "--model.weight_decay", 0.01, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "Adam": (*ADAM, "--model.lr", 1000, "--model.weight_decay", 1000, "--trainer.max_epochs", 60),
}


def diverges(folder: Path, names: tuple[str, ...]) -> Tries:
    for name in names:
        part = folder / name.replace(" ", "_")
        answer = call("fit", *SMALL, *WILD[name], folder=part)
        if answer.status == 0:
            # It stayed finite, and must then be as good as it says.
            yield "run that may leave the finite numbers", named(unsound(part), f" ({name})")
            continue
        problem = answer.problem(1) or ("" if "finite" in answer.err else answer.err)
        problem = problem or unsound(part) or litter(part)
        if not problem and (run := newest(part)) and (run / "last.ckpt").exists():
            problem = kept(folder / "before", run, name)
            again = call("fit", "--ckpt_path", "last", folder=part)
            problem = problem or again.problem(1) or unsound(part)
        yield "run that leaves the finite numbers", named(problem, f" ({name})")


def kept(folder: Path, wild: Path, name: str) -> str:
    """Are a diverged run's files those of runs that ended before it diverged?"""
    for file in ("best.ckpt", "last.ckpt"):
        stored = checkpoint.read(wild / file)
        call("fit", *SMALL, *WILD[name], "--trainer.max_epochs", stored["epoch"] + 1, folder=folder)
        before = newest(folder)
        assert before is not None
        rows = [(run / "metrics.csv").read_text().splitlines()[: stored["epoch"] + 2] for run in (before, wild)]
        state = checkpoint.read(before / "last.ckpt")["state_dict"]
        problem = "other rows" if rows[0] != rows[1] else unlike(state, stored["state_dict"])
        shutil.rmtree(folder)
        if problem:
            return f"{file}: {problem}"
    return ""


# The campaign


def campaign() -> list[Case]:
    """All cases but those of two processes; each ends within a minute or two."""
    sigterm, sigint = signal.SIGTERM, signal.SIGINT
    wide = fit_flags(40, "--model.hidden_size", 100_000, "--report.every", 0)
    moments = tuple(0.2 + 1.4 * n for n in range(4))
    net, resume = tuple(NO_NET), tuple(NO_RESUME)
    everyone = tuple(name for name in CONSUMERS if name != "fit anew")
    forced = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    cases: list[tuple[str, Callable[[Path], Tries]]] = [
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100, *more))) for n, more in enumerate(SETTINGS)),
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100))) for n in range(20, 22)),
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100), other=True)) for n in range(5)),
        *(("kills", partial(_kills, seed=n, flags=wide)) for n in range(5)),
        *(("kills", partial(killed_at_lines, start=n, step=6)) for n in range(6)),
        *(("kills", partial(torn_metrics, start=n, step=4)) for n in range(4)),
        ("kills", lost_rows),
        ("damage", partial(cut_short, path=None, step=1)),
        *(("damage", partial(flipped, path=None, start=n, step=6)) for n in range(6)),
        ("damage", partial(overwritten, path=None, count=6000)),
        *(("hostile", partial(bombs, consumers=(name,), environments=({}, forced))) for name in everyone),
        *(("hostile", partial(hostile, names=net[n::8], consumers=everyone)) for n in range(8)),
        *(("hostile", partial(hostile, names=resume[n::6], consumers=("fit", "fit anew", "test"))) for n in range(6)),
        ("hostile", partial(files_that_swell, consumers=("fit", "test", "load"))),
        *(("room", partial(full_from_the_start, sizes=tuple(range(4 + 4 * n, 84, 16)), inodes=())) for n in range(4)),
        ("room", partial(full_from_the_start, sizes=(), inodes=(1, 2, 3, 4, 5, 6, 7, 8))),
        *(("room", partial(filled_meanwhile, seed=n, pages=tuple(range(n, 9, 3)))) for n in range(3)),
        *(
            ("input", partial(bad_input, fault=fault, lines=tuple(lines.strip().splitlines()[n::4])))
            for fault, lines in BAD.items()
            for n in range(4)
        ),
        ("input", precisions),
        ("input", half_measures),
        ("input", ends_early),
        ("input", read_only),
        *(("signals", partial(stopped, signum=s, seed=n, times=7)) for s in (sigterm, sigint) for n in range(2)),
        *(("signals", partial(stopped, signum=s, seed=9, times=8, twice=True)) for s in (sigterm, sigint)),
        *(("signals", partial(stopped_at_lines, signum=s, start=n, step=8)) for s in (sigterm, sigint) for n in (0, 4)),
        *(("signals", partial(stopped_for_real, signum=s, moments=moments)) for s in (sigterm, sigint)),
        ("divergence", partial(diverges, names=tuple(WILD))),
    ]  # fmt: skip
    return [Case(name, run) for name, run in cases]


def struck() -> list[Case]:
    """Runs of two processes, most of whose time is waiting; the number is that of the process, 9 the first of all."""
    strikes: list[tuple[str, Callable[[Real, list[int]], None], tuple[int, ...]]] = [
        ("one stalled", hit_one(signal.SIGSTOP), (0, 1)),
        ("one killed", hit_one(signal.SIGKILL), (0, 1)),
        ("one sent SIGTERM", hit_one(signal.SIGTERM), (0, 1)),
        ("the first sent SIGTERM", hit_one(signal.SIGTERM), (9,)),
        ("the first killed", hit_one(signal.SIGKILL), (9,)),
        ("Ctrl-C to all", hit_all(signal.SIGINT), (0,)),
    ]
    return [
        Case("processes", partial(two_processes, fault=fault, strike=strike, rank=rank))
        for fault, strike, ranks in strikes
        for rank in ranks
    ]


# Settings whose state a resumed run must find again.
SETTINGS: list[tuple[object, ...]] = [
    (),
    ADAM,
    ("-c", ROOT / "configs/tutorial.yaml"),
    ("--data.seed", "null", "--seed_everything", 7),
    ("--trainer.gradient_clip_val", 0.1, "--trainer.accumulate_grad_batches", 2),
    ("--trainer.check_val_every_n_epoch", 3),
    ("--trainer.limit_train_batches", 0.7, "--model.step_size", 7, "--model.gamma", 0.9),
    ("--data.problem", "spiral", "--data.noise", 0.1, "--model.weight_decay", 0.001),
]


def _kills(folder: Path, seed: int, flags: tuple[object, ...], other: bool = False) -> Tries:
    fault = "in the midst of writing checkpoints of 4 MB" if 100_000 in flags else "at a random moment of fit"
    environment = {"TMPDIR": "/dev/shm"} if other else {}
    fault += ", TMPDIR on another file system" if other else ""
    yield from killed_at_random(folder, fault, seed, 14, flags, environment)


BEGIN, END = "<!-- faults -->\n", "<!-- end -->"
CASES: list[Case] = []  # filled before the pool forks: a case is passed to it by its number


def tried(case: Case) -> list[Try]:
    """Run a case in a folder of its own; a case that breaks is one that did not hold."""
    found: list[Try] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torchtour-faults-", ignore_cleanup_errors=True) as folder:
        try:
            found.extend(case.run(Path(folder)))
        except Skipped as reason:
            found.append((f"{case.name}: skipped, {reason}", ""))
        except Exception:
            found.append((f"{case.name}: the case itself broke", traceback.format_exc()))
    print(f"{time.monotonic() - started:5.0f} s {len(found):6} tries {case.name}: {case.run}"[:150], file=sys.stderr)
    return found


def tried_at(number: int) -> list[Try]:
    return tried(CASES[number])


@dataclass
class Row:
    tried: int = 0
    problems: list[str] = field(default_factory=list)


def table(rows: Mapping[str, Row]) -> str:
    lines = ["| fault | tried | held |", "|---|---:|---:|"]
    for fault, row in rows.items():
        lines.append(f"| {fault} | {row.tried:,} | {row.tried - len(row.problems):,} |")
    return "\n".join(lines)


def everything(only: str) -> Iterator[list[Try]]:
    cases = [case for case in campaign() if only in case.name]
    Random(1).shuffle(cases)  # so that what waits for the disk runs beside what works
    CASES[:] = [case for case in struck() if only in case.name] + cases
    # Forked here, once, before a thread is started; each goes on to fork the commands.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 4) + 1, mp_context=get_context("fork")) as pool:
        for done in as_completed([pool.submit(tried_at, number) for number in range(len(CASES))]):
            yield done.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the cases whose kind contains this word")
    parser.add_argument("--write", type=Path, help="a page, to put the table between its marks")
    options = parser.parse_args()
    # A shell's background job ignores it, and so would the processes that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rows: dict[str, Row] = {}
    for tries in everything(options.only):
        for fault, problem in tries:
            row = rows.setdefault(fault, Row())
            row.tried += 1
            if problem:
                row.problems.append(problem)
                print(f"NOT HELD {fault}: {problem}", flush=True)
    text = table(dict(sorted(rows.items())))
    print(text)
    if options.write:
        head, rest = options.write.read_text().split(BEGIN)
        options.write.write_text(f"{head}{BEGIN}\n{text}\n\n{END}{rest.split(END)[1]}")
    return int(any(row.problems for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
