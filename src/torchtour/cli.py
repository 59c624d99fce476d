"""The command: Lightning's, fixed to our two classes, with our defaults and errors of one line."""

import argparse
import contextlib
import difflib
import logging
import math
import multiprocessing
import os
import re
import shutil
import sys
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from torch.multiprocessing.spawn import ProcessException

from torchtour import checkpoint, config
from torchtour.callbacks import EpochReport, Predictions, Progress
from torchtour.classifier import Classifier, check_checkpoint
from torchtour.data import SyntheticData, check_data
from torchtour.eject import eject
from torchtour.limits import UserError
from torchtour.pictures import Confusion, Pictures, check_pictures
from torchtour.run import DivergenceError, Run, check_state

TRAINER_DEFAULTS = {
    "max_epochs": 10,
    "logger": False,  # Run writes metrics.csv: one row an epoch
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
    "use_distributed_sampler": False,  # it pads; Batches takes its own share
}
PRECISIONS = ("32", "32-true", "16-mixed", "bf16-mixed")  # the weights stay float32
FILES = ("config.yaml", "metrics.csv", "best.ckpt", "last.ckpt", "curves.png", "boundary.png", "stills.png")
SET_BY_US = {"weights_only", "verbose", "return_predictions"}


class Parser(LightningArgumentParser):
    """Help with our own settings first, and what is wrong in one line."""

    trainer_too = False

    def format_help(self, *args: Any) -> str:
        resume = "resume" if self.prog.endswith("fit") else "load"
        ours = {
            "ckpt_path": f"Checkpoint to {resume}: best or last of the newest run, or a path.",
            "seed_everything": "Seed of the global generator, which draws the first weights; true: a random one.",
        }
        for action in self._actions:
            action.help = ours.get(action.dest, action.help)
            if action.dest.startswith("trainer") and action.dest != "trainer.max_epochs" and not self.trainer_too:
                action.help = argparse.SUPPRESS
        if not self.trainer_too:
            self.epilog = f"All of Trainer's settings: {self.prog} --help trainer"
        self.usage = "%(prog)s [-c CONFIG ...] [--KEY VALUE ...]"
        # argparse keeps the order in which groups were made: options, Trainer's, ours.
        groups: list[Any] = self._action_groups  # type: ignore[assignment]
        groups.sort(key=lambda group: any(action.dest.startswith("trainer") for action in group._group_actions))
        return super().format_help(*args)

    def error(self, message: str, ex: Exception | None = None) -> None:  # type: ignore[override]
        raise UserError(" ".join(message.split()))


