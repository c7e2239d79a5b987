"""Limits: that a function does not work on a backend, for some of its versions or dtypes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from core.backends import get_backend

_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
_REAL = ("float16", "bfloat16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")

DTYPES: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": _SIGNED,
    "unsigned integer": _UNSIGNED,
    "integral": (*_SIGNED, *_UNSIGNED),
    "real floating": _REAL,
    "complex floating": _COMPLEX,
    "numeric": (*_SIGNED, *_UNSIGNED, *_REAL, *_COMPLEX),
    **{name: (name,) for name in (*_SIGNED, *_UNSIGNED, *_REAL, *_COMPLEX)},
}
"""Dtypes by the standard's names and kinds of dtypes."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A declaration that a function does not work on a backend, or not without restrictions.

    Parameters
    ----------
    backend : str
        The name of the adapter, such as ``"torch"``.
    reason : str
        The reason, for readers.
    versions : str
        The backend's versions to which this applies, such as ``"<2.6"``. Default: all.
    dtypes : tuple of str
        The dtypes of the input to which this applies, by names and kinds of the standard, such
        as ``("float32", "integral")``. Default: all.
    """

    backend: str
    reason: str = ""
    versions: str = ""
    dtypes: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Limit | Iterable[Any] | str) -> Limit:
        """Return the limit for a backend or a tuple, such as ``("torch<2.6", reason, dtypes)``.

        Parameters
        ----------
        given : Limit, str or tuple
            A limit, ``"torch"``, ``("torch", reason)`` or ``("torch<2.6", reason, dtypes)``.

        Raises
        ------
        ValueError
            If the backend or a dtype is unknown, or the versions are invalid.
        """
        if isinstance(given, Limit):
            return given
        parts = (given,) if isinstance(given, str) else tuple(given)
        if not 1 <= len(parts) <= 3 or not isinstance(parts[0], str):
            raise ValueError(
                f"a limit must be (backend, reason) or (backend, reason, dtypes), got {given!r}"
            )
        reason = parts[1] if len(parts) > 1 else None
        dtypes = parts[2] if len(parts) > 2 else ()
        backend, versions = _name_and_versions(parts[0])
        kinds = (dtypes,) if isinstance(dtypes, str) else tuple(dtypes)
        for kind in kinds:
            if kind not in DTYPES:
                raise ValueError(f"unknown dtype {kind!r}; known are {', '.join(DTYPES)}")
        return cls(backend, reason or "", versions, kinds)

    def applies(self, version: str | None = None, dtype: str | None = None) -> bool:
        """Return whether the limit applies to a version of the backend and a dtype of the input.

        Without a version, limits of some versions apply. Without a dtype, limits of some dtypes
        do not apply.
        """
        if self.versions and version is not None:
            versions = SpecifierSet(self.versions)
            return versions.contains(version, prereleases=True) and self._applies_to(dtype)
        return self._applies_to(dtype)

    def literal(self) -> tuple[Any, ...]:
        """Return the argument of `of` for this limit: a tuple of strings and tuples of them."""
        name = f"{self.backend}{self.versions}"
        return (name, self.reason, self.dtypes) if self.dtypes else (name, self.reason)

    def _applies_to(self, dtype: str | None) -> bool:
        return not self.dtypes or any(dtype in DTYPES[kind] for kind in self.dtypes)


def _name_and_versions(text: str) -> tuple[str, str]:
    """Split a text such as ``"torch<2.6"`` into the adapter's name and the versions."""
    for i, character in enumerate(text):
        if character in "<>=!~":
            name, versions = text[:i].strip(), text[i:].strip()
            try:
                return get_backend(name).name, str(SpecifierSet(versions))
            except InvalidSpecifier:
                raise ValueError(f"{text!r}: {versions!r} is not a version specifier") from None
    return get_backend(text.strip()).name, ""
