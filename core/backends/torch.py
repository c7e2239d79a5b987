"""PyTorch: tensors on the CPU and on accelerators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, ModeKeyword, Watch
from core.notes import Note

_ACCELERATORS = ("cuda", "xpu", "mps")


class TorchBackend(Backend):
    """Adapter of PyTorch."""

    name = "torch"
    title = "PyTorch"
    module = "torch"
    optional_modes = ("jit", "grad", "vmap")
    limits = {"jit": Note.GRAPH_BREAKS}
    mode_keywords = {"jit": ModeKeyword("torch_compile", works=True)}
    tracing_errors = ("Unsupported", "UserError")

    def missing_device(self, device: str) -> str:
        if device == "gpu" and _accelerator() is None:
            return "there is no CUDA, XPU or MPS device"
        return ""

    def namespace(self) -> Any:
        import array_api_compat.torch

        return array_api_compat.torch

    def owns(self, x: object) -> bool:
        import torch

        return isinstance(x, torch.Tensor)

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        import torch

        owned = np.array(array, copy=True, order="C", dtype=array.dtype.newbyteorder("="))
        return torch.from_numpy(owned).to(self.native_device(device))

    def to_numpy(self, x: Any) -> NDArray[Any]:
        x = x.detach().cpu().resolve_conj().resolve_neg()
        # NumPy has no bfloat16; float32 holds all of its values.
        return np.asarray((x.float() if self.dtype_name(x) == "bfloat16" else x).numpy())

    def device_of(self, x: Any) -> str:
        return "cpu" if x.device.type == "cpu" else "gpu"

    def native_device(self, device: str) -> Any:
        return "cpu" if device == "cpu" else _accelerator()

    def device_called(self, name: str) -> str | None:
        if name in _ACCELERATORS:
            return "gpu" if _accelerator() == name else None
        return super().device_called(name)

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Any]:
        """Yield the namespace, with PyTorch's own defaults set."""
        import torch

        before = torch.get_default_dtype()
        torch.set_default_dtype(getattr(torch, dtype))
        try:
            if device == "cpu":  # the default, unless someone else chose: calls stay quick
                yield self.namespace()
            else:
                with torch.device(self.native_device(device)):
                    yield self.namespace()
        finally:
            torch.set_default_dtype(before)

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "jit":
            return super().transform(mode, function)
        import torch

        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        # Whether there is one graph is told by capturing it. What makes code of it is left out: it
        # takes a C++ compiler and ten times as long.
        torch._dynamo.reset()  # of one function only so many versions are compiled
        compiled: Callable[..., Any] = torch.compile(call, fullgraph=True, backend="eager")
        return compiled

    def explain(self, error: BaseException) -> str:
        title, _, rest = str(error).partition("\n")
        explained = re.match(r"\s*Explanation: (.*)", rest)
        return f"{title}: {explained[1]}" if explained else str(error)

    def gradient(self, function: Callable[[list[Any]], Any], arrays: list[Any]) -> list[Any]:
        import torch

        watched = [x.detach().clone().requires_grad_() for x in arrays]
        # Of copies, as a function may write into what it gets, but not into what is watched.
        result = function([x.clone() for x in watched])
        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return [None] * len(arrays)
        return list(torch.autograd.grad(result, watched, allow_unused=True))

    def vmap(self, function: Callable[[list[Any]], list[Any]], arrays: list[Any]) -> list[Any]:
        import torch

        return list(torch.func.vmap(function)(arrays))

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count the calls that turn a tensor into host memory and would raise on an accelerator.

        ``x.cpu().numpy()`` is an explicit transfer and works anywhere, so tensors that came out
        of ``.cpu()`` or ``.to()`` are left out. What is compiled is not watched: the compiler would
        trace the counting, too.
        """
        if mode == "jit":
            yield Watch()
            return
        import torch

        seen = Watch()
        moved: dict[int, Any] = {}  # kept alive, so that no id is used twice

        def counted(name: str) -> Callable[..., Any]:
            original = getattr(torch.Tensor, name)

            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                if id(self) not in moved:
                    seen.host_transfers += 1
                    moved[id(self)] = self  # `__array__` calls `numpy`: count the pair once
                    try:
                        return original(self, *args, **kwargs)
                    finally:
                        del moved[id(self)]
                return original(self, *args, **kwargs)

            return method

        def explicit(name: str) -> Callable[..., Any]:
            original = getattr(torch.Tensor, name)

            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                result = original(self, *args, **kwargs)
                if result.device.type == "cpu":
                    result = result.view_as(result)
                    moved[id(result)] = result
                return result

            return method

        patches = {name: counted(name) for name in ("__array__", "__dlpack__", "numpy")}
        patches["cpu"] = explicit("cpu")
        own = {name: vars(torch.Tensor).get(name) for name in patches}
        for name, patch in patches.items():
            setattr(torch.Tensor, name, patch)
        try:
            yield seen
        finally:
            for name, original in own.items():
                if original is None:
                    delattr(torch.Tensor, name)
                else:
                    setattr(torch.Tensor, name, original)


def _accelerator() -> str | None:
    """Return the type of the accelerator that is there, as PyTorch calls it."""
    import torch

    for name in _ACCELERATORS:
        module = getattr(torch, name, None)
        if module is not None and module.is_available():
            return name
    return None
