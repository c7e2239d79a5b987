"""Pictures and exports of graphs with unusual names and sizes."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from core import lazy

UNUSUAL = [
    "a b",
    "1. $x$ $$",
    "`code`",
    'say "no"',
    "back\\slash",
    "two\nlines",
    "_own",
    "<&;#>",
    "",
]
PICTURES: dict[str, Any] = {
    "plot_circuit": {},
    "plot_graph": {},
    "plot_history_functions": {},
    "plot_history_size_footprint": {"log": True},
    "plot_history_stats": {"fn": "sizein"},
}


def named(name: str) -> Any:
    def function(x: Any) -> Any:
        return x

    function.__name__ = name
    return lazy.Variable((3,)).to(function) + 1


def draw(picture: str, graph: Any, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure, _ = getattr(lazy, picture)(graph, **PICTURES[picture], **options)
        figure.canvas.draw()


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("name", UNUSUAL)
def test_any_name_is_drawn(kind: str, name: str) -> None:
    draw(kind, named(name))


@pytest.mark.parametrize("kind", PICTURES)
def test_leaves_alone_and_very_large_arrays_are_drawn(kind: str) -> None:
    draw(kind, lazy.Variable((0,)))
    large = lazy.Variable((10**12, 10**12))
    draw(kind, large @ large)


def test_an_image_of_leaves_alone_is_empty() -> None:
    draw("plot_history_functions", lazy.Variable((3,)), kind="image")


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_name_is_one_label_in_mermaid_and_graphviz(name: str) -> None:
    graph = named(name)
    shown = name.replace("\n", " ") or "function"
    _, _, line, *_ = lazy.to_mermaid(graph).splitlines()
    text = line.split('"')[1].removesuffix("<br/>(3,) float64")
    for code, character in (("#quot;", '"'), ("#lt;", "<"), ("#gt;", ">"), ("#96;", "`")):
        text = text.replace(code, character)
    assert text.replace("#35;", "#") == shown
    written = shown.replace("\\", "\\\\").replace('"', '\\"')
    assert f'n1 [label="{written}\\n(3,) float64", shape=box]' in lazy.to_graphviz(graph)
