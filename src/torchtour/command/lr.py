"""`torchtour lr`: a range test of the learning rate (Smith 2017): one net, its rate raised from step to step."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from lightning import Callback, LightningModule, Trainer, seed_everything

from torchtour import plots
from torchtour.callbacks.run import DivergenceError
from torchtour.classifier import Classifier
from torchtour.command.processes import say_accelerator
from torchtour.command.say import hint, say
from torchtour.command.study import check_seed, config_of, fit_flags, new_data, new_folder, parse, parser_of
from torchtour.settings import UserError
from torchtour.sweep.grid import linked, own_settings
from torchtour.trust.atomic import replace

FEWEST = 20  # steps that show a curve


def lr(args: list[str]) -> int:
    """Run the command; its exit status.

    Raises:
        UserError: A setting is wrong.
        DivergenceError: The loss falls at no rate.
    """
    parser = parser_of("lr", lists=False)
    parser.add_argument("--low", type=float, default=1e-5, help="The rate of the first step.")
    parser.add_argument("--high", type=float, default=10.0, help="The rate of the last step.")
    parser.add_argument("--steps", type=int, default=200, help="Steps from one to the other.")
    settings = parse(parser, args)
    low, high, steps = settings.low, settings.high, settings.steps
    if not 0 < low < high <= 1000:
        raise UserError(f"low and high must be rates, 0 < low < high <= 1000, got {low} and {high}")
    if not FEWEST <= steps <= 100_000:
        raise UserError(f"steps must be from {FEWEST} to 100000, got {steps}")
    check_seed(settings.seed_everything)
    seed_everything(settings.seed_everything, verbose=False)
    data = new_data(settings)
    model = {name: settings.model[name] for name in own_settings()}
    test = RangeTest(low, high, steps)
    trainer = Trainer(
        accelerator=settings.trainer.accelerator, devices=1, max_epochs=-1, max_steps=steps, callbacks=[test],
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        limit_val_batches=0,
    )  # fmt: skip
    say_accelerator(trainer, settings.trainer.accelerator)
    trainer.fit(Classifier(**model, **linked(data)), data)
    best, losses = test.fastest(), smoothed(test.losses)
    folder = new_folder(settings, "lr")
    replace(folder / "config.yaml", config_of(parser, settings))
    replace(folder / "lr.csv", _csv(test.rates, test.losses).encode())
    replace(folder / "lr.png", plots.png(plots.range_test(test.rates, losses, best)))
    say(f"The range test is in {folder}:\n  config.yaml, lr.csv, lr.png")
    if best is None:
        raise DivergenceError("the loss falls at none of these rates; a lower --low may help")
    say(f"The loss falls fastest at a rate of {best:.2g}. To train with it:")
    say(hint("fit", *fit_flags(settings, {**model, "lr": float(f"{best:.2g}")}, settings.seed_everything)))
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

    def fastest(self) -> float | None:
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
