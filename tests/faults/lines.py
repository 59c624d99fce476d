"""Signal a command when it comes to a chosen line of the product."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from faults.command import Command
from faults.product import WATCHED
from faults.runs import fit_flags


def fit_lines(folder: Path) -> list[tuple[str, int]]:
    """Each line of run.py, files.py and sealed.py that a fit and its resumption run, in order of their first time."""
    path = folder / "lines"
    for flags in (fit_flags(2), ("fit", "--ckpt_path", "last", "--trainer.max_epochs", "3")):
        Command(*flags, folder=folder / "lines.fit", first=partial(trace, partial(note, path))).answer()
    lines = [line.split(":") for line in path.read_text().splitlines()]
    return list(dict.fromkeys((name, int(number)) for name, number in lines))


def line_with(text: str) -> tuple[str, int]:
    """The first line of run.py, files.py or sealed.py that has this text."""
    for path, name in WATCHED.items():
        for number, line in enumerate(Path(path).read_text().splitlines(), 1):
            if text in line:
                return name, number
    raise LookupError(text)


def note(path: Path, line: tuple[str, int]) -> None:
    with open(path, "a") as file:
        file.write(f"{line[0]}:{line[1]}\n")


def trace(see: Callable[[tuple[str, int]], None]) -> None:
    """Call see(line) just before each line of run.py, files.py and sealed.py."""

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
