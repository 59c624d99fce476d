"""Exercises for the lessons: start files, checkers, answers and solutions.

`tasks("autograd")` lists a lesson's tasks, for example for the site. `check.check_source` checks a learner's file in a
process of its own. A course of your own is a folder with the same four folders: see docs/teachers.md.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torchtour.exercises.cells import ANSWER, TITLE, TaskText, code_of, texts_of
from torchtour.settings import UserError

if TYPE_CHECKING:
    from torchtour.exercises.judge import Check

LESSONS = {
    "tensors": "Tensors and their shapes",
    "autograd": "Gradients with autograd",
    "networks": "Building a neural network",
    "training": "The training loop",
    "checkpoints": "Saving, loading and resuming",
    "advanced": "Losses, optimizers and schedules",
    "data": "Datasets, batches and splits",
    "generalisation": "Overfitting and deeper nets",
    "further": "Tuning, speed and debugging",
    "tables": "Training on your own table",
    "pictures": "Pictures: convolution and transfer",
    "text": "Text: attention and a small GPT",
    "probabilities": "Can you believe its probabilities?",
    "shipping": "Ship it: export, quantise, serve",
    "hood": "Under the hood: modules, autograd, compile",
}
FOLDER = Path(__file__).parent


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


class Answer(NamedTuple):
    """An answer that is known to be right (no key), or wrong in the way that `key` names."""

    task: int
    key: str | None
    code: str


@dataclass(frozen=True)
class Lesson:
    """The exercises of one lesson, in the folders start, solutions, checkers and answers of a course."""

    name: str
    folder: Path = FOLDER

    def read(self, kind: str) -> str:
        """One of the lesson's files.

        Raises:
            UserError: it is not there.
        """
        path = self.folder / kind / f"{self.name}.py"
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}") from None

    @cached_property
    def title(self) -> str:
        heading = TITLE.search(self.read("start"))
        return LESSONS.get(self.name) or (heading[1] if heading else self.name)

    @cached_property
    def outline(self) -> dict[int, TaskText]:
        """Title, kind, minutes and text of each task by its number, without importing torch."""
        return texts_of(self.read("start"))

    @cached_property
    def starts(self) -> dict[int, str]:
        return code_of(self.read("start"))

    @cached_property
    def solutions(self) -> dict[int, str]:
        return code_of(self.read("solutions"))

    @cached_property
    def checks(self) -> "dict[int, Check]":
        path = self.folder / "checkers" / f"{self.name}.py"
        spec = spec_from_file_location(f"torchtour.exercises.checkers.{self.name}", path)
        if spec is None or spec.loader is None or not path.is_file():
            raise UserError(f"cannot read {path}: No such file")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        checks: dict[int, Check] = module.CHECKS
        return checks

    @cached_property
    def answers(self) -> list[Answer]:
        """Known answers, right and wrong; a course may have none."""
        if not (self.folder / "answers" / f"{self.name}.py").is_file():
            return []
        source = self.read("answers")
        headers = [*ANSWER.finditer(source)]
        ends = [*(header.start() for header in headers[1:]), len(source)]
        return [
            Answer(int(header[1]), header[3], source[header.end() : end])
            for header, end in zip(headers, ends, strict=True)
        ]


@cache
def lesson_named(name: str, folder: Path = FOLDER) -> Lesson:
    """A lesson's exercises; the same object each time, so that its files are read once."""
    return Lesson(name, folder)


def lesson_names(folder: Path = FOLDER) -> list[str]:
    """The lessons of a course: ours in their order, others in that of their names.

    Raises:
        UserError: the folder holds no course.
    """
    if folder == FOLDER:
        return list(LESSONS)
    found = sorted(path.stem for path in (folder / "start").glob("*.py"))
    if not found:
        raise UserError(f"{folder} is not a course: it has no start/*.py")
    return found


def start_file(lesson: str) -> str:
    """The start file of a lesson."""
    return lesson_named(lesson).read("start")


def solution_file(lesson: str) -> str:
    """The solved file of a lesson, without the texts of the tasks."""
    return lesson_named(lesson).read("solutions")


def outline(lesson: str) -> dict[int, TaskText]:
    """Title, kind, minutes and text of each task by its number, without importing torch."""
    return lesson_named(lesson).outline


def tasks(lesson: str, folder: Path = FOLDER) -> list[Task]:
    """The tasks of a lesson in order."""
    found = lesson_named(lesson, folder)
    return [
        Task(number, *text, found.starts[number].strip(), found.checks[number].hint, found.solutions[number].strip())
        for number, text in found.outline.items()
    ]
