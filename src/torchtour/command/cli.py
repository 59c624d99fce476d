"""LightningCLI with our classes and defaults: settings in, a Trainer, a model and data out."""

import secrets
import sys
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import Callback, LightningDataModule, Trainer
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.strategies import DDPStrategy

from torchtour import Classifier, SyntheticData, TableData
from torchtour.callbacks.overhead import leave_out_overhead
from torchtour.callbacks.pictures import Pictures, audit_pictures
from torchtour.callbacks.report import EpochReport, Progress
from torchtour.callbacks.run import Run, audit_run
from torchtour.callbacks.tables import TableReport
from torchtour.command.arguments import configs_in
from torchtour.command.errors import first_line
from torchtour.command.finding import find
from torchtour.command.parser import Parser, missing_package, user_error, with_nearest_key
from torchtour.command.processes import EndAtOnce, check_processes, say_accelerator
from torchtour.command.resume import chosen_data, flags_of, refuse_contradictions
from torchtour.command.rules import check_callbacks, check_memory, check_trainer
from torchtour.settings import LINKED, UserError
from torchtour.trust.audit import Stored, accepted, audit
from torchtour.trust.sealed import CheckpointFile, parse

TRAINER_DEFAULTS = {
    "max_epochs": 10,
    "logger": False,  # Run writes metrics.csv: one row an epoch
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
}
SET_BY_US = {"weights_only", "verbose", "return_predictions"}
DATA = {"torchtour.data.SyntheticData": SyntheticData, "torchtour.table.TableData": TableData}
USUAL_DATA = "SyntheticData"  # where neither a flag, nor a config, nor a checkpoint names another
OURS = {"run": Run, "report": EpochReport, "pictures": Pictures}
UNKEPT = ("fast_dev_run", "barebones")  # Trainer's modes that leave nothing behind


