"""Settings within their limits, or one line that says what is allowed."""

import reprlib
from collections.abc import Callable, Mapping, MutableMapping
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    NoneType: "null",
    dict: "a group",
}
LINKED = ("n_features", "n_classes", "columns", "classes")  # settings of a model that come from its data
Limits = Mapping[str, tuple[float, float]]


class UserError(ValueError):
    """A user's mistake, in one or two lines that name it and what is allowed; the command ends with status 2."""


def check(owner: str, init: Callable[..., None], settings: MutableMapping[str, Any], limits: Limits) -> None:
    """Compare settings with the types that `init` takes and with `limits`, both ends allowed.

    A checkpoint's settings pass here too, whatever wrote them. Numpy's numbers become Python's.

    Raises:
        UserError: names the setting as `owner.name`, its value, and what is allowed.
        TypeError: `init` has an annotation that no config could fill.
    """
    for name, hint in get_type_hints(init).items():
        if name == "return":
            continue
        value = settings[name] = _plain(settings[name])
        if not _fits(value, hint):
            raise UserError(f"{owner}.{name} must be {_words(hint)}, got {shown(value)}")
        if name in limits and value is not None:
            low, high = limits[name]
            for number in value if isinstance(value, (list, tuple)) else [value]:
                if not low <= number <= high:  # so that nan fails too
                    raise UserError(f"{owner}.{name} must be from {low} to {high}, got {shown(number)}")


def shown(value: Any) -> str:
    """A value as a message shows it, in a few printable words, however large or deep it is."""
    try:
        text = reprlib.repr(value)
    except ValueError:  # an integer of more than 4300 digits
        text = "a number of thousands of digits"
    return printable(" ".join(text.split()))[:60]


def printable(text: str) -> str:
    """Text without what could steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _plain(value: Any) -> Any:
    """Python's number for one of numpy's; else the value."""
    if isinstance(value, (bool, int, str)) or type(value) is float:
        return value
    return int(value) if isinstance(value, Integral) else float(value) if isinstance(value, Real) else value


def _fits(value: Any, hint: Any) -> bool:
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if hint is Any:
        return True
    if kind is Literal:
        return type(value) is str and value in inner
    if kind in (Union, UnionType):
        return any(_fits(value, option) for option in inner)
    if kind in (list, tuple):
        items = inner[:1] if inner[1:] in ((), (...,)) else inner
        same = len(items) == 1 or (isinstance(value, (list, tuple)) and len(items) == len(value))
        return isinstance(value, (list, tuple)) and same and all(_fits(*pair) for pair in _pairs(value, items))
    if kind in (dict, Mapping):
        keys, values = inner or (Any, Any)
        return isinstance(value, dict) and all(_fits(k, keys) and _fits(v, values) for k, v in value.items())
    if kind not in WORDS:
        raise TypeError(f"a setting can be a number, text, true or false, null, a list or a group, not {hint}")
    return type(value) is kind or (kind is float and type(value) is int)


def _pairs(values: Any, hints: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    return list(zip(values, hints * len(values) if len(hints) == 1 else hints, strict=True)) if hints else []


def _words(hint: Any) -> str:
    """What a type is called in a message: float | None -> a number or null."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Literal:
        return "one of " + ", ".join(inner)
    if kind in (Union, UnionType):
        return " or ".join(map(_words, inner))
    if kind in (list, tuple):
        return "a list" + (f" of {_words(inner[0])}s".replace("of a ", "of ") if inner else "")
    return WORDS.get(kind, "a group")
