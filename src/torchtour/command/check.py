"""`torchtour check FILE`: say of each task in an exercise file whether it is solved, open, or what is wrong."""

import json
import math
import sys
import textwrap
from argparse import Namespace
from pathlib import Path
from typing import Any

from torchtour.command.terminal import Options
from torchtour.exercises import LESSONS, outline
from torchtour.exercises.cells import LESSON
from torchtour.exercises.check import check_source
from torchtour.settings import UserError

WIDTH = 88


def check(args: list[str]) -> int:
    """Check exercise files; 0 if all their tasks are solved, 1 if not, 2 if a file could not be checked, 130 on Ctrl-C.

    Raises:
        UserError: a wrong argument, or the only file cannot be checked.
    """
    options = Options("torchtour check", description="Check exercise files, each in a process of its own.")
    options.add_argument("files", metavar="FILE", nargs="+", type=Path, help="exercise files, or folders of them")
    options.add_argument("--hint", action="store_true", help="say more about each task that is not solved")
    options.add_argument("--json", action="store_true", help="for programs: everything, both hints, as JSON")
    options.add_argument("--limit", metavar="SECONDS", type=seconds, default=20.0, help="for each task; default 20")
    chosen = options.parse_args(args)
    try:
        return check_all([path for given in chosen.files for path in files_in(given)], chosen)
    except KeyboardInterrupt:
        return 130


def check_all(paths: list[Path], chosen: Namespace) -> int:
    """Check and print; a file that cannot be checked does not stop the others."""
    reports = []
    for path in paths:
        try:
            reports.append(report_on(path, chosen.limit))
        except UserError as error:
            if len(paths) == 1 and not chosen.json:
                raise
            print(error, file=sys.stderr)
            reports.append({"file": str(path), "lesson": None, "error": str(error), "solved": 0, "tasks": []})
        if not chosen.json and "error" not in reports[-1]:
            show(reports[-1], chosen.hint)
    solved, total = (sum(counts) for counts in zip(*map(count, reports), strict=True))
    if chosen.json:
        print(json.dumps({"solved": solved, "of": total, "files": reports}, indent=2))
    else:
        print(f"{solved} of {total} solved")
    if any("error" in report for report in reports):
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


def files_in(path: Path) -> list[Path]:
    """The file itself; of a folder the exercise files in it, in the order of the lessons."""
    if not path.is_dir():
        return [path]
    found = [path / f"{lesson}.py" for lesson in LESSONS if (path / f"{lesson}.py").is_file()]
    if not found:
        raise UserError(f"{path} holds no exercise file: `torchtour exercises {path}` writes them")
    return found


def report_on(path: Path, limit: float) -> dict[str, Any]:
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
    lesson = lesson_of(path, source)
    results = check_source(source, lesson, str(path), limit)
    if not path.exists():
        path.write_text(source, encoding="utf-8")
        print(f"Your code deleted {path}. It has been written again.", file=sys.stderr)
    titles = {0: "Before the first task", **{number: texts[0] for number, texts in outline(lesson).items()}}
    tasks = [{"title": titles[result["task"]], **result} for result in results]
    return {
        "file": str(path),
        "lesson": lesson,
        "solved": sum(task["state"] == "solved" for task in tasks),
        "tasks": tasks,
    }


def lesson_of(path: Path, source: str) -> str:
    """The lesson that a file belongs to: its line `# torchtour exercises: ...`, else its name."""
    line = LESSON.search(source)
    lesson = line[1] if line else path.stem
    if lesson not in LESSONS:
        raise UserError(f"{path} is no exercise file: `torchtour exercises DIR` writes the files to start from")
    return lesson


def count(report: dict[str, Any]) -> tuple[int, int]:
    """Solved tasks and all tasks of a file; one that could not be checked has none."""
    return report["solved"], sum(task["task"] > 0 for task in report["tasks"])


def show(report: dict[str, Any], hint: bool) -> None:
    """Print a file's report for people."""
    print(f"{report['file']}: {LESSONS[report['lesson']]}\n")
    for task in report["tasks"]:
        number = f"{task['task']}. " if task["task"] else ""
        print(f"{number}{task['title']}: {'not yet' if task['state'] == 'wrong' else task['state']}")
        shown = task["message"].splitlines() + ([task["more"]] if hint and task["more"] else [])
        for text in shown:
            print(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "))
        for line in task["printed"].splitlines():
            print(f"   | {line}")
    print()
