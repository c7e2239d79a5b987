"""Pictures and exports of graphs with unusual names and sizes."""

from __future__ import annotations

import inspect
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


@pytest.mark.parametrize("base", [True, 2, 10.0])
def test_a_logarithmic_scale_has_any_base(base: Any) -> None:
    graph = lazy.exp(lazy.Variable((8,))) * 2
    expected = 10 if base is True else base
    _, ax = graph.plot_history_size_footprint(log=base)
    assert ax.get_yaxis().get_transform().base == expected
    _, ax = graph.plot_history_functions_lines(log=base)
    assert ax.get_yaxis().get_transform().base == expected
    figure, _ = graph.plot_history_functions_image(log=base)
    assert figure.axes[1].get_ylabel().startswith(f"log{expected:g}(")


def test_a_base_that_is_not_greater_than_one_is_refused() -> None:
    with pytest.raises(ValueError, match="log must be True, False or a base greater than 1"):
        lazy.Variable((8,)).plot_history_size_footprint(log=0.5)


@pytest.mark.parametrize("rasterize", [True, 1])
def test_a_picture_of_many_steps_is_drawn_as_pixels(rasterize: Any) -> None:
    graph = lazy.exp(lazy.Variable((8,))) * 2
    _, ax = graph.plot_history_size_footprint(rasterize=rasterize)
    assert ax.collections[0].get_rasterized()
    _, ax = graph.plot_history_size_footprint()
    assert not ax.collections[0].get_rasterized()


def test_a_picture_can_be_shown_and_closed_at_once() -> None:
    from matplotlib import pyplot

    pyplot.switch_backend("template")
    figure, _ = lazy.Variable((8,)).plot_circuit(show_and_close=True)
    assert not pyplot.fignum_exists(figure.number)


def test_the_signature_of_a_picture_names_all_its_options() -> None:
    assert list(inspect.signature(lazy.plot_graph).parameters) == [
        *("lz", "variables", "color_by", "initial_layout", "labels"),
        *("ax", "figsize", "rasterize", "show_and_close"),
    ]
    for name in PICTURES:
        text = getattr(lazy, name).__doc__
        assert "rasterize : bool or int, optional" in text
        assert "{options}" not in text


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
