"""Read a table of declarations; runs in a worker, since it imports the library."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.backends import backends, get_backend
from core.testing import Capabilities, Table
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.declared.locate import locate
from sphinx_xpcaps.declared.model import Declaration


def read_all(
    on_result: Callable[[Declaration], None], *, module: str, attribute: str, names: tuple[str, ...]
) -> dict[str, str] | str:
    """Send the declaration of each target that can be found.

    Parameters
    ----------
    on_result : callable
        Called with each declaration.
    module, attribute : str
        Location of the table, a mapping from functions to keywords or `Capabilities`.
    names : tuple of str
        Targets.

    Returns
    -------
    dict or str
        The name of each backend in the table, or a message if the table cannot be read.
    """
    try:
        given: Any = importlib.import_module(module)
        for part in attribute.split("."):
            given = getattr(given, part)
    except (ImportError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    if not isinstance(given, Mapping):
        return f"expected a mapping from functions to capabilities, got {type(given).__name__}"
    targets = {}
    for name in names:  # importing targets may add declarations
        try:
            targets[name] = resolve(name)
        except TargetError:
            continue
    try:
        table = given if isinstance(given, Table) else Table(given)
    except (TypeError, ValueError) as error:
        return str(error)
    for name, (owner, target) in targets.items():
        declared = _look_up(table, owner, target, name.rpartition(".")[2])
        if declared is None and inspect.isclass(owner) and owner in table:
            continue  # the declaration of a class applies to its methods only if it names them
        location = locate(target, given, name.partition(".")[0]) if declared is not None else None
        on_result(Declaration(target=name, capabilities=declared, location=location))
    return _backend_names(given)


def _look_up(table: Table, owner: Any, target: Any, attribute: str) -> Capabilities | None:
    key = (owner, attribute) if inspect.isclass(owner) else target
    try:
        return table[key]
    except KeyError:
        return None


def _backend_names(given: Mapping[Any, Any]) -> dict[str, str]:
    """Return the name of each backend in the table, by default that of its namespace."""
    if isinstance(given, Table):
        return {}
    seen: dict[str, str] = {}
    for keywords in given.values():
        for name in _named(keywords):
            seen.setdefault(get_backend(name).name, name)
    namespaces = {n: next(iter(b.aliases), b.module) for n, b in backends().items()}
    return namespaces | seen


def _named(keywords: Capabilities | Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of backends in a declaration made of keywords."""
    if isinstance(keywords, Capabilities):
        return
    yield from keywords.get("exceptions") or ()
    for argument in ("skip_backends", "xfail_backends", "warnings"):
        for limit in keywords.get(argument) or ():
            name = limit if isinstance(limit, str) else limit[0]
            if name.replace(".", "").replace("_", "").replace("-", "").isalnum():
                yield name  # without a version range
