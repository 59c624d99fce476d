"""What sphinx-gallery does before and after each lesson."""

import logging
import warnings
from contextlib import ExitStack

import torch

restore = ExitStack()


def reset(gallery_conf: dict, name: str, when: str) -> None:
    """The lessons share a process: let each begin as in one of its own, and let a warning be an error."""
    if when == "after":
        restore.close()
        return
    restore.enter_context(warnings.catch_warnings())
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")  # Lightning's own, on torch 2.13
    torch.manual_seed(0)
    torch.set_printoptions(profile="default")
    logging.getLogger("lightning.pytorch").setLevel(logging.INFO)
