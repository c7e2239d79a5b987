"""What declared capabilities say of a backend, a device and a mode."""

from __future__ import annotations

from dataclasses import dataclass

from core.testing import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeKeyword:
    """A keyword of the declaration that speaks of one backend's mode, as its name says."""

    backend: str
    mode: str
    name: str
    works: bool
    """The keyword's value that declares that the mode works; any other says that it fails."""
    words: str
    """What `warnings` say for the same."""


MODES = (
    ModeKeyword(backend="jax", mode="jit", name="jax_jit", works=True, words="no JIT"),
    ModeKeyword(
        backend="dask",
        mode="lazy",
        name="allow_dask_compute",
        works=False,
        words="computes graph",
    ),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether something is declared to work, and why not."""

    works: bool
    why: str = ""


def claim(
    declared: Capabilities, backend: str, device: str, mode: str, version: str | None
) -> Claim | None:
    """Return what is declared, or None if the declaration says nothing of it.

    Parameters
    ----------
    declared : Capabilities
        The declaration.
    backend, device, mode : str
        As records name them.
    version : str or None
        The backend's version; limits may apply to some versions alone.
    """
    if declared.out_of_scope:
        return None
    obstacle = declared.obstacle(backend, device, version=version)
    if mode == "eager":
        return Claim(obstacle is None, obstacle.reason if obstacle else "")
    keyword = mode_keyword(backend, mode)
    if keyword is None or obstacle is not None:
        return None
    fails = getattr(declared, keyword.name) != keyword.works or any(
        warning.backend == backend and warning.applies(version) and warning.reason == keyword.words
        for warning in declared.warnings
    )
    return Claim(not fails, keyword.words if fails else "")


def mode_keyword(backend: str, mode: str) -> ModeKeyword | None:
    """Return the keyword that speaks of a backend's mode, if there is one."""
    return next((k for k in MODES if (k.backend, k.mode) == (backend, mode)), None)
