"""What the command prints: lines, commands to copy, errors; in colour where a terminal shows it. Imports no torch."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from torchtour.settings import UserError

BOLD, RED = "1", "31"


def print_rank_zero(line: str, style: str = "") -> None:
    """Print a line once, from the first of several processes."""
    from lightning.pytorch.utilities import rank_zero_only

    rank_zero_only(print)(styled(line, style, sys.stdout), flush=True)


def print_error(message: str) -> None:
    """Print what is wrong on stderr, in one line; if that is impossible, the exit status alone says it."""
    try:
        print(styled("torchtour:", RED, sys.stderr), message, file=sys.stderr, flush=True)
    except OSError:
        redirect_to_devnull(2)


def print_failed(error: OSError) -> int:
    """Say that stdout cannot be written, unless its reader has closed the pipe; returns the exit status."""
    if not isinstance(error, BrokenPipeError):
        print_error(f"cannot write the output: {error.strerror}")
    redirect_to_devnull(1)
    return 1


def redirect_to_devnull(number: int) -> None:
    """Redirect a standard stream, so that Python doesn't flush it again at exit and change the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def styled(text: str, style: str, stream: TextIO) -> str:
    """Text in a style, if the stream is a terminal that shows it and NO_COLOR is not set."""
    return f"\033[{style}m{text}\033[0m" if style and _shows_styles(stream) else text


def shell_command(*words: object) -> str:
    """A torchtour command for the reader to copy, indented, quoted for the shell."""
    return "  " + " ".join([program(), *(shlex.quote(_as_text(word)) for word in words)])


def program() -> str:
    """How the command was called."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m torchtour"
    on_path = shutil.which(called.name)
    return called.name if on_path and Path(on_path).samefile(called) else shlex.quote(os.path.relpath(called))


def exit_on_signal(signum: int, _: FrameType | None) -> None:
    """Handle SIGINT, SIGTERM and SIGUSR1: leave through every `finally`, with the shell's status for the signal."""
    raise SystemExit(128 + signum)


@contextlib.contextmanager
def signals_ignored() -> Iterator[None]:
    """Ignore a second Ctrl-C or SIGTERM while the last lines are printed."""
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class Options(ArgumentParser):
    """An ArgumentParser that raises UserError instead of printing its usage and ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message} (see {self.prog} --help)")


def _as_text(word: object) -> str:
    """A word as a flag's value. Flags are read as YAML, where a path that begins with # would be a comment."""
    is_plain = not isinstance(word, Path) or word.is_absolute() or re.match(r"[A-Za-z0-9_.]", str(word))
    return str(word) if is_plain else f"./{word}"


def _shows_styles(stream: TextIO) -> bool:
    # Windows sets no TERM: of its terminals the new one shows styles, and sets WT_SESSION.
    is_able = os.environ.get("TERM", "dumb") != "dumb" or "WT_SESSION" in os.environ
    return is_able and not os.environ.get("NO_COLOR") and stream.isatty()
