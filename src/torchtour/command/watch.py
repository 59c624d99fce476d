"""`torchtour check --watch`: check a file whenever it is saved, with one task on the screen."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torchtour.command.check import STATES, explained, note_progress, report_on
from torchtour.exercises import lesson_named
from torchtour.exercises.cells import code_of
from torchtour.exercises.check import Running, Server
from torchtour.exercises.ours import ours_beside_yours
from torchtour.exercises.progress import Place, Progress
from torchtour.settings import UserError

POLL_SECONDS = 0.1
CLEAR = "\033[2J\033[H"
KEYS = "h hint   n next task   q quit"


def watch(paths: list[Path], course: Path, limit: float) -> int:
    """Check on each save until `q` or Ctrl-C; 0 if all tasks of the course are solved then, 1 if not."""
    server = Server() if hasattr(os, "fork") else None
    screen = Screen(paths, course, limit, server.running if server else None)
    try:
        with single_keys() as read_key:
            screen.start()
            while not screen.done:
                screen.press(read_key())
                screen.look_for_saves()
    finally:
        if server:
            server.close()
    solved, total = screen.progress.counts()
    return 0 if solved == total else 1


@dataclass
class Screen:
    """One task on the screen, and the reports of the files so far."""

    paths: list[Path]
    course: Path
    limit: float
    running: Running | None
    reports: dict[Path, dict[str, Any]] = field(default_factory=dict)
    saved: dict[Path, float] = field(default_factory=dict)
    current: tuple[Path, int] | None = None
    with_hint: bool = False
    done: bool = False

    @property
    def progress(self) -> Progress:
        return Progress(self.paths[0].parent, self.course)

    def start(self) -> None:
        """Check the file with the first open task, or else the first file."""
        self.saved = {path: modified(path) for path in self.paths}
        places = self.open_places()
        path = places[0].path if places else self.paths[0]
        print("Checking ...", flush=True)
        self.check(path)
        self.show()

    def look_for_saves(self) -> None:
        for path in self.paths:
            if modified(path) not in (self.saved.get(path), 0.0):
                self.saved[path] = modified(path)
                self.check(path)
                self.show()

    def check(self, path: Path) -> None:
        """Check a file. The task on the screen stays there, solved or not, unless another file was saved."""
        try:
            report = report_on(path, self.course, self.limit, self.running)
        except UserError as error:
            print(f"{CLEAR}{error}", flush=True)
            return
        self.reports[path] = report
        note_progress(report, self.course)
        if self.current is None or self.current[0] != path:
            self.current = path, first_open(report)

    def press(self, key: str) -> None:
        if key == "q":
            self.done = True
        elif key == "h":
            self.with_hint = not self.with_hint
            self.show()
        elif key == "n":
            self.go_to_next()
            self.show()

    def open_places(self) -> list[Place]:
        watched = [path.resolve() for path in self.paths]
        return [place for place in self.progress.open_places() if place.path.resolve() in watched]

    def go_to_next(self) -> None:
        """The open task after the one on the screen; after the last one the first."""
        places = self.open_places()
        if not places or self.current is None:
            return
        path, number = self.current
        order = [path.resolve() for path in self.paths]
        here = (order.index(path.resolve()), number)
        later = [place for place in places if (order.index(place.path.resolve()), place.number) > here]
        place = (later or places)[0]
        path = self.paths[order.index(place.path.resolve())]
        self.current, self.with_hint = (path, place.number), False
        if path not in self.reports:
            self.check(path)
            self.current = path, place.number

    def show(self) -> None:
        """The task on top with its place, then the bar and the keys."""
        if self.current is None or self.current[0] not in self.reports:
            return
        path, number = self.current
        report = self.reports[path]
        tasks = {task["task"]: task for task in report["tasks"]}
        task = tasks.get(number) or report["tasks"][0]
        lines = [f"{path}:{task['line']}", f"{number}. {task['title']}: {STATES[task['state']]}"]
        lines += explained(task, self.with_hint)
        if task["state"] == "solved":
            lesson = lesson_named(report["lesson"], self.course)
            codes = code_of(path.read_text(encoding="utf-8"))
            lines += [f"   {line}" for line in ours_beside_yours(codes[number], lesson.solutions[number])]
            lines += ["", "   Press n for the next task." if self.open_places() else "   All tasks are solved."]
        marks = {"solved": "#", "open": ".", "wrong": "!", "unchecked": "?"}
        row = "".join(marks[one["state"]] for one in report["tasks"] if one["task"])
        lines += ["", f"{self.progress.bar()}   {report['lesson']} {row}", KEYS]
        clear = CLEAR if sys.stdout.isatty() else ""
        print(clear + "\n".join(lines), flush=True)


def first_open(report: dict[str, Any]) -> int:
    """The first task that is not solved, or the last one."""
    numbers = [task["task"] for task in report["tasks"] if task["state"] != "solved"]
    return int(numbers[0]) if numbers else int(report["tasks"][-1]["task"])


def modified(path: Path) -> float:
    """When the file was saved; 0 while it is not there, as editors replace files."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@contextlib.contextmanager
def single_keys() -> Iterator[Callable[[], str]]:
    """A function that waits a moment for a key and returns it, or "" if none was pressed."""
    if not sys.stdin.isatty():
        yield lambda: read_line()
    elif os.name == "nt":
        yield read_key_on_windows
    else:
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor)
            yield read_key
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def read_key() -> str:
    import select

    ready, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
    return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore").lower() if ready else ""


def read_line() -> str:
    """Without a terminal, for example in a pipe: keys come as they are written; the end of the input is no key."""
    if os.name != "nt":
        key = read_key()
        if key:
            return key
    time.sleep(POLL_SECONDS)
    return ""


def read_key_on_windows() -> str:
    import msvcrt  # type: ignore[import-not-found,unused-ignore]

    time.sleep(POLL_SECONDS)
    return str(msvcrt.getwch()).lower() if msvcrt.kbhit() else ""  # type: ignore[attr-defined,unused-ignore]
