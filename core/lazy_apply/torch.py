"""PyTorch: called now, or as a custom operator inside ``torch.compile`` and ``torch.func``."""
from __future__ import annotations
from typing import Any
import torch
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.call import SCALARS
import numpy as np

def owns(cls): return issubclass(cls, torch.Tensor)
def eager(func,args,kwargs,as_numpy,several):
    if as_numpy: args=tuple(x.numpy() if isinstance(x,torch.Tensor) else x for x in args)
    r=func(*args,**kwargs)
    return torch.asarray(r)
lazy=None
