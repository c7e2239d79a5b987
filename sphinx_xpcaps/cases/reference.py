"""Run a case with NumPy: the reference result of each variant and its sensitivity to rounding."""

from __future__ import annotations

import functools
import inspect
import random
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from core.backends import backends, get_backend, library_of
from sphinx_xpcaps._private.numpy import seeded_entropy
from sphinx_xpcaps.cases.model import (
    Case,
    Leaf,
    LeafKind,
    LeafPath,
    Plan,
    Step,
    Variant,
    VariantName,
)
from sphinx_xpcaps.cases.parameters import parameters, signature_of
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plans import argument_leaves, cast_paths
from sphinx_xpcaps.cases.replay import REFERENCE, library_of_reference, prepare, run_steps
from sphinx_xpcaps.cases.trees import dense, is_number, is_numeric_array, result_leaves

StartVariant = Callable[[VariantName, float], bool]
"""Called with the name of a variant and the seconds that the variant as written took; returns
whether to run it."""


def variants_of(
    case: Case, plans: Sequence[Plan], start_variant: StartVariant
) -> tuple[Variant, ...]:
    """Return the variants of a case: as written, and with other dtypes that work with NumPy.

    Raises
    ------
    Exception
        Any exception that the call raises as written.
    """
    start_variant(VariantName.AS_WRITTEN, 0.0)
    start = time.monotonic()
    made = [_reference_variant(case, VariantName.AS_WRITTEN, {}, {})]
    seconds = time.monotonic() - start

    def make(name: VariantName, dtypes: Mapping[LeafPath, np.dtype[Any]]) -> bool:
        variant = None
        if dtypes and start_variant(name, seconds):
            variant = _try(case, name, dtypes, {path: dtypes[path] for path in strong & {*dtypes}})
        if variant is not None:
            made.append(variant)
        return variant is not None

    arguments = argument_leaves(load_steps(case.payload))
    dtypes = {path: np.asarray(arguments[path]).dtype for path in sorted_paths(cast_paths(plans))}
    # Python numbers are weakly typed: they alone do not make this a call with integers, and NumPy
    # takes them as they are.
    strong = {path for path in dtypes if not is_number(arguments[path])} or set(dtypes)
    dtypes = {path: t for path, t in dtypes.items() if path in strong or t.kind in "fc"}
    integers = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind in "iu"}
    if strong & integers.keys() and not make(VariantName.FLOAT64, integers):
        integers = {}
    reals = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind == "c"}
    if reals:
        make(VariantName.REAL, {**integers, **reals})
    narrow = {"f": np.dtype("float32"), "c": np.dtype("complex64")}
    wide = {path: t for path, t in dtypes.items() if t.itemsize == (8 if t.kind == "f" else 16)}
    single = {path: narrow[t.kind] for path, t in wide.items() if t.kind in narrow}
    make(VariantName.FLOAT32, {**single, **dict.fromkeys(integers, np.dtype("float32"))})
    return tuple(made)


def sorted_paths(paths: Collection[LeafPath]) -> list[LeafPath]:
    """Return `paths` in a reproducible order."""
    return sorted(paths, key=repr)


def _try(
    case: Case,
    name: VariantName,
    dtypes: Mapping[LeafPath, np.dtype[Any]],
    reference_dtypes: Mapping[LeafPath, np.dtype[Any]],
) -> Variant | None:
    try:
        return _reference_variant(case, name, dtypes, reference_dtypes)
    except BaseException:  # these dtypes do not work with NumPy, so they are not required
        return None


def _reference_variant(
    case: Case,
    name: VariantName,
    dtypes: Mapping[LeafPath, np.dtype[Any]],
    reference_dtypes: Mapping[LeafPath, np.dtype[Any]],
) -> Variant:
    """Run a case twice with NumPy; a result that differs is not reproducible.

    A result that depends on a seed among the arguments cannot be reproduced by another library.

    Parameters
    ----------
    case, name : Case, VariantName
    dtypes : mapping
        The dtypes of leaves that become arrays of a library.
    reference_dtypes : mapping
        The dtypes of leaves in the reference's call.
    """
    first, second = (_run(case, reference_dtypes, seed) for seed in (0, 1))
    same = _all_same(first, second) and not _depends_on_seed(case, reference_dtypes, first)
    sensitivity = [0.0] * len(first)
    for seed in _PHASES if same else ():
        try:
            nearby = _run(case, reference_dtypes, 0, adjust=functools.partial(_perturbed, seed))
        except BaseException:  # the inputs are at the edge of the domain
            continue
        if len(nearby) == len(first):
            pairs = zip(sensitivity, first, nearby, strict=True)
            sensitivity = [max(before, _distance(a, b)) for before, a, b in pairs]
    if same:
        exact = _sensitivity_of_integers(case, reference_dtypes, first)
        sensitivity = [max(pair) for pair in zip(sensitivity, exact, strict=True)]
    if any(w and _is_discrete(leaf) for w, leaf in zip(sensitivity, first, strict=True)):
        # The call took another branch, so integers and booleans cannot be compared.
        leaf_by_leaf = zip(sensitivity, first, strict=True)
        sensitivity = [float("inf") if _is_discrete(leaf) else w for w, leaf in leaf_by_leaf]
    vectors = _is_documented(case, _VECTORS)
    unordered = _is_documented(case, _UNORDERED)
    leaves = [
        replace(
            leaf,
            sensitivity=w,
            free_signs=vectors and _is_orthonormal(leaf),
            free_order=unordered and leaf.kind is LeafKind.ARRAY,
        )
        for leaf, w in zip(first, sensitivity, strict=True)
    ]
    return Variant(name, dtypes, tuple(leaves), same)


