"""Test deriving tables from several records."""

from __future__ import annotations

from sphinx_xpcaps.results.model import Cell, Environment, Expected, Record, Status, Unavailable
from sphinx_xpcaps.results.view import TableCell, blank, derive
from tests.results.make import TARGET, cell, environment, record, unmeasured


def shown(*records: Record, current: bool = True, outdated: str = "") -> TableCell:
    """Derive the cell of PyTorch on a CPU; what was measured on `outdated` is not current."""

    def is_current(target: str, cell: Cell, where: Environment) -> bool:
        return current and where.date != outdated

    tables = derive(records, backends=["torch"], devices=["cpu"], is_current=is_current)
    return tables[TARGET].cells[0]


def test_results_by_version_are_listed_if_several_versions_were_measured():
    def measured(version: str, status: Status, package: str = "1.0") -> Record:
        packages = {"torch": version, "pkg": package}
        return record(environment(packages=packages), cell(status), version=package)

    fails, works = Status.UNSUPPORTED, Status.SUPPORTED
    old, new, newer = measured("2.5.1", fails), measured("2.6.0", works), measured("2.7.0", works)
    assert shown(new).history == ""
    assert shown(new, newer).history == (
        "supported with all measured versions, torch 2.6.0 to 2.7.0"
    )
    assert shown(newer, old, new).history == "supported since torch 2.6.0; unsupported with 2.5.1"
    older_package = measured("2.7.0", fails, "0.9")
    assert shown(newer, older_package).history == "supported since pkg 1.0; unsupported with 0.9"


def test_a_change_of_the_package_is_not_attributed_to_the_library():
    old = record(environment(packages={"torch": "2.5.1", "pkg": "0.9"}), cell(Status.UNSUPPORTED))
    new = [
        record(environment(packages={"torch": torch, "pkg": "1.0"}), cell(Status.SUPPORTED))
        for torch in ("2.6.0", "2.7.0")
    ]
    assert shown(old, *new).history == "supported with all measured versions, torch 2.6.0 to 2.7.0"


def test_a_measurement_beats_a_newer_cell_that_was_not_measured():
    old = record(environment("2026-01-01"), cell(Status.PARTIAL, "no JIT"))
    new = record(environment("2026-02-01"), unmeasured("torch is not installed"))
    for records in [(old, new), (new, old)]:
        assert shown(*records).cell.status == Status.PARTIAL


def test_newest_measurement_in_one_environment_is_used():
    old = record(environment("2026-01-01"), cell(Status.UNSUPPORTED, "TypeError"))
    new = record(environment("2026-02-01"), cell(Status.SUPPORTED))
    for records in [(old, new), (new, old)]:
        found = shown(*records)
        assert (found.cell.status, found.cell.notes) == (Status.SUPPORTED, ())
        assert found.environment is not None
        assert found.environment.date == "2026-02-01"


def test_the_result_with_the_newest_version_is_shown_even_if_an_older_one_was_measured_later():
    old = record(
        environment("2026-02-01", packages={"numpy": "2.3.0", "torch": "2.5.1"}),
        cell(Status.UNSUPPORTED, "TypeError"),
    )
    new = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    found = shown(old, new)
    assert (found.cell.status, found.cell.notes) == (Status.SUPPORTED, ("torch ≥ 2.6",))
    assert [other.cell.status for other in found.others] == [Status.UNSUPPORTED]


def test_a_newer_backend_that_fails_says_until_when_the_function_was_supported():
    old = record(environment("2026-01-01", packages={"dask": "2025.3.0"}), dask(Status.SUPPORTED))
    new = record(
        environment("2026-01-01", packages={"dask": "2025.5.1"}),
        dask(Status.UNSUPPORTED, "TypeError"),
    )
    found = derive([old, new], backends=["dask"], devices=["cpu"], is_current=lambda *_: True)
    assert found[TARGET].cells[0].cell == dask(
        Status.UNSUPPORTED, "TypeError", "supported until Dask 2025.3"
    )


def dask(status: Status, *notes: str) -> Cell:
    return cell(status, *notes, backend="dask")


def test_a_newer_backend_that_works_is_supported_from_its_version_on():
    old = record(
        environment("2026-01-01", packages={"numpy": "2.4.0", "torch": "2.5.1"}),
        cell(Status.UNSUPPORTED, "TypeError"),
    )
    new = record(environment("2026-02-01"), cell(Status.SUPPORTED))
    found = shown(old, new)
    assert (found.cell.status, found.cell.notes) == (Status.SUPPORTED, ("torch ≥ 2.6",))


