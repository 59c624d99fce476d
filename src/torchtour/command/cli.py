"""LightningCLI with the project's classes and defaults: arguments in, a Trainer, a model and data out."""

import secrets
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import Callback, LightningDataModule, LightningModule, Trainer
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.strategies import DDPStrategy

from torchtour.command.arguments import (
    CALLBACKS,
    TRAINER_DEFAULTS,
    chosen_classes,
    imported_class,
    mistake_in,
    model_of,
    trainer_defaults,
)
from torchtour.command.errors import behind, first_line, user_error
from torchtour.command.resume import check_flags_match, checkpoint_flags, nested, resumed_config
from torchtour.command.terminal import print_failed
from torchtour.command.trainer_checks import (
    ExitOnSigterm,
    check_callbacks,
    check_memory,
    check_processes,
    check_trainer,
    print_accelerator,
)
from torchtour.runs.checkpoint import Checkpoint, read_checkpoint
from torchtour.runs.checkpoint_file import CheckpointFile, RawCheckpoint, read_raw
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.runs.profiler import NullProfiler
from torchtour.runs.report import Progress
from torchtour.runs.run import Run
from torchtour.settings import SET_FROM_DATA, UserError
from torchtour.tables.callbacks import TableReport
from torchtour.tables.data import TableData
from torchtour.training.module import init_parameters
from torchtour.training.trainer_parts import callbacks_of

NOT_SETTINGS = {"weights_only", "verbose", "return_predictions"}  # arguments of Trainer's methods that the command sets
MODES_WITHOUT_FOLDER = ("fast_dev_run", "barebones")


class Parser(LightningArgumentParser):
    """A parser whose errors are UserErrors."""

    def error(self, message: str, ex: Exception | None = None) -> None:  # type: ignore[override]
        raise user_error(ex) or UserError(essence_of(message))

    def print_help(self, file: Any = None) -> None:
        """Print the page; argparse's own ignores a full disk."""
        try:
            print(self.format_help(), end="", file=file, flush=True)
        except OSError as error:
            raise SystemExit(print_failed(error)) from None


