"""Check a learner's file in a process of its own, within a time limit for each task."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torchtour.exercises import Lesson
from torchtour.settings import UserError

STARTUP_SECONDS = 120.0  # for importing torch on a slow machine
LIMIT_SECONDS = 20.0  # for one task

Lines = queue.Queue[str | None]
Running = Callable[[dict[str, Any]], contextlib.AbstractContextManager[Lines]]


def check_source(
    source: str, lesson: Lesson, file: str, limit: float = LIMIT_SECONDS, running: Running | None = None
) -> list[dict[str, Any]]:
    """The result of each task, in order, as the fields of `judge.Result`; task 0 if the lines before fail.

    A task that runs longer than `limit` seconds, or ends the process, is left out of a second run.

    Raises:
        UserError: the process does not start.
    """
    results: dict[int, dict[str, Any]] = {}
    numbers = list(lesson.outline)
    while any(number not in results for number in numbers):
        broke = [number for number, result in results.items() if result["key"] in ("slow", "dead")]
        job = {"source": source, "lesson": lesson.name, "course": str(lesson.folder.absolute()), "file": file}
        with (running or one_process)({**job, "skip": broke, "done": list(results)}) as lines:
            current, reason = listen(lines, results, limit)
        if reason and current is None:
            raise UserError("the check could not start: does `python -c 'import torch'` work?")
        if current is not None:
            results[current] = broken(current, reason, limit)
    if results.get(0, {}).get("state") == "solved":
        del results[0]
    return [results[number] for number in sorted(results)]


def listen(lines: Lines, results: dict[int, dict[str, Any]], limit: float) -> tuple[int | None, str]:
    """Note the results as they come; returns the task that did not end, and "slow" or "dead" if one did not."""
    current = None
    while True:
        try:
            line = lines.get(timeout=STARTUP_SECONDS if current is None else limit)
        except queue.Empty:
            return current, "slow"
        message = json.loads(line) if line else {"exit": True}
        if "end" in message:
            return None, ""
        if "exit" in message:
            lines.put(line)  # the server waits for it as well
            return current, "dead"
        if "begin" in message:
            current = message["begin"]
        else:
            results[message["task"]] = message


def broken(task: int, reason: str, limit: float) -> dict[str, Any]:
    """The result of a task that did not come back."""
    if reason == "slow":
        seconds = "1 second" if limit == 1 else f"{limit:g} seconds"
        text = f"This did not end within {seconds}. Is there a loop without an end?"
        more = "Each turn of a `while` loop must bring its condition closer to False."
    else:
        text, more = "Your code ended the whole process.", "Take out `os._exit`, `os.kill` and the like."
    return {"task": task, "state": "wrong", "key": reason, "message": text, "more": more, "printed": "", "seen": ""}


@contextlib.contextmanager
def one_process(job: dict[str, Any]) -> Iterator[Lines]:
    """A child at work on the job, in an empty folder; its lines arrive in the queue, and None after the last."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        child = start_child(folder)
        lines = listening(child)
        try:
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
                json.dump(job, stdin)
            yield lines
        finally:
            end(child)


class Server:
    """A child that has imported torch and forks for each job, so that a check takes less than a second."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.child = start_child(self.folder.name, "--serve")
        self.lines = listening(self.child)

    @contextlib.contextmanager
    def running(self, job: dict[str, Any]) -> Iterator[Lines]:
        """Like `one_process`, in a fork of the child."""
        assert self.child.stdin is not None
        try:
            self.child.stdin.write(json.dumps(job) + "\n")
            self.child.stdin.flush()
            line = self.lines.get(timeout=STARTUP_SECONDS)
        except (OSError, queue.Empty):
            line = None
        if line is None:
            raise UserError("the check could not start: does `python -c 'import torch'` work?")
        try:
            yield self.lines
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(json.loads(line)["pid"], signal.SIGKILL)
            self.wait_for_exit()

    def wait_for_exit(self) -> None:
        line: str | None = ""
        while line is not None and not (line and "exit" in json.loads(line)):
            line = self.lines.get(timeout=STARTUP_SECONDS)

    def close(self) -> None:
        end(self.child)
        assert self.child.stdin is not None
        with contextlib.suppress(OSError):
            self.child.stdin.close()
        self.folder.cleanup()


def start_child(folder: str, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "torchtour.exercises.child", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
        encoding="utf-8",
        start_new_session=os.name == "posix",
        env={**os.environ, "PYTHONPATH": absolute(os.environ.get("PYTHONPATH", ""))},
    )


def absolute(paths: str) -> str:
    """PYTHONPATH as it means the same in another folder."""
    return os.pathsep.join(str(Path(path).absolute()) for path in paths.split(os.pathsep) if path)


def listening(child: "subprocess.Popen[str]") -> Lines:
    """A queue in which the child's lines arrive."""
    lines: Lines = queue.Queue()
    threading.Thread(target=forward, args=(child, lines), daemon=True).start()
    return lines


def forward(child: "subprocess.Popen[str]", lines: Lines) -> None:
    """Hand on what the child says."""
    assert child.stdout is not None
    with contextlib.suppress(ValueError, OSError), child.stdout as stdout:
        for line in stdout:
            lines.put(line)
    lines.put(None)


def end(child: "subprocess.Popen[str]") -> None:
    """End the child, and whatever the learner's code started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
