"""The interface of a scheduler: what a cluster or a batch system has to provide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sphinx_xpcaps.measure.workers.errors import StartError


class SchedulerError(StartError):
    """The scheduler cannot be used, or tasks failed on it; the message gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask:
    """A call of `sphinx_xpcaps.measure.schedulers.remote.run` on a machine of the cluster.

    Parameters
    ----------
    name : str
        What it is, for the display of the cluster; not unique.
    content : bytes
        The argument of the function.
    resources : mapping of str to float
        What the machine must offer, such as ``{"GPU": 1}``.
    """

    name: str
    content: bytes
    resources: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The end of a task."""

    task: RemoteTask
    content: bytes | None
    """What the function returned; None if the task failed in each attempt."""
    error: str = ""


class Scheduler(Protocol):
    """Runs tasks on other machines.

    It repeats tasks that are lost with their machine or with a connection. It does not have to
    repeat tasks that raise.
    """

    def resources(self) -> frozenset[str]:
        """Return the names of the resources that machines of the cluster offer."""
        ...

    def submit(self, tasks: Iterable[RemoteTask]) -> None:
        """Add tasks, also while `completed` is iterated over."""
        ...

    def completed(self) -> Iterator[Completed]:
        """Yield each task when it has ended, until there are no more.

        Raises
        ------
        SchedulerError
            The scheduler cannot be reached any more.
        """
        ...

    def close(self) -> None:
        """Cancel all tasks and end the connection."""
        ...
