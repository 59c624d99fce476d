"""`load_from_checkpoint` that verifies the file first, and loads what it has verified."""

from typing import Any

from lightning import LightningModule

from torchtour.trust.audit import audit


def guard(module: type[LightningModule]) -> None:
    """Replace `load_from_checkpoint` of a module and its subclasses: Lightning has no hook between file and net.

    The new one raises UserError for a file that is damaged or not a checkpoint of the class.
    """
    module.load_from_checkpoint = classmethod(_load)  # type: ignore[assignment, arg-type]


def _load(
    cls: type[LightningModule],
    checkpoint_path: Any,
    map_location: Any = None,
    strict: bool = True,
    weights_only: bool = True,
    **settings: Any,
) -> LightningModule:
    """The net of a checkpoint file, ready to call; `settings` replace hyperparameters of the checkpoint.

    Raises:
        UserError: The file is damaged, or not a checkpoint of this class.
    """
    stored = audit(checkpoint_path, cls)
    model = cls(**{**stored.settings, **settings})
    model.on_load_checkpoint(dict(stored.content))
    model.load_state_dict(stored.weights, strict=strict)
    return model.to(map_location) if map_location is not None else model
