"""Several processes, or a hand that swaps files, at the same run."""

import os
import shutil
import threading
from pathlib import Path
from random import Random

from faults.command import LONGEST, Command, call
from faults.comparing import difference, litter, unsound
from faults.runs import EACH_EPOCH, fit_flags, newest, undisturbed_run
from faults.tries import Tries, named


def resumed_twice(folder: Path, seed: int, times: int) -> Tries:
    """Two resumes of one last.ckpt: one goes on to the end, the other is refused or finds the end."""
    flags, rng = fit_flags(40), Random(seed)
    whole, good = undisturbed_run(folder / "whole", flags), folder / "good"
    undisturbed_run(good, fit_flags(2))
    for _ in range(times):
        part = folder / "part"
        shutil.copytree(good, part)
        run = newest(part)
        again = ("fit", "--ckpt_path", run / "last.ckpt", "--trainer.max_epochs", 40, *EACH_EPOCH)
        first = Command(*again, folder=part)
        first.wait(rng.uniform(0, 0.5))
        second = Command(*again, folder=part)
        answers = [first.answer(), second.answer()]
        problem = next((text for answer in answers if (text := answer.problem(0, 2))), "")
        problem = problem or ("both were refused" if all(answer.status == 2 for answer in answers) else "")
        problem = problem or difference(whole, run) or litter(run)
        yield (
            "two resumes of one last.ckpt at once",
            named(problem, f" (status {[answer.status for answer in answers]})"),
        )
        shutil.rmtree(part)


def begun_together(folder: Path, processes: int) -> Tries:
    """Runs of one name that begin at once: each has a folder of its own, and the same digits."""
    flags = fit_flags(4)
    whole, part = undisturbed_run(folder / "whole", flags), folder / "part"
    commands = [Command(*flags, folder=part) for _ in range(processes)]
    for number, command in enumerate(commands):
        yield "fits that begin at once", named(command.answer().problem(0), f" (number {number})")
    for number in range(processes):
        run = part / f"checkpoints/default/version_{number}"
        yield "fits that begin at once", named(difference(whole, run) if run.exists() else f"no {run.name}", "")


def swapped(folder: Path, seed: int, times: int) -> Tries:
    """A file that is a sound one and a damaged one by turns: it is refused, or the sound one is used."""
    run, rng = undisturbed_run(folder / "good", fit_flags(2)), Random(seed)
    other = undisturbed_run(folder / "other", fit_flags(2, "--model.lr", 0))
    sound, damaged = (run / "last.ckpt").read_bytes(), bytearray((other / "last.ckpt").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    said = call("test", "--ckpt_path", "a.ckpt", folder=_with(folder / "part", sound)).out
    for _ in range(times):
        part, ended = _with(folder / "part", sound), threading.Event()
        hand = threading.Thread(target=_swap, args=(part, [sound, bytes(damaged)], ended, rng.uniform(0, 0.003)))
        hand.start()
        command = Command("test", "--ckpt_path", "a.ckpt", folder=part)
        answer = command.answer(LONGEST)
        ended.set()
        hand.join()
        problem = answer.problem(0, 2) or ("" if answer.status == 2 or answer.out == said else f"said {answer.out!r}")
        yield "checkpoint swapped for a damaged one while it is read", problem


def _with(part: Path, content: bytes) -> Path:
    part.mkdir(exist_ok=True)
    (part / "a.ckpt").write_bytes(content)
    return part


def _swap(part: Path, contents: list[bytes], ended: threading.Event, pause: float) -> None:
    for number, content in enumerate(contents):
        (part / f".{number}").write_bytes(content)
    number = 0
    while not ended.wait(pause):
        os.link(part / f".{number % 2}", part / ".next")
        (part / ".next").replace(part / "a.ckpt")
        (part / ".next").unlink(missing_ok=True)  # a rename onto the same file leaves both names
        number += 1


def read_while_written(folder: Path, reads: int) -> Tries:
    """Who reads the checkpoints of a run that goes on meets whole ones only."""
    command = Command(*fit_flags(150), folder=folder)
    done = 0
    while done < reads and not command.ended():
        if newest(folder):
            done += 1
            yield "checkpoints read while a run writes them", unsound(folder)
    yield "checkpoints read while a run writes them", command.answer().problem(0) or unsound(folder)
