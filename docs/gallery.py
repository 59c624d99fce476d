"""How a lesson becomes a page and a notebook.

A lesson is a script in cells. The title of a code cell says what the cell is for:

    # %%           the story: shown
    # %% checks    asserts and what they need, prints nothing: folded on the page, "verified: 3 checks"
    # %% plot      draws and prints nothing: folded on the page, "plotting code"; the picture is shown

Each opens with what the reader will be able to do and how long it takes, and ends with a recap of five lines
(tests/test_lessons.py has the exact form). `headline` comes from torchtour.lessons; lessons 1 and 2, which run without
this project, have a hidden copy.

What stands between `# sphinx_gallery_start_ignore` and `# sphinx_gallery_end_ignore`, at the end of a cell, is not on
the page. The notebook has such code in closed cells. It is run here, and offered with its outputs. Its first cell
installs what is missing where it is opened; this project comes as a wheel, which the page offers beside it.
The first use of a term of glossary.md in a lesson links to it.
"""

import ast
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
import torch
from docutils import nodes
from first_cell import first_cell, wheel_in
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_gallery.py_source_parser import IGNORE_BLOCK_PATTERN
from sphinx_gallery.utils import zip_files

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "src/torchtour/lessons"
restore = ExitStack()


def reset(gallery_conf: dict, name: str, when: str) -> None:
    """The lessons share a process: let each begin as in one of its own, and let a warning be an error."""
    if when == "after":
        restore.close()
        return
    restore.enter_context(warnings.catch_warnings())
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")  # Lightning's own, on torch 2.13
    torch.manual_seed(0)
    torch.set_printoptions(profile="default")
    logging.getLogger("lightning.pytorch").setLevel(logging.INFO)


# Folding.


def cell(script: str, number: int) -> tuple[str, str]:
    """Title and code of the cell that holds a line of the script, counted from 1."""
    pieces = re.split(r"(?m)^# %%(.*)\n", script)
    for title, code in zip(pieces[1::2], pieces[2::2], strict=True):
        number -= 1 + code.count("\n")
        if number <= 0:
            return title.strip(), code
    raise ValueError("the script has no such line")


def count_checks(code: str) -> int:
    """How many assert statements and calls of functions such as assert_close the code has."""
    found = list(ast.walk(ast.parse(code)))
    calls = [ast.unparse(node.func).split(".")[-1] for node in found if isinstance(node, ast.Call)]
    return sum(isinstance(node, ast.Assert) for node in found) + sum(name.startswith("assert_") for name in calls)


def summary(kind: str, code: str) -> str:
    if kind == "plot":
        return "plotting code"
    count = count_checks(code)
    return f"verified: {count} check{'s' if count > 1 else ''}"


