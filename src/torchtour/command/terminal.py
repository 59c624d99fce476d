"""Bold print and colour, on a terminal that shows them; a pipe or a file gets the plain text."""

import os
import sys
from typing import TextIO

BOLD, RED = "1", "31"


def styled(text: str, style: str, stream: TextIO) -> str:
    """Text in a style, if the stream is a terminal that shows it and NO_COLOR is not set."""
    return f"\033[{style}m{text}\033[0m" if style and _shows_styles(stream) else text


def complain(message: str) -> None:
    """Print what is wrong on stderr, in one line; where nothing can be written, the exit status alone says it."""
    try:
        print(styled("torchtour:", RED, sys.stderr), message, file=sys.stderr, flush=True)
    except OSError:
        _give_up(2)


def cannot_print(error: OSError) -> int:
    """Say that the output cannot be written, but to one who has seen enough of it; returns the exit status."""
    if not isinstance(error, BrokenPipeError):
        complain(f"cannot write the output: {error.strerror}")
    _give_up(1)
    return 1


def _give_up(number: int) -> None:
    """Let a standard stream lead nowhere, so that Python does not try again as it ends, with a status of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _shows_styles(stream: TextIO) -> bool:
    # Windows sets no TERM: of its terminals the new one is known to show styles, and sets WT_SESSION.
    able = os.environ.get("TERM", "dumb") != "dumb" or "WT_SESSION" in os.environ
    return able and not os.environ.get("NO_COLOR") and stream.isatty()
