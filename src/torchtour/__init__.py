"""torchtour: from "what is a tensor?" to "my own model, trained, tested and trusted".

A map. Start with the lessons (`lessons/`), then read the project they lead to:

the heart, to copy          what it stands on      around it
network.py     SimpleNet    batches.py             callbacks/   a run's folder, its report and pictures
problems.py    points       metrics.py             trust/       files: whole, sealed, audited
data.py        the data     settings.py            command/     fit, validate, test, predict, eject
classifier.py  the training plots.py, drawn.py
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchtour.classifier import Classifier as Classifier
    from torchtour.data import SyntheticData as SyntheticData
    from torchtour.network import SimpleNet as SimpleNet
    from torchtour.table import TableData as TableData

__version__ = "0.2.0"
_HOMES = {"SimpleNet": "network", "SyntheticData": "data", "TableData": "table", "Classifier": "classifier"}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: `torchtour --help` need not wait for torch.
    if name not in _HOMES:
        raise AttributeError(f"module 'torchtour' has no attribute {name!r}")
    found = getattr(import_module(f"torchtour.{_HOMES[name]}"), name)
    if name == "Classifier":
        import_module("torchtour.trust.loading").guard(found)
    return found
