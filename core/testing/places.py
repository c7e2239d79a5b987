"""The backends and devices that tests run on, as the options choose them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from core.backends import Backend, backends, get_backend
from core.testing.current import Place

_DEFAULT = "cpu"


class Places:
    """Where tests run. Which backends can be used is found out when it is asked: that imports all.

    Parameters
    ----------
    names : list of str
        The backends asked for; none, or ``"all"``, for all that can be used.
    device : str or None
        The device, in the words of the backends' users (``"cuda"``); None for the CPU.
    dtype : str
        The default floating dtype.

    Raises
    ------
    ValueError
        There is no such backend.
    """

    def __init__(self, names: list[str], device: str | None, dtype: str) -> None:
        self.names = [get_backend(name).name for name in names if name != "all"]
        self.everything = not names or "all" in names
        self.device = device or _DEFAULT
        self.dtype = dtype

    def check(self) -> None:
        """Raise ValueError if a backend that was asked for by name cannot be used, with why."""
        for name in self.names:
            place = self._found[name]
            if isinstance(place, str):
                raise ValueError(f"--xp-backend {name}: {place}")

    def usable(self) -> dict[str, Place]:
        """Return the places by the names of their backends."""
        return {name: place for name, place in self._found.items() if isinstance(place, Place)}

    def left_out(self) -> Iterator[str]:
        """Yield the backends that cannot be used, each with why, if that was found out."""
        found = self.__dict__.get("_found", {})  # a run without array libraries imports none
        return (f"{name}: {why}" for name, why in found.items() if isinstance(why, str))

    def versions(self) -> str:
        """Return the installed backends with their versions and devices, without an import."""
        words = []
        for backend in self._chosen():
            version = backend.version()
            if version is not None:
                words.append(f"{backend.name} {version} ({self._words(backend)})")
        return ", ".join(words)

    def _words(self, backend: Backend) -> str:
        devices = tuple(backend.columns.values())
        return devices[0] if len(devices) == 1 else self.device

    def _chosen(self) -> list[Backend]:
        if self.everything:
            return list(backends().values())
        return [get_backend(name) for name in dict.fromkeys(self.names)]

    @cached_property
    def _found(self) -> dict[str, Place | str]:
        """For each backend, the place or why there is none."""
        return {backend.name: self._find(backend) for backend in self._chosen()}

    def _find(self, backend: Backend) -> Place | str:
        devices = list(backend.columns.values())
        if len(devices) == 1:
            device: str | None = devices[0]
        elif backend.version() is None:
            device = devices[0]
        else:
            device = backend.device_called(self.device)
        if device is None:
            return f"{backend.title} has no device {self.device!r} here"
        answer = backend.availability(device)
        return Place(backend, device, self.dtype) if answer.usable else answer.reason
