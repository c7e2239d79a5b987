"""Test finding the cases of a target and replaying them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sphinx_xpcaps.cases import declared
from sphinx_xpcaps.cases.case_modules import call, cases_for
from sphinx_xpcaps.cases.collect import collect, load_cases
from sphinx_xpcaps.cases.examples import from_docstrings
from sphinx_xpcaps.cases.model import Case, Collected, WantedCases
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plot_stub import PlotStub, made_up_data_set, unpacked
from sphinx_xpcaps.cases.select import choose


def collected(
    name: str,
    tmp_path: Path,
    *bodies: str,
    sources: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
) -> tuple[Collected, list[Case]]:
    """Collect the cases of a target in this process."""
    file = tmp_path / "cases"
    found = collect(
        lambda *_: None,
        name=name,
        wanted=WantedCases(bodies=bodies, origins=origins),
        sources=sources,
        skip=(),
        file=file,
    )
    return found, load_cases(file)


def documented(x: Any) -> Any:
    """Return twice the values.

    Parameters
    ----------
    x : array_like

    Examples
    --------
    >>> documented(np.asarray([1.0, 2.0]))
    """
    return 2 * x


@pytest.mark.parametrize(
    ("origins", "used"),
    [((), "docstring"), (("docstring", "tests"), "docstring"), (("signature",), "signature")],
)
def test_only_the_chosen_origins_are_used(tmp_path: Path, origins, used) -> None:
    found, cases = collected(f"{__name__}.documented", tmp_path, origins=origins)
    assert found.origin == used
    assert {case.origin for case in cases} == {used}


def test_without_a_case_from_the_chosen_origins_there_is_none(tmp_path: Path) -> None:
    found, cases = collected(f"{__name__}.documented", tmp_path, origins=("tests",))
    assert (cases, found.error) == ([], "no case from the chosen origins: tests")


def test_cases_modules_may_import_the_former_module_name() -> None:
    assert declared.cases_for is cases_for
    assert declared.call is call


def fails_first(x: Any) -> Any:
    """Double.

    Examples
    --------
    >>> load_from_the_moon()
    >>> fails_first(np.asarray([1.0]))
    >>> fails_first(undefined)
    >>> fails_first(np.asarray([[1.0, 2.0]]))
    """
    return x * 2


def download() -> Any:
    """Load a picture.

    Returns
    -------
    face : ndarray
        An image.
    """
    raise OSError("no network")


def test_failing_example_line_does_not_affect_other_lines(tmp_path: Path) -> None:
    found, cases = collected(f"{__name__}.fails_first", tmp_path)
    assert found.origin == "docstring"
    assert [case.text for case in cases] == [
        "fails_first(np.asarray([1.0]))",
        "fails_first(np.asarray([[1.0, 2.0]]))",
    ]


def drawn(x: Any) -> Any:
    """Double.

    Examples
    --------
    >>> drawn(np.random.default_rng().random(3))
    """
    return x * 2


def test_generators_without_a_seed_are_reproducible(tmp_path: Path) -> None:
    first, second = (collected(f"{__name__}.drawn", tmp_path)[1][0].payload for _ in range(2))
    assert first == second
    data = [np.random.default_rng().random() for _ in range(2)]
    assert data[0] != data[1]


def fenced(x: Any) -> Any:
    """Double.

    ```python
    x = np.asarray([1.0])
    fenced(x)
    ```

    .. code-block:: python
        :caption: Two dimensions

        y = np.asarray([[1.0]])
        fenced(
            y
        )
    """
    return x * 2


def test_code_blocks_are_examples_if_there_are_no_prompts(tmp_path: Path) -> None:
    found, cases = collected(f"{__name__}.fenced", tmp_path)
    assert found.origin == "docstring"
    assert [case.text for case in cases] == ["fenced(x)", "fenced(y)"]


def with_picture(x: Any) -> Any:
    """Double.

    Parameters
    ----------
    x : array_like
        An array.

    Examples
    --------
    >>> with_picture(download()[300:, 300:])
    """
    return x * 2


def test_call_is_left_out_if_made_up_data_is_too_small(tmp_path: Path) -> None:
    found, cases = collected(f"{__name__}.with_picture", tmp_path)
    assert found.origin == "signature"
    assert all(case.text.startswith("with_picture(x=<float64") for case in cases)


def test_a_case_has_variants_that_numpy_accepts(tmp_path: Path) -> None:
    _, cases = collected("numpy.gcd", tmp_path)
    for case in cases:  # integers alone: a greatest common divisor of floats is refused
        assert [variant.name for variant in case.variants] == ["as written"]


def test_directive_body_replaces_the_docstring_examples(tmp_path: Path) -> None:
    body = f"x = xp.asarray([3.0])\n{__name__}.fails_first(x)"
    # The top-level name is there; the rest of the dotted name follows from it.
    found, cases = collected(f"{__name__}.fails_first", tmp_path, body)
    assert found.origin == "directive"
    assert len(cases) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("x = 1\nraise ValueError('no')", "line 2: ValueError: no"),
        ("x = (", "line 1: SyntaxError"),
        ("x = 1", "the body does not call"),
    ],
)
def test_error_in_a_body_gives_its_line(tmp_path: Path, body: str, words: str) -> None:
    found, cases = collected(f"{__name__}.fails_first", tmp_path, body)
    assert found.origin == "docstring"  # the examples are used instead
    assert cases[0].problem is not None
    message = cases[0].problem.message
    assert message.startswith(words)
    assert cases[0].problem.line == (2 if "line 2" in words else 1)


def test_case_module_defines_cases(tmp_path: Path) -> None:
    name = f"{__name__}.fails_first"

    @cases_for(name)
    def declared(xp: Any) -> Any:
        yield call(xp.asarray([1.0, 2.0]))

    found, cases = collected(name, tmp_path, sources=(__name__,))
    assert found.origin == "cases"
    assert cases[0].text == "fails_first(<float64 (2,)>)"


def test_error_of_a_missing_target_names_what_is_missing(tmp_path: Path) -> None:
    found, _ = collected("numpy.no_such_thing", tmp_path)
    assert found.error == "module 'numpy' has no attribute 'no_such_thing'"
    found, _ = collected("no_such_package.f", tmp_path)
    assert "No module named 'no_such_package'" in found.error


def test_each_replay_starts_from_new_copies(tmp_path: Path) -> None:
    _, cases = collected(f"{__name__}.fails_first", tmp_path)
    first, second = (load_steps(cases[0].payload)[0].args[0] for _ in range(2))
    first += 1
    np.testing.assert_array_equal(second, first - 1)


def test_the_calls_that_differ_most_are_chosen() -> None:
    candidates = [frozenset("ab"), frozenset("ab"), frozenset("abc"), frozenset("xyz")]
    assert choose(candidates, 2) == [0, 3]
    assert choose(candidates, 9) == [0, 2, 3]


def test_data_set_that_cannot_be_loaded_is_replaced() -> None:
    image = made_up_data_set(download, (), {})
    assert image is not None
    assert (image.shape, image.dtype) == ((64, 64), np.uint8)
    assert made_up_data_set(len, (), {}) is None


def test_plot_stub_can_be_unpacked() -> None:
    figure, (left, right) = unpacked(PlotStub(), (None, (None, None)))
    assert figure.a.b(1)[2] is not None
    assert left is not None
    assert right is not None
    assert unpacked((1, 2), (None, None)) == (1, 2)


def test_no_cases_without_examples() -> None:
    found = from_docstrings(f"{__name__}.collected", None, collected, lambda *_: None, ())
    assert not found.calls
    assert found.problem == "its docstring has no examples"
