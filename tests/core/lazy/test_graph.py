"""Graphs: recording, traversal, computation, pickling and copying."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from core import lazy

LONG = 30_000


def chain(x: Any, length: int) -> Any:
    y = x
    for i in range(length):
        y = y + x if i % 2 else y * 0.5
    return y


def hand_written(x: Any, length: int) -> Any:
    return chain(x, length)


def test_importing_core_imports_no_array_library_but_numpy() -> None:
    code = "import core, core.lazy, sys; print(sorted({'jax', 'torch', 'dask', 'cupy', 'networkx', "
    code += "'matplotlib', 'array_api_strict'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_shapes_that_cannot_be_broadcast_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        lazy.Variable((3,)) + lazy.Variable((4,))


def test_a_variable_of_unknown_length_keeps_it_unknown() -> None:
    x = lazy.Variable((None, 3))
    assert (x + 1).shape == (None, 3)
    assert (x + lazy.Variable((5, 1))).shape == (5, 3)
    assert lazy.sum(x, axis=1).shape == (None,)
    assert lazy.concat([x, x]).shape == (None, 3)
    assert x[2:].shape == (None, 3)
    assert x.size is None


@pytest.mark.parametrize(
    ("traced", "shape"),
    [
        (lambda x: lazy.stack([x, x], axis=-1), (2, 3, 3, 2)),
        (lambda x: lazy.where(x[0] > 0, x, lazy.Variable((3,))), (2, 3, 3)),
        (lambda x: lazy.clip(x[0, 0], lazy.Variable((2, 1)), 3.0), (2, 3)),
        (lazy.linalg.trace, (2,)),
        (lazy.trace, (3,)),
        (lambda x: lazy.matmul(x, lazy.Variable((5, 1, 3, 4))), (5, 2, 3, 4)),
        (lambda x: x[np.asarray([True, False])], (1, 3, 3)),
        (lambda x: lazy.Variable((0, 1)) + lazy.Variable((4,)), (0, 4)),
        (lambda x: x[:, None, ..., -1], (2, 1, 3)),
        (lambda x: x[:, np.asarray([0, 2]), 1:], (2, 2, 2)),
        (lambda x: x[np.asarray([0, 1, 0]), :, np.asarray([0, 1, 2])], (3, 3)),
        (lambda x: lazy.einsum("bij,bkj->bik", x, x), (2, 3, 3)),
        (lambda x: lazy.einsum("...ij->...", x), (2,)),
        (lambda x: lazy.kron(x[0], lazy.Variable((2, 2))), (6, 6)),
        (lambda x: lazy.diag(lazy.Variable((3,)), 1), (4, 4)),
        (lambda x: lazy.split(x, [1], axis=2)[1], (2, 3, 2)),
        (lambda x: x.T, (3, 3, 2)),
        (lambda x: lazy.Variable((2, 3), dtype="complex64").H, (3, 2)),
        (lambda x: x.mT, (2, 3, 3)),
    ],
)
def test_shapes_are_inferred_as_numpy_computes_them(traced: Any, shape: tuple[int, ...]) -> None:
    assert traced(lazy.Variable((2, 3, 3))).shape == shape


def test_extra_functions_agree_with_numpy() -> None:
    a, b = np.arange(9.0).reshape(3, 3) + 1, np.asarray([[1.0, -2.0], [0.5, np.inf]])
    x, y = lazy.array(a), lazy.array(b)
    found = lazy.compute(
        [
            lazy.kron(x, y),
            lazy.diag(x, 1),
            lazy.diag(y[1], -2),
            lazy.einsum("ij,kj->ik", x, x),
            lazy.tensordot(x, x, 1),
            lazy.angle(lazy.complex(x, x)),
            *lazy.split(x, 3, axis=1),
            lazy.swapaxes(x, 0, 1),
            lazy.trace(x),
            lazy.identity(2),
            lazy.take(x[0], [2, 0]),
            lazy.take(x, (1,), axis=1),
            lazy.linalg.norm(x),
            lazy.linalg.norm(x, axis=0, keepdims=True),
            lazy.linalg.norm(x, ord=1),
            lazy.linalg.norm(x[None], axis=(2, 0), keepdims=True),
        ]
    )
    expected = [
        np.kron(a, b),
        np.diag(a, 1),
        np.diag(b[1], -2),
        a @ a.T,
        np.tensordot(a, a, 1),
        np.angle(a + 1j * a),
        *np.split(a, 3, axis=1),
        a.T,
        np.trace(a),
        np.eye(2),
        a[0, [2, 0]],
        a[:, [1]],
        np.linalg.norm(a),
        np.linalg.norm(a, axis=0, keepdims=True),
        np.linalg.norm(a, ord=1),
        np.linalg.norm(a[None], axis=(2, 0), keepdims=True),
    ]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)
        assert one.shape == other.shape
    assert lazy.allclose(x, x).compute()


def test_python_scalars_take_the_dtype_of_the_array() -> None:
    x = lazy.Variable((2,), dtype="float32")
    assert (x * 2).dtype == (1.5 - x).dtype == np.float32
    assert (x * 1j).dtype == np.complex64
    with pytest.raises(OverflowError, match="300"):
        lazy.Variable((2,), dtype="uint8") + 300


def test_mixed_kinds_are_rejected_if_the_library_rejects_them() -> None:
    kinds = [lazy.Variable((), "array-api-strict", one) for one in ("int32", "float32")]
    with pytest.raises(TypeError, match="astype"):
        kinds[0] + kinds[1]
    torch_kinds = [lazy.Variable((), "torch", one) for one in ("int64", "float32")]
    assert (torch_kinds[0] + torch_kinds[1]).dtype == np.float32


def test_arrays_of_two_libraries_are_not_combined() -> None:
    with pytest.raises(TypeError, match="numpy and torch"):
        lazy.Variable((2,), "numpy") + lazy.Variable((2,), "torch")


def test_a_numpy_array_as_an_operand_is_a_constant() -> None:
    x = lazy.array(np.asarray([1.0, 2.0]))
    total = np.asarray([10.0, 20.0]) + x + np.float64(1.0)
    np.testing.assert_array_equal(total.compute(), [12.0, 23.0])
    np.testing.assert_array_equal(np.sin(x).compute(), np.sin([1.0, 2.0]))


def test_bitwise_operators_and_devices_work() -> None:
    x = lazy.array(np.asarray([6, 3]))
    found = [x & 2, x | 8, x ^ 1, ~x, x << 1, x >> 1, 1 << x]
    values = np.asarray([6, 3])
    wanted = [values & 2, values | 8, values ^ 1, ~values, values << 1, values >> 1, 1 << values]
    for one, other in zip(lazy.compute(found), wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    assert x.device == "cpu"
    assert x.to_device("cpu") is x


def test_nested_containers_are_computed_with_what_they_share_once() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(1)
        return x + 1

    x = lazy.array(np.ones(2))
    shared = x.to(counted)
    found = lazy.compute({"a": (shared * 2, 5), "b": [shared]})
    np.testing.assert_array_equal(found["a"][0], [4.0, 4.0])
    assert found["a"][1] == 5
    assert len(calls) == 1
    assert shared.deps == ()
    assert shared.compute() is found["b"][0]


def test_a_variable_cannot_be_computed() -> None:
    with pytest.raises(ValueError, match="not among the inputs"):
        (lazy.Variable((2,)) + 1).compute()


def test_an_exception_keeps_no_array_and_leaves_the_graph_unchanged() -> None:
    def fails(x: Any) -> Any:
        raise RuntimeError("no")

    x = lazy.array(np.ones(2))
    middle = x * 2
    result = middle.to(fails)
    with pytest.raises(RuntimeError):
        result.compute()
    assert middle.data is None
    assert result.deps == (middle,)


def test_constants_can_be_computed_in_advance() -> None:
    x, c = lazy.Variable((2,)), lazy.array(np.ones(2))
    constant = lazy.exp(c) + 1
    result = x * constant
    result.compute_constants([x])
    assert constant.is_leaf
    assert not result.is_leaf


def test_operands_come_before_results_and_the_deepest_first() -> None:
    x = lazy.Variable((2,))
    shallow, deep = x + 1, lazy.exp(lazy.sin(x * 2))
    result = shallow * deep
    names = [node.fn_name for node in lazy.ascend(result)]
    assert names == ["None", "multiply", "sin", "exp", "add", "multiply"]
    assert next(iter(lazy.descend(result))) is result
    assert {id(one) for one in lazy.descend(result)} == {id(one) for one in lazy.ascend(result)}
    assert result.depth == 4


def test_only_equal_nodes_are_shared() -> None:
    x = lazy.Variable((3,))
    with lazy.shared_intermediates() as cache:
        assert x * x is x * x
        assert x * 1 is not x * 1.0
        assert x[-1] is not x[-2]
        assert x * 0.0 is not x * -0.0
        first = x + 1
        with lazy.shared_intermediates():
            assert x + 1 is not first
        assert x + 1 is first
    assert x + 1 is not first
    with lazy.shared_intermediates(cache):
        assert x + 1 is first


def test_sharing_ends_with_an_exception_and_stays_in_its_thread() -> None:
    x = lazy.Variable((3,))
    found: list[bool] = []
    with pytest.raises(RuntimeError), lazy.shared_intermediates():  # noqa: PT012
        thread = threading.Thread(target=lambda: found.append(x + 1 is x + 1))
        thread.start()
        thread.join()
        raise RuntimeError
    assert found == [False]
    assert x + 1 is not x + 1


def test_many_threads_compute_the_same_graph() -> None:
    result = chain(lazy.array(np.ones(3)), 500)
    expected = hand_written(np.ones(3), 500)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(result.compute())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for one in found:
        np.testing.assert_array_equal(one, expected)


def test_a_very_long_chain_has_no_recursion_limit() -> None:
    x = lazy.array(np.ones(2))
    result = chain(x, LONG)
    expected = hand_written(np.ones(2), LONG)
    assert result.depth == LONG
    f = lazy.Function(x, result)
    np.testing.assert_array_equal(f(np.ones(2)), expected)
    loaded = pickle.loads(pickle.dumps(result))
    copied = copy.deepcopy(result)
    assert copied.depth == loaded.depth == LONG
    np.testing.assert_array_equal(loaded.compute(), expected)


def test_pickled_arrays_still_share_their_graph() -> None:
    x = lazy.Variable((2,), "numpy")
    y = lazy.exp(x) + 1
    (x2, y2) = pickle.loads(pickle.dumps((x, y)))
    np.testing.assert_array_equal(
        lazy.Function(x2, y2)(np.zeros(2)), lazy.Function(x, y)(np.zeros(2))
    )
    assert copy.copy(x2).shape == (2,)


def test_a_users_function_can_be_added_to_the_graph() -> None:
    x = lazy.array(np.asarray([3.0, 1.0, 2.0]))
    assert x.to(np.partition, (x, 1), {"axis": 0}).fn is np.partition
    np.testing.assert_array_equal(x.to(np.partition, (x, 1)).compute(), [1.0, 2.0, 3.0])
    assert x.to("sum", shape=()).compute() == 6.0
    assert x.to(lambda a: a > 1, dtype=bool).dtype == np.bool_


def test_a_namespace_has_the_defaults_of_its_backend() -> None:
    x = lazy.Variable((2,), "torch")
    xp = x.__array_namespace__()
    assert xp is lazy.namespace("torch")
    assert pickle.loads(pickle.dumps(xp)) is xp
    assert x.dtype == xp.zeros(2).dtype == np.float32
    assert lazy.namespace().zeros(2).dtype == np.float64
    assert xp.result_type(x, 1.0) == np.float32
    assert xp.can_cast(xp.int8, xp.int16)
    assert not xp.can_cast(xp.int64, xp.float64)
    assert xp.isdtype(x.dtype, "real floating")
    assert xp.finfo(x).bits == 32
    assert xp.__array_namespace_info__().default_dtypes()["integral"] == np.int64
    with pytest.raises(ValueError, match="2024"):
        x.__array_namespace__(api_version="2099.12")


@pytest.mark.parametrize("equal_nan", [False, True])
def test_nans_are_close_only_on_request(equal_nan: bool) -> None:
    x = np.asarray([1.0, np.nan])
    found = lazy.allclose(lazy.array(x), x, equal_nan=equal_nan).compute()
    assert found == np.allclose(x, x, equal_nan=equal_nan)
