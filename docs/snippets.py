"""Directives for code that runs while the page is built, and for text that opens with a click.

A snippet begins with torch's seed at 0. What it prints is shown below it. `:raises:` names the error that it must end
with, `:warns:` the warning that it must give; both are shown. `:continues:` keeps the names of the snippet before it.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from running import Snippet, run
from sphinx.util.docutils import SphinxDirective

NAMES: dict[str, dict[str, Any]] = {}  # of each page's last snippet


class SnippetDirective(SphinxDirective):
    has_content = True
    option_spec = {  # noqa: RUF012
        "raises": directives.unchanged_required,
        "warns": directives.unchanged_required,
        "continues": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        code, options = "\n".join(self.content), self.options
        snippet = Snippet(code, options.get("raises"), options.get("warns"), "continues" in options)
        names = NAMES.get(self.env.docname, {}) if snippet.continues else {"__name__": "snippet"}
        NAMES[self.env.docname] = names
        printed = run(snippet, names).rstrip()
        block = nodes.literal_block(code, code, language="python")
        if not printed:
            return [block]
        return [block, nodes.literal_block(printed, printed, language="text", classes=["printed"])]


class Folded(SphinxDirective):
    """The body, opened by a click on the argument, "Answer" where there is none."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        summary = self.arguments[0] if self.arguments else "Answer"
        inside = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, inside)
        opening = f'<details class="answer"><summary>{summary}</summary>'
        ends = [nodes.raw("", html, format="html") for html in (opening, "</details>")]
        return [ends[0], *inside.children, ends[1]]


def setup(app) -> dict[str, bool]:
    app.add_directive("snippet", SnippetDirective)
    app.add_directive("folded", Folded)
    return {"parallel_read_safe": True}
