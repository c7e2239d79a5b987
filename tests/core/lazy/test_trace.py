"""Traces of functions, data-dependent code, and statistics of graphs."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from core import lazy
from core.testing import assert_close

HERE = Path(__file__)


def line_of(text: str) -> int:
    lines = HERE.read_text().splitlines()
    return 1 + next(i for i, line in enumerate(lines) if line.endswith(text))


def by_sign(x: Any) -> Any:
    xp = x.__array_namespace__()
    if xp.any(x < 0):  # needs a value
        return -x
    return x


NEEDS_VALUES = {
    "bool()": bool,
    "float()": float,
    "int()": int,
    "complex()": complex,
    "operator.index()": lambda x: range(10)[x],
    ".item()": lambda x: x.item(),
    ".tolist()": lambda x: x.tolist(),
    "format()": "{:.2f}".format,
    "conversion to NumPy": np.asarray,
    "`in`": lambda x: 1.0 in x,
    "DLPack export": np.from_dlpack,
}


@pytest.mark.parametrize("operation", sorted(NEEDS_VALUES))
@pytest.mark.parametrize("traced", [lazy.Variable(()), lazy.array(np.asarray(1.0))])
def test_data_dependent_code_raises_an_error_with_the_line_and_an_alternative(
    operation: str, traced: Any
) -> None:
    with pytest.raises(lazy.DataDependentError) as caught:
        NEEDS_VALUES[operation](traced)
    error = caught.value
    assert error.operation == operation
    assert error.filename == __file__
    assert "test_trace.py:" in str(error)
    assert error.instead
    assert error.instead in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.lineno == error.lineno


def test_unknown_lengths_masks_and_assignment_are_data_dependent() -> None:
    x = lazy.Variable((None, 2))
    for operation, call in {
        "len()": lambda: len(x),
        "iteration": lambda: list(x),
        "__setitem__": lambda: x.__setitem__(0, 1),
        "a boolean mask": lambda: x[x[:, 0] > 0],
        "operator.index()": lambda: x[: lazy.argmax(x)],
    }.items():
        with pytest.raises(lazy.DataDependentError) as caught:
            call()
        assert caught.value.operation == operation
    with lazy.boolean_indexing():
        assert x[x[:, 0] > 0].shape == (None, 2)
        assert x[x > 0].shape == (None,)


def test_the_users_line_is_named() -> None:
    with pytest.raises(lazy.DataDependentError) as caught:
        core.trace(by_sign, np.ones(3))
    assert caught.value.lineno == line_of("# needs a value")
    place = f"tests/core/lazy/test_trace.py:{caught.value.lineno}"
    assert str(caught.value).startswith(f"bool() on a traced array at {place}: ")
    assert "xp.where" in str(caught.value)


def test_assignment_to_a_numpy_array_is_data_dependent() -> None:
    def filled(x: Any) -> Any:
        result = np.zeros(2)
        result[0] = x.__array_namespace__().sum(x)  # NumPy needs a value
        return result

    with pytest.raises(lazy.DataDependentError, match="float") as caught:
        core.trace(filled, np.ones(3))
    assert caught.value.lineno == line_of("# NumPy needs a value")


def test_numpy_functions_are_rejected_for_arrays_of_other_libraries() -> None:
    x = lazy.Variable((2,), "torch")
    with pytest.raises(lazy.DataDependentError, match=r"numpy.sin\(\).*write xp.sin"):
        np.sin(x)
    with pytest.raises(lazy.DataDependentError, match=r"numpy.percentile"):
        np.percentile(lazy.Variable((2,), "numpy"), 5)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2,), 1, 2)
    assert np.concatenate([lazy.Variable((2,), "numpy")] * 2).shape == (4,)


def distance(x: Any, y: Any, *, scale: float = 1.0) -> Any:
    xp = x.__array_namespace__()
    return {"d": xp.sqrt(xp.sum((x - y) ** 2, axis=-1)) * scale, "none": None}


def test_a_trace_has_the_operations_and_costs_of_the_function() -> None:
    traced = core.trace(distance, np.zeros((5, 3)), np.ones(3), scale=2.0)
    assert traced.operations == {"multiply": 1, "pow": 1, "sqrt": 1, "subtract": 1, "sum": 1}
    assert traced.functions == {"multiply", "pow", "sqrt", "subtract", "sum"}
    assert traced.flops == 15 + 15 + 15 + 5 + 5
    # Both operands and the differences, then the differences and their squares.
    assert traced.peak_memory == 8 * (15 + 3 + 15)
    assert traced.unknown_sizes == ()
    assert [one.shape for one in traced.inputs] == [(5, 3), (3,)]
    assert "sqrt" in traced.source
    assert repr(traced).startswith("<Trace of distance: 5 operations")


def test_a_trace_runs_on_every_library(xp: Any) -> None:
    traced = core.trace(distance, np.zeros((5, 3)), np.ones(3), scale=2.0)
    found = traced(xp.zeros((5, 3), dtype=xp.float64), xp.ones(3, dtype=xp.float64), scale=2.0)
    assert_close(found["d"], xp.full(5, 2 * 3**0.5, dtype=xp.float64))
    assert found["none"] is None


def test_arrays_are_traced_with_their_own_library_and_dtype() -> None:
    torch = pytest.importorskip("torch")
    traced = core.trace(lambda x: x + 1, torch.ones(2, dtype=torch.float32))
    assert traced.inputs[0].backend == "torch"
    assert traced.outputs.dtype == np.float32


@dataclasses.dataclass
class Result:
    value: Any
    note: str


def test_results_in_dataclasses_are_found() -> None:
    traced = core.trace(lambda x: Result(x + 1, "ok"), np.ones(2))
    assert traced.operations == {"add": 1}
    assert traced.outputs["note"] == "ok"


def test_lengths_that_depend_on_values_are_listed() -> None:
    traced = core.trace(lambda x: lazy.unique_values(x) + 1, np.ones(3))
    assert [one.shape for one in traced.unknown_sizes] == [(None,), (None,)]
    assert traced.functions == {"unique_values", "add"}


def test_the_history_counts_sizes_and_operations() -> None:
    x, y = lazy.Variable((3,)), lazy.Variable((3,))
    z = x + y * x
    assert z.history_num_nodes() == 4
    assert z.history_max_size() == 3
    assert z.history_size_footprint() == [6, 9, 6, 9, 6, 3]
    assert z.history_size_footprint(include_inputs=False) == [0, 3, 6, 3]
    assert z.history_peak_size() == 9
    assert z.history_peak_memory() == 72
    assert z.history_total_size() == 12
    assert z.history_stats("count") == {"None": 2, "multiply": 1, "add": 1}
    assert z.history_stats("sizein") == {"None": 0, "multiply": 6, "add": 6}
    assert z.history_stats("sizeout") == {"None": 6, "multiply": 3, "add": 3}
    assert z.history_stats(lambda node: len(node.deps)) == {"None": 0, "multiply": 2, "add": 2}
    assert z.history_fn_frequencies() == {"None": 2, "multiply": 1, "add": 1}
    assert z.history_flops() == 6
    with pytest.raises(ValueError, match="sizein"):
        z.history_stats("nonsense")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "cost"),
    [
        (lambda a: lazy.matmul(a, a), 2 * 4**3),
        (lambda a: lazy.tensordot(a, a, axes=2), 2 * 16),
        (lambda a: lazy.einsum("ij,jk->ik", a, a), 2 * 4**3),
        (lambda a: lazy.linalg.solve(a, a[0]), int(2 / 3 * 64) + 2 * 16),
        (lazy.fft.fft, 5 * 16 * 2),
        (lazy.sum, 16),
        (lambda a: lazy.reshape(a, (16,)), 0),
        (lambda a: lazy.linalg.matrix_power(a, 4), 2 * 2 * 64),
    ],
)
def test_operations_cost_what_their_algorithms_cost(made: Any, cost: int) -> None:
    assert lazy.flops(made(lazy.Variable((4, 4)))) == cost


def test_the_graph_is_shown_as_text(capsys: Any) -> None:
    x = lazy.Variable((3,))
    (lazy.exp(x) * x).show()
    assert capsys.readouterr().out.splitlines() == [
        "0 multiply (3,) float64",
        "1 ├─exp (3,) float64",
        "2 │ ╰─variable (3,) float64",
        "3 ╰─line 2",
    ]
    assert len(lazy.tree_text(lazy.exp(x) * x, max_lines=2).splitlines()) == 2
    assert lazy.tree_text(lazy.exp(x), max_depth=0) == "0 exp (3,) float64 ..."


def test_a_trace_is_plain_data() -> None:
    def function(x: Any, unused: Any) -> Any:
        xp = x.__array_namespace__()
        return {"s": xp.linalg.svd(x).S * xp.asarray(np.ones(3)), "x": x}

    graph = core.trace(function, np.ones((3, 3)), np.ones(2)).to_dict()
    assert json.loads(json.dumps(graph)) == graph
    assert graph["name"] == "function"
    assert graph["functions"] == ["linalg.svd", "multiply"]
    assert graph["operations"] == {"linalg.svd": 1, "multiply": 1}
    assert [(node["name"], node["kind"], node["operands"]) for node in graph["nodes"]] == [
        ("input", "input", []),
        ("linalg.svd", "operation", [0]),
        ("item 1", "operation", [1]),
        ("constant", "constant", []),
        ("multiply", "operation", [2, 3]),
    ]
    assert [node["array"] for node in graph["nodes"]][1:3] == ["[3 arrays]", "(3,) float64"]
    assert (graph["inputs"], graph["outputs"]) == ([0, None], [4, 0])


def test_the_graph_is_exported() -> None:
    pytest.importorskip("networkx")
    x, c = lazy.Variable((3,)), lazy.array(np.ones(3))
    result = x * lazy.exp(c) + lazy.linalg.svd(lazy.ones((2, 2))).S[0]
    graph = result.to_nx_digraph([x])
    varying = [one["operation"] for _, one in graph.nodes(data=True) if one["variable"]]
    assert varying == ["None", "multiply", "add"]
    assert graph.number_of_nodes() == result.history_num_nodes()
    mermaid = lazy.to_mermaid(result)
    assert mermaid.startswith("flowchart TD\n")
    assert mermaid.count("-->") == graph.number_of_edges() == lazy.to_graphviz(result).count("->")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match=r"to_nx_digraph needs networkx: pip install"):
        lazy.Variable(()).to_nx_digraph()


PICTURES = [
    "plot",
    "plot_circuit",
    "plot_graph",
    "plot_history_functions",
    "plot_history_functions_image",
    "plot_history_functions_lines",
    "plot_history_functions_scatter",
    "plot_history_size_footprint",
    "plot_history_stats",
    "plot_history_stats_counts",
    "plot_history_stats_sizein",
]


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_are_drawn(picture: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    x = lazy.Variable((3, 3))
    result = lazy.sum(lazy.exp(x @ x) * x + lazy.linalg.svd(x).U)
    fig, ax = getattr(result, picture)()
    drawn = len(ax.lines) + len(ax.collections) + len(ax.patches) + len(ax.images)
    assert drawn > 0
    fig.savefig(tmp_path / "picture.svg")
    assert b"<svg" in (tmp_path / "picture.svg").read_bytes()
    _, same = getattr(result, picture)(ax=ax)
    assert same is ax


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.std(x, ddof=1),
        lambda x: np.round(x, 2),
        lambda x: np.where(x > 0),
        lambda x: np.linalg.lstsq(x, x),
    ],
    ids=["std", "round", "where", "lstsq"],
)
def test_numpy_functions_with_other_arguments_than_the_standard_are_rejected_by_name(
    call: Any,
) -> None:
    with pytest.raises(lazy.DataDependentError, match=r"numpy\..*\(\) on a traced array at .*:"):
        core.trace(call, np.ones((2, 2)))


def test_functions_in_modules_of_numpy_are_traced() -> None:
    traced = core.trace(lambda x: np.linalg.inv(np.fft.fft(x)), np.ones((2, 2)))
    assert traced.operations == {"fft.fft": 1, "linalg.inv": 1}


def test_a_slice_may_end_at_an_array_without_axes() -> None:
    x = np.arange(6.0)
    np.testing.assert_array_equal(core.trace(lambda x: x[np.asarray(2) :], x)(x), x[2:])
    with pytest.raises(TypeError, match="float"):
        core.trace(lambda x: x[1.0:2.0], x)


def test_results_of_one_operation_are_allocated_together() -> None:
    traced = core.trace(lambda x: x.__array_namespace__().linalg.svd(x)[1], np.ones((100, 100)))
    assert traced.peak_memory == 8 * (100 * 100 + 100 * 100 + 100 + 100 * 100)
    assert traced.outputs.history_size_footprint()[-1] == 100


def test_infinity_is_close_to_itself_alone() -> None:
    x = np.asarray([np.inf, 1.0])
    assert lazy.allclose(x, x).compute()
    assert not lazy.allclose(np.ones(2), x).compute()


def test_a_missing_method_names_the_function() -> None:
    x = np.ones(3)
    with pytest.raises(AttributeError, match=r"no attribute 'sum': write xp.sum\(x, ...\)"):
        core.trace(lambda x: x.sum(), x)
    with pytest.raises(AttributeError, match=r"a traced array has no attribute 'fit'$"):
        core.trace(lambda x: x.fit(), x)
    with pytest.raises(lazy.DataDependentError, match=r"write xp\.sum"):
        core.trace(np.add.reduce, x)


def test_errors_caused_by_data_dependence_are_replaced_unless_raised_from_none() -> None:
    def fallback(x: Any) -> Any:
        try:
            return bool(x)
        except TypeError:
            return {}["missing"]

    def own(x: Any) -> Any:
        try:
            return bool(x)
        except TypeError:
            raise ValueError("give a number") from None

    with pytest.raises(lazy.DataDependentError) as error:
        core.trace(fallback, np.ones(()))
    assert error.value.__notes__ == ["which led to KeyError: 'missing'"]
    with pytest.raises(ValueError, match="give a number"):
        core.trace(own, np.ones(()))


def test_a_trace_refuses_arrays_of_another_kind_of_dtype() -> None:
    def function(x: Any) -> Any:
        xp = x.__array_namespace__()
        return x / 2 if xp.isdtype(x.dtype, "real floating") else x // 2

    trace = core.trace(function, np.ones(2))
    assert trace(np.ones(2, np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match=r"traced with .* float64"):
        trace(np.ones(2, np.int64))
