"""Test reading the parameters of functions."""

from __future__ import annotations

from typing import Any, TypeVar, Union

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from sphinx_xpcaps.cases.parameters import parameters

FloatArray = NDArray[np.float64]
T = TypeVar("T", bound=FloatArray)


def google(x, count, weights=None):  # type: ignore[no-untyped-def]
    """Do something.

    Args:
        x (np.ndarray): Values, of
            any shape.
        count (int): A count.
        weights (array_like, optional): Weights.

    Returns:
        Something.
    """


def fields(x, count):  # type: ignore[no-untyped-def]
    """Do something.

    :param x: Values.
    :type x: np.ndarray
    :param int count: A count.
    """


def test_parameters_of_google_style_and_of_sphinx_fields_are_read() -> None:
    for function in (google, fields):
        first, second, *_ = parameters(function)
        assert (first.name, first.is_array_like) == ("x", True)
        assert first.meaning.startswith("Values")
        assert (second.name, second.type, second.is_array_like) == ("count", "int", False)
    assert not parameters(google)[2].required


@pytest.mark.parametrize(
    ("annotation", "is_array"),
    [
        (FloatArray, True),
        (ArrayLike, True),
        (Union[float, FloatArray], True),  # noqa: UP007
        (FloatArray | None, True),
        (list[FloatArray], True),
        (T, True),
        ("FloatArray", True),
        ("float | FloatArray", True),
        ("Float[Array, 'n m']", True),
        ("torch.Tensor", True),
        ("Callable[[Array], Array]", False),
        (tuple[int, ...], False),
        (int, False),
        (str, False),
    ],
)
def test_annotations_are_read_as_types(annotation: Any, is_array: bool) -> None:
    def function(x):  # type: ignore[no-untyped-def]
        pass

    function.__annotations__ = {"x": annotation}
    assert parameters(function)[0].is_array_like is is_array
