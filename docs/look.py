"""How pages are laid out: code that wraps with its indentation, tables for a telephone, no stock notes."""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from first_cell import first_cell, wheel_in

TOKEN = re.compile(r"<[^>]*>|\n|[^<\n]+")


def lines(code: str) -> str:
    """The HTML of a block of code with each line in a span that knows where its code begins (--in).

    What is too long for the page then hangs below that. A tag that is open at a line's end is closed there, and opened
    again in the next.
    """
    found, line, open_tags = [], "", []
    code = re.sub(r"\n?((?:</\w+>)*)\Z", r"\1\n", code, count=1)  # the last line ends it
    for token in TOKEN.findall(code):
        if token == "\n":
            found.append(hanging(line + "".join(f"</{name(tag)}>" for tag in reversed(open_tags))))
            line = "".join(open_tags)
            continue
        line += token
        if token.startswith("</"):
            open_tags.pop()
        elif token.startswith("<"):
            open_tags.append(token)
    return "".join(found)


def name(tag: str) -> str:
    return re.match(r"<(\w+)", tag)[1]


def hanging(line: str) -> str:
    """A line, with its number where it has one, in a span with the column of its code."""
    text = re.sub(r"<[^>]*>", "", line)
    numbered = re.match(r" *\d+ ?", text) if 'class="linenos"' in line else None
    code = text[numbered.end() :] if numbered else text
    column = len(text) - len(code.lstrip(" "))
    return f'<span class="line" style="--in:{column}ch">{line}\n</span>'


def hang_lines(app, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """All code of a page, but for the sources: there a definition is a block of its own."""
    if not pagename.startswith("_modules"):
        context["body"] = re.sub(
            r"(<pre>(?:<span></span>)?)(.*?)(</pre>)",
            lambda found: found[1] + lines(found[2]) + found[3],
            context.get("body", ""),
            flags=re.DOTALL,
        )


def plain_lesson(app, docname: str, source: list[str]) -> None:
    """A lesson without sphinx-gallery's note above it, and with one line for its files below."""
    if not docname.startswith("lessons/"):
        return
    name = docname.split("/")[1]
    text = re.sub(r"(?ms)^\.\. only:: html\n\n    \.\. note::.*?full example code\.?.*?\n\n", "", source[0], count=1)
    text = re.sub(r"(?ms)^\.\. only:: html\n\n  \.\. container:: sphx-glr-footer.*\Z", "", text)
    folder = Path(app.srcdir) / "lessons"
    wheel = wheel_in(folder).name
    needed = wheel in first_cell((folder / f"{name}.py").read_text("utf-8"), wheel)
    source[0] = text + (
        f".. container:: downloads\n\n   Take it with you: :download:`the script <{name}.py>`"
        f" or :download:`the notebook <{name}.ipynb>`"
        + f", and for Colab :download:`the package <{wheel}>` to upload beside the notebook" * needed
        + ".\n"
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
    app.connect("source-read", plain_lesson)
    app.connect("html-page-context", hang_lines)
    app.connect("html-page-context", label_tables)
    return {"parallel_read_safe": True}
