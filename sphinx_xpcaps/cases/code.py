"""Write a case as code, which readers can run with the array library of their choice."""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
import math
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

import array_api_compat.numpy
import numpy as np
from numpy.typing import NDArray

from sphinx_xpcaps.cases.model import (
    Case,
    CaseCode,
    DottedName,
    LeafPath,
    Plan,
    Step,
    StepMethod,
    StepResult,
)
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.payload import stored_steps
from sphinx_xpcaps.cases.resolve import resolve
from sphinx_xpcaps.cases.trees import is_number, is_numeric_array

_LARGEST_ARRAY = 40
"""The values of larger arrays are computed or replaced by random ones."""
_LONGEST_CODE = 1800
_NAMES_OF_CODE = frozenset({"np", "xp", "rng", "result"})
_COMMENT = "# Random values replace those that were measured, which are too many."


class _NotWritableError(Exception):
    """A value cannot be written as code."""


def code_of(case: Case, plan: Plan) -> CaseCode | None:
    """Return code that repeats a case, with arrays as in a plan; None if that cannot be written.

    Values of large arrays are not part of the code: it computes them, or replaces them by random
    ones, which a comment says.

    Parameters
    ----------
    case : Case
        The case.
    plan : Plan
        Which arguments become arrays of the library.
    """
    if plan.on_host:
        return None
    try:
        code = _Writer(case, plan).write(stored_steps(case.payload))
    except Exception:  # whatever copies, attributes and `repr` of objects raise
        return None
    return code if len(code.setup) + len(code.expression) <= _LONGEST_CODE else None


