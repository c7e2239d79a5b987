"""Invalid input: each mistake gives one typed warning with document and line, in every build."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.extension import options
from tests.pages.conftest import sphinx_build


def with_page(project, text: str, name: str = "plain.rst"):
    path = project.src / name
    (project.src / "plain.rst").unlink()
    path.write_text(text, "utf-8")
    return project


RST = {
    "an unknown option": (
        ".. xp-capabilities:: pkg.works\n   :device: cpu\n",
        "plain.rst:4: WARNING: xp-capabilities has no option 'device'; did you mean 'devices'? "
        "[xpcaps.option]",
    ),
    "a missing argument": (
        ".. xp-capabilities::\n",
        "plain.rst:4: WARNING: xp-capabilities needs an argument: a dotted name such as pkg.func "
        "[xpcaps.option]",
    ),
    "an unknown backend": (
        ".. xp-capabilities:: pkg.works\n   :backends: jax, tensorflow\n",
        "plain.rst:4: WARNING: unknown backend 'tensorflow'; known are array-api-strict, cupy, "
        "dask, jax, numpy, torch [xpcaps.backend]",
    ),
    "an unknown device": (
        ".. xp-capabilities:: pkg.works\n   :devices: tpu\n",
        "plain.rst:4: WARNING: unknown device 'tpu'; known are cpu, gpu [xpcaps.option]",
    ),
    "a flag with a value": (
        ".. xp-capabilities:: pkg.works\n   :graph: wide\n",
        "plain.rst:4: WARNING: xp-capabilities: the option 'graph' takes no value, got 'wide' "
        "[xpcaps.option]",
    ),
    "a summary without argument": (
        ".. xp-capabilities-summary::\n",
        "plain.rst:4: WARNING: xp-capabilities-summary needs an argument: a dotted name such as "
        "pkg.func [xpcaps.option]",
    ),
}


@pytest.mark.parametrize("case", RST)
def test_a_directive_in_rest_names_document_and_line(site, case):
    text, warning = RST[case]
    built = with_page(site("offline"), f"plain\n=====\n\n{text}").build()
    assert built.warnings == [warning]


@pytest.mark.parametrize("case", RST)
def test_a_directive_in_myst_gives_the_same_warning(site, case):
    text, warning = RST[case]
    head, *rest = text.removeprefix(".. ").splitlines()
    name, _, argument = head.partition("::")
    lines = [f"```{{{name}}}{argument}", *(line.strip() for line in rest), "```"]
    page = "\n".join(["# plain", "", "", *lines, ""])
    built = with_page(site("offline"), page, "plain.md").build()
    assert built.warnings == [warning.replace("plain.rst", "plain.md")]


def test_the_table_is_shown_despite_an_unknown_option(site):
    text = "plain\n=====\n\n.. xp-capabilities:: pkg.works\n   :oops:\n"
    page = with_page(site("offline"), text).build().page("plain.html")
    assert page.select("table.xp-capabilities")


def test_a_record_that_cannot_be_read_gives_a_warning_in_every_build(site):
    project = site("offline")
    (project.src / "records" / "broken.json").write_text("{}", "utf-8")
    first = project.build().warnings
    assert len(first) == 1
    assert first[0].startswith("WARNING: records/broken.json: the record cannot be read: ")
    assert first[0].endswith("[xpcaps.record]")
    assert project.build().warnings == first


def test_a_pattern_that_matches_no_record_gives_a_warning(site):
    built = site("offline").build(xpcaps_records=["records/*.json", "elsewhere/*.json"])
    assert built.warnings == [
        "WARNING: conf.py: xpcaps_records: no file matches 'elsewhere/*.json' [xpcaps.record]"
    ]


def test_warnings_can_be_suppressed_by_their_type(site):
    built = site("offline").build(
        xpcaps_records=["records/*.json", "elsewhere/*.json"], suppress_warnings=["xpcaps.record"]
    )
    assert built.warnings == []


@pytest.mark.parametrize(
    ("option", "value", "warning"),
    [
        (
            "xpcaps_execute",
            "sometimes",
            "xpcaps_execute: unknown value 'sometimes'; known are auto, off, force, check "
            "[xpcaps.option]",
        ),
        (
            "xpcaps_devices",
            ["cpu", "tpu"],
            "xpcaps_devices: unknown value 'tpu'; known are cpu, gpu [xpcaps.option]",
        ),
        (
            "xpcaps_backends",
            ["numpy", "tensorflow"],
            "xpcaps_backends: unknown value 'tensorflow'; known are numpy, cupy, torch, jax, dask, "
            "array-api-strict [xpcaps.backend]",
        ),
    ],
)
def test_an_invalid_value_in_conf_py_gives_a_warning_and_the_default_is_used(
    site, option, value, warning
):
    project = site("offline")
    (project.src / "index.rst").write_text("nothing\n=======\n", "utf-8")
    for name in ("works.rst", "markdown.md", "plain.rst"):
        (project.src / name).unlink()
    assert project.build(**{option: value}).warnings == [f"WARNING: conf.py: {warning}"]


def test_the_default_is_used_for_an_option_of_the_wrong_type(site):
    project = site("offline")
    conf = project.src / "conf.py"
    conf.write_text(conf.read_text("utf-8") + "xpcaps_backends = 1\n", "utf-8")
    built = project.build()
    (warning,) = built.warnings
    assert "xpcaps_backends" in warning
    assert "PyTorch" in built.text("works.html")


def test_files_of_cases_are_relative_to_conf_py(site):
    project = site("offline")
    app = project.make_app(
        srcdir=project.src, confoverrides={"xpcaps_cases": ["pkg._cases", "tests.cases"]}
    )
    assert options.read(app).cases == ["pkg._cases", str(project.src / "tests.cases")]


def test_an_unknown_option_in_conf_py_gives_a_warning(site):
    project = site("offline")
    conf = project.src / "conf.py"
    conf.write_text(conf.read_text("utf-8") + "xpcaps_backend = []\n", "utf-8")
    assert project.build().warnings == [
        "WARNING: conf.py: unknown option xpcaps_backend; did you mean 'xpcaps_backends'? "
        "[xpcaps.option]"
    ]


def test_a_link_to_a_name_in_markdown_gives_no_warning(tmp_path):
    """MyST searches all domains for the name."""
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_xpcaps"]\n', "utf-8")
    page = "# Title\n\n```{py:function} math.hypot(x, y)\n```\n\nSee [hypot](#math.hypot).\n"
    (tmp_path / "index.md").write_text(page, "utf-8")
    run = sphinx_build(tmp_path, "-W")
    assert run.page("index.html").select_one("p a.reference")["href"] == "#math.hypot"


def test_workers_that_cannot_start_are_one_warning_with_the_cause(site):
    built = site("offline").build(
        xpcaps_execute="auto", xpcaps_environment={"PYTHONHOME": "/nonexistent"}
    )
    failed = [line for line in built.warnings if "worker" in line]
    assert len(failed) == 1
    assert "a worker cannot start: ModuleNotFoundError: No module named 'encodings'" in failed[0]
    assert failed[0].endswith("[xpcaps.engine]")
