"""Small instruments in the lessons: an empty element at the end of a section, filled by a script of _static/playground.

Without the script the page is what it was: the element stays empty.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Page, section, instrument: where each goes.
PLACES = (
    ("lessons/tensors", "Another shape, the same memory", "views"),
    ("lessons/tensors", "Broadcasting", "broadcasting"),
    ("lessons/autograd", "The descent without zeroing", "descent"),
    ("lessons/autograd", "What torch keeps: the graph", "graph"),
    ("lessons/networks", "Why is there a ReLU?", "hinges"),
)


def insert(app: Sphinx, doctree: nodes.document) -> None:
    """Put each instrument of this page at the end of its section."""
    sections = {section[0].astext(): section for section in doctree.findall(nodes.section)}
    for page, title, name in PLACES:
        if page != app.env.docname:
            continue
        if title not in sections:
            raise ExtensionError(f"{page} has no section '{title}' for the instrument {name}: see docs/instruments.py")
        element = nodes.raw("", f'<div class="instrument" data-instrument="{name}"></div>', format="html")
        children = sections[title].children
        end = next((k for k, child in enumerate(children) if isinstance(child, nodes.section)), len(children))
        sections[title].insert(end, element)


def add_script(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if page in {place[0] for place in PLACES}:
        app.add_js_file("playground/instruments.js", type="module")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", insert)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True}
