"""A checkpoint of a given module: read once, checked, and shared as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor

from torchtour.runs.checkpoint_file import RawCheckpoint, read_raw
from torchtour.settings import UserError, without_control_chars
from torchtour.training.module import check_settings_known, init_parameters

NEEDED_KEYS = {"state_dict", "hyper_parameters", "pytorch-lightning_version"}
RESUME_KEYS = {"epoch", "global_step", "loops", "optimizer_states", "lr_schedulers"}


@dataclass(frozen=True)
class Checkpoint(RawCheckpoint):
    """A checkpoint that fits its module's class."""

    module: type[LightningModule]

    @property
    def settings(self) -> dict[str, Any]:
        """The module's hyperparameters."""
        return dict(self.content["hyper_parameters"])

    @property
    def weights(self) -> dict[str, Tensor]:
        return dict(self.content["state_dict"])

    @property
    def epochs(self) -> int:
        """How many epochs the run had completed."""
        return int(self.content["epoch"]) + 1

    def build(self) -> LightningModule:
        """The module with the checkpoint's settings and weights, on the CPU, in evaluation mode."""
        model = build(self.module, self.settings)
        model.load_state_dict(self.weights)
        return model.eval()


def read_checkpoint(
    checkpoint: str | Path | RawCheckpoint, module: type[LightningModule], resume: bool = False
) -> Checkpoint:
    """Check that a checkpoint, or the file at a path, has what its module needs; with `resume`, what its run needs too.

    Raises:
        UserError: It is damaged, or not a checkpoint of this module.
    """
    raw = checkpoint if isinstance(checkpoint, RawCheckpoint) else read_raw(checkpoint)
    needed = NEEDED_KEYS | RESUME_KEYS if resume else NEEDED_KEYS
    missing = needed - raw.content.keys() if isinstance(raw.content, dict) else needed
    if missing:
        purpose = " to resume" if resume else ""
        raise UserError(
            f"checkpoint {raw.path} is not a checkpoint of {module.__name__}{purpose}: it has no {_list(missing)}"
        )
    check_settings_known(module, raw.content, raw.path)
    required = {name for name, p in init_parameters(module).items() if p.default is p.empty}
    if lacking := required - raw.content["hyper_parameters"].keys():
        raise UserError(f"checkpoint {raw.path} lacks settings that {module.__name__} needs: {_list(lacking)}")
    try:
        model = build(module, raw.content["hyper_parameters"])
    except UserError as error:
        raise UserError(f"checkpoint {raw.path}: {error}") from None
    if mismatch := first_mismatch(raw.content["state_dict"], model.state_dict()):
        raise UserError(
            f"checkpoint {raw.path} holds other weights than {module.__name__} has with its settings: {mismatch}"
        )
    return Checkpoint(raw.path, raw.content, raw.has_checksum, module)


def build(module: type[LightningModule], settings: Mapping[str, Any]) -> LightningModule:
    """A module with those of the settings that its __init__ takes; the others are its parents', which it fills in."""
    parameters = init_parameters(module)
    with torch.random.fork_rng(devices=[]):  # the weights are drawn and then replaced
        return module(**{name: value for name, value in settings.items() if name in parameters})


def first_mismatch(weights: Any, expected: Mapping[str, Tensor]) -> str | None:
    """What differs first: a name, a shape, or a weight that is not a finite number."""
    if not isinstance(weights, Mapping) or weights.keys() != expected.keys():
        return f"the names differ, {_list(set(weights) ^ set(expected)) if isinstance(weights, Mapping) else ''}"
    for name, tensor in expected.items():
        weight = weights[name]
        if not isinstance(weight, Tensor) or weight.shape != tensor.shape:
            return f"{name} must have the shape {[*tensor.shape]}"
        if not weight.isfinite().all():
            return f"{name} is not finite"
    return None


def _list(names: Any) -> str:
    return without_control_chars(", ".join(sorted(map(str, names))))[:300]
