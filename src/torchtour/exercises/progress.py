"""What a learner has solved, kept in a file beside the exercise files, and what to do next."""

import contextlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchtour.exercises import FOLDER, Lesson, lesson_named, lesson_names
from torchtour.exercises.cells import LESSON, code_of, first_line_of

FILE = ".torchtour_progress.json"
BAR_CHARACTERS = 10


@dataclass(frozen=True)
class Place:
    """A task in a learner's file."""

    lesson: Lesson
    number: int
    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Progress:
    """The solved tasks of a folder. A task whose code has changed since its last check does not count as solved."""

    def __init__(self, folder: Path, course: Path = FOLDER) -> None:
        self.folder = folder
        self.lessons = [lesson_named(name, course) for name in lesson_names(course)]
        try:
            stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            stored = {}
        lessons = stored.items() if isinstance(stored, dict) else ()
        self.stored: dict[str, dict[str, int]] = {name: one for name, one in lessons if isinstance(one, dict)}

    def files(self) -> dict[str, Path]:
        """The exercise file of each lesson that has one: by its line `# torchtour exercises: ...`."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.py")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                line = LESSON.search(path.read_text(encoding="utf-8"))
                if line and (line[1] not in found or path.stem == line[1]):
                    found[line[1]] = path
        return found

    def note(self, lesson: Lesson, source: str, results: Iterable[dict[str, Any]]) -> list[int]:
        """Keep which tasks of a file are solved; returns those that are newly so."""
        codes = code_of(source)
        before = self.stored.get(lesson.name, {})
        solved = {str(one["task"]): checksum(codes[one["task"]]) for one in results if one["state"] == "solved"}
        self.stored[lesson.name] = solved
        with contextlib.suppress(OSError):  # a folder that can't be written to keeps no progress
            (self.folder / FILE).write_text(json.dumps(self.stored, indent=1), encoding="utf-8")
        return [int(number) for number in solved if number not in before]

    def solved(self, lesson: Lesson, path: Path | None) -> set[int]:
        """The solved tasks of a lesson, as its file stands now."""
        if path is None:
            return set()
        codes = code_of(path.read_text(encoding="utf-8"))
        stored = self.stored.get(lesson.name, {})
        return {number for number in lesson.outline if stored.get(str(number)) == checksum(codes.get(number, ""))}

    def open_places(self) -> list[Place]:
        """Where the tasks are that are not solved, in order; of lessons that have a file."""
        files = self.files()
        places = []
        for lesson in self.lessons:
            path = files.get(lesson.name)
            if path is None:
                continue
            source, done = path.read_text(encoding="utf-8"), self.solved(lesson, path)
            numbers = [number for number in lesson.outline if number not in done]
            places += [Place(lesson, number, path, first_line_of(source, number)) for number in numbers]
        return places

    def counts(self) -> tuple[int, int]:
        """How many tasks are solved, and how many there are in the course."""
        files = self.files()
        solved = sum(len(self.solved(lesson, files.get(lesson.name))) for lesson in self.lessons)
        return solved, sum(len(lesson.outline) for lesson in self.lessons)

    def bar(self) -> str:
        """`[######----] 23 of 58`."""
        solved, total = self.counts()
        full = solved * BAR_CHARACTERS // total
        return f"[{'#' * full}{'-' * (BAR_CHARACTERS - full)}] {solved} of {total}"

    def table(self) -> list[str]:
        """A line for each lesson: its tasks, `#` for a solved one and `.` for an open one."""
        files = self.files()
        width = max(len(lesson.title) for lesson in self.lessons)
        lines = []
        for lesson in self.lessons:
            path = files.get(lesson.name)
            done = self.solved(lesson, path)
            marks = "".join("#" if number in done else "." for number in lesson.outline)
            where = str(path) if path else "no file yet"
            lines.append(f"{lesson.title:{width}}  {marks:6}  {len(done)} of {len(lesson.outline)}  {where}")
        return lines

    def next_lines(self) -> list[str]:
        """What to do next."""
        places = self.open_places()
        if not places:
            return []
        place = places[0]
        text = place.lesson.outline[place.number]
        minutes = "1 minute" if text.minutes == 1 else f"{text.minutes} minutes"
        return [f"Next: {place}", f"      task {place.number}, {text.title} ({text.kind}, {minutes})"]


def checksum(code: str) -> int:
    return zlib.crc32(code.strip().encode())
