"""Private interfaces of CPython's standard library."""

from __future__ import annotations

from multiprocessing.connection import Listener


def set_accept_timeout(listener: Listener, seconds: float) -> None:
    """Limit how long ``listener.accept()`` waits for a connection.

    `multiprocessing` has no public way to set it. Where the private attributes do not exist, such
    as for a named pipe on Windows, the listener waits without a limit.

    Parameters
    ----------
    listener : multiprocessing.connection.Listener
        A listener on a socket; after the limit its ``accept`` raises `TimeoutError`.
    seconds : float
        The limit.
    """
    socket_listener = getattr(listener, "_listener", None)
    socket = getattr(socket_listener, "_socket", None)
    if socket is not None:
        socket.settimeout(seconds)
