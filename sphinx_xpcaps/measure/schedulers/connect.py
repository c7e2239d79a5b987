"""Choose the scheduler for an address."""

from __future__ import annotations

import importlib.util

from sphinx_xpcaps.measure.schedulers.base import Scheduler, SchedulerError


def connect(address: str) -> Scheduler:
    """Return the scheduler at an address.

    Parameters
    ----------
    address : str
        Address of a scheduler of ``dask.distributed``, or the name of its JSON file.

    Raises
    ------
    SchedulerError
        It cannot be reached, or the package for it is not installed.
    """
    if importlib.util.find_spec("distributed") is None:
        raise SchedulerError(
            "a cluster needs dask.distributed: pip install 'sphinx-xpcaps[cluster]'"
        )
    from sphinx_xpcaps.measure.schedulers.dask import DaskScheduler

    return DaskScheduler(address)