def fold(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the cells of a lesson that check or draw."""
    script = LESSONS / f"{Path(app.env.docname).name}.py"
    if not app.env.docname.startswith("lessons/") or not script.exists():
        return
    text = script.read_text("utf-8")
    for block in list(doctree.findall(nodes.literal_block)):
        number = block.get("highlight_args", {}).get("linenostart")
        kind, code = cell(text, number) if number else ("", "")  # an output has no line number
        if kind in ("checks", "plot"):
            opening = f'<details class="{kind}"><summary>{summary(kind, code)}</summary>'
            ends = (nodes.raw("", html, format="html") for html in (opening, "</details>"))
            block.replace_self([next(ends), block, next(ends)])


# Notebooks.


def as_notebook(script: Path, wheel: str) -> nbformat.NotebookNode:
    """The lesson's cells, not yet run; code that installs, or that the page folds or hides, is in closed cells."""
    text = script.read_text("utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_code_cell(first_cell(text, wheel).rstrip(), metadata={"title": "hidden"})]
    for one in notebook.cells:
        cells.append(one)
        if hidden := IGNORE_BLOCK_PATTERN.search(one.source):
            one.source = IGNORE_BLOCK_PATTERN.sub("", one.source).strip()
            inside = "\n".join(hidden[0].strip().splitlines()[1:-1]).strip()
            cells.append(new_code_cell(inside, metadata={"title": "hidden"}))
    for number, one in enumerate(cells):
        one.id = f"cell-{number}"  # the same in each build
        one.metadata = {"jupyter": {"source_hidden": True}} if one.metadata.get("title") else {}
    notebook.cells = cells
    return notebook


def run_notebook(script: Path, wheel: str) -> nbformat.NotebookNode:
    """The lesson's notebook with its outputs."""
    notebook = as_notebook(script, wheel)
    with TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook,
            timeout=300,
            extra_arguments=["--log-level=40"],  # else each kernel warns that it speaks plainly with this process
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": empty}},
        )
        client.execute()
    return notebook


running: dict[Path, Future[nbformat.NotebookNode]] = {}


def start_notebooks(app: Sphinx) -> None:
    """Run them beside everything else: sphinx itself keeps one core busy."""
    folder = Path(app.srcdir) / "lessons"
    folder.mkdir(exist_ok=True)
    build_wheel(folder)
    pool, wheel = ThreadPoolExecutor(1), wheel_in(folder).name
    running.update({script: pool.submit(run_notebook, script, wheel) for script in sorted(LESSONS.glob("[!_]*.py"))})


def write_notebooks(app: Sphinx, env: BuildEnvironment) -> None:
    """Put them where sphinx-gallery put those without outputs, before they are copied to the site."""
    folder = Path(app.srcdir) / "lessons"
    for script, future in running.items():
        nbformat.write(future.result(), folder / f"{script.stem}.ipynb")
        both = [folder / f"{script.stem}{suffix}" for suffix in (".py", ".ipynb")]
        zip_files(both, folder / f"{script.stem}.zip", folder)


def build_wheel(folder: Path) -> None:
    """Put this project's wheel, and no older one, beside the notebooks."""
    for old in folder.glob("torchtour-*.whl"):
        old.unlink()
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "-w", folder, ROOT], check=True)


# The glossary.


def terms(glossary: str) -> dict[str, str]:
    """Each term of the page's glossary, in small letters, and how the page writes it."""
    (block,) = re.findall(r"(?ms)^```\{glossary\}\n(.*?)^```", glossary)
    return {term.lower(): term for term in re.findall(r"(?m)^(\S.*)$", block)}


def prose(doctree: nodes.document) -> Iterator[nodes.Text]:
    """The pieces of running text: no headings, code or links."""
    apart = (nodes.literal, nodes.reference, pending_xref)
    for text in list(doctree.findall(nodes.Text)):
        above, parents = text.parent, []
        while above is not None:
            parents.append(above)
            above = above.parent
        inside = any(isinstance(parent, nodes.paragraph) for parent in parents)
        if inside and not any(isinstance(parent, apart) for parent in parents):
            yield text


def link_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Link the first use of each term of the glossary in a lesson."""
    docname = app.env.docname
    glossary = Path(app.srcdir) / "glossary.md"
    if not docname.startswith("lessons/") or not glossary.exists():
        return
    waiting = terms(glossary.read_text("utf-8"))
    for text in prose(doctree):
        pieces: list[nodes.Node] = []
        rest = text.astext()
        while waiting and (found := pattern(waiting).search(rest)):
            term = waiting.pop(re.sub(r"\s+", " ", found[1].lower()))
            link = pending_xref("", refdomain="std", reftype="term", reftarget=term, refexplicit=True, refdoc=docname)
            link += nodes.inline("", found[0], classes=["term"])
            pieces += [nodes.Text(rest[: found.start()]), link]
            rest = rest[found.end() :]
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(rest)])


def pattern(waiting: dict[str, str]) -> re.Pattern[str]:
    """Any of the terms as a whole word, or its plural; the longest that fits."""
    longest_first = sorted(waiting, key=len, reverse=True)
    words = "|".join(re.escape(term).replace(r"\ ", r"\s+") for term in longest_first)
    return re.compile(rf"(?<![\w-])({words})(?:e?s)?(?![\w-])", re.IGNORECASE)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_css_file("lessons.css")
    app.connect("builder-inited", start_notebooks, priority=1)  # before sphinx-gallery
    app.connect("env-updated", write_notebooks)
    app.connect("doctree-read", fold)
    app.connect("doctree-read", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
