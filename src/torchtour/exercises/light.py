"""Keep torch's compiler out of a check: importing it takes longer than all checks of a file.

torch 2.13's optimizers import `torch._dynamo` for two functions that do nothing outside of compiled code. When they no
longer do, this file can go.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class WithoutCompiler(ModuleType):
    """Stands in for torch._dynamo, and makes way for it as soon as anything else in it is wanted."""

    def disable(self, function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        return function

    def graph_break(self, *_: Any) -> None:
        """Do nothing, as outside of compiled code."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            del sys.modules["torch"]._dynamo
        return getattr(importlib.import_module(NAME), name)


def leave_out_compiler() -> None:
    """To be called before the first optimizer is made."""
    import torch

    if NAME not in sys.modules:
        sys.modules[NAME] = torch._dynamo = WithoutCompiler(NAME)
