"""Runs that leave the finite numbers."""

import shutil
from pathlib import Path

from faults.command import call
from faults.comparing import first_mismatch, litter, unsound
from faults.product import read_checkpoint
from faults.runs import ADAM, SMALL, newest
from faults.tries import Tries, named

WILD: dict[str, tuple[object, ...]] = {
    "weight decay that overshoots": (
        *("--model.weight_decay", 3, "--model.lr", 1, "--model.momentum", 0, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "momentum that adds up": (
        *("--model.weight_decay", 5, "--model.lr", 1, "--model.momentum", 0.9, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "within the first epoch": ("--model.weight_decay", 1000, "--model.lr", 1000, "--data.batch_size", 1),
    "points far away": (
        *("--data.noise", 1000, "--model.lr", 1000, "--model.weight_decay", 0.01, "--model.gamma", 1),
        *("--trainer.max_epochs", 60),
    ),
    "Adam": (*ADAM, "--model.lr", 1000, "--model.weight_decay", 1000, "--trainer.max_epochs", 60),
}


def diverges(folder: Path, names: tuple[str, ...]) -> Tries:
    for name in names:
        part = folder / name.replace(" ", "_")
        answer = call("fit", *SMALL, *WILD[name], folder=part)
        if answer.status == 0:
            # It stayed finite, and must then be as good as it says.
            yield "run that may leave the finite numbers", named(unsound(part), f" ({name})")
            continue
        problem = answer.problem(1) or ("" if "finite" in answer.err else answer.err)
        problem = problem or unsound(part) or litter(part)
        if not problem and (run := newest(part)) and (run / "last.ckpt").exists():
            problem = kept(folder / "before", run, name)
            again = call("fit", "--ckpt_path", "last", folder=part)
            problem = problem or again.problem(1) or unsound(part)
        yield "run that leaves the finite numbers", named(problem, f" ({name})")


def kept(folder: Path, wild: Path, name: str) -> str:
    """Are a diverged run's files those of runs that ended before it diverged?"""
    for file in ("best.ckpt", "last.ckpt"):
        stored = read_checkpoint(wild / file)
        call("fit", *SMALL, *WILD[name], "--trainer.max_epochs", stored["epoch"] + 1, folder=folder)
        before = newest(folder)
        assert before is not None
        rows = [(run / "metrics.csv").read_text().splitlines()[: stored["epoch"] + 2] for run in (before, wild)]
        state = read_checkpoint(before / "last.ckpt")["state_dict"]
        problem = "other rows" if rows[0] != rows[1] else first_mismatch(state, stored["state_dict"])
        shutil.rmtree(folder)
        if problem:
            return f"{file}: {problem}"
    return ""
