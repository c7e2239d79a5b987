"""Targets of tests: the array library, device and dtype that a test runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from core.backends import Backend, backends, get_backend
from core.typing import Namespace

_DEFAULT_DEVICE = "cpu"


@dataclass(frozen=True, slots=True)
class TestTarget:
    """The array library, device and dtype that a test runs on.

    Parameters
    ----------
    backend : Backend
        The adapter of the array library.
    device : str
        ``"cpu"``, ``"gpu"`` or ``"other"``.
    dtype : str
        The floating dtype that creation functions use where the library lets it be chosen.
    """

    __test__: ClassVar[bool] = False  # for pytest: this class has no tests

    backend: Backend
    device: str
    dtype: str


_current: TestTarget | None = None
"""The same for all threads: a test that runs in several threads at once is one test."""

_expected_namespace: ContextVar[Namespace] = ContextVar("_expected_namespace", default=None)


def current_target() -> TestTarget | None:
    """Return the target of the running test, or None if the test does not use ``xp``."""
    return _current


@contextmanager
def use_target(target: TestTarget) -> Iterator[Namespace]:
    """Make `target` the current one inside the context; yield its namespace with its defaults."""
    global _current  # noqa: PLW0603
    previous, _current = _current, target
    try:
        with target.backend.defaults(target.device, target.dtype) as xp:
            yield xp
    finally:
        _current = previous


def expected_namespace() -> Namespace | None:
    """Return the namespace given to `default_xp`, or None outside of it."""
    return _expected_namespace.get()


@contextmanager
def default_xp(xp: Namespace) -> Iterator[None]:
    """Let assertions inside the context expect arrays of the namespace `xp`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_equal, default_xp
    >>> with default_xp(np):
    ...     assert_equal(np.arange(2), np.asarray([0, 1]))
    """
    token = _expected_namespace.set(xp)
    try:
        yield
    finally:
        _expected_namespace.reset(token)


class SelectedTargets:
    """The targets that the options of a test run select.

    The array libraries are imported when it is first needed to know whether they can be used.

    Parameters
    ----------
    names : list of str
        Backends. If empty, or with ``"all"``, all backends that can be used are selected.
    device : str or None
        The device as users of the backends name it, such as ``"cuda"``. Default: the CPU.
    dtype : str
        The default floating dtype.

    Raises
    ------
    ValueError
        If there is no such backend.
    """

    def __init__(self, names: list[str], device: str | None, dtype: str) -> None:
        self.names = [get_backend(name).name for name in names if name != "all"]
        self.all = not names or "all" in names
        self.device = device or _DEFAULT_DEVICE
        self.dtype = dtype

    def check(self) -> None:
        """Raise ValueError if a backend that is selected by name cannot be used."""
        for name in self.names:
            target = self._targets[name]
            if isinstance(target, str):
                raise ValueError(f"--xp-backend {name}: {target}")

    def usable(self) -> dict[str, TestTarget]:
        """Return the targets that can be used, by the names of their backends."""
        return {
            name: target for name, target in self._targets.items() if isinstance(target, TestTarget)
        }

    def unusable(self) -> Iterator[str]:
        """Yield each backend that cannot be used with the reason, as far as this is known."""
        known = self.__dict__.get("_targets", {})  # tests without `xp` import no array library
        return (f"{name}: {reason}" for name, reason in known.items() if isinstance(reason, str))

    def versions(self) -> str:
        """Return the installed backends with their versions and devices; imports none of them."""
        installed = []
        for backend in self._selected():
            version = backend.version()
            if version is not None:
                installed.append(f"{backend.name} {version} ({self._device_name(backend)})")
        return ", ".join(installed)

    def _device_name(self, backend: Backend) -> str:
        devices = tuple(backend.columns.values())
        return devices[0] if len(devices) == 1 else self.device

    def _selected(self) -> list[Backend]:
        if self.all:
            return list(backends().values())
        return [get_backend(name) for name in dict.fromkeys(self.names)]

    @cached_property
    def _targets(self) -> dict[str, TestTarget | str]:
        """The target of each backend, or the reason why the backend cannot be used."""
        return {backend.name: self._target(backend) for backend in self._selected()}

    def _target(self, backend: Backend) -> TestTarget | str:
        devices = list(backend.columns.values())
        if len(devices) == 1:
            device: str | None = devices[0]
        elif backend.version() is None:
            device = devices[0]
        else:
            device = backend.device_called(self.device)
        if device is None:
            return f"{backend.title} has no device {self.device!r} here"
        availability = backend.availability(device)
        if not availability.usable:
            return availability.reason
        return TestTarget(backend, device, self.dtype)
