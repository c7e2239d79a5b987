"""Generate the source of a Python function from a program.

Results are local variables ``y0``, ``y1``...; a result reuses the variable of an operand whose last
use it is, so that an array is freed as soon as it is not needed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from keyword import iskeyword
from typing import Any

import numpy as np

from core.lazy.execution.program import Program, Step, Value
from core.lazy.graph.tree import leaves, replace_items
from core.lazy.in_place import COPY
from core.lazy.operation import External, Operation

# An array of at most this many bytes may stay until its variable is reused, and an operation with
# such a result may be nested in the one that uses it: freeing it earlier would gain nothing.
_SMALL = 1 << 16
_LONGEST = 80
_RESERVED = re.compile(r"[cdxy]\d+|arrays|bool|function|generic|ndarray|object|slice|type")


def write(
    program: Program,
    fold: bool = True,
    *,
    devices: bool = True,
    guard: bool = False,
) -> Source:
    """Return the source of a program.

    With `fold`, steps that depend on no input are left out; their results are constants.
    Arguments ``device=``, if written, are valid only in the library of the trace. A `guard` calls
    ``generic`` unless the arrays have the class ``ndarray`` and the dtypes ``d0``, ``d1``...
    """
    source = Source(program, fold, devices)
    parameters = [f"x{i}" for i in range(len(program.inputs))]
    for name, value in zip(parameters, program.inputs, strict=True):
        source.names.setdefault(value, name)
    listed = ", ".join(parameters)
    lines = [f"def function({listed}):"]
    if guard:
        tests = [f"type({name}) is ndarray" for name in parameters]
        tests += [f"{name}.dtype is d{i}" for i, name in enumerate(parameters)]
        lines.append(f"    if not ({' and '.join(tests)}):")
        lines.append(f"        return generic({listed})")
    source.write_steps()
    source.copy_constants = True
    lines += [*source.lines, f"    return {source.literal(program.outputs)}"]
    source.text = "\n".join(lines) + "\n"
    return source


def write_step(program: Program, names: dict[Value, str]) -> Source:
    """Return the expression of the first step of a program, for given names of its inputs."""
    source = Source(program, fold=False, devices=True, names=names)
    source.text = source.expression(program.steps[0], None)
    return source


@dataclass(slots=True)
class Source:
    """The text of a function, the values of its global names, and the state while it is written."""

    program: Program
    fold: bool
    devices: bool
    text: str = ""
    functions: dict[str, Operation] = field(default_factory=dict)
    constants: dict[Value, str] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    """Objects without a literal: dtypes, infinities, the user's objects."""
    copy_constants: bool = False
    """Whether constants are written as copies, which the caller may modify."""
    lines: list[str] = field(default_factory=list)
    names: dict[Value, str] = field(default_factory=dict)
    function_names: dict[Operation, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    count: int = 0

    def write_steps(self) -> None:
        """Write the steps that depend on inputs, or all if constants are not folded."""
        steps = [step for step in self.program.steps if not (self.fold and step.result.constant)]
        names = self.names
        last: dict[Value, int] = {}
        reused: set[Value] = set()  # must have a variable
        for i, step in enumerate(steps):
            for value in step.operands:
                if value in last:
                    reused.add(value)
                last[value] = i
        for leaf in leaves(self.program.outputs):
            if type(leaf) is Value:
                last[leaf] = len(steps)
                reused.add(leaf)
        local: set[Value] = set()
        nested: Step | None = None  # written inside the next step, the only one that uses it
        released: list[Value] = []
        for i, (step, after) in enumerate(zip_longest(steps, steps[1:])):
            result = step.result
            text = self.expression(step, nested)
            for value in step.operands:
                if last[value] == i and value in local:
                    released.append(value)  # noqa: PERF401 : a comprehension is slower here
            if (
                after is not None
                and result not in reused
                # It can be nested if it is itself an argument, and only once.
                and result in after.operands
                and after.args.count(result) == 1
                and len(text) < _LONGEST
                and (not released or _nbytes(result) <= _SMALL)
            ):
                names[result] = text
                nested = step
                continue
            nested = None
            names[result] = self.assignment(text, released)
            local.add(result)
            released = []

    def assignment(self, text: str, released: list[Value]) -> str:
        """Assign to the variable of an operand that is not used again, or to another unused one."""
        if released:
            target = self.names[released[0]]
        elif self.unused:
            target = self.unused.pop()
        else:
            target = f"y{self.count}"
            self.count += 1
        self.lines.append(f"    {target} = {text}")
        for value in released[1:]:
            name = self.names[value]
            self.unused.append(name)
            if _nbytes(value) > _SMALL:
                self.lines.append(f"    del {name}")
        return target

    def expression(self, step: Step, nested: Step | None) -> str:
        """Return the call or the operator expression of one step."""
        op, args = step.op, step.args
        if op.infix is not None:
            one, two = args
            if nested is None and one.__class__ is two.__class__ is Value:
                first, second = self.names.get(one), self.names.get(two)
                if first is not None and second is not None:
                    return first + op.infix + second
            return self.operand(one, nested) + op.infix + self.operand(two, nested)
        if op.symbol is not None and not step.kwargs:
            if op.name in ("getitem", "item"):
                return f"{self.operand(args[0], nested)}[{self.index(args[1])}]"
            return op.symbol.format(self.operand(args[0], nested))
        parts = [self.literal(arg) for arg in args]
        for name, arg in (step.kwargs or {}).items():
            if self.devices or name != "device":
                parts.append(self.keyword(name, self.literal(arg)))
        return f"{self.function(op)}({', '.join(parts)})"

    def operand(self, value: Any, nested: Step | None) -> str:
        """Return an argument as part of an operator expression."""
        name = self.names.get(value) if value.__class__ is Value else None
        text = self.literal(value) if name is None else name
        inside = nested is not None and value is nested.result and nested.op.symbol is not None
        return f"({text})" if inside or text[0] == "-" else text

    def keyword(self, name: str, text: str) -> str:
        """Return a keyword argument; one that is no valid identifier is passed in a dict."""
        valid = name.isidentifier() and not iskeyword(name)
        return f"{name}={text}" if valid else f"**{{{name!r}: {text}}}"

    def index(self, key: Any) -> str:
        """Return what is between the brackets of ``x[key]``."""
        if type(key) is tuple and key:
            inner = ", ".join([self.index(part) for part in key])
            return inner if len(key) > 1 else f"{inner},"
        if type(key) is slice:
            start, stop = [
                "" if end is None else self.literal(end) for end in (key.start, key.stop)
            ]
            return f"{start}:{stop}" + ("" if key.step is None else f":{self.literal(key.step)}")
        return self.literal(key)

    def literal(self, value: Any) -> str:
        """Return an expression for an argument or for what the function returns."""
        kind = type(value)
        if kind is Value:
            name = self.names.get(value)
            if name is None:
                name = self.names[value] = self.constants[value] = f"c{len(self.constants)}"
            copied = self.copy_constants and value in self.constants
            return f"{self.function(COPY)}({name})" if copied else name
        if kind in (int, bool, str) or value is None:
            return repr(value)
        if value is Ellipsis:
            return "..."
        if kind is float:
            if math.isfinite(value):
                return repr(value)
            return self.object(value, str(value).replace("-", "minus_"))
        if kind is tuple:
            inner = ", ".join([self.literal(item) for item in value])
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if kind is list:
            return f"[{', '.join([self.literal(item) for item in value])}]"
        if kind is dict:
            items = [f"{self.literal(key)}: {self.literal(item)}" for key, item in value.items()]
            return f"{{{', '.join(items)}}}"
        if kind is slice:
            ends = (value.start, value.stop, value.step)
            return f"slice({', '.join([self.literal(end) for end in ends])})"
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            fields = ", ".join([self.literal(item) for item in value])
            return f"{self.object(kind, kind.__name__)}({fields})"
        if isinstance(value, tuple | list | dict):  # a subclass
            base: Any = dict if isinstance(value, dict) else list
            build = self.object(partial(replace_items, value), kind.__name__)
            return f"{build}({self.literal(base(value))})"
        return self.object(value, str(value) if isinstance(value, np.dtype) else "object")

    def object(self, value: Any, stem: str) -> str:
        """Return the name of an object that has no literal."""
        for name, known in self.objects.items():
            if known is value:
                return name
        name = self.unused_name(stem if stem.isidentifier() else "object")
        self.objects[name] = value
        return name

    def function(self, op: Operation) -> str:
        """Return the name of the function that an operation calls."""
        name = self.function_names.get(op)
        if name is None:
            stem = op.name.replace(".", "_")
            usable = stem.isidentifier() and not isinstance(op, External)
            name = self.unused_name(stem if usable else f"function{len(self.functions)}")
            self.function_names[op] = name
            self.functions[name] = op
        return name

    def unused_name(self, stem: str) -> str:
        """Return a global name that is not in use yet."""
        name = f"{stem}_" if _RESERVED.fullmatch(stem) or iskeyword(stem) else stem
        while name in self.objects or name in self.functions:
            name = f"{stem}_{len(self.objects) + len(self.functions)}"
        return name


def _nbytes(value: Value) -> int:
    spec = value.spec
    if spec.__class__ is tuple:
        return sum([one.nbytes for one in spec])
    return spec.nbytes  # type: ignore[no-any-return]
