"""Trainer's attributes that its class sets in a way that type checkers don't see."""

from typing import Any, TypeVar

from lightning import Callback, LightningDataModule, Trainer

AnyCallback = TypeVar("AnyCallback", bound=Callback)


def callbacks_of(trainer: Trainer) -> list[Callback]:
    """The trainer's own list: what is appended here is called."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return callbacks


def callback_of(trainer: Trainer, kind: type[AnyCallback]) -> AnyCallback | None:
    """The trainer's first callback of a class."""
    return next((callback for callback in callbacks_of(trainer) if isinstance(callback, kind)), None)


def datamodule_of(trainer: Trainer) -> LightningDataModule | None:
    """The data that `trainer.fit(model, data)` was given; None if it was given loaders."""
    data: Any = getattr(trainer, "datamodule", None)
    return data if isinstance(data, LightningDataModule) else None
