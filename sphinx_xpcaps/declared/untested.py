"""Find functions that are declared to support array libraries, but are in no test.

A test says which functions it tests with the mark ``uses_xp_capabilities``, which
`core.testing.make_test_case` and SciPy's ``make_xp_test_case`` add.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared.load import DeclaredError
from sphinx_xpcaps.declared.model import Declaration, TestedTargets
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.errors import JobFailed, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job


def tested_targets(names: Sequence[str], tests: Sequence[str], config: Config) -> TestedTargets:
    """Return those of some targets that tests name.

    Parameters
    ----------
    names : sequence of str
        Targets.
    tests : sequence of str
        Packages or modules of tests, files or folders. They are collected, but not run.
    config : Config
        Settings of the worker that collects them.

    Raises
    ------
    DeclaredError
        No test can be collected.
    """
    worker = Runner(config).start_worker()
    try:
        job = Job(
            function="sphinx_xpcaps.declared.collect_tests.tested",
            arguments={"tests": tuple(map(_absolute, tests)), "names": tuple(names)},
            result=TestedTargets,
        )
        found: TestedTargets = worker.run(job)
    except (JobFailed, WorkerLost) as error:
        raise DeclaredError(f"the tests cannot be collected: {error}") from None
    finally:
        worker.close()
    if not found.collected:
        raise DeclaredError(f"the tests cannot be collected: {found.problem or 'there are none'}")
    return found


def claims_support(declaration: Declaration) -> bool:
    """Return whether a target is declared to support a library other than NumPy."""
    declared = declaration.capabilities
    if declared is None or declared.out_of_scope:
        return False
    return not declared.np_only or bool(declared.exceptions)


def _absolute(place: str) -> str:
    """Return the absolute path of a file or folder, as workers have another working directory."""
    return str(Path(place).absolute()) if Path(place).exists() else place
