"""`torchtour sweep`: nets with many settings and seeds, trained side by side; the best setting is fitted and tested."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import Trainer
from lightning.pytorch.callbacks import LambdaCallback
from tqdm import tqdm

from torchtour.command.arguments import Setting
from torchtour.command.fit import lightning
from torchtour.command.fit_settings import TRAINER_SETTINGS, Study, check_seed
from torchtour.command.terminal import print_rank_zero, shell_command, signals_ignored
from torchtour.evaluation import plots
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.runs.files import FolderLock, remove_unfinished, replace
from torchtour.runs.run import DivergenceError
from torchtour.settings import UserError, short_repr
from torchtour.sweep.classifiers import METRICS
from torchtour.sweep.grid import Grid, Member, Row, choose

MAX_RELATIVE_DIFFERENCE = 1e-3  # of the winner's validation loss, in the sweep and by fit
MAX_NETS = 1_000_000
SETTINGS = [
    Setting("seeds", int | list[int], 1, "Seeds of each setting: how many, or which."),
    Setting("resume", str | None, None, "Folder of a sweep that was stopped, to continue it."),
]


def sweep(args: list[str]) -> int:
    """Run the command; its exit status.

    Raises:
        UserError: A setting is wrong, or the folder cannot be written or resumed.
        DivergenceError: Nets of every setting diverged.
    """
    study = Study("sweep", args, SETTINGS, lists=True)
    if page := study.help_page():
        print(page, end="", flush=True)
        return 0
    settings, resumed = _parse(study)
    seeds = _seeds(settings)
    names = list(study.model_settings)
    points = {name: settings.model[name] for name in names}
    for name, value in points.items():
        if value == []:
            raise UserError(f"model.{name} must have a value or several, got []")
    _check_size(points, seeds)
    grid = Grid(study.model, points, seeds, lambda: study.new_data(settings))
    with _folder(study, settings, resumed) as folder:
        rows = _train(grid, settings, folder)
        replace(folder / "sweep.csv", _csv(rows).encode())
        varied = [name for name, value in points.items() if isinstance(value, list) and len(value) > 1]
        replace(folder / "sweep.png", plots.png(plots.plot_sweep(rows, varied)))
        best = choose(rows, names)
        _report(grid, rows, folder, varied, best)
    if best is None:
        raise DivergenceError("nets of every setting diverged; a lower --model.lr may help")
    flags = study.to_flags(settings, best, best["seed"])
    print_rank_zero("To repeat it, as is done now:")
    print_rank_zero(shell_command("fit", *flags))
    lightning(["fit", *flags])
    path = find_checkpoint("best", Path(settings.run.root))
    _compare(path.with_name("metrics.csv"), best)
    return lightning(["test", "--ckpt_path", str(path), "--run.root", settings.run.root])


# Settings


def _parse(study: Study) -> tuple[Namespace, Path | None]:
    """The settings, and the folder of the sweep that is resumed."""
    settings = study.parse()
    if settings.resume is None:
        return settings, None
    if len(study.args) > 1 + (study.args[0] == "--resume"):
        raise UserError("--resume takes no other options: the sweep keeps its original settings")
    folder = Path(settings.resume)
    return study.parse(["-c", str(folder / "config.yaml")]), folder


def _seeds(settings: Namespace) -> list[int]:
    """The seeds that are listed, or as many as are asked for, from seed_everything on."""
    given, first = settings.seeds, settings.seed_everything
    seeds = given if isinstance(given, list) else [first + k for k in range(min(given, MAX_NETS + 1))]
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError(f"seeds must be at least 1, or a list of seeds that differ, got {short_repr(given)}")
    for seed in seeds:
        check_seed(seed)
    return seeds


def _check_size(points: Mapping[str, Any], seeds: Sequence[int]) -> None:
    nets = len(seeds)
    for value in points.values():
        nets *= len(value) if isinstance(value, list) else 1
    if nets > MAX_NETS:
        raise UserError(f"a sweep may have {MAX_NETS:,} nets, this one has {nets:,}")


# Training


@contextmanager
def _folder(study: Study, settings: Namespace, resumed: Path | None) -> Iterator[Path]:
    """The sweep's folder, for this process alone, with config.yaml in it."""
    try:
        folder = resumed or study.new_folder(settings, "sweep")
        lock = FolderLock(folder)
        remove_unfinished(folder)
        if resumed is None:
            replace(folder / "config.yaml", study.to_yaml(settings))
    except OSError as error:
        raise UserError(f"the sweep's folder {error.filename} cannot be written: {error.strerror}") from None
    try:
        yield folder
    except (SystemExit, KeyboardInterrupt):
        with signals_ignored():
            print_rank_zero(
                f"Stopped. To go on after the parts that are finished:\n{shell_command('sweep', '--resume', folder)}"
            )
        raise
    finally:
        lock.release()


