"""Aspects of the state of a process that a function may change, and how to restore each."""

from __future__ import annotations

import codecs
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
from collections.abc import Mapping
from typing import Any

import numpy as np

from sphinx_xpcaps._private.cpython import event_loop_state, reset_event_loop
from sphinx_xpcaps.measure.isolation.aspect import Aspect, cannot_restore, ignore
from sphinx_xpcaps.measure.isolation.system import system_aspects

WARNING_FILTERS = "warning filters"


def process_aspects() -> list[Aspect]:
    """Return the aspects of any Python process."""
    return [
        Aspect("NumPy error state", np.geterr, lambda value: ignore(np.seterr(**value))),
        Aspect("NumPy buffer size", np.getbufsize, lambda value: ignore(np.setbufsize(value))),
        Aspect("NumPy error callback", np.geterrcall, lambda value: ignore(np.seterrcall(value))),
        Aspect(
            "NumPy print options",
            np.get_printoptions,
            lambda value: np.set_printoptions(**value),
        ),
        Aspect(WARNING_FILTERS, _warnings, _restore_warnings),
        Aspect("environment variables", _environment, _restore_environment),
        Aspect("working directory", _working_directory, os.chdir),
        Aspect("locale", _locale, lambda value: ignore(locale.setlocale(locale.LC_ALL, value))),
        Aspect("interpreter hooks", _hooks, _restore_hooks),
        Aspect("interpreter settings", _settings, _restore_settings),
        Aspect("import paths", _import_paths, _restore_import_paths),
        Aspect("garbage collection", _garbage_collection, _restore_garbage_collection),
        Aspect("logging", _logging, _restore_logging),
        Aspect("decimal context", _decimal_context, _restore_decimal_context),
        Aspect("asyncio", event_loop_state, lambda _: reset_event_loop()),
        Aspect("error handlers of codecs", _codecs, _restore_codecs),
        Aspect("pickling functions", _pickling, _restore_pickling),
        Aspect("floating-point mode", _floating_point_mode, cannot_restore),
        Aspect("temporary folder", lambda: tempfile.tempdir, _restore_temporary_folder),
        *system_aspects(),
    ]


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


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


_HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")
_STREAMS = ("stdin", "stdout", "stderr")


def _hooks() -> tuple[Any, ...]:
    own = [getattr(sys, name, None) for name in (*_HOOKS, *_STREAMS)]
    closed = [getattr(stream, "closed", None) for stream in own[len(_HOOKS) :]]
    tracing = sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()
    hooks = threading.excepthook, sys.get_asyncgen_hooks()
    return own, closed, tracing, *hooks, _monitoring_tools()


def _restore_hooks(value: tuple[Any, ...]) -> None:
    own, _, tracing, threading.excepthook, asyncgen, tools = value
    trace, profile, thread_trace, thread_profile = tracing
    for tool in _monitoring_tools() - tools:
        _MONITORING.set_events(tool, 0)
        _MONITORING.free_tool_id(tool)
    for name, hook in zip((*_HOOKS, *_STREAMS), own, strict=True):
        setattr(sys, name, hook)
    sys.settrace(trace)
    sys.setprofile(profile)
    threading.settrace(thread_trace)
    threading.setprofile(thread_profile)
    sys.set_asyncgen_hooks(*asyncgen)


_MONITORING: Any = getattr(sys, "monitoring", None)  # since Python 3.12


def _monitoring_tools() -> frozenset[int]:
    """Return the tools that are called when code runs."""
    if _MONITORING is None:
        return frozenset()
    return frozenset(tool for tool in range(6) if _MONITORING.get_tool(tool) is not None)


def _settings() -> tuple[Any, ...]:
    return (
        sys.getrecursionlimit(),
        sys.getswitchinterval(),
        sys.get_int_max_str_digits(),
        sys.dont_write_bytecode,
        list(sys.argv),
        sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else 0,
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
    recursion, interval, digits, sys.dont_write_bytecode, sys.argv[:], flags = value[:6]
    sys.setrecursionlimit(recursion)
    sys.setswitchinterval(interval)
    sys.set_int_max_str_digits(digits)
    if hasattr(sys, "setdlopenflags"):
        sys.setdlopenflags(flags)


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
