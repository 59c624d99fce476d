"""`torchtour check FILE`: say of each task in an exercise file whether it is solved, open, or what is wrong."""

import json
import math
import sys
import textwrap
from argparse import Namespace
from pathlib import Path
from typing import Any

from torchtour.command.terminal import Options
from torchtour.exercises import FOLDER, Lesson, lesson_named, lesson_names
from torchtour.exercises.cells import LESSON, code_of, first_line_of
from torchtour.exercises.check import LIMIT_SECONDS, Running, check_source
from torchtour.exercises.ours import ours_beside_yours
from torchtour.exercises.progress import Progress
from torchtour.settings import UserError

WIDTH = 88
STATES = {"solved": "solved", "open": "open", "wrong": "not yet", "unchecked": "not checked"}


def check(args: list[str]) -> int:
    """Check exercise files.

    Returns 0 if all their tasks are solved, 1 if not, 2 if a file or a task could not be checked, 130 on Ctrl-C.

    Raises:
        UserError: a wrong argument, or the only file cannot be checked.
    """
    options = Options("torchtour check", description="Check exercise files, each in a process of its own.")
    options.add_argument("files", metavar="FILE", nargs="+", type=Path, help="exercise files, or folders of them")
    options.add_argument("--hint", action="store_true", help="say more about each task that is not solved")
    options.add_argument("--ours", action="store_true", help="show our solution beside yours for each solved task")
    options.add_argument("--watch", action="store_true", help="check a file again whenever it is saved")
    options.add_argument("--json", action="store_true", help="for programs: everything, both hints, as JSON")
    options.add_argument(
        "--limit", metavar="SECONDS", type=seconds, default=LIMIT_SECONDS, help="time limit for each task; default 20"
    )
    options.add_argument(
        "--course", metavar="DIR", type=Path, default=FOLDER, help="a folder with tasks and checkers of your own"
    )
    chosen = options.parse_args(args)
    try:
        paths = [path for given in chosen.files for path in files_in(given, chosen.course)]
        if chosen.watch:
            from torchtour.command.watch import watch

            return watch(paths, chosen.course, chosen.limit)
        return check_all(paths, chosen)
    except KeyboardInterrupt:
        return 130


def check_all(paths: list[Path], chosen: Namespace) -> int:
    """Check and print; a file that cannot be checked does not stop the others."""
    reports = []
    for path in paths:
        try:
            report = report_on(path, chosen.course, chosen.limit)
        except UserError as error:
            if len(paths) == 1 and not chosen.json:
                raise
            print(error, file=sys.stderr)
            report = {"file": str(path), "lesson": None, "error": str(error), "solved": 0, "tasks": []}
        reports.append(report)
        if not chosen.json and "error" not in report:
            new = note_progress(report, chosen.course)
            show(report, chosen.course, chosen.hint, ours=None if chosen.ours else new)
    solved, total = (sum(counts) for counts in zip(*map(count, reports), strict=True))
    if chosen.json:
        print(json.dumps({"solved": solved, "of": total, "files": reports}, indent=2))
    else:
        print("\n".join(closing(reports[-1], chosen.course, f"{solved} of {total} solved")))
    if any("error" in report or has_unchecked(report) for report in reports):
        return 2
    return 0 if solved == total else 1


def check_itself() -> None:
    """Check the exercise file that Python runs as a script, and end the process; in a notebook do nothing."""
    path = Path(sys.argv[0])
    if path.suffix != ".py" or not path.is_file() or not LESSON.search(path.read_text("utf-8", "replace")):
        return
    try:
        raise SystemExit(check([str(path), *sys.argv[1:]]))
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def seconds(text: str) -> float:
    value = float(text)
    if not (0 < value < math.inf):
        raise ValueError
    return value


def files_in(path: Path, course: Path) -> list[Path]:
    """The file itself; of a folder the exercise files in it, in the order of the lessons."""
    if not path.is_dir():
        return [path]
    found = [path / f"{lesson}.py" for lesson in lesson_names(course) if (path / f"{lesson}.py").is_file()]
    if not found:
        raise UserError(f"{path} holds no exercise file: `torchtour exercises {path}` writes them")
    return found


