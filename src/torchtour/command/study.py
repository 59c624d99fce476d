"""What `torchtour sweep` and `torchtour lr` share: fit's settings parsed, made into data, turned into flags again."""

import json
from collections.abc import Mapping
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, get_type_hints

from jsonargparse import Namespace
from lightning import LightningDataModule, Trainer

from torchtour.classifier import Classifier
from torchtour.command.arguments import check_arguments
from torchtour.command.cli import DATA, OURS, TRAINER_DEFAULTS
from torchtour.command.errors import first_line
from torchtour.command.parser import Parser, user_error, with_nearest_key
from torchtour.command.rules import check_trainer
from torchtour.settings import UserError, shown
from torchtour.sweep.grid import own_settings
from torchtour.trust import config

TRAINER = ("max_epochs", "check_val_every_n_epoch", "accelerator", "enable_progress_bar")  # settings that they take
APART = {"config", "resume", "seeds", "seed_everything", "data", "model", "low", "high", "steps"}


def parser_of(command: str, lists: bool) -> Parser:
    """fit's settings; with `lists`, each of the model's may be a list."""
    parser = Parser(prog=f"torchtour {command}", allow_abbrev=False)
    parser.add_argument("-c", "--config", action="config")
    parser.add_argument("--seed_everything", type=int, default=0)
    hints = get_type_hints(Classifier.__init__)
    for name, parameter in own_settings().items():
        kind = hints[name] | list[hints[name]] if lists else hints[name]  # type: ignore[valid-type]
        text = f"{parameter.default} by default{'; or a list' * lists}."
        parser.add_argument(f"--model.{name}", type=kind, default=parameter.default, help=text)
    parser.add_lightning_class_args(LightningDataModule, "data", subclass_mode=True)
    parser.set_defaults({"data": {"class_path": "torchtour.SyntheticData"}})
    parser.add_lightning_class_args(Trainer, "trainer")
    parser.set_defaults({f"trainer.{name}": value for name, value in TRAINER_DEFAULTS.items()})
    for name, callback in OURS.items():
        parser.add_class_arguments(callback, name)
    return parser


def parse(parser: Parser, args: list[str]) -> Namespace:
    """Parse arguments and check Trainer's settings.

    Raises:
        UserError: One is wrong, or has no part in the command.
    """
    config.guard()
    Parser.data = tuple(DATA.values())
    Parser.trainer_too = args in (["--help", "trainer"], ["-h", "trainer"])
    check_arguments(args)
    try:
        settings = parser.parse_args(args[:1] if Parser.trainer_too else args)
    except UserError as error:
        raise UserError(with_nearest_key(str(error), parser.keys())) from None
    except (OSError, UnicodeError, RecursionError, OverflowError, ValueError, TypeError) as error:
        raise user_error(error) or UserError(first_line(error)) from error
    check_trainer(settings.trainer)
    usual = parser.get_defaults().trainer
    for name, value in settings.trainer.items():
        if name not in TRAINER and value != usual[name]:
            raise UserError(f"trainer.{name} has no part here, got {shown(value)}; only {', '.join(TRAINER)} have one")
    if settings.trainer.max_epochs is None or settings.trainer.max_epochs < 1:
        raise UserError(f"trainer.max_epochs must be at least 1 here, got {settings.trainer.max_epochs}")
    return settings


def check_seed(seed: int) -> None:
    """Raises UserError: the seed is none."""
    if not 0 <= seed < 2**32:
        raise UserError(f"a seed must be from 0 to {2**32 - 1}, got {shown(seed)}")


def new_data(settings: Namespace) -> LightningDataModule:
    """The datamodule that the settings describe."""
    data: LightningDataModule = _data_class(settings)(**settings.data.get("init_args", {}))
    return data


def fit_flags(settings: Namespace, model: Mapping[str, Any], seed: int) -> list[str]:
    """The settings of an ordinary fit that differ from its defaults, as flags."""
    own = Parser(add_help=False)
    own.add_class_arguments(_data_class(settings), "data")
    usual = dict(parser_of("fit", lists=False).get_defaults().items())
    usual |= {f"data.{name}": value for name, value in own.get_defaults().data.items()}
    values = {f"model.{name}": model[name] for name in own_settings()} | {"seed_everything": seed}
    values |= {f"data.{name}": value for name, value in settings.data.get("init_args", {}).items()}
    values |= {key: value for key, value in settings.items() if key.split(".")[0] not in APART}
    synthetic = _data_class(settings) is DATA["torchtour.data.SyntheticData"]
    flags = [] if synthetic else ["--data", settings.data.class_path]
    for key, value in values.items():
        if key not in usual or value != usual[key]:
            flags += [f"--{key}", value if isinstance(value, str) else json.dumps(value)]
    return flags


def config_of(parser: Parser, settings: Namespace) -> bytes:
    """The settings as a config.yaml that `-c` takes."""
    values = json.loads(parser.dump(settings, format="json", skip_none=False))
    for name in ("config", "resume"):
        values.pop(name, None)
    if _data_class(settings) is DATA["torchtour.data.SyntheticData"]:
        values["data"] = values["data"]["init_args"]
    return config.dump(values).encode()


def new_folder(settings: Namespace, kind: str) -> Path:
    """A new `<run.root>/<run.name>/<kind>_<n>`."""
    parent: Path = Path(settings.run.root) / settings.run.name
    parent.mkdir(parents=True, exist_ok=True)
    for number in count():
        try:
            (parent / f"{kind}_{number}").mkdir()
        except FileExistsError:
            continue
        return parent / f"{kind}_{number}"
    raise AssertionError


def _data_class(settings: Namespace) -> type[LightningDataModule]:
    module, _, name = settings.data.class_path.rpartition(".")
    found: type[LightningDataModule] = getattr(import_module(module), name)
    return found
