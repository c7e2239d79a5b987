"""Find the object that a dotted name refers to."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.exceptions import describe_exception


class TargetError(Exception):
    """A dotted name does not refer to a callable; the message gives the reason."""


class TargetImportError(TargetError):
    """The module of a target cannot be imported."""


def resolve(name: str) -> tuple[Any, Any]:
    """Return the object called `name` and its owner, a module, class or instance.

    Raises
    ------
    TargetError
        A module cannot be imported, an attribute does not exist, or the object is neither callable
        nor a property.
    """
    owner, target = _lookup(name)
    if not callable(target) and not is_property(target):
        raise TargetError(f"{name} is not callable")
    return owner, target


def is_property(x: object) -> bool:
    """Return whether `x` is a property of a class, as the class has it."""
    return isinstance(x, (property, functools.cached_property))


def _lookup(name: str) -> tuple[Any, Any]:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise TargetError(f"{name!r} is not a dotted name")
    module, rest = _import_longest(parts)
    owner, target = None, module
    for depth, part in enumerate(rest):
        try:
            owner, target = target, getattr(target, part)
        except AttributeError:
            done = ".".join(parts[: len(parts) - len(rest) + depth])
            what = "module" if inspect.ismodule(target) else type(target).__name__
            raise TargetError(f"{what} {done!r} has no attribute {part!r}") from None
        except BaseException as error:  # of a lazy import, for example
            raise TargetImportError(describe_exception(error)) from error
    return owner, target


def _import_longest(parts: list[str]) -> tuple[Any, list[str]]:
    """Import the longest prefix that is a module; return the module and the remaining parts."""
    module = None
    for depth in range(1, len(parts) + 1):
        if module is not None:
            try:
                attribute = getattr(module, parts[depth - 1], None)
            except BaseException:  # `_lookup` raises it again with the reason
                return module, parts[depth - 1 :]
            if attribute is not None and not inspect.ismodule(attribute):
                return module, parts[depth - 1 :]
        name = ".".join(parts[:depth])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if module is not None and error.name == name:
                return module, parts[depth - 1 :]
            raise TargetImportError(describe_exception(error)) from error
        except BaseException as error:  # importing a module may raise anything
            raise TargetImportError(describe_exception(error)) from error
    return module, []


def describe(name: str) -> TargetInfo:
    """Return the description of the target `name`, which includes any error."""
    package = name.partition(".")[0]
    try:
        owner, target = resolve(name)
    except TargetError as error:
        return TargetInfo(
            name=name,
            kind="missing",
            package=package,
            error=str(error),
            error_type=TargetError.__name__,
            imported=not isinstance(error, TargetImportError),
        )
    texts = doctexts(owner, target)
    return TargetInfo(
        name=name, kind=kind_of(owner, target), package=package, text="\n".join(texts)
    )


def doctexts(owner: Any, target: Any) -> Iterator[str]:
    """Yield the docstrings whose examples may call `target`: its own, then that of its class."""
    own = inspect.getdoc(target)
    if own:
        yield own
    if inspect.isclass(owner):
        of_class = inspect.getdoc(owner)
        if of_class and of_class != own:
            yield of_class


def kind_of(owner: Any, target: Any) -> str:
    """Return the kind of a target as in records."""
    if isinstance(target, np.ufunc):
        return "ufunc"
    if inspect.isclass(target):
        return "class"
    if is_property(target):
        return "property"
    return "method" if inspect.isclass(owner) else "function"


def expand(name: str) -> tuple[str, ...]:
    """Return the targets of `name`: itself, or the public callables of a module.

    ``pkg.Class.*`` is a class and its public methods and properties, including inherited ones.

    Raises
    ------
    TargetError
        There is no object of that name.
    """
    of_class = name.endswith(".*")
    name = name.removesuffix(".*")
    _, found = _lookup(name)
    if of_class and inspect.isclass(found):
        return (name, *(f"{name}.{member}" for member in _members(found)))
    if not inspect.ismodule(found):
        return (name,)
    public = getattr(found, "__all__", None)
    if public is None:
        names = [
            n for n, x in vars(found).items() if not n.startswith("_") and _defined_in(x, name)
        ]
    else:
        names = list(public)
    return tuple(
        f"{name}.{n}" for n in sorted(set(map(str, names))) if _is_public_callable(found, n)
    )


def _members(cls: type) -> Iterator[str]:
    """Yield the names of public methods and properties that are written in Python, sorted."""
    for name in sorted(dir(cls)):
        static = inspect.getattr_static(cls, name)
        methods = (classmethod, staticmethod, functools.partialmethod)
        is_method = inspect.isfunction(static) or isinstance(static, methods)
        if not name.startswith("_") and (is_method or is_property(static)):
            yield name


def _defined_in(x: object, module: str) -> bool:
    """Return whether a module without ``__all__`` defines `x` or re-exports it as its own.

    These are the callables of its submodules and of private modules of the same package.
    """
    home = getattr(x, "__module__", None) or ""
    if isinstance(x, np.ufunc) or home == module or home.startswith(f"{module}."):
        return True
    package, *inside = home.split(".")
    return package == module.partition(".")[0] and any(part.startswith("_") for part in inside)


def _is_public_callable(module: object, name: str) -> bool:
    """Return whether a name is a callable, or cannot be looked up, which the user should know."""
    try:
        x = getattr(module, name, None)
    except BaseException:  # of a lazy import, for example
        return True
    if inspect.isclass(x) and issubclass(x, BaseException):
        return False
    return callable(x)


def expand_all(
    on_result: Callable[[tuple[str, ...] | str], None], *, names: tuple[str, ...]
) -> None:
    """Send the targets of each name, or an error message; runs in a worker."""
    for name in names:
        try:
            on_result(expand(name))
        except TargetError as error:
            on_result(str(error))


def describe_all(on_result: Callable[[TargetInfo], None], *, names: tuple[str, ...]) -> None:
    """Send the description of each target; runs in a worker."""
    for name in names:
        on_result(describe(name))
