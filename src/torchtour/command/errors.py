"""What went wrong, in a line: the exceptions that the command explains, and their exit statuses."""

import logging
import multiprocessing
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch.multiprocessing.spawn import ProcessException

from torchtour.command.terminal import print_error
from torchtour.runs.run import DivergenceError
from torchtour.settings import UserError, without_control_chars

NO_MEMORY = "there is not enough memory; a smaller model.hidden_size or data.batch_size needs less"
AnyError = TypeVar("AnyError", bound=BaseException)
DEBUG = "TORCHTOUR_DEBUG"  # an environment variable: 1 lets tracebacks through


@dataclass
class Outcome:
    status: int = 0


@contextmanager
def errors_as_messages() -> Iterator[Outcome]:
    """Turn the exceptions of a command into a line on stderr and an exit status, unless TORCHTOUR_DEBUG=1."""
    silence_warnings()
    outcome = Outcome()
    try:
        yield outcome
    except Exception as error:
        found = None if os.environ.get(DEBUG) == "1" else explain(error)
        if found is None:
            if (exit_request := exit_behind(error)) and isinstance(error, RuntimeError):
                raise exit_request from None
            raise
        message, outcome.status = found
        if message:
            print_error(without_control_chars(message))
    finally:
        end_children()


def explain(error: Exception) -> tuple[str, int] | None:
    """The message and exit status of an exception that is no fault of this program; None for all others."""
    if isinstance(error, UserError | MisconfigurationException):
        return first_line(error), 2
    if isinstance(error, MemoryError):
        return NO_MEMORY, 2
    if isinstance(error, BrokenPipeError):  # the reader of a pipe has closed it
        return "", 1
    if isinstance(error, DivergenceError | OSError):  # OSError: most likely a full disk
        return str(error), 1
    if isinstance(error, ProcessException):
        return f"one of the processes ended: {str(error).strip().splitlines()[-1]}", 1
    if isinstance(error, RuntimeError) and re.search(r"allocate memory|out of memory|not enough memory", str(error)):
        return NO_MEMORY, 2
    if isinstance(error, RuntimeError) and "conditioned on metric" in str(error):  # EarlyStopping's monitor is missing
        return first_line(error), 2
    return None


def behind(error: BaseException | None, kind: type[AnyError]) -> AnyError | None:
    """The exception of a kind that an exception is, or was caused by."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def exit_behind(error: BaseException | None) -> SystemExit | None:
    """The exit that a signal asked for, if Lightning failed while it cleaned up."""
    return behind(error, SystemExit)


def user_error(error: BaseException | None) -> UserError | None:
    """The UserError that caused an exception, if there is one."""
    return behind(error, UserError)


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, without control characters."""
    return without_control_chars(next(iter(str(error).strip().splitlines()), type(error).__name__))[:300]


def end_children() -> None:
    """End the processes of a strategy that still run: by SIGTERM, then by SIGKILL."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(1)
        child.kill()


def silence_warnings() -> None:
    """Hide the warnings and log messages that a reader cannot act on."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # how it ends the others
    warnings.formatwarning = lambda message, *_, **__: f"torchtour: warning: {' '.join(str(message).split())}\n"
    # Workers would make it slower: the data are in memory.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    warnings.filterwarnings("ignore", ".*missing from font.*")  # a letter in a plot
    # A setting that is refused anyway, what was asked for, and a callback whose default is no plain value.
    warnings.filterwarnings("ignore", r"\s*Unable to serialize instance.*")
    warnings.filterwarnings("ignore", ".*AMP with fp16 is not supported on CPU.*")
    warnings.filterwarnings("ignore", ".*requested to overfit.*")
    # Lightning's own calls, deprecated by torch 2.13 and by jsonargparse 4.53.
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", ".*no logger configured.*")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
