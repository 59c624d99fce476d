"""All who are measured, and what each does."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from benchmarks.lightning_projects import bare, streamed, torchtour, usual
from benchmarks.peers import accelerate, fabric, ignite, keras, skorch
from benchmarks.plain import by_hand, compiled, generated, plain
from benchmarks.setting import Setting, Trained


@dataclass(frozen=True)
class Contestant:
    """A way to train, and what it does beside training, which is part of its time."""

    train: Callable[[Setting], Trained]
    does: str
    quick: bool = False  # the others collate sample by sample, and would need minutes


SUMS = "mean loss and accuracy of the epoch"
CONTESTANTS = {
    "plain loop": Contestant(plain, SUMS, quick=True),
    "plain loop, fused=True": Contestant(partial(plain, fused=True), f"{SUMS}; a fused optimizer", quick=True),
    "gradients by hand": Contestant(by_hand, f"{SUMS}; no autograd, no optimizer", quick=True),
    "torchtour": Contestant(
        torchtour, f"{SUMS}, exact; bar, a line and a row an epoch; best and last checkpoint, synced", quick=True
    ),
    "Lightning's Trainer alone": Contestant(bare, f"{SUMS}; barebones: no bar, log or checkpoint", quick=True),
    "usual Lightning project": Contestant(
        usual, "loss and accuracy of each step and epoch; bar; CSVLogger; one checkpoint an epoch"
    ),
    "Fabric": Contestant(fabric, SUMS),
}
if shutil.which("g++"):
    CONTESTANTS["plain loop, torch.compile"] = Contestant(
        compiled, f"{SUMS}; fused optimizer; compiled net", quick=True
    )
PEERS = {
    "skorch": Contestant(skorch, f"{SUMS}; a line an epoch"),
    "ignite": Contestant(ignite, f"{SUMS} by running metrics"),
    "accelerate": Contestant(accelerate, SUMS),
    "keras": Contestant(keras, f"{SUMS} by running metrics; bar", quick=True),
}
CONTESTANTS |= {name: it for name, it in PEERS.items() if find_spec(name)}


DRAWING = {
    "plain loop, drawing": Contestant(generated, SUMS, quick=True),
    "torchtour, streaming": Contestant(streamed, CONTESTANTS["torchtour"].does, quick=True),
}
