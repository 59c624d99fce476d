"""Runs: begin one, find its files, resume it, bring it to its end."""

from pathlib import Path
from typing import Any

from faults.command import Command, call
from faults.comparing import difference, litter
from faults.product import read_checkpoint

SMALL = ("--data.n_train", "60", "--data.n_val", "30", "--data.n_test", "30", "--data.batch_size", "25")
NO_PICTURES = ("--plots.enabled", "false")
EACH_EPOCH = ("--run.save_every_seconds", 0, *NO_PICTURES)
SELDOM = ("--run.save_every_seconds", 1, *NO_PICTURES)  # the default; an epoch of these runs takes some milliseconds
ADAM = ("--model.optimizer", "adam", "--model.momentum", "0", "--model.lr", "0.01")


def fit_flags(epochs: int, *more: object) -> tuple[object, ...]:
    return ("fit", *SMALL, *EACH_EPOCH, "--trainer.max_epochs", epochs, *more)


def undisturbed_run(folder: Path, flags: tuple[object, ...]) -> Path:
    """The finished run that all others are held against."""
    answer = call(*flags, folder=folder)
    assert (answer.status, answer.err) == (0, ""), answer
    run = newest(folder)
    assert run is not None
    rows = (run / "metrics.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == [str(n + 1) for n in range(epochs_of(flags))]
    return run


def newest(root: Path) -> Path | None:
    return max(root.glob("checkpoints/*/version_*"), key=lambda path: int(path.name[8:]), default=None)


def last_epoch(root: Path) -> int:
    """How many epochs the newest run below root has behind it, to the time of its last.ckpt; 0: none."""
    run = newest(root)
    epoch = read_checkpoint(run / "last.ckpt")["epoch"] if run and (run / "last.ckpt").exists() else -1
    return int(epoch) + 1


def epochs_of(flags: tuple[object, ...]) -> int:
    return int(str(flags[flags.index("--trainer.max_epochs") + 1]))


def go_on(root: Path, flags: tuple[object, ...], every: tuple[object, ...] = EACH_EPOCH, **settings: Any) -> Command:
    """Resume the newest run below root, with no setting of its own; where it has no checkpoint yet, start anew."""
    run = newest(root)
    if run and (run / "last.ckpt").exists():
        flags = ("fit", "--ckpt_path", run / "last.ckpt")
    return Command(*flags, *every, folder=root, **settings)


def finish(root: Path, flags: tuple[object, ...], whole: Path) -> str:
    """What is wrong with the run below root when it has gone on to its end: "" if it equals the whole one."""
    if last_epoch(root) < epochs_of(flags):
        answer = go_on(root, flags).answer()
        if (answer.status, answer.err) != (0, ""):
            return "resuming: " + answer.problem()
    run = newest(root)
    assert run is not None
    return difference(whole, run) or litter(run)


def used(root: Path, resumable: bool = True) -> str:
    """What is wrong with a checkpoint of the newest run: each must test and eject; last.ckpt resumes, or says no."""
    run = newest(root)
    if run is None or not (run / "last.ckpt").exists():
        return "status 0, and no last.ckpt"
    calls: list[tuple[tuple[object, ...], int]] = []
    for number, path in enumerate(sorted(run.rglob("*.ckpt"))):
        calls += [(("test", "--ckpt_path", path), 0), (("export", "--ckpt_path", path, "--to", f"net_{number}"), 0)]
    more = ("--trainer.max_epochs", last_epoch(root) + 1, *EACH_EPOCH)
    calls += [(("fit", "--ckpt_path", run / "last.ckpt", *more), 0 if resumable else 2)]
    for arguments, status in calls:
        answer = call(*arguments, folder=root)
        if arguments[0] == "fit" and answer.status == 1 and "are not finite" in answer.err:
            continue  # it diverges in the epoch more
        if problem := answer.problem(status, lines=4):
            return f"{arguments[0]} of {Path(str(arguments[2])).name}: {problem}"
    return ""


def writes_after(root: Path, before: int) -> bool:
    """Is it past the first checkpoint that it writes in this session? Told by the file's time, which is cheap."""
    run = newest(root)
    last = run / "last.ckpt" if run else None
    if not last or not last.exists():
        return False
    return before == 0 or last.stat().st_mtime_ns > (last.with_name("config.yaml").stat().st_mtime_ns)
