"""The site: `make docs` builds it into docs/_build/html, and runs the lessons and the pages' commands for that."""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE.parent / "src/torchtour"
BUILD = HERE / "_build"
sys.path.insert(0, str(HERE))  # gallery, inventory, live and tasks, beside this file

import inventory  # noqa: E402
import playground  # noqa: E402

import torchtour  # noqa: E402

project = "torchtour"
version = release = torchtour.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "gallery",
    "live",
    "tasks",
    "instruments",
]
exclude_patterns = ["_build", "lessons/index.rst"]  # lessons.md is the index of the lessons
default_role = "code"  # single backticks in docstrings
smartquotes = False  # they would make a dash of the two hyphens of a flag
nitpicky = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
add_module_names = False  # the heading says which
autodoc_inherit_docstrings = False  # Lightning's are in Lightning's documentation
autodoc_member_order = "bysource"
copybutton_prompt_text = "$ "

# The lessons. sphinx-gallery wants a folder with a header, and would take __init__.py for a lesson: it gets a copy.
scripts = BUILD / "scripts"
shutil.rmtree(scripts, ignore_errors=True)
shutil.copytree(SOURCES / "lessons", scripts, ignore=shutil.ignore_patterns("_*"))
(scripts / "GALLERY_HEADER.rst").write_text("Lessons\n=======\n")
sphinx_gallery_conf = {
    "examples_dirs": ["_build/scripts"],
    "gallery_dirs": ["lessons"],
    "filename_pattern": r"\.py$",  # the default runs none of ours, without a word
    "run_stale_examples": True,  # or a page would show the output of an earlier build
    "abort_on_example_error": True,
    "line_numbers": True,
    "capture_repr": (),  # what the script prints, nothing else
    "reset_modules": ("matplotlib", "gallery.reset"),
    "reset_modules_order": "both",
    "inspect_global_variables": False,
    "within_subsection_order": "FileNameSortKey",
    "min_reported_time": 10**6,  # no times: two builds give the same pages
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
}

intersphinx_mapping = {
    name: (address, str(inventory.write(name, BUILD))) for name, address in inventory.ADDRESSES.items()
}

playground.write(BUILD / "static/playground/data")

html_theme = "pydata_sphinx_theme"
html_title = "torchtour"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static", "_build/static"]
html_css_files = ["style.css", "playground/playground.css"]
html_sidebars = {"playground": []}  # the plane needs the room
html_js_files = ["local.js"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False  # the search finds more
html_domain_indices = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def list_modules(app, docname: str, source: list[str]) -> None:
    """api.md ends with a section for each module of the package, so that none can be forgotten."""
    if docname == "api":
        for path in sorted(SOURCES.glob("[a-z]*.py")):
            source[0] += (
                f"\n## {path.name}\n\n```{{eval-rst}}\n.. automodule:: torchtour.{path.stem}\n   :members:\n```\n"
            )


def setup(app) -> None:
    app.connect("source-read", list_modules)
