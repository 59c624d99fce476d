"""Odd values, drawn for every setting there is, as flags and in configs."""

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import torchtour
from faults.command import Command
from faults.comparing import unsound
from faults.product import MODEL_FOR, SETTINGS
from faults.runs import fit_flags
from faults.tables import table_flags, write_table
from faults.tries import Tries, named

POINTS, ROWS = fit_flags(1), table_flags("table.csv", 1)
WORDS = ("", "x", "true", "off", "~", "[]", "{}", "[1, [2]]", "{a: 1}", "a\0b", "caf\u00e9", "\x1b[2J", "../x", "/")
TAGS = ("int", "float", "bool", "timestamp", "null", "str", "binary", "set", "omap", "pairs", "seq", "map")
TAGGED = ("''", "abc", "maybe", "1.5", "-", "[1]", "{a: b}")


def settings() -> list[tuple[str, tuple[object, ...]]]:
    """Every setting of fit, as it is written in a flag, and a command line to add it to."""
    groups = [(group, cls, POINTS) for group, cls in SETTINGS.items()]
    groups += [
        ("data", cls, ROWS if name.endswith("TableData") else POINTS)
        for name in MODEL_FOR
        for cls in [getattr(torchtour, name)]
    ]
    found = [(f"{group}.{name}", base) for group, cls, base in groups for name in inspect.signature(cls).parameters]
    return [(name, POINTS) for name in ("seed_everything", "init_from", "ckpt_path")] + found


def odd_number(rng: Random) -> str:
    digits = rng.choice((1, 9, 10, 16, 17, 19, 20, 40, 309, 400, 4300, 5000))
    number = str(rng.randint(10 ** (digits - 1), 10**digits - 1)) if digits < 100 else "1" + "0" * digits
    form = rng.choice(("{}", "-{}", "{}.5", ".{}", "1e{}", "1e-{}", "0x{}", "{}e3", "+{}", "{}_0", "0{}"))
    return form.format(number)


def tagged(rng: Random) -> str:
    return f"!!{rng.choice(TAGS)} {rng.choice((*TAGGED, odd_number(rng)))}"


def odd_value(rng: Random) -> str:
    long = "[" + "1, " * rng.choice((10, 8000)) + "1]", "x" * rng.choice((300, 90_000))
    return rng.choice((odd_number(rng), *rng.sample(WORDS, 3), *long, ".nan", ".inf", "-.inf"))


# YAML for values that few settings can take: each setting gets one of each kind.
KINDS: dict[str, Callable[[Random], str]] = {
    "null": lambda rng: "null",
    "huge number": lambda rng: f"{rng.choice(('', '-'))}1{'0' * rng.choice((19, 309, 400, 4300))}",
    "tag": tagged,
    "odd value": odd_value,
}


def odd_settings(folder: Path, seed: int, step: int) -> Tries:
    """Each is taken, and leaves checkpoints that load, or is refused in a line that leaves no run behind."""
    rng = Random(seed)
    chosen = [(*setting, kind) for kind in KINDS for setting in settings()]
    for n, (name, base, kind) in enumerate(chosen[seed::step]):
        value, part = KINDS[kind](rng), folder / f"part_{n}"
        part.mkdir(parents=True)
        write_table(part / "table.csv")
        ends = ("--trainer.max_time", "00:00:00:01") if name.startswith(("trainer.max_", "trainer.min_")) else ()
        as_flag = rng.random() < 0.5 and "\0" not in value
        if as_flag:
            arguments: tuple[object, ...] = (*base, *ends, f"--{name}={value}")
        else:
            (part / "odd.yaml").write_text(in_a_config(name, value), encoding="utf-8")
            arguments = (*base, *ends, "-c", "odd.yaml")
        answer = Command(*arguments, folder=part).answer(20)
        problem = answer.problem(0, 2) or (unsound(part) if answer.status == 0 else left(part))
        how = "flag" if as_flag else "config"
        yield f"{kind} for each setting, as a flag or in a config", named(problem, f" ({how} {name}: {value[:80]!r})")
        shutil.rmtree(part, ignore_errors=True)


def in_a_config(name: str, value: str) -> str:
    group, _, last = name.rpartition(".")
    return f"{group}:\n  {last}: {value}\n" if group else f"{last}: {value}\n"


def left(root: Path) -> str:
    """A command that was refused has made no run."""
    made = [str(path.relative_to(root)) for path in root.rglob("version_*")]
    return f"refused, and left {made[:3]}" if made else ""
