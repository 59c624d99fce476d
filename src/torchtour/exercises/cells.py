"""An exercise file in pieces: which lines of code belong to which task."""

import ast
import itertools
import re
from typing import NamedTuple

HEADING = re.compile(r"^# Task (\d+): (.+?)\s*$", re.MULTILINE)
KIND = re.compile(r"^\*(Predict|Fill in|Break and fix), (\d+) minutes?\.\*", re.MULTILINE)
LESSON = re.compile(r"^# torchtour exercises: (\w+)\s*$", re.MULTILINE)
TITLE = re.compile(r"^# Exercises: (.+?)\s*$", re.MULTILINE)
ANSWER = re.compile(r"^# %% (\d+) (?:(right)|wrong (\w+))\s*$", re.MULTILINE)  # in a file of answers


class TaskText(NamedTuple):
    """What a start file says of a task."""

    title: str
    kind: str  # predict, fill in, or break and fix
    minutes: int
    text: str


def cells_of(source: str) -> list[tuple[int, bool, int, list[str]]]:
    """Each `# %%` cell as (task, is it text, its first line counted from 0, its lines); task 0 is before task 1."""
    cells: list[tuple[int, bool, int, list[str]]] = []
    lines = source.splitlines()
    starts = [0, *(i for i, line in enumerate(lines) if line.startswith("# %%") and i > 0), len(lines)]
    task = 0
    for start, end in itertools.pairwise(starts):
        body = lines[start:end]
        is_text = bool(body) and body[0].startswith("# %% [markdown]")
        heading = HEADING.search("\n".join(body)) if is_text else None
        task = int(heading[1]) if heading else task
        cells.append((task, is_text, start, body))
    return cells


def code_of(source: str) -> dict[int, str]:
    """The code of each task, on the lines where it stands in the file: all other lines are empty.

    In a cell of text all lines are comments; from one that is none on it is code whose `# %%` was deleted.
    """
    code: dict[int, list[str]] = {}
    height = len(source.splitlines())
    for task, is_text, start, body in cells_of(source):
        lines = code.setdefault(task, [""] * height)
        first = next((i for i, line in enumerate(body) if line.strip() and line[0] != "#"), len(body)) if is_text else 0
        lines[start + first : start + len(body)] = ["" if line.startswith("# %%") else line for line in body[first:]]
    return {task: "\n".join(lines).rstrip() + "\n" for task, lines in code.items()}


def first_line_of(source: str, number: int) -> int:
    """The line of a task's first code, counted from 1; 1 if the task is not in the file."""
    lines = code_of(source).get(number, "").splitlines()
    return next((place for place, line in enumerate(lines, start=1) if line.strip()), 1)


def with_task_of(source: str, other: str, number: int) -> str | None:
    """The source with a task's text and code from another file; None if the source has no such task."""
    mine = [(task, body) for task, _, _, body in cells_of(source)]
    place = next((i for i, (task, _) in enumerate(mine) if task == number), None)
    if place is None:
        return None
    fresh = [body for task, _, _, body in cells_of(other) if task == number]
    bodies = [body for task, body in mine[:place]] + fresh + [body for task, body in mine[place:] if task != number]
    return "\n".join(line for body in bodies for line in body) + "\n"


def texts_of(source: str) -> dict[int, TaskText]:
    """What the file says of each task, by its number."""
    texts = {}
    for task, is_text, _, body in cells_of(source):
        heading = HEADING.search("\n".join(body))
        if not is_text or heading is None:
            continue
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body[3:]).strip()
        kind = KIND.search(text)
        if kind is None:
            raise ValueError(f"task {task} does not say its kind and its minutes")
        texts[task] = TaskText(heading[2], kind[1].lower(), int(kind[2]), text[kind.end() :].strip())
    return texts


def same_code(one: str, other: str) -> bool:
    """Is it the same Python, whatever its comments, spaces and line numbers?"""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False
