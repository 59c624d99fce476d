"""A command's arguments: the classes that they name, the settings that those take, and what is wrong with one."""

import difflib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import docstring_parser
from jsonargparse import ArgumentError, ArgumentParser
from lightning import LightningDataModule, LightningModule, Trainer

import torchtour
from torchtour.command import config
from torchtour.runs.checkpoint_file import RawCheckpoint
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.runs.plots import Plots
from torchtour.runs.report import EpochReport
from torchtour.runs.run import Run
from torchtour.settings import SET_FROM_DATA, UserError, in_words, short_repr, without_control_chars
from torchtour.training.module import init_parameters

MODEL_FOR = {"SyntheticData": "Classifier", "TableData": "TableClassifier"}  # unless --model names another
DEFAULT_DATA = "SyntheticData"  # unless a flag, a config or a checkpoint names another
CALLBACKS = {"run": Run, "report": EpochReport, "plots": Plots}
TRAINER_DEFAULTS = {
    "max_epochs": 10,
    "logger": False,  # Run writes metrics.csv: one row an epoch
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
}


def trainer_defaults(model: type[LightningModule]) -> dict[str, Any]:
    """Trainer's defaults; a table's models plan their own epochs."""
    return {**TRAINER_DEFAULTS, "max_epochs": -1} if getattr(model, "plans_epochs", False) else TRAINER_DEFAULTS


TOP_LEVEL = {
    "config": str,
    "seed_everything": int | bool | None,
    "ckpt_path": str | None,
    "init_from": str | None,
    "help": str,
    "print_config": str,
}
SYNONYMS = {
    "epochs": "trainer.max_epochs",
    "learning_rate": "model.lr",
    "hidden": "model.hidden_size",
    "units": "model.hidden_size",
    "file": "data.path",
    "csv": "data.path",
    "target": "data.label",
    "dataset": "data.problem",
    "ckpt": "ckpt_path",
    "checkpoint": "ckpt_path",
}


class Setting(NamedTuple):
    key: str  # model.lr
    hint: Any
    default: Any
    help: str


class Classes(NamedTuple):
    """The model and the data that a command starts from; arguments may still name others."""

    model: type[LightningModule]
    data: type[LightningDataModule]

    @classmethod
    def of(cls, data: str = DEFAULT_DATA, model: str | None = None) -> "Classes":
        return cls(getattr(torchtour, model or MODEL_FOR[data]), getattr(torchtour, data))

    def settings(self) -> list[Setting]:
        groups: dict[str, type[Any]] = {"model": self.model, "data": self.data, "trainer": Trainer, **CALLBACKS}
        settings = [setting for group, owner in groups.items() for setting in settings_of(group, owner)]
        defaults = {f"trainer.{name}": value for name, value in trainer_defaults(self.model).items()}
        return [setting._replace(default=defaults.get(setting.key, setting.default)) for setting in settings]


def settings_of(group: str, owner: type[Any]) -> list[Setting]:
    """What a class's __init__ takes, described by its docstring."""
    hints: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for parent in reversed(owner.__mro__):
        if init := vars(parent).get("__init__"):
            hints |= get_type_hints(init)
            texts |= {p.arg_name: p.description or "" for p in docstring_parser.parse(parent.__doc__ or "").params}
    return [
        Setting(f"{group}.{name}", hints.get(name, Any), parameter.default, " ".join(texts.get(name, "").split()))
        for name, parameter in init_parameters(owner).items()
        if not (group == "model" and name in SET_FROM_DATA)
    ]


# What the arguments name


def with_new_names(args: list[str]) -> list[str]:
    """The arguments with present names for old flags, and with paths for the configs that the package ships."""
    renamed = []
    for before, arg in pairwise(["", *args]):
        flag, equals, value = arg.partition("=")
        if flag.removeprefix("--") in config.RENAMED:
            arg = f"--{config.RENAMED[flag.removeprefix('--')]}{equals}{value}"
        elif before in ("-c", "--config"):
            arg = config.shipped_config(arg)
        renamed.append(arg)
    return renamed


