"""Loads the compiler of PyTorch when it is imported, which takes as long as importing PyTorch.

PyTorch imports its compiler, and replaces functions such as `torch.jit.trace`, when a function is
compiled for the first time. If that happened in a worker process, it would count as a change by the
measured function, and the process would be replaced after each target. This is a separate module,
as worker processes import modules before they are forked.
"""

from __future__ import annotations

import torch


def _identity(x: torch.Tensor) -> torch.Tensor:
    return x


torch.compile(_identity, backend="eager")(torch.zeros(1))
torch.compiler.reset()
