"""How the pages are laid out: code that wraps with its indentation, tables for a telephone, lessons without stock notes."""

import re
from collections.abc import Iterable, Iterator

from bs4 import BeautifulSoup
from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge

TAGS = re.compile(r"<[^>]*>")
NUMBER = re.compile(r'<span class="linenos">.*?</span>')


class Lines(HtmlFormatter):
    """Each line in a span of its own that knows where its code begins, so that what wraps hangs below that."""

    def wrap(self, source: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        return super().wrap(self._lines(source))

    def _lines(self, source: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        for kind, line in source:
            if not kind:
                yield kind, line
                continue
            number = NUMBER.match(line)
            margin = len(TAGS.sub("", number[0])) if number else 0
            code = TAGS.sub("", line[number.end() :] if number else line)
            indent = margin + len(code) - len(code.lstrip(" "))
            yield kind, f'<span class="line" style="--in:{indent}ch">{line}</span>'


def plain_lesson(app, docname: str, source: list[str]) -> None:
    """A lesson without sphinx-gallery's note above it, and with one line for its files below."""
    if not docname.startswith("lessons/"):
        return
    name = docname.split("/")[1]
    text = re.sub(r"(?ms)^\.\. only:: html\n\n    \.\. note::.*?full example code\.?.*?\n\n", "", source[0], count=1)
    text = re.sub(r"(?ms)^\.\. only:: html\n\n  \.\. container:: sphx-glr-footer.*\Z", "", text)
    source[0] = text + (
        f".. container:: downloads\n\n   Take it with you: :download:`the script <{name}.py>`"
        f" or :download:`the notebook <{name}.ipynb>`.\n"
    )


def label_tables(app, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Give each cell the head of its column, for a telephone, where a row becomes a small list."""
    if "<table" not in context.get("body", ""):
        return
    soup = BeautifulSoup(context["body"], "html.parser")
    for table in soup.select("table.table"):
        heads = [cell.get_text(" ", strip=True) for cell in table.select("thead th")]
        for row in table.select("tbody tr"):
            for head, cell in zip(heads, row.find_all("td"), strict=False):
                cell["data-label"] = head
    context["body"] = str(soup)


def setup(app) -> dict[str, bool]:
    PygmentsBridge.html_formatter = Lines
    app.connect("source-read", plain_lesson)
    app.connect("html-page-context", label_tables)
    return {"parallel_read_safe": True}
