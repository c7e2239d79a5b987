"""Descriptions of targets are kept between runs until a file of their package changes."""

from __future__ import annotations

import os
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.descriptions import describe
from sphinx_xpcaps.measure.digests import PackageDigests, is_under_development
from sphinx_xpcaps.measure.environment import installed_packages, package_version
from sphinx_xpcaps.results.model import Environment

ENVIRONMENT = Environment(
    python="3.11.0", platform="linux", processor="", accelerator=None, date="2026-01-01"
)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "described_module.py"
    path.write_text("__version__ = '1.5'\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return path


def described(module: Path, config: Config, **facts: Any) -> list[str]:
    """Return the names that are described by importing them."""
    now: list[str] = []

    def describe_now(names):
        now.extend(names)
        return {
            name: TargetInfo(name=name, kind="function", package=module.stem, **facts)
            for name in names
        }

    name = f"{module.stem}.f"
    cache = module.parent / "cache.json"
    digests = PackageDigests(module.parent / "digests.json")
    found = describe(
        [name], config, ENVIRONMENT, cache_file=cache, digests=digests, describe_now=describe_now
    )
    assert list(found) == [name]
    return now


def test_an_unchanged_target_is_described_once(module):
    assert described(module, Config())
    assert described(module, Config()) == []


def test_a_changed_file_or_option_describes_the_target_again(module):
    described(module, Config())
    os.utime(module, ns=(1, 1))
    assert described(module, Config())
    assert described(module, Config(setup="import math"))


def test_a_failed_import_is_not_kept(module):
    assert described(module, Config(), error="no module", imported=False)
    assert described(module, Config())


def test_an_error_is_kept_until_an_imported_module_changes(module):
    other = module.with_name("described_other.py")
    other.write_text("", "utf-8")
    module.write_text("from described_other import *\n", "utf-8")
    is_under_development.cache_clear()
    assert described(module, Config(), error="module has no attribute 'f'")
    assert described(module, Config()) == []
    other.write_text("def f(x):\n    return x\n", "utf-8")
    assert described(module, Config())


def test_packages_are_found_in_the_distributions_that_contain_them():
    found = installed_packages()
    for package, names in packages_distributions().items():
        if package.isidentifier():
            assert {each.metadata["Name"] for each in found[package]} == set(names)


def test_a_package_outside_of_distributions_has_the_version_in_its_source(module):
    assert package_version(module.stem) == "1.5"


def test_distributions_have_the_version_of_their_metadata():
    import numpy

    assert package_version("numpy") == numpy.__version__
    assert package_version("no_such_package") is None
