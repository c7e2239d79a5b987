"""The child's side of a worker: run one job after another and send messages.

What a job prints, raises or changes in its process does not reach the parent or the next job,
except in messages.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import socket
import sys
import traceback
import warnings
from pkgutil import resolve_name
from typing import Any

from core.backends import backends, get_backend
from sphinx_xpcaps.measure.isolation.state import StateChange, WorkerState
from sphinx_xpcaps.measure.workers.channel import Channel, ChannelError
from sphinx_xpcaps.measure.workers.messages import (
    Errored,
    Finished,
    Progress,
    Request,
    Started,
    argument_types,
    decode_request,
    decode_value,
    encode,
    encode_value,
)


def serve(connection: socket.socket) -> None:
    """Run jobs until the parent closes the connection."""
    warnings.simplefilter("ignore")
    child = _Child(Channel.for_worker(connection))
    with contextlib.suppress(EOFError, OSError, ChannelError):
        while True:
            child.run(decode_request(child.channel.receive()))


def set_up(*, code: str, modules: tuple[str, ...], backends: tuple[str, ...]) -> None:
    """Import modules, run the user's set-up code, and remember the state of the process.

    Parameters
    ----------
    code : str
        The set-up code.
    modules : tuple of str
        Modules to import; those that cannot be imported are ignored.
    backends : tuple of str
        Names of the backends whose settings are compared after each job.

    Raises
    ------
    Exception
        Raised by the code.
    """
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    exec(compile(code, "<xpcaps_setup>", "exec"), {"__name__": "__xpcaps_setup__"})


class _Child:
    """The state of the child between jobs."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._state: WorkerState | None = None
        self._loaded = frozenset(_loaded())

    def run(self, request: Request) -> None:
        """Run a job and send its messages."""
        number = request.number

        def on_start(what: Any, limit: float | None = None) -> None:
            self._send(Started(number=number, what=encode_value(what), limit=limit))

        def on_result(value: Any) -> None:
            self._send(Progress(number=number, value=encode_value(value)))

        callbacks = {"on_start": on_start, "on_result": on_result}
        try:
            function = resolve_name(request.function)
            types = argument_types(function)
            arguments = {
                name: decode_value(value, types.get(name, Any))
                for name, value in request.arguments.items()
            }
            parameters = inspect.signature(function).parameters
            accepted = {name: f for name, f in callbacks.items() if name in parameters}
            value = encode_value(function(**accepted, **arguments))
            if function is set_up:
                self._remember(arguments["backends"])
        except BaseException as error:
            self._send(Errored(number=number, message=_describe(error)))
            return
        change = self._state.restore() if self._state is not None else StateChange()
        self._send(
            Finished(
                number=number,
                value=value,
                peak_memory=_peak_memory(),
                restored=change.restored,
                remaining=change.remaining,
                imported=self._imported(),
            )
        )

    def _remember(self, names: tuple[str, ...]) -> None:
        self._loaded = frozenset(_loaded())
        self._state = WorkerState(get_backend(name) for name in names)

    def _imported(self) -> tuple[str, ...]:
        """Return the backends that were imported since the state was taken."""
        return tuple(name for name in _loaded() if name not in self._loaded)

    def _send(self, message: Any) -> None:
        self.channel.send(encode(message))


def _loaded() -> list[str]:
    """Return the backends whose libraries are loaded."""
    return [name for name, backend in backends().items() if backend.module in sys.modules]


def _describe(error: BaseException) -> str:
    """Return an exception with the place where it was raised; its ``str`` may fail."""
    try:
        message = f"{type(error).__name__}: {error}"
    except BaseException:
        message = type(error).__name__
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({last[0].filename}:{last[0].lineno})" if last else ""
    return str(decode_value(encode_value(message + where), str))


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
