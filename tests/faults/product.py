"""What the campaign takes from the product: the command, the reader of checkpoints, files whose lines it watches."""

import contextlib
import importlib
from pathlib import Path

from lightning import Trainer

from torchtour import Classifier, SyntheticData
from torchtour.callbacks import run as run_module
from torchtour.callbacks.run import Run
from torchtour.command import main as command_line
from torchtour.command.cli import DATA, OURS
from torchtour.settings import UserError
from torchtour.trust import atomic, sealed
from torchtour.trust.sealed import CheckpointFile
from torchtour.trust.sealed import read as read_checkpoint

__all__ = [
    "DATA",
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
    "torchtour.command.subcommands",
    "attrs",
    "omegaconf",
    "multiprocessing.synchronize",
)  # no child need import these
for name in EARLY:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

ROOT = Path(__file__).parents[2]
WATCHED = {run_module.__file__: "run.py", atomic.__file__: "atomic.py", sealed.__file__: "sealed.py"}
SETTINGS = {"trainer": Trainer, "model": Classifier, **OURS}  # the groups of settings, and who takes them; DATA: data's
