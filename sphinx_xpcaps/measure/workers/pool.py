"""Schedule tasks in groups, each served by a worker, several workers at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

from sphinx_xpcaps.measure.workers.worker import Worker

_TASKS_FOR_SECOND_WORKER = 8
"""A second worker is started for a group only if so many of its tasks are waiting."""

G = TypeVar("G", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")


class Pool(Generic[G, T, R]):
    """Runs tasks in workers; each worker serves the tasks of one group.

    Parameters
    ----------
    groups : sequence
        All groups; those first in order are served first.
    start_worker : callable
        Returns a worker for a group.
    run_task : callable
        Runs one task of a group in a worker and returns its result.
    """

    def __init__(
        self,
        groups: Sequence[G],
        start_worker: Callable[[G], Worker],
        run_task: Callable[[Worker, G, T], R],
    ) -> None:
        self._waiting: dict[G, deque[T]] = {group: deque() for group in groups}
        self._workers_of = dict.fromkeys(groups, 0)
        self._start_worker = start_worker
        self._run_task = run_task
        self._unfinished = 0
        self._changed = threading.Condition()
        self._stopped = False
        self._workers: list[Worker] = []
        self._results: SimpleQueue[R | _Failure] = SimpleQueue()

    def add(self, group: G, tasks: Iterable[T]) -> None:
        """Add tasks of a group."""
        with self._changed:
            before = len(self._waiting[group])
            self._waiting[group].extend(tasks)
            self._unfinished += len(self._waiting[group]) - before
            self._changed.notify_all()

    def run(self, worker_count: int) -> Generator[R, None, None]:
        """Run all tasks, with so many workers at a time, and yield each result when it arrives.

        Tasks may be added while a result is processed.

        Raises
        ------
        Exception
            Raised by `run_task`. The workers are ended first, also on an interrupt.
        """
        with ThreadPoolExecutor(max_workers=max(worker_count, 1)) as threads:
            for _ in range(max(worker_count, 1)):
                threads.submit(self._serve)
            try:
                while self._unfinished:
                    result = self._results.get()
                    if isinstance(result, _Failure):
                        raise result.error
                    yield result
                    self._finish_task()
            except BaseException:
                self._stop()
                raise

    def _finish_task(self) -> None:
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _stop(self) -> None:
        """Start no further task, and end the workers, so that the threads return."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            workers = list(self._workers)
        for worker in workers:
            worker.stop()

    def _serve(self) -> None:
        """Serve one group after another, each with a new worker; runs in a thread."""
        try:
            while (group := self._next_group()) is not None:
                worker = self._start_worker(group)
                with self._changed:
                    self._workers.append(worker)
                try:
                    while (task := self._next_task(group)) is not None:
                        self._results.put(self._run_task(worker, group, task))
                finally:
                    worker.release()
                    with self._changed:
                        self._workers.remove(worker)
        except BaseException as error:
            self._results.put(_Failure(error))

    def _next_group(self) -> G | None:
        """Return the group to serve next; wait as long as tasks may still be added."""
        with self._changed:
            while not self._stopped and self._unfinished:
                group = self._choose_group()
                if group is not None:
                    self._workers_of[group] += 1
                    return group
                self._changed.wait()
            return None

    def _choose_group(self) -> G | None:
        for group, waiting in self._waiting.items():
            if waiting and (
                not self._workers_of[group] or len(waiting) >= _TASKS_FOR_SECOND_WORKER
            ):
                return group
        return None

    def _next_task(self, group: G) -> T | None:
        with self._changed:
            waiting = self._waiting[group]
            if waiting and not self._stopped:
                return waiting.popleft()
            # Under the same lock: for a task that is added from now on, the group has no worker.
            self._workers_of[group] -= 1
            return None


class _Failure:
    """An exception in a thread, which is raised again where the results are read."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
