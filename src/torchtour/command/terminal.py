"""Bold print and colour, on a terminal that shows them; a pipe or a file gets the plain text."""

import os
import sys
from typing import TextIO

BOLD, RED = "1", "31"


def styled(text: str, style: str, stream: TextIO) -> str:
    """Text in a style, if the stream is a terminal that shows it and NO_COLOR is not set."""
    return f"\033[{style}m{text}\033[0m" if style and _shows_styles(stream) else text


def complain(message: str) -> None:
    """Print what is wrong on stderr, in one line."""
    print(styled("torchtour:", RED, sys.stderr), message, file=sys.stderr)


def _shows_styles(stream: TextIO) -> bool:
    # Windows sets no TERM: of its terminals the new one is known to show styles, and sets WT_SESSION.
    able = os.environ.get("TERM", "dumb") != "dumb" or "WT_SESSION" in os.environ
    return able and not os.environ.get("NO_COLOR") and stream.isatty()
