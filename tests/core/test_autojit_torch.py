"""Compiling functions of PyTorch tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import array_api_strict
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from core import autojit, lazy_apply

# Generating code would take a minute and is not what is tested.
EAGER = {"backend": "eager", "fullgraph": True}


@dataclass
class Line:
    """An object with a tensor."""

    points: Any
    color: str


def test_results_may_contain_objects_and_static_values() -> None:
    call = autojit(lambda line, k: (Line(line.points * k, line.color), k), compile_options=EAGER)
    line, k = call(Line(torch.ones(2), "red"), 3)
    assert line.points.tolist() == [3, 3]
    assert (line.color, k, type(k)) == ("red", 3, int)


def test_equal_static_arguments_of_different_types_are_compiled_separately() -> None:
    signs = autojit(lambda x, k: x + math.copysign(1, k), compile_options=EAGER)
    assert [signs(torch.zeros(1), k).item() for k in (0.0, -0.0, 0.0)] == [1, -1, 1]
    types = autojit(lambda x, k: (x, type(k).__name__), compile_options=EAGER)
    assert [types(torch.zeros(1), k)[1] for k in (1, 1.0, True)] == ["int", "float", "bool"]


def test_a_changed_dict_is_compiled_again() -> None:
    call = autojit(lambda x, config: x * config["k"], compile_options=EAGER)
    config = {"k": 2}
    assert call(torch.ones(1), config).item() == 2
    config["k"] = 3
    assert call(torch.ones(1), config).item() == 3


def test_the_number_of_versions_may_exceed_the_limit_of_torch_compile() -> None:
    call = autojit(lambda x, how: x * len(how), compile_options=EAGER)
    for length in range(20):
        assert call(torch.ones(1), "x" * length).item() == length


def test_changing_integers_stay_static() -> None:
    call = autojit(
        lambda x, n: lazy_apply(
            lambda x: np.diff(x, n=n), x, shape=(x.shape[0] - n,), as_numpy=True
        ),
        compile_options={"backend": "aot_eager", "fullgraph": True},
    )
    for n in (1, 2, 3):
        assert call(torch.arange(6.0), n).shape == (6 - n,)


@pytest.mark.parametrize("backend", [None, "torch"])
def test_torch_compile_traces_functions_under_autojit(backend: str | None) -> None:
    inner = autojit(lambda x, *, by: {"y": x * by["k"][0]}, backend=backend, compile_options=EAGER)
    outer = torch.compile(
        lambda x: inner(x, by={"k": [x]})["y"] + 1, backend="eager", fullgraph=True
    )
    assert outer(torch.full((2,), 3.0)).tolist() == [10, 10]


def test_functions_may_return_iterators() -> None:
    call = autojit(lambda x: (x + i for i in range(2)), backend="torch", compile_options=EAGER)
    found = call(torch.ones(1))
    assert isinstance(found, Iterator)
    assert [x.item() for x in found] == [1, 2]


def test_dynamic_numbers_share_a_version() -> None:
    count = 0

    def counting(module: Any, _: Any) -> Any:
        nonlocal count
        count += 1
        return module.forward

    call = autojit(lambda x, k: x * k, dynamic_scalars=True, compile_options={"backend": counting})
    for i in range(20):
        assert call(torch.ones(1), 0.5 * i).item() == 0.5 * i
    assert count <= 4  # static at first, for zero and one, and for other numbers


def test_a_function_can_be_called_with_arrays_of_all_libraries() -> None:
    call = autojit(lambda x, k: x * k, compile_options=EAGER)
    for _ in range(2):
        assert call(torch.ones(1), 2).item() == 2
        assert call(np.ones(1), 2).item() == 2
        assert call(jnp.ones(1), 2).item() == 2


def test_a_function_can_be_called_from_many_threads_with_arrays_of_all_libraries() -> None:
    call = autojit(lambda x, k: {"x": x + k, "k": k}, compile_options=EAGER)

    def work(i: int) -> bool:
        ones: Any = (torch.ones, np.ones, jnp.ones, array_api_strict.ones)[i % 4]
        found = call(ones(3 + i % 3), i % 5)
        return found["k"] == i % 5 and bool((np.asarray(found["x"]) == 1 + i % 5).all())

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(600)))


def test_exceptions_of_the_function_are_raised() -> None:
    def missing(x: Any) -> Any:
        return x[{}["no such thing"]]

    with pytest.raises(KeyError, match="no such thing"):
        autojit(missing, compile_options={"backend": "eager"})(torch.ones(1))


def test_lower_with_tensors_raises_an_error() -> None:
    with pytest.raises(TypeError, match="lower is not available for torch"):
        autojit(lambda x: x).lower(torch.ones(1))
    with pytest.raises(TypeError, match="lower is not available for torch"):
        autojit(lambda x: x, backend="torch").lower(torch.ones(1))
