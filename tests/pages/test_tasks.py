"""The exercises on the built lessons' pages: `make docs`, then `make pages-test`."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from torchtour.exercises import LESSONS, tasks

PAGES = Path(__file__).parents[2] / "docs/_build/html/lessons"


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson_ends_with_its_tasks(lesson):
    page = PAGES / f"{lesson}.html"
    if not (page.exists() and find_spec("bs4")):
        (pytest.fail if os.environ.get("PAGES") == "required" else pytest.skip)("there is no built site: make docs")
    from bs4 import BeautifulSoup

    section = BeautifulSoup(page.read_text("utf-8"), "html.parser").find("section", id="exercises")
    shown = section.find_all("section")
    assert len(shown) == len(tasks(lesson))
    for task, part in zip(tasks(lesson), shown, strict=True):
        assert f"{task.number}. {task.title}" in part.find("h3").text
        hint, solution = part.find_all("details")
        assert (hint.summary.text, solution.summary.text) == ("Hint", "Solution")
        assert not any(folded.has_attr("open") for folded in (hint, solution))
        assert task.hint.replace("`", "") in " ".join(hint.text.split())
        assert solution.find("pre").text.strip() == task.solution
        assert part.find("pre").text.strip() == task.start
