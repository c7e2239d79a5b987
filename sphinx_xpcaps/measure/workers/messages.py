"""Messages between the parent and a worker: numbered, typed and validated data.

Nothing is unpickled. The parent decodes what a worker sends as the types that the job declares, as
measured code could send anything.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.results.text import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Call of a function in a worker.

    Parameters
    ----------
    function : str
        The function's dotted path. If it has parameters ``on_start`` or ``on_result``, the worker
        passes functions that send `Started` and `Progress`.
    arguments : mapping
        Its other arguments, by keyword. They are converted to the types of its annotations.
    started, progress, result : type
        Types of what the function passes to ``on_start`` and ``on_result``, and of its result.
    imports : str
        A target that the function uses, if it uses one: its module is imported first.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    started: Any = Any
    progress: Any = Any
    result: Any = Any
    imports: str = ""

    @classmethod
    def calling(
        cls,
        function: Callable[..., Any],
        *,
        started: Any = Any,
        progress: Any = Any,
        result: Any = Any,
        imports: str = "",
        **arguments: Any,
    ) -> Job:
        """Return the job that calls `function`, which must be defined in a module."""
        path = f"{function.__module__}.{function.__qualname__}"
        return cls(
            function=path,
            arguments=arguments,
            started=started,
            progress=progress,
            result=result,
            imports=imports,
        )


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Parent to worker: call a function.

    The number is random, so that nothing that a function sends is taken for the reply to a later
    request.
    """

    number: int
    function: str
    imports: str
    arguments: dict[str, msgspec.Raw]


class Started(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Worker to parent: the job starts a part of its work."""

    number: int
    what: msgspec.Raw
    limit: float | None = None
    """Seconds that this may take, if less than the worker's time limit."""


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Worker to parent: a part of the job's result."""

    number: int
    value: msgspec.Raw


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Worker to parent: the job's result, and what the job changed in the worker."""

    number: int
    value: msgspec.Raw
    peak_memory: int
    """Peak resident memory of the worker, in bytes."""
    restored: tuple[str, ...] = ()
    """State that was changed and restored."""
    remaining: tuple[str, ...] = ()
    """State that was changed and could not be restored."""
    changed_by_import: tuple[str, ...] = ()
    """State that importing the modules of targets has changed, in this job or earlier."""
    imported: tuple[str, ...] = ()
    """Backends whose libraries the job imported first."""


class Errored(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Worker to parent: the job raised, because of an internal error or of the set-up code."""

    number: int
    message: str


Reply = Started | Progress | Finished | Errored

_REPLIES = msgspec.msgpack.Decoder(Reply)
_REQUESTS = msgspec.msgpack.Decoder(CallRequest)


def encode(message: Any) -> bytes:
    """Return the bytes of a message."""
    return msgspec.msgpack.encode(message)


def encode_value(value: Any) -> msgspec.Raw:
    """Return the bytes of a part of a message; text that cannot be encoded is escaped."""
    try:
        return msgspec.Raw(msgspec.msgpack.encode(value, enc_hook=_encode_path))
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, enc_hook=_encode_path)
        return msgspec.Raw(msgspec.msgpack.encode(_escaped(plain)))


def decode_value(content: msgspec.Raw, kind: Any) -> Any:
    """Return a part of a message as a type.

    Raises
    ------
    msgspec.MsgspecError
        It is not of the type.
    """
    return msgspec.msgpack.decode(content, type=kind, dec_hook=_decode_path)


def decode_reply(content: bytes) -> Reply:
    """Return a worker's message; see `decode_value` for what it raises."""
    reply: Reply = _REPLIES.decode(content)
    return reply


def decode_request(content: bytes) -> CallRequest:
    """Return the parent's message; see `decode_value` for what it raises."""
    return _REQUESTS.decode(content)


def argument_types(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a function's parameters."""
    return typing.get_type_hints(function)


def _encode_path(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be sent")


def _decode_path(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} cannot be received")


def _escaped(plain: Any) -> Any:
    if isinstance(plain, str):
        return escape(plain)
    if isinstance(plain, list | tuple | set | frozenset):
        return [_escaped(item) for item in plain]
    if isinstance(plain, dict):
        return {_escaped(key): _escaped(item) for key, item in plain.items()}
    return plain
