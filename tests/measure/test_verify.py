"""Measuring a share of the targets again finds cells that vary."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import Measured, run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.verify import sample

MODULE = '''
import os
from pathlib import Path

import numpy as np

SEEN = Path(__file__).with_name("processes")


def steady(x):
    """Return the same in each process.

    >>> steady(np.ones(2))
    """
    return x


def varies(x):
    """Raise in the fourth process that calls it.

    >>> varies(np.ones(2))
    """
    with SEEN.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if len(set(SEEN.read_text().split())) > 3:
        raise ValueError("the fourth process")
    return x
'''


def measure(folder: Path, share: float) -> Measured:
    return run(
        [MeasurementRequest(target=f"varying.{name}") for name in ("steady", "varies")],
        Config(backends=["numpy"], devices=["cpu"], jobs=1, verify=share),
        cache=folder / "cache",
        progress=lambda *_: None,
    )


def test_cell_that_varies_is_reported_and_the_record_keeps_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "varying.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    measured = measure(tmp_path, 1.0)
    message = "varying.varies (numpy, cpu) was first supported, and not measured (NumPy gives "
    assert [str(each)[: len(message)] for each in measured.unstable] == [message]
    cells = measured.records[0].targets["varying.varies"].cells
    assert [cell.status for cell in cells] == ["supported"]
    assert measure(tmp_path, 1.0).unstable == ()  # nothing was measured


def test_sample_has_the_share_and_no_target_if_the_share_is_0() -> None:
    names = [f"f{number}" for number in range(100)]
    assert sample(names, 0.0) == []
    assert len(set(sample(names, 0.02))) == 2
    assert len(sample(names[:3], 0.02)) == 1
    assert sorted(sample(names, 1.0)) == sorted(names)