def _train(grid: Grid, settings: Namespace, folder: Path) -> list[Row]:
    """All rows: those of finished parts from their files, the others by training."""
    rows: list[Row] = []
    epochs, nets = settings.trainer.max_epochs, sum(map(len, grid.parts))
    quiet = settings.trainer.enable_progress_bar is False
    # disable=None: where stderr is no terminal
    with tqdm(total=nets * epochs, unit=" epochs of a net", leave=False, disable=True if quiet else None) as bar:
        for number, part in enumerate(grid.parts):
            path = folder / f"part_{number}.csv"
            done = _finished(path, part)
            if done is None:
                done = grid.train(part, _trainer(settings, bar, len(part)))
                replace(path, _csv(done).encode())
            else:
                bar.update(epochs * len(part))
            rows += done
    return rows


def _trainer(settings: Namespace, bar: Any, nets: int) -> Trainer:
    advance = LambdaCallback(on_train_epoch_end=lambda *_: bar.update(nets))
    given = {name: settings.trainer[name] for name in TRAINER_SETTINGS if name != "enable_progress_bar"}
    return Trainer(
        **given, devices=1, callbacks=[advance], logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, use_distributed_sampler=False,
    )  # fmt: skip


def _finished(path: Path, part: Sequence[Member]) -> list[Row] | None:
    """The rows of a part's file; None where there is none, or one of other nets."""
    if not path.is_file():
        return None
    texts = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    expected = [{**member.settings, "seed": member.seed} for member in part]
    same = len(texts) == len(part) and all(
        all(text.get(name) == str(value) for name, value in wanted.items())
        for text, wanted in zip(texts, expected, strict=True)
    )
    if not same:
        raise UserError(f"{path} holds other nets than this sweep: remove it, and its part will be trained again")
    scores = [{name: float(text[name]) for name in ("epoch", *METRICS)} for text in texts]
    return [{**wanted, **found} for wanted, found in zip(expected, scores, strict=True)]


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        scores = {name: f"{row[name]:.9g}" for name in ("epoch", *METRICS)}
        writer.writerow({**row, **scores})
    return text.getvalue()


# What was found


def _report(grid: Grid, rows: Sequence[Row], folder: Path, varied: Sequence[str], best: Row | None) -> None:
    diverged = sum(row["val/loss"] != row["val/loss"] for row in rows)
    of_each = f"{len(grid.combinations)} settings, {len(grid.seeds)} seeds each"
    print_rank_zero(f"Trained {len(rows)} nets: {of_each}; {diverged} diverged.")
    print_rank_zero(f"The sweep is in {folder}:\n  config.yaml, sweep.csv, sweep.png")
    if best is not None:
        group = [row["val/loss"] for row in rows if all(row[name] == best[name] for name in varied)]
        chosen = ", ".join(f"{name} {best[name]}" for name in varied) or "the only setting"
        print_rank_zero(f"Lowest validation loss, as the mean over seeds: {sum(group) / len(group):.4f} with {chosen}.")
        print_rank_zero(f"Its best seed is {best['seed']}: loss {best['val/loss']:.4f} in epoch {best['epoch']:.0f}.")


def _compare(path: Path, best: Row) -> None:
    """Does `fit` repeat what the sweep found?"""
    with open(path, newline="") as file:
        losses = [float(row["val/loss"]) for row in csv.DictReader(file) if row["val/loss"]]
    if abs(min(losses) - best["val/loss"]) > MAX_RELATIVE_DIFFERENCE * best["val/loss"]:
        print_rank_zero(
            f"Note: fit reached {min(losses):.4f} where the sweep found {best['val/loss']:.4f}; small differences of"
        )
        print_rank_zero("rounding grow where training is unstable, and random layers draw other numbers.")
