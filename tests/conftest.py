"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from core.backends import backends, get_backend

# No test depends on time: the machine may be busy.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

pytest_plugins = ["core.testing.plugin", "pytester", "sphinx.testing.fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests first, so that no process runs them alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


LIBRARIES = {get_backend(name).module.partition(".")[0] for name in backends()}


class _Module(pytest.Module):
    """A module of tests, which is skipped if it imports an array library that is not installed."""

    def _getobj(self) -> object:
        try:
            return super()._getobj()
        except self.CollectError as error:
            cause = error.__cause__
            if isinstance(cause, ModuleNotFoundError) and cause.name in LIBRARIES:
                pytest.skip(f"{cause.name} is not installed", allow_module_level=True)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    """Make a module that may be skipped."""
    module: pytest.Module = _Module.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a test as skipped if an array library that it imports is not installed."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, ModuleNotFoundError) and error.name in LIBRARIES:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {error.name} is not installed")
    return report


@pytest.fixture(scope="session")
def rootdir() -> Path:
    """Where the small documentation projects of the tests are."""
    return Path(__file__).parent / "roots"
