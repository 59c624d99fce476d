"""The lessons: scripts, to run or open as notebooks; `torchtour lesson` lists them."""

import ast
import re
import sys
from pathlib import Path

LESSONS = (  # in the order of the course
    *("tensors", "autograd", "networks", "training", "checkpoints", "advanced"),
    *("data", "generalisation", "further", "tables"),
    *("pictures", "text", "probabilities", "shipping", "hood"),
)
REFERENCE = "quick_reference"


def headline(text: str) -> None:
    """Print a headline with the number of the line that calls this.

    In a notebook there are no line numbers.
    """
    caller = sys._getframe(1)
    number = "" if "get_ipython" in caller.f_globals else f"[Line {caller.f_lineno}] "
    print(f"\n{number}{text}:")


def listing() -> str:
    """A line for each lesson: its number, name, title and minutes."""
    lines = []
    for number, name in enumerate(LESSONS, 1):
        opening = _opening(name)
        (minutes,) = re.findall(r"\*\*About (\d+) minutes\.\*\*", opening)
        title = opening.splitlines()[0]
        lines.append(f"{number:2}  {name:15} {title}, {minutes} minutes")
    lines.append(f"    {REFERENCE:15} {_opening(REFERENCE).splitlines()[0]}")
    return "\n".join(lines)


def script(word: str) -> Path:
    """The script of a lesson, given by its number or its name.

    Raises:
        KeyError: There is no such lesson.
    """
    numbers = {str(number): name for number, name in enumerate(LESSONS, 1)}
    name = numbers.get(word, word)
    if name not in (*LESSONS, REFERENCE):
        raise KeyError(word)
    return Path(__file__).with_name(f"{name}.py")


def _opening(name: str) -> str:
    return ast.get_docstring(ast.parse(script(name).read_text("utf-8"))) or ""
