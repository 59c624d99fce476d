"""The code on "My net doesn't learn", "Which loss?" and other pages runs, as while the site is built."""

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))
from course_map import needs, numbers_in  # noqa: E402
from running import BLOCK, Snippet, run, snippet_of, snippets_in  # noqa: E402

sys.path.remove(str(DOCS))
PAGES = [page for page in sorted(DOCS.glob("*.md")) if snippets_in(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_snippet_of_a_page_ends_as_it_says(page: Path) -> None:
    names: dict[str, object] = {}
    for snippet in snippets_in(page):
        names = names if snippet.continues else {"__name__": "snippet"}
        run(snippet, names)


def test_pages_that_learners_search_for_have_snippets() -> None:
    assert {"my_net_does_not_learn", "which_loss", "messages"} <= {page.stem for page in PAGES}


def test_a_heading_of_messages_is_what_torch_says() -> None:
    sections = (DOCS / "messages.md").read_text("utf-8").split("\n### ")[1:]
    shown = 0
    for section in sections:
        heading = section.split("\n")[0]
        blocks = list(BLOCK.finditer(section))
        assert blocks or "*On a GPU.*" in section, heading
        printed = " ".join("".join(run(snippet_of(block), {}) for block in blocks).replace("`", "").split())
        for part in heading.split(" ... ") if blocks else []:
            assert part.replace("\\", "") in printed, heading
        shown += bool(blocks)
    assert shown >= 20


def test_each_loss_of_the_table_is_run() -> None:
    text = (DOCS / "which_loss.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| [^|]+ \| [^|]+ \| `(\w+)` \|", text)
    code = " ".join(snippet.code for snippet in snippets_in(DOCS / "which_loss.md"))
    assert len(rows) >= 8
    assert [name for name in rows if f"{name}(" not in code] == []


def test_a_snippet_that_ends_otherwise_is_refused() -> None:
    assert run(Snippet("print(1)"), {}) == "1\n"
    assert run(Snippet("1 / 0", raises="ZeroDivisionError"), {}) == "ZeroDivisionError: division by zero\n"
    for snippet in (Snippet("1 / 0"), Snippet("1", raises="ValueError"), Snippet("1", warns="UserWarning")):
        with pytest.raises(ValueError, match="a snippet"):
            run(snippet, {})


def test_the_map_reads_what_a_lesson_needs() -> None:
    assert numbers_in("lessons 4 and 6, and lesson 1") == {1, 4, 6}
    assert numbers_in("lessons 2 to 4") == {2, 3, 4}
    found = needs()
    assert found[1] == set()
    assert found[2] == {1}
    assert found[3] == {2}  # and 1, which 2 needs itself
    assert found[7] == {4}  # data can come before saving
