"""The command: its subcommands, help, signals and exit statuses. Torch is imported only when a subcommand needs it."""

import difflib
import gc
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType

from torchtour import __version__
from torchtour.command.terminal import cannot_print, complain
from torchtour.settings import UserError, printable

# What each command does; torchtour.command.<module> has a function of the command's name.
COMMANDS = {
    "fit": "train a net; its files land in checkpoints/<run.name>/version_<n>/",
    "validate": "loss and accuracy of a checkpoint on the validation points",
    "test": "loss and accuracy of a checkpoint on points that no training saw",
    "predict": "write predictions.csv next to a checkpoint",
    "sweep": "train nets with many settings and seeds side by side; choose, fit and test the best",
    "lr": "find the learning rate at which the loss falls fastest, in one short run",
    "eject": "take a net home: its weights and a script, for torch alone; or ONNX",
    "runs": "list the runs, the newest last",
    "lesson": "run a lesson, by its number or name; without one, list them",
    "exercises": "write the start files of the exercises into a folder of yours",
    "new": "write a project of your own, from the files of this one",
    "completion": "print what makes bash, zsh or fish complete these words",
    "check": "say which exercises of a file are solved, and give a hint for the others",
}
MODULES = dict.fromkeys(("fit", "validate", "test", "predict"), "subcommands")
QUICK = {  # they do without torch, or load it themselves
    "runs",
    "lesson",
    "exercises",
    "check",
    "new",
}
GUESSES = {"train": "fit", "eval": "test", "evaluate": "test", "export": "eject", "list": "runs", "lessons": "lesson"}
TRY = """
Try:
  torchtour fit --data.problem circle --model.hidden_size 20
  torchtour test                           the best epoch of the newest run
  torchtour eject --to my_net
  torchtour fit --help                     every setting

  -h, --help     this page
  --version      the version
"""


def main() -> int:
    """Run the command as the shell calls it: signals end it in order, and the exit status says how it went."""
    arguments = sys.argv[1:]
    _open_standard_streams()
    try:
        try:
            status = _quick(arguments)
            if status is None:
                status = run(arguments) if arguments[0] in QUICK else _with_signals(arguments)
        finally:
            sys.stdout.flush()  # argparse ends with SystemExit after --help, and passes over a full disk
    except OSError as error:  # nobody reads, or the disk is full
        return cannot_print(error)
    return status


def run(arguments: list[str]) -> int:
    """Call a subcommand. A user's mistake is one line and status 2; training that diverges one line and status 1."""
    if (answered := _quick(arguments)) is not None:
        return answered
    if arguments[0] in QUICK:
        return _run_quickly(arguments)
    from torchtour.command.errors import explained

    with explained() as outcome:
        outcome.status = _function(arguments[0])(arguments[1:])
    return outcome.status


def stop(signum: int, _: FrameType | None) -> None:
    """Ctrl-C, SIGTERM and SIGUSR1: leave at once, by way of every `finally`, with the shell's status for the signal."""
    raise SystemExit(128 + signum)


def page() -> str:
    """The help page."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: torchtour COMMAND [-c CONFIG ...] [--KEY VALUE ...]", "", *lines, TRY])


def _quick(arguments: list[str]) -> int | None:
    """Answer what needs no torch: the pages, and commands that do not exist; None for all else."""
    if arguments in ([], ["-h"], ["--help"]):
        print(page(), end="")
        return 0
    if arguments == ["--version"]:
        print(f"torchtour {__version__}")
        return 0
    if arguments[0] not in COMMANDS:
        near = [GUESSES.get(arguments[0], ""), *difflib.get_close_matches(arguments[0], COMMANDS, n=1)]
        near = [name for name in near if name in COMMANDS]
        hint = f"did you mean `torchtour {near[0]}`?" if near else "`torchtour --help` lists the commands"
        complain(f"{arguments[0]!r} is not a command; {hint}")
        return 2
    return None


def _with_signals(arguments: list[str]) -> int:
    # SIGUSR1 is SLURM's, before it takes the machine away; Windows has none.
    signals = [signal.SIGINT, signal.SIGTERM, *(s for s in signal.Signals if s.name == "SIGUSR1")]
    for signum in signals:
        signal.signal(signum, signal.SIG_DFL)  # an exception amid the import of a C++ module would end in abort()
    gc.disable()  # half a second would go into looking for garbage among what is imported here, and stays
    import torchtour.command.errors  # noqa: F401 (takes seconds: torch and Lightning)

    _function(arguments[0])
    gc.freeze()
    gc.enable()
    for signum in signals:
        signal.signal(signum, stop)
    try:
        return run(arguments)
    finally:
        for signum in signals:
            signal.signal(signum, signal.SIG_DFL)  # nor has an exception a place to go while Python shuts down


def _function(command: str) -> Callable[[list[str]], int]:
    module = import_module(f"torchtour.command.{MODULES.get(command, command)}")
    found: Callable[[list[str]], int] = getattr(module, command)
    return found


def _run_quickly(arguments: list[str]) -> int:
    try:
        return _function(arguments[0])(arguments[1:])
    except UserError as error:
        complain(printable(str(error)))
        return 2


def _open_standard_streams() -> None:
    """A stream that the caller has closed goes to nobody, rather than into the next file that is opened."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a terminal without the letter
    os.environ["MPLBACKEND"] = "agg"  # the command draws into files


if __name__ == "__main__":
    sys.exit(main())
