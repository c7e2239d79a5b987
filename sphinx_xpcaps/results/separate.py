"""Find the property that separates environments with different results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from packaging.version import InvalidVersion, Version

from core.backends import backends
from sphinx_xpcaps.results.model import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator:
    """The property of environments with one result that those with other results do not have."""

    text: str
    """The property, such as ``"torch ≥ 2.6"``."""
    ended: str = ""
    """For a lowest version: until when the other results held, such as ``"until torch 2.5"``."""


def separator(
    inside: Sequence[Environment],
    outside: Sequence[Environment],
    *,
    backend: str,
    package: str,
) -> Separator | None:
    """Return the property that all of `inside` and none of `outside` has, or None.

    Properties are tried in the order of likely causes: the version of the backend, of the measured
    `package` and of other packages, the accelerator, the platform, Python, environment variables.

    Examples
    --------
    >>> from dataclasses import replace
    >>> new = Environment(python="3.11", platform="linux-x86_64", processor="", accelerator=None,
    ...                   date="2026-11-22", packages={"torch": "2.6.0"})
    >>> old = replace(new, packages={"torch": "2.5.1"})
    >>> separator([new], [old], backend="torch", package="pkg")
    Separator(text='torch ≥ 2.6', ended='until torch 2.5.1')
    """
    return next(_separators(inside, outside, backend, package), None)


def library_name(package: str) -> str:
    """Return how a package is named with its version: "JAX" for jax, but "torch" for PyTorch.

    The title of a library is used if it is the package's name in other letter case, so that a
    reader can install what is named.
    """
    known = backends().get(package)
    return known.title if known and known.title.lower() == package else package


def _separators(
    inside: Sequence[Environment], outside: Sequence[Environment], backend: str, package: str
) -> Iterator[Separator]:
    for name in relevant_packages([*inside, *outside], backend, package):
        yield from _threshold(library_name(name), inside, outside, partial(_version, name))
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


def relevant_packages(environments: Sequence[Environment], backend: str, package: str) -> list[str]:
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
) -> Iterator[Separator]:
    try:
        holds = [Version(version_of(one)) for one in inside]
        fails = [Version(version_of(one)) for one in outside]
    except InvalidVersion:
        return
    if min(holds) > max(fails):
        first, last = _between(max(fails), min(holds))
        yield Separator(text=f"{name} ≥ {last}", ended=f"until {name} {first}")
    elif max(holds) < min(fails):
        first, _ = _between(max(holds), min(fails))
        yield Separator(text=f"until {name} {first}")


def _between(low: Version, high: Version) -> tuple[str, str]:
    """Return two versions without their third number, unless they differ only there."""
    if low.release[:2] == high.release[:2]:
        return low.public, high.public
    return short_version(low), short_version(high)


def short_version(version: Version) -> str:
    """Return the first two numbers of a version: ``2.6`` for ``2.6.0+cpu``."""
    return f"{version.major}.{version.minor}"


def _values(
    inside: Iterable[Environment],
    outside: Iterable[Environment],
    value_of: Callable[[Environment], str | None],
    template: str,
    without: str,
) -> Iterator[Separator]:
    holds = {value_of(one) for one in inside}
    fails = {value_of(one) for one in outside}
    if holds.isdisjoint(fails) and (len(holds) == 1 or None not in holds):
        named = " or ".join(sorted(value for value in holds if value is not None))
        yield Separator(text=template.format(named) if named else without)
