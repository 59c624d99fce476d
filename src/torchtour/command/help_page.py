"""The help page of a command: the project's own settings, each in a line or two."""

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any

from torchtour.command.arguments import MODEL_FOR, Classes, Setting, settings_of
from torchtour.problems import PROBLEMS

HEADINGS = {
    "model": "The model",
    "data": "The data",
    "trainer": "The training",
    "run": "The run's folder",
    "report": "What it prints",
    "plots": "What it draws",
    "": "Other settings",
}
TEXTS = {  # where the docstring's first sentence is too long for a line
    "trainer.max_epochs": "Epochs; all of Trainer's: --help trainer.",
    "data.problem": f"{', '.join(PROBLEMS)}.",
    "data.noise": "Standard deviation of the noise in the points.",
    "data.batch_size": "Points per training step; null: all of them.",
    "data.seed": "The data's own seed; null: seed_everything's.",
    "data.streaming": "New points for each training batch.",
    "model.momentum": "SGD's momentum; Adam does not read it.",
    "model.weight_decay": "Weight decay, an L2 penalty but for adamw.",
    "model.schedule": "step, or cosine over trainer.max_epochs.",
    "model.warmup_epochs": "Epochs in which the rate rises.",
    "model.step_size": "Epochs between two decays of the rate, if step.",
    "run.save_every_seconds": "Least time between two writes of a checkpoint.",
    "plots.boundary_epochs": "Epochs that stills.png shows, as in [0, 1, 4].",
    "plots.enabled": "Draw after fit, and after test.",
    "run.tensorboard": "Write TensorBoard's event files too.",
}
SET_BY_CHECKPOINT = {"model", "trainer", "report", "run"}  # groups that only fit needs
INDENT = 31


def help_page(command: str, classes: Classes, more: Sequence[Setting] = ()) -> str:
    """The page that `torchtour COMMAND --help` prints; `more` are settings of this command alone."""
    groups: dict[str, list[Setting]] = {name: [] for name in HEADINGS}
    for setting in [*classes.settings(), *_top_level(command), *more]:
        if _is_shown(setting.key, command):
            groups[_group(setting.key)].append(setting)
    pages = [f"usage: torchtour {command} [-c CONFIG ...] [--KEY VALUE ...]"]
    for name, settings in groups.items():
        if settings:
            pages.append("\n".join([f"{HEADINGS[name]}:", *map(_entry, settings)]))
        if name == "data":
            pages += [_other_data(other) for other in MODEL_FOR if other != classes.data.__name__]
    return "\n\n".join(pages) + "\n"


def _top_level(command: str) -> list[Setting]:
    settings = [Setting("-c", None, None, "A config file. Later configs and flags override it.")]
    settings.append(Setting("seed_everything", None, 0, "Seed of the first weights; true: a random one."))
    if command in ("fit", "validate", "test", "predict"):
        purpose = "resume" if command == "fit" else "load, by default the newest best"
        settings.append(Setting("ckpt_path", None, None, f"Checkpoint to {purpose}: best, last or a path."))
    if command == "fit":
        settings.append(Setting("init_from", None, None, "Checkpoint whose weights a new run starts from."))
    return settings


def _is_shown(key: str, command: str) -> bool:
    group = _group(key)
    if group == "trainer" and key != "trainer.max_epochs":
        return False
    is_training = command in ("fit", "sweep", "lr-find")
    return is_training or group not in SET_BY_CHECKPOINT or key == "run.root"


def _group(key: str) -> str:
    return key.partition(".")[0] if "." in key else ""


def _other_data(name: str) -> str:
    """The settings of the other class of data, by their names and defaults alone."""
    classes = Classes.of(name)
    flags = [
        f"--{setting.key}" if setting.default in (None, "") else f"--{setting.key} {_value(setting.default)}"
        for setting in settings_of("data", classes.data)
    ]
    summary = (inspect.getdoc(classes.data) or name).splitlines()[0].partition(":")[0].rstrip(".")
    lines = textwrap.wrap(", ".join(flag.replace(" ", "\0") for flag in flags), 77, break_on_hyphens=False)
    text = "\n".join(f"  {line}" for line in lines).replace("\0", " ")
    return f"With --data {name} ({summary[0].lower()}{summary[1:]}):\n{text}"


def _entry(setting: Setting) -> str:
    """A setting with its default, and the first sentence about it."""
    flag = setting.key if setting.key == "-c" else f"--{setting.key}"
    head = f"  {flag}" if setting.default is None else f"  {flag} {_value(setting.default)}"
    text = TEXTS.get(setting.key) or setting.help.partition(". ")[0].rstrip(".") + "."
    body = textwrap.wrap(text, 79 - INDENT) or [""]
    first = [head] if len(head) > INDENT - 1 else [f"{head:{INDENT}}{body.pop(0)}"]
    return "\n".join([*first, *(" " * INDENT + line for line in body)])


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
