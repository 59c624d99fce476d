"""The process that runs a learner's code: a job as JSON on stdin, lines of JSON on stdout about each task.

With --serve it stays: it imports torch once, and forks for each line of stdin, which is a job.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from torchtour.exercises import Lesson
from torchtour.exercises.cells import code_of
from torchtour.exercises.light import leave_out_compiler


def main() -> None:
    """Check one job, or serve."""
    end_with_parent(os.getppid())
    lines = private_stdout()
    if "--serve" in sys.argv:
        serve(lines)
    else:
        work(json.load(sys.stdin), lines)


def serve(lines: IO[str]) -> None:
    """Fork for each job; after it a line says that its process has ended."""
    import torchtour.exercises.judge  # noqa: F401

    leave_out_compiler()
    for line in sys.stdin:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            pid = os.fork()
            if pid == 0:
                try:
                    os.setpgid(0, 0)
                    end_with_parent(os.getppid())
                    os.chdir(folder)
                    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                    work(json.loads(line), lines)
                finally:
                    lines.flush()
                    os._exit(0)
            say(lines, pid=pid)
            os.waitpid(pid, 0)
        say(lines, exit=True)


def work(job: dict[str, Any], lines: IO[str]) -> None:
    """Check the tasks of the job; those that are done are only run, and those to skip not even that."""
    import torch

    from torchtour.exercises.judge import Result, failed, judge, run

    torch.set_num_threads(1)
    leave_out_compiler()
    lesson = Lesson(job["lesson"], Path(job["course"]))
    codes = code_of(job["source"])
    module = sys.modules["exercise"] = ModuleType("exercise")  # so that pickle finds the learner's classes
    file = job["file"]
    for number in [0, *lesson.checks]:
        if number in job["skip"]:
            continue
        say(lines, begin=number)
        code = codes.get(number, "")
        try:
            if number == 0 or number in job["done"]:  # a later task may need what it defines
                result = run(0, code, vars(module), file)
            else:
                result = judge(lesson, number, code, lesson.starts[number], vars(module), file)
        except BaseException as error:  # whatever the learner's code left behind, such as a broken print
            result = failed(number, error, file)
        if number == 0 or number not in job["done"]:
            say(lines, **(result or Result(0, "solved")).as_dict())
    say(lines, end=True)


def end_with_parent(parent: int) -> None:
    """End this process when its parent is gone: nothing else would stop an endless loop."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def private_stdout() -> IO[str]:
    """A way to the parent that nothing the learner prints can reach."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return lines


def say(lines: IO[str], **message: Any) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


if __name__ == "__main__":
    main()
