"""What benchmarks report, on made-up records."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.gpu import report
from sphinx_xpcaps.results.model import Cell, Record, Status, Target
from tests.results.make import cell, environment, record, unmeasured


def both(on_cpu: Status, on_gpu: Cell, *, converts: bool = False) -> Target:
    cpu = cell(on_cpu, host_transfer=converts, modes={"eager": on_cpu})
    return Target(kind="function", cells=(cpu, on_gpu))


def gpu(status: Status) -> Cell:
    return cell(status, device="gpu")


def measured() -> Record:
    targets = {
        "pkg.works": both(Status.SUPPORTED, gpu(Status.SUPPORTED)),
        "pkg.partial": both(Status.SUPPORTED, gpu(Status.PARTIAL)),
        "pkg.converts": both(Status.SUPPORTED, gpu(Status.UNSUPPORTED), converts=True),
        "pkg.surprise": both(Status.SUPPORTED, gpu(Status.UNSUPPORTED)),
        "pkg.unknown": both(Status.SUPPORTED, unmeasured("no memory", device="gpu")),
    }
    return replace(record(environment(accelerator="NVIDIA H100")), targets=targets)


def test_expected_statuses_of_gpu_cells_are_compared_with_measured_ones() -> None:
    assert report(measured()).splitlines() == [
        "Expected statuses of GPU cells:",
        "  torch: 3 of 4 were right (75.0 %)",
        "Wrong:",
        "  pkg.surprise, torch: expected supported, unsupported",
    ]


def test_without_a_gpu_nothing_is_compared() -> None:
    only_cpu = {"pkg.f": both(Status.SUPPORTED, unmeasured("no GPU", device="gpu"))}
    found = report(replace(measured(), targets=only_cpu))
    assert found == "No GPU cell with an expected status was measured."