def flags_in(args: list[str]) -> Iterator[tuple[str, str | None]]:
    """Each flag with its value, if it has one: `--a.b 1` and `--a.b=1` give ("a.b", "1")."""
    for arg, after in pairwise([*args, ""]):
        if not arg.startswith("-") or _is_number(arg):
            continue
        flag, equals, value = arg.partition("=")
        name = {"-c": "config", "-h": "help"}.get(flag, flag.lstrip("-"))
        if equals:
            yield name, value
        else:
            yield name, None if after.startswith("--") or not after else after


def values_of(args: list[str], *names: str) -> list[str]:
    return [value for name, value in flags_in(args) if name in names and value is not None]


def chosen_classes(args: list[str], read_raw: Callable[[Path], RawCheckpoint]) -> Classes:
    """The project's classes that arguments or configs name, or else those of the checkpoint that is loaded."""
    data = _last_known(_named_in(args, "data"), MODEL_FOR)
    model = _last_known(_named_in(args, "model"), MODELS)
    raw = None if data else _named_checkpoint(args, read_raw)
    if raw is not None:
        settings = raw.content.get("settings", {})
        data = _last_known([str(settings.get("data", ""))], MODEL_FOR)
        model = model or _last_known([model_of(raw)], MODELS)
    data = data or DEFAULT_DATA
    if data == "TableData" and model is None and _asks_for_amount(args):
        model = "TableRegressor"
    return Classes.of(data, model)


MODELS = dict.fromkeys([*MODEL_FOR.values(), "TableRegressor", "TableNet"])


def _asks_for_amount(args: list[str]) -> bool:
    """Is the table's label an amount? A mistake in the file is reported later, when it is read."""
    from torchtour.tables.loading import task_of

    path, label, task = (_data_setting(args, name) for name in ("path", "label", "task"))
    if task in ("classes", "amount") or not path or not label:
        return task == "amount"
    try:
        return task_of(path, label) == "amount"
    except UserError:
        return False


def _data_setting(args: list[str], name: str) -> str | None:
    """A setting of the data, as configs and flags give it; flags come last."""
    keys = (f"data.{name}", f"data.init_args.{name}")
    values = [value for key in keys for value in _in_configs(args, key)] + values_of(args, *keys)
    return values[-1] if values else None


def model_of(raw: RawCheckpoint) -> str:
    """The class path of a checkpoint's model; before 0.3 the columns tell which one it was."""
    if path := raw.content.get("settings", {}).get("model"):
        return str(path)
    return "torchtour.TableNet" if raw.content["hyper_parameters"].get("columns") else "torchtour.Classifier"


def _last_known(class_paths: list[str], known: Mapping[str, Any]) -> str | None:
    names = [path.rpartition(".")[2] for path in class_paths]
    return next((name for name in reversed(names) if name in known), None)


def _named_in(args: list[str], group: str) -> list[str]:
    """The classes of a group that configs and flags name, in order."""
    return [*_in_configs(args, f"{group}.class_path"), *values_of(args, group, f"{group}.class_path")]


def _in_configs(args: list[str], key: str) -> list[str]:
    """A setting's values in the configs; a malformed config is reported later, by the parser."""
    values = []
    for path in values_of(args, "config"):
        try:
            values.append(config.flatten(config.read_config(path)).get(key))
        except UserError:
            continue
    return [str(value) for value in values if value is not None]


def _named_checkpoint(args: list[str], read_raw: Callable[[Path], RawCheckpoint]) -> RawCheckpoint | None:
    """The checkpoint that the command loads; a mistake in it is reported later, when it is checked."""
    named = [*_in_configs(args, "ckpt_path"), *values_of(args, "ckpt_path", "init_from")]
    named = [name for name in named if name not in ("", "null", "None")]
    if not named and args[:1] == ["fit"]:
        return None
    root = (values_of(args, "run.root") or ["checkpoints"])[-1]
    try:
        raw = read_raw(find_checkpoint((named or ["best"])[-1], Path(root)))
    except UserError:
        return None
    return raw if isinstance(raw.content, dict) and isinstance(raw.content.get("hyper_parameters"), dict) else None


