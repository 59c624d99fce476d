"""The first cell of each notebook, for Colab and Jupyter: it installs what is missing and leaves torch as it is."""

import ast
from pathlib import Path

# What pip calls the modules that a lesson may import; the others come with these, or with Python.
PACKAGES = {"torch": "torch", "numpy": "numpy", "sklearn": "scikit-learn", "polars": "polars"}
CELL = """\
# For Colab and Jupyter: installs what is missing here. The torch that is here stays as it is.
import importlib
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

needs = {needs}
missing = [package for module, package in needs.items() if find_spec(module) is None]
for package in missing:
    if package.endswith(".whl") and not Path(package).exists():
        raise SystemExit(f"Put {package} beside this notebook: the lesson's page offers it too.")
if missing:
    kept = [f"torch=={version('torch')}"] if find_spec("torch") else []
    command = [sys.executable, "-m", "pip", "install", "-q", *kept, *missing]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pip could not install {' '.join(missing)}:\\n{done.stderr}")
    importlib.invalidate_caches()
"""


def first_cell(script: str, wheel: str) -> str:
    """The cell for a lesson's script; `wheel` is the file name of this project's wheel."""
    packages = {**PACKAGES, "torchtour": wheel}
    needs = {module: packages[module] for module in sorted(modules(script)) if module in packages}
    return CELL.replace("{needs}", repr(needs).replace("'", '"'))


def modules(script: str) -> set[str]:
    """The packages that a script imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(script)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        found |= {name.split(".")[0] for name in names}
    return found


def wheel_in(folder: Path) -> Path:
    """The wheel in a folder.

    Raises:
        ValueError: There is none, or more than one.
    """
    (wheel,) = folder.glob("torchtour-*.whl")
    return wheel
