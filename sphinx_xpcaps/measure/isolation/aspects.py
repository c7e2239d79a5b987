"""Aspects of the state of a process that a function may change, and how to restore each."""

from __future__ import annotations

import codecs
import contextlib
import copyreg
import ctypes
import decimal
import gc
import locale
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sphinx_xpcaps._private.cpython import event_loop_state, reset_event_loop

WARNING_FILTERS = "warning filters"


@dataclass(frozen=True, slots=True)
class Aspect:
    """Part of the state of a process.

    Parameters
    ----------
    name : str
        What to call it in messages.
    capture : callable
        Returns the current value; two values are compared by ``==``.
    restore : callable
        Sets the value. It may raise, if the change cannot be undone.
    """

    name: str
    capture: Callable[[], Any]
    restore: Callable[[Any], None]


class CannotRestoreError(Exception):
    """A change of the state of a process cannot be undone."""


def process_aspects() -> list[Aspect]:
    """Return the aspects of any Python process."""
    found = [
        Aspect("NumPy error state", np.geterr, lambda value: _ignore(np.seterr(**value))),
        Aspect("NumPy buffer size", np.getbufsize, lambda value: _ignore(np.setbufsize(value))),
        Aspect("NumPy error callback", np.geterrcall, lambda value: _ignore(np.seterrcall(value))),
        Aspect(
            "NumPy print options",
            np.get_printoptions,
            lambda value: np.set_printoptions(**value),
        ),
        Aspect(WARNING_FILTERS, _warnings, _restore_warnings),
        Aspect("environment variables", _environment, _restore_environment),
        Aspect("working directory", _working_directory, os.chdir),
        Aspect("umask", _umask, lambda value: _ignore(os.umask(value))),
        Aspect("locale", _locale, lambda value: _ignore(locale.setlocale(locale.LC_ALL, value))),
        Aspect("signal handlers", _handlers, _restore_handlers),
        Aspect("interpreter hooks", _hooks, _restore_hooks),
        Aspect("interpreter settings", _settings, _restore_settings),
        Aspect("import paths", _import_paths, _restore_import_paths),
        Aspect("garbage collection", _garbage_collection, _restore_garbage_collection),
        Aspect("logging", _logging, _restore_logging),
        Aspect("decimal context", _decimal_context, _restore_decimal_context),
        Aspect("asyncio", event_loop_state, lambda _: reset_event_loop()),
        Aspect("error handlers of codecs", _codecs, _restore_codecs),
        Aspect("pickling functions", _pickling, _restore_pickling),
        Aspect("floating-point mode", _floating_point_mode, _cannot_restore),
        Aspect("temporary folder", lambda: tempfile.tempdir, _restore_temporary_folder),
        Aspect("user", _user, _cannot_restore),
    ]
    if hasattr(signal, "setitimer"):
        found.append(Aspect("timers", _timers, _restore_timers))
    if hasattr(signal, "pthread_sigmask"):
        found.append(Aspect("signal mask", _signal_mask, _restore_signal_mask))
    if _resource is not None:
        found.append(Aspect("resource limits", _limits, _restore_limits))
    if hasattr(os, "sched_getaffinity"):
        found.append(
            Aspect(
                "processor affinity",
                lambda: os.sched_getaffinity(0),
                lambda value: os.sched_setaffinity(0, value),
            )
        )
    if hasattr(os, "getpriority"):
        found.append(
            Aspect(
                "priority",
                lambda: os.getpriority(os.PRIO_PROCESS, 0),
                lambda value: os.setpriority(os.PRIO_PROCESS, 0, value),
            )
        )
    return found


def _ignore(_: object) -> None:
    """Discard a return value."""


def _cannot_restore(_: object) -> None:
    raise CannotRestoreError


def _warnings() -> tuple[Any, ...]:
    return list(warnings.filters), warnings.showwarning, warnings.formatwarning


def _restore_warnings(value: tuple[Any, ...]) -> None:
    filters, warnings.showwarning, warnings.formatwarning = value
    warnings.simplefilter("default")  # makes modules forget which warnings they have shown
    warnings.filters[:] = filters  # type: ignore[index]


_ENVIRON = os.environ


def _environment() -> tuple[dict[str, str], list[bytes], bool, tuple[str, str]]:
    """Return the variables, also as C code sees them."""
    zone = time.tzname
    return dict(_ENVIRON), _c_environment(), os.environ is _ENVIRON, zone


def _c_environment() -> list[bytes]:
    if sys.platform != "linux":
        return []
    pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    if not pointer:  # it was cleared
        return []
    entries: list[bytes] = []
    while (entry := pointer[len(entries)]) is not None:
        entries.append(entry)
    return sorted(entries)


def _restore_environment(value: tuple[dict[str, str], list[bytes], bool, tuple[str, str]]) -> None:
    os.environ = _ENVIRON  # noqa: B003
    for name in _ENVIRON.keys() - value[0].keys():
        del _ENVIRON[name]
    for entry in _c_environment():
        os.unsetenv(entry.partition(b"=")[0])
    _ENVIRON.update(value[0])
    if hasattr(time, "tzset"):
        time.tzset()


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _umask() -> int:
    value = os.umask(0o077)
    os.umask(value)
    return value


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _restore_handlers(value: Mapping[int, Any]) -> None:
    for number, handler in value.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _timers() -> tuple[bool, ...]:
    return tuple(signal.getitimer(which)[0] > 0 for which in _TIMERS)


def _restore_timers(_: object) -> None:
    for which in _TIMERS:
        signal.setitimer(which, 0)


