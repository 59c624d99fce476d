"""Which checkpoint is meant, what it says of its run, and which flags contradict it."""

from pathlib import Path
from typing import Any

from lightning import LightningDataModule

from torchtour.settings import UserError, printable
from torchtour.trust.audit import Stored, accepted

LINKED = {"n_features", "n_classes"}  # of the model: the data say them
FREE = {"trainer.max_epochs"}  # a run may go on for longer


def find(which: str, root: Path) -> Path:
    """The file that `which` names: "best" or "last" of the newest run below `root`, or a path.

    Raises:
        UserError: There is none; the message lists those that exist.
    """
    if which not in ("best", "last"):
        try:
            if Path(which).is_file():
                return Path(which)
        except (ValueError, OSError):  # a NUL byte, a name that is too long
            pass
        raise UserError(f"checkpoint {printable(which)[:200]} is not a file; {_existing(root)}")
    # config.yaml is written when a run starts or resumes.
    configs = sorted(root.glob("*/version_*/config.yaml"), key=_age)
    path = configs[-1].with_name(f"{which}.ckpt") if configs else root / f"<name>/version_<n>/{which}.ckpt"
    if path.is_file():
        return path
    raise UserError(f"the newest run has no {which} checkpoint {path}; {_existing(root)}")


def flags_of(stored: Stored, data: type[LightningDataModule]) -> dict[str, Any]:
    """What a checkpoint was trained with, as flags of the command: {"model.lr": 0.1, "data.problem": "line", ...}.

    Raises:
        UserError: The settings of its data are not those of `data`.
    """
    given = stored.content.get("datamodule_hyper_parameters", {})
    names = accepted(data)  # type: ignore[arg-type]
    if not isinstance(given, dict) or not given.keys() <= names.keys():
        raise UserError(f"checkpoint {stored.path} has other settings of its data than {', '.join(names)}")
    groups = {"model": {k: v for k, v in stored.settings.items() if k not in LINKED}, "data": given}
    flags = {f"{group}.{name}": value for group, settings in groups.items() for name, value in settings.items()}
    run = {k: v for k, v in stored.content.get("settings", {}).items() if k != "data"}
    return {**run, **flags}


def refuse_contradictions(flags: dict[str, Any], settings: Any, stored: Stored, resumes: bool) -> None:
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


def _age(path: Path) -> tuple[int, str, int]:
    """For sorting: the time, then the name and version, where a file system keeps no finer time."""
    version = path.parent.name.removeprefix("version_")
    return path.stat().st_mtime_ns, path.parent.parent.name, int(version) if version.isdecimal() else -1


def _existing(root: Path) -> str:
    found = sorted(str(path) for path in root.glob("*/version_*/*.ckpt"))
    return "there are: " + ", ".join(found) if found else f"there is none below {root}/"
