"""The page for teachers: what it says of each lesson is true of the lesson and its tasks, and its commands work."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from torchtour.command.check import check
from torchtour.exercises import LESSONS, outline, start_file
from torchtour.lessons import LESSONS as COURSE
from torchtour.lessons import script

PAGE = (Path(__file__).parents[1] / "docs/teachers.md").read_text("utf-8")
ROW = re.compile(
    r"(?m)^\| \[(\d+) ([^]]+)\]\(lessons/(\w+)\) \| (\d+) \+ (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$"
)
ROWS = {row[3]: row for row in ROW.finditer(PAGE)}


def numbers(text: str) -> list[int]:
    """The tasks that a cell names: "1, 2" and "3 to 6", before a comma and a word."""
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", text):
        found += range(int(first), int(last or first) + 1)
    return found


def code(language: str) -> str:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", PAGE)[0]


def test_each_lesson_has_its_row_and_its_exercises():
    assert tuple(ROWS) == COURSE == tuple(LESSONS)
    assert [int(row[1]) for row in ROWS.values()] == list(range(1, len(COURSE) + 1))
    assert f"{ {10: 'Ten', 15: 'Fifteen', 16: 'Sixteen'}[len(COURSE)] } lessons" in PAGE


@pytest.mark.parametrize("lesson", COURSE)
def test_a_row_says_what_the_lesson_says(lesson):
    row, text = ROWS[lesson], script(lesson).read_text("utf-8")
    assert text.splitlines()[2] == row[2] == LESSONS[lesson]
    assert f"**About {row[4]} minutes.**" in text
    assert int(row[5]) == sum(minutes for _, _, minutes, _ in outline(lesson).values())
    assert re.match(r"[A-Z].+\.$", row[6])  # the objective
    assert re.match(r"[A-Z`].+\.$", row[7])  # at least one misconception ...
    assert "What goes wrong" in text  # ... which the lesson treats


@pytest.mark.parametrize("lesson", COURSE)
def test_each_task_is_named_once(lesson):
    together, alone = numbers(ROWS[lesson][8]), numbers(ROWS[lesson][9])
    assert together + alone == list(outline(lesson))
    kinds = {outline(lesson)[number][1] for number in together}
    assert "predict" in kinds, "everybody writes a prediction first"


def test_the_totals_are_sums():
    reading, doing = (sum(int(row[column]) for row in ROWS.values()) for column in (4, 5))
    assert f"{reading} minutes of reading and running, and {doing} for the exercises, about twenty-two hours" in PAGE
    assert round((reading + doing) / 60) == 22


def test_the_table_of_a_class(tmp_path, monkeypatch, capsys):
    """Two learners, of whom one has solved a task."""

    def judged(source, lesson, *_):
        solved = {1} if lesson.name == "tensors" else set()
        return [{"task": n, "state": "solved" if n in solved else "open", "printed": ""} for n in lesson.outline]

    monkeypatch.setattr("torchtour.command.check.check_source", judged)
    for learner, lesson in {"ada": "tensors", "emmy": "data"}.items():
        (tmp_path / "class" / learner).mkdir(parents=True)
        (tmp_path / "class" / learner / f"{lesson}.py").write_text(start_file(lesson), "utf-8")
        assert check(["--json", str(tmp_path / "class" / learner)]) == 1
        (tmp_path / "class" / f"{learner}.json").write_text(capsys.readouterr().out, "utf-8")
    monkeypatch.chdir(tmp_path)
    exec(code("python"), {})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["ada", "1", "of", "6"],
        ["emmy", "0", "of", "6"],
    ]


@pytest.mark.slow
def test_the_commands_that_grade_a_class(tmp_path):
    (tmp_path / "class/ada").mkdir(parents=True)
    solved = start_file("tensors").replace("shape_of_difference = ...", "shape_of_difference = [4, 4]")
    (tmp_path / "class/ada/tensors.py").write_text(solved, "utf-8")
    command = f'torchtour() {{ {shlex.quote(sys.executable)} -m torchtour "$@"; }}\n{code("bash")}'
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert done.stderr == b""
    report = json.loads((tmp_path / "class/ada.json").read_text("utf-8"))
    assert (report["solved"], report["of"]) == (1, 6)
