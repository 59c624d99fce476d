"""The parser: a help page of our own settings, and what is wrong in one line."""

import argparse
import difflib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from lightning import LightningDataModule
from lightning.pytorch.cli import LightningArgumentParser

from torchtour.command.terminal import cannot_print
from torchtour.problems import PROBLEMS
from torchtour.settings import LINKED, UserError, printable

HEADINGS = {
    "model": "The model",
    "data": "The data",
    "trainer": "The training",
    "run": "The run's folder",
    "report": "What it prints",
    "pictures": "What it draws",
    "": "Other settings",
}
TEXTS = {
    "seed_everything": "Seed of the first weights; true: a random one.",
    "trainer.max_epochs": "Epochs; Trainer's other settings: --help trainer.",
    "data.problem": f"{', '.join(PROBLEMS)}.",
    "data.noise": "Standard deviation of the noise in the points.",
    "data.batch_size": "Points a training step; null: all in one batch.",
    "data.seed": "The data's own seed; null: seed_everything's.",
    "data.streaming": "New points for each training batch, none seen twice.",
    "model.step_size": "Epochs from one decay of the rate to the next.",
    "run.tensorboard": "Write TensorBoard's event files too.",
    "run.save_every": "Least seconds between two writes of a checkpoint.",
    "pictures.enabled": "Draw the curves and the boundary.",
    "pictures.stills": "Epochs that stills.png shows, as in [0, 1, 4].",
    "init_from": "Checkpoint whose weights alone a run starts with.",
    "config": "A config; later ones, and flags, lie over it.",
    "help": "This page.",
}
HIDDEN = {"print_config", "data.help", "data", "model", "run", "report", "pictures", "trainer"}
FROM_DATA = {f"model.{name}" for name in LINKED}
OF_A_RUN = {"model", "trainer", "report", "run"}  # groups that a checkpoint has settled


class Parser(LightningArgumentParser):
    """A subcommand's parser."""

    trainer_too = False
    data: tuple[type[LightningDataModule], ...] = ()  # whose settings the help page shows

    def format_help(self, *args: Any) -> str:
        if self.trainer_too:
            self.usage = "%(prog)s [-c CONFIG ...] [--KEY VALUE ...]"
            return super().format_help(*args)
        command = self.prog.split()[-1]
        resume = "resume" if command == "fit" else "load, by default the newest best"
        texts = {**TEXTS, "ckpt_path": f"Checkpoint to {resume}: best, last or a path."}
        pages = [f"usage: torchtour {command} [-c CONFIG ...] [--KEY VALUE ...]"]
        groups: dict[str, list[Any]] = {name: [] for name in HEADINGS}
        for action in [*self._actions, *data_actions(self.data[:1])]:
            if action.help is not argparse.SUPPRESS and self._is_shown(action.dest, command):
                groups[_group(action.dest)].append(action)
        for name, actions in groups.items():
            if actions:
                pages.append("\n".join([f"{HEADINGS[name]}:", *(_entry(action, texts) for action in actions)]))
            if name == "data":
                pages += [_other_data(cls) for cls in self.data[1:]]
        return "\n\n".join(pages) + "\n"

    def print_help(self, file: Any = None) -> None:
        """As argparse's own, which passes over a full disk."""
        try:
            print(self.format_help(), end="", file=file, flush=True)
        except OSError as error:
            sys.exit(cannot_print(error))

    def _is_shown(self, dest: str, command: str) -> bool:
        """Is a setting one of the help page's? It has ours, and only those that the command leaves open."""
        group = _group(dest)
        settled = command != "fit" and (group in OF_A_RUN or dest == "init_from") and dest != "run.root"
        trainers = group == "trainer" and dest not in TEXTS
        return group in HEADINGS and not (settled or trainers) and dest not in HIDDEN | FROM_DATA

    def error(self, message: str, ex: Exception | None = None) -> None:  # type: ignore[override]
        raise user_error(ex) or UserError(one_line(message))

    def keys(self) -> list[str]:
        """The settings that can be given."""
        return [action.dest for action in [*self._actions, *data_actions(self.data)] if action.dest not in HIDDEN]


