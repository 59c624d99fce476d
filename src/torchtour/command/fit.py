"""`torchtour fit|validate|test|predict`: what each does and prints."""

import json
import math
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities import rank_zero_only
from torch.multiprocessing.spawn import ProcessException

from torchtour.command import config
from torchtour.command.arguments import MODEL_FOR, chosen_classes, flags_in, refuse_settings_from_data, with_new_names
from torchtour.command.cli import ConfiguredCLI
from torchtour.command.errors import exit_behind, first_line
from torchtour.command.help_page import help_page
from torchtour.command.terminal import BOLD, print_rank_zero, shell_command, signals_ignored
from torchtour.command.trainer_checks import check_limits, resume_caveats
from torchtour.evaluation.confidence import format_accuracy
from torchtour.runs.checkpoint_file import read_raw
from torchtour.runs.files import remove_unfinished
from torchtour.runs.plots import Confusion
from torchtour.runs.report import Predictions
from torchtour.runs.run import Run
from torchtour.settings import SET_FROM_DATA, UserError, short_repr, without_control_chars
from torchtour.tables.callbacks import AmountTest, TablePredictions, TableTest
from torchtour.tables.data import TableData
from torchtour.tables.scores import format_scores
from torchtour.training.batches import evaluation_batch
from torchtour.training.trainer_parts import callback_of, callbacks_of

FILES = (
    "config.yaml",
    "metrics.csv",
    "best.ckpt",
    "last.ckpt",
    "curves.png",
    "boundary.png",
    "predicted.png",
    "importance.png",
    "stills.png",
    "model_card.md",
)


