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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torchtour.exercises import outline
from torchtour.settings import UserError

STARTUP = 120.0  # seconds for importing torch on a slow machine


def check_source(source: str, lesson: str, file: str, limit: float = 20.0) -> list[dict[str, Any]]:
    """What is to be said of each task, in order, as the fields of `judge.Result`; task 0 if the lines before fail.

    A task that runs longer than `limit` seconds, or ends the process, is left out of a second run.

    Raises:
        UserError: the process does not start.
    """
    results: dict[int, dict[str, Any]] = {}
    numbers = list(outline(lesson))
    while any(number not in results for number in numbers):
        broke = [number for number, result in results.items() if result["key"] in ("slow", "dead")]
        job = {"source": source, "lesson": lesson, "file": file, "skip": broke, "done": list(results)}
        with running(job) as lines:
            current, reason = listen(lines, results, limit)
        if reason and current is None:
            raise UserError("the check could not start: does `python -c 'import torch'` work?")
        if current is not None:
            results[current] = broken(current, reason, limit)
    if results.get(0, {}).get("state") == "solved":
        del results[0]
    return [results[number] for number in sorted(results)]


def listen(
    lines: "queue.Queue[str | None]", results: dict[int, dict[str, Any]], limit: float
) -> tuple[int | None, str]:
    """Note the results as they come; returns the task that did not end, and "slow" or "dead" if one did not."""
    current = None
    while True:
        try:
            line = lines.get(timeout=STARTUP if current is None else limit)
        except queue.Empty:
            return current, "slow"
        message = json.loads(line) if line else {}
        if "end" in message:
            return None, ""
        if not message:
            return current, "dead"
        if "begin" in message:
            current = message["begin"]
        else:
            results[message["task"]] = message


def broken(task: int, reason: str, limit: float) -> dict[str, Any]:
    """The result of a task that did not come back."""
    if reason == "slow":
        text = f"This did not end within {limit:g} seconds. Is there a loop without an end?"
        more = "Each turn of a `while` loop must bring its condition closer to False."
    else:
        text, more = "Your code ended the whole process.", "Take out `os._exit`, `os.kill` and the like."
    return {"task": task, "state": "wrong", "key": reason, "message": text, "more": more, "printed": ""}


@contextlib.contextmanager
def running(job: dict[str, Any]) -> Iterator["queue.Queue[str | None]"]:
    """A child at work on the job, in an empty folder; its lines arrive in the queue, and None after the last."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(
            [sys.executable, "-m", "torchtour.exercises.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            text=True,
            encoding="utf-8",
            start_new_session=os.name == "posix",
            env={**os.environ, "PYTHONPATH": absolute(os.environ.get("PYTHONPATH", ""))},
        )
        assert child.stdin is not None
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=forward, args=(child, lines), daemon=True).start()
        try:
            with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
                json.dump(job, stdin)
            yield lines
        finally:
            end(child)


def absolute(paths: str) -> str:
    """PYTHONPATH as it means the same in another folder."""
    return os.pathsep.join(str(Path(path).absolute()) for path in paths.split(os.pathsep) if path)


def forward(child: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
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
