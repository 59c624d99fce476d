"""What the campaign takes from the product: the command, the reader of checkpoints, files whose lines it watches."""

import contextlib
import importlib
from pathlib import Path

from torchtour import Classifier
from torchtour.callbacks import run as run_module
from torchtour.command import main as command_line
from torchtour.settings import UserError
from torchtour.trust import atomic, sealed
from torchtour.trust.sealed import read as read_checkpoint

__all__ = ["ROOT", "WATCHED", "Classifier", "UserError", "command_line", "read_checkpoint"]

for name in (
    "torchtour.command.cli",
    "attrs",
    "omegaconf",
    "multiprocessing.synchronize",
):  # no child need do it
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

ROOT = Path(__file__).parents[2]
WATCHED = {run_module.__file__: "run.py", atomic.__file__: "atomic.py", sealed.__file__: "sealed.py"}
