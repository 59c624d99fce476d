"""Train, validate, test and predict: python train.py fit --model.lr 0.05; python train.py fit --help."""

import os
import sys

from jsonargparse import lazy_instance
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData


class CLI(LightningCLI):
    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        for name in ("n_features", "n_classes"):  # of the net: the data say them
            parser.link_arguments(f"data.{name}", f"model.{name}", apply_on="instantiate")

    def before_instantiate_classes(self) -> None:
        if self.subcommand != "fit" and not self.config[self.subcommand].ckpt_path:
            sys.exit("--ckpt_path is missing: without a checkpoint the net would be untrained")


def main() -> None:
    """Run a subcommand; a fit leaves runs/version_<n>/ with config.yaml, metrics.csv and checkpoints/."""
    defaults = {
        "max_epochs": 10,
        "logger": lazy_instance(CSVLogger, save_dir="runs", name=""),
        "callbacks": [  # two: one callback with save_last writes last.ckpt only when the best one changes
            ModelCheckpoint(monitor="val/loss", filename="best"),
            ModelCheckpoint(filename="last"),
        ],
        "enable_model_summary": False,
        "log_every_n_steps": 1,
    }
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")  # of calls that Lightning 2.6 makes
    settings = {"seed_everything_default": 0, "trainer_defaults": defaults}
    CLI(Classifier, SyntheticData, load_from_checkpoint_support=False, **settings)  # a checkpoint names no code


if __name__ == "__main__":
    main()
