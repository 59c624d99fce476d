"""Where the documentation of torch and Lightning describes what: two inventories of links, made without the network.

Each name is looked up in the installed package, so that no link names what isn't there.
"""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from sphobjinv import DataObjStr, Inventory, compress

ADDRESSES = {
    "torch": "https://docs.pytorch.org/docs/stable/",
    "lightning": "https://lightning.ai/docs/pytorch/stable/",
}
# Torch gives most objects a page of their own, generated/<name>.html ...
NAMESPACES = ("torch", "torch.accelerator", "torch.func", "torch.linalg", "torch.nn", "torch.nn.functional")
NAMESPACES += ("torch.optim", "torch.optim.lr_scheduler", "torch.Tensor")
# ... and these a place on a page that they share.
SHARED = {
    "torch.Tensor": "tensors",
    "torch.device": "tensor_attributes",
    "torch.dtype": "tensor_attributes",
    "torch.iinfo": "type_info",
    "torch.finfo": "type_info",
    "torch.testing.assert_close": "testing",
    "torch.utils.data.DataLoader": "data",
    "torch.utils.data.Sampler": "data",
    "torch.utils.data.TensorDataset": "data",
}
# Lightning documents its classes under the module that defines them. Here: the name that is imported.
LIGHTNING = {
    "lightning.Trainer": "lightning.pytorch.trainer.trainer.Trainer",
    "lightning.LightningModule": "lightning.pytorch.core.LightningModule",
    "lightning.LightningDataModule": "lightning.pytorch.core.LightningDataModule",
    "lightning.Callback": "lightning.pytorch.callbacks.Callback",
    "lightning.pytorch.callbacks.Checkpoint": "lightning.pytorch.callbacks.Checkpoint",
    "lightning.pytorch.callbacks.ProgressBar": "lightning.pytorch.callbacks.ProgressBar",
    "lightning.pytorch.cli.LightningCLI": "lightning.pytorch.cli.LightningCLI",
}


def write(name: str, folder: Path) -> Path:
    """Write the inventory of torch or lightning and return its path."""
    inventory = Inventory()
    inventory.project, inventory.version = name, import_module(name).__version__
    for full, (kind, uri) in sorted({"torch": torch_objects, "lightning": lightning_objects}[name]().items()):
        inventory.objects.append(DataObjStr(name=full, domain="py", role=kind, priority="1", uri=uri, dispname="-"))
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.inv"
    path.write_bytes(compress(inventory.data_file()))
    return path


def torch_objects() -> dict[str, tuple[str, str]]:
    """Kind and address of each of torch's objects, by name."""
    objects = {}
    for namespace in NAMESPACES:
        for name, found in inspect.getmembers(resolve(namespace)):
            if callable(found) and not name.startswith("_"):
                full = f"{namespace}.{name}"
                kind = "method" if namespace == "torch.Tensor" else _kind(found)
                objects[full] = kind, f"generated/{full}.html#{full}"
    objects |= {full: (_kind(resolve(full)), f"{page}.html#{full}") for full, page in SHARED.items()}
    return objects


def lightning_objects() -> dict[str, tuple[str, str]]:
    """Kind and address of Lightning's classes, by the name that is imported and by that of the documentation."""
    objects = {}
    for imported, documented in LIGHTNING.items():
        assert resolve(imported) is resolve(documented)
        for full in (imported, documented):
            objects[full] = "class", f"api/{documented}.html#{documented}"
    return objects


def resolve(full: str) -> Any:
    """The object of this name: a module, or something in one."""
    try:
        return import_module(full)
    except ImportError:
        parent, _, name = full.rpartition(".")
        return getattr(resolve(parent), name)


def _kind(found: Any) -> str:
    return "class" if inspect.isclass(found) else "function"
