"""Find out what intercepts PyTorch's operations, and whether it records them in a graph."""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

__all__ = ["FakeTensor", "count_modes", "interceptors", "is_recording", "is_recording_early"]

count_modes = torch._C._len_torch_dispatch_stack
"""Return how many modes intercept operations; fast. It is 0 unless `is_recording`."""

_PROXY = torch._C._TorchDispatchModeKey.PROXY
_FAKE = torch._C._TorchDispatchModeKey.FAKE


def is_recording() -> bool:
    """Return whether operations are recorded, or are executed without values.

    This is so inside ``torch.export``, ``make_fx`` and ``FakeTensorMode``.
    """
    mode: Any = torch._C._get_dispatch_mode
    return mode(_PROXY) is not None or mode(_FAKE) is not None or is_recording_early()


def is_recording_early() -> bool:
    """Return whether operations are recorded by ``make_fx`` before PyTorch dispatches them."""
    return bool(torch._ops._len_torch_dispatch_stack_pre_dispatch())


def interceptors() -> tuple[int, frozenset[str]]:
    """Return the number of active modes, and the operators of PyTorch that code has replaced.

    PyTorch itself adds implementations for shapes (Meta) and for `torch.vmap` at their first use.
    """
    modes = count_modes() + torch._C._len_torch_function_stack()
    replaced = (name for name in torch.library._impls if name.startswith("aten/"))
    added = ("Meta", "FuncTorchBatched", "FuncTorchBatchedDecomposition")
    return modes, frozenset(name for name in replaced if name.rpartition("/")[2] not in added)