class _Writer:
    """Writes the steps of one case."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self.case = case
        self.plan = plan
        self.imports: set[str] = set()
        self.lines: list[str] = []
        self.arrays: list[str] = []
        self.floats: list[str] = []
        self.variants = [variant.dtypes for variant in case.variants]
        self.names: dict[int, str] = {}
        """The names of the results of steps."""
        self.used: set[str] = set(_NAMES_OF_CODE)

    def write(self, steps: Sequence[Step]) -> CaseCode:
        """Return the code of all steps."""
        for index, step in enumerate(steps):
            last = index == len(steps) - 1
            call = self.call(step, index, last=last)
            if not last:
                self.names[step.number] = self.new_name("value")
                self.lines.append(f"{self.names[step.number]} = {call}")
        imports = [f"import {module}" for module in sorted(self.imports)]
        parts = ["\n".join(part) for part in (imports, self.lines) if part]
        return CaseCode(
            setup="\n\n".join(parts),
            expression=call,
            arrays=tuple(self.arrays),
            floats=tuple(self.floats),
        )

    def call(self, step: Step, index: int, *, last: bool) -> str:
        """Return the expression of a step."""
        callee, named = self.callee(step), _names_of_arguments(step)
        args = [
            self.expression(value, (index, n), name)
            for (n, value), name in zip(enumerate(step.args), named, strict=False)
        ]
        given = {name: self.expression(x, (index, name), name) for name, x in step.kwargs.items()}
        if last and self.plan.pass_namespace:
            given["xp"] = "xp"
        return f"{callee}({', '.join([*args, *(f'{k}={v}' for k, v in given.items())])})"

    def callee(self, step: Step) -> str:
        callee = step.callee
        if isinstance(callee, StepMethod):
            return f"{self.result(callee.of)}.{callee.name}"
        if not isinstance(callee, DottedName):
            return self.reference(callee)
        parts = callee.name.split(".")
        modules = (".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
        self.add_import(next(module for module in modules if module in sys.modules))
        return callee.name

    def add_import(self, module: str) -> None:
        self.imports.add(module)
        self.used.add(module.partition(".")[0])

    def result(self, of: StepResult) -> str:
        if of.step not in self.names:
            raise _NotWritableError
        return self.names[of.step]

    def new_name(self, wanted: str) -> str:
        """Return a name that is not used, similar to a wanted one."""
        name = wanted if wanted.isidentifier() and not keyword.iskeyword(wanted) else "x"
        name = name if not hasattr(builtins, name) else f"{name}_"
        found = next(each for each in _numbered(name) if each not in self.used)
        self.used.add(found)
        return found

    def expression(self, value: Any, path: LeafPath, name: str) -> str:
        """Return an expression for an argument, after statements that create its arrays."""
        if path in self.plan.paths:
            found = self.array(np.asarray(value), name)
            if any(path in dtypes and dtypes[path].kind == "f" for dtypes in self.variants):
                self.floats.append(found)
            return found
        if type(value) in (list, tuple):
            items = [self.expression(x, (*path, i), name) for i, x in enumerate(value)]
            if isinstance(value, list):
                return f"[{', '.join(items)}]"
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if type(value) is dict:
            pairs = [f"{k!r}: {self.expression(x, (*path, k), name)}" for k, x in value.items()]
            return f"{{{', '.join(pairs)}}}"
        return self.leaf(value, name)

    def leaf(self, value: Any, name: str) -> str:
        if isinstance(value, StepResult):
            return self.result(value)
        if is_numeric_array(value):
            return self.host_array(value)
        if is_number(value):
            return _number(value.item() if isinstance(value, np.generic) else value)
        if value is None or value is Ellipsis or type(value) in (str, bytes, range):
            return "..." if value is Ellipsis else repr(value)
        if type(value) is slice:
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(self.leaf(part, name) for part in parts)})"
        if isinstance(value, np.dtype) and value.kind in "biufc":
            return f"xp.{value.name}"
        if isinstance(value, np.random.Generator):
            return "np.random.default_rng()"
        if isinstance(value, types.FunctionType) and value.__name__ == "<lambda>":
            return self.function(value)
        return self.reference(value)

    def reference(self, value: Any) -> str:
        """Return the name of a module, a class or a function, which is imported."""
        if inspect.ismodule(value):
            if value in (np, array_api_compat.numpy):
                return "xp"
            self.add_import(value.__name__)
            return str(value.__name__)
        if inspect.isclass(value) and issubclass(value, np.generic):
            return f"xp.{np.dtype(value).name}"
        name = getattr(value, "__name__", None)
        if isinstance(name, str) and getattr(np, name, None) is value:
            return f"xp.{name}"
        module, name = _qualified_name(value)
        public = _public_module(module, name, value)
        self.add_import(public)
        return f"{public}.{name}"

    def function(self, value: types.FunctionType) -> str:
        """Return the source of a function in the text of the call, if it needs no other names."""
        wanted = value.__code__.co_varnames[: value.__code__.co_argcount]
        for node in ast.walk(ast.parse(self.case.text)):
            if isinstance(node, ast.Lambda) and tuple(a.arg for a in node.args.args) == wanted:
                names = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)}
                if all(n in (*wanted, "np", "xp") or hasattr(builtins, n) for n in names):
                    return f"({_with_namespace(node)})"
        raise _NotWritableError

    def array(self, value: NDArray[Any], name: str) -> str:
        """Return the name of an array of the library, after the statement that creates it."""
        if value.dtype.kind not in "biufc":
            raise _NotWritableError
        data = self.host_array(value)
        found = self.new_name(name)
        self.lines.append(f"{found} = xp.asarray({data})")
        self.arrays.append(found)
        return found

    def host_array(self, value: NDArray[Any]) -> str:
        """Return an expression for a NumPy array."""
        dtype = value.dtype.newbyteorder("=")
        suffix = "" if dtype in (np.int64, np.float64, np.complex128, np.bool_) else f', "{dtype}"'
        if value.size == 0:
            return f'np.zeros({value.shape}, "{dtype}")'
        if value.size <= _LARGEST_ARRAY:
            return f"np.asarray({_values(value.tolist())}{suffix})"
        first, last = value.flat[0].item(), value.flat[-1].item()
        if np.all(value == value.flat[0]):
            return f"np.full({value.shape}, {_number(first)}{suffix})"
        if dtype.kind in "iu" and np.array_equal(value.ravel(), first + np.arange(value.size)):
            return _shaped(f"np.arange({first}, {last + 1}{suffix})", value)
        with np.errstate(all="ignore"):
            if dtype.kind == "f" and np.array_equal(
                value.ravel(), np.linspace(first, last, value.size, dtype=dtype)
            ):
                rest = suffix.replace(', "', ', dtype="')
                return _shaped(f"np.linspace({first!r}, {last!r}, {value.size}{rest})", value)
        return self.random(value, dtype)

    def random(self, value: NDArray[Any], dtype: np.dtype[Any]) -> str:
        """Return an expression for random values of the same shape, dtype and range."""
        if not any(line.startswith("rng = ") for line in self.lines):
            self.lines += [_COMMENT, "rng = np.random.default_rng(0)"]
        if dtype.kind == "b":
            return f"rng.random({value.shape}) < 0.5"
        cast = "" if dtype in (np.float64, np.complex128) else f'.astype("{dtype}")'
        if dtype.kind in "iu":
            return f"rng.integers({value.min()}, {value.max()}, {value.shape}, endpoint=True){cast}"
        parts = (value.real, value.imag) if dtype.kind == "c" else (value,)
        drawn = [f"rng.uniform({_range(part)}, {value.shape})" for part in parts]
        return f"({drawn[0]} + 1j * {drawn[1]}){cast}" if len(drawn) == 2 else f"{drawn[0]}{cast}"


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def _names_of_arguments(step: Step) -> Iterator[str]:
    """Yield the name of each positional argument: that of the parameter, or ``x``."""
    callee = step.callee
    if isinstance(callee, DottedName):
        callee = resolve(callee.name)[1]
    known = [] if isinstance(callee, StepMethod) else parameters(callee)
    names = [parameter.name for parameter in known if parameter.name.isidentifier()]
    for n in range(len(step.args)):
        yield names[n] if n < len(names) and len(names[n]) < 30 else "x"


def _qualified_name(value: Any) -> tuple[str, str]:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, np.ufunc):
        return _module_of_ufunc(value), value.__name__
    if not isinstance(module, str) or not isinstance(name, str):
        raise _NotWritableError
    return module, name


def _module_of_ufunc(function: np.ufunc) -> str:
    """Return a module that has a ufunc, which does not know its module."""
    name = function.__name__
    homes = [home for home, module in sys.modules.items() if vars(module).get(name) is function]
    if not homes:
        raise _NotWritableError
    return min(homes, key=lambda home: (_is_private(home), home.count("."), home))


def _public_module(module: str, name: str, value: Any) -> str:
    """Return the module to import an object from: the shortest public one that has it."""
    first, *rest = name.split(".")
    parents = module.split(".")
    candidates = [".".join(parents[:n]) for n in range(len(parents), 0, -1)]
    for candidate in sorted(candidates, key=lambda each: (_is_private(each), -len(each))):
        found = getattr(sys.modules.get(candidate), first, None)
        for part in rest:
            found = getattr(found, part, None)
        if found is value:
            return candidate
    raise _NotWritableError


def _is_private(module: str) -> bool:
    return any(part.startswith("_") for part in module.split("."))


def _with_namespace(node: ast.Lambda) -> str:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id == "np":
            each.id = "xp"
    return ast.unparse(node)


def _shaped(expression: str, value: NDArray[Any]) -> str:
    return expression if value.ndim == 1 else f"{expression}.reshape({value.shape})"


def _range(values: NDArray[Any]) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "0.0, 1.0"
    return f"{float(finite.min()):.3g}, {float(finite.max()):.3g}"


def _values(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_values, values))}]"
    return _number(values)


def _number(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{'-' if value < 0 else ''}np.{'nan' if math.isnan(value) else 'inf'}"
    if type(value) not in (bool, int, float, complex):
        raise _NotWritableError
    text = repr(value)
    if isinstance(value, complex) and ("nan" in text or "inf" in text):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return text
