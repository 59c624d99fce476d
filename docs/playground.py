"""What the playground takes from torch: points and first weights, for a few seeds, as ES modules that hold JSON.

Float32 numbers travel as base64 of their bytes, so that they arrive to the last bit.
"""

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from torchtour.network import SimpleNet
from torchtour.problems import draw

PROBLEMS = ("line", "circle", "xor", "gauss", "spiral")
SEEDS = range(5)
UNITS = range(1, 51)
TOTAL = 500  # points, shared out between training and validation
TRAIN = (20, 50, 100, 250, 400)


def write(folder: Path) -> None:
    """Write data/*.js for the modules of _static/playground into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _module(
        folder / "chosen.js", {"seeds": list(SEEDS), "units": [UNITS[0], UNITS[-1]], "train": TRAIN, "total": TOTAL}
    )
    _module(folder / "curve.js", {"weights": _floats(_weights(1, 20, 1, seed=4))})  # of lesson 3's picture
    for seed in SEEDS:
        _module(folder / f"weights-{seed}.js", {units: _floats(first_weights(units, seed)) for units in UNITS})
        for problem in PROBLEMS:
            sets = {n: {"train": _set(problem, n, seed, 0), "val": _set(problem, TOTAL - n, seed, 1)} for n in TRAIN}
            _module(folder / f"{problem}-{seed}.js", sets)


def first_weights(units: int, seed: int) -> Tensor:
    """The weights that a run with this seed_everything begins with, one after the other."""
    return _weights(2, units, 2, seed)


def _weights(inputs: int, units: int, outputs: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.cat([weight.detach().reshape(-1) for weight in SimpleNet(inputs, units, outputs).parameters()])


def _set(problem: str, n: int, seed: int, split: int) -> dict[str, str]:
    """SyntheticData's set (0: train, 1: val) without its noise, and the normal numbers that noise would multiply."""
    seeds = np.random.default_rng(seed).choice(2**32, size=4, replace=False)
    generator = Generator().manual_seed(int(seeds[split]))
    features, labels = draw(problem, n, 0.0, generator)
    normal = torch.randn(n, 2, generator=generator)
    return {
        "features": _floats(features),
        "normal": _floats(normal),
        "labels": "".join(str(label) for label in labels.tolist()),
    }


def _floats(values: Tensor) -> str:
    return b64encode(values.numpy().astype("<f4").tobytes()).decode()


def _module(path: Path, content: object) -> None:
    path.write_text(f"export default {json.dumps(content)};\n")
