"""Sealed checkpoints with one hostile change each; the changes are listed in hostile.yaml."""

import io
import shutil
from pathlib import Path

import torch

from faults.changes import NO_NET, NO_RESUME
from faults.command import Command
from faults.comparing import difference
from faults.forging import CONSUMERS, saved, seal
from faults.runs import fit_flags, newest, undisturbed
from faults.tries import Tries, named


def hostile(folder: Path, names: tuple[str, ...], consumers: tuple[str, ...]) -> Tries:
    """Refused in a line, or, where that may be, resumed to what the sound checkpoint gives: never anything between."""
    whole, good = undisturbed(folder / "whole", fit_flags(3)), undisturbed(folder / "good", fit_flags(2))
    content = (good / "last.ckpt").read_bytes()
    for name in names:
        stored = torch.load(io.BytesIO(content), weights_only=True)
        {**NO_NET, **NO_RESUME}[name](stored)
        for consumer in consumers:
            part = folder / "part"
            run = Path(shutil.copytree(good, part / "checkpoints/default/version_0"))
            (run / "other.ckpt").write_bytes(seal(saved(stored)))
            (run / "last.ckpt").write_bytes(seal(saved(stored)))
            yield (
                "hostile checkpoint, sealed",
                named(_taken(consumer, name, run, part, whole), f" ({consumer}, {name})"),
            )
            shutil.rmtree(part)


def _taken(consumer: str, name: str, run: Path, part: Path, whole: Path) -> str:
    resumes = consumer.startswith("fit")
    path = run / ("other.ckpt" if consumer == "fit anew" else "last.ckpt")
    more = ("--trainer.max_epochs", "3") if resumes else ()
    answer = Command(*CONSUMERS[consumer], path, *more, folder=part).answer(20)
    # What is wrong with the settings of the data is nothing to who takes the weights alone.
    weights_alone = consumer in ("load", "init_from") and name.startswith(("data", "settings of ours"))
    allowed = (2,) if name in NO_NET and not weights_alone else (0, 1, 2) if resumes else (0, 2)
    problem = answer.problem(*allowed, lines=3 if consumer == "load" else 2)
    if not problem and resumes and answer.status == 0:
        problem = named(difference(whole, newest(part) or run), ", and ended with status 0")
    strangers = [str(path) for path in part.iterdir() if path.name != "checkpoints"]
    return f"wrote {strangers}" if strangers else problem
