"""Settings within their limits, or one line that says what is allowed."""

import reprlib
from collections.abc import Callable, Mapping, MutableMapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "text", NoneType: "null"}
SET_FROM_DATA = (
    "n_features",
    "n_classes",
    "columns",
    "classes",
    "target_mean",
    "target_std",
)  # settings of a model that the command fills in
Limits = Mapping[str, tuple[float, float]]


class UserError(ValueError):
    """A user's mistake, in one or two lines that name it and what is allowed; the command exits with status 2."""


def check(owner: str, init: Callable[..., None], settings: MutableMapping[str, Any], limits: Limits) -> None:
    """Compare settings with the types that `init` takes and with `limits`, both ends allowed.

    Numpy's numbers are replaced by Python's, so that a checkpoint of the settings can be loaded.

    Raises:
        UserError: names the setting as `owner.name`, its value, and what is allowed.
    """
    for name, hint in get_type_hints(init).items():
        if name == "return":
            continue
        value = settings[name]
        if hasattr(value, "dtype"):
            value = settings[name] = value.item()
        if not _fits(value, hint):
            raise UserError(f"{owner}.{name} must be {in_words(hint) or hint}, got {short_repr(value)}")
        if name in limits and value is not None:
            low, high = limits[name]
            for number in value if isinstance(value, list) else [value]:
                if not low <= number <= high:  # so that nan fails too
                    raise UserError(f"{owner}.{name} must be from {low} to {high}, got {short_repr(number)}")


def in_words(hint: Any) -> str | None:
    """What a type is called in a message, `float | None` as "a number or null"; None if it is no plain value."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Literal:
        return "one of " + ", ".join(map(str, inner))
    if kind in (Union, UnionType):
        words = [in_words(option) for option in inner]
        return None if None in words else " or ".join(map(str, words))
    if kind is list:
        item = in_words(inner[0]) if inner else None
        return f"a list of {item.removeprefix('a ')}s" if item else None
    return WORDS.get(kind)


def short_repr(value: Any) -> str:
    """A value in at most 60 printable characters, however large or deep it is."""
    try:
        text = reprlib.repr(value)
    except ValueError:  # an integer of more than 4300 digits
        text = "a number of thousands of digits"
    return without_control_chars(" ".join(text.split()))[:60]


def without_control_chars(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _fits(value: Any, hint: Any) -> bool:
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Literal:
        return value in inner
    if kind in (Union, UnionType):
        return any(_fits(value, option) for option in inner)
    if kind is list:
        return isinstance(value, list) and all(_fits(item, inner[0]) for item in value)
    return hint is Any or type(value) is kind or (kind is float and type(value) is int)
