"""Bad command lines, configs and checkpoints: one clear line, status 2, nothing written."""

import io
import shutil
from pathlib import Path

import torch

from faults.command import call
from faults.comparing import restore, snapshot
from faults.forging import saved, seal
from faults.runs import ADAM, fit_flags, undisturbed_run
from faults.tries import Tries, named

INPUTS = Path(__file__).with_name("inputs")


def inputs(folder: Path) -> None:
    """The files that the bad command lines name."""
    run = undisturbed_run(folder, fit_flags(2))
    good = (run / "last.ckpt").read_bytes()
    stored = torch.load(io.BytesIO(good), weights_only=True)
    weights = stored["state_dict"]
    bit = bytearray(good)
    bit[2000] ^= 4
    files = {
        "binary.yaml": bytes(range(256)) * 4,
        "latin.yaml": b"run:\n  name: caf\xe9\n",
        "null.yaml": b"run:\n  name: a\0b\n",
        "empty.ckpt": b"",
        "text.ckpt": b"not a checkpoint\n" * 50,
        "cut.ckpt": good[:3000],
        "bit.ckpt": bytes(bit),
        "weights.ckpt": saved(weights),
        "zip.ckpt": b"PK\x05\x06" + bytes(18),
        "nan.ckpt": seal(saved({**stored, "state_dict": {key: value * torch.nan for key, value in weights.items()}})),
        "other.ckpt": seal(saved({**stored, "state_dict": {"fc.weight": torch.zeros(2, 2)}})),
        "adam.ckpt": (undisturbed_run(folder / "adam", fit_flags(2, *ADAM)) / "last.ckpt").read_bytes(),
        "file": b"",
    }
    shutil.copytree(INPUTS / "configs", folder, dirs_exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "folder.ckpt").mkdir()
    (folder / "folder.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "loop.ckpt").symlink_to("loop.ckpt")


def listed(name: str) -> tuple[str, ...]:
    """The lines of a list below inputs/: a command line, and what the message must name. `fit` may be left out."""
    return tuple((INPUTS / f"{name}.txt").read_text("utf-8").splitlines())


BAD = {
    "bad command line": listed("bad_settings"),
    "bad config": listed("bad_configs"),
    "bad checkpoint, or flags that contradict it": listed("bad_checkpoints"),
}


def bad_input(folder: Path, fault: str, lines: tuple[str, ...]) -> Tries:
    """Status 2, one or two lines that name what is wrong, nothing on stdout, nothing written."""
    inputs(folder)
    before = snapshot(folder)
    for line in lines:
        words, needle = line.split(" -> ")
        arguments = words.split(" ")
        if words.startswith("-") and not words.endswith(" fit"):
            arguments = ["fit", *arguments]
        answer = call(*arguments, folder=folder)
        after = snapshot(folder)
        problem = answer.problem(2) or ("said on stdout: " + answer.out if answer.out else "")
        problem = problem or ("" if needle in answer.err else f"doesn't name {needle}: {answer.err.strip()}")
        written = [str(path.relative_to(folder)) for path in after if after[path] != before.get(path)]
        problem = problem or ("wrote " + ", ".join(written[:5]) if after != before else "")
        yield fault, named(problem, f" (torchtour {' '.join(arguments)})")
        if after != before:
            restore(folder, before)
            before = snapshot(folder)
