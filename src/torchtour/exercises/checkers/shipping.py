"""Lesson 14."""

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial


def quantise(t: Trial, answer: Callable[..., Any]) -> None:
    for n_bits in (8, 4, 3):
        outputs, inputs = t.draw.sizes(2, 3, 7)
        weight = t.draw.normal(outputs, inputs) * torch.tensor([0.1, 1, 10]).repeat(3)[:outputs, None]
        weight += torch.where(weight < 0, -0.013, 0.017)  # no weight of 0, and no number halfway between two
        weight[0, 0] = -weight.abs()[0].max() * 1.3  # the largest of a row may be negative
        got = t.call(answer, weight, n_bits, names="weight n_bits", compare=False)
        t.pair(got, "What `quantise` returns")
        with t.part() as seen:
            seen += [got[0], got[1]]
            t.see("The tensor of whole numbers", got[0], t.last_call)
            t.see("The tensor of scales", got[1], t.last_call)


def quantise_by_rows(weight: Tensor, n_bits: int) -> tuple[Tensor, Tensor]:
    scales = [max(map(abs, row)) / (2 ** (n_bits - 1) - 1) for row in weight.tolist()]
    numbers = [[round(x / scale) for x in row] for row, scale in zip(weight.tolist(), scales, strict=True)]
    return torch.tensor(numbers, dtype=torch.int8), torch.tensor(scales)[:, None]


def accepts(t: Trial, answer: Callable[..., Any]) -> None:
    size = t.draw.size(3, 5)
    for odd in (None, 0, 16, 16.5, -0.25, math.nan, math.inf, -math.inf, 1e300):
        picture = [[t.draw.number(1, 15, 1) for _ in range(size)] for _ in range(size)]
        if odd is not None:
            picture[t.draw.random.randint(1, size - 1)][t.draw.random.randint(0, size - 1)] = odd
        with t.part() as seen:
            seen.append(str(odd))  # which picture it was belongs to what was seen
            t.call(answer, picture, names="picture", changes=["picture"])  # NaN is not equal to itself
    with t.part() as seen:
        seen.append("a bad first row")
        t.call(answer, [[17.0] * size, *[[5.0] * size] * 2], names="picture")
    with t.part() as seen:
        seen.append("all NaN")
        t.call(answer, [[math.nan] * size] * size, names="picture", changes=["picture"])


def accepts_by_sorting(picture: list[list[float]]) -> bool:
    return all(math.isfinite(x) and min(x, 0) == 0 and max(x, 16) == 16 for row in picture for x in row)


def read_tensors(t: Trial, answer: Callable[..., Any]) -> None:
    for turn in range(3):
        rows, columns = t.draw.sizes(2, 2, 5)
        tensors = {
            "net.weight": t.draw.normal(rows, columns),
            "steps": t.draw.integers(0, 1000, columns + turn),
            "bias": t.draw.normal(rows + 1),
        }
        content = written(tensors, with_metadata=turn == 1, in_reverse=turn == 2)
        got = t.call(answer, content, names="content", compare=False)
        t.require(isinstance(got, dict), "`read_tensors` should return a dict.", seen=t.last_call)
        with t.part() as seen:
            seen += [[name, value] for name, value in got.items()]
            t.see("The list of names", sorted(got), t.last_call)
            for name in sorted(tensors):
                t.see(f"The tensor called {name}", got[name], t.last_call)


def written(tensors: dict[str, Tensor], with_metadata: bool, in_reverse: bool) -> bytes:
    """The tensors as a safetensors file; the data may come in another order than the names."""
    header: dict[str, Any] = {"__metadata__": {"made": "for you " * 9000}} if with_metadata else {}
    places, data = {}, b""
    for name in sorted(tensors, reverse=in_reverse):
        part = tensors[name].numpy().tobytes()
        places[name] = [len(data), len(data) + len(part)]
        data += part
    for name, tensor in tensors.items():
        dtype = "F32" if tensor.is_floating_point() else "I64"
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": places[name]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def read_by_struct(content: bytes) -> dict[str, Tensor]:
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensors = {}
    for name in header.keys() - {"__metadata__"}:
        entry = header[name]
        code, size, dtype = {"F32": ("f", 4, torch.float32), "I64": ("q", 8, torch.int64)}[entry["dtype"]]
        start, stop = (8 + length + place for place in entry["data_offsets"])
        numbers = struct.unpack(f"<{(stop - start) // size}{code}", content[start:stop])
        tensors[name] = torch.tensor(numbers, dtype=dtype).reshape(entry["shape"])
    return tensors


