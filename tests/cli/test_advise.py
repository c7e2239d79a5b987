"""The command ``advise``: files, configuration, formats and exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_xpcaps.advise import record_sources
from sphinx_xpcaps.cli import main
from sphinx_xpcaps.results.record import write_bundle
from tests.advise.knowledge import records

CODE = "import pkg\npkg.raises(x)\npkg.works(x)\npkg.unheard(x)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    write_bundle(records(), tmp_path / "records.json")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def advise(*arguments: str, stdin: str | bytes | None = None, records: bool = True) -> Result:
    options = ["--records", "records.json", "--backend", "torch"] if records else []
    return CliRunner().invoke(main, ["advise", *arguments, *options], input=stdin)


def configure(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.xpcaps.advise]\n{table}\n")


def test_findings_are_shown_with_their_source(folder: Path) -> None:
    answer = advise("src")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "XPC001 pkg.raises does not work with PyTorch: raised TypeError (f(x))",
        " --> src/code.py:2:1",
        "  |",
        "2 | pkg.raises(x)",
        "  | ^^^^^^^^^^^^^",
        "  |",
        "  = note: TypeError",
        "  = measured: with PyTorch 2.6.0, pkg 1.0",
        "  = help: Convert the arrays to NumPy first, or use a function of PyTorch instead.",
        "",
        "Found 1 problem in 1 file; 3 calls looked up, 2 in records, "
        "0 of these with NumPy arrays or Python objects only",
    ]


def test_status_is_0_if_nothing_is_found(folder: Path) -> None:
    (folder / "fine.py").write_text("import pkg\npkg.works(x)\n")
    assert advise("fine.py").exit_code == 0
    assert advise("src", "--exit-zero").exit_code == 0


def test_one_line_per_finding(folder: Path) -> None:
    first, *_ = advise("src", "--output-format", "concise").stdout.splitlines()
    assert first.startswith("src/code.py:2:1: XPC001 pkg.raises does not work with PyTorch")


def test_json_has_findings_unknown_calls_and_counts(folder: Path) -> None:
    answer = json.loads(advise("src", "--output-format", "json").stdout)
    [found] = answer["findings"]
    assert (found["path"], found["line"], found["code"]) == ("src/code.py", 2, "XPC001")
    assert (found["function"], found["backend"]) == ("pkg.raises", "torch")
    assert [each["function"] for each in answer["unknown"]] == ["pkg.unheard"]
    assert answer["counts"] == {"files": 1, "looked_up": 3, "known": 2, "on_host": 0}


def test_github_annotations_escape_what_ends_a_command(folder: Path) -> None:
    (folder / "a,b:c.py").write_text("import pkg\npkg.raises(x)\n")
    [line] = advise("a,b:c.py", "--output-format", "github").stdout.splitlines()
    properties, _, text = line.removeprefix("::warning ").partition("::")
    assert "file=a%2Cb%3Ac.py,line=2,col=1,endLine=2,endColumn=14" in properties
    assert text.startswith("a,b:c.py:2:1: XPC001 ")


def test_sarif_refers_to_its_rules(folder: Path) -> None:
    (folder / "broken.py").write_text("import pkg\npkg.f(\n")
    answer = json.loads(advise("src", "broken.py", "--output-format", "sarif").stdout)
    assert answer["version"] == "2.1.0"
    [run] = answer["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [one["ruleId"] for one in run["results"]] == ["XPC900", "XPC001"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        [location] = one["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    assert [one["level"] for one in run["results"]] == ["error", "warning"]


def test_counts_do_not_mix_with_formats_for_programs(folder: Path) -> None:
    answer = advise("src", "--output-format", "json", "--statistics", "--show-unknown")
    json.loads(answer.stdout)
    assert "1\tXPC001\tunsupported" in answer.stderr
    answer = advise("src", "--statistics", "--show-unknown")
    assert "src/code.py:4:1: no record has pkg.unheard" in answer.stdout


def test_rules_are_selected_by_code_or_beginning(folder: Path) -> None:
    assert advise("src", "--ignore", "XPC001").exit_code == 0
    assert advise("src", "--select", "XPC003,XPC006").exit_code == 0
    assert advise("src", "--select", "XPC00").exit_code == 1
    (folder / "some.py").write_text("import pkg\npkg.some(x)\n")
    assert advise("some.py").exit_code == 0
    assert advise("some.py", "--extend-select", "XPC020").exit_code == 1
    unknown = advise("src", "--select", "XPC777")
    assert unknown.exit_code == 2
    assert "no rule begins with 'XPC777'; there are XPC001 (unsupported)" in unknown.stderr


def test_standard_input_is_checked(folder: Path) -> None:
    answer = advise("-", "--output-format", "concise", stdin=CODE)
    assert answer.stdout.startswith("stdin.py:2:1: XPC001")
    answer = advise("-", "--output-format", "concise", "--stdin-filename", "a.py", stdin=CODE)
    assert answer.stdout.startswith("a.py:2:1: XPC001")


def test_folders_patterns_and_exclusions(folder: Path) -> None:
    for name in ("src/sub/a.py", "src/.venv/b.py", "src/old/c.py", "src/d.txt"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CODE)

    def found(*arguments: str) -> list[str]:
        lines = advise(*arguments, "--output-format", "concise").stdout.splitlines()[:-1]
        return [line.partition(":")[0] for line in lines]

    assert found("src") == ["src/code.py", "src/old/c.py", "src/sub/a.py"]
    assert found("src", "--exclude", "old") == ["src/code.py", "src/sub/a.py"]
    assert found("src", "--exclude", "src/*/*.py") == ["src/code.py"]
    assert found("src/**/a.py", "src/sub") == ["src/sub/a.py"]
    assert found("src/d.txt") == ["src/d.txt"]


@pytest.mark.parametrize("name", ["missing.py", "missing/*.py"])
def test_a_name_without_file_is_status_2(folder: Path, name: str) -> None:
    answer = advise("src", name)
    assert answer.exit_code == 2
    assert answer.stderr == f"Error: {name}: no such file or folder\n"


def test_a_file_that_cannot_be_read_is_one_line_and_the_others_are_checked(folder: Path) -> None:
    (folder / "src" / "latin.py").write_bytes(b"# \xe4\n")
    answer = advise("src", "--output-format", "concise")
    assert answer.exit_code == 2
    assert "src/code.py:2:1: XPC001" in answer.stdout
    [line] = answer.stderr.splitlines()
    assert line.startswith("Error: src/latin.py: the encoding is invalid")


def test_a_file_in_a_declared_encoding_with_other_line_ends_is_checked(folder: Path) -> None:
    code = "# coding: latin-1\r\nimport pkg\r\ny = 'ä'; pkg.raises(x)\r\n"
    (folder / "src" / "code.py").write_bytes(code.encode("latin-1"))
    line = advise("src", "--output-format", "concise").stdout
    assert line.startswith("src/code.py:3:10: XPC001")


def test_the_project_configures_what_is_not_given(folder: Path) -> None:
    configure(folder, 'backends = ["torch"]\nrecords = ["rec*.json"]\nmodes = ["jit"]')
    (folder / "src" / "code.py").write_text("import pkg\npkg.no_jit(x)\n")
    answer = advise("src", "--output-format", "concise", records=False)
    assert "XPC003" in answer.stdout
    assert "XPC003" not in advise("src", "--mode", "eager", records=False).stdout


def test_the_project_names_its_functions_that_return_numpy_arrays(folder: Path) -> None:
    configure(folder, 'host-functions = ["other.to_numpy", "as_numpy", "self.host"]')
    (folder / "src" / "code.py").write_text(
        "import pkg\nfrom other import to_numpy as n\nfrom .own import as_numpy\n"
        "pkg.raises(n(x), as_numpy(x))\npkg.raises(self.host(x))\npkg.raises(n)\n"
        "pkg.raises(self.other(x))\n"
    )
    lines = advise("src", "--output-format", "concise").stdout.splitlines()
    assert [line.split(":")[1] for line in lines[:-1]] == ["6", "7"]


def test_rules_are_ignored_in_files_that_match(folder: Path) -> None:
    configure(folder, '[tool.xpcaps.advise.per-file-ignores]\n"src/*" = ["XPC00"]')
    (folder / "other.py").write_text(CODE)
    lines = advise("src", "other.py", "--output-format", "concise").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == ["other.py"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('backend = ["jax"]', "unknown key 'backend'; did you mean 'backends'?"),
        ('backends = ["jaxx"]', "backends: unknown value 'jaxx'"),
        ("modes = 1", "modes: expected a list of modes, got 1"),
        ('ignore = ["XPC7"]', "ignore: no rule begins with 'XPC7'"),
        ('device = "abacus"', "device: unknown device 'abacus'"),
        ('per-file-ignores = ["a"]', "per-file-ignores: expected a table"),
    ],
)
def test_a_mistake_in_the_table_is_one_line_with_file_and_key(
    folder: Path, table: str, problem: str
) -> None:
    configure(folder, table)
    answer = advise("src")
    [line] = answer.stderr.splitlines()
    assert line.startswith(f"Warning: {folder / 'pyproject.toml'}: [tool.xpcaps.advise]: {problem}")
    assert answer.exit_code == 1  # the other options hold


def test_a_project_file_that_is_not_toml_is_status_2(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.xpcaps\n")
    answer = advise("src")
    assert answer.exit_code == 2
    assert "pyproject.toml: Expected ']'" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--records", "records.json"], "name a library with --backend"),
        (["--backend", "torchy"], "unknown backend 'torchy'"),
        (["--backend", "torch", "--mode", "fast"], "unknown mode 'fast'"),
        (["--backend", "torch", "--device", "abacus"], "unknown device 'abacus'"),
        (["--backend", "torch", "--records", "none.json"], "none.json: No such file"),
    ],
)
def test_an_option_that_cannot_be_used_is_status_2(
    folder: Path, arguments: list[str], problem: str
) -> None:
    answer = advise("src", *arguments, records=False)
    assert answer.exit_code == 2
    assert problem in answer.stderr


def test_records_of_installed_packages_are_used_without_importing_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_sources, "entry_points", lambda group: [])
    answer = advise("src", "--backend", "torch", records=False)
    assert answer.exit_code == 2
    assert "no records: name files with --records" in answer.stderr

    package = folder / "installed" / "pkg_records"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    write_bundle(records(), package / "data" / "pkg.json")
    monkeypatch.syspath_prepend(folder / "installed")

    class Entry:
        name, value = "pkg", "pkg_records.data"

    monkeypatch.setattr(record_sources, "entry_points", lambda group: [Entry])
    assert "XPC001" in advise("src", "--backend", "torch", records=False).stdout


def test_checked_code_is_not_executed(folder: Path) -> None:
    (folder / "pkg.py").write_text("raise AssertionError('imported')")
    (folder / "src" / "code.py").write_text(CODE + "open('executed', 'w')\n")
    assert "XPC001" in advise("src").stdout
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("device", ["gpu", "cuda", "cuda:0", "mps"])
def test_devices_have_the_names_that_libraries_use(folder: Path, device: str) -> None:
    assert "XPC005 pkg.works" in advise("src", "--device", device).stdout
