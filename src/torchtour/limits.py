"""Settings within their limits, or one line that says what is allowed."""

import reprlib
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints


class UserError(ValueError):
    """A user's mistake, in one or two lines that name it and what is allowed; the command ends with status 2."""


Limits = Mapping[str, tuple[float, float]]


def check(owner: str, init: Callable[..., None], settings: Mapping[str, Any], limits: Limits) -> None:
    """Hold settings against the types that `init` takes and against `limits`, both ends allowed.

    A checkpoint's settings pass here too, whatever wrote them.

    Raises:
        UserError: names the setting as `owner.name`, its value, and what is allowed.
    """
    for name, hint in get_type_hints(init).items():
        if name == "return":
            continue
        value, options = settings[name], get_args(hint) or (hint,)
        if get_origin(hint) is Literal:
            if type(value) is not str or value not in options:
                raise UserError(f"{owner}.{name} must be one of {', '.join(options)}, got {shown(value)}")
        elif type(value) not in options and not (type(value) is int and float in options):
            kinds = " or ".join("null" if kind is type(None) else kind.__name__ for kind in options)
            raise UserError(f"{owner}.{name} must be {kinds}, got {shown(value)}")
        elif name in limits and value is not None:
            low, high = limits[name]
            if not low <= value <= high:  # so that nan fails too
                raise UserError(f"{owner}.{name} must be from {low} to {high}, got {shown(value)}")


def shown(value: Any) -> str:
    """A value as a message shows it, in a few words, however large or deep it is."""
    return " ".join(reprlib.repr(value).split())[:60]
