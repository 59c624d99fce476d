"""Code that a page shows and runs: how it is written in the page, and what it prints. Needs no sphinx."""

import contextlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

BLOCK = re.compile(r"(?ms)^```\{snippet\}\n(?P<options>(?:^:\w+:[^\n]*\n)*)(?P<code>.*?)^```$")


@dataclass(frozen=True)
class Snippet:
    code: str
    raises: str | None = None
    warns: str | None = None
    continues: bool = False


def snippets_in(page: Path) -> list[Snippet]:
    """The snippets of a page, in order."""
    return [snippet_of(block) for block in BLOCK.finditer(page.read_text("utf-8"))]


def snippet_of(block: re.Match[str]) -> Snippet:
    options = dict(re.findall(r"(?m)^:(\w+): ?(.*)$", block["options"]))
    return Snippet(block["code"].strip(), options.get("raises"), options.get("warns"), "continues" in options)


def run(snippet: Snippet, names: dict[str, Any]) -> str:
    """What a snippet prints, then the error or the warning that it must end with.

    Raises:
        ValueError: It ended in another way.
    """
    torch.manual_seed(0)
    out = io.StringIO()
    ended: Exception | None = None
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(snippet.code, "<snippet>", "exec"), names)
        except Exception as error:
            ended = error
    if type(ended).__name__ != (snippet.raises or "NoneType"):
        raise ValueError(f"a snippet ended with {ended!r}, not {snippet.raises}:\n{snippet.code}")
    given = [type(warning.message).__name__ for warning in caught]
    if given != ([snippet.warns] if snippet.warns else []):
        raise ValueError(f"a snippet warned {given}, not {snippet.warns}:\n{snippet.code}")
    out.write("".join(f"{warning.category.__name__}: {warning.message}\n" for warning in caught))
    if ended is not None:
        out.write(f"{type(ended).__name__}: {ended}\n")
    return out.getvalue().expandtabs(4)
