"""Exercises for the lessons: start files, checkers, hints and solutions.

`tasks("autograd")` lists a lesson's tasks for whoever shows them, such as the site. `check.check_source` checks a
learner's file in a process of its own.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files

from torchtour.exercises.cells import code_of, texts_of

LESSONS = {
    "tensors": "Tensors",
    "autograd": "Autograd",
    "networks": "Neural networks",
    "training": "Training",
    "checkpoints": "Saving and loading",
    "advanced": "Advanced features",
    "data": "Data",
    "generalisation": "Generalisation",
    "further": "Further",
    "tables": "Your own table",
}


@dataclass(frozen=True)
class Task:
    """One task, as a learner or the site shows it; texts are reST that reads as Markdown too."""

    number: int
    title: str
    kind: str  # predict, fill in, or break and fix
    minutes: int
    text: str
    start: str  # code
    hint: str
    solution: str  # code


def start_file(lesson: str) -> str:
    """The start file of a lesson."""
    return (files(__package__) / "start" / f"{lesson}.py").read_text(encoding="utf-8")


def solution_file(lesson: str) -> str:
    """The solved file of a lesson, without the texts of the tasks."""
    return (files(__package__) / "solutions" / f"{lesson}.py").read_text(encoding="utf-8")


@cache
def outline(lesson: str) -> dict[int, tuple[str, str, int, str]]:
    """Title, kind, minutes and text of each task by its number, without importing torch."""
    return texts_of(start_file(lesson))


def tasks(lesson: str) -> list[Task]:
    """The tasks of a lesson in order."""
    checks = import_module(f"torchtour.exercises.checkers.{lesson}").CHECKS
    starts, solutions = code_of(start_file(lesson)), code_of(solution_file(lesson))
    return [
        Task(number, title, kind, minutes, text, starts[number].strip(), checks[number].hint, solutions[number].strip())
        for number, (title, kind, minutes, text) in outline(lesson).items()
    ]
