"""Is a file the checkpoint of a given module? Read once, checked, and kept as one value that everybody loads."""

import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor
from torch.optim import Optimizer

from torchtour.settings import UserError, printable
from torchtour.trust.sealed import Parsed, parse

LARGEST_NUMBER = 2**53  # a float holds every whole number up to here
NEEDED = ("state_dict", "hyper_parameters", "pytorch-lightning_version")
TO_RESUME = ("epoch", "global_step", "loops", "optimizer_states", "lr_schedulers")
MOVES = {"lr", "_last_lr", "_step_count", "last_epoch"}  # what a run changes in its optimizer and schedule


@dataclass(frozen=True)
class Stored(Parsed):
    """A checkpoint that has passed the audit, and the class that it was held against."""

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


def audit(checkpoint: str | Path | Parsed, module: type[LightningModule], resume: bool = False) -> Stored:
    """Verify that a checkpoint fits a module before one is built from it; read it, where a path is given.

    With `resume`, verify the state of optimizer and schedule too.

    Raises:
        UserError: It is damaged, or not a checkpoint of this module, or holds what no run has written.
    """
    parsed = checkpoint if isinstance(checkpoint, Parsed) else parse(checkpoint)
    path, stored = parsed.path, parsed.content
    missing = {*NEEDED, *(TO_RESUME if resume else ())} - (stored.keys() if isinstance(stored, dict) else set())
    if missing:
        raise UserError(
            f"checkpoint {path} is not one of a {module.__name__}{' to resume' * resume}: it has no {_list(missing)}"
        )
    if not re.fullmatch(r"2(\.\d{1,4}){1,3}((rc|\.dev|\.post)\d{1,9})?", str(stored["pytorch-lightning_version"])[:30]):
        raise UserError(f"checkpoint {path} was not written by Lightning 2")
    if not _bounded(stored):
        raise UserError(f"checkpoint {path} is malformed: it holds a whole number beyond 2^53")
    model = _build(stored["hyper_parameters"], module, path)
    if place := unlike(stored["state_dict"], model.state_dict(), "state_dict"):
        raise UserError(
            f"checkpoint {path} holds other weights than {module.__name__} has with its settings, "
            f"or some that are not dense and finite: {place}"
        )
    if resume and (place := _unlike_resumable(stored, model)):
        raise UserError(f"checkpoint {path} cannot be resumed: its optimizer and schedule do not fit: {place}")
    return Stored(path, stored, parsed.sealed, module)


def accepted(module: type[LightningModule]) -> dict[str, inspect.Parameter]:
    """The settings that a module's `__init__` takes, those that it passes on to its parents included."""
    found: dict[str, inspect.Parameter] = {}
    for parent in module.__mro__:
        if parent is LightningModule or "__init__" not in vars(parent):
            continue
        parameters = dict(inspect.signature(vars(parent)["__init__"]).parameters)
        variadic = [name for name, kept in parameters.items() if kept.kind in (kept.VAR_KEYWORD, kept.VAR_POSITIONAL)]
        found = {name: kept for name, kept in parameters.items() if name not in (*variadic, "self")} | found
        if not any(parameters[name].kind is inspect.Parameter.VAR_KEYWORD for name in variadic):
            break
    return found


def unlike(value: Any, pattern: Any, place: str = "") -> str:
    """Where a checkpoint's content differs in kind from a pattern; "" where it does not.

    The same keys and lengths; tensors on the CPU with the pattern's shape and layout, a floating type where it has one,
    all finite; numbers that are finite; else the same type. What the pattern lacks is never looked at, so that no
    content can keep this busy.
    """
    if isinstance(pattern, Tensor):
        alike = isinstance(value, Tensor) and (value.shape, value.layout) == (pattern.shape, pattern.layout)
        if not alike or value.device.type != "cpu" or value.is_quantized:
            return place
        same = value.dtype == pattern.dtype or (value.is_floating_point() and pattern.is_floating_point())
        return "" if same and value.isfinite().all() else place
    if isinstance(pattern, dict):
        if not isinstance(value, dict) or value.keys() != pattern.keys():
            return place
        return next((found for key in pattern if (found := unlike(value[key], pattern[key], f"{place}/{key}"))), "")
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return place
        pairs = enumerate(zip(value, pattern, strict=True))
        return next((found for n, pair in pairs if (found := unlike(*pair, f"{place}/{n}"))), "")
    if type(pattern) in (int, float):
        return "" if type(value) in (int, float) and math.isfinite(value) else place
    return "" if type(value) is type(pattern) else place


def _build(settings: Any, module: type[LightningModule], path: Path) -> LightningModule:
    """The module with a checkpoint's settings, without memory; what a newer version has added takes its default."""
    known = accepted(module)
    if not isinstance(settings, dict) or not all(isinstance(name, str) for name in settings):
        raise UserError(f"checkpoint {path} is malformed: its settings are not a group of names and values")
    if unknown := settings.keys() - known.keys():
        raise UserError(f"checkpoint {path} has settings that {module.__name__} does not know: {_list(unknown)}")
    if missing := {name for name, kept in known.items() if kept.default is kept.empty} - settings.keys():
        raise UserError(f"checkpoint {path} lacks settings that {module.__name__} needs: {_list(missing)}")
    try:
        with torch.device("meta"):  # shapes without memory
            return module(**settings)
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from None


def _bounded(content: Any) -> bool:
    """Are all whole numbers modest? Each container is looked at once, however often it is met."""
    waiting, seen = [content], set()
    while waiting:
        value = waiting.pop()
        if type(value) is int and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            return False
        if isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend([*value, *value.values()] if isinstance(value, dict) else value)
    return True


def _unlike_resumable(stored: Mapping[str, Any], model: LightningModule) -> str:
    """Where a checkpoint differs from one of a run with the model's settings; "" where it does not."""
    with torch.device("meta"):
        optimizers, schedulers = _both(model.configure_optimizers())
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        for step in (*optimizers, *schedulers):
            step.step()
    kept = ("epoch", "global_step", "optimizer_states", "lr_schedulers")
    states: list[Any] = [0, 0, *([part.state_dict() for part in parts] for parts in (optimizers, schedulers))]
    pattern = dict(zip(kept, states, strict=True))
    if place := unlike({name: stored[name] for name in kept}, pattern):
        return place
    fixed = [
        [{name: value for name, value in state.items() if name not in MOVES} for state in states]
        for content in (stored, pattern)
        for states in (_groups(content), content["lr_schedulers"])
    ]
    if fixed[:2] != fixed[2:]:
        return "its settings are other than the checkpoint's"
    epochs = stored["epoch"] + 1  # Lightning's own callbacks save before the schedule's step
    steps = [state["last_epoch"] for state in stored["lr_schedulers"] if "last_epoch" in state]
    return "" if epochs > 0 and all(step in (epochs, epochs - 1) for step in steps) else "epoch"


def _groups(content: Mapping[str, Any]) -> list[Any]:
    return [group for state in content["optimizer_states"] for group in state["param_groups"]]


def _both(found: Any) -> tuple[list[Optimizer], list[Any]]:
    """The optimizers and the schedules, in whichever of Lightning's forms they are configured."""
    if isinstance(found, Optimizer):
        return [found], []
    if isinstance(found, dict):
        found = [found["optimizer"]], [found["lr_scheduler"]] if "lr_scheduler" in found else []
    optimizers, schedulers = found if isinstance(found[1], (list, tuple)) else (found, [])
    return list(optimizers), [part["scheduler"] if isinstance(part, dict) else part for part in schedulers]


def _list(names: Any) -> str:
    return printable(", ".join(sorted(map(str, names))))[:300]
