"""Handle some damaged and hostile inputs of each kind; the benchmark handles many more."""

from __future__ import annotations

from benchmarks.fuzz_untrusted import fuzz


def test_untrusted_input_gives_no_traceback() -> None:
    report = fuzz(600, derandomize=True)
    assert report.inputs.total() == 600
    assert list(report.failures.values()) == []