def user_error(error: BaseException | None) -> UserError | None:
    """The UserError that an exception came from, if it came from one."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = error.__cause__ or error.__context__
    return None


def missing_package(error: BaseException | None) -> str:
    """How to install the package that an exception says is missing; "" if it says no such thing."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            wanted = re.search(r"pip install -?U? ?['\"]?([\w\[\]-]+)", str(error))
            return f"pip install {wanted[1] if wanted else str(error.name or error).split('.')[0].split()[-1]}"
        error = error.__cause__ or error.__context__
    return ""


def one_line(message: str) -> str:
    """A message of jsonargparse's in one line, in plain words."""
    text = " ".join(message.split())
    found = re.search(r'^Parser key "?([\w.+]+)"?:', text) or re.search(r"Problem with given ([\w.+]+)", text)
    name = found[1] if found else ""
    if name and "." not in name and any(name in inspect.signature(cls).parameters for cls in Parser.data):
        name = f"data.{name}"  # a class that can be chosen has a parser of its own
    name += " " * bool(name)
    for kind, words in KINDS.items():
        if (wrong := re.search(kind + r"\. Got value: (.+?)(?: Given |$)", text)) and "Union" not in text:
            return printable(f"{name}must be {words}, got {wrong[1]}")
    if choice := re.search(r"Expected a typing\.Literal\[(.*?)\]\. Got value: (.+?)$", text):
        return printable(f"{name}must be one of {choice[1].replace(chr(39), '')}, got {choice[2]}")
    needed = re.search(r"the following arguments are required: ([\w, ]+?) - .*class_path='([\w.]+)'", text)
    if needed:
        return printable(f"{name or 'a setting '}needs more for {needed[2].split('.')[-1]}: {needed[1]}")
    if wrong := re.search(r"Given value type: .*? Given value: (.+)$", text):
        value = "null" if wrong[1] == "None" else wrong[1]
        return printable(f"{name or 'a setting '}cannot be {value if len(value) < 100 else f'{value[:96]} ...'}")
    return printable(text)


def with_nearest_key(message: str, keys: list[str]) -> str:
    """Add the known setting that an unknown one resembles: by its whole name, or by its last word."""
    unknown = re.search(UNKNOWN, message)
    if stray := re.search(r"unrecognized arguments: (\w[\w-]*)$", message):
        return f"{message}; settings begin with --, as in --data.problem {stray[1]}, and a config with -c"
    if not unknown:
        return message
    given = (unknown[1] or unknown[2]).replace("-", "_")
    last = SYNONYMS.get(given.rpartition(".")[2], given.rpartition(".")[2])
    lasts = {key.rpartition(".")[2]: key for key in reversed(keys)}
    near = [lasts[last]] if last in lasts else difflib.get_close_matches(given, keys, n=1)
    near = near or [lasts[name] for name in difflib.get_close_matches(last, lasts, n=1)]
    return message + (f"; did you mean --{near[0]}?" if near else "; `torchtour fit --help` lists what there is")


UNKNOWN = r"unrecognized arguments: --?([\w.-]+)|(?:does not accept (?:option|nested key)|[Kk]ey|Option) '([\w.]+)'"
KINDS = {
    r"Expected an? <class 'float'>": "a number",
    r"Expected an? <class 'int'>": "a whole number",
    r"Expected an? <class 'bool'>": "true or false",
}
SYNONYMS = {
    "epochs": "max_epochs",
    "learning_rate": "lr",
    "hidden": "hidden_size",
    "units": "hidden_size",
    "file": "path",
    "csv": "path",
    "target": "label",
    "dataset": "problem",
    "ckpt": "ckpt_path",
    "checkpoint": "ckpt_path",
}


def data_actions(classes: Iterable[type[LightningDataModule]]) -> list[Any]:
    """The settings of data classes: LightningCLI shows those of a class that can be chosen by `--data.help` alone."""
    found = {}
    for cls in classes:
        parser = LightningArgumentParser(prog="", add_help=False)
        parser.add_class_arguments(cls, "data")
        own = {action.dest: action for action in parser._actions}  # of two with one name the last one counts
        found.update({dest: action for dest, action in own.items() if dest not in found})
    return [action for dest, action in found.items() if dest.startswith("data.")]


def _group(dest: str) -> str:
    return dest.partition(".")[0] if "." in dest else ""


def _other_data(cls: type[LightningDataModule]) -> str:
    """The settings of another class of data, by their names and defaults alone."""
    settings = [
        f"--{action.dest}" if action.default in (None, "") else f"--{action.dest} {_value(action.default)}"
        for action in data_actions([cls])
    ]
    told = " ".join((inspect.getdoc(cls) or cls.__name__).splitlines()[0].partition(":")[0].split())
    lines = textwrap.wrap(", ".join(setting.replace(" ", "\0") for setting in settings), 77, break_on_hyphens=False)
    text = "\n".join(f"  {line}" for line in lines).replace("\0", " ")
    return f"With --data {cls.__name__} ({told[0].lower()}{told[1:].rstrip('.')}):\n{text}"


def _entry(action: Any, texts: dict[str, str]) -> str:
    """A setting with its default and its choices, and what it is."""
    flag = "-c" if action.dest == "config" else f"--{action.dest}"
    default = action.default if action.default is not argparse.SUPPRESS else None
    shown = "" if default is None or action.dest in ("help", "config") else f" {_value(default)}"
    text = texts.get(action.dest, " ".join((action.help or "").split()).partition(". ")[0].rstrip(".") + ".")
    indent = " " * 27
    head = f"  {flag}{shown}"
    body = textwrap.wrap(text, 79 - len(indent)) or [""]
    if len(head) > len(indent) - 1:
        return "\n".join([head, *(indent + line for line in body)])
    return "\n".join([f"{head:{len(indent)}}{body[0]}", *(indent + line for line in body[1:])])


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
