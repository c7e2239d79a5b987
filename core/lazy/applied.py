"""Eager functions as operations of the graph: what `core.lazy_apply` does to traced arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import array_api_compat

from core.lazy import dtypes
from core.lazy.array import make, make_many
from core.lazy.namespace import result_type
from core.lazy.operation import External
from core.lazy.spec import common, spec
from core.lazy_apply.api import lazy_apply
from core.lazy_apply.call import Call, is_scalar
from core.lazy_apply.checks import VECTORIZE, checked
from core.lazy_apply.outputs import Outputs, resolve


@dataclass(frozen=True, slots=True)
class Later:
    """A call that waits for its arrays.

    Once these are there it is a call of `lazy_apply` again, so a graph that runs inside
    ``jax.jit``, in ``torch.compile`` or on Dask's arrays leaves the function to those.
    """

    call: Call
    outputs: Outputs

    @property
    def __name__(self) -> str:
        return self.call.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to concrete arrays.

        Raises
        ------
        TypeError, ValueError
            A result has not the announced dtype or shape.
        """
        call, outputs = self.call, self.outputs
        xp = array_api_compat.array_namespace(*[x for x in args if not is_scalar(x)])
        if call.dtype is None:  # the arrays' dtypes may be others than those that were traced
            promoted = xp.result_type(*[x for x in args if x is not None])
            announced = [promoted] * len(outputs.dtypes)
        else:
            announced = [getattr(xp, str(dtype)) for dtype in outputs.dtypes]
        results = lazy_apply(
            call.func,
            *args,
            shape=outputs.shapes if outputs.multiple else outputs.shapes[0],
            dtype=announced if outputs.multiple else announced[0],
            as_numpy=call.as_numpy,
            signature=None if call.signature is None else call.signature.text,
            vmap_method=call.vmap_method,
            jvp=call.jvp,
            vjp=call.vjp,
            **kwargs,
        )
        listed = results if outputs.multiple else (results,)
        hint = "give shape=" if call.signature is None else VECTORIZE
        made = [
            checked(call.func, result, shape, dtype, xp, hint)
            for result, shape, dtype in zip(listed, outputs.shapes, announced, strict=True)
        ]
        return tuple(made) if outputs.multiple else made[0]


def applied(call: Call) -> Any:
    """Return the traced results of a call with traced arrays among its arguments."""
    outputs = resolve(call, lambda: result_type(*[x for x in call.args if x is not None]))
    outputs = replace(outputs, dtypes=tuple(map(dtypes.as_dtype, outputs.dtypes)))
    backend, device = common(*[x._spec for x in call.arrays])
    specs = tuple(
        spec(shape, dtype, backend, device)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    )
    op = External(Later(replace(call, args=(), kwargs={}, xp=None), outputs))
    if outputs.multiple:
        return tuple(make_many(op, call.args, dict(call.kwargs), specs))
    return make(op, call.args, dict(call.kwargs), specs[0])
