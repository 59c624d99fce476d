"""The changes of the page "Make it yours": those that tests/new_campaign.py makes, in the page's own project."""

import difflib
import sys
from pathlib import Path

from docutils import nodes
from live import ROOT, folder
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(ROOT / "tests"))
from new_campaign import EDITS, edit


class CampaignChange(SphinxDirective):
    """Make one of the campaign's changes in `my_project`, and show it: as a difference, or a new file whole."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        source = folder(self.env) / "my_project/src/my_project"
        edits = EDITS[self.arguments[0]]
        before = {name: lines(source / name) for name in edits}
        edit(source, edits)
        self.env.note_dependency(str(ROOT / "tests/new_campaign.py"))
        return [self.shown(name, old, lines(source / name)) for name, old in before.items()]

    def shown(self, name: str, old: list[str], new: list[str]) -> nodes.Node:
        text = "\n".join(list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:] if old else new)
        block = nodes.literal_block(text, text, language="diff" if old else "python")
        return container_wrapper(self, block, f"src/my_project/{name}")


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def setup(app) -> dict[str, bool]:
    app.add_directive("campaign-change", CampaignChange)
    return {"parallel_read_safe": False}
