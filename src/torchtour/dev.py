"""The recipes of a clone, for make and for machines without it: python src/torchtour/dev.py train

Needs nothing but Python. `setup` makes .venv and installs what requirements.lock pins; the other recipes call it first.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

TORCH = "torch==2.13.0"
BIN = Path(".venv") / ("Scripts" if os.name == "nt" else "bin")
PIP = [str(BIN / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
RECIPES = {
    "setup": [],
    "train": ["torchtour fit -c configs/default.yaml", "torchtour test --ckpt_path best"],
    "test": ["ruff format --check .", "ruff check .", "mypy", "lint-imports --no-logo", "pytest -n 2 --dist worksteal"],
}


def main(arguments: list[str] | None = None) -> int:
    """Run a recipe, in the folder that this is called from; the exit status of the first command that fails, or 0."""
    parser = argparse.ArgumentParser(description="Set up .venv, train, or test.")
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--torch", default=TORCH, help=f"what pip installs as torch; default {TORCH}")
    options = parser.parse_args(arguments)
    try:
        setup(options.torch)
        for command in RECIPES[options.recipe]:
            program, *words = command.split()
            print(f"{(BIN / program).as_posix()} {' '.join(words)}".rstrip(), flush=True)
            subprocess.run([BIN / program, *words], check=True)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def setup(torch: str) -> None:
    """Make .venv and install everything, unless that is done for this torch and these files.

    torch goes first and stays out of the lock: pip takes this platform's build of it, not one that the lock chose.
    """
    if sys.version_info < (3, 10):  # noqa: UP036 (an older Python may run this file)
        sys.exit("This needs Python 3.10 or newer.")
    files = [Path("requirements.lock"), Path("pyproject.toml")]
    wanted = hashlib.sha256(b"\0".join([torch.encode(), *(path.read_bytes() for path in files)])).hexdigest()
    ready = Path(".venv/ready")
    if ready.exists() and ready.read_text() == wanted:
        return
    print(f"Setting up .venv, once, in about a minute: {torch} ...", flush=True)
    if not BIN.exists():
        venv.create(".venv", with_pip=True, symlinks=os.name != "nt")
    subprocess.run([*PIP, torch], check=True)
    print("... the packages of requirements.lock, each checked against its hash ...", flush=True)
    subprocess.run([*PIP, "--require-hashes", "-r", "requirements.lock"], check=True)
    print("... and the project itself.", flush=True)
    subprocess.run([*PIP, "--no-deps", "--no-build-isolation", "-e", "."], check=True)
    ready.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
