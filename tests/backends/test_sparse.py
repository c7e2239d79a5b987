"""The example adapter of the documentation, installed as another package would be."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from core import autojit, lazy, lazy_apply
from core.backends import get_backend, library_of, registry

sparse = pytest.importorskip("sparse")

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "core" / "backends.md"
ADAPTER = ROOT / "docs" / "core" / "sparse_backend.py"


STATS = """
import numpy as np
def rescale(x):
    '''Divide by the sum.

    >>> import numpy as np
    >>> rescale(np.asarray([0.0, 1.0, 3.0]))
    array([0.  , 0.25, 0.75])
    '''
    return x / x.__array_namespace__().sum(x)
def spread(x):
    '''Return the distance between the largest and the smallest value.

    >>> import numpy as np
    >>> spread(np.asarray([0.0, 1.0, 3.0]))
    np.float64(3.0)
    '''
    return np.ptp(np.asarray(x))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the adapter, installed with an entry point."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ADAPTER, folder / "xpcaps_sparse.py")
    info = folder / "xpcaps_sparse-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: xpcaps-sparse\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[xpcaps.backends]\nsparse = xpcaps_sparse:SparseBackend\n"
    )
    return folder


@pytest.fixture
def registered(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the adapter in this process."""
    monkeypatch.syspath_prepend(site)
    registry.clear_caches()
    yield
    monkeypatch.undo()
    registry.clear_caches()


@pytest.fixture
def x() -> Any:
    """Return a sparse array."""
    return sparse.asarray(np.asarray([[0.0, 2.0], [1.0, 0.0]]))


def dense(x: Any) -> Any:
    """Return the values of a sparse array as lists."""
    assert isinstance(x, sparse.SparseArray)
    return x.todense().tolist()


def run(site: Path, folder: Path, *arguments: str) -> str:
    """Return the output of Python in a process in which the adapter is installed."""
    path = os.pathsep.join([str(site), str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("registered")
def test_adapter_is_in_the_registry() -> None:
    assert get_backend("sparse").title == "Sparse"
    assert get_backend("sparse").availability("cpu").usable
    assert library_of(sparse.COO) == library_of(sparse.GCXS) == "sparse"


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32", "float64", "complex128"])
def test_array_keeps_values_shape_and_dtype(dtype: str) -> None:
    adapter, array = get_backend("sparse"), np.asarray([[1, 0, 2], [3, 4, 5]]).astype(dtype)
    x = adapter.from_numpy(array, "cpu")
    assert adapter.owns(x)
    assert adapter.dtype_name(x) == dtype
    back = adapter.to_numpy(x)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.usefixtures("registered")
def test_lazy_apply_calls_the_function_with_sparse_arrays(x: Any) -> None:
    low, high = lazy_apply(lambda x: (x.min(axis=0), x.max(axis=0)), x, shape=((2,), (2,)))
    assert (dense(low), dense(high)) == ([0.0, 0.0], [1.0, 2.0])


@pytest.mark.usefixtures("registered")
def test_lazy_apply_raises_if_sparse_refuses_the_conversion_to_numpy(x: Any) -> None:
    with pytest.raises(RuntimeError, match="Cannot convert a sparse array") as raised:
        lazy_apply(np.sort, x, as_numpy=True)
    assert raised.value.__notes__ == ["in lazy_apply of sort"]


@pytest.mark.usefixtures("registered")
def test_examples_on_the_page_give_what_they_show() -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, None, 0)
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert len(examples.examples) > 4
    assert runner.summarize(verbose=False).failed == 0


def test_lazy_apply_converts_to_numpy_if_sparse_allows_it(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARSE_AUTO_DENSIFY", "1")
    code = (
        "import numpy, sparse; from core import lazy_apply;"
        "x = lazy_apply(numpy.sort, sparse.asarray(numpy.asarray([2.0, 0.0])), as_numpy=True);"
        "print(type(x).__name__, x.todense())"
    )
    assert run(site, tmp_path, "-c", code).strip() == "COO [0. 2.]"


@pytest.mark.usefixtures("registered")
def test_autojit_calls_the_function_without_compiling(x: Any) -> None:
    seen = []

    @autojit
    def double(x: Any) -> Any:
        seen.append(type(x))
        return 2 * x

    assert dense(double(x)) == [[0.0, 4.0], [2.0, 0.0]]
    assert seen == [sparse.COO]


@pytest.mark.usefixtures("registered")
def test_traced_function_computes_with_sparse_arrays(x: Any) -> None:
    def total(x: Any) -> Any:
        xp = x.__array_namespace__()
        return xp.sum(x + x, axis=0)

    trace = core.trace(total, x)
    assert trace.operations == {"add": 1, "sum": 1}
    assert dense(trace(x)) == [2.0, 4.0]


@pytest.mark.usefixtures("registered")
def test_lazy_array_computes_a_sparse_array(x: Any) -> None:
    y = lazy.array(x)
    assert y.backend == "sparse"
    assert dense(lazy.compute(y * 2)) == [[0.0, 4.0], [2.0, 0.0]]


def test_workers_measure_functions_on_sparse(site: Path, tmp_path: Path) -> None:
    (tmp_path / "stats.py").write_text(STATS)
    record = tmp_path / "record.json"
    command = ["-m", "sphinx_xpcaps.cli", "measure", "stats.rescale", "stats.spread"]
    run(site, tmp_path, *command, "--backend", "sparse", "--output", str(record))
    targets = json.loads(record.read_text())["records"][0]["targets"]
    status = {
        name: [cell["status"] for cell in target["cells"] if cell["device"] == "cpu"]
        for name, target in targets.items()
    }
    assert status == {"stats.rescale": ["supported"], "stats.spread": ["unsupported"]}
    shown = run(site, tmp_path, "-m", "sphinx_xpcaps.cli", "show", str(record))
    assert "Sparse" in shown


def test_tables_in_a_build_show_sparse(site: Path, tmp_path: Path) -> None:
    (tmp_path / "stats.py").write_text(STATS)
    (tmp_path / "conf.py").write_text(
        "extensions = ['sphinx.ext.autodoc', 'sphinx_xpcaps']\n"
        "xpcaps_inject = ['stats.*']\n"
        "xpcaps_backends = ['numpy', 'sparse']\n"
    )
    (tmp_path / "index.rst").write_text(
        "Statistics\n==========\n\n.. autofunction:: stats.rescale\n"
    )
    run(site, tmp_path, "-m", "sphinx", "-q", "-W", "-b", "text", ".", "out")
    assert "| Sparse " in (tmp_path / "out" / "index.txt").read_text("utf-8")


def test_tests_with_the_fixture_xp_run_on_sparse(site: Path, tmp_path: Path) -> None:
    (tmp_path / "test_sums.py").write_text(
        "from core.testing import xp_assert_close\n"
        "def test_sum(xp, xp_backend):\n"
        "    assert xp_backend.name == 'sparse'\n"
        "    x = xp.asarray([[0.0, 1.0], [3.0, 0.0]])\n"
        "    xp_assert_close(xp.sum(x, axis=0), xp.asarray([3.0, 1.0]))\n"
    )
    options = ["-p", "core.testing.plugin", "-p", "no:cacheprovider", "--xp-backend", "sparse"]
    assert "1 passed" in run(site, tmp_path, "-m", "pytest", "-q", *options)