# What is wrong with them


def refuse_settings_from_data(args: list[str]) -> None:
    """Read the configs that are named, and refuse a setting that comes from the data.

    Raises:
        UserError: A config is malformed, or such a setting is given.
    """
    given = [(f"--{name}", name) for name, _ in flags_in(args)]
    for path in values_of(args, "config"):
        given += [(f"config {path}: {key}", key) for key in config.flatten(config.read_config(path))]
    for label, key in given:
        if key.startswith("model.") and key.removeprefix("model.").removeprefix("init_args.") in SET_FROM_DATA:
            raise UserError(f"{label} comes from the data: leave it out")


def mistake_in(
    args: list[str], classes: Classes, top_level: Mapping[str, Any] = TOP_LEVEL, lists: bool = False
) -> str | None:
    """The first setting that does not exist or cannot have its value; None if each is fine by itself.

    With `lists`, each of the model's settings may be a list of values.
    """
    hints = {**top_level, **{setting.key: setting.hint for setting in classes.settings()}}
    if lists:
        hints |= {key: or_list(hint) for key, hint in hints.items() if key.startswith("model.")}
    given = [(f"--{name}", name, value) for name, value in flags_in(args)]
    for path in values_of(args, "config"):
        given += [
            (f"config {path}: {key}", key, value) for key, value in config.flatten(config.read_config(path)).items()
        ]
    for label, name, value in given:
        key = name.replace(".init_args.", ".").removesuffix("+").replace("-", "_")
        group = key.partition(".")[0]
        if key.endswith((".class_path", ".help")) or key in ("model", "data") or key.count(".") > 1:
            continue
        if key not in hints:
            if group in ("model", "data") and _names_another_class(args, group):
                continue
            others = [setting.key for data in MODEL_FOR for setting in Classes.of(data).settings()]
            return f"{label} is not a setting{_nearest(key, [*hints, *others])}"
        words = in_words(hints[key])
        if words and value is not None and not _fits(value, hints[key]):
            return f"{key} must be {words}, got {short_repr(value) if not isinstance(value, str) else value[:60]}"
    strays = [arg for before, arg in pairwise(["", *args]) if not arg.startswith("-") and not before.startswith("-")]
    if strays:
        word = without_control_chars(strays[0])[:60]
        return f"unexpected argument {word}: settings begin with --, as in --data.problem {word}, and a config with -c"
    return None


def _names_another_class(args: list[str], group: str) -> bool:
    return any(path.rpartition(".")[2] not in {*MODEL_FOR, *MODELS} for path in _named_in(args, group))


def _nearest(key: str, known: Sequence[str]) -> str:
    last = key.rpartition(".")[2]
    by_last = {name.rpartition(".")[2]: name for name in reversed(known)}
    near = [SYNONYMS[last]] if SYNONYMS.get(last) in known else []
    near += [by_last[last]] if last in by_last else []
    near += difflib.get_close_matches(key, known, n=1)
    near += [by_last[name] for name in difflib.get_close_matches(last, by_last, n=1)]
    return f"; did you mean --{near[0]}?" if near else "; `torchtour fit --help` lists them all"


def _fits(value: Any, hint: Any) -> bool:
    """Whether jsonargparse takes the value, text from the command line or a value from a config, for this type."""
    try:
        if isinstance(value, str):
            _parser_for(hint).parse_args([f"--value={value}"])
        elif value is not None:
            _parser_for(hint).parse_object({"value": value})
    except ArgumentError:
        return False
    return True


@cache
def _parser_for(hint: Any) -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=hint)
    return parser


def _is_number(arg: str) -> bool:
    try:
        float(arg)
    except ValueError:
        return False
    return True


def or_list(hint: Any) -> Any:
    """The type of one value or of a list of them."""
    return hint | list[hint]


def imported_class(class_path: str) -> type[Any]:
    """A class that jsonargparse has imported already."""
    module, _, name = class_path.rpartition(".")
    found: type[Any] = getattr(sys.modules[module], name)
    return found
