"""Test reading the parameters of functions."""

from __future__ import annotations

from typing import Any, TypeVar, Union

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.signature import Style, arguments_of, from_signature

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


def several_names(first, second, count):  # type: ignore[no-untyped-def]
    """Do something.

    Args:
        first, second (...x3x3 tensor): Matrices, of
            any size.
        count (int): A count.
    """


def test_an_entry_of_a_google_style_section_may_have_several_names() -> None:
    first, second, count = parameters(several_names)
    assert (first.name, second.name, count.name) == ("first", "second", "count")
    assert first.type == second.type == "...x3x3 tensor"
    assert first.meaning == second.meaning == "Matrices, of any size."


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


def kronecker(matrices):  # type: ignore[no-untyped-def]
    """Do something.

    Parameters
    ----------
    matrices : ndarray list
    """


def mode_dot(tensor, matrix, mode):  # type: ignore[no-untyped-def]
    """Do something.

    Parameters
    ----------
    tensor : ndarray
    matrix : ndarray
    mode : int
    """
    if (np.ndim(tensor), np.ndim(matrix)) != (3, 2):
        raise ValueError("a tensor of three dimensions and a matrix are needed")
    return np.tensordot(tensor, matrix, (mode, 1))


def test_a_list_of_arrays_is_made_up_as_a_list_of_arrays() -> None:
    (value,) = arguments_of(parameters(kronecker), Style(1, "unit")) or ()
    assert [type(each) for each in value] == [np.ndarray, np.ndarray]


def test_arrays_of_three_and_of_two_dimensions_are_made_up_together() -> None:
    found = from_signature("mode_dot", mode_dot, lambda *_: True, ())
    assert [call.text for call in found.calls] == [
        "mode_dot(tensor=<float64 (4, 4, 4)>, matrix=<float64 (4, 4)>, mode=1)"
    ]


def transformed(data, wavelet):  # type: ignore[no-untyped-def]
    """Transform.

    Examples
    --------
    >>> transformed([1.0, 2.0], "haar")
    """


def restored(data, wavelet):  # type: ignore[no-untyped-def]
    """Restore.

    Parameters
    ----------
    data : array_like
    wavelet : Wavelet object or name
    """
    assert wavelet == "haar"
    return data


def test_a_text_is_that_which_examples_of_other_functions_pass() -> None:
    found = from_signature(f"{__name__}.restored", restored, lambda *_: None, ())
    assert [call.text for call in found.calls[:1]] == [
        "restored(data=<float64 (5,)>, wavelet='haar')"
    ]


def on_grid(x, deg):  # type: ignore[no-untyped-def]
    """Evaluate.

    Parameters
    ----------
    x : array_like
    deg : tuple of ints
        Degrees of the form (x_deg, y_deg).
    """
    first, second = deg
    return x * first * second


def test_a_tuple_of_numbers_has_the_documented_number_of_elements() -> None:
    [call, *_] = from_signature(f"{__name__}.on_grid", on_grid, lambda *_: None, ()).calls
    assert call.text == "on_grid(x=<float64 (5,)>, deg=(2, 2))"
