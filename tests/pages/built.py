"""Where the built site is, and what to do where something is missing."""

import os
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "docs/_build/html"


def need(thing: object, reason: str) -> None:
    if not thing:
        (pytest.fail if os.environ.get("PAGES") == "required" else pytest.skip)(reason)
