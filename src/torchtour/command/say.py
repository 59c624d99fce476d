"""What the command says of itself: lines for the reader, and commands to copy."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from torchtour.command.terminal import styled


@rank_zero_only
def say(line: str, style: str = "") -> None:
    """Print a line, by the first of several processes."""
    print(styled(line, style, sys.stdout), flush=True)


def hint(*words: object) -> str:
    """A command for the reader to copy, quoted for the shell."""
    return "  " + " ".join([program(), *(shlex.quote(_as_text(word)) for word in words)])


def _as_text(word: object) -> str:
    """A word as a flag's value. Flags are read as YAML, which takes a path that begins with # for a comment."""
    plain = not isinstance(word, Path) or word.is_absolute() or re.match(r"[A-Za-z0-9_.]", str(word))
    return str(word) if plain else f"./{word}"


def program() -> str:
    """How the reader called the command."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m torchtour"
    on_path = shutil.which(called.name)
    return called.name if on_path and Path(on_path).samefile(called) else shlex.quote(os.path.relpath(called))
