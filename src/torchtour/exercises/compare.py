"""Compare what an answer gave with what was expected, and say in words where they differ."""

import math
from collections.abc import Mapping
from reprlib import Repr
from typing import Any

import numpy as np
import torch

RELATIVE = 2e-5  # tolerance; other idioms round differently in float32
ABSOLUTE = 2e-6
MAX_IN_SENTENCE = 4  # numbers of a tensor
SHOWN_CHARACTERS = 160


def difference(got: Any, expected: Any, tolerance: float = RELATIVE) -> str | None:
    """What is wrong with `got`, as the end of a sentence that begins with its name; None if it is right.

    A list is asked for as a list; a tuple may be a list too. Whole numbers are equal or not.
    """
    if got is None and expected is not None:
        return "is None. Does each way through the code end in a `return`?"
    if got is ...:
        return "is still `...`."
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(got, expected, tolerance)
    if is_number(expected):
        return _number_difference(got, expected, tolerance)
    if isinstance(expected, list | tuple):
        return _sequence_difference(got, expected, tolerance)
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, tolerance)
    if type(got) is not type(expected):
        return f"is {article(got)}, expected {article(expected)}."
    return None if got == expected else f"is {show(got)}, expected {show(expected)}."


def _tensor_difference(got: Any, expected: torch.Tensor, tolerance: float) -> str | None:
    if not isinstance(got, torch.Tensor):
        return f"is {article(got)}, expected a tensor."
    if got.layout != torch.strided:
        return f"has the layout {got.layout}, expected a plain tensor."
    if got.shape != expected.shape:
        return f"has the shape {list(got.shape)}, expected {list(expected.shape)}."
    if got.dtype != expected.dtype:
        return f"holds numbers of type {got.dtype}, expected {expected.dtype}."
    if got.device != expected.device:
        return f"is on the device {got.device}, expected {expected.device}."
    if got.is_meta:
        return None
    one, other = got.detach(), expected.detach()
    if one.is_floating_point():
        scale = max(1.0, other.abs().nan_to_num(0.0, 0.0, 0.0).max().item()) if other.numel() else 1.0
        close = torch.allclose(one.double(), other.double(), tolerance, tolerance * scale / 4, equal_nan=True)
    else:
        close = torch.equal(one, other)
    if close:
        return None
    few = one.numel() <= MAX_IN_SENTENCE
    return f"is {show(got)}, expected {show(expected)}." if few else "holds other numbers than expected."


def _number_difference(got: Any, expected: float, tolerance: float) -> str | None:
    if isinstance(got, torch.Tensor | np.ndarray):
        return f"is {article(got)}, expected a Python number."
    if isinstance(got, np.generic) and not isinstance(got, np.bool_):
        got = got.item()
    if not is_number(got):
        return f"is {article(got)}, expected a number."
    if isinstance(expected, int):
        close = got == expected
    else:
        close = math.isclose(got, expected, rel_tol=tolerance, abs_tol=ABSOLUTE) or (
            got != got and expected != expected
        )
    if close:
        return None
    rounded_off = isinstance(expected, float) and any(got == round(expected, digits) for digits in range(1, 6))
    remark = " Is it rounded?" if rounded_off else ""
    return f"is {show(got)}, expected {show(expected)}.{remark}"


def _sequence_difference(got: Any, expected: list[Any] | tuple[Any, ...], tolerance: float) -> str | None:
    kinds = list if isinstance(expected, list) else (list, tuple)
    if not isinstance(got, kinds):
        return f"is {article(got)}, expected {article(expected)}."
    if len(got) != len(expected):
        return f"holds {counted(len(got), 'value')}, expected {len(expected)}."
    for place, (one, other) in enumerate(zip(got, expected, strict=True)):
        text = difference(one, other, tolerance)
        if text:
            return f"is wrong in place {place}: what is there {text}"
    return None


def _mapping_difference(got: Any, expected: Mapping[Any, Any], tolerance: float) -> str | None:
    if not isinstance(got, Mapping):
        return f"is {article(got)}, expected a dictionary."
    if set(got) != set(expected):
        return f"has the names {show(sorted(map(str, got)))}, expected {show(sorted(map(str, expected)))}."
    for name, other in expected.items():
        text = difference(got[name], other, tolerance)
        if text:
            return f"is wrong for `{name}`: what is there {text}"
    return None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def article(value: Any) -> str:
    """`a tensor`, `an int`: what kind of thing a value is."""
    if is_number(value):
        return "a number"
    if value is None:
        return "None"
    name = {"Tensor": "tensor", "str": "string"}.get(type(value).__name__, type(value).__name__)
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, torch.nn.Module):
        return " ".join(repr(value).split())
    if callable(value):
        return str(getattr(value, "shown", getattr(value, "__name__", repr(value))))
    if isinstance(value, torch.Tensor):
        if value.is_meta:
            return f"a tensor {list(value.shape)} on meta"
        value = value.detach().tolist()
    short = Repr()
    short.maxlist = short.maxtuple = short.maxdict = 8
    short.maxother = short.maxstring = 80
    text = " ".join(short.repr(rounded(value)).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."


def rounded(value: Any) -> Any:
    """The value with its floats to six significant digits, which show what the comparison sees."""
    if isinstance(value, torch.Tensor):
        return show(value) if value.is_meta else rounded(value.detach().tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if type(value) in (list, tuple):
        return type(value)(map(rounded, value))
    return {key: rounded(one) for key, one in value.items()} if type(value) is dict else value
