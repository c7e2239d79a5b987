"""Find texts that examples pass to parameters: other functions of a module may need them too.

A function whose parameter ``wavelet`` has no example can be called with the name that the examples
of other functions pass to their parameter ``wavelet``.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from sphinx_xpcaps.cases.example_code import prompts
from sphinx_xpcaps.cases.parameters import Parameter, parameters


def with_sibling_value(parameter: Parameter, name: str, target: Any) -> Parameter:
    """Return a parameter with a text that an example passes to a parameter of the same name.

    Parameters
    ----------
    parameter : Parameter
        A required parameter, which is returned as it is if it is an array or its values are listed.
    name : str
        Dotted name of the function.
    target : callable
        The function.
    """
    if parameter.is_array_like or "{" in parameter.type:
        return parameter
    for module in (name.rpartition(".")[0], getattr(target, "__module__", None) or ""):
        value = _values_in_examples(module).get(parameter.name)
        if value is not None:
            return Parameter(parameter.name, f"{{'{value}'}}", True, parameter.meaning)
    return parameter


@functools.cache
def _values_in_examples(module: str) -> Mapping[str, str]:
    """Return the first text that examples of a module's functions pass to each parameter."""
    members = dict(vars(sys.modules[module])) if module in sys.modules else {}
    functions = {name: x for name, x in members.items() if inspect.isroutine(x)}
    found: dict[str, str] = {}
    for function in functions.values():
        for source in prompts(inspect.getdoc(function) or ""):
            with suppress(SyntaxError, ValueError):
                for node in ast.walk(ast.parse(source)):
                    if isinstance(node, ast.Call):
                        for name, value in _texts(node, functions):
                            found.setdefault(name, value)
    return found


def _texts(call: ast.Call, functions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each parameter to which a call passes a short text, with the text."""
    match call.func:
        case ast.Name(id=callee) | ast.Attribute(attr=callee) if callee in functions:
            pass
        case _:
            return
    names = [parameter.name for parameter in parameters(functions[callee])]
    given = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    for name, node in given:
        value = node.value if isinstance(node, ast.Constant) else None
        if name and isinstance(value, str) and value.isprintable() and not set("'{}") & set(value):
            yield name, value
