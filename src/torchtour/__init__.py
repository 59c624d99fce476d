"""torchtour: from "what is a tensor?" to "my own model, trained, tested and trusted".

A map. Start with the lessons, then read the project they lead to:

lessons/tensors.py      1  tensors                    network.py      SimpleNet
lessons/autograd.py     2  gradients                  problems.py     the points to learn from
lessons/networks.py     3  SimpleNet                  data.py         SyntheticData, the batches
lessons/training.py     4  a plain training loop      classifier.py   Classifier: loss, accuracy, optimizer, StepLR
lessons/checkpoints.py  5  saving and loading         checkpoint.py   checkpoint files; run.py: a run's folder
lessons/advanced.py     6  losses, optimizers, rates  cli.py          the command: fit, validate, test, predict
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchtour.classifier import Classifier as Classifier
    from torchtour.data import SyntheticData as SyntheticData
    from torchtour.network import SimpleNet as SimpleNet

__version__ = "0.1.0"
_HOMES = {"SimpleNet": "network", "SyntheticData": "data", "Classifier": "classifier"}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: `torchtour --help` need not wait for torch.
    if name in _HOMES:
        return getattr(import_module(f"torchtour.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'torchtour' has no attribute {name!r}")
