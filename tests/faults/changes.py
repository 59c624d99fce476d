"""Changes to a checkpoint's content, by name; inputs/hostile.yaml lists them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml

INPUTS = Path(__file__).with_name("inputs")
HUGE = torch.zeros(1).expand(2**40, 2)  # claims 8 TiB, takes 4 bytes

Change = Callable[[dict[str, Any]], None]


def put(key: str, value: Any) -> Change:
    """Replace what lies at a path such as hyper_parameters/lr; the last step may be *, for all."""

    def change(stored: dict[str, Any]) -> None:
        *way, name = key.split("/")
        place: Any = stored
        for step in way:
            place = place[int(step) if isinstance(place, list) or step.isdecimal() else step]
        place.update(dict.fromkeys(place if name == "*" else [name], value))

    return change


def without(key: str) -> Change:
    return lambda stored: stored.pop(key)


def doubles(levels: int) -> list[Any]:
    """A list of two lists of two lists ... each the same: small in a file, 2 ** levels leaves to whoever walks it."""
    value: list[Any] = [0]
    for _ in range(levels):
        value = [value, value]
    return value


def cycle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def tensor(shape: list[int], value: float = 0, dtype: str = "float32", device: str = "cpu") -> torch.Tensor:
    return torch.full(shape, value, dtype=getattr(torch, dtype), device=device)


class Loader(yaml.SafeLoader):
    """YAML with a tag for each value that YAML has no words for."""


def _tag(name: str, make: Callable[[Loader, Any], Any]) -> None:
    Loader.add_constructor(name, make)


_tag("!tensor", lambda loader, node: tensor(**loader.construct_mapping(node, deep=True)))
_tag("!sparse", lambda loader, node: torch.eye(*loader.construct_sequence(node)).to_sparse())
_tag("!claims", lambda loader, node: HUGE)
_tag("!text", lambda loader, node: "x" * int(node.value))
_tag("!doubles", lambda loader, node: doubles(int(node.value)))
_tag("!nested", lambda loader, node: nested(int(node.value)))
_tag("!cycle", lambda loader, node: cycle())
_tag("!power_of_ten", lambda loader, node: 10 ** int(node.value))


def listed(kind: str) -> dict[str, Change]:
    """The changes of a kind in hostile.yaml: "net" or "resume"."""
    with open(INPUTS / "hostile.yaml", encoding="utf-8") as file:
        return {name: _change(steps) for name, steps in yaml.load(file, Loader)[kind].items()}


def _change(steps: Any) -> Change:
    parts = [
        without(step["without"]) if "without" in step else put(step["at"], step["put"])
        for step in (steps if isinstance(steps, list) else [steps])
    ]

    def change(stored: dict[str, Any]) -> None:
        for part in parts:
            part(stored)

    return change


NO_NET, NO_RESUME = listed("net"), listed("resume")
