"""Test finding the property that separates environments."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.results.separate import library_name, separator
from tests.results.make import environment


def separated(inside: list[dict], outside: list[dict], backend: str = "torch") -> str | None:
    found = separator(
        [environment(**one) for one in inside],
        [environment(**one) for one in outside],
        backend=backend,
        package="pkg",
    )
    return found.text if found else None


@pytest.mark.parametrize(
    ("inside", "outside", "words"),
    [
        ({"packages": {"torch": "2.6.0"}}, {"packages": {"torch": "2.5.1"}}, "torch ≥ 2.6"),
        ({"packages": {"torch": "2.6.1"}}, {"packages": {"torch": "2.6.0"}}, "torch ≥ 2.6.1"),
        ({"packages": {"torch": "2.9.0"}}, {"packages": {"torch": "2.10.0"}}, "until torch 2.9"),
        ({"packages": {"torch": "2.6.0"}}, {"packages": {"torch": "2.6.1"}}, "until torch 2.6.0"),
        ({"packages": {"torch": "2.6.0+cpu"}}, {"packages": {"torch": "2.5"}}, "torch ≥ 2.6"),
        ({"packages": {"numpy": "2.4.0rc1"}}, {"packages": {"numpy": "2.3"}}, "NumPy ≥ 2.4"),
        ({"python": "3.12.1"}, {"python": "3.11.9"}, "Python ≥ 3.12"),
        ({"platform": "darwin-arm64"}, {}, "on darwin-arm64"),
        ({"accelerator": "NVIDIA H100"}, {}, "on NVIDIA H100"),
        ({}, {"accelerator": "NVIDIA H100"}, "no accelerator"),
        ({"variables": {"A": "1"}}, {"variables": {"A": "0"}}, "A=1"),
        ({}, {"variables": {"A": "1"}}, "without A"),
        ({"processor": "EPYC"}, {"processor": "Xeon"}, None),
    ],
)
def test_separating_property_becomes_a_note(inside, outside, words):
    assert separated([inside], [outside]) == words


def test_version_of_the_backend_takes_precedence():
    new = {"packages": {"torch": "2.6", "numpy": "2.4", "pkg": "2.0"}, "python": "3.12"}
    old = {"packages": {"torch": "2.5", "numpy": "2.3", "pkg": "1.0"}, "python": "3.11"}
    assert separated([new], [old]) == "torch ≥ 2.6"


def test_version_of_another_backend_does_not_separate():
    new, old = {"packages": {"torch": "2.6"}}, {"packages": {"torch": "2.5"}}
    assert separated([new], [old], backend="jax") is None


def test_version_threshold_must_separate_all_environments():
    two_five, two_six = {"packages": {"torch": "2.5"}}, {"packages": {"torch": "2.6"}}
    two_seven = {"packages": {"torch": "2.7"}}
    assert separated([two_six, two_seven], [two_five]) == "torch ≥ 2.6"
    assert separated([two_five, two_seven], [two_six]) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("jax", "JAX"), ("dask", "Dask"), ("torch", "torch"), ("scipy", "scipy")],
)
def test_a_package_has_the_title_of_a_library_only_if_it_can_be_installed_by_it(name, shown):
    assert library_name(name) == shown
