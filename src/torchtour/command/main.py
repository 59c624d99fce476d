"""The command: one table of its subcommands, signals and exit statuses. Torch is imported only if one needs it."""

import difflib
import gc
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from torchtour import __version__
from torchtour.command.terminal import exit_on_signal, print_error, print_failed
from torchtour.settings import UserError, without_control_chars


class Command(NamedTuple):
    help: str
    module: str  # torchtour.command.<module> has a function of the command's name
    needs_torch: bool = True


COMMANDS = {
    "fit": Command("train a net; its files land in checkpoints/<run.name>/version_<n>/", "fit"),
    "validate": Command("loss and accuracy of a checkpoint on the validation points", "fit"),
    "test": Command("loss and accuracy of a checkpoint on points not used in training", "fit"),
    "predict": Command("write predictions.csv next to a checkpoint", "fit"),
    "sweep": Command("train nets with many settings and seeds side by side; fit and test the best", "sweep"),
    "lr-find": Command("find the learning rate at which the loss falls fastest, in one short run", "lr_find"),
    "export": Command("write a net as weights plus a script that needs only torch; or ONNX", "export"),
    "runs": Command("list the runs, the newest last", "runs", needs_torch=False),
    "lesson": Command("run a lesson, by its number or name; without one, list them", "lesson", needs_torch=False),
    "exercises": Command("write the start files of the exercises into a folder", "exercises", needs_torch=False),
    "check": Command("check the exercises in a file, with hints for those not solved", "check", needs_torch=False),
    "new": Command("create your own project from the core of this one", "new", needs_torch=False),
}
RENAMED = {"eject": "export", "lr": "lr-find"}  # until 0.4
GUESSES = {"train": "fit", "eval": "test", "evaluate": "test", "list": "runs", "lessons": "lesson"}
TRY = """
Try:
  torchtour fit --data.problem circle --model.hidden_size 20
  torchtour test                           the best epoch of the newest run
  torchtour export --to my_net
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
            status = _answer_without_command(arguments)
            if status is None:
                needs_torch = COMMANDS[_present_name(arguments[0])].needs_torch
                status = _with_signals(arguments) if needs_torch else run(arguments)
        finally:
            sys.stdout.flush()  # argparse ends with SystemExit after --help, and ignores a full disk
    except OSError as error:  # the reader has closed the pipe, or the disk is full
        return print_failed(error)
    return status


def run(arguments: list[str]) -> int:
    """Call a subcommand. A user's mistake is one line and status 2; training that diverges one line and status 1."""
    if (answered := _answer_without_command(arguments)) is not None:
        return answered
    name = _present_name(arguments[0])
    if name != arguments[0]:
        print_error(f"note: `{arguments[0]}` is now called `{name}`")
    if not COMMANDS[name].needs_torch:
        return _run_without_torch(name, arguments[1:])
    from torchtour.command.errors import errors_as_messages

    with errors_as_messages() as outcome:
        outcome.status = _function(name)(arguments[1:])
    return outcome.status


def page() -> str:
    """The help page."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: torchtour COMMAND [-c CONFIG ...] [--KEY VALUE ...]", "", *lines, TRY])


def _answer_without_command(arguments: list[str]) -> int | None:
    """Print the help page, the version, or that there is no such command; None if there is one."""
    if arguments in ([], ["-h"], ["--help"]):
        print(page(), end="")
        return 0
    if arguments == ["--version"]:
        print(f"torchtour {__version__}")
        return 0
    if _present_name(arguments[0]) not in COMMANDS:
        near = [GUESSES.get(arguments[0], ""), *difflib.get_close_matches(arguments[0], COMMANDS, n=1)]
        near = [name for name in near if name in COMMANDS]
        hint = f"did you mean `torchtour {near[0]}`?" if near else "`torchtour --help` lists the commands"
        print_error(f"{arguments[0]!r} is not a command; {hint}")
        return 2
    return None


def _present_name(command: str) -> str:
    return RENAMED.get(command, command)


def _with_signals(arguments: list[str]) -> int:
    # SIGUSR1 is SLURM's, before it takes the machine away; Windows has none.
    signals = [signal.SIGINT, signal.SIGTERM, *(s for s in signal.Signals if s.name == "SIGUSR1")]
    for signum in signals:
        signal.signal(signum, signal.SIG_DFL)  # an exception amid the import of a C++ module would end in abort()
    gc.disable()  # it would spend half a second looking for garbage among what is imported here, and stays
    import torchtour.command.errors  # noqa: F401 (takes seconds: torch and Lightning)

    _function(_present_name(arguments[0]))
    gc.freeze()
    gc.enable()
    for signum in signals:
        signal.signal(signum, exit_on_signal)
    try:
        return run(arguments)
    finally:
        for signum in signals:
            signal.signal(signum, signal.SIG_DFL)  # while Python shuts down, an exception would be printed


def _function(command: str) -> Callable[[list[str]], int]:
    module = import_module(f"torchtour.command.{COMMANDS[command].module}")
    function: Callable[[list[str]], int] = getattr(module, command.replace("-", "_"))
    return function


def _run_without_torch(command: str, arguments: list[str]) -> int:
    try:
        return _function(command)(arguments)
    except UserError as error:
        if os.environ.get("TORCHTOUR_DEBUG") == "1":
            raise
        print_error(without_control_chars(str(error)))
        return 2


def _open_standard_streams() -> None:
    """Point a stream that the caller has closed at the null device, rather than at the next file that is opened."""
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
