"""Valid settings and names, drawn: what ends with status 0 has left checkpoints that every command takes."""

import shutil
from itertools import pairwise
from pathlib import Path
from random import Random

from faults.command import call
from faults.comparing import difference, unsound
from faults.runs import EACH_EPOCH, SMALL, fit_flags, newest, used
from faults.tries import Tries, named

VALID: dict[str, tuple[object, ...]] = {
    "model.hidden_size": (1, 3, 300),
    "model.optimizer": ("sgd", "adam"),
    "model.lr": (0, 1e-30, "1e-3", 0.5, 5),
    "model.weight_decay": (0, 0.01, "1e-300"),
    "model.step_size": (1, 10**9),
    "model.gamma": (1, "1e-9"),
    "data.problem": ("circle", "xor", "gauss", "spiral"),
    "data.noise": (0, 0.3, 10),
    "data.n_train": (1, 7, 101),
    "data.batch_size": (1, 3, 101, "null"),
    "data.seed": (0, 2**32 - 1, "null"),
    "data.streaming": ("true", "false"),
    "seed_everything": (0, 2**32 - 1, "true", "false"),
    "trainer.gradient_clip_val": (0, 0.1, "1e30", "null"),
    "trainer.gradient_clip_algorithm": ("norm", "value", "null"),
    "trainer.accumulate_grad_batches": (1, 2, 50),
    "trainer.check_val_every_n_epoch": (1, 2),
    "trainer.limit_train_batches": (1, 2, 1.0, "null"),
    "trainer.num_sanity_val_steps": (0, 1, -1, "null"),
    "trainer.log_every_n_steps": (0, 1, 50, "null"),
    "trainer.precision": ("32", "bf16-mixed", "64-true", "null"),
    "trainer.deterministic": ("true", "warn", "null"),
    "trainer.profiler": ("simple", "null"),
    "trainer.detect_anomaly": ("true", "false"),
    "trainer.enable_model_summary": ("true", "false"),
    "trainer.enable_checkpointing": ("true", "null"),
    "trainer.inference_mode": ("true", "false"),
    "trainer.min_epochs": (0, 1, "null"),
    "report.every_n_epochs": (0, 1, 7),
    "run.save_every_seconds": (0, 1, "1e9"),
    "run.tensorboard": ("false",),
}
CALLBACKS = ("ModelCheckpoint", "Timer")


def drawn_flags(rng: Random) -> tuple[object, ...]:
    chosen = {name: rng.choice(VALID[name]) for name in rng.sample(sorted(VALID), rng.randint(1, 6))}
    if chosen.get("model.optimizer") == "adam":
        chosen["model.momentum"] = 0
    flags = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    if rng.random() < 0.2:
        flags += ["--trainer.callbacks+", rng.choice(CALLBACKS)]
    return tuple(flags)


def drawn_runs(folder: Path, seed: int, count: int) -> Tries:
    """Status 0 means that each checkpoint loads, tests and ejects, and that last.ckpt resumes to the whole run."""
    rng = Random(seed)
    for n in range(count):
        flags, part = drawn_flags(rng), folder / f"part_{n}"
        answer = call(*fit_flags(2, *flags), folder=part / "part")
        problem = answer.problem(0, 1, 2, lines=4)
        if answer.status == 0 and not problem:
            problem = unsound(part) or used(part / "part")
            drawn_seed = {("--seed_everything", word) for word in ("true", "false")} & {*pairwise(flags)}
            if not problem and not drawn_seed and "would not repeat it exactly" not in answer.out:
                paths = ("callbacks",) if "ModelCheckpoint" in flags else ()  # it keeps where its files are
                if call(*fit_flags(3, *flags), folder=part / "whole").status == 0:  # else it diverges in the end
                    different = difference(newest(part / "whole"), newest(part / "part"), paths)
                    problem = named(different, " when it was resumed")
        fault = "drawn settings: each checkpoint loads, tests and ejects, the last one resumes exactly"
        yield fault, named(problem, f" ({' '.join(map(str, flags))})")
        shutil.rmtree(part, ignore_errors=True)


def drawn_names(folder: Path, seed: int, count: int) -> Tries:
    """A run of any name is refused, or repeated from its own config.yaml to the same rows."""
    rng = Random(seed)
    pieces = (
        "1",
        "e",
        "-",
        ".",
        "_",
        "0x",
        "1e",
        "null",
        "true",
        "on",
        "no",
        "nan",
        ".inf",
        "2026-01-01",
        "~",
        "+1",
        "0o7",
        "1_0",
    )
    for n in range(count):
        name, part = "".join(rng.choices(pieces, k=rng.randint(1, 3))), folder / f"part_{n}"
        answer = call("fit", *SMALL, *EACH_EPOCH, "--trainer.max_epochs", 1, f"--run.name={name}", folder=part)
        problem = answer.problem(0, 2)
        if answer.status == 0 and not problem:
            run = newest(part)
            again = call("fit", "-c", run / "config.yaml", folder=part)
            second = run.with_name("version_1")
            problem = again.problem(0) or ("" if second.exists() else f"no {second}") or difference(run, second)
        yield "drawn name of a run, repeated from its config.yaml", named(problem, f" ({name!r})")
        shutil.rmtree(part, ignore_errors=True)


def widths(folder: Path, sizes: tuple[int, ...]) -> Tries:
    """What a command takes of memory is bounded, however wide the net is; or it is refused in a line."""
    for size in sizes:
        part = folder / f"part_{size}"
        wide = ("--model.hidden_size", size, "--data.n_test", 3000, "--data.n_predict", 3000)
        answer = call("fit", *SMALL, *EACH_EPOCH, "--trainer.max_epochs", 1, *wide, folder=part)
        yield "memory, by the net's width", named(answer.problem(0, 2), f" (fit, {size})")
        if answer.status == 0:
            for command in ("test", "predict"):
                answer = call(command, "--ckpt_path", "last", folder=part)
                yield "memory, by the net's width", named(answer.problem(0, 2), f" ({command}, {size})")
        shutil.rmtree(part, ignore_errors=True)
