"""A program written as the source of one Python function.

Results live in local variables ``y0``, ``y1``...; a result takes over the variable of an operand
that it is the last to use, so what is no longer needed is freed as soon as possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from keyword import iskeyword
from typing import Any

import numpy as np

from core.lazy.graph.tree import leaves, rebuild, replace_items
from core.lazy.operation import External, Operation, define
from core.lazy.program import Program, Ref, Step

# Below this many bytes an array may stay until its variable is used again, and an operation may
# be written inside the one that uses it: freeing earlier would gain nothing.
_SMALL = 1 << 16
_LONGEST = 80


@dataclass(slots=True)
class Source:
    """The text of a function, and what its global names stand for."""

    text: str
    functions: dict[str, Operation]
    """Names of operations that are no operators."""
    constants: dict[str, Ref]
    """Names of values that do not depend on the inputs."""
    objects: dict[str, Any]
    """Names of everything that has no literal: dtypes, infinities, the user's objects."""


@dataclass(slots=True)
class _Writer:
    program: Program
    fold: bool
    lines: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    functions: dict[str, Operation] = field(default_factory=dict)
    by_operation: dict[Operation, str] = field(default_factory=dict)
    constants: dict[str, Ref] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    count: int = 0

    def steps(self) -> None:
        """Write all steps that depend on inputs, or all where constants are not folded."""
        steps = [step for step in self.program.steps if not (self.fold and step.constant)]
        names, specs = self.names, self.program.specs
        last, uses = [0] * len(specs), [0] * len(specs)
        local = [False] * len(specs)
        for i, step in enumerate(steps):
            for ref in step.uses:
                last[ref] = i
                uses[ref] += 1
        for one in leaves(self.program.outputs):
            if type(one) is Ref:
                last[one] = len(steps)
                uses[one] = 2  # an output always has a variable of its own
        pending: Step | None = None  # written inside the next step, which is its only user
        dying: list[int] = []
        following = [*steps[1:], None]
        for i, (step, after) in enumerate(zip(steps, following, strict=False)):
            ref = step.result
            text = self.expression(step, pending)
            for one in step.uses:
                if last[one] == i and local[one]:
                    dying.append(one)  # noqa: PERF401 : a comprehension is slower for one
            if (
                after is not None
                and uses[ref] == 1
                # As one of the arguments itself, and just once, it can be written in its place.
                and after.args.count(ref) == 1
                and ref in after.uses
                and len(text) < _LONGEST
                and (not dying or _nbytes(specs[ref]) <= _SMALL)
            ):
                names[ref] = text
                pending = step
                continue
            pending = None
            names[ref] = self.statement(text, dying)
            local[ref] = True
            dying = []

    def statement(self, text: str, dying: list[int]) -> str:
        """Write an assignment, to the variable of a dying operand if there is one."""
        specs = self.program.specs
        variables = [self.names[ref] or "" for ref in dying]
        if variables:
            target = variables[0]
        elif self.free:
            target = self.free.pop()
        else:
            target = f"y{self.count}"
            self.count += 1
        self.lines.append(f"    {target} = {text}")
        for ref, name in zip(dying[1:], variables[1:], strict=True):
            self.free.append(name)
            if _nbytes(specs[ref]) > _SMALL:
                self.lines.append(f"    del {name}")
        return target

    def expression(self, step: Step, pending: Step | None) -> str:
        """Return the call or the operator expression of one step."""
        op, args = step.op, step.args
        if op.infix is not None:
            one, two = args
            if pending is None and one.__class__ is two.__class__ is Ref:
                names = self.names
                first, second = names[one], names[two]
                if first is not None and second is not None:
                    return first + op.infix + second
            return self.operand(one, pending) + op.infix + self.operand(two, pending)
        if op.symbol is not None and not step.kwargs:
            if op.name in ("getitem", "item"):
                return f"{self.operand(args[0], pending)}[{self.index(args[1], pending)}]"
            return op.symbol.format(self.operand(args[0], pending))
        parts = [self.text(one) for one in args]
        if step.kwargs:
            parts += [self.keyword(name, one) for name, one in step.kwargs.items()]
        return f"{self.function(op)}({', '.join(parts)})"

    def operand(self, value: Any, pending: Step | None) -> str:
        """Return an argument as part of an operator expression."""
        text = self.names[value] if value.__class__ is Ref else None
        if text is None:
            text = self.text(value)
            return f"({text})" if text[0] == "-" else text
        if pending is not None and value == pending.result and pending.op.symbol is not None:
            return f"({text})"
        return text

    def keyword(self, name: str, value: Any) -> str:
        """Return a keyword argument; a name that Python cannot write goes through a dict."""
        if name.isidentifier() and not iskeyword(name):
            return f"{name}={self.text(value)}"
        return f"**{{{name!r}: {self.text(value)}}}"

    def index(self, key: Any, pending: Step | None) -> str:
        """Return what stands between the brackets of ``x[key]``."""
        if type(key) is tuple and key:
            inner = ", ".join([self.index(one, pending) for one in key])
            return inner if len(key) > 1 else f"{inner},"
        if type(key) is slice:
            ends = ["" if one is None else self.text(one) for one in (key.start, key.stop)]
            step = "" if key.step is None else f":{self.text(key.step)}"
            return f"{ends[0]}:{ends[1]}{step}"
        return self.text(key)

    def text(self, value: Any) -> str:
        """Return an expression for an argument."""
        kind = type(value)
        if kind is _Copied:
            return f"{self.function(COPY)}({self.text(value.ref)})"
        if kind is Ref:
            found = self.names[value]
            return found if found is not None else self.constant(value)
        if kind in (int, bool, str) or value is None or value is Ellipsis:
            return repr(value) if value is not Ellipsis else "..."
        if kind is float and math.isfinite(value):
            return repr(value)
        if kind is tuple:
            inner = ", ".join([self.text(one) for one in value])
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if kind is list:
            return f"[{', '.join([self.text(one) for one in value])}]"
        if kind is dict:
            pairs = [f"{self.text(name)}: {self.text(one)}" for name, one in value.items()]
            return f"{{{', '.join(pairs)}}}"
        if kind is slice:
            ends = (value.start, value.stop, value.step)
            return f"slice({', '.join([self.text(one) for one in ends])})"
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            maker = self.object(kind, kind.__name__)
            return f"{maker}({', '.join([self.text(one) for one in value])})"
        if isinstance(value, tuple | list | dict):  # a class of its own
            base = dict if isinstance(value, dict) else list
            maker = self.object(partial(replace_items, value), kind.__name__)
            return f"{maker}({self.text(base(value))})"
        if kind is float:
            return self.object(
                value, "nan" if math.isnan(value) else "inf" if value > 0 else "minus_inf"
            )
        return self.object(value, str(value) if isinstance(value, np.dtype) else "object")

    def result(self, value: Any) -> Any:
        """Return what a call gives: of a constant a copy, which the caller may write to."""
        if type(value) is Ref and (self.names[value] is None or value in self.constants.values()):
            return _Copied(value)
        return value

    def constant(self, ref: Ref) -> str:
        """Return the name of a value that is there before the function is called."""
        name = f"c{len(self.constants)}"
        self.constants[name] = ref
        self.names[ref] = name
        return name

    def object(self, value: Any, stem: str) -> str:
        """Return the name of an object that has no literal."""
        stem = stem if stem.isidentifier() else "object"
        for name, known in self.objects.items():
            if known is value:
                return name
        name = f"{stem}_" if stem in ("bool", "object") else stem
        while name in self.objects or name in self.functions:
            name = f"{stem}_{len(self.objects)}"
        self.objects[name] = value
        return name

    def function(self, op: Operation) -> str:
        """Return the name of the function that an operation calls."""
        found = self.by_operation.get(op)
        if found is not None:
            return found
        stem = op.name.replace(".", "_")
        name = stem if stem.isidentifier() and not isinstance(op, External) else ""
        while not name or name in self.functions or name in self.objects:
            name = f"function{len(self.functions)}"
            if name in self.functions:
                name = f"function{len(self.functions)}_"
        self.functions[name] = op
        self.by_operation[op] = name
        return name


