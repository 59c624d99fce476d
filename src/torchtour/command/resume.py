"""Which checkpoint is meant, what it says of its run, and which flags contradict it."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from lightning import LightningDataModule

from torchtour.command.finding import find
from torchtour.settings import LINKED, UserError
from torchtour.trust import config
from torchtour.trust.audit import Stored, accepted
from torchtour.trust.sealed import Parsed

OURS = ("SyntheticData", "TableData")
MOST = 1_000_000  # values in a checkpoint's settings
FREE = {"trainer.max_epochs"}  # a run may go on for longer


def chosen_data(args: list[str], configs: list[str], parsed: Callable[[Path], Parsed]) -> str | None:
    """TableData or SyntheticData, if arguments or configs name it, or else the checkpoint that they name does."""
    named = [_data_of(path) for path in configs] + _values(args, "--data") + _values(args, "--data.class_path")
    names = [name.rpartition(".")[2] for name in named if name]
    if any(names):
        return next((name for name in reversed(names) if name in OURS), None)
    resumed = _values(args, "--ckpt_path") or _values(args, "--init_from") or ["best"] * (args[:1] != ["fit"])
    try:
        path = find(resumed[-1], Path((_values(args, "--run.root") or ["checkpoints"])[-1]))
        name = str(parsed(path).content["settings"]["data"]).rpartition(".")[2]
        return name if name in OURS else None
    except (UserError, LookupError, AttributeError, TypeError):  # said later, where the checkpoint is audited
        return None


def _values(args: list[str], flag: str) -> list[str]:
    after = [value for given, value in pairwise(args) if given == flag]
    return after + [arg.partition("=")[2] for arg in args if arg.startswith(f"{flag}=")]


def _data_of(path: str) -> str:
    """The data's class that a config names."""
    try:
        values = config.parse(Path(path).read_text("utf-8"))
        return str(values["data"]["class_path"])
    except Exception:  # said later, where the config is read
        return ""


def flags_of(stored: Stored, data: type[LightningDataModule]) -> dict[str, Any]:
    """What a checkpoint was trained with, as flags of the command: {"model.lr": 0.1, "data.problem": "line", ...}.

    Those of the model that come from the data are left out.

    Raises:
        UserError: The settings of its data are not those of `data`.
    """
    given = stored.content.get("datamodule_hyper_parameters", {})
    names = accepted(data)  # type: ignore[arg-type]
    if not isinstance(given, dict) or not given.keys() <= names.keys():
        raise UserError(f"checkpoint {stored.path} has other settings of its data than {', '.join(names)}")
    if not _is_small(given):
        raise UserError(f"checkpoint {stored.path} has settings of its data that no run has written")
    groups = {"model": {k: v for k, v in stored.settings.items() if k not in LINKED}, "data": given}
    flags = {f"{group}.{name}": value for group, settings in groups.items() for name, value in settings.items()}
    run = {k: v for k, v in stored.content.get("settings", {}).items() if k != "data"}
    return {**run, **flags}


def _is_small(value: Any) -> bool:
    """Does it hold at most MOST values? A short list can hold very many: each level holds the one below it twice."""
    waiting, seen = [value], 0
    while waiting and seen <= MOST:
        item = waiting.pop()
        seen += 1
        waiting += item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple)) else ()
    return seen <= MOST


def refuse_contradictions(flags: dict[str, Any], settings: Any, stored: "Stored", resumes: bool) -> None:
    """Compare the settings of this call with those of the checkpoint.

    Other data may be evaluated, and a run may go on for longer; but a net is what it is.

    Raises:
        UserError: names the first flag that differs.
    """
    for key, value in flags.items():
        now = setting(settings, key)
        # As text: 1 batch is not 1.0, all of them.
        differs = str(now) != str(value) if key.startswith("trainer.") else now != value
        if differs and (key.startswith("model.") or (resumes and key not in FREE)):
            raise UserError(f"--{key} {now} contradicts {stored.path}, which has {value}")


def setting(settings: Any, key: str) -> Any:
    """The value of a flag such as data.noise in the settings of a subcommand."""
    group, _, name = key.partition(".")
    if group == "data":
        return settings.data.init_args[name]
    return settings[key]
