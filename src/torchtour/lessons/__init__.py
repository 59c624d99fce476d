"""The lessons: plain scripts, to run by their path or as `torchtour lesson 4`, or to open as notebooks."""

import sys

LESSONS = (  # in the order of the course
    *("tensors", "autograd", "networks", "training", "checkpoints", "advanced"),
    *("data", "generalisation", "further"),
)


def headline(text: str) -> None:
    """Print a headline with the number of the line that calls this. In a notebook there are no line numbers."""
    caller = sys._getframe(1)
    number = "" if "get_ipython" in caller.f_globals else f"[Line {caller.f_lineno}] "
    print(f"\n{number}{text}:")