@dataclass(frozen=True, slots=True)
class _Copied:
    """A copy of a value."""

    ref: Ref


def _copier(xp: Any) -> Any:
    def copy(x: Any) -> Any:
        own = getattr(x, "copy", None) or getattr(x, "clone", None)
        return own() if own is not None else xp.asarray(x, copy=True)

    return copy


COPY = define(Operation("copy", "manipulation", _copier))


def _nbytes(spec: Any) -> int:
    if spec.__class__ is tuple:
        return sum([one.nbytes for one in spec])
    return spec.nbytes  # type: ignore[no-any-return]


def write(program: Program, fold: bool = True, nested: Any = None) -> Source:
    """Return a program as source.

    Parameters
    ----------
    program : Program
    fold : bool
        Leave out steps that do not depend on inputs; their results are constants.
    nested : str, optional
        How the parameters are written where they are not one per input.
    """
    writer = _Writer(program, fold, names=[None] * len(program.specs))
    parameters = []
    for place, ref in enumerate(program.inputs):
        parameters.append(f"x{place}")
        if writer.names[ref] is None:
            writer.names[ref] = f"x{place}"
    writer.steps()
    result = writer.text(rebuild(program.outputs, writer.result))
    head = f"def function({', '.join(parameters)}):"
    if nested is not None:
        pattern = f"[{', '.join(parameters)}]"
        writer.lines.insert(0, f"    {pattern} = arrays")
        head = "def function(arrays):"
    lines = [head, *writer.lines, f"    return {result}"]
    return Source("\n".join(lines) + "\n", writer.functions, writer.constants, writer.objects)