CHECKS = {
    1: prediction_check(
        1,
        "numbers",
        [25, -127, 50],
        "First the scale: which weight is the largest, without its sign? Then each weight divided by the scale.",
        no_scale=([0, -3, 1], "You round the weights themselves.", "Divide by the scale first."),
        by_128=(
            [25, -128, 50],
            "The largest weight becomes the number by which its size is divided.",
            "What is 2.54 divided by 2.54 / 127?",
        ),
        no_sign=([25, 127, 50], "`abs` is only in the scale. The weights keep their signs.", "One is negative."),
        multiplied=([0, 0, 0], "You multiply by the scale. Divide.", "The scale is small: 0.02."),
        own_scale=(
            [127, -127, 127],
            "You give each weight a scale of its own.",
            "There is one for all, from the largest.",
        ),
    ),
    2: Check(
        "quantise",
        quantise,
        "`abs`, then the largest of each row with `keepdim=True`, then divide, round, change the type.",
        {
            "one_scale": ("You take one scale for the whole tensor.", "One for each output: each row."),
            "by_input": ("You take a scale for each input.", "A row belongs to an output: `dim=1`."),
            "truncated": (
                "The numbers are cut off, not rounded: 2.9 becomes 2.",
                "`round()` before the change of type.",
            ),
            "signed": (
                "You look for the largest weight with its sign, and miss the negative ones.",
                "`abs` first.",
            ),
            "one_more": (
                "The largest number is one less: 127 for 8 bits.",
                "2 ** (n_bits - 1) - 1.",
            ),
            "always_8": ("You always use 8 bits.", "`n_bits` says how many."),
            "restored": (
                "These are weights again. The whole numbers are asked for, as int8.",
                "Don't multiply by the scale.",
            ),
        },
        reference=quantise_by_rows,
    ),
    3: Check(
        "accepts",
        accepts,
        "`float('nan')` is a number for JSON. What is `nan < 0`? And `nan > 16`?",
        {
            "nan": (
                "NaN slips through: every comparison with it is false.",
                "Ask what must be true of each number, not what must not.",
            ),
            "no_ends": ("0 and 16 are allowed.", "`<=`."),
            "only_nan": ("You find NaN, and no longer the numbers that are too large or too small.", "Ask for both."),
            "first_row": ("You look at the first row only.", "All rows."),
            "one_side": ("Negative numbers slip through.", "From 0 to 16 has two ends."),
            "any_pixel": ("One good number is enough for you.", "All must be good."),
            "inverted": ("You accept the bad pictures and refuse the good ones.", "Leave out the `not`."),
        },
        reference=accepts_by_sorting,
    ),
    4: Check(
        "read_tensors",
        read_tensors,
        "`int.from_bytes`, `json.loads`, a slice of the bytes, `torch.frombuffer(bytearray(...), dtype=...)`, `view`.",
        {
            "from_the_start": (
                "The offsets count from the end of the header, not from the start of the file.",
                "Add 8 and the length of the header.",
            ),
            "flat": ("The tensors have lost their shapes.", "`view(entry['shape'])`."),
            "metadata": ("`__metadata__` has no dtype and no offsets: it is no tensor.", "Leave it out."),
            "in_order": (
                "You read the data in the order of the names.",
                "`data_offsets` says where each begins. Another order is allowed.",
            ),
            "all_floats": ("Whole numbers should stay whole numbers.", "The dtype of I64 is torch.int64."),
        },
        {"data_offsets": "metadata", "view|shape|invalid for input|multiple|buffer": "from_the_start"},
        reference=read_by_struct,
    ),
}
