"""What is installed in an environment, from the requirements that a user names."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from core.backends import Backend, backends
from sphinx_xpcaps.measure.environment import distributions_by_package

_SEPARATORS = re.compile(r"[,\s]+(?=[A-Za-z])")
_OWN = "sphinx-xpcaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One environment of a matrix.

    Parameters
    ----------
    text : str
        The requirements as the user wrote them.
    requirements : tuple of str
        The requirements, one by one.
    """

    text: str
    requirements: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of the required distributions, in their canonical form."""
        return frozenset(canonicalize_name(Requirement(each).name) for each in self.requirements)

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends whose libraries are among the requirements."""
        return tuple(
            name for name, backend in backends().items() if self.names & _distributions(backend)
        )

    @property
    def slug(self) -> str:
        """The requirements as a part of a file name, such as ``"jax-0.4.34"``."""
        return re.sub(r"[^\w.]+", "-", self.text.replace(".*", "")).strip("-.")[:80]


def parse(text: str) -> Entry:
    """Return the environment with the requirements in `text`.

    Parameters
    ----------
    text : str
        Requirements as for pip, separated by spaces or commas.

    Raises
    ------
    ValueError
        It has no requirement, or an invalid one.

    Examples
    --------
    >>> parse("jax==0.4.34 numpy<2.1,>=2").requirements
    ('jax==0.4.34', 'numpy<2.1,>=2')
    """
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    for part in parts:
        try:
            Requirement(part)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"{part!r} is not a requirement: {reason}") from None
    if not parts:
        raise ValueError("there is no requirement")
    return Entry(text=" ".join(parts), requirements=tuple(parts))


def base(entry: Entry, packages: Iterable[str], measured: Sequence[str]) -> tuple[str, ...]:
    """Return what an environment has besides the requirements of its entry.

    That is this program, the measured packages, and the array libraries to measure, all as they are
    installed here. What the entry requires itself is left out.

    Parameters
    ----------
    entry : Entry
        The requirements.
    packages : iterable of str
        Top-level names of the measured packages.
    measured : sequence of str
        The backends to measure.

    Returns
    -------
    tuple of str
        Arguments for pip: requirements and paths of checkouts.
    """
    names = [_OWN]
    for package in packages:
        names += distributions_by_package().get(package, [])
    for name in measured:
        names += sorted(_distributions(backends()[name]))
    arguments: list[str] = []
    for name in dict.fromkeys(map(canonicalize_name, names)):
        if name not in entry.names:
            arguments += _as_installed(name)
    return tuple(arguments)


def _distributions(backend: Backend) -> set[str]:
    names = (backend.name, backend.module, *backend.distributions)
    return {canonicalize_name(name) for name in names}


def _as_installed(name: str) -> list[str]:
    """Return arguments that install a distribution as it is here; none if it is not installed."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return []
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if origin.get("url", "").startswith("file:"):
        path = url2pathname(urlsplit(origin["url"]).path)
        is_editable = origin.get("dir_info", {}).get("editable", False)
        return ["--editable", path] if is_editable else [path]
    try:
        return [f"{name}=={Version(distribution.version).public}"]
    except InvalidVersion:
        return [name]
