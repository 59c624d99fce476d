"""What the campaign takes from the product: the command, the reader of checkpoints, files whose lines it watches."""

import contextlib
import importlib
from pathlib import Path

from torchtour import Classifier, checkpoint
from torchtour import __main__ as command_line
from torchtour import run as run_module
from torchtour.checkpoint import read as read_checkpoint
from torchtour.limits import UserError

__all__ = ["ROOT", "WATCHED", "Classifier", "UserError", "command_line", "read_checkpoint"]

for name in ("torchtour.cli", "attrs", "omegaconf", "multiprocessing.synchronize"):  # so that no child need do it
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

ROOT = Path(__file__).parents[2]
WATCHED = {run_module.__file__: "run.py", checkpoint.__file__: "checkpoint.py"}
