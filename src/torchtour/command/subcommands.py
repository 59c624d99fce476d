"""`torchtour fit|validate|test|predict`: what each does, and says."""

import json
import math
import re
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities import rank_zero_only
from torch.multiprocessing.spawn import ProcessException

from torchtour import TableData
from torchtour.batches import evaluation_batch
from torchtour.callbacks.pictures import Confusion
from torchtour.callbacks.report import Predictions
from torchtour.callbacks.run import Run
from torchtour.callbacks.tables import TablePredictions, TableTest
from torchtour.command.arguments import check_arguments, with_shipped_configs
from torchtour.command.cli import DATA, USUAL_DATA, ConfiguredCLI
from torchtour.command.errors import exit_behind
from torchtour.command.parser import Parser
from torchtour.command.processes import undisturbed
from torchtour.command.rules import check_limits, inexact
from torchtour.command.say import hint, say
from torchtour.command.terminal import BOLD
from torchtour.scores import accuracy_line
from torchtour.settings import UserError, printable, shown
from torchtour.trust import config
from torchtour.trust.atomic import remove_unfinished
from torchtour.trust.audit import unlike

FILES = (
    "config.yaml",
    "metrics.csv",
    "best.ckpt",
    "last.ckpt",
    "curves.png",
    "boundary.png",
    "importance.png",
    "stills.png",
    "model_card.md",
)


