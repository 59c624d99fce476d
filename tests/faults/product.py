"""What the campaign takes from the product: the command, the reader of checkpoints, files whose lines it watches."""

import contextlib
import importlib
from pathlib import Path
from typing import Any

from lightning import Trainer

from torchtour import Classifier, SyntheticData
from torchtour.command import main as command_line
from torchtour.command.arguments import CALLBACKS, MODEL_FOR
from torchtour.runs import checkpoint_file, files
from torchtour.runs import run as run_module
from torchtour.runs.checkpoint_file import CheckpointFile, read_raw
from torchtour.runs.run import Run
from torchtour.settings import UserError

__all__ = [
    "MODEL_FOR",
    "ROOT",
    "SETTINGS",
    "WATCHED",
    "CheckpointFile",
    "Classifier",
    "Run",
    "SyntheticData",
    "UserError",
    "command_line",
    "read_checkpoint",
]

EARLY = (
    "torchtour.command.fit",
    "attrs",
    "omegaconf",
    "multiprocessing.synchronize",
)  # no child need import these
for name in EARLY:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

ROOT = Path(__file__).parents[2]
WATCHED = {run_module.__file__: "run.py", files.__file__: "files.py", checkpoint_file.__file__: "checkpoint_file.py"}


def read_checkpoint(path: Path) -> Any:
    return read_raw(path).content


SETTINGS = {"trainer": Trainer, "model": Classifier, **CALLBACKS}  # groups of settings, and their classes
