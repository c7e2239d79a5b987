"""Reads a table of declarations; runs in a worker, as that imports what declares."""

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
    give: Callable[[Declaration], None], *, module: str, attribute: str, names: tuple[str, ...]
) -> dict[str, str] | str:
    """Give what is declared of each target that can be found.

    Parameters
    ----------
    give : callable
        Takes the declarations, one by one.
    module, attribute : str
        Where the table is: a mapping from functions to keywords or `Capabilities`.
    names : tuple of str
        Targets.

    Returns
    -------
    dict or str
        How the table calls each backend, or a line saying why it cannot be read.
    """
    try:
        given: Any = importlib.import_module(module)
        for part in attribute.split("."):
            given = getattr(given, part)
    except (ImportError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    if not isinstance(given, Mapping):
        return f"it is no mapping from functions to capabilities but a {type(given).__name__}"
    targets = {}
    for name in names:  # what is imported here may declare more
        try:
            targets[name] = resolve(name)
        except TargetError:
            continue
    try:
        table = given if isinstance(given, Table) else Table(given)
    except (TypeError, ValueError) as error:
        return str(error)
    for name, (holder, target) in targets.items():
        declared = _look_up(table, holder, target, name.rpartition(".")[2])
        if declared is None and inspect.isclass(holder) and holder in table:
            continue  # a class that declares speaks of its methods only where it names them
        place = locate(target, given, name.partition(".")[0]) if declared is not None else None
        give(Declaration(target=name, capabilities=declared, place=place))
    return _spelling(given)


def _look_up(table: Table, holder: Any, target: Any, attribute: str) -> Capabilities | None:
    key = (holder, attribute) if inspect.isclass(holder) else target
    try:
        return table[key]
    except KeyError:
        return None


def _spelling(given: Mapping[Any, Any]) -> dict[str, str]:
    """Return how the table calls each backend; by its namespace's name where it does not say."""
    if isinstance(given, Table):
        return {}
    seen: dict[str, str] = {}
    for keywords in given.values():
        for name in _named(keywords):
            seen.setdefault(get_backend(name).name, name)
    namespaces = {n: next(iter(b.aliases), b.module) for n, b in backends().items()}
    return namespaces | seen


def _named(keywords: Capabilities | Mapping[str, Any]) -> Iterator[str]:
    """Yield the backends that a declaration in words of its own names."""
    if isinstance(keywords, Capabilities):
        return
    yield from keywords.get("exceptions") or ()
    for argument in ("skip_backends", "xfail_backends", "warnings"):
        for limit in keywords.get(argument) or ():
            name = limit if isinstance(limit, str) else limit[0]
            if name.replace(".", "").replace("_", "").replace("-", "").isalnum():
                yield name  # with no versions behind it
