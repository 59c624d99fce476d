"""Odd values, drawn for every setting there is, as flags and in configs."""

import inspect
import shutil
from pathlib import Path
from random import Random

from faults.command import Command
from faults.comparing import unsound
from faults.product import SETTINGS
from faults.runs import EACH_EPOCH, SMALL
from faults.tries import Tries, named

BASE = ("fit", *SMALL, *EACH_EPOCH, "--trainer.max_epochs", 1)
WORDS = (
    "",
    "x",
    "null",
    "true",
    "off",
    "~",
    "[]",
    "{}",
    "[1, [2]]",
    "{a: 1}",
    "a\0b",
    "caf\u00e9",
    "\x1b[2J",
    "../x",
    "/",
)
TAGS = ("int", "float", "bool", "timestamp", "null", "str", "binary", "set", "omap", "pairs", "seq", "map")
TAGGED = ("''", "abc", "maybe", "1.5", "-", "[1]", "{a: b}")


def names() -> list[str]:
    """Every setting of fit, as it is written in a flag: trainer.max_epochs, model.lr, ..."""
    found = [f"{group}.{name}" for group, cls in SETTINGS.items() for name in inspect.signature(cls).parameters]
    return ["seed_everything", "init_from", "ckpt_path", *found]


def odd_number(rng: Random) -> str:
    digits = rng.choice((1, 9, 10, 16, 17, 19, 20, 40, 309, 400, 4300, 5000))
    number = str(rng.randint(10 ** (digits - 1), 10**digits - 1)) if digits < 100 else "1" + "0" * digits
    form = rng.choice(("{}", "-{}", "{}.5", ".{}", "1e{}", "1e-{}", "0x{}", "{}e3", "+{}", "{}_0", "0{}"))
    return form.format(number)


def odd_value(rng: Random) -> str:
    """YAML for a value that few settings can take."""
    kind = rng.random()
    if kind < 0.45:
        return odd_number(rng)
    if kind < 0.6:
        return rng.choice(WORDS)
    if kind < 0.9:
        return f"!!{rng.choice(TAGS)} {rng.choice((*TAGGED, odd_number(rng)))}"
    return rng.choice(
        (".nan", ".inf", "-.inf", "[" + "1, " * rng.choice((10, 8000)) + "1]", "x" * rng.choice((300, 90_000)))
    )


def odd_settings(folder: Path, seed: int, count: int, only: str = "") -> Tries:
    """Each is taken, and leaves checkpoints that load, or is refused in a line that leaves no run behind."""
    rng = Random(seed)
    every = [name for name in names() if only in name]
    chosen = [every[(seed + n) % len(every)] for n in range(count)] if count else every
    for n, name in enumerate(chosen):
        value, part = odd_value(rng), folder / f"part_{n}"
        part.mkdir(parents=True)
        ends = ("--trainer.max_time", "00:00:00:01") if name.startswith(("trainer.max_", "trainer.min_")) else ()
        as_flag = rng.random() < 0.5 and "\0" not in value
        if as_flag:
            arguments: tuple[object, ...] = (*BASE, *ends, f"--{name}={value}")
        else:
            (part / "odd.yaml").write_text(in_a_config(name, value), encoding="utf-8")
            arguments = (*BASE, *ends, "-c", "odd.yaml")
        answer = Command(*arguments, folder=part).answer(20)
        problem = answer.problem(0, 2) or (unsound(part) if answer.status == 0 else left(part))
        how = "flag" if as_flag else "config"
        yield f"odd value for a setting, in a {how}", named(problem, f" ({name}: {value[:80]!r})")
        shutil.rmtree(part, ignore_errors=True)


def in_a_config(name: str, value: str) -> str:
    group, _, last = name.rpartition(".")
    return f"{group}:\n  {last}: {value}\n" if group else f"{last}: {value}\n"


def left(root: Path) -> str:
    """A command that was refused has made no run."""
    made = [str(path.relative_to(root)) for path in root.rglob("version_*")]
    return f"refused, and left {made[:3]}" if made else ""
