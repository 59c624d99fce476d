"""What `torchtour sweep` and `torchtour lr-find` share: fit's settings, parsed, and turned into flags again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import LightningDataModule, Trainer

from torchtour.classifier import Classifier
from torchtour.command import config
from torchtour.command.arguments import (
    CALLBACKS,
    TOP_LEVEL,
    Classes,
    Setting,
    chosen_classes,
    flags_in,
    imported_class,
    mistake_in,
    or_list,
    refuse_settings_from_data,
    settings_of,
    trainer_defaults,
    with_new_names,
)
from torchtour.command.cli import Parser
from torchtour.command.errors import first_line, user_error
from torchtour.command.fit import without_default_classes
from torchtour.command.help_page import help_page
from torchtour.command.trainer_checks import check_trainer
from torchtour.runs.checkpoint_file import read_raw
from torchtour.runs.files import next_folder
from torchtour.settings import UserError, short_repr

TRAINER_SETTINGS = ("max_epochs", "check_val_every_n_epoch", "accelerator", "enable_progress_bar")  # that these take


class Study:
    """A command's own parser over fit's settings.

    Args:
        command: Its name.
        args: Its arguments.
        more: Settings of this command alone.
        lists: Each of the model's settings may be a list.
    """

    def __init__(self, command: str, args: Sequence[str], more: Sequence[Setting], lists: bool = False) -> None:
        config.use_strict_yaml()
        self.command, self.more, self.lists = command, more, lists
        self.args = with_new_names([*args])
        self.classes = chosen_classes(["fit", *self.args], read_raw)
        self.model_settings = {s.key.removeprefix("model."): s for s in settings_of("model", self.classes.model)}
        self.parser = self._parser()

    def _parser(self) -> Parser:
        parser = Parser(prog=f"torchtour {self.command}", allow_abbrev=False)
        parser.add_argument("-c", "--config", action="config")
        parser.add_argument("--seed_everything", type=int, default=0)
        for name, setting in self.model_settings.items():
            hint = or_list(setting.hint) if self.lists else setting.hint
            parser.add_argument(f"--model.{name}", type=hint, default=setting.default, help=setting.help)
        parser.add_lightning_class_args(LightningDataModule, "data", subclass_mode=True)
        parser.set_defaults({"data": {"class_path": f"torchtour.{self.classes.data.__name__}"}})
        parser.add_lightning_class_args(Trainer, "trainer")
        parser.set_defaults({f"trainer.{name}": value for name, value in trainer_defaults(self.classes.model).items()})
        for name, callback in CALLBACKS.items():
            parser.add_class_arguments(callback, name)
        for setting in self.more:
            parser.add_argument(f"--{setting.key}", type=setting.hint, default=setting.default, help=setting.help)
        return parser

    def help_page(self) -> str | None:
        """The page to print, if help is asked for."""
        if "help" not in dict(flags_in(self.args)):
            return None
        if self.args[-1:] == ["trainer"]:
            return str(self.parser.format_help())
        return help_page(self.command, self.classes, self.more)

    def parse(self, args: Sequence[str] | None = None) -> Namespace:
        """Parse arguments and check Trainer's settings.

        Raises:
            UserError: One is wrong, or has no effect in this command.
        """
        words = self.args if args is None else [*args]
        self._refuse_other_models()
        refuse_settings_from_data(words)
        try:
            settings: Namespace = self.parser.parse_args(words)
        except (OSError, UnicodeError, RecursionError, OverflowError, ValueError, TypeError) as error:
            top_level = {**TOP_LEVEL, **{setting.key: setting.hint for setting in self.more}}
            mistake = mistake_in(words, self.classes, top_level, self.lists)
            raise UserError(mistake or str(user_error(error) or first_line(error))) from error
        self._check(settings)
        return settings

    def _check(self, settings: Namespace) -> None:
        check_trainer(settings.trainer)
        defaults = self.parser.get_defaults().trainer
        for name, value in settings.trainer.items():
            if name not in TRAINER_SETTINGS and value != defaults[name]:
                allowed = ", ".join(TRAINER_SETTINGS)
                raise UserError(f"trainer.{name} has no effect here, got {short_repr(value)}; only {allowed} have one")
        if settings.trainer.max_epochs is None or settings.trainer.max_epochs < 1:
            raise UserError(f"trainer.max_epochs must be at least 1 here, got {settings.trainer.max_epochs}")

    def new_data(self, settings: Namespace) -> LightningDataModule:
        """The datamodule that the settings describe."""
        data: LightningDataModule = imported_class(settings.data.class_path)(**settings.data.get("init_args", {}))
        return data

    @property
    def model(self) -> type[Classifier]:
        """The model's class.

        Raises:
            UserError: It is not a Classifier, which these commands train.
        """
        self._refuse_other_models()
        return self.classes.model  # type: ignore[return-value] # as was just checked

    def _refuse_other_models(self) -> None:
        if not issubclass(self.classes.model, Classifier):
            raise UserError(f"{self.command} trains a Classifier, and not a {self.classes.model.__name__} yet")

    def to_flags(self, settings: Namespace, model: Mapping[str, Any], seed: int) -> list[str]:
        """The settings of an ordinary fit that differ from its defaults, as flags."""
        data = imported_class(settings.data.class_path)
        defaults = {setting.key: setting.default for setting in Classes(self.classes.model, data).settings()}
        values = {f"model.{name}": model[name] for name in self.model_settings}
        values |= {f"data.{name}": value for name, value in settings.data.get("init_args", {}).items()}
        for group in ("trainer", *CALLBACKS):
            values |= {f"{group}.{name}": value for name, value in settings[group].items()}
        flags = [] if data.__name__ == "SyntheticData" else ["--data", settings.data.class_path]
        for key, value in {**values, "seed_everything": seed}.items():
            if value != {**defaults, "seed_everything": 0}.get(key):
                flags += [f"--{key}", value if isinstance(value, str) else json.dumps(value)]
        return flags

    def to_yaml(self, settings: Namespace) -> bytes:
        """The settings as a config.yaml that `-c` takes."""
        values = json.loads(self.parser.dump(settings, format="json", skip_none=False))
        for name in ("config", "resume"):
            values.pop(name, None)
        model = {"class_path": f"torchtour.{self.classes.model.__name__}", "init_args": values["model"]}
        return config.dump(without_default_classes({**values, "model": model})).encode()

    def new_folder(self, settings: Namespace, kind: str) -> Path:
        """A new `<run.root>/<run.name>/<kind>_<n>`."""
        return next_folder(Path(settings.run.root) / settings.run.name, f"{kind}_")


def check_seed(seed: int) -> None:
    """Raises UserError: the seed is out of range."""
    if not 0 <= seed < 2**32:
        raise UserError(f"a seed must be from 0 to {2**32 - 1}, got {short_repr(seed)}")
