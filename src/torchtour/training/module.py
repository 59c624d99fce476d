"""A LightningModule that checks a checkpoint file before it loads it."""

import inspect
import io
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

import torch
from lightning import LightningModule

from torchtour.settings import SET_FROM_DATA, UserError, without_control_chars
from torchtour.training.checksum import is_intact


class CheckedModule(LightningModule):
    """Base of this project's modules: `load_from_checkpoint` refuses a damaged file, and loads data only."""

    @classmethod
    def load_from_checkpoint(  # type: ignore[override] # the other arguments by name alone
        cls, checkpoint_path: Any, map_location: Any = None, **kwargs: Any
    ) -> Self:
        """Lightning's own, of a local file that was checked, always with weights_only=True.

        Raises:
            UserError: The file cannot be read, was cut short or changed, holds more than plain values, or has settings
                that the class does not know.
        """
        try:
            content = Path(checkpoint_path).read_bytes()
        except OSError as error:
            raise UserError(f"checkpoint {checkpoint_path} cannot be read: {error.strerror}") from None
        check_settings_known(cls, from_bytes(content, checkpoint_path), checkpoint_path)
        kwargs.pop("weights_only", None)
        return super().load_from_checkpoint(io.BytesIO(content), map_location, weights_only=True, **kwargs)


def from_bytes(content: bytes, path: str | Path) -> Any:
    """Load the bytes of a checkpoint file on the CPU; weights_only, so that no code in it runs.

    Raises:
        UserError: Not a checkpoint, or changed since it was written.
    """
    if not is_intact(content):
        raise UserError(f"checkpoint {path} is damaged: it was cut short or changed, or is not a checkpoint")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise UserError(f"checkpoint {path} cannot be loaded: it holds more than weights and plain values") from None
    except Exception:  # torch and zipfile raise many kinds for a file that they did not write
        raise UserError(f"checkpoint {path} cannot be loaded: torch.save did not write it") from None


def init_parameters(owner: type[Any]) -> dict[str, inspect.Parameter]:
    """The settings that a class's __init__ takes, with those that it passes on to its parents by keyword."""
    parameters: dict[str, inspect.Parameter] = {}
    for parent in owner.__mro__:
        if "__init__" not in vars(parent):
            continue
        own = list(inspect.signature(vars(parent)["__init__"]).parameters.values())[1:]
        named = {p.name: p for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        parameters = named | parameters
        if not any(p.kind is p.VAR_KEYWORD for p in own):
            break
    return parameters


def check_settings_known(module: type[LightningModule], content: Any, path: str | Path) -> None:
    """Compare a checkpoint's hyperparameters with the settings that a module and its parents take.

    Raises:
        UserError: There are others, such as those of a newer version, or none.
    """
    settings = content.get("hyper_parameters") if isinstance(content, dict) else None
    if not isinstance(settings, dict):
        raise UserError(f"checkpoint {path} is not a checkpoint of {module.__name__}: it has no hyper_parameters")
    known = {name for parent in module.__mro__ for name in init_parameters(parent)} | {*SET_FROM_DATA}
    if unknown := settings.keys() - known:
        names = without_control_chars(", ".join(sorted(map(str, unknown))))[:300]
        raise UserError(f"checkpoint {path} has settings that {module.__name__} does not know: {names}")
