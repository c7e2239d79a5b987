"""PyTorch: tensors on the CPU and on accelerators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core._private.patching import patched
from core.backends.base import Backend, ModeKeyword, Watch
from core.backends.promotion import DefaultKind, Promotion
from core.notes import Note
from core.typing import Array, Device, Namespace

_ACCELERATORS = ("cuda", "xpu", "mps")


def _default_dtypes() -> dict[DefaultKind, str]:
    """Return the default dtypes as `torch.set_default_dtype` left them."""
    import torch

    real = str(torch.get_default_dtype()).removeprefix("torch.")
    complex_ = "complex64" if real == "float32" else "complex128"
    return {"integral": "int64", "real floating": real, "complex floating": complex_}


def _is_sparse(x: Array) -> bool:
    import torch

    return bool(x.layout is not torch.strided)


class TorchBackend(Backend):
    """Adapter of PyTorch."""

    name = "torch"
    title = "PyTorch"
    module = "torch"
    compiler = "core.autojit.torch:TorchFunction"
    compiler_priority = 10
    array_types = ("torch:Tensor",)
    lazy_apply = "core.lazy_apply.torch:TorchImplementation"
    optional_modes = ("jit", "grad", "vmap")
    limits = {"jit": Note.GRAPH_BREAKS}
    mode_imports = {"jit": ("core.backends.torch_compiler",)}
    mode_code = {"jit": 'torch.compile({function}, fullgraph=True, backend="eager")'}
    mode_keywords = {"jit": ModeKeyword("torch_compile", works=True)}
    tracing_errors = ("Unsupported", "UserError")
    accelerators = _ACCELERATORS
    host_methods = ("item", "numpy", "tolist")
    promotion = Promotion(
        aliases=frozenset(("conj", "positive")),
        wraps_integers=True,
        stores_signed_as_unsigned=True,
        float_wins=True,
        results={"square": {"bool": "integral"}},
        sums_unsigned_as_signed=True,
        current_defaults=_default_dtypes,
        integers_index_first=True,
        scalars_join_devices=True,
        devices_pickle=True,
    )

    def missing_device(self, device: str) -> str:
        if device == "gpu" and _accelerator() is None:
            return "there is no CUDA, XPU or MPS device"
        return ""

    def namespace(self) -> Namespace:
        import array_api_compat.torch

        return array_api_compat.torch

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        import torch

        owned = np.array(array, copy=True, order="C", dtype=array.dtype.newbyteorder("="))
        return torch.from_numpy(owned).to(self.native_device(device))

    def to_numpy(self, x: Array) -> NDArray[Any]:
        x = x.detach().cpu()
        x = (x.to_dense() if _is_sparse(x) else x).resolve_conj().resolve_neg()
        # NumPy has no bfloat16; float32 holds all of its values.
        return np.asarray((x.float() if self.dtype_name(x) == "bfloat16" else x).numpy())

    def device_of(self, x: Array) -> str:
        return "cpu" if x.device.type == "cpu" else "gpu"

    def has_values(self, x: Array) -> bool:
        return not x.is_meta

    def native_device(self, device: str) -> Device:
        return "cpu" if device == "cpu" else _accelerator()

    def device_called(self, name: str) -> str | None:
        if name in _ACCELERATORS:
            return "gpu" if _accelerator() == name else None
        return super().device_called(name)

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Namespace]:
        """Yield the namespace; PyTorch's defaults are set."""
        import torch

        before = torch.get_default_dtype()
        torch.set_default_dtype(getattr(torch, dtype))
        try:
            if device == "cpu":  # PyTorch's own default; setting it would slow down calls
                yield self.namespace()
            else:
                with torch.device(self.native_device(device)):
                    yield self.namespace()
        finally:
            torch.set_default_dtype(before)

    def settings(self) -> Mapping[str, Any]:
        import torch

        from core._private.torch_tracing import interceptors

        return {
            "default dtype": torch.get_default_dtype(),
            "default device": torch.get_default_device(),
            "gradients": torch.is_grad_enabled(),
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "threads": torch.get_num_threads(),
            "float32 matmul precision": torch.get_float32_matmul_precision(),
            "anomaly detection": torch.is_anomaly_enabled(),
            "inference mode": torch.is_inference_mode_enabled(),
            "automatic casts": torch.is_autocast_enabled("cpu"),
            "modes and operators": interceptors(),
        }

    def restore_settings(self, settings: Mapping[str, Any]) -> None:
        import torch

        setters: dict[str, Callable[[Any], Any]] = {
            "default dtype": torch.set_default_dtype,
            "default device": _set_default_device,
            "gradients": torch.set_grad_enabled,
            "deterministic algorithms": torch.use_deterministic_algorithms,
            "threads": torch.set_num_threads,
            "float32 matmul precision": torch.set_float32_matmul_precision,
            "anomaly detection": torch.autograd.set_detect_anomaly,
            "automatic casts": lambda enabled: torch.set_autocast_enabled("cpu", enabled),
        }
        for name, value in self.settings().items():
            if value != settings[name] and name in setters:  # the others cannot be set
                setters[name](settings[name])

    def setup_code(self, device: str) -> str:
        lines = ["import torch", "import torch as xp"]
        if device != "cpu":
            lines += ["", f'torch.set_default_device("{_ACCELERATORS[0]}")']
        return "\n".join(lines)

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "jit":
            return super().transform(mode, function)
        import torch

        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        # Capturing the graph shows whether there is a single one. Generating code for it would
        # need a C++ compiler and take ten times as long.
        torch.compiler.reset()  # it compiles a limited number of versions of a function
        compiled: Callable[..., Any] = torch.compile(call, fullgraph=True, backend="eager")
        return compiled

    def explain(self, error: BaseException) -> str:
        title, _, rest = str(error).partition("\n")
        explained = re.match(r"\s*Explanation: (.*)", rest)
        return f"{title}: {explained[1]}" if explained else str(error)

    def gradient(
        self, function: Callable[[list[Array]], Array], arrays: list[Array]
    ) -> list[Array]:
        import torch

        inputs = [x.detach().clone().requires_grad_() for x in arrays]
        # The function gets copies: it may write to its arguments, but not to leaves of the graph.
        result = function([x.clone() for x in inputs])
        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return [None] * len(arrays)
        return list(torch.autograd.grad(result, inputs, allow_unused=True))

    def vmap(
        self, function: Callable[[list[Array]], list[Array]], arrays: list[Array]
    ) -> list[Array]:
        import torch

        return list(torch.func.vmap(function)(arrays))

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count conversions of tensors to NumPy that would raise on an accelerator.

        ``x.cpu().numpy()`` is an explicit transfer and works on any device, so tensors returned
        by ``.cpu()`` are not counted. Compiled functions are not watched: the compiler would
        trace the counting methods too.
        """
        if mode == "jit":
            yield Watch()
            return
        import torch

        seen = Watch()
        moved: dict[int, Any] = {}  # keeps the tensors alive, so that no id is used twice

        def counted(name: str) -> Callable[..., Any]:
            original = getattr(torch.Tensor, name)

            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                if id(self) not in moved:
                    seen.host_transfers += 1
                    moved[id(self)] = self  # `__array__` calls `numpy`: count both as one
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
                if result.device.type == "cpu" and not _is_sparse(result):
                    result = result.view_as(result)
                    moved[id(result)] = result
                return result

            return method

        methods = {name: counted(name) for name in ("__array__", "__dlpack__", "numpy")}
        with patched(torch.Tensor, cpu=explicit("cpu"), **methods):
            yield seen


def _accelerator() -> str | None:
    """Return PyTorch's name for the type of the accelerator of this machine; None without one."""
    import torch

    for name in _ACCELERATORS:
        module = getattr(torch, name, None)
        if module is not None and module.is_available():
            return name
    return None


def _set_default_device(device: Device) -> None:
    import torch

    torch.set_default_device(None)  # removes a mode that another device has added
    if torch.get_default_device() != device:
        torch.set_default_device(device)