_PHASES = (0.0, 1.0, 2.0)
"""Phases of the perturbation of floats that measures the sensitivity to rounding."""


def _perturbed(phase: float, path: LeafPath, leaf: Any) -> Any:
    """Return floats perturbed by up to 16 units in the last place, each differently.

    Integral values are not changed: they are exact, and often are counts.
    """
    if isinstance(leaf, float):
        return float(_perturbed(phase, path, np.asarray(leaf)))
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fc":
        return leaf
    pattern = np.cos(phase + 2.4 * np.arange(leaf.size)).reshape(leaf.shape)
    moved = leaf * (1 + 16 * np.finfo(leaf.dtype).eps * pattern).astype(leaf.dtype)
    return np.where(leaf == np.round(leaf), leaf, moved)


def _sensitivity_of_integers(
    case: Case, dtypes: Mapping[LeafPath, np.dtype[Any]], first: list[Leaf]
) -> list[float]:
    """Return how much each leaf changes when matrices of whole numbers change in the last digits.

    A singular matrix of whole numbers has a result that is determined by rounding. A function that
    rounds its arguments also returns something else, but the same for a smaller and a larger
    change; such a step does not count.
    """
    none = [0.0] * len(first)
    floats = [leaf.kind is LeafKind.ARRAY and not _is_discrete(leaf) for leaf in first]
    arguments = argument_leaves(load_steps(case.payload)).values()
    if not any(floats) or not any(map(_is_matrix_of_whole_numbers, arguments)):
        return none

    def moved(factor: float, _: LeafPath, leaf: Any) -> Any:
        if not _is_matrix_of_whole_numbers(leaf):
            return leaf
        wide = leaf.astype(np.float64) if leaf.dtype.kind in "iu" else leaf
        pattern = np.cos(2.4 * np.arange(leaf.size)).reshape(leaf.shape)
        return wide * (1 + factor * np.finfo(wide.dtype).eps * pattern).astype(wide.dtype)

    results = []
    for factor in (16.0, 256.0):
        try:
            found = _run(case, dtypes, 0, adjust=functools.partial(moved, factor))
        except BaseException:  # whole numbers are required
            return none
        if len(found) != len(first):
            return none
        results.append(found)
    distances = []
    for use, leaf, *others in zip(floats, first, *results, strict=True):
        distance = _distance(leaf, others[0])
        scale = float(np.max(np.abs(np.asarray(others[0].value)), initial=0.0)) if use else 0.0
        is_step = _distance(*others) <= 0.01 * min(distance, scale)
        distances.append(distance if use and np.isfinite(distance) and not is_step else 0.0)
    return distances


def _is_matrix_of_whole_numbers(leaf: Any) -> bool:
    matrix = isinstance(leaf, np.ndarray) and leaf.ndim >= 2 and leaf.dtype.kind in "iufc"
    return matrix and np.array_equal(leaf, np.round(leaf))


_SEEDS = re.compile(r"(\w+_)?(seed|rng|random_state|generator)")


def _other_default_seeds(call: Step) -> dict[str, int]:
    """Return other values for the seeds that a call leaves at their default."""
    signature = signature_of(call.callee)
    if signature is None:
        return {}
    try:
        given = signature.bind_partial(*call.args, **call.kwargs).arguments
    except TypeError:
        return {}
    return {
        name: parameter.default + 1
        for name, parameter in signature.parameters.items()
        if _SEEDS.fullmatch(name) and type(parameter.default) is int and name not in given
    }


def _depends_on_seed(
    case: Case, dtypes: Mapping[LeafPath, np.dtype[Any]], first: list[Leaf]
) -> bool:
    """Return whether the result changes with the seeds and generators among the arguments."""
    steps = load_steps(case.payload)
    names = [[parameter.name for parameter in parameters(step.callee)] for step in steps]
    more = _other_default_seeds(steps[-1])
    changed = bool(more)

    def other(path: LeafPath, leaf: Any) -> Any:
        nonlocal changed
        step, place = path[0], path[1]
        if isinstance(place, int):
            place = dict(enumerate(names[step])).get(place, "")
        if isinstance(leaf, np.random.Generator | np.random.RandomState):
            changed = True
            return type(leaf)(type(getattr(leaf, "bit_generator", None) or np.random.MT19937())(1))
        if type(leaf) is int and _SEEDS.fullmatch(str(place)):
            changed = True
            return leaf + 1
        return leaf

    try:
        found = _run(case, dtypes, 0, adjust=other, more=more)
    except BaseException:
        return False
    return changed and not _all_same(first, found)


