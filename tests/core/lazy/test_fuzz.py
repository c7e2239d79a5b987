"""Random programs give the same results in NumPy and in its graphs; see benchmarks/lazy_fuzz.py."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "lazy_fuzz.py"


@pytest.fixture(scope="module")
def fuzzer() -> Any:
    spec = importlib.util.spec_from_file_location("lazy_fuzz", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(SCRIPT.parent))
    sys.modules["lazy_fuzz"] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def test_random_programs_give_the_same_bits_in_all_graphs(fuzzer: Any) -> None:
    report = fuzzer.fuzz(60, seed=1, others=())
    assert not report.differences, report.differences[0]
    assert report.share >= 0.8
