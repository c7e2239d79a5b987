"""Frames of bytes over a socket between the parent and a worker."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import sys
import time

_MAGIC = b"XPC1"
_HEADER = struct.Struct(">4sI")
LONGEST_FRAME = 64 * 2**20
"""Number of bytes of the content of a frame."""
_HIGH_DESCRIPTORS = (1000, 200, 3)
"""Lowest numbers to try for a worker's descriptors."""


class ChannelError(Exception):
    """The other side sent something that is not a frame, or sent a frame too slowly."""


class Channel:
    """One end of a connection; only the process that creates it may use it.

    Parameters
    ----------
    connection : socket
        A connected stream socket, which is closed with the channel.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._process = os.getpid()

    @classmethod
    def for_worker(cls, connection: socket.socket) -> Channel:
        """Return the channel of a worker, whose descriptor is closed in its child processes.

        The descriptor gets a high number and is not inherited. A copy of the process that measured
        code makes by ``os.fork`` cannot use it.
        """
        channel = cls(_moved(connection))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=channel.close)
        return channel

    def send(self, content: bytes) -> None:
        """Send a frame.

        Raises
        ------
        OSError
            The connection is closed.
        ChannelError
            The content is too long.
        """
        if os.getpid() != self._process:  # a copy of the worker, made by measured code
            os._exit(1)
        if len(content) > LONGEST_FRAME:
            raise ChannelError(f"a message is longer than {LONGEST_FRAME} bytes")
        self._socket.sendall(_HEADER.pack(_MAGIC, len(content)) + content)

    def wait(self, seconds: float | None) -> bool:
        """Return whether something can be received within `seconds`."""
        with selectors.DefaultSelector() as selector:  # works with descriptors of any number
            selector.register(self._socket, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def receive(self, seconds: float | None = None) -> bytes:
        """Return the content of the next frame.

        Raises
        ------
        EOFError
            The connection is closed.
        ChannelError
            What arrives is not a frame, or not all of it arrives within `seconds`.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        magic, length = _HEADER.unpack(self._receive(_HEADER.size, deadline))
        if magic != _MAGIC or length > LONGEST_FRAME:
            raise ChannelError("the worker sent invalid data")
        return self._receive(length, deadline)

    def close(self) -> None:
        """Close this end."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _receive(self, length: int, deadline: float | None) -> bytes:
        parts = []
        while length:
            if deadline is not None and not self.wait(max(deadline - time.monotonic(), 0)):
                raise ChannelError("the worker sent an incomplete message")
            part = self._socket.recv(min(length, 2**20))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def copy_with_high_number(descriptor: int) -> int:
    """Return a copy of a descriptor, which child processes do not inherit.

    Its number is high where the system allows it, as code may close or use all low ones.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return os.dup(descriptor)
    for lowest in _HIGH_DESCRIPTORS:
        with contextlib.suppress(OSError):  # more than the limit on open files
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    return os.dup(descriptor)


def _moved(connection: socket.socket) -> socket.socket:
    """Return a connection whose descriptor has a high number, in place of another one."""
    if sys.platform == "win32":  # where sockets are no files
        return connection
    with connection:
        return socket.socket(fileno=copy_with_high_number(connection.fileno()))