class Command(ConfiguredCLI):
    """A subcommand, from its arguments to its last line."""

    def __init__(self, args: list[str]) -> None:
        try:
            super().__init__(args)  # parses the arguments, builds the objects and runs the subcommand
        finally:
            if run := getattr(self, "run", None):
                run.close()

    # fit

    def before_fit(self) -> None:
        settings = self.settings
        if settings.init_from:
            self.model.load_state_dict(self.loaded.weights)
        if settings.ckpt_path:
            self._before_resuming(settings.ckpt_path)
        check_limits(settings.trainer, self.datamodule)
        if callback_of(self.trainer, Run):
            self._open_run()
            for caveat in resume_caveats(self.trainer):
                print_rank_zero(f"Note: {caveat}.")

    def _before_resuming(self, path: str) -> None:
        if self.loaded.epochs >= (self.trainer.max_epochs or 0) > 0:
            raise UserError(
                f"{path} has completed its epochs: trainer.max_epochs must be more than {self.loaded.epochs}"
            )
        # Trainer converts a net only after it has loaded the weights: 64 bits would pass through 32.
        self.model.to(next(weight.dtype for weight in self.loaded.weights.values() if weight.is_floating_point()))
        self.files.checked[Path(path)] = self.loaded.content

    def fit(self, **kwargs: Any) -> None:
        try:
            self.trainer.fit(**kwargs, weights_only=True)
        except BaseException as error:
            self._print_how_to_resume(error)
            if refusal := self._resume_refused(error):
                raise refusal from error
            raise
        finally:
            self.run.close()

    def _print_how_to_resume(self, error: BaseException) -> None:
        was_stopped = exit_behind(error) or isinstance(error, ProcessException)
        last = self.run.folder / "last.ckpt" if self.run.folder else None
        if was_stopped and last and last.exists():
            with signals_ignored():
                print_rank_zero(
                    f"Stopped. To resume from the last checkpoint:\n{shell_command('fit', '--ckpt_path', last)}"
                )

    def _resume_refused(self, error: BaseException) -> UserError | None:
        """What Trainer says of an optimizer or schedule that is no longer the checkpoint's."""
        restoring = self.settings.ckpt_path and not self.run.has_started
        if restoring and isinstance(error, ValueError | KeyError | RuntimeError) and not isinstance(error, UserError):
            return UserError(
                f"checkpoint {self.settings.ckpt_path} cannot be resumed: its optimizer or schedule "
                f"is not the model's: {first_line(error)}"
            )
        return None

    def after_fit(self) -> None:
        profiler: Any = self.trainer.profiler  # type: ignore[attr-defined]
        if not isinstance(profiler, PassThroughProfiler):
            print_rank_zero(profiler.summary())
        folder = self.run.folder
        if folder is None:
            print_rank_zero("Done. No files were saved.")
            return
        print_rank_zero(f"The run is in {folder}:", BOLD)
        print_rank_zero("  " + ", ".join(name for name in FILES if (folder / name).exists()))
        if (folder / "best.ckpt").exists():
            print_rank_zero("To test its best epoch:")
            print_rank_zero(shell_command("test", "--ckpt_path", folder / "best.ckpt"))

    @rank_zero_only
    def _open_run(self) -> None:
        settings = self.settings.clone()
        resumed = self.loaded if settings.ckpt_path else None
        settings.ckpt_path = None
        folder = self.run.open(config.dump(self._config_values(settings)), resumed)
        put_files_into(self.trainer, folder)
        if self.run.tensorboard:
            self.trainer.loggers = [*self.trainer.loggers, TensorBoardLogger(folder, name="", version="")]

    def _config_values(self, settings: Any) -> dict[str, Any]:
        """The settings as config.yaml has them: plain values, without what comes from the data.

        Raises:
            UserError: A setting is no plain value.
        """
        try:
            values: dict[str, Any] = json.loads(self._parser("fit").dump(settings, format="json", skip_none=False))
        except ValueError as error:  # a default of another library's class
            raise UserError(f"config.yaml cannot hold a default: give it as a flag: {last_line(error)}") from error
        for name in SET_FROM_DATA:
            values["model"].get("init_args", {}).pop(name, None)
        return without_default_classes(values)

    # validate, test, predict

    def validate(self, **kwargs: Any) -> None:
        self.trainer.validate(**self._with_weights(kwargs), verbose=False)
        accuracy = self.trainer.callback_metrics.get("val/accuracy")
        self._print_metrics("val", "validation", f"Accuracy {accuracy:.2%}" if accuracy is not None else "")

    def test(self, **kwargs: Any) -> None:
        folder, draws = Path(kwargs["ckpt_path"]).parent, self._get(self.config_init, "plots").enabled
        remove_unfinished(folder)
        if isinstance(self.datamodule, TableData) and self.datamodule.classes is None:
            self._test_amounts(AmountTest(folder, draws), kwargs)
            return
        confusion = Confusion(folder / "confusion.png" if draws else None)
        callbacks_of(self.trainer).append(confusion)
        if isinstance(self.datamodule, TableData):
            callbacks_of(self.trainer).append(TableTest(folder, confusion))
        self.trainer.test(**self._with_weights(kwargs), verbose=False)
        matrix = self.trainer.callback_metrics.pop(Confusion.NAME, None)
        self._print_metrics("test", "held-out", format_accuracy(matrix, self._class_name) if matrix is not None else "")

    def _test_amounts(self, amounts: AmountTest, kwargs: dict[str, Any]) -> None:
        callbacks_of(self.trainer).append(amounts)
        self.trainer.test(**self._with_weights(kwargs), verbose=False)
        self._print_metrics("test", "held-out", format_scores(amounts.scores) if amounts.scores else "")

    def predict(self, **kwargs: Any) -> None:
        path = Path(kwargs["ckpt_path"]).with_name("predictions.csv")
        remove_unfinished(path.parent)
        if isinstance(self.datamodule, TableData):
            self._predict_table(path, self.datamodule, kwargs)
            return
        predictions = Predictions(path)
        callbacks_of(self.trainer).append(predictions)
        self.trainer.predict(**self._with_weights(kwargs), return_predictions=False)
        n = self._evaluated("predict", self.datamodule.hparams["n_predict"])
        print_rank_zero(f"Wrote {predictions.path}: {n} points, their class and its probability.")

    def _predict_table(self, path: Path, data: TableData, kwargs: dict[str, Any]) -> None:
        if not self.model.hparams.get("columns"):
            raise UserError(f"{kwargs['ckpt_path']} was not trained on a table")
        classes = self.model.hparams.get("classes")
        predictions = TablePredictions(path, classes)
        callbacks_of(self.trainer).append(predictions)
        self.trainer.predict(**self._with_weights(kwargs), return_predictions=False)
        content = "class and the probability of each class" if classes else "amount and its interval"
        print_rank_zero(f"Wrote {path}: {predictions.rows:,} rows, their {content}.")
        for name, count in data.unseen.items():
            print_rank_zero(
                f"Note: values of {short_repr(name)} that no training row has, taken as missing: {count:,}."
            )
        if predictions.quoted:
            print_rank_zero(
                f"Note: {predictions.quoted:,} texts got a ' in front: a spreadsheet would run them as formulas."
            )

    def _with_weights(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Give the model the weights that were checked, so that Trainer reads no file."""
        self.model.load_state_dict(self.loaded.weights)
        return {**kwargs, "ckpt_path": None}

    def _evaluated(self, split: str, n: int) -> int:
        """How many of n samples limit_<split>_batches has left."""
        batch, limit = evaluation_batch(self.trainer), getattr(self.trainer, f"limit_{split}_batches")
        batches = math.ceil(n / batch)
        n_batches = min(limit, batches) if isinstance(limit, int) else int(limit * batches)
        return min(n, batch * n_batches)

    def _class_name(self, index: int) -> str:
        classes = self.model.hparams.get("classes")
        return short_repr(classes[index]) if classes else f"class {index}"

    def _print_metrics(self, split: str, kind: str, accuracy: str) -> None:
        metrics = {
            name.partition("/")[2]: value
            for name, value in self.trainer.callback_metrics.items()
            if name.startswith(f"{split}/")
        }
        names = ["loss", *(name for name in metrics if name not in ("accuracy", "loss"))]
        values = ", ".join(f"{name} {metrics[name]:.4f}" for name in names if name in metrics)
        samples = self._samples(split, kind)
        print_rank_zero(f"{accuracy} on {samples}, {values}." if accuracy else f"On {samples}: {values}.", BOLD)
        no_checksum = "" if self.loaded.has_checksum else " (without a checksum)"
        print_rank_zero(f"The net is in {self.loaded.path}{no_checksum}. To load it and predict:")
        new = ("--data.path", "new.csv") if isinstance(self.datamodule, TableData) else ()
        print_rank_zero(shell_command("predict", "--ckpt_path", self.loaded.path, *new))

    def _samples(self, split: str, kind: str) -> str:
        """How many samples of what were evaluated, in words."""
        data = self.datamodule
        if isinstance(data, TableData):
            name = without_control_chars(Path(data.hparams["path"]).name)
            return f"{self._evaluated(split, len(data.sets[split]))} {kind} rows of `{name}`"
        if "problem" in data.hparams:
            return f"{self._evaluated(split, data.hparams[f'n_{split}'])} {kind} points of `{data.hparams['problem']}`"
        return f"the {kind} samples of {type(data).__name__}"


def fit(args: list[str]) -> int:
    """Train a net."""
    return lightning(["fit", *args])


def validate(args: list[str]) -> int:
    """Evaluate a checkpoint on the validation points."""
    return lightning(["validate", *args])


def test(args: list[str]) -> int:
    """Evaluate a checkpoint on points that were not used in training."""
    return lightning(["test", *args])


def predict(args: list[str]) -> int:
    """Write the predictions of a checkpoint."""
    return lightning(["predict", *args])


def lightning(args: list[str]) -> int:
    """Run one of Lightning's subcommands; its exit status."""
    config.use_strict_yaml()
    args = with_new_names(args)
    if "help" in dict(flags_in(args)):
        if args[-1:] == ["trainer"]:
            Command([args[0], "--help"])  # jsonargparse's page, which lists everything, and exits
        print(help_page(args[0], chosen_classes(args, read_raw)), end="", flush=True)
        return 0
    refuse_settings_from_data(args)
    Command(args)
    return 0


def without_default_classes(values: dict[str, Any]) -> dict[str, Any]:
    """Settings by group, where the classes are those that the command takes anyway: `data: {problem: line}`."""
    own = {f"torchtour.{data}": f"torchtour.{model}" for data, model in MODEL_FOR.items()}
    data, model = values["data"], values["model"]
    if own.get(data["class_path"]) == model["class_path"]:
        values["model"] = model.get("init_args", {})
    if data["class_path"] == "torchtour.SyntheticData":
        values["data"] = data["init_args"]
    return values


def last_line(error: Exception) -> str:
    return without_control_chars(str(error).strip().splitlines()[-1])[:300]


def put_files_into(trainer: Trainer, folder: Path) -> None:
    """Let Lightning's callbacks and loggers put their files into the run's folder.

    Trainer takes it when it is built, but then a setting may still be refused, and a refused run leaves no folder.
    """
    trainer._default_root_dir = str(folder)  # type: ignore[attr-defined]