class ConfiguredCLI(LightningCLI):
    """LightningCLI with the project's classes and defaults; building it runs the subcommand."""

    def __init__(self, args: list[str]) -> None:
        skip = {command: skipped | NOT_SETTINGS for command, skipped in super().subcommands().items()}
        # A parser takes 0.2 s to build: only that of the command that is called.
        wanted = {command: skip[command] for command in args[:1] if command in skip} or skip
        self.subcommands = lambda: wanted  # type: ignore[method-assign]
        self.read_raw = cache(read_raw)  # each file is read once
        self.checkpoint: Checkpoint | None = None
        # The defaults must be those of the class that is meant: jsonargparse keeps values by name.
        self.classes = chosen_classes(args, self.read_raw)
        exact = {"allow_abbrev": False}
        super().__init__(
            LightningModule,
            LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=None,  # Run writes config.yaml
            trainer_defaults=trainer_defaults(self.classes.model),
            seed_everything_default=0,
            parser_kwargs={**exact, **{command: dict(exact) for command in wanted}},
            parser_class=Parser,
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,  # plain settings need no instantiator in the checkpoint
            args=args,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        for group, owner in (("model", self.classes.model), ("data", self.classes.data)):
            parser.set_defaults({group: {"class_path": f"torchtour.{owner.__name__}"}})
        of_checkpoint = "predict" in self.subcommands()  # there the model says which columns it takes
        for name in SET_FROM_DATA:
            value_of = partial(self._trained_with if of_checkpoint else _given, name)
            value_of.__name__ = name  # type: ignore[attr-defined] # for `--help trainer`
            parser.link_arguments("data", f"model.init_args.{name}", value_of, apply_on="instantiate")
        for name, callback in CALLBACKS.items():
            parser.add_class_arguments(callback, name)
        parser.add_argument("--init_from", type=str | None)

    # Settings

    @property
    def settings(self) -> Namespace:
        """The subcommand's settings, as they were parsed."""
        settings: Namespace = self.config[self.config.subcommand]
        return settings

    @property
    def loaded(self) -> Checkpoint:
        """The checkpoint that the command evaluates or resumes."""
        if self.checkpoint is None:
            raise AssertionError("this command loads no checkpoint")
        return self.checkpoint

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; then, if a checkpoint is named, again with its settings as the defaults."""
        self.config = self._parse(args)
        command, settings = self.config.subcommand, self.settings
        ckpt_path, init_from = settings.ckpt_path, settings.init_from
        if init_from is not None and (command != "fit" or ckpt_path is not None):
            raise UserError("--init_from starts a new run: it goes with fit, and not with --ckpt_path")
        if init_from is not None:
            which = init_from
        elif ckpt_path is not None:
            which = ckpt_path
        elif command == "fit":
            return  # a new run, from nothing
        else:
            which = "best"
        raw = self.read_raw(find_checkpoint(which, Path(settings.run.root)))
        resumes = command == "fit" and init_from is None
        self.checkpoint = read_checkpoint(raw, self._checkpoint_model(raw, settings), resume=resumes)
        if init_from is not None:
            flags = {"model.hidden_size": self.checkpoint.settings.get("hidden_size")}
        else:
            flags = checkpoint_flags(self.checkpoint, self._checkpoint_data(raw, settings))
        try:
            defaults = nested(flags, settings.model.class_path, settings.data.class_path)
            self._parser(command).set_defaults(defaults)
        except Exception as error:
            raise UserError(f"checkpoint {raw.path} has settings that are not valid: {first_line(error)}") from error
        self.config = self._parse(resumed_config(args, raw.path) if resumes else args)
        self.settings["ckpt_path" if init_from is None else "init_from"] = str(raw.path)
        check_flags_match(flags, self.settings, self.checkpoint, resumes)

    def _parse_ckpt_path(self) -> None:
        """Replaces Lightning's, which would read the file again and take settings from it without a check."""

    def _parse(self, args: list[str]) -> Namespace:
        try:
            config = self.parser.parse_args(args)
        except (OSError, RecursionError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError) as error:
            message = mistake_in(args[1:], self.classes) or str(user_error(error) or first_line(error))
            raise UserError(message) from error
        settings = config[config.subcommand]
        check_trainer(settings.trainer)
        seed = settings.seed_everything
        if seed is None or isinstance(seed, bool):
            # Recorded in config.yaml, so that the run can be repeated.
            settings.seed_everything = secrets.randbelow(2**32)
        elif not 0 <= seed < 2**32:
            raise UserError(f"seed_everything must be from 0 to {2**32 - 1}, true or false, got {str(seed)[:40]}")
        return config

    def _checkpoint_model(self, raw: RawCheckpoint, settings: Namespace) -> type[LightningModule]:
        """The project's class that the checkpoint names, or the one that --model names."""
        found: type[LightningModule] = self._class_of(raw, "model", model_of(raw), settings.model)
        return found

    def _checkpoint_data(self, raw: RawCheckpoint, settings: Namespace) -> type[LightningDataModule]:
        path = raw.content.get("settings", {}).get("data", "torchtour.SyntheticData")
        found: type[LightningDataModule] = self._class_of(raw, "data", str(path), settings.data)
        return found

    def _class_of(self, raw: RawCheckpoint, group: str, class_path: str, given: Namespace) -> type[Any]:
        """A class by its name in a checkpoint, which imports nothing: the project's own, or one that a flag names."""
        module, _, name = class_path.rpartition(".")
        own = {owner.__name__: owner for owner in self.classes}
        if module.partition(".")[0] == "torchtour" and name in own:
            given.class_path = f"torchtour.{name}"
            return own[name]
        if given.class_path.rpartition(".")[2] != name:
            raise UserError(f"the {group} of checkpoint {raw.path} is a {class_path}: add --{group} {class_path}")
        return imported_class(given.class_path)

    def _trained_with(self, name: str, _: LightningDataModule) -> Any:
        parameters = init_parameters(self.loaded.module)
        default = parameters[name].default if name in parameters else None
        return self.loaded.settings.get(name, default)

    # Classes

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except Exception as error:  # Lightning and torch raise many kinds for a setting that they do not take
            raise self._refused(error) from error
        settings = self._get(self.config, "trainer")
        check_callbacks(callbacks_of(self.trainer), self.model)
        check_processes(self.trainer, settings.devices, settings.precision)
        print_accelerator(self.trainer, settings.accelerator)
        check_memory(self.model, self.datamodule)
        if self.checkpoint and self.subcommand != "predict":
            self._check_data_fit(self.checkpoint)

    def _refused(self, error: Exception) -> UserError:
        """What an exception says of the settings that Trainer, the model or the data refused."""
        if mistake := user_error(error):
            source = f" (the settings are those of {self.checkpoint.path})" if self.checkpoint else ""
            return UserError(f"{mistake}{source}")
        if missing := behind(error, ModuleNotFoundError):
            return UserError(f"a package is missing: {' '.join(str(missing).split())[:200]}")
        given, defaults = self._get(self.config, "trainer"), self._parser(self.subcommand).get_defaults().trainer
        changed = [f"trainer.{name} {str(value)[:100]}" for name, value in given.items() if value != defaults.get(name)]
        return UserError(f"{first_line(error)} ({', '.join(changed)})")

    def _check_data_fit(self, checkpoint: Checkpoint) -> None:
        for name in ("n_features", "n_classes"):
            trained, given = checkpoint.settings.get(name, 2), getattr(self.datamodule, name, None)
            if name in init_parameters(checkpoint.module) and given not in (None, trained):
                raise UserError(
                    f"the data have {name} {given}, but the net of {checkpoint.path} was made for {trained}"
                )
        if isinstance(self.datamodule, TableData) and not self._get(self.config, "init_from"):
            stored = checkpoint.content.get("TableData")
            self.datamodule.load_state_dict(stored if isinstance(stored, dict) else {})

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        settings = self._get(self.config_init, "trainer")
        self.run: Run = self._get(self.config_init, "run")
        self.files = CheckpointFile()
        keeps_run = self.subcommand == "fit" and not any(settings[mode] for mode in MODES_WITHOUT_FOLDER)
        # Where Lightning looks for checkpoints of its own: in a folder that does not exist it finds none.
        kwargs["default_root_dir"] = str(self.run.root / ".none")
        if settings.num_nodes > 1 and settings.strategy in ("auto", "ddp"):  # by default it would wait for half an hour
            kwargs["strategy"] = DDPStrategy(timeout=timedelta(minutes=5))
        kwargs["callbacks"] = [*_as_list(settings.callbacks), *self._own_callbacks(settings, keeps_run)]
        kwargs["plugins"] = [*_as_list(settings.plugins), self.files]
        if settings.barebones:  # it refuses even what is turned off
            kwargs |= dict.fromkeys(TRAINER_DEFAULTS.keys() - {"max_epochs"})
        elif settings.profiler is None:
            kwargs["profiler"] = NullProfiler()
        if SLURMEnvironment.detect():
            # Else Lightning resumes from any checkpoint of its own, and saves one in the midst of an epoch.
            kwargs["plugins"].append(SLURMEnvironment(auto_requeue=False))
        trainer: Trainer = super().instantiate_trainer(**kwargs)
        return trainer

    def _own_callbacks(self, settings: Namespace, keeps_run: bool) -> list[Callback]:
        callbacks: list[Callback] = [self._get(self.config_init, name) for name in CALLBACKS] if keeps_run else []
        if keeps_run and isinstance(self.datamodule, TableData):
            callbacks.append(TableReport(self._get(self.config_init, "plots").enabled))
        has_bar = any(isinstance(callback, ProgressBar) for callback in _as_list(settings.callbacks))
        if settings.enable_progress_bar is not False and not settings.barebones and not has_bar:
            callbacks.append(Progress())
        return [*callbacks, ExitOnSigterm()]


def essence_of(message: str) -> str:
    """jsonargparse's message in one line, without the list of types that were tried."""
    lines = [line.strip(" -") for line in message.splitlines()]
    boilerplate = ("Does not validate", "Subtypes:", "Errors:", "Expected a", "Given value type", "Problem with")
    kept = [line for line in lines if line and not line.startswith(boilerplate)]
    return " ".join(kept or lines)[:300]


def _given(name: str, data: LightningDataModule) -> Any:
    """What the data say of the model; None where they say nothing."""
    return getattr(data, name, None)


def _as_list(value: Any) -> list[Any]:
    """Trainer takes a list of callbacks or plugins, or a single one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