_TIMERS = tuple(
    getattr(signal, name)
    for name in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
    if hasattr(signal, name)
)


def _signal_mask() -> set[Any]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def _restore_signal_mask(value: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, value)


_HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")
_STREAMS = ("stdin", "stdout", "stderr")


def _hooks() -> tuple[Any, ...]:
    own = [getattr(sys, name, None) for name in (*_HOOKS, *_STREAMS)]
    closed = [getattr(stream, "closed", None) for stream in own[len(_HOOKS) :]]
    tracing = sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()
    return own, closed, tracing, threading.excepthook, sys.get_asyncgen_hooks()


def _restore_hooks(value: tuple[Any, ...]) -> None:
    own, _, (trace, profile, thread_trace, thread_profile), threading.excepthook, asyncgen = value
    for name, hook in zip((*_HOOKS, *_STREAMS), own, strict=True):
        setattr(sys, name, hook)
    sys.settrace(trace)
    sys.setprofile(profile)
    threading.settrace(thread_trace)
    threading.setprofile(thread_profile)
    sys.set_asyncgen_hooks(*asyncgen)


def _settings() -> tuple[Any, ...]:
    return (
        sys.getrecursionlimit(),
        sys.getswitchinterval(),
        sys.get_int_max_str_digits(),
        sys.dont_write_bytecode,
        list(sys.argv),
        threading.stack_size(),  # sets the default size
        _unset_wakeup_descriptor(),
    )


def _unset_wakeup_descriptor() -> int:
    """Return the descriptor that signals are written to, and set none."""
    try:
        return signal.set_wakeup_fd(-1)
    except ValueError:  # not in the main thread
        return -1


def _restore_settings(value: tuple[Any, ...]) -> None:
    recursion, interval, digits, sys.dont_write_bytecode, sys.argv[:] = value[:5]
    sys.setrecursionlimit(recursion)
    sys.setswitchinterval(interval)
    sys.set_int_max_str_digits(digits)


def _import_paths() -> tuple[list[Any], ...]:
    return list(sys.path), list(sys.meta_path), list(sys.path_hooks)


def _restore_import_paths(value: tuple[list[Any], ...]) -> None:
    sys.path[:], sys.meta_path[:], sys.path_hooks[:] = value


def _garbage_collection() -> tuple[Any, ...]:
    return gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(gc.callbacks)


def _restore_garbage_collection(value: tuple[Any, ...]) -> None:
    enabled, threshold, debug, gc.callbacks[:] = value
    (gc.enable if enabled else gc.disable)()
    gc.set_threshold(*threshold)
    gc.set_debug(debug)


def _logging() -> tuple[Any, ...]:
    root = logging.getLogger()
    return root.level, list(root.handlers), root.manager.disable, logging.raiseExceptions


def _restore_logging(value: tuple[Any, ...]) -> None:
    root = logging.getLogger()
    level, root.handlers[:], root.manager.disable, logging.raiseExceptions = value
    root.setLevel(level)


def _decimal_context() -> tuple[Any, ...]:
    context = decimal.getcontext()
    traps = tuple(signal for signal, on in context.traps.items() if on)
    return context.prec, context.rounding, context.Emin, context.Emax, traps


def _restore_decimal_context(value: tuple[Any, ...]) -> None:
    prec, rounding, smallest, largest, traps = value
    decimal.setcontext(decimal.Context(prec, rounding, smallest, largest, traps=list(traps)))


_ERROR_HANDLERS = (
    "strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace",
    "surrogateescape", "surrogatepass",
)  # fmt: skip


def _codecs() -> list[Any]:
    return [codecs.lookup_error(name) for name in _ERROR_HANDLERS]


def _restore_codecs(value: list[Any]) -> None:
    for name, handler in zip(_ERROR_HANDLERS, value, strict=True):
        codecs.register_error(name, handler)


def _pickling() -> dict[Any, Any]:
    """Return the functions for classes of Python and NumPy; importing packages adds others."""
    return {
        cls: function
        for cls, function in copyreg.dispatch_table.items()
        if cls.__module__.partition(".")[0] in ("builtins", np.__name__)
    }


def _restore_pickling(value: Mapping[Any, Any]) -> None:
    for cls in _pickling().keys() - value.keys():
        del copyreg.dispatch_table[cls]
    copyreg.dispatch_table.update(value)


def _floating_point_mode() -> tuple[bool, ...]:
    """Return how the processor rounds, and whether it keeps subnormal numbers."""
    one, tiny, least = 1.0, 2.0**-60, sys.float_info.min
    return one + tiny == one, -one - tiny == -one, one - tiny == one, least / 2 > 0


def _restore_temporary_folder(value: str | None) -> None:
    tempfile.tempdir = value


def _user() -> tuple[Any, ...]:
    names = ("getuid", "geteuid", "getgid", "getegid", "getpgrp", "getgroups")
    found = [getattr(os, name) for name in names if hasattr(os, name)]
    values = [get() for get in found]
    with contextlib.suppress(OSError):
        root = os.stat("/")
        values += [root.st_dev, root.st_ino]
    return tuple(values)


_resource: Any
try:
    import resource as _resource
except ImportError:  # not on Windows
    _resource = None


def _limits() -> dict[int, tuple[int, int]]:
    kinds = {getattr(_resource, name) for name in dir(_resource) if name.startswith("RLIMIT_")}
    return {kind: _resource.getrlimit(kind) for kind in sorted(kinds)}


def _restore_limits(value: Mapping[int, tuple[int, int]]) -> None:
    for kind, limit in value.items():
        if _resource.getrlimit(kind) != limit:
            _resource.setrlimit(kind, limit)
