"""What went wrong, in a line: the exceptions that the command explains, and their exit statuses."""

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch.multiprocessing.spawn import ProcessException

from torchtour.callbacks.run import DivergenceError
from torchtour.command.processes import end_children
from torchtour.command.terminal import complain
from torchtour.settings import UserError, printable


@dataclass
class Outcome:
    status: int = 0


@contextmanager
def explained() -> Iterator[Outcome]:
    """Turn the exceptions of a subcommand into a line on stderr and an exit status."""
    _quiet()
    outcome = Outcome()
    try:
        yield outcome
    except (UserError, MisconfigurationException) as error:
        outcome.status = _say(first_line(error), 2)
    except MemoryError:
        outcome.status = _say(NO_MEMORY, 2)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        outcome.status = 1
    except (DivergenceError, OSError) as error:  # OSError: a full disk, most likely
        outcome.status = _say(str(error), 1)
    except ProcessException as error:
        outcome.status = _say(f"one of the processes ended: {str(error).strip().splitlines()[-1]}", 1)
    except RuntimeError as error:
        if re.search(r"allocate memory|out of memory|not enough memory", str(error)):
            outcome.status = _say(NO_MEMORY, 2)
        elif "conditioned on metric" in str(error):  # EarlyStopping's, which no other exception tells apart
            outcome.status = _say(first_line(error), 2)
        elif stopped := exit_behind(error):
            raise stopped from None
        else:
            raise
    finally:
        end_children()


NO_MEMORY = "there is not enough memory; a smaller model.hidden_size or data.batch_size needs less"


def exit_behind(error: BaseException | None) -> SystemExit | None:
    """The exit that a signal asked for, where Lightning failed as it cleared up."""
    while error is not None and not isinstance(error, SystemExit):
        error = error.__context__
    return error


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, of printable characters."""
    return printable(next(iter(str(error).strip().splitlines()), type(error).__name__))[:300]


def _say(message: str, status: int) -> int:
    complain(printable(message))
    return status


def _quiet() -> None:
    """Show nothing that the reader cannot act on."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # how it ends the others
    warnings.formatwarning = lambda message, *_, **__: f"torchtour: warning: {' '.join(str(message).split())}\n"
    # Workers would make it slower: the data are in memory.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    warnings.filterwarnings("ignore", ".*missing from font.*")  # a letter in a picture
    # What is refused, what was asked for, and a callback whose default is no plain value.
    warnings.filterwarnings("ignore", r"\s*Unable to serialize instance.*")
    warnings.filterwarnings("ignore", ".*AMP with fp16 is not supported on CPU.*")
    warnings.filterwarnings("ignore", ".*requested to overfit.*")
    # Lightning's own calls, deprecated by torch 2.13 and by jsonargparse 4.53.
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", ".*no logger configured.*")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