def test_disagreement_without_a_separating_property_is_a_conflict():
    one = record(environment("2026-01-01", processor="Xeon"), cell(Status.SUPPORTED))
    two = record(environment("2026-01-02", processor="EPYC"), cell(Status.PARTIAL, "no JIT"))
    found = shown(one, two)
    assert found.cell.status == Status.CONFLICT
    assert found.cell.notes == (
        "partial (no JIT) with EPYC, 2026-01-02",
        "supported with Xeon, 2026-01-01",
    )


def test_a_version_that_fails_between_two_that_work_is_a_conflict():
    records = [
        record(environment(f"2026-01-0{day}", packages={"torch": version}), cell(status))
        for day, version, status in [
            (1, "2.5.0", Status.SUPPORTED),
            (2, "2.6.0", Status.UNSUPPORTED),
            (3, "2.7.0", Status.SUPPORTED),
        ]
    ]
    found = shown(*records).cell
    assert found.status == Status.CONFLICT
    assert found.notes == (
        "supported with torch 2.7.0 or torch 2.5.0, 2026-01-03 or 2026-01-01",
        "unsupported with torch 2.6.0, 2026-01-02",
    )


def test_a_cell_that_is_older_than_its_record_is_shown_with_its_own_date():
    old = record(environment("2026-02-01"), cell(Status.SUPPORTED, date="2026-01-01"))
    found = shown(old)
    assert found.environment == environment("2026-01-01")
    assert found.cell == cell(Status.SUPPORTED)


def test_agreeing_environments_are_not_a_conflict():
    one = record(environment("2026-01-01", processor="Xeon"), cell(Status.SUPPORTED))
    two = record(environment("2026-01-02", processor="EPYC"), cell(Status.SUPPORTED))
    assert shown(one, two).cell == cell(Status.SUPPORTED)


def test_an_outdated_measurement_is_shown_with_its_age_and_version():
    old = record(environment("2026-01-01"), cell(Status.SUPPORTED), version="1.0")
    found = shown(old, current=False)
    assert found.cell.status == Status.SUPPORTED
    assert found.outdated == "measured 2026-01-01 with pkg 1.0"


def test_a_current_measurement_beats_a_newer_outdated_one_that_stays_visible():
    current = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    outdated = record(
        environment("2026-02-01", processor="EPYC"), cell(Status.UNSUPPORTED, "TypeError")
    )
    found = shown(current, outdated, outdated="2026-02-01")
    assert (found.cell.status, found.outdated) == (Status.SUPPORTED, None)
    assert [other.cell.status for other in found.others] == [Status.UNSUPPORTED]


def test_unmeasured_cell_with_an_expected_status_takes_precedence():
    plain = record(environment("2026-02-01"), unmeasured("no case"))
    expecting = record(
        environment("2026-01-01"),
        unmeasured("there is no GPU", expected=Expected(status=Status.SUPPORTED)),
    )
    found = shown(plain, expecting)
    assert found.cell.expected == Expected(status=Status.SUPPORTED)


def test_numpy_on_a_gpu_and_cupy_on_a_cpu_are_not_applicable():
    cells = blank(TARGET, backends=["numpy", "cupy"], devices=["cpu", "gpu"]).cells
    statuses = {(one.cell.backend, one.column): one.cell.status for one in cells}
    assert statuses == {
        ("numpy", "cpu"): Status.NOT_MEASURED,
        ("numpy", "gpu"): Status.NOT_APPLICABLE,
        ("cupy", "cpu"): Status.NOT_APPLICABLE,
        ("cupy", "gpu"): Status.NOT_MEASURED,
    }


def test_substitute_device_is_shown_in_the_gpu_column():
    strict = cell(Status.SUPPORTED, backend="array-api-strict", device="other")
    tables = derive(
        [record(environment(), strict)],
        backends=["array-api-strict"],
        devices=["gpu"],
        is_current=lambda *_: True,
    )
    assert tables[TARGET].cells[0].cell == strict


def test_a_cell_in_no_record_says_why_the_device_was_unavailable():
    from dataclasses import replace

    entry = Unavailable(backend="torch", device="cpu", reason="torch is not installed")
    without = replace(record(environment()), unavailable=(entry,))
    assert shown(without).cell.reasons[0].message == "torch is not installed"


def test_target_is_missing_only_if_all_records_agree():
    from dataclasses import replace

    from sphinx_xpcaps.results.model import Target

    here = record(environment("2026-01-02"))
    missing = replace(here, targets={TARGET: Target(kind="missing")})
    there = record(environment("2026-01-01"), cell(Status.SUPPORTED))

    def kind(*records: Record) -> str:
        tables = derive(records, backends=["torch"], devices=["cpu"], is_current=lambda *_: True)
        return tables[TARGET].kind

    assert kind(missing, there) == "function"
    assert kind(missing) == "missing"