class Command(LightningCLI):
    """`torchtour fit|validate|test|predict`."""

    def __init__(self, args: list[str]) -> None:
        skip = {command: skipped | SET_BY_US for command, skipped in super().subcommands().items()}
        # A parser takes 0.2 s to build: only that of the command that is called.
        wanted = {command: skip[command] for command in args[:1] if command in skip} or skip
        self.subcommands = lambda: wanted  # type: ignore[method-assign]
        exact = {"allow_abbrev": False}
        super().__init__(
            Classifier,
            SyntheticData,
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
        parser.add_lightning_class_args(Run, "run")
        parser.add_lightning_class_args(EpochReport, "report")
        parser.add_lightning_class_args(Pictures, "pictures")
        parser.add_argument(
            "--init_from", type=str | None, help="Checkpoint whose weights alone a new run begins with."
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; then, where a checkpoint is named, again with its settings as the defaults."""
        self.config = self._parse(args)
        self.stored: dict[str, Any] = {}
        command = self.config.subcommand
        settings = self.config[command]
        resumed, begun = settings.ckpt_path, settings.init_from
        if command == "fit" and resumed is None and begun is None:
            return
        if begun is not None and (command != "fit" or resumed is not None):
            raise UserError("--init_from begins a new run: it goes with fit, and not with --ckpt_path")
        path = checkpoint.find(begun or resumed or "", Path(settings.run.root))
        self.stored = check_checkpoint(path, resume=resumed is not None and command == "fit")
        check_state(self.stored, path)
        check_pictures(self.stored, path)
        flags = {"model.hidden_size": self.stored["hyper_parameters"]["hidden_size"]}
        if not begun:
            flags = _flags(self.stored, path)
        try:
            self._parser(command).set_defaults(flags)
        except Exception as error:
            raise UserError(f"checkpoint {path} holds settings that are none of ours: {_first_line(error)}") from error
        self.config = self._parse(args)
        settings = self.config[command]
        settings["init_from" if begun else "ckpt_path"] = str(path)
        for key, value in flags.items():
            # Other data may be evaluated, and a run may go on for longer; but a net is what it is.
            fixed = key.startswith("model.") or (command == "fit" and key != "trainer.max_epochs")
            # As text: 1 batch is not 1.0, all of them.
            if fixed and (str(settings[key]) != str(value) if key.startswith("trainer.") else settings[key] != value):
                raise UserError(f"--{key} {settings[key]} contradicts {path}, which has {value}")

    def _parse(self, args: list[str]) -> Namespace:
        try:
            config = self.parser.parse_args(args)
        except UserError as error:
            raise UserError(self._with_nearest_key(str(error))) from None
        except (OSError, UnicodeError, RecursionError) as error:
            raise UserError(_first_line(error)) from error
        settings = config[config.subcommand]
        check_trainer(settings.trainer)
        seed = settings.seed_everything
        if not isinstance(seed, bool) and not 0 <= seed < 2**32:
            raise UserError(f"seed_everything must be from 0 to {2**32 - 1}, true or false, got {seed}")
        return config

    def _with_nearest_key(self, message: str) -> str:
        unknown = re.search(r"(?:unrecognized arguments: --|does not accept option ')([\w.]+)", message)
        if unknown:
            keys = [action.dest for action in self._parser(next(iter(self.subcommands())))._actions]
            near = difflib.get_close_matches(unknown[1], keys, n=1)
            message += f"; did you mean {near[0]}?" if near else "; `torchtour fit --help` lists what there is"
        return message

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except UserError:
            raise
        except Exception as error:  # Lightning and torch raise many kinds for a setting that they don't take
            given, usual = self._get(self.config, "trainer"), self._parser(self.subcommand).get_defaults().trainer
            changed = [f"trainer.{name} {value}" for name, value in given.items() if value != usual.get(name)]
            raise UserError(f"{_first_line(error)} ({', '.join(changed)})") from error
        if isinstance(self.trainer.accelerator, CPUAccelerator):
            cores, given = os.cpu_count() or 1, self._get(self.config, "trainer")
            if self.trainer.num_devices > cores:
                raise UserError(f"trainer.devices must be at most {cores}, this machine's cores, got {given.devices}")
            if given.precision == "16-mixed":
                raise UserError("trainer.precision 16-mixed needs a GPU; on the CPU there is bf16-mixed")
            if self.trainer.world_size > 1 and sys.platform == "linux":
                # A thread that brings another process's message waits for its turn on a busy core: so, not as long.
                with contextlib.suppress(OSError):  # where a container forbids it
                    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        settings = self._get(self.config_init, "trainer")
        bar = [Progress()] if settings.enable_progress_bar is not False else []
        callbacks, plugins = settings.callbacks or [], settings.plugins or []  # or one, without a list
        kwargs["callbacks"] = [*(callbacks if isinstance(callbacks, list) else [callbacks]), *bar]
        kwargs["plugins"] = [*(plugins if isinstance(plugins, list) else [plugins]), checkpoint.CheckpointFile()]
        return super().instantiate_trainer(**kwargs)

    def before_fit(self) -> None:
        settings = self.config["fit"].clone()
        if settings.init_from:
            self.model.start = self.stored["state_dict"]
        if not self.trainer.is_global_zero:
            return
        resumed, settings.ckpt_path = settings.ckpt_path, None
        run = self._get(self.config_init, "run")
        if resumed and self.stored["epoch"] + 1 >= (self.trainer.max_epochs or 0) > 0:
            raise UserError(
                f"{resumed} has finished its epochs: trainer.max_epochs must be more than {self.stored['epoch'] + 1}"
            )
        if resumed and not self._holds_loops():
            raise UserError(f"checkpoint {resumed} holds no run to resume: its loops are not those of its epoch")
        data, limit = self.datamodule.hparams, settings.trainer.limit_train_batches
        steps = math.ceil(data.n_train / (data.batch_size or data.n_train))
        if isinstance(limit, float) and int(limit * steps) == 0:
            raise UserError(f"trainer.limit_train_batches must leave a batch of the {steps} of an epoch, got {limit}")
        try:
            text = self._parser("fit").dump(settings, skip_none=False)
        except ValueError as error:  # a default of another's class that is no plain value
            value = str(error).strip().splitlines()[-1][:300]
            raise UserError(f"config.yaml can't hold a setting: say plainly what it has by default. {value}") from error
        folder = run.open(text, Path(resumed) if resumed else None)
        if run.tensorboard:
            self.trainer.loggers = [TensorBoardLogger(folder, name="", version="")]

    def _holds_loops(self) -> bool:
        loops, pattern = self.stored["loops"], self.trainer.fit_loop.state_dict()
        sound = isinstance(loops, dict) and not checkpoint.unlike(loops.get("fit_loop"), pattern, "fit_loop")
        return sound and loops["fit_loop"]["epoch_progress"]["current"]["ready"] == self.stored["epoch"] + 1

    def fit(self, **kwargs: Any) -> None:
        try:
            self.trainer.fit(**kwargs, weights_only=True)
        except (SystemExit, ProcessException):
            folder = self._get(self.config_init, "run").folder
            if folder and (last := folder / "last.ckpt").exists():
                say(f"Stopped. To go on from the last checkpoint:\n  {program()} fit --ckpt_path {last}")
            raise

    def after_fit(self) -> None:
        folder = self._get(self.config_init, "run").folder
        files = [name for name in FILES if (folder / name).exists()]
        say(f"The run lies in {folder}: {', '.join(files)}. To test its best epoch:")
        say(f"  {program()} test --ckpt_path {folder}/best.ckpt")

    def validate(self, **kwargs: Any) -> None:
        self.trainer.validate(**self._with_weights(kwargs), verbose=False)
        self._say_scores("val", "validation")

    def test(self, **kwargs: Any) -> None:
        if self.config["test"].pictures.enabled:
            self.trainer.callbacks.append(Confusion(Path(kwargs["ckpt_path"]).with_name("confusion.png")))  # type: ignore[attr-defined]
        self.trainer.test(**self._with_weights(kwargs), verbose=False)
        self._say_scores("test", "held-out")

    def predict(self, **kwargs: Any) -> None:
        predictions = Predictions(Path(kwargs["ckpt_path"]).with_name("predictions.csv"))
        self.trainer.callbacks.append(predictions)  # type: ignore[attr-defined]
        self.trainer.predict(**self._with_weights(kwargs), return_predictions=False)
        say(f"Wrote {predictions.path}: {self.datamodule.hparams.n_predict} points, their class and its probability.")

    def _with_weights(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The net gets the weights that were checked: Trainer need not read the file again, with all else in it."""
        self.model.start = self.stored["state_dict"]
        return {**kwargs, "ckpt_path": None}

    def _say_scores(self, split: str, kind: str) -> None:
        scores, data = self.trainer.callback_metrics, self.datamodule.hparams
        accuracy, loss = scores[f"{split}/accuracy"], scores[f"{split}/loss"]
        path = self.config[self.subcommand].ckpt_path
        say(f"Accuracy {accuracy:.2%}, loss {loss:.4f} on {data[f'n_{split}']} {kind} points of `{data.problem}`.")
        say(f"The net is in {path}. To load it and predict:\n  {program()} predict --ckpt_path {path}")


def run(args: list[str]) -> int:
    """Run the command; a user's mistake is one line and status 2, training that diverges one line and status 1."""
    _quiet()
    config.guard()
    Parser.trainer_too = args[1:] in (["--help", "trainer"], ["-h", "trainer"])
    try:
        if args[:1] == ["eject"]:
            say(eject(args[1:]))
            return 0
        for path in _configs(args):
            config.check(path)
        Command(args[:2] if Parser.trainer_too else args)
    except (UserError, MisconfigurationException) as error:
        print(f"torchtour: {_first_line(error)}", file=sys.stderr)
        return 2
    except (DivergenceError, OSError) as error:  # OSError: a full disk, most likely
        print(f"torchtour: {error}", file=sys.stderr)
        return 1
    except ProcessException as error:
        print(f"torchtour: one of the processes ended: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
        return 1
    finally:
        _end_children()
    return 0


def _configs(args: list[str]) -> list[str]:
    """The values of -c and --config."""
    after = [value for flag, value in pairwise(args) if flag in ("-c", "--config")]
    return [*after, *(arg.partition("=")[2] for arg in args if arg.startswith(("-c=", "--config=")))]


def check_trainer(settings: Namespace) -> None:
    """Refuse settings of Trainer's that would train nothing, or in another way than they say.

    Raises:
        UserError: names the first of them.
    """
    epochs, every = settings.max_epochs, settings.check_val_every_n_epoch
    whole = {split: str(settings[f"limit_{split}_batches"]) in ("None", "1.0") for split in ("val", "test", "predict")}
    allowed = {
        "max_epochs": (epochs is None or epochs == -1 or epochs >= 1, "at least 1, or -1 for no end"),
        "max_steps": (settings.max_steps == -1, "-1: a run ends with an epoch, so that it can be resumed"),
        "max_time": (settings.max_time is None, "null: a run ends with an epoch, so that it can be resumed"),
        "check_val_every_n_epoch": (every is None or 1 <= every <= max(epochs or 1, 1), "from 1 to max_epochs"),
        "val_check_interval": (settings.val_check_interval is None, "null: an epoch ends with its validation"),
        "limit_train_batches": (settings.limit_train_batches != 0, "more than 0"),
        "limit_val_batches": (whole["val"], "1.0: set data.n_val instead"),
        "limit_test_batches": (whole["test"], "1.0: set data.n_test instead"),
        "limit_predict_batches": (whole["predict"], "1.0: set data.n_predict instead"),
        "min_epochs": ((settings.min_epochs or 0) >= 0, "at least 0"),
        "num_sanity_val_steps": (settings.num_sanity_val_steps >= -1, "at least -1"),
        "log_every_n_steps": (settings.log_every_n_steps >= 0, "at least 0"),
        "default_root_dir": (settings.default_root_dir is None, "null: set run.root instead"),
        "precision": (settings.precision in (None, 32, *PRECISIONS), f"one of {', '.join(PRECISIONS)}"),
        "overfit_batches": (settings.overfit_batches == 0, "0: set data.n_train instead"),
        "accumulate_grad_batches": (settings.accumulate_grad_batches >= 1, "at least 1"),
        "gradient_clip_val": ((settings.gradient_clip_val or 0) >= 0, "at least 0"),
        "fast_dev_run": (not settings.fast_dev_run, "false: set data.n_train and trainer.max_epochs instead"),
        "barebones": (not settings.barebones, "false: it would leave no checkpoint"),
        "logger": (settings.logger is not True, "false: set run.tensorboard instead"),
    }
    for name, (fine, text) in allowed.items():
        if not fine:
            raise UserError(f"trainer.{name} must be {text}, got {settings[name]}")


def _end_children() -> None:
    """End the processes of a strategy that are still there: by SIGTERM, and those that don't hear it by SIGKILL."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(1)
        child.kill()


def _flags(stored: dict[str, Any], path: Path) -> dict[str, Any]:
    """What a checkpoint was trained with, as flags of the command: {"model.lr": 0.1, "data.problem": "line", ...}.

    Raises:
        UserError: The settings of its data are none.
    """
    data, defaults = stored.get("datamodule_hyper_parameters", {}), SyntheticData().hparams
    if not isinstance(data, dict) or not data.keys() <= defaults.keys():
        raise UserError(f"checkpoint {path} holds other settings of its data than {', '.join(defaults)}")
    try:
        check_data({**defaults, **data})
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from None
    groups = {"model": stored["hyper_parameters"], "data": data}
    flags = {f"{group}.{name}": value for group, settings in groups.items() for name, value in settings.items()}
    return {**stored.get("settings", {}), **flags}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]


@rank_zero_only
def say(line: str) -> None:
    print(line, flush=True)


def program() -> str:
    """How the reader called the command."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m torchtour"
    on_path = shutil.which(called.name)
    return called.name if on_path and Path(on_path).samefile(called) else os.path.relpath(called)


def _quiet() -> None:
    """Nothing that the reader can't act on."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # how it ends the others
    warnings.formatwarning = lambda message, *_, **__: f"torchtour: warning: {message}\n"
    # Workers would make it slower: the data lie in memory.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    # A process that had no batch of a small set; the others' count.
    warnings.filterwarnings("ignore", ".*was called before the ``update`` method.*")
    # Lightning's own calls, deprecated by torch 2.13 and by jsonargparse 4.53.
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
