"""Every fault that is tried gives its name and what went wrong."""

from collections.abc import Iterator

Try = tuple[str, str]  # the fault, and what went wrong: "" where it held
Tries = Iterator[Try]


class Skipped(Exception):  # noqa: N818 (it is no error)
    """This machine cannot make the fault."""


def named(problem: str, where: str) -> str:
    return problem and problem + where
