"""Names that cannot be looked up have a reason each, and do not affect other names."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.cases.resolve import describe_all, expand, expand_all

SOURCE = """
__all__ = ["good", "plot", "stop"]

def good(x):
    return x

def __getattr__(name):
    if name == "plot":
        raise ImportError("plot needs matplotlib")
    if name == "stop":
        raise SystemExit(3)
    raise AttributeError(name)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a module with names that need an optional dependency."""
    (tmp_path / "looked_up.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return "looked_up"


def test_a_name_that_raises_is_described_with_the_reason_and_others_are_not_affected(
    module: str,
) -> None:
    found: list[TargetInfo] = []
    names = tuple(f"{module}.{name}" for name in ("plot", "stop", "missing", "good"))
    describe_all(found.append, names=names)
    plot, stop, missing, good = found
    assert plot.error == "ImportError: plot needs matplotlib"
    assert stop.error == "SystemExit: 3"
    assert missing.error == f"module '{module}' has no attribute 'missing'"
    assert good.error is None
    assert [each.imported for each in found] == [False, False, True, True]


def test_a_module_includes_public_names_that_raise(module: str) -> None:
    assert expand(module) == (f"{module}.good", f"{module}.plot", f"{module}.stop")
    found: list[tuple[str, ...] | str] = []
    expand_all(found.append, names=(f"{module}.plot", f"{module}.good"))
    assert found == ["ImportError: plot needs matplotlib", (f"{module}.good",)]