class Command(ConfiguredCLI):
    """A subcommand, from its arguments to its last line."""

    def before_fit(self) -> None:
        settings = self.config["fit"]
        if settings.init_from:
            assert self.stored is not None
            self.model.load_state_dict(self.stored.weights)
        if settings.ckpt_path:
            self._before_resuming(settings.ckpt_path)
        check_limits(settings.trainer, self.datamodule)
        if any(isinstance(callback, Run) for callback in self.trainer.callbacks):  # type: ignore[attr-defined]
            self._open_run()
            for reason in inexact(self.trainer):
                say(f"Note: {reason}.")

    def _before_resuming(self, path: str) -> None:
        assert self.stored is not None
        if self.stored.epochs >= (self.trainer.max_epochs or 0) > 0:
            raise UserError(
                f"{path} has completed its epochs: trainer.max_epochs must be more than {self.stored.epochs}"
            )
        loops, pattern = self.stored.content["loops"], self.trainer.fit_loop.state_dict()
        sound = isinstance(loops, dict) and not unlike(loops.get("fit_loop"), pattern, "fit_loop")
        if not sound or loops["fit_loop"]["epoch_progress"]["current"]["ready"] != self.stored.epochs:
            raise UserError(f"checkpoint {path} cannot be resumed: its loops do not fit its epoch")
        # Trainer converts a net only after it has loaded the weights: 64 bits would pass through 32.
        self.model.to(next(iter(self.stored.weights.values())).dtype)
        self.files.audited[Path(path)] = self.stored.content

    def fit(self, **kwargs: Any) -> None:
        try:
            self.trainer.fit(**kwargs, weights_only=True)
        except BaseException as error:
            stopped = exit_behind(error) or isinstance(error, ProcessException)
            folder = self.run.folder
            if stopped and folder and (last := folder / "last.ckpt").exists():
                with undisturbed():
                    say(f"Stopped. To go on from the last checkpoint:\n{hint('fit', '--ckpt_path', last)}")
            raise
        finally:
            self.run.close()

    def after_fit(self) -> None:
        if not isinstance(self.trainer.profiler, PassThroughProfiler):  # type: ignore[attr-defined]
            say(self.trainer.profiler.summary())  # type: ignore[attr-defined]
        folder = self.run.folder
        if folder is None:
            say("Done. Nothing was kept.")
            return
        say(f"The run is in {folder}:", BOLD)
        say("  " + ", ".join(name for name in FILES if (folder / name).exists()))
        if (folder / "best.ckpt").exists():
            say("To test its best epoch:")
            say(hint("test", "--ckpt_path", folder / "best.ckpt"))

    def validate(self, **kwargs: Any) -> None:
        self.trainer.validate(**self._with_weights(kwargs), verbose=False)
        self._say_scores("val", "validation", f"Accuracy {self.trainer.callback_metrics['val/accuracy']:.2%}")

    def test(self, **kwargs: Any) -> None:
        folder, drawn = Path(kwargs["ckpt_path"]).parent, self._get(self.config_init, "pictures").enabled
        remove_unfinished(folder)
        confusion = Confusion(folder / "confusion.png" if drawn else None)
        self.trainer.callbacks.append(confusion)  # type: ignore[attr-defined]
        if isinstance(self.datamodule, TableData):
            self.trainer.callbacks.append(TableTest(folder, confusion))  # type: ignore[attr-defined]
        self.trainer.test(**self._with_weights(kwargs), verbose=False)
        matrix = self.trainer.callback_metrics.pop(Confusion.NAME)
        self._say_scores("test", "held-out", accuracy_line(matrix, self._class_name))

    def predict(self, **kwargs: Any) -> None:
        path = Path(kwargs["ckpt_path"]).with_name("predictions.csv")
        remove_unfinished(path.parent)
        if isinstance(self.datamodule, TableData):
            self._predict_table(path, kwargs)
            return
        predictions = Predictions(path)
        self.trainer.callbacks.append(predictions)  # type: ignore[attr-defined]
        self.trainer.predict(**self._with_weights(kwargs), return_predictions=False)
        n = self._evaluated("predict", self.datamodule.hparams.n_predict)
        say(f"Wrote {predictions.path}: {n} points, their class and its probability.")

    def _predict_table(self, path: Path, kwargs: dict[str, Any]) -> None:
        if not self.model.hparams.columns:
            raise UserError(f"{kwargs['ckpt_path']} was not trained on a table")
        predictions = TablePredictions(path, self.model.hparams.classes)
        self.trainer.callbacks.append(predictions)  # type: ignore[attr-defined]
        self.trainer.predict(**self._with_weights(kwargs), return_predictions=False)
        say(f"Wrote {path}: {predictions.rows:,} rows, their class and the probability of each class.")
        for name, count in self.datamodule.chunks.unseen.items():
            say(f"Note: values of {shown(name)} that no training row has, taken as missing: {count:,}.")
        if predictions.quoted:
            say(f"Note: {predictions.quoted:,} texts got a ' in front: a spreadsheet would have run them as formulas.")

    def _with_weights(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The net gets the weights that were audited: Trainer reads no file."""
        assert self.stored is not None
        self.model.load_state_dict(self.stored.weights)
        return {**kwargs, "ckpt_path": None}

    def _evaluated(self, split: str, n: int) -> int:
        """How many of n samples limit_<split>_batches has left."""
        batch, limit = evaluation_batch(self.trainer), getattr(self.trainer, f"limit_{split}_batches")
        batches = math.ceil(n / batch)
        return min(n, batch * (min(limit, batches) if isinstance(limit, int) else int(limit * batches)))

    def _class_name(self, place: int) -> str:
        classes = self.model.hparams.get("classes")
        return shown(classes[place]) if classes else f"class {place}"

    def _say_scores(self, split: str, kind: str, accuracy: str) -> None:
        assert self.stored is not None
        scores, data = self.trainer.callback_metrics, self.datamodule
        loss = scores[f"{split}/loss"]
        others = "".join(
            f", {name.partition('/')[2]} {value:.4f}"
            for name, value in scores.items()
            if name.startswith(f"{split}/") and name.partition("/")[2] not in ("accuracy", "loss")
        )
        if isinstance(data, TableData):
            name = printable(Path(data.hparams["path"]).name)
            of = f"{self._evaluated(split, len(data.sets[split]))} {kind} rows of `{name}`"
        else:
            of = f"{self._evaluated(split, data.hparams[f'n_{split}'])} {kind} points of `{data.hparams.problem}`"
        say(f"{accuracy} on {of}, loss {loss:.4f}{others}.", BOLD)
        seal = "" if self.stored.sealed else " (without a checksum)"
        say(f"The net is in {self.stored.path}{seal}. To load it and predict:")
        new = ("--data.path", "new.csv") if isinstance(data, TableData) else ()
        say(hint("predict", "--ckpt_path", self.stored.path, *new))

    @rank_zero_only
    def _open_run(self) -> None:
        settings = self.config["fit"].clone()
        resumed, settings.ckpt_path = self.stored if settings.ckpt_path else None, None
        try:
            values = json.loads(self._parser("fit").dump(settings, format="json", skip_none=False))
        except ValueError as error:  # a default of another's class that is no plain value
            value = str(error).strip().splitlines()[-1]
            found = re.search(r"class_path='[\w.]*?(\w+)'.*?(\w+)=<[\w.]+: '?(\w+)'?>", value)
            what = f"the default of {found[1]}: give it, as {found[2]} {found[3]}" if found else value[:300]
            raise UserError(f"config.yaml cannot hold {what}") from error
        if values["data"]["class_path"] == f"torchtour.{USUAL_DATA}":
            values["data"] = values["data"]["init_args"]
        folder = self.run.open(config.dump(values), resumed)
        put_files_into(self.trainer, folder)
        if self.run.tensorboard:
            self.trainer.loggers = [*self.trainer.loggers, TensorBoardLogger(folder, name="", version="")]


def fit(args: list[str]) -> int:
    """Train a net."""
    return lightning(["fit", *args])


def validate(args: list[str]) -> int:
    """Evaluate a checkpoint on the validation points."""
    return lightning(["validate", *args])


def test(args: list[str]) -> int:
    """Evaluate a checkpoint on points that no training saw."""
    return lightning(["test", *args])


def predict(args: list[str]) -> int:
    """Write the predictions of a checkpoint."""
    return lightning(["predict", *args])


def lightning(args: list[str]) -> int:
    """Run one of Lightning's subcommands; its exit status."""
    config.guard()
    args = with_shipped_configs(args)
    Parser.data = tuple(sorted(DATA.values(), key=lambda cls: cls.__name__ != USUAL_DATA))
    Parser.trainer_too = args[1:] in (["--help", "trainer"], ["-h", "trainer"])
    check_arguments(args)
    command = Command.__new__(Command)
    try:
        command.__init__(args[:2] if Parser.trainer_too else args)  # type: ignore[misc]
    finally:
        if run := getattr(command, "run", None):
            run.close()
    return 0


def put_files_into(trainer: Trainer, folder: Path) -> None:
    """Let Lightning's callbacks and loggers put their files into the run's folder.

    Trainer takes it when it is made, but before that a setting may be refused, and a refused run leaves no folder.
    """
    trainer._default_root_dir = str(folder)  # type: ignore[attr-defined]
