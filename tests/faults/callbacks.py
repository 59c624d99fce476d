"""Lightning's own callbacks, each by its name: refused in a line, or what they leave can be used."""

import shutil
from pathlib import Path

from lightning.pytorch import callbacks

from faults.command import call
from faults.comparing import difference, unsound
from faults.runs import fit_flags, newest, used
from faults.tries import Tries, named

NOT_TO_USE = {"ProgressBar"}  # a base to derive from
NEEDED = {"EarlyStopping": ("monitor", "val/loss"), "ModelPruning": ("pruning_fn", "l1_unstructured")}


def each_callback(folder: Path, start: int, step: int) -> Tries:
    for name in sorted({*callbacks.__all__} - NOT_TO_USE)[start::step]:
        part = folder / name
        setting = [f"--trainer.callbacks.{NEEDED[name][0]}", NEEDED[name][1]] if name in NEEDED else []
        answer = call(*fit_flags(3, "--trainer.callbacks", name, *setting), folder=part)
        problem = answer.problem(0, 1, 2, lines=8)  # the finders say more
        if answer.status == 0 and not problem:
            problem = unsound(part) or used(part, resumable="cannot be resumed" not in answer.out)
        yield "a callback of Lightning's: refused, or its checkpoints can be used", named(problem, f" ({name})")
        shutil.rmtree(part, ignore_errors=True)


def one_run_for_several_fits(folder: Path, epochs: tuple[int, ...]) -> Tries:
    """A Run object that keeps several runs, from Python, keeps them as one of its own each would."""
    answer = call("fit_with_one_run", *epochs, folder=folder / "together")
    yield "a Run object that is used again", answer.problem(0)
    for version, number in enumerate(epochs):
        call("fit_with_one_run", number, folder=folder / f"alone_{version}")
        alone, run = newest(folder / f"alone_{version}"), folder / f"together/checkpoints/default/version_{version}"
        problem = difference(alone, run) if alone and run.exists() else f"no {run.name}"
        yield "a Run object that is used again", named(problem, f" (fit {version + 1} of {epochs})")
