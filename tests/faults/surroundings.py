"""What surrounds the command: variables of clusters, other programs' files, closed streams, folders, pipes."""

import os
import shlex
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from faults.command import call
from faults.comparing import difference, snapshot
from faults.forging import saved
from faults.product import read_checkpoint
from faults.runs import fit_flags, newest, undisturbed_run
from faults.tries import Tries, named

SLURM = {
    "SLURM_NTASKS": ("1", "2"),
    "SLURM_PROCID": ("0", "1"),
    "SLURM_LOCALID": ("0", "1"),
    "SLURM_NODEID": ("0", "1"),
    "SLURM_JOB_ID": ("7", "x"),
    "SLURM_JOB_NAME": ("job", "bash"),
    "SLURM_NTASKS_PER_NODE": ("1",),
    "SLURM_NODELIST": ("localhost",),
}
A_JOB = {name: values[0] for name, values in SLURM.items()}  # of one process, as sbatch starts it
OTHERS = {
    "RANK": ("0", "1", "x"),
    "LOCAL_RANK": ("0", "1", "-1"),
    "WORLD_SIZE": ("1", "2"),
    "NODE_RANK": ("0", "1"),
    "GROUP_RANK": ("0", "1"),
    "MASTER_PORT": ("x", "0"),
    "MPLBACKEND": ("nonsense", "svg"),
    "COLUMNS": ("0", "-3", "wide"),
    "TERM": ("dumb", ""),
    "PYTHONIOENCODING": ("ascii",),
    "TMPDIR": ("/absent",),
    "HOME": ("/absent",),
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": ("1",),
    "CUDA_VISIBLE_DEVICES": ("", "9"),
}


def drawn_environment(rng: Random) -> dict[str, str]:
    from_slurm = {name: rng.choice(values) if rng.random() < 0.3 else A_JOB[name] for name, values in SLURM.items()}
    others = {name: rng.choice(OTHERS[name]) for name in rng.sample(sorted(OTHERS), rng.choice((0, 1, 2)))}
    return {**(from_slurm if rng.random() < 0.6 else {}), **others}


def environments(folder: Path, seed: int, count: int) -> Tries:
    """With any variables the command says and writes what it does without them, or refuses in a line."""
    rng, flags = Random(seed), fit_flags(3)
    whole, foreign = (
        undisturbed_run(folder / "whole", flags),
        undisturbed_run(folder / "foreign", fit_flags(2, "--data.problem", "xor")),
    )
    said = call("test", "--ckpt_path", "last", folder=folder / "whole").out
    call("predict", "--ckpt_path", "last", folder=folder / "whole")
    for n in range(count):
        part, environment = folder / f"part_{n}", drawn_environment(rng)
        part.mkdir()
        for place in (part, part / "checkpoints"):
            place.mkdir(exist_ok=True)
            (place / "hpc_ckpt_1.ckpt").write_bytes(saved(read_checkpoint(foreign / "last.ckpt")))
        answer = call(*flags, folder=part, environment=environment)
        problem = answer.problem(0, 2)
        if answer.status == 0 and not problem:
            problem = difference(whole, newest(part)) if newest(part) else "status 0, and no run"
        if answer.status == 0 and not problem:
            tested = call("test", "--ckpt_path", "last", folder=part, environment=environment)
            problem = tested.problem(0) or ("" if tested.out == said else f"said {tested.out!r} for {said!r}")
            predicted = call("predict", "--ckpt_path", "last", folder=part, environment=environment)
            files = [(run / "predictions.csv").read_bytes() for run in (whole, newest(part))] if not problem else []
            problem = problem or predicted.problem(0) or ("" if files[0] == files[1] else "other predictions")
        yield "drawn environment: SLURM, ranks, a foreign hpc_ckpt", named(problem, f" ({environment})")
        shutil.rmtree(part)


def accents(folder: Path) -> Tries:
    """Text that the terminal's encoding lacks, in what the command says: no letter of it ends the command."""
    for encoding in ("ascii", "latin-1", "cp1252", "utf-8"):
        for n, root in enumerate(("caf\u00e9", "\u6771\u4eac", "\U0001f40d")):
            part = folder / f"{encoding}_{n}"
            settings = {"folder": part, "environment": {"PYTHONIOENCODING": encoding}}
            calls = (
                fit_flags(1, "--run.root", root),
                ("test", "--run.root", root),
                ("fit", "--run.name", root),
                ("export", "--root", root, "--to", root + "_net"),
            )
            for arguments in calls:
                problem = call(*arguments, **settings).problem(2 if "--run.name" in arguments else 0)
                yield "letters that the terminal lacks", named(problem, f" ({encoding}: {arguments[:1]} in {root!a})")


def equal_times(folder: Path, seed: int, count: int) -> Tries:
    """Runs whose files have one time: best is that of the last name and version, in whichever order they were made."""
    rng, good = Random(seed), undisturbed_run(folder / "good", fit_flags(1))
    for n in range(count):
        names = sorted({(rng.choice("abc"), rng.randint(0, 12)) for _ in range(rng.randint(2, 5))})
        for order in (names, names[::-1]):
            part = folder / f"part_{n}"
            for name, version in order:
                run = shutil.copytree(good, part / f"checkpoints/{name}/version_{version}")
                os.utime(run / "config.yaml", ns=(0, 0))
            answer = call("test", folder=part)
            wanted = "checkpoints/{}/version_{}/best.ckpt".format(*names[-1])
            problem = answer.problem(0) or ("" if wanted in answer.out else f"not {wanted}: {answer.out!r}")
            yield "runs of one time, and the newest best", named(problem, f" ({order})")
            shutil.rmtree(part)


