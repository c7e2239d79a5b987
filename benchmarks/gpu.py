"""Test and measure on a GPU: one command for a machine that has one.

It runs the tests of `core` on CUDA, measures modules of SciPy and array-api-extra with PyTorch, JAX
and CuPy, and prints how many of the expected statuses of GPU cells were right.

It was written without a GPU, and has not been run on one.

    python benchmarks/gpu.py --output docs/showcase/records/gpu.json
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sphinx_xpcaps.measure.judging.cells import not_run, with_expectation  # noqa: E402
from sphinx_xpcaps.results.model import Cell, Record, Status  # noqa: E402
from sphinx_xpcaps.results.record import read  # noqa: E402

MODULES = ["scipy.special", "scipy.fft", "scipy.signal", "scipy.stats", "array_api_extra"]
BACKENDS = ["numpy", "torch", "jax", "cupy"]


def main() -> None:
    """Run the tests, measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("gpu.json"))
    parser.add_argument("--jobs", type=int, default=4, help="Workers that share the GPU.")
    parser.add_argument("--skip-tests", action="store_true")
    options = parser.parse_args()
    tests = 0
    if not options.skip_tests:
        command = [sys.executable, "-m", "pytest", "-q", "tests/core", "--xp-device", "cuda"]
        tests = subprocess.run(command, cwd=ROOT, check=False).returncode
    measure = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *MODULES]
    measure += ["--output", str(options.output), "--jobs", str(options.jobs)]
    # JAX would reserve most of the memory of the GPU in each worker.
    measure += ["--env", "SCIPY_ARRAY_API=1", "--env", "XLA_PYTHON_CLIENT_PREALLOCATE=false"]
    for backend in BACKENDS:
        measure += ["--backend", backend]
    status = subprocess.run(measure, check=False).returncode
    if status > 1:
        raise SystemExit(status)
    print(report(read(options.output)))
    raise SystemExit(tests)


def report(record: Record) -> str:
    """Return how many of the expected statuses of GPU cells were right, and list the others."""
    counts: Counter[tuple[str, bool]] = Counter()
    wrong: list[str] = []
    for target, expected, measured in comparisons(record):
        is_right = works(expected) == works(measured.status)
        counts[measured.backend, is_right] += 1
        if not is_right:
            wrong.append(f"  {target}, {measured.backend}: expected {expected}, {measured.status}")
    if not counts:
        return "No GPU cell with an expected status was measured."
    lines = ["Expected statuses of GPU cells:"]
    for backend in sorted({backend for backend, _ in counts}):
        right, total = counts[backend, True], counts[backend, True] + counts[backend, False]
        lines.append(f"  {backend}: {right} of {total} were right ({100 * right / total:.1f} %)")
    return "\n".join([*lines, *(["Wrong:", *wrong] if wrong else [])])


def comparisons(record: Record) -> Iterator[tuple[str, Status, Cell]]:
    """Yield target, expected status and measured cell for each GPU cell with an expectation."""
    for name, target in record.targets.items():
        cells = {(cell.backend, cell.device): cell for cell in target.cells}
        for (backend, device), cell in cells.items():
            if device != "gpu" or not cell.status.measured:
                continue
            unmeasured = not_run(backend, device, "there is no GPU")
            on_cpu = cells.get((backend, "cpu"))
            expected = with_expectation(unmeasured, on_cpu).expected
            if expected is not None:
                yield name, expected.status, cell


def works(status: Status) -> bool:
    """Return whether a function works, perhaps with a limitation."""
    return status in (Status.SUPPORTED, Status.PARTIAL)


if __name__ == "__main__":
    main()
