"""Serialize calls, so that each replay starts from new copies of the arguments."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import array_api_compat.numpy
import cloudpickle

from core.backends import backends
from sphinx_xpcaps.cases.model import DottedName, LeafPath, Step
from sphinx_xpcaps.cases.resolve import resolve
from sphinx_xpcaps.cases.trees import rebuild
from sphinx_xpcaps.exceptions import exception_message

_LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call of an example, on which later calls may depend."""

    step: bytes
    needs: frozenset[int]
    """Indices of the earlier calls that created or changed its arguments."""


class PayloadError(Exception):
    """A call cannot be serialized; the message gives the reason."""


def dump_step(step: Step) -> bytes:
    """Return one step as bytes, with arrays of other libraries converted to NumPy arrays.

    Raises
    ------
    PayloadError
        An argument cannot be copied, or is too large.
    """
    try:
        args, kwargs = neutral(step.args, step.kwargs)
        found: bytes = cloudpickle.dumps(replace(step, args=args, kwargs=kwargs))
    except Exception as error:
        raise PayloadError(f"an argument cannot be copied: {exception_message(error)}") from error
    if len(found) > _LARGEST:
        raise PayloadError("an argument is larger than 64 MiB")
    return found


def dump_call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """Return the pickled steps of one call of the target called `name`."""
    return join([dump_step(Step(DottedName(name), args, kwargs))])


def dump_last(steps: Sequence[Step], last: Step) -> bytes:
    """Return the pickled steps with the last one replaced."""
    return join([cloudpickle.dumps(step) for step in (*steps[:-1], last)])


def join(steps: Iterable[bytes]) -> bytes:
    """Return the payload of pickled steps."""
    joined: bytes = cloudpickle.dumps(list(steps))
    return joined


def join_logged(log: Sequence[LoggedCall], last: LoggedCall) -> bytes:
    """Return the payload of a call and of all calls that it depends on, in their order."""
    required: set[int] = set()
    waiting = set(last.needs)
    while waiting:
        number = waiting.pop()
        required.add(number)
        waiting |= log[number].needs - required
    return join([*(log[number].step for number in sorted(required)), last.step])


def load_steps(payload: bytes) -> list[Step]:
    """Return new copies of the steps of a case."""
    return [_located(step) for step in stored_steps(payload)]


def stored_steps(payload: bytes) -> list[Step]:
    """Return new copies of the steps of a case, with the target as a name."""
    return [cloudpickle.loads(step) for step in cloudpickle.loads(payload)]


def _located(step: Step) -> Step:
    if isinstance(step.callee, DottedName):
        return replace(step, callee=resolve(step.callee.name)[1])
    return step


def neutral(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with arrays of other libraries converted to NumPy arrays."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = rebuild((args, kwargs), _neutral)
    return found


def _neutral(path: LeafPath, leaf: Any) -> Any:
    """Return the NumPy equivalent of an array or namespace of another library."""
    for backend in backends().values():
        if backend.is_reference or backend.module not in sys.modules:
            continue
        if backend.owns(leaf):
            return backend.to_numpy(leaf)
        if inspect.ismodule(leaf) and leaf is backend.namespace():
            return array_api_compat.numpy
    return leaf
