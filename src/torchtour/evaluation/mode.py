"""Evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn import Module


@contextmanager
def evaluation_mode(net: Module) -> Iterator[None]:
    """Without dropout, and with batch norm's running statistics; afterwards each layer has its mode again."""
    training = [module for module in net.modules() if module.training]
    net.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
