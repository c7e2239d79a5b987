"""What an environment of a matrix consists of."""

from __future__ import annotations

import json
from importlib.metadata import Distribution
from typing import Any

import pytest

from sphinx_xpcaps.virtual_environments import requirements
from sphinx_xpcaps.virtual_environments.requirements import base, parse


@pytest.mark.parametrize(
    ("text", "parts", "backends"),
    [
        ("jax==0.4.34", ("jax==0.4.34",), ("jax",)),
        ("jax == 0.6.*, numpy<2.1", ("jax == 0.6.*", "numpy<2.1"), ("numpy", "jax")),
        ("numpy<2.1,>=2 Array_API.Strict==2.0", ("numpy<2.1,>=2", "Array_API.Strict==2.0"), None),
        ("scipy==1.16", ("scipy==1.16",), ()),
    ],
)
def test_requirements_are_separated_by_spaces_or_commas(
    text: str, parts: tuple[str, ...], backends: tuple[str, ...] | None
) -> None:
    entry = parse(text)
    assert entry.requirements == parts
    assert entry.backends == (("numpy", "array-api-strict") if backends is None else backends)


def test_the_name_of_a_file_says_what_is_required() -> None:
    assert parse("jax==0.6.* numpy<2.1,>=2").slug == "jax-0.6-numpy-2.1-2"


@pytest.mark.parametrize("text", ["", "  ", "jax=0.4", "jax==", "-r file"])
def test_an_invalid_requirement_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="requirement"):
        parse(text)


class Installed:
    """A distribution with some metadata."""

    def __init__(self, version: str, origin: dict[str, Any] | None = None) -> None:
        self.version = version
        self._origin = origin

    def read_text(self, name: str) -> str | None:
        return json.dumps(self._origin) if self._origin else None


def test_everything_else_is_installed_as_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = {"url": "file:///home/me/my%20pkg", "dir_info": {"editable": True}}
    installed: dict[str, Any] = {
        "sphinx-xpcaps": Installed("0.1.0", checkout),
        "mypkg": Installed("3.0"),
        "torch": Installed("2.13.0+cpu"),
        "jax": Installed("0.10.2"),
    }

    def distribution(name: str) -> Distribution:
        if name not in installed:
            raise requirements.importlib.metadata.PackageNotFoundError(name)
        found: Distribution = installed[name]
        return found

    monkeypatch.setattr(requirements.importlib.metadata, "distribution", distribution)
    monkeypatch.setattr(requirements, "distributions_by_package", lambda: {"pkg": ["mypkg"]})
    found = base(parse("jax==0.4.34"), ["pkg"], ["torch", "jax", "dask"])
    assert found == ("--editable", "/home/me/my pkg", "mypkg==3.0", "torch==2.13.0")
