"""Checkpoints that would run code if they were unpickled."""

import pickle
from pathlib import Path

from faults.command import call
from faults.forging import CONSUMERS, Bomb, saved, seal
from faults.product import read_checkpoint
from faults.runs import fit_flags, undisturbed_run
from faults.tries import Tries, named


def bombs(folder: Path, consumers: tuple[str, ...], environments: tuple[dict[str, str], ...]) -> Tries:
    marker = folder / "exploded"
    whole = undisturbed_run(folder, fit_flags(2))
    stored = read_checkpoint(whole / "last.ckpt")
    for place in ("state_dict", "bomb"):
        armed = {**stored, place: Bomb(marker)}
        formats = {"zip": saved(armed), "legacy": saved(armed, zipped=False), "pickle": pickle.dumps(armed, protocol=2)}
        formats["legacy, a zip at its end"] = formats["legacy"] + saved(stored)
        for name, content in formats.items():
            ours = seal(content if "zip" in name else content + b"\0\0")
            for sealed, file in {"sealed": ours, "not sealed": content}.items():
                path = folder / "bomb.ckpt"
                path.write_bytes(file)
                for consumer in consumers:
                    for environment in environments:
                        answer = call(*CONSUMERS[consumer], path, folder=folder, environment=environment)
                        problem = answer.problem(2, lines=3 if consumer == "load" else 2)
                        problem = problem or ("it went off" if marker.exists() else "")
                        problem = problem or ("advises weights_only=False" if "weights_only" in answer.err else "")
                        where = f" ({consumer}, {name}, {sealed}, {environment})"
                        yield "pickle bomb in a checkpoint, 4 formats, sealed or not", named(problem, where)
