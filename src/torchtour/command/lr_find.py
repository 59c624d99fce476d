"""`torchtour lr-find`: a range test of the learning rate (Smith 2017): one net, its rate raised from step to step."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from lightning import Callback, LightningModule, Trainer, seed_everything

from torchtour.command.arguments import Setting
from torchtour.command.fit_settings import Study, check_seed
from torchtour.command.terminal import print_rank_zero, shell_command
from torchtour.command.trainer_checks import print_accelerator
from torchtour.evaluation import plots
from torchtour.runs.files import replace
from torchtour.runs.run import DivergenceError
from torchtour.settings import UserError
from torchtour.sweep.grid import from_data

MIN_STEPS = 20  # that show a curve
SETTINGS = [
    Setting("low", float, 1e-5, "The rate of the first step."),
    Setting("high", float, 10.0, "The rate of the last step."),
    Setting("steps", int, 200, "Steps from one to the other."),
]


def lr_find(args: list[str]) -> int:
    """Run the command; its exit status.

    Raises:
        UserError: A setting is wrong.
        DivergenceError: The loss falls at no rate.
    """
    study = Study("lr-find", args, SETTINGS)
    if page := study.help_page():
        print(page, end="", flush=True)
        return 0
    settings = study.parse()
    low, high, steps = settings.low, settings.high, settings.steps
    if not 0 < low < high <= 1000:
        raise UserError(f"low and high must be rates, 0 < low < high <= 1000, got {low} and {high}")
    if not MIN_STEPS <= steps <= 100_000:
        raise UserError(f"steps must be from {MIN_STEPS} to 100000, got {steps}")
    check_seed(settings.seed_everything)
    seed_everything(settings.seed_everything, verbose=False)
    data = study.new_data(settings)
    model = {name: settings.model[name] for name in study.model_settings}
    test = RangeTest(low, high, steps)
    trainer = Trainer(
        accelerator=settings.trainer.accelerator, devices=1, max_epochs=-1, max_steps=steps, callbacks=[test],
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        limit_val_batches=0,
    )  # fmt: skip
    print_accelerator(trainer, settings.trainer.accelerator)
    trainer.fit(study.model(**model, **from_data(study.model, data)), data)
    best, losses = test.steepest_lr(), smoothed(test.losses)
    folder = study.new_folder(settings, "lr")
    replace(folder / "config.yaml", study.to_yaml(settings))
    replace(folder / "lr.csv", _csv(test.rates, test.losses).encode())
    replace(folder / "lr.png", plots.png(plots.plot_range_test(test.rates, losses, best)))
    print_rank_zero(f"The range test is in {folder}:\n  config.yaml, lr.csv, lr.png")
    if best is None:
        raise DivergenceError("the loss falls at none of these rates; a lower --low may help")
    print_rank_zero(f"The loss falls fastest at a rate of {best:.2g}. To train with it:")
    print_rank_zero(
        shell_command("fit", *study.to_flags(settings, {**model, "lr": float(f"{best:.2g}")}, settings.seed_everything))
    )
    return 0


class RangeTest(Callback):
    """Raises the rate from step to step, each by the same factor, and notes the loss before each step.

    It ends where the loss, as a mean of recent steps, is no number or four times the lowest so far.
    """

    def __init__(self, low: float, high: float, steps: int) -> None:
        self.low, self.high, self.steps = low, high, steps
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.lowest = math.inf

    def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
        rate = self.low * (self.high / self.low) ** (len(self.rates) / (self.steps - 1))
        for group in trainer.optimizers[0].param_groups:
            group["lr"] = rate
        self.rates.append(rate)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any) -> None:
        self.losses.append(float(outputs["loss"]))
        recent = float(np.mean(self.losses[-max(1, self.steps // 20) :]))
        self.lowest = min(self.lowest, recent)
        trainer.should_stop = not recent <= 4 * self.lowest

    def steepest_lr(self) -> float | None:
        """The rate at which the smoothed loss falls fastest; None where it never falls."""
        slopes = np.diff(smoothed(self.losses))
        good = slopes[np.isfinite(slopes)]
        return self.rates[int(good.argmin())] if len(good) and good.min() < 0 else None


def smoothed(losses: Sequence[float]) -> list[float]:
    """The mean over a tenth of the steps around each."""
    half = max(1, len(losses) // 20)
    return [float(np.mean(losses[max(0, k - half) : k + half + 1])) for k in range(len(losses))]


def _csv(rates: list[float], losses: list[float]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["lr", "loss"])
    writer.writerows((f"{rate:.9g}", f"{loss:.9g}") for rate, loss in zip(rates, losses, strict=True))
    return text.getvalue()
