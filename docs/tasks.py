"""The exercises at the end of each lesson's page: tasks, hints and solutions, taken from the tested files.

As a Sphinx extension it adds them to the pages that sphinx-gallery writes, before the links to the downloads.
"""

from pathlib import PurePosixPath

from sphinx.application import Sphinx

from torchtour.exercises import LESSONS, Task, tasks

DOWNLOADS = "\n.. _sphx_glr_download_"


def section(lesson: str) -> str:
    """The section "Exercises" of a lesson's page, as reST."""
    listed = tasks(lesson)
    minutes = sum(task.minutes for task in listed)
    opening = (
        f"{len(listed)} tasks, about {minutes} minutes in all. ``torchtour exercises mine`` writes the files to start "
        f"from into the folder ``mine``; ``torchtour check mine/{lesson}.py`` says which tasks are solved, and what is "
        "wrong with the others.\n"
    )
    return "\n".join([heading("Exercises", "-"), opening, *map(as_rest, listed)])


def as_rest(task: Task) -> str:
    """One task: its text and start code, with hint and solution folded."""
    minutes = f"{task.minutes} minute{'s' if task.minutes > 1 else ''}"
    return "\n".join(
        [
            heading(f"{task.number}. {task.title}", "~"),
            f"*{task.kind.capitalize()}, {minutes}.* {task.text}\n",
            code(task.start),
            folded("Hint", task.hint + "\n"),
            folded("Solution", code(task.solution)),
        ]
    )


def heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def code(text: str) -> str:
    return ".. code-block:: python\n\n" + "".join(f"   {line}".rstrip() + "\n" for line in text.splitlines())


def folded(summary: str, content: str) -> str:
    """Content that opens on a click."""
    opening = f'<details class="{summary.lower()}"><summary>{summary}</summary>'
    return f".. raw:: html\n\n   {opening}\n\n{content}\n.. raw:: html\n\n   </details>\n"


def add(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the section into the page of a lesson."""
    page = PurePosixPath(docname)
    if page.parent.name == "lessons" and page.name in LESSONS:
        before, link, after = source[0].partition(DOWNLOADS)
        source[0] = f"{before}\n\n{section(page.name)}\n{link}{after}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add)
    return {"parallel_read_safe": True}
