"""Values in ``conf.py``: an invalid one gives one warning and never ends the build."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.config import PREFIX, options
from sphinx_xpcaps.option_checks import CHECKS, check_option
from tests.pages.conftest import cells, copy_site

INVALID = {
    "a number for patterns": ("inject", 3, "expected a list of patterns such as"),
    "None as a pattern": ("inject", [None], "expected a list of patterns such as"),
    "text for patterns": ("inject", "pkg.*", "got the text 'pkg.*'"),
    "an empty record": ("records", [""], "expected a list of globs such as"),
    "a number as a record": ("records", [3], "got the item 3"),
    "a number as cases": ("cases", [3], "expected a list of modules and files, got the item 3"),
    "a number as a variable": ("environment", {"A": 1}, "expected a dictionary of texts"),
    "a list of variables": ("environment", ["A"], "expected a dictionary of texts"),
    "a negative limit": ("timeout", -1, "expected a number of seconds greater than 0, got -1"),
    "an infinite limit": ("timeout", float("inf"), "expected a number of seconds"),
    "text for a limit": ("timeout", "long", "expected a number of seconds"),
    "a share above 1": ("verify", 2, "expected a number between 0 and 1, got 2"),
    "a negative number of workers": ("jobs", -2, "expected a number of workers"),
    "a truth value for workers": ("jobs", True, "expected a number of workers"),
    "a size in words": ("memory", "much", "expected a number of bytes"),
    "a list for a mode of execution": ("execute", ["off"], "unknown value ['off']"),
    "a number for set-up code": ("setup", 1, "expected a text with Python code"),
    "a number for declarations": ("declared", 1, "expected a text such as 'module:table'"),
    "a number as a backend": ("backends", [1], "expected a list of backends, got the item 1"),
    "None for devices": ("devices", None, "expected a list of devices, got None"),
    "an unknown mode": ("modes", ["fast"], "unknown value 'fast'; known are"),
}


def build(project, **values):
    """Build with values that are in ``conf.py``, as Sphinx converts others."""
    conf = project.src / "conf.py"
    lines = [f"xpcaps_{name} = {value!r}" for name, value in values.items()]
    text = "\n".join([conf.read_text("utf-8"), "inf = float('inf')", *lines, ""])
    conf.write_text(text, "utf-8")
    return project.build()


@pytest.fixture(scope="module")
def warnings_by_case(tmp_path_factory, rootdir):
    """Return the warnings about the option of each case. A build has one case per option."""
    found = {}
    while remaining := [case for case in INVALID if case not in found]:
        cases = {INVALID[case][0]: case for case in reversed(remaining)}
        project = copy_site("offline", rootdir, tmp_path_factory.mktemp("invalid"))
        built = build(project, **{option: INVALID[case][1] for option, case in cases.items()})
        for option, case in cases.items():
            found[case] = [line for line in built.warnings if f"xpcaps_{option}:" in line]
    return found


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_value_gives_one_warning_with_what_is_expected(warnings_by_case, case):
    option, _, expected = INVALID[case]
    (warning,) = warnings_by_case[case]
    assert warning.startswith(f"WARNING: conf.py: xpcaps_{option}: ")
    assert expected in warning


def test_every_option_has_a_check_that_accepts_its_default():
    names = [name.removeprefix(PREFIX) for name, *_ in options()]
    assert sorted(names) == sorted(CHECKS)
    for name, default, _, _ in options():
        checked = check_option(name.removeprefix(PREFIX), default, default)
        assert (checked.value, checked.problem) == (default, "")


@pytest.mark.parametrize("option", sorted(CHECKS))
@pytest.mark.parametrize("value", [None, 3, -1.5, "\0", [3], [None], {"A": 1}, object(), ""])
def test_a_check_returns_a_value_of_the_type_of_the_default(option, value):
    default = next(entry[1] for entry in options() if entry[0] == PREFIX + option)
    types = next(entry[2] for entry in options() if entry[0] == PREFIX + option)
    assert isinstance(check_option(option, value, default).value, types)


def test_a_text_in_place_of_a_list_is_its_only_item(site):
    built = build(site("offline"), records="records/*.json")
    assert cells(built.page("works.html"), "pkg.works")["JAX", "CPU"] == "supported"
    assert len(built.warnings) == 1


def test_a_record_may_have_an_absolute_path(site):
    project = site("offline")
    built = project.build(xpcaps_records=[str(project.src / "records" / "laptop.json")])
    assert built.warnings == []
    assert cells(built.page("works.html"), "pkg.works")["JAX", "CPU"] == "supported"


MATCHES = {
    "a misspelled package": ("pgk.*", "(did you mean 'pkg.*'?)"),
    "a misspelled function": ("pkg.wroks", "(did you mean 'pkg.works'?)"),
    "a regular expression": (
        r"pkg\..+",
        "(patterns are globs such as 'pkg.*', not regular expressions)",
    ),
}


@pytest.mark.parametrize("case", MATCHES)
def test_a_pattern_that_matches_nothing_gives_a_warning(site, case):
    pattern, hint = MATCHES[case]
    project = site("offline")
    expected = (
        f"WARNING: conf.py: xpcaps_inject: pattern {pattern!r} matches no documented object "
        f"{hint} [xpcaps.match]"
    )
    for _ in range(2):  # in every build
        assert project.build(xpcaps_inject=["pkg.*", pattern]).warnings == [expected]


def test_a_summary_is_found_in_the_current_module_or_from_the_top(site):
    project = site("offline")
    page = "plain\n=====\n\n.. py:currentmodule:: pkg\n\n.. xp-capabilities-summary:: pkg\n"
    (project.src / "plain.rst").write_text(page, "utf-8")
    built = project.build()
    assert built.warnings == []
    assert len(built.page("plain.html").select("table.xpcaps-functions tbody tr")) == 3


def test_a_summary_without_tables_gives_a_warning(site):
    project = site("offline")
    page = "plain\n=====\n\n.. xp-capabilities-summary:: pgk\n"
    (project.src / "plain.rst").write_text(page, "utf-8")
    assert project.build().warnings == [
        "plain.rst:4: WARNING: xp-capabilities-summary: no table for anything in 'pgk' "
        "(did you mean 'pkg'?) [xpcaps.match]"
    ]


def test_options_of_the_project_hold_unless_conf_py_has_them(site):
    project = site("offline")
    (project.src / "pyproject.toml").write_text(
        '[tool.xpcaps]\ntimeout = 7\nposition = "notes"\njobs = -1\nrecord = []\n'
    )
    conf = project.src / "conf.py"
    conf.write_text(conf.read_text("utf-8") + "\nxpcaps_position = 'parameters'\n", "utf-8")
    config = project.make_app("html", srcdir=project.src).config
    assert (config.xpcaps_timeout, config.xpcaps_position) == (7, "parameters")
    given = {"xpcaps_timeout": 9}
    app = project.make_app("html", srcdir=project.src, confoverrides=given)
    assert app.config.xpcaps_timeout == 9
    warnings = [line for line in app.warning.getvalue().splitlines() if "pyproject" in line]
    assert len(warnings) == 2
    assert "[tool.xpcaps]: jobs: expected a number of workers" in warnings[0]
    assert "[tool.xpcaps]: unknown key 'record'; did you mean 'records'?" in warnings[1]
