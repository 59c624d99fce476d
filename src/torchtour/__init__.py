"""torchtour: learn PyTorch by running it, then train, test and keep your own model.

A map. Start with the lessons (`lessons/`), then read the project they lead to:

the core, to copy            what it stands on    around it
network.py     SimpleNet     training/            tables/    your own table
problems.py    points        evaluation/          runs/      a run's folder, its checkpoints, report and plots
data.py        the data      settings.py          sweep/     many nets side by side
classifier.py  the training                       command/   fit, validate, test, predict, export
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torchtour.classifier import Classifier as Classifier
    from torchtour.data import SyntheticData as SyntheticData
    from torchtour.network import SimpleNet as SimpleNet
    from torchtour.tables.classifier import TableClassifier as TableClassifier
    from torchtour.tables.data import TableData as TableData
    from torchtour.tables.net import TableNet as TableNet
    from torchtour.tables.regressor import TableRegressor as TableRegressor

__version__ = "0.2.0"
_MODULES = {
    "SimpleNet": "network",
    "SyntheticData": "data",
    "Classifier": "classifier",
    "TableData": "tables.data",
    "TableClassifier": "tables.classifier",
    "TableRegressor": "tables.regressor",
    "TableNet": "tables.net",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: `torchtour --help` need not wait for torch.
    if name not in _MODULES:
        raise AttributeError(f"module 'torchtour' has no attribute {name!r}")
    return getattr(import_module(f"torchtour.{_MODULES[name]}"), name)