def hints(folder: Path, seed: int, count: int) -> Tries:
    """The commands that fit and test give to copy do what they say, wherever the run lies."""
    rng = Random(seed)
    for n in range(count):
        root = "".join(rng.choices("ab $'\"\\;&|*?()[]{}<>~#!`%\t-\u00e9", k=rng.randint(1, 8))).strip("-") or "a"
        part = folder / f"part_{n}"
        fitted = call(*fit_flags(1, f"--run.root={root}"), folder=part)
        said, problem = fitted.out, fitted.problem(0, 2)
        for command in ("test", "predict") if fitted.status == 0 else ():
            copied = [shlex.split(line)[1:] for line in said.splitlines() if f" {command} --ckpt_path " in line]
            answer = call(*copied[0], folder=part) if copied else None
            problem = problem or (answer.problem(0) if answer else f"no hint for {command}: {said!r}")
            said = answer.out if answer else ""
        yield "a hint, copied into a shell", named(problem, f" ({root!a})")


def streams(folder: Path) -> Tries:
    """Closed, or full: never silent success where the files are missing, never a traceback."""
    undisturbed_run(folder / "good", fit_flags(2))
    commands: dict[str, tuple[object, ...]] = {
        "fit": fit_flags(2),
        "test": ("test", "--ckpt_path", "last"),
        "help": ("fit", "--help"),
        "long help": ("fit", "--help", "trainer"),
        "pages": ("--help",),
        "mistake": ("fit", "--model.lr", "-1"),
    }
    for kind in ("closed", "/dev/full"):
        for numbers in ((1,), (2,), (1, 2), (0, 1, 2)):
            for name, arguments in commands.items():
                part = folder / "part"
                shutil.copytree(folder / "good", part)
                answer = call(*arguments, folder=part, first=partial(_spoil, kind, numbers))
                unseen = kind == "/dev/full" and 1 in numbers and name in ("help", "long help", "pages")
                wanted = (2,) if name == "mistake" else (1,) if unseen else (0, 1)
                fine = answer.status in wanted and "Traceback" not in answer.err + answer.out
                problem = "" if fine else answer.problem()
                if not problem and name == "fit" and answer.status == 0:
                    problem = difference(newest(folder / "good"), newest(part))
                yield f"standard stream {kind}", named(problem, f" ({name}, {numbers})")
                shutil.rmtree(part)


def _spoil(kind: str, numbers: tuple[int, ...]) -> None:
    for number in numbers:
        if kind == "closed":
            os.close(number)
        else:
            os.dup2(os.open(kind, os.O_WRONLY), number)


def pipes(folder: Path) -> Tries:
    """A pipe that nobody writes to, where a file is named: refused at once."""
    undisturbed_run(folder, fit_flags(1))
    os.mkfifo(folder / "pipe")
    groups = ("model", "data", "trainer", "run", "report", "pictures", "config", "init_from", "ckpt_path")
    for name in groups:
        answer = call("fit", f"--{name}", "pipe", folder=folder)
        yield "a pipe that nobody writes to, as a file", named(answer.problem(2), f" (--{name})")
    for command in ("test", "predict", "validate", "export"):
        more = ("--to", "new") if command == "export" else ()
        answer = call(command, "--ckpt_path", "pipe", *more, folder=folder)
        yield "a pipe that nobody writes to, as a file", named(answer.problem(2), f" ({command} --ckpt_path)")


def folders(folder: Path) -> Tries:
    """Folders that another user owns: not listed, not entered, not written."""
    good = undisturbed_run(folder / "good", fit_flags(2)).parents[2]
    closed: dict[str, tuple[str, int]] = {
        "unlistable runs": ("checkpoints/default", 0o311),
        "closed runs": ("checkpoints/default", 0o000),
        "closed root": ("checkpoints", 0o000),
        "read-only run": ("checkpoints/default/version_0", 0o555),
        "read-only here": (".", 0o555),
    }
    commands: tuple[tuple[object, ...], ...] = (
        fit_flags(2),
        ("fit", "--ckpt_path", "last", "--trainer.max_epochs", 3),
        ("test", "--ckpt_path", "checkpoints/default/version_0/last.ckpt"),
        ("predict", "--ckpt_path", "last"),
        ("export", "--ckpt_path", "last", "--to", "net"),
    )
    for name, (place, mode) in closed.items():
        for arguments in commands:
            part = folder / "part"
            shutil.copytree(good, part)
            (part / place).chmod(mode)
            before = snapshot(part)
            answer = call(*arguments, folder=part, first=_as_nobody(part))
            problem = answer.problem(0, 1, 2)
            if not problem and answer.status == 2 and snapshot(part) != before:
                problem = "refused, and wrote something"
            where = f" ({name}: torchtour {' '.join(map(str, arguments[:3]))})"
            yield "folder that is closed to the user", named(problem, where)
            (part / place).chmod(0o755)
            shutil.rmtree(part)


def _as_nobody(part: Path) -> Callable[[], None]:
    """Give the folder to another user, and become that user: no mode stops the superuser."""

    def become() -> None:
        for path in [part, *part.rglob("*")]:
            os.chown(path, 65534, 65534)
        for parent in part.parents[:3]:
            if parent != Path("/tmp"):
                parent.chmod(0o755)
        os.setgid(65534)
        os.setuid(65534)

    return become
