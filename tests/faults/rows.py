"""Tear or remove rows of metrics.csv, then resume."""

import shutil
from pathlib import Path
from random import Random

from faults.command import call
from faults.comparing import difference
from faults.runs import fit_flags, newest, undisturbed_run
from faults.tries import Tries, named


def torn_metrics(folder: Path, start: int, step: int) -> Tries:
    """A machine that stops may leave a part of the last row in metrics.csv, and last.ckpt of the row before."""
    flags = fit_flags(12)
    whole = undisturbed_run(folder / "whole", flags)
    call(*fit_flags(11), folder=folder / "part")
    row = (whole / "metrics.csv").read_text().splitlines()[-1]
    for length in range(1 + start, len(row) + 1, step):
        part = folder / f"part_{length}"
        shutil.copytree(folder / "part", part)
        with open(newest(part) / "metrics.csv", "a") as file:
            file.write(row[:length])
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 12, folder=part)
        problem = answer.problem(0) or difference(whole, newest(part))
        yield "last row of metrics.csv torn, then resumed", named(problem, f" ({row[:length]!r})")


def lost_rows(folder: Path) -> Tries:
    """metrics.csv has lost what last.ckpt has lived: the run must not end as if nothing had happened."""
    fault = "metrics.csv shorter than last.ckpt, or gone, then resumed"
    flags = fit_flags(6)
    whole = undisturbed_run(folder / "whole", flags)
    call(*fit_flags(4), folder=folder / "part")
    rows = (newest(folder / "part") / "metrics.csv").read_text().splitlines(keepends=True)
    for index, kept in enumerate([rows[:-1], [*rows[:2], *rows[3:]], rows[:1], [], None]):
        part = folder / f"part_{index}"
        shutil.copytree(folder / "part", part)
        path = newest(part) / "metrics.csv"
        path.unlink() if kept is None else path.write_text("".join(kept))
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 6, folder=part)
        problem = difference(whole, newest(part)) if answer.status == 0 and not answer.err else ""
        yield fault, problem and f"said nothing; {problem}"


def wrong_rows(folder: Path, seed: int, count: int) -> Tries:
    """A row that the checkpoint completed is torn or holds odd bytes: the run ends with the right rows, or says so."""
    rng, flags = Random(seed), fit_flags(6)
    whole = undisturbed_run(folder / "whole", flags)
    call(*fit_flags(4), folder=folder / "part")
    content = (newest(folder / "part") / "metrics.csv").read_bytes()
    odd = (b"\xff", b"\0", b"9" * 200_000, b'"', b"\r", b"\n", b",", b"x", b"", b"-", b"\xef\xbb\xbf")
    for n in range(count):
        part = folder / f"part_{n}"
        shutil.copytree(folder / "part", part)
        start = rng.randrange(len(content))
        changed = content[:start] + rng.choice(odd) + content[start + rng.randint(0, 3) :]
        (newest(part) / "metrics.csv").write_bytes(changed)
        answer = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", 6, folder=part)
        problem = answer.problem(0, 2)
        if answer.status == 0 and not answer.err:
            problem = problem or named(difference(whole, newest(part)), ", and said nothing")
        yield "metrics.csv changed in rows that the checkpoint completed", named(problem, f" (at {start})")
        shutil.rmtree(part)
