"""Settings that are refused, or that must resume exactly."""

import shutil
from pathlib import Path

from faults.command import call
from faults.comparing import difference
from faults.runs import fit_flags, last_epoch, newest, undisturbed_run
from faults.tries import Tries, named


def precisions(folder: Path) -> Tries:
    """Other numbers than float32 are refused, or trained and resumed like them."""
    for precision in ("16-true", "bf16-true", "64-true", "bf16-mixed"):
        flags = fit_flags(4, "--trainer.precision", precision)
        answer = call(*flags, folder=folder / f"whole_{precision}")
        problem = answer.problem(0, 2)
        if answer.status == 0:
            part = folder / f"part_{precision}"
            call(*fit_flags(2, "--trainer.precision", precision), folder=part)
            answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, folder=part)
            problem = answer.problem(0) or difference(newest(folder / f"whole_{precision}"), newest(part))
        yield "precision other than 32 bits: refused, or trained and resumed exactly", named(problem, f" ({precision})")


def half_measures(folder: Path) -> Tries:
    """Who evaluates fewer points than there are must not say that it was all of them."""
    undisturbed_run(folder, fit_flags(2))
    for command, split in (("test", "test"), ("validate", "val"), ("predict", "predict")):
        limit = ("--trainer.limit_" + split + "_batches", 1, f"--data.n_{split}", 40_000)
        answer = call(command, "--ckpt_path", "last", *limit, folder=folder)
        problem = answer.problem(0, 2) or ("says 40000 points for 16384" if "40000" in answer.out else "")
        yield "command that takes a part of the points and says so", named(problem, f" ({command})")


def ends_early(folder: Path) -> Tries:
    """max_steps and max_time can end a run within an epoch: it must say so, and what it leaves must resume."""
    for flags in (
        ("--trainer.max_steps", 5),
        ("--trainer.max_time", "00:00:00:01"),
        ("--trainer.max_time", "00:00:00:00"),
    ):
        more = () if "max_steps" in flags[0] else ("--data.n_train", 5000, "--data.batch_size", 10)
        part = folder / "part"
        answer = call(*fit_flags(4, *more, *flags), folder=part)
        problem = answer.problem(0, 1, 2)
        if answer.status == 0:
            whole = undisturbed_run(folder / "whole", fit_flags(4, *more))
            if not last_epoch(part):
                problem = problem or "status 0, and says that there is a last.ckpt" * ("last.ckpt" in answer.out)
            elif last_epoch(part) < 4:
                resumed = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 4, folder=part)
                problem = problem or resumed.problem(0, 2)
                said = "would not repeat it exactly" in answer.out
                problem = problem or (difference(whole, newest(part)) if resumed.status == 0 and not said else "")
            shutil.rmtree(folder / "whole")
        yield (
            "run that max_steps or max_time ends within an epoch, resumed",
            named(problem, f" ({flags[0]} {flags[1]})"),
        )
        shutil.rmtree(part, ignore_errors=True)
