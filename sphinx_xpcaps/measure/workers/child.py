"""The child's side of a worker: run one job after another and send messages.

What a job prints, raises or changes in its process does not reach the parent or the next job,
except in messages.
"""

from __future__ import annotations

import contextlib
import contextvars
import importlib
import inspect
import os
import socket
import sys
import traceback
import warnings
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from core.backends import backends, get_backend
from sphinx_xpcaps.cases.plot_stub import remove_plots
from sphinx_xpcaps.cases.resolve import resolve
from sphinx_xpcaps.exceptions import describe_exception
from sphinx_xpcaps.measure.isolation.state import StateChange, WorkerState
from sphinx_xpcaps.measure.workers.channel import Channel, ChannelError
from sphinx_xpcaps.measure.workers.error_output import ErrorOutput
from sphinx_xpcaps.measure.workers.messages import (
    CallRequest,
    Errored,
    Finished,
    Progress,
    Started,
    argument_types,
    decode_request,
    decode_value,
    encode,
    encode_value,
)


def serve(connection: socket.socket, errors: ErrorOutput, *, forked: bool = True) -> None:
    """Run jobs until the parent closes the connection.

    Parameters
    ----------
    connection : socket
        The connection to the parent.
    errors : ErrorOutput
        Where the error output of imports goes.
    forked : bool
        Whether a fork server is the parent of this process, and adopts orphans.
    """
    warnings.simplefilter("ignore")
    child = _Child(Channel.for_worker(connection), errors, forked)
    with contextlib.suppress(EOFError, OSError, ChannelError):
        while True:
            request = decode_request(child.channel.receive())
            # Context variables that the job sets do not exist for the next one.
            contextvars.copy_context().run(child.run, request)


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

    def __init__(self, channel: Channel, errors: ErrorOutput, forked: bool) -> None:
        self.channel = channel
        self._errors = errors
        self._forked = forked
        self._state: WorkerState | None = None
        self._loaded = frozenset(_loaded())
        self._changed_by_import: tuple[str, ...] = ()

    def run(self, request: CallRequest) -> None:
        """Run a job and send its messages."""
        number = request.number

        def on_start(what: Any, limit: float | None = None) -> None:
            self._errors.discard()
            self._send(Started(number=number, what=encode_value(what), limit=limit))

        def on_result(value: Any) -> None:
            self._send(Progress(number=number, value=encode_value(value)))

        callbacks = {"on_start": on_start, "on_result": on_result}
        self._errors.keep()
        try:
            if request.imports:
                self._import(request.imports)
            function = resolve_name(request.function)
            types = argument_types(function)
            arguments = {
                name: decode_value(value, types.get(name, Any))
                for name, value in request.arguments.items()
            }
            parameters = inspect.signature(function).parameters
            accepted = {name: f for name, f in callbacks.items() if name in parameters}
            value = encode_value(function(**accepted, **arguments))
            self._errors.discard()
            if function is set_up:
                self._remember(arguments["backends"])
        except BaseException as error:
            self._errors.discard()
            self._send(Errored(number=number, message=_describe(error)))
            return
        change = self._restore()
        self._send(
            Finished(
                number=number,
                value=value,
                peak_memory=_peak_memory(),
                restored=change.restored,
                remaining=change.remaining,
                changed_by_import=self._changed_by_import,
                imported=self._imported(),
            )
        )

    def _remember(self, names: tuple[str, ...]) -> None:
        self._loaded = frozenset(_loaded())
        self._state = WorkerState(
            map(get_backend, names), Path(os.getcwd()), parent_adopts=self._forked
        )

    def _restore(self) -> StateChange:
        if self._state is None:
            return StateChange()
        try:
            remove_plots()
            return self._state.restore()
        except BaseException as error:  # of an object that the job left behind
            return StateChange(remaining=(_describe(error),))

    def _import(self, target: str) -> None:
        """Import the module of a target before the state is compared with that after a job."""
        with contextlib.suppress(BaseException):
            resolve(target)
        if self._state is not None:
            self._errors.discard()  # the standard streams are part of the state
            self._changed_by_import += self._state.accept_import(target.partition(".")[0])
            self._errors.keep()

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
    message = describe_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({last[0].filename}:{last[0].lineno})" if last else ""
    return str(decode_value(encode_value(message + where), str))


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
