"""Compiling functions of tensors."""

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

# Without PyTorch's code generator, which takes a minute to say the same.
EAGER = {"backend": "eager", "fullgraph": True}


@dataclass
class Line:
    """Tensors in an object."""

    points: Any
    color: str


def test_objects_come_back_with_what_is_no_tensor() -> None:
    call = autojit(lambda line, k: (Line(line.points * k, line.color), k), compile_options=EAGER)
    line, k = call(Line(torch.ones(2), "red"), 3)
    assert line.points.tolist() == [3, 3]
    assert (line.color, k, type(k)) == ("red", 3, int)


def test_static_arguments_that_are_equal_but_not_the_same_are_kept_apart() -> None:
    signs = autojit(lambda x, k: x + math.copysign(1, k), compile_options=EAGER)
    assert [signs(torch.zeros(1), k).item() for k in (0.0, -0.0, 0.0)] == [1, -1, 1]
    types = autojit(lambda x, k: (x, type(k).__name__), compile_options=EAGER)
    assert [types(torch.zeros(1), k)[1] for k in (1, 1.0, True)] == ["int", "float", "bool"]


def test_a_changed_configuration_is_seen() -> None:
    call = autojit(lambda x, config: x * config["k"], compile_options=EAGER)
    config = {"k": 2}
    assert call(torch.ones(1), config).item() == 2
    config["k"] = 3
    assert call(torch.ones(1), config).item() == 3


def test_more_versions_are_made_than_the_compiler_allows_one_function() -> None:
    call = autojit(lambda x, how: x * len(how), compile_options=EAGER)
    for length in range(20):
        assert call(torch.ones(1), "x" * length).item() == length


def test_whole_numbers_stay_numbers_whatever_came_before() -> None:
    call = autojit(
        lambda x, n: lazy_apply(
            lambda x: np.diff(x, n=n), x, shape=(x.shape[0] - n,), as_numpy=True
        ),
        compile_options={"backend": "aot_eager", "fullgraph": True},
    )
    for n in (1, 2, 3):
        assert call(torch.arange(6.0), n).shape == (6 - n,)


@pytest.mark.parametrize("backend", [None, "torch"])
def test_inside_another_compiled_function_it_is_a_part_of_that(backend: str | None) -> None:
    inner = autojit(lambda x, *, by: {"y": x * by["k"][0]}, backend=backend, compile_options=EAGER)
    outer = torch.compile(
        lambda x: inner(x, by={"k": [x]})["y"] + 1, backend="eager", fullgraph=True
    )
    assert outer(torch.full((2,), 3.0)).tolist() == [10, 10]


def test_returned_iterators_are_consumed() -> None:
    call = autojit(lambda x: (x + i for i in range(2)), backend="torch", compile_options=EAGER)
    found = call(torch.ones(1))
    assert isinstance(found, Iterator)
    assert [x.item() for x in found] == [1, 2]


def test_traced_numbers_share_a_version() -> None:
    count = 0

    def counting(module: Any, _: Any) -> Any:
        nonlocal count
        count += 1
        return module.forward

    call = autojit(lambda x, k: x * k, dynamic_scalars=True, compile_options={"backend": counting})
    for i in range(20):
        assert call(torch.ones(1), 0.5 * i).item() == 0.5 * i
    assert count <= 4  # static, then for zero and one, and for any other


def test_one_function_serves_all_libraries() -> None:
    call = autojit(lambda x, k: x * k, compile_options=EAGER)
    for _ in range(2):
        assert call(torch.ones(1), 2).item() == 2
        assert call(np.ones(1), 2).item() == 2
        assert call(jnp.ones(1), 2).item() == 2


def test_many_threads_share_one_function_of_all_libraries() -> None:
    call = autojit(lambda x, k: {"x": x + k, "k": k}, compile_options=EAGER)

    def work(i: int) -> bool:
        ones: Any = (torch.ones, np.ones, jnp.ones, array_api_strict.ones)[i % 4]
        found = call(ones(3 + i % 3), i % 5)
        return found["k"] == i % 5 and bool((np.asarray(found["x"]) == 1 + i % 5).all())

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(600)))


def test_the_functions_errors_come_through() -> None:
    def missing(x: Any) -> Any:
        return x[{}["no such thing"]]

    with pytest.raises(KeyError, match="no such thing"):
        autojit(missing, compile_options={"backend": "eager"})(torch.ones(1))


def test_tensors_cannot_be_lowered() -> None:
    with pytest.raises(TypeError, match="lower is not available for torch"):
        autojit(lambda x: x).lower(torch.ones(1))
    with pytest.raises(TypeError, match="lower is not available for torch"):
        autojit(lambda x: x, backend="torch").lower(torch.ones(1))
