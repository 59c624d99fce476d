"""The command: Lightning's, fixed to our two classes, with our defaults and errors of one line."""

import logging
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from torchtour import checkpoint
from torchtour.callbacks import EpochReport, Predictions, Progress
from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.limits import UserError
from torchtour.run import Run

TRAINER_DEFAULTS = {
    "max_epochs": 10,
    "logger": False,  # Run writes metrics.csv: one row an epoch
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
    "use_distributed_sampler": False,  # it pads; Batches takes its own share
}
COMMANDS = ("fit", "validate", "test", "predict")


class Parser(LightningArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str, ex: Exception | None = None) -> None:  # type: ignore[override]
        raise UserError(" ".join(message.split()))


class Command(LightningCLI):
    """`torchtour fit|validate|test|predict`."""

    def __init__(self, args: list[str]) -> None:
        exact = {"allow_abbrev": False}
        super().__init__(
            Classifier,
            SyntheticData,
            save_config_callback=None,  # Run writes config.yaml
            trainer_defaults=TRAINER_DEFAULTS,
            seed_everything_default=0,
            parser_kwargs={**exact, **{command: dict(exact) for command in COMMANDS}},
            parser_class=Parser,
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,  # plain settings need no instantiator in the checkpoint
            args=args,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_lightning_class_args(Run, "run")
        parser.add_lightning_class_args(EpochReport, "report")

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Lightning's four, without the switches that we set."""
        ours = {"weights_only", "verbose", "return_predictions"}
        return {command: skip | ours for command, skip in LightningCLI.subcommands().items()}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse; then, where a checkpoint is named, again with its settings as the defaults."""
        self.config = parser.parse_args(args)
        command = self.config.subcommand
        settings = self.config[command]
        if settings.ckpt_path is None and command == "fit":
            return
        path = checkpoint.find(settings.ckpt_path or "", Path(settings.run.root))
        stored = checkpoint.settings(path)
        self._parser(command).set_defaults(stored)
        self.config = parser.parse_args(args)
        settings = self.config[command]
        settings.ckpt_path = str(path)
        for key, value in stored.items():
            # Other data may be evaluated; but a run resumes with its own, and a net is what it is.
            if settings[key] != value and (command == "fit" or key.startswith("model.")):
                raise UserError(f"--{key} {settings[key]} contradicts {path}, which has {value}")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        settings = self._get(self.config_init, "trainer")
        callbacks = [Predictions()] + ([Progress()] if settings.enable_progress_bar is not False else [])
        plugins = settings.plugins or []
        kwargs["callbacks"] = [*(settings.callbacks or []), *callbacks]
        kwargs["plugins"] = [*(plugins if isinstance(plugins, list) else [plugins]), checkpoint.CheckpointFile()]
        return super().instantiate_trainer(**kwargs)

    def before_fit(self) -> None:
        if not self.trainer.is_global_zero:
            return
        settings = self.config["fit"].clone()
        resumed, settings.ckpt_path = settings.ckpt_path, None
        run = self._get(self.config_init, "run")
        folder = run.open(self._parser("fit").dump(settings, skip_none=False), Path(resumed) if resumed else None)
        if run.tensorboard:
            self.trainer.loggers = [TensorBoardLogger(folder, name="", version="")]

    def after_fit(self) -> None:
        folder = self._get(self.config_init, "run").folder
        say(f"The run lies in {folder}: config.yaml, metrics.csv, best.ckpt, last.ckpt. To test its best epoch:")
        say(f"  {program()} test --ckpt_path {folder}/best.ckpt")

    def validate(self, **kwargs: Any) -> None:
        self.trainer.validate(**kwargs, verbose=False, weights_only=True)
        self._say_scores("val", "validation")

    def test(self, **kwargs: Any) -> None:
        self.trainer.test(**kwargs, verbose=False, weights_only=True)
        self._say_scores("test", "held-out")

    def predict(self, **kwargs: Any) -> None:
        self.trainer.predict(**kwargs, return_predictions=False, weights_only=True)
        path = Path(kwargs["ckpt_path"]).with_name("predictions.csv")
        say(f"Wrote {path}: {self.datamodule.hparams.n_predict} points, their class and its probability.")

    def _say_scores(self, split: str, kind: str) -> None:
        scores, data = self.trainer.callback_metrics, self.datamodule.hparams
        accuracy, loss = scores[f"{split}/accuracy"], scores[f"{split}/loss"]
        path = self.config[self.subcommand].ckpt_path
        say(f"Accuracy {accuracy:.2%}, loss {loss:.4f} on {data[f'n_{split}']} {kind} points of `{data.problem}`.")
        say(f"The net is in {path}. To load it and predict:\n  {program()} predict --ckpt_path {path}")


def run(args: list[str]) -> int:
    """Run the command; a user's mistake is one line and status 2."""
    _quiet()
    try:
        Command(args)
    except UserError as error:
        print(f"torchtour: {error}", file=sys.stderr)
        return 2
    return 0


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
    # Workers would make it slower: the data lie in memory.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    # Lightning's own calls, deprecated by torch 2.13 and by jsonargparse 4.53.
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
