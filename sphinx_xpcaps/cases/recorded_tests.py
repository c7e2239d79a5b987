"""Run a library's tests once and record the calls of its functions, in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from sphinx_xpcaps.cases import case_file

_RAN = (0, 1)
"""Exit statuses of pytest after it has run the tests: they passed, or some failed."""
_NO_TESTS = 5


class TestsError(Exception):
    """The tests gave no calls; the message gives the reason."""

    __test__ = False  # no class of tests, although pytest would collect it by its name


def record_tests(
    tests: str,
    packages: Collection[str],
    file: Path,
    *,
    environment: Mapping[str, str],
    timeout: float | None = None,
) -> int:
    """Run tests with NumPy and write the calls of functions that differ most to a file.

    Parameters
    ----------
    tests : str
        The dotted name of a package or module of tests, or the path of a file or folder.
    packages : collection of str
        The packages whose functions are recorded.
    file : Path
        The file to write; its name ends with ``.cases``.
    environment : mapping
        Environment variables in addition to those of this process.
    timeout : float, optional
        The time limit of all tests, in seconds.

    Returns
    -------
    int
        The number of functions with recorded calls.

    Raises
    ------
    TestsError
        The tests cannot be found or run, or call no function of the packages.
    """
    place = [tests] if Path(tests).exists() else ["--pyargs", tests]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "sphinx_xpcaps.cases.pytest_recorder", "--xpcaps-cases", str(file)]
    for package in sorted(packages):
        command += ["--xpcaps-targets", f"{package}.*"]
    try:
        done = subprocess.run(
            [*command, *place],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TestsError(f"{tests}: the tests took longer than {timeout:g} s") from None
    if done.returncode == _NO_TESTS:
        raise TestsError(f"{tests}: there are no tests")
    if done.returncode not in _RAN:
        reason = failure_line(done.stderr + "\n" + done.stdout) or "no output"
        raise TestsError(f"{tests}: pytest failed: {reason}")
    try:
        targets = case_file.read(file)
    except (case_file.CaseFileError, OSError) as error:
        raise TestsError(f"{tests}: {error}") from None
    if not targets:
        names = ", ".join(sorted(packages))
        raise TestsError(f"{tests}: the tests call no public function of {names} with data")
    return len(targets)


def failure_line(output: str) -> str:
    """Return the line of pytest's output that names the error; empty if there is no output."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR", "E  "))]
    line = (marked or lines[-1:] or [""])[0]
    return line.removeprefix("ERROR:").removeprefix("E  ").strip()[:200]
