"""Which checkpoint a name means, and which runs there are; without torch, so that it answers at once."""

from pathlib import Path

from torchtour.settings import UserError, without_control_chars


def find_checkpoint(which: str, root: Path) -> Path:
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
        raise UserError(f"checkpoint {without_control_chars(which)[:200]} is not a file; {_existing(root)}")
    configs = newest_first(root)
    path = configs[0].with_name(f"{which}.ckpt") if configs else root / f"<name>/version_<n>/{which}.ckpt"
    if path.is_file():
        return path
    raise UserError(f"the newest run has no {which} checkpoint {path}; {_existing(root)}")


def newest_first(root: Path) -> list[Path]:
    """The config.yaml of each run below root; it is written when a run starts or resumes."""
    return sorted(root.glob("*/version_*/config.yaml"), key=_age, reverse=True)


def _age(path: Path) -> tuple[int, str, int]:
    """For sorting: the time, then the name and version, where a file system keeps no finer time."""
    version = path.parent.name.removeprefix("version_")
    return path.stat().st_mtime_ns, path.parent.parent.name, int(version) if version.isdecimal() else -1


def _existing(root: Path) -> str:
    found = sorted(str(path) for path in root.glob("*/version_*/*.ckpt"))
    return "there are: " + ", ".join(found) if found else f"there is none below {root}/"
