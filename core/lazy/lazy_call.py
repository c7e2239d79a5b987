"""Calls of `core.lazy_apply` as operations of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import array_api_compat

from core.lazy import dtypes
from core.lazy.operation import External
from core.lazy.spec import Spec, common, spec
from core.lazy_apply.api import lazy_apply
from core.lazy_apply.call import Call, is_scalar
from core.lazy_apply.checks import VECTORIZE, checked
from core.lazy_apply.outputs import Outputs, resolve
from core.typing import Array, DType


@dataclass(frozen=True, slots=True)
class DeferredCall:
    """A call of `lazy_apply` without its arrays.

    When the graph is run, it calls `lazy_apply` again with concrete arrays, so a graph that runs in
    ``jax.jit``, in ``torch.compile`` or on Dask's arrays applies the function as these require.
    """

    call: Call
    outputs: Outputs

    @property
    def __name__(self) -> str:
        return self.call.name

    def __call__(self, *args: Array, **kwargs: Any) -> Any:
        """Apply the function to concrete arrays, and check the declared dtypes and shapes."""
        call, outputs = self.call, self.outputs
        xp = array_api_compat.array_namespace(*[x for x in args if not is_scalar(x)])
        if call.dtype is None:  # the dtypes may differ from those that were traced
            promoted = xp.result_type(*[x for x in args if x is not None])
            declared = [promoted] * len(outputs.dtypes)
        else:
            declared = [getattr(xp, str(dtype)) for dtype in outputs.dtypes]
        results = lazy_apply(
            call.func,
            *args,
            shape=outputs.shapes if outputs.multiple else outputs.shapes[0],
            dtype=declared if outputs.multiple else declared[0],
            as_numpy=call.as_numpy,
            signature=None if call.signature is None else call.signature.text,
            vmap_method=call.vmap_method,
            jvp=call.jvp,
            vjp=call.vjp,
            **kwargs,
        )
        hint = "give shape=" if call.signature is None else VECTORIZE
        made = [
            checked(call.func, result, shape, dtype, xp, hint)
            for result, shape, dtype in zip(
                results if outputs.multiple else (results,), outputs.shapes, declared, strict=True
            )
        ]
        return tuple(made) if outputs.multiple else made[0]


def deferred(
    call: Call, result_type: Callable[..., DType]
) -> tuple[External, tuple[Spec, ...], bool]:
    """Return the operation of a call, the specs of its results, and whether these are a tuple.

    `result_type`, of the arrays' namespace, is for calls that do not announce a dtype.
    """
    outputs = resolve(call, lambda: result_type(*[x for x in call.args if x is not None]))
    outputs = replace(outputs, dtypes=tuple(map(dtypes.as_dtype, outputs.dtypes)))
    backend, device = common(*[x._spec for x in call.arrays])
    known = tuple(
        spec(shape, dtype, backend, device)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    )
    op = External(DeferredCall(replace(call, args=(), kwargs={}, xp=None), outputs))
    return op, known, outputs.multiple
