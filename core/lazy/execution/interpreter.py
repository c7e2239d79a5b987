"""Run programs step by step, which for a single run takes less time than compiling a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.lazy.execution.program import Program, Step, Value
from core.lazy.graph.tree import leaves, rebuild
from core.lazy.library import convert
from core.lazy.operation import Operation
from core.typing import Array, Namespace


def evaluate(program: Program, backend: str | None, xp: Namespace) -> Any:
    """Return the outputs of a program without inputs, as arrays of one library.

    Intermediate results are freed after their last use.
    """
    values: dict[Value, Array] = {
        value: convert(data, backend, xp) for value, data in program.constants.items()
    }

    def concrete(leaf: Any) -> Any:
        return values[leaf] if leaf.__class__ is Value else native(leaf, xp)

    last: dict[Value, Step | None] = {
        value: step for step in program.steps for value in step.operands
    }
    last.update(dict.fromkeys(leaf for leaf in leaves(program.outputs) if type(leaf) is Value))
    functions: dict[Operation, Callable[..., Any]] = {}
    for step in program.steps:
        op = step.op
        function = functions.get(op)
        if function is None:
            function = functions[op] = op.function(xp)
        if op.flat:
            args = [values[arg] if arg.__class__ is Value else arg for arg in step.args]
        else:
            args = rebuild(list(step.args), concrete, slices=True)
        kwargs = rebuild(step.kwargs, concrete, slices=True) if step.kwargs else {}
        if "device" in kwargs and not program.has_devices_of(backend):
            del kwargs["device"]
        values[step.result] = function(*args, **kwargs)
        del args, kwargs
        for value in step.operands:
            if last[value] is step:
                del values[value]
    return rebuild(program.outputs, concrete)


def native(argument: Any, xp: Namespace) -> Any:
    """Return the dtype of a namespace for a NumPy dtype; any other argument is unchanged."""
    return getattr(xp, str(argument), argument) if isinstance(argument, np.dtype) else argument
