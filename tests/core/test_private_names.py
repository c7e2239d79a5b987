"""Private names of other projects are used in the folders for them only."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "docs/private_interfaces.md"

PUBLIC = {"os._exit", "_fields", "_make", "_replace", "_asdict"}
"""Documented names with an underscore, the last four of named tuples."""


def test_private_names_are_used_only_in_the_private_folders() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in source_files()
        for line, name in private_names(ast.parse(file.read_text("utf-8")))
    ]
    assert found == [], (
        "private interfaces of other projects belong in core/_private/ or sphinx_xpcaps/_private/, "
        f"and in {PAGE}"
    )


def test_packages_use_only_public_attributes_of_other_packages() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]
        for file in source_files()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if _is_private(name := _attribute(node)[1])
        and name not in PUBLIC | _attributes_of(file.relative_to(ROOT).parts[:2])
        and ast.unparse(node) not in PUBLIC
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import jax._src.core", ["jax._src.core"]),
        ("from _pytest.mark import ParameterSet", ["_pytest.mark.ParameterSet"]),
        ("from sys import _getframe", ["sys._getframe"]),
        ("import sys as s\ns._getframe(1)", ["sys._getframe"]),
        ("import torch\ntorch._dynamo.reset()", ["torch._dynamo"]),
        ("import torch.nn\ntorch._dynamo.reset()", ["torch._dynamo"]),
        ("from torch import nn\nnn.Module._apply", ["torch.nn.Module._apply"]),
        ("import dask\ngetattr(dask.config, '_get')", ["dask.config._get"]),
        ("def f(x):\n    return x._meta", ["x._meta"]),
        ("def f(x):\n    return getattr(x, '_meta', None)", ["x._meta"]),
        ("f._dynamo_marked_constant = True", ["f._dynamo_marked_constant"]),
        ("from core import lazy\nlazy._tape", []),
        ("class A:\n    _x = 1\n    def f(self, other):\n        return other._x", []),
        ("import os\nos._exit(1)", []),
        ("def f(x):\n    return x._fields", []),
        ("import sys\nsys.__stdout__", []),
    ],
)
def test_private_names_are_found(source: str, names: list[str]) -> None:
    assert [name for _, name in private_names(ast.parse(source))] == names


def source_files() -> list[Path]:
    """Return the files of both packages outside of the folders for private interfaces."""
    return [
        file
        for package in ("core", "sphinx_xpcaps")
        for file in sorted((ROOT / package).rglob("*.py"))
        if "_private" not in file.relative_to(ROOT).parts
    ]


def private_names(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of private names that are not defined in this project.

    A private attribute of any other object than a module is foreign if no file of this project
    defines an attribute of that name.
    """
    imported: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                imported[alias.asname or name] = name
                if _is_foreign(alias.name) and _is_private(alias.name):
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                imported[alias.asname or alias.name] = name
                if _is_foreign(name) and _is_private(name):
                    yield node.lineno, name
    own = _attributes_of() | _defined_attributes(module)
    for node in ast.walk(module):
        owner, attribute = _attribute(node)
        if owner is None or not _is_private(attribute) or attribute in PUBLIC:
            continue
        root, _, rest = ast.unparse(owner).partition(".")
        name = ".".join(filter(None, (imported.get(root, root), rest, attribute)))
        foreign = _is_foreign(name) if root in imported else attribute not in own
        if foreign and name not in PUBLIC:
            yield node.lineno, name  # type: ignore[attr-defined]


def _attribute(node: ast.AST) -> tuple[ast.expr | None, str]:
    """Return the object and the name of an access to an attribute."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "hasattr", "setattr", "delattr")
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    ):
        return node.args[0], str(node.args[1].value)
    return None, ""


def _is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def _is_foreign(name: str) -> bool:
    return name.partition(".")[0] not in ("core", "sphinx_xpcaps", "__future__")


@functools.cache
def _attributes_of(package: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the attributes that classes of a package define, by default of both packages."""
    return frozenset(
        name
        for file in source_files()
        if file.relative_to(ROOT).parts[: len(package)] == package
        for name in _defined_attributes(ast.parse(file.read_text("utf-8")))
    )


def _defined_attributes(module: ast.Module) -> frozenset[str]:
    """Return the attributes that classes in a module define: in their body or through `self`."""
    found = set[str]()
    for cls in ast.walk(module):
        if not isinstance(cls, ast.ClassDef):
            continue
        for node in ast.walk(cls):
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)  # `__slots__`
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name)
                and node.value.id == "self"
            ):
                found.add(node.attr)
    return frozenset(found)
