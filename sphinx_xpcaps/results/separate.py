"""Find the property that separates environments with different results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from packaging.version import InvalidVersion, Version

from core.backends import backends
from sphinx_xpcaps.results.model import Environment


def separator(
    inside: Sequence[Environment],
    outside: Sequence[Environment],
    *,
    backend: str,
    package: str,
) -> str | None:
    """Return the property that all of `inside` and none of `outside` has, or None.

    Properties are tried in the order of likely causes: the version of the backend, of the measured
    `package` and of other packages, the accelerator, the platform, Python, environment variables.

    Examples
    --------
    >>> from dataclasses import replace
    >>> new = Environment(python="3.11", platform="linux-x86_64", processor="", accelerator=None,
    ...                   date="2026-11-22", packages={"torch": "2.6.0"})
    >>> old = replace(new, packages={"torch": "2.5.1"})
    >>> separator([new], [old], backend="torch", package="scipy")
    'torch ≥ 2.6'
    """
    return next(_separators(inside, outside, backend, package), None)


def _separators(
    inside: Sequence[Environment], outside: Sequence[Environment], backend: str, package: str
) -> Iterator[str]:
    for name in _packages([*inside, *outside], backend, package):
        yield from _threshold(name, inside, outside, partial(_version, name))
    yield from _values(inside, outside, lambda one: one.accelerator, "on {}", "no accelerator")
    yield from _values(inside, outside, lambda one: one.platform, "on {}", "")
    yield from _threshold("Python", inside, outside, lambda one: one.python)
    for name in sorted({name for one in [*inside, *outside] for name in one.variables}):
        yield from _values(
            inside,
            outside,
            partial(_variable, name),
            name + "={}",
            f"without {name}",
        )


def _version(package: str, environment: Environment) -> str:
    return environment.packages[package]


def _variable(name: str, environment: Environment) -> str | None:
    return environment.variables.get(name)


def _packages(environments: Sequence[Environment], backend: str, package: str) -> list[str]:
    """Return the packages that all environments have and that may affect `backend`."""
    known = backends()
    first = [backend, *(known[backend].distributions if backend in known else ()), package]
    elsewhere = {
        name
        for other in known.values()
        if other.name != backend and not other.is_reference
        for name in (other.name, other.module, *other.distributions)
    }
    common = set.intersection(*(set(one.packages) for one in environments))
    rest = sorted(common - elsewhere - set(first))
    return [name for name in dict.fromkeys(first) if name in common] + rest


def _threshold(
    name: str,
    inside: Sequence[Environment],
    outside: Sequence[Environment],
    version_of: Callable[[Environment], str],
) -> Iterator[str]:
    try:
        holds = [Version(version_of(one)) for one in inside]
        fails = [Version(version_of(one)) for one in outside]
    except InvalidVersion:
        return
    if min(holds) > max(fails):
        yield f"{name} ≥ {_short(min(holds), above=max(fails))}"
    elif max(holds) < min(fails):
        yield f"{name} < {_short(min(fails), above=max(holds))}"


def _short(version: Version, *, above: Version) -> str:
    """Return ``major.minor`` of `version` if that is still greater than `above`."""
    short = f"{version.major}.{version.minor}"
    return short if Version(short) > above else version.public


def _values(
    inside: Iterable[Environment],
    outside: Iterable[Environment],
    value_of: Callable[[Environment], str | None],
    template: str,
    without: str,
) -> Iterator[str]:
    holds = {value_of(one) for one in inside}
    fails = {value_of(one) for one in outside}
    if holds.isdisjoint(fails) and (len(holds) == 1 or None not in holds):
        named = " or ".join(sorted(value for value in holds if value is not None))
        yield template.format(named) if named else without
