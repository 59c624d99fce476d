"""`make matrix`: `make test` on each Python, and on the oldest torch, each in a clean clone; prints a table.

One environment at a time, removed before the next: on most Pythons pip takes a torch of some gigabytes. Of the clone
only what is committed is seen. The logs stay in .venv/matrix.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".venv/matrix"
PYTHONS = ("3.11", "3.12", "3.13")
LIMIT = 3600  # seconds for one row, its set-up too
HEADS = ("Python", "torch", "lightning", "result", "minutes")
VERSIONS = "from importlib.metadata import version; print(version('torch'), version('lightning'))"


class Row(NamedTuple):
    python: str
    torch: str  # what pip is told
    versions: tuple[str, ...] = ("", "")  # of torch and lightning, as installed
    result: str = ""
    minutes: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """Try the rows and print their table; 0 if all are green."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", help="rows: 3.11 3.12 3.13 oldest; default: all")
    parser.add_argument(
        "--pytest", default="", help="""arguments for pytest, as in --pytest='-k "network or settings"'"""
    )
    options = parser.parse_args(arguments)
    rows = wanted(options.only)
    done = []
    for row in rows:
        print(f"Python {row.python}, {row.torch} ...", flush=True)
        done.append(tried(row, options.pytest))
        print(f"... {done[-1].result}, {done[-1].minutes:.1f} minutes", flush=True)
    print(table(done))
    return 0 if all(row.result == "green" for row in done) else 1


def wanted(names: list[str] | None) -> list[Row]:
    """The rows of these names: each Python with the torch of `make test`, and the oldest torch on 3.11."""
    usual = re.findall(r"^TORCH \?= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0]
    oldest = re.findall(r'"torch>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[0]
    rows = {python: Row(python, usual) for python in PYTHONS}
    rows["oldest"] = Row("3.11", f"torch=={oldest}.*")
    unknown = set(names or ()) - set(rows)
    if unknown:
        sys.exit(f"matrix: there is no row {', '.join(sorted(unknown))}; there are {', '.join(rows)}")
    return [row for name, row in rows.items() if not names or name in names]


def tried(row: Row, pytest: str) -> Row:
    """Run `make test` in a clean clone, with an environment of its own; both are removed."""
    python = interpreter(row.python)
    if python is None:
        return row._replace(result="not installed here")
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{row.python}-{re.sub(r'[^0-9.]', '', row.torch).rstrip('.')}.log"
    begun = time.monotonic()
    with TemporaryDirectory() as folder:
        clone = Path(folder) / "torchtour"
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        result = outcome(clone, python, row.torch, pytest, log)
        versions = installed(clone)
    return row._replace(versions=versions, result=result, minutes=(time.monotonic() - begun) / 60)


def installed(clone: Path) -> tuple[str, ...]:
    """The versions of torch and lightning in the clone's environment; empty ones where the set-up failed."""
    python = clone / ".venv/bin/python"
    found = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True) if python.exists() else None
    return tuple(found.stdout.split()) if found and found.returncode == 0 else ("", "")


def outcome(clone: Path, python: Path, torch: str, pytest: str, log: Path) -> str:
    """The result of `make test`: "green", or what went wrong."""
    apart = ("PYTHONPATH", "VIRTUAL_ENV", "PYENV_VERSION", "MAKEFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in apart}
    environment["PYTEST_ADDOPTS"] = pytest
    command = ["make", "--silent", "test", f"PYTHON={python}", f"TORCH={torch}"]
    with open(log, "w") as file:
        try:
            ended = subprocess.run(
                command, cwd=clone, env=environment, stdout=file, stderr=subprocess.STDOUT, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            return f"longer than {LIMIT // 60} minutes"
    if ended.returncode == 0:
        return "green"
    print("".join(log.read_text(errors="replace").splitlines(keepends=True)[-20:]), end="")
    return f"status {ended.returncode}: {log.relative_to(ROOT)}"


def interpreter(version: str) -> Path | None:
    """A Python of this version: pyenv's newest, or the one on the path."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python"), key=lambda path: path.stat().st_mtime)
    on_path = shutil.which(f"python{version}")
    return found[-1] if found else Path(on_path) if on_path else None


def table(rows: list[Row]) -> str:
    """The rows as a table in Markdown, which the eye can read too."""
    cells = [HEADS, *((row.python, *row.versions, row.result, f"{row.minutes:.1f}") for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


if __name__ == "__main__":
    sys.exit(main())
