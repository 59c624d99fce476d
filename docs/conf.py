"""The site: `make docs` builds it into docs/_build/html, and runs the lessons and the pages' commands for that."""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE.parent / "src/torchtour"
BUILD = HERE / "_build"
sys.path.insert(0, str(HERE))  # the modules beside this file

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
    "gallery",  # how a lesson becomes a page and a notebook
    "instruments",
    "live",  # what acts while the site is built
    "look",  # how pages are laid out
    "pictures",
    "measured",  # pictures of what was measured
    "snippets",  # code that a page runs
    "start",  # what moves on the start page, and its cards
    "tasks",  # the exercises at the end of each lesson
    "walk",  # the changes of "Make it yours"
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
viewcode_follow_imported_members = False  # a link back leads to the module that has the code
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
    "image_scrapers": ("pictures",),
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
templates_path = ["_templates"]
html_static_path = ["_static", "_build/static"]
html_css_files = ["style.css", "playground/playground.css"]
html_js_files = ["local.js"]
html_copy_source = False
html_scaled_image_link = False  # a picture is shown as large as it is of use
html_show_sphinx = False
html_use_index = False  # the search finds more
html_domain_indices = False
html_context = {"default_mode": "auto"}
# Navigation and contents both at the left: code needs the width, the plane of the playground all of it.
html_sidebars = {"index": [], "playground": [], "**": ["sidebar-nav-bs", "page-toc"]}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 8,
    "secondary_sidebar_items": [],
    "footer_start": [],
    "footer_end": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def list_modules(app, docname: str, source: list[str]) -> None:
    """api.md ends with a section for each module of the package, so that none can be forgotten."""
    if docname == "api":
        for path in sorted(SOURCES.rglob("[a-z]*.py"), key=lambda path: (len(path.parts), path)):
            name = path.relative_to(SOURCES).with_suffix("")
            if not {"lessons", "template", "answers"} & {*name.parts}:
                dotted = ".".join(name.parts)
                source[0] += (
                    f"\n## {name}.py\n\n```{{eval-rst}}\n.. automodule:: torchtour.{dotted}\n   :members:\n```\n"
                )


def setup(app) -> None:
    app.connect("source-read", list_modules)
