"""Find the decorator call that declares the capabilities of a function."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.testing import Capabilities
from sphinx_xpcaps.declared.model import DecoratorLocation

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def locate(target: Any, table: Any, package: str) -> DecoratorLocation | None:
    """Return the location of the decorator of `target`, or None if there is none.

    A decorator that refers to the table, by any name, is the one that declares: as a global
    variable, a default, in a closure or as an argument.

    Parameters
    ----------
    target : callable
        The function or class.
    table : mapping
        The table object that has the entry.
    package : str
        Top-level name.
    """
    wrapped = inspect.unwrap(target)
    module = sys.modules.get(getattr(wrapped, "__module__", None) or "")
    file = _source_file(wrapped, module)
    name = getattr(wrapped, "__qualname__", None) or getattr(wrapped, "__name__", None)
    if module is None or file is None or name is None:
        return None
    try:
        tree = _parsed(file)
    except (OSError, SyntaxError, ValueError):
        return None
    definition = _definition(tree, name)
    for node in definition.decorator_list if definition else ():
        if isinstance(node, ast.Call) and _declares(node, vars(module), table):
            return DecoratorLocation(
                file=str(file),
                package=str(_folder_of(package, file)),
                line=node.lineno,
                column=node.col_offset,
            )
    return None


def _source_file(target: Any, module: Any) -> Path | None:
    try:
        found = inspect.getsourcefile(target)
    except TypeError:  # an instance, such as a multimethod or a ufunc
        found = getattr(module, "__file__", None)
    return Path(found) if found and found.endswith(".py") else None


@functools.cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def _definition(tree: ast.Module, name: str) -> _Definition | None:
    """Return the last definition of a qualified name."""
    found: _Definition | None = None
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        named = [n for n in body if isinstance(n, _Definition) and n.name == part]
        if not named:
            return None
        found, body = named[-1], named[-1].body
    return found


def _declares(call: ast.Call, names: dict[str, Any], table: Any) -> bool:
    values = {keyword.arg: _value(keyword.value, names) for keyword in call.keywords}
    others = values.keys() - {field.name for field in fields(Capabilities)}
    if call.args or any(values[name] is not table for name in others):
        return False
    return bool(others) or _refers_to(_value(call.func, names), table)


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """Return the object that a dotted name refers to in a module, or None."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), node.attr, None)
    return None


def _refers_to(decorator: Any, table: Any) -> bool:
    if isinstance(decorator, functools.partial):
        values = [*decorator.args, *decorator.keywords.values()]
        return any(each is table for each in values) or _refers_to(decorator.func, table)
    cells = [cell.cell_contents for cell in getattr(decorator, "__closure__", None) or ()]
    known = [
        *getattr(decorator, "__globals__", {}).values(),
        *(getattr(decorator, "__kwdefaults__", None) or {}).values(),
        *(getattr(decorator, "__defaults__", None) or ()),
        *cells,
    ]
    return any(each is table for each in known)


def _folder_of(package: str, file: Path) -> Path:
    """Return the folder that contains the package, from the path of the file."""
    for folder in file.parents:
        if folder.name == package:
            return folder.parent
    return file.parent