_VECTORS = re.compile(
    r"\beigen[- ]?(vector|system|decomp|value decomp)|\bsingular[- ](vector|value decomp)|\bSVD\b"
    r"|principal[- ](component|axes)|\bQR\b|\borthonormal",
    re.IGNORECASE,
)


_UNORDERED = re.compile(
    r"\border(ing)?\b[^.]*\b(is|are) (undefined|unspecified|arbitrary|not (specified|defined))"
    r"|\bin (any|arbitrary|undefined) order\b",
    re.IGNORECASE,
)


def _is_documented(case: Case, words: re.Pattern[str]) -> bool:
    """Return whether the target's docstring contains words."""
    callee = load_steps(case.payload)[-1].callee
    return bool(words.search(inspect.getdoc(callee) or ""))


def _is_orthonormal(leaf: Leaf) -> bool:
    """Return whether an array has columns or rows that are orthonormal."""
    if leaf.kind is not LeafKind.ARRAY:
        return False
    array = np.asarray(leaf.value)
    if array.ndim < 2 or array.dtype.kind not in "fc" or not np.isfinite(array).all():
        return False
    columns, rows = (x.conj().swapaxes(-1, -2) @ x for x in (array, array.swapaxes(-1, -2)))
    tolerance = 8 * np.sqrt(np.finfo(array.dtype).eps)
    return any(np.allclose(x, np.eye(x.shape[-1]), atol=tolerance) for x in (columns, rows))


def _all_same(first: Sequence[Leaf], second: Sequence[Leaf]) -> bool:
    return len(first) == len(second) and all(map(_same, first, second))


def _is_discrete(leaf: Leaf) -> bool:
    return leaf.kind is not LeafKind.OTHER and np.asarray(leaf.value).dtype.kind in "biu"


def _distance(a: Leaf, b: Leaf) -> float:
    if a.path != b.path or a.kind != b.kind:
        return float("inf")
    if a.kind is LeafKind.OTHER or isinstance(a.value, str) or a.value is None:
        return 0.0
    x, y = np.asarray(a.value), np.asarray(b.value)
    if x.shape != y.shape:
        return float("inf")
    if x.dtype.kind not in "fc":
        return 0.0 if np.array_equal(x, y) else float("inf")
    finite = np.isfinite(x) & np.isfinite(y)
    if not np.array_equal(np.isfinite(x), np.isfinite(y)):
        return float("inf")
    return float(np.max(np.abs(x[finite] - y[finite]), initial=0.0))


def _run(
    case: Case,
    dtypes: Mapping[LeafPath, np.dtype[Any]],
    seed: int,
    adjust: Callable[[LeafPath, Any], Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> list[Leaf]:
    library = library_of_reference(case.reference)
    with seeded(seed):
        plan = None if library is REFERENCE else _all_arrays(case)
        steps = prepare(case, plan, dtypes, library, adjust=adjust)
        if more:
            steps[-1] = replace(steps[-1], kwargs={**steps[-1].kwargs, **more})
        result = run_steps(steps, case.all_steps, _unchanged)
    found = result_leaves(result, lambda x: library_of(type(x)) in backends())
    return [_leaf(path, _as_numpy(value, case.reference)) for path, value in found]


def _all_arrays(case: Case) -> Plan:
    """Return the plan that converts each array, for a call of the library that a target needs."""
    arguments = argument_leaves(load_steps(case.payload))
    return Plan("arrays", frozenset(path for path, x in arguments.items() if is_numeric_array(x)))


class ForeignResultError(TypeError):
    """The result of a call has arrays of another library than its arguments."""


def _as_numpy(value: Any, reference: str) -> Any:
    """Return an array of the reference library as a NumPy array, and anything else unchanged."""
    library = library_of(type(value))
    if library in ("", reference) or library not in backends():
        own = library == reference and not isinstance(value, np.ndarray)
        return get_backend(reference).to_numpy(value) if own else value
    raise ForeignResultError(f"it returns arrays of {get_backend(library).title}")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the global seeds and, inside the context, the entropy of generators without a seed.

    Examples that create generators without a seed would otherwise give other data in each run.
    """
    random.seed(seed)
    np.random.seed(seed)
    with seeded_entropy(seed):
        yield


def _leaf(path: LeafPath, value: Any) -> Leaf:
    value = dense(value)
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value, copy=True)
        if array.dtype.kind in "biufc":
            return Leaf(path, LeafKind.ARRAY, array)
        return Leaf(path, LeafKind.OTHER, str(array.dtype))
    if value is None or isinstance(value, (bool, int, float, complex)):
        return Leaf(path, LeafKind.NUMBER, value)
    return Leaf(path, LeafKind.OTHER, type(value).__name__)


def _same(a: Leaf, b: Leaf) -> bool:
    if a.path != b.path or a.kind != b.kind:
        return False
    x, y = np.asarray(a.value), np.asarray(b.value)
    inexact = x.dtype.kind in "fc" and y.dtype.kind in "fc"
    return bool(np.array_equal(x, y, equal_nan=inexact))


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