class ConfiguredCLI(LightningCLI):
    """LightningCLI with our classes and defaults: from the arguments to a Trainer, a model and data."""

    def __init__(self, args: list[str]) -> None:
        skip = {command: skipped | SET_BY_US for command, skipped in super().subcommands().items()}
        # A parser takes 0.2 s to build: only that of the command that is called.
        wanted = {command: skip[command] for command in args[:1] if command in skip} or skip
        self.subcommands = lambda: wanted  # type: ignore[method-assign]
        self.parsed = cache(parse)  # each file is read once
        self.stored: Stored | None = None
        # Only with its own defaults can a class be parsed: another's would stay where names are the same.
        self.usual_data = f"torchtour.{chosen_data(args, configs_in(args), self.parsed) or USUAL_DATA}"
        exact = {"allow_abbrev": False}
        super().__init__(
            Classifier,
            LightningDataModule,
            subclass_mode_data=True,
            save_config_callback=None,  # Run writes config.yaml
            trainer_defaults=TRAINER_DEFAULTS,
            seed_everything_default=0,
            parser_kwargs={**exact, **{command: dict(exact) for command in wanted}},
            parser_class=Parser,
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,  # plain settings need no instantiator in the checkpoint
            args=args,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.set_defaults({"data": {"class_path": self.usual_data}})
        of_net = "predict" in self.subcommands()  # there the net says which columns it takes
        for name in LINKED:
            found = partial(self._trained_with, name) if of_net else partial(_given, name)
            found.__name__ = name  # type: ignore[attr-defined] # for `--help trainer`
            parser.link_arguments("data", f"model.{name}", found, apply_on="instantiate")
        for name, callback in OURS.items():
            parser.add_class_arguments(callback, name)
        parser.add_argument("--init_from", type=str | None)

    # Settings

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; then, where a checkpoint is named, again with its settings as the defaults."""
        self.config = self._parse(args)
        command = self.config.subcommand
        settings = self.config[command]
        resumed, begun = settings.ckpt_path, settings.init_from
        if command == "fit" and resumed is None and begun is None:
            return
        if begun is not None and (command != "fit" or resumed is not None):
            raise UserError("--init_from begins a new run: it goes with fit, and not with --ckpt_path")
        which = begun if begun is not None else "best" if resumed is None else resumed
        path = find(which, Path(settings.run.root))
        self.stored = audit(self.parsed(path), Classifier, resume=resumed is not None and command == "fit")
        audit_run(self.stored)
        audit_pictures(self.stored)
        flags = flags_of(self.stored, self._data_class(settings))
        if begun:
            flags = {"model.hidden_size": self.stored.settings["hidden_size"]}
        try:
            self._parser(command).set_defaults(_nested(flags, settings.data.class_path))
        except Exception as error:
            raise UserError(f"checkpoint {path} has settings that are not valid: {first_line(error)}") from error
        self.config = self._parse(args)
        self.config[command]["init_from" if begun else "ckpt_path"] = str(path)
        refuse_contradictions(flags, self.config[command], self.stored, command == "fit" and not begun)

    def _parse_ckpt_path(self) -> None:
        """Not Lightning's, which would read the file once more, and take settings of it that nobody has audited."""

    def _parse(self, args: list[str]) -> Namespace:
        try:
            config = self.parser.parse_args(args)
        except UserError as error:
            keys = self._parser(next(iter(self.subcommands()))).keys()  # type: ignore[attr-defined]
            raise UserError(with_nearest_key(str(error), keys)) from None
        except (OSError, RecursionError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise user_error(error) or UserError(first_line(error)) from error
        settings = config[config.subcommand]
        check_trainer(settings.trainer)
        seed = settings.seed_everything
        if seed is None or isinstance(seed, bool):
            # Recorded in config.yaml, so that the run can be repeated.
            settings.seed_everything = secrets.randbelow(2**32)
        elif not 0 <= seed < 2**32:
            raise UserError(f"seed_everything must be from 0 to {2**32 - 1}, true or false, got {str(seed)[:40]}")
        return config

    def _trained_with(self, name: str, _: LightningDataModule) -> Any:
        assert self.stored is not None
        return self.stored.settings.get(name, accepted(Classifier)[name].default)

    def _data_class(self, settings: Namespace) -> type[LightningDataModule]:
        """The class of a checkpoint's data: ours, or the one that --data names; a checkpoint imports nothing."""
        assert self.stored is not None
        name = self.stored.content.get("settings", {}).get("data", "torchtour.data.SyntheticData")
        given = settings.data.class_path
        found = DATA.get(name)
        if found is None:
            if given.rpartition(".")[2] != str(name).rpartition(".")[2]:
                raise UserError(f"the data of checkpoint {self.stored.path} come from {name}: add --data {name}")
            return _imported(given)
        settings.data.class_path = f"torchtour.{found.__name__}"
        return found

    # Classes

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except Exception as error:  # Lightning and torch raise many kinds for a setting that they do not take
            if mistake := user_error(error):
                of = f" (the settings are those of {self.stored.path})" if self.stored else ""
                raise UserError(f"{mistake}{of}") from None
            if package := missing_package(error):
                raise UserError(f"a package is missing: {package}") from error
            given, usual = self._get(self.config, "trainer"), self._parser(self.subcommand).get_defaults().trainer
            changed = [
                f"trainer.{name} {str(value)[:100]}" for name, value in given.items() if value != usual.get(name)
            ]
            raise UserError(f"{first_line(error)} ({', '.join(changed)})") from error
        settings = self._get(self.config, "trainer")
        check_callbacks(self.trainer.callbacks, self.model)  # type: ignore[attr-defined]
        check_processes(self.trainer, settings.devices, settings.precision)
        say_accelerator(self.trainer, settings.accelerator)
        check_memory(self.model, self.datamodule)
        if self.stored and self.subcommand != "predict":
            sizes = {name: self.stored.settings.get(name, 2) for name in ("n_features", "n_classes")}
            for name, value in sizes.items():
                if getattr(self.datamodule, name) != value:
                    raise UserError(
                        f"the data have {name} {getattr(self.datamodule, name)}, "
                        f"but the net of {self.stored.path} was made for {value}"
                    )
            if isinstance(self.datamodule, TableData) and not self._get(self.config, "init_from"):
                kept = self.stored.content.get("TableData")
                self.datamodule.load_state_dict(kept if isinstance(kept, dict) else {})

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        settings = self._get(self.config_init, "trainer")
        self.run: Run = self._get(self.config_init, "run")
        self.files = CheckpointFile()
        kept = self.subcommand == "fit" and not any(settings[mode] for mode in UNKEPT)
        # Where Lightning looks for checkpoints of its own: in a folder that does not exist it finds none.
        kwargs["default_root_dir"] = str(self.run.root / ".none")
        if settings.num_nodes > 1 and settings.strategy in ("auto", "ddp"):  # by default it would wait for half an hour
            kwargs["strategy"] = DDPStrategy(timeout=timedelta(minutes=5))
        kwargs["callbacks"] = [*_list(settings.callbacks), *self._our_callbacks(settings, kept)]
        kwargs["plugins"] = [*_list(settings.plugins), self.files]
        if settings.barebones:  # it refuses even what is turned off
            kwargs |= dict.fromkeys(TRAINER_DEFAULTS.keys() - {"max_epochs"})
        if SLURMEnvironment.detect():
            # Else Lightning resumes from any checkpoint of its own, and saves one in the midst of an epoch.
            kwargs["plugins"].append(SLURMEnvironment(auto_requeue=False))
        trainer: Trainer = super().instantiate_trainer(**kwargs)
        leave_out_overhead(trainer, self.model)
        return trainer

    def _our_callbacks(self, settings: Namespace, kept: bool) -> list[Callback]:
        found: list[Callback] = [self._get(self.config_init, name) for name in OURS] if kept else []
        if kept and isinstance(self.datamodule, TableData):
            found.append(TableReport(self._get(self.config_init, "pictures").enabled))
        bars = any(isinstance(callback, ProgressBar) for callback in _list(settings.callbacks))
        if settings.enable_progress_bar is not False and not settings.barebones and not bars:
            found.append(Progress())
        return [*found, EndAtOnce()]


def _nested(flags: dict[str, Any], class_path: str) -> dict[str, Any]:
    """Flags as defaults of the parser, where the data's class has its settings in init_args."""
    data = {key.partition(".")[2]: value for key, value in flags.items() if key.startswith("data.")}
    others = {key: value for key, value in flags.items() if not key.startswith("data.")}
    return {**others, "data": {"class_path": class_path, "init_args": data}} if data else others


def _given(name: str, data: LightningDataModule) -> Any:
    """What a table's data say, and others do not."""
    return getattr(data, name, None)


def _list(value: Any) -> list[Any]:
    """Trainer takes a list of callbacks or plugins, or one without a list."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _imported(class_path: str) -> type[LightningDataModule]:
    module, _, name = class_path.rpartition(".")
    found: type[LightningDataModule] = getattr(sys.modules[module], name)
    return found
