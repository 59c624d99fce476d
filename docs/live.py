"""Directives that act while the site is built, so that what a page shows has happened.

Each page has a folder of its own to act in, with the configs in it, as the reader's project has.
"""

import hashlib
import os
import pickle
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pictures
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib.figure import Figure
from sphinx.directives.code import container_wrapper
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import torchtour.command.fit  # noqa: F401  for the commands of all pages

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PAGES: dict[str, Path] = {}  # the folder of each page that has one, in this build


def folder(env: BuildEnvironment) -> Path:
    """The page's folder, new in each build."""
    if env.docname not in PAGES:
        path = Path(env.srcdir) / "_build/pages" / env.docname
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(ROOT / "configs", path / "configs")
        PAGES[env.docname] = path
    return PAGES[env.docname]


def run(command: str, where: Path, status: int = 0, start: str = "fork") -> str:
    """What the command prints. It must end with this status and, if that is 0, have nothing to complain about."""
    with TemporaryDirectory() as streams:
        process = get_context(start).Process(target=_act, args=(shlex.split(command), where, Path(streams)))
        process.start()
        process.join(300)
        process.kill()
        out, err = ((Path(streams) / name).read_text() for name in ("out", "err"))
    if process.exitcode != status or (err and not status):
        raise ExtensionError(f"{where.name}: {command} ended with {process.exitcode}\n{out}{err}")
    return re.sub(".\b", "", out + err)  # a backspace in a help, as a terminal shows it


def _act(words: list[str], where: Path, streams: Path) -> None:
    """In a process that has torch and Lightning in memory already: importing them takes longer than most commands."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(streams / name, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(where)
    os.environ["PATH"] = os.pathsep.join([str(BIN), os.environ["PATH"]])
    os.environ["COLUMNS"] = "88"
    keep_figures(where / ".figures")
    if (where / "src" / words[0]).is_dir() and words[0] != "torchtour":
        sys.exit(_of_project(words, where))
    if words[0] not in ("torchtour", "python"):
        sys.exit(subprocess.run(words, check=False).returncode)
    if (where / "src").exists():  # the page has changed the project
        for name in [name for name in sys.modules if name.split(".")[0] == "torchtour"]:
            del sys.modules[name]
        sys.path.insert(0, str(where / "src"))
    if words[0] == "torchtour":
        sys.argv = [str(BIN / "torchtour"), *words[1:]]
        sys.exit(import_module("torchtour.command.main").main())
    sys.argv = words[1:]
    runpy.run_path(words[1], run_name="__main__")


def _of_project(words: list[str], where: Path) -> int:
    """Run the command of a project that `torchtour new` has made, as if its environment were activated."""
    program = where / ".venv/bin" / words[0]
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(0o755)
    os.environ["PATH"] = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    sys.path.insert(0, str(where / "src"))
    sys.argv = [str(program), *words[1:]]
    return import_module(f"{words[0]}.command.main").main()


def keep_figures(where: Path) -> None:
    """Keep each figure that is saved as a PNG, under the checksum of that file: the page draws it as an SVG too."""
    where.mkdir(exist_ok=True)
    save = Figure.savefig

    def savefig(figure: Figure, target: object, **options: object) -> None:
        save(figure, target, **options)
        if hasattr(target, "getvalue"):
            (where / hashlib.sha256(target.getvalue()).hexdigest()).write_bytes(pickle.dumps(figure))

    Figure.savefig = savefig


class Console(SphinxDirective):
    """The commands of the body, run one after the other, and what each prints.

    `:status:` is what each must end with, if not 0. `:table:` says that they read tables: polars, which a lesson has
    used in this process, would wait forever in a fork of it.
    """

    has_content = True
    option_spec = {  # noqa: RUF012
        "with": directives.unchanged,  # files of docs/ that the commands need
        "in": directives.unchanged,  # a project that a command has made in the page's folder
        "status": directives.nonnegative_int,
        "table": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        where = folder(self.env) / self.options.get("in", "")
        for name in self.options.get("with", "").split():
            shutil.copy(Path(self.env.srcdir) / name, where)
            self.env.note_dependency(name)
        status, start = self.options.get("status", 0), "spawn" if "table" in self.options else "fork"
        printed = ((command, run(command, where, status, start)) for command in self.content if command)
        text = "".join(f"$ {command}\n{output}" for command, output in printed).rstrip()
        classes = ["columns"] if "--help" in text else []  # the others may be wrapped
        return [nodes.literal_block(text, text, language="console", classes=classes)]


class WriteFile(SphinxDirective):
    """The body as a file in the page's folder, for the commands that follow."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        text, path = "\n".join(self.content), folder(self.env) / self.arguments[0]
        path.write_text(text + "\n")
        language = {".yaml": "yaml", ".py": "python"}[path.suffix]
        return [container_wrapper(self, nodes.literal_block(text, text, language=language), self.arguments[0])]


class Change(SphinxDirective):
    """The body as a change of a file of the project, in the page's own copy of it.

    Lines that begin with - are there, those with + come in their place; an empty line separates places.
    """

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        where = folder(self.env)
        if not (where / "src").exists():
            shutil.copytree(ROOT / "src", where / "src", ignore=shutil.ignore_patterns("__pycache__"))
        path, text = where / self.arguments[0], "\n".join(self.content)
        for place in text.split("\n\n"):
            lines = place.split("\n")
            old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
            new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
            if (found := path.read_text().count(old)) != 1:
                raise ExtensionError(f"{self.env.docname}: {self.arguments[0]} holds this {found} times:\n{old}")
            path.write_text(path.read_text().replace(old, new))
        return [container_wrapper(self, nodes.literal_block(text, text, language="diff"), self.arguments[0])]


class RunPicture(pictures.Picture):
    """A picture that a command of this page has left in the page's folder; `:alt:` says what is to be seen."""

    def run(self) -> list[nodes.Node]:
        where = folder(self.env)
        path = where / self.arguments[0]
        if not path.is_file() or "alt" not in self.options:
            raise ExtensionError(f"{self.env.docname}: no {self.arguments[0]}, or no alt text for it")
        kept = where / ".figures" / hashlib.sha256(path.read_bytes()).hexdigest()
        pictures.save(pickle.loads(kept.read_bytes()), path.with_suffix(""))
        return [self.figure(path.with_suffix(""), Path(self.env.srcdir))]


class Docstring(SphinxDirective):
    """The docstring of a module as it stands."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        text = (import_module(self.arguments[0]).__doc__ or "").strip()
        return [nodes.literal_block(text, text, language="text")]


def setup(app) -> dict[str, bool]:
    app.add_directive("console", Console)
    app.add_directive("write-file", WriteFile)
    app.add_directive("change", Change)
    app.add_directive("docstring", Docstring)
    app.add_directive("run-picture", RunPicture)
    return {"parallel_read_safe": False}