def report_on(path: Path, course: Path, limit: float, running: Running | None = None) -> dict[str, Any]:
    """Check one file: its lesson, how many tasks are solved, and each task.

    Raises:
        UserError: the file cannot be read, or is no exercise file.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        near = path.with_suffix(".py")
        meant = f" (did you mean {near}?)" if near != path and near.is_file() else ""
        raise UserError(f"cannot read {path}: {error.strerror or error}{meant}") from None
    except UnicodeDecodeError:
        raise UserError(f"cannot read {path}: it is not text in UTF-8") from None
    lesson = lesson_of(path, source, course)
    results = check_source(source, lesson, str(path), limit, running)
    if not path.exists():
        path.write_text(source, encoding="utf-8")
        print(f"Your code deleted {path}. It has been written again.", file=sys.stderr)
    titles = {0: "Before the first task", **{number: text.title for number, text in lesson.outline.items()}}
    tasks = [
        {"title": titles[result["task"]], "line": first_line_of(source, result["task"]), **result} for result in results
    ]
    return {
        "file": str(path),
        "lesson": lesson.name,
        "solved": sum(task["state"] == "solved" for task in tasks),
        "tasks": tasks,
    }


def lesson_of(path: Path, source: str, course: Path) -> Lesson:
    """The lesson that a file belongs to: its line `# torchtour exercises: ...`, else its name."""
    line = LESSON.search(source)
    name = line[1] if line else path.stem
    if name not in lesson_names(course):
        raise UserError(f"{path} is no exercise file: `torchtour exercises DIR` writes the files to start from")
    return lesson_named(name, course)


def count(report: dict[str, Any]) -> tuple[int, int]:
    """Solved tasks and all tasks of a file; one that could not be checked has none."""
    return report["solved"], sum(task["task"] > 0 for task in report["tasks"])


def has_unchecked(report: dict[str, Any]) -> bool:
    return any(task["state"] == "unchecked" for task in report["tasks"])


def note_progress(report: dict[str, Any], course: Path) -> list[int]:
    """Keep what is solved beside the file; returns the tasks that are newly solved."""
    path = Path(report["file"])
    progress = Progress(path.parent, course)
    return progress.note(lesson_named(report["lesson"], course), path.read_text(encoding="utf-8"), report["tasks"])


def show(report: dict[str, Any], course: Path, hint: bool, ours: list[int] | None) -> None:
    """Print a file's report for people, with our solution of the tasks in `ours`; None: of all that are solved."""
    lesson = lesson_named(report["lesson"], course)
    codes = code_of(Path(report["file"]).read_text(encoding="utf-8"))
    print(f"{report['file']}: {lesson.title}\n")
    for task in report["tasks"]:
        number = task["task"]
        heading = f"{number}. {task['title']}" if number else task["title"]
        where = "" if task["state"] == "solved" else f"  ({report['file']}:{task['line']})"
        print(f"{heading}: {STATES[task['state']]}{where}")
        print("".join(f"{line}\n" for line in explained(task, hint)), end="")
        if task["state"] == "solved" and (ours is None or number in ours):
            print(
                "".join(f"   {line}\n" for line in ours_beside_yours(codes[number], lesson.solutions[number])), end=""
            )
    print()


def explained(task: dict[str, Any], hint: bool) -> list[str]:
    """Message first, then what was seen, the hint if wanted, and what the learner's code printed."""
    lines = []
    for text in task["message"].splitlines():
        lines += wrapped(text)
    lines += [f"     {line}" for line in task["seen"].splitlines()]
    if hint and task["more"]:
        lines += wrapped(f"Hint: {task['more']}")
    return lines + [f"   | {line}" for line in task["printed"].splitlines()]


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="   ", subsequent_indent="   ")


def closing(report: dict[str, Any], course: Path, counts: str) -> list[str]:
    """The last lines: the bar of the whole course, what to do next, and the count of what was checked."""
    if "error" in report:
        return [counts]
    progress = Progress(Path(report["file"]).parent, course)
    return [progress.bar(), *progress.next_lines(), counts]
