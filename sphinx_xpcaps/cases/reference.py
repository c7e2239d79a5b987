"""Runs a case under NumPy: what it returns in each dtype, and how much that depends on rounding."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import (
    AS_WRITTEN,
    FLOAT32,
    FLOAT64,
    REAL,
    Case,
    Leaf,
    Path,
    Plan,
    Variant,
)
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plans import argument_leaves, cast_paths
from sphinx_xpcaps.cases.replay import REFERENCE, perform, prepare
from sphinx_xpcaps.cases.trees import is_number, result_leaves

Begin = Callable[[str, float], bool]
"""Called with a variant's name and the seconds that the variant as written took; says whether to
make it."""


def variants_of(case: Case, plans: Sequence[Plan], begin: Begin) -> tuple[Variant, ...]:
    """Return a case as written and with other dtypes, where NumPy accepts them.

    Raises
    ------
    Exception
        What the call raises as it is written.
    """
    begin(AS_WRITTEN, 0.0)
    began = time.monotonic()
    made = [_refer(case, AS_WRITTEN, {})]
    seconds = time.monotonic() - began

    def make(name: str, dtypes: Mapping[Path, np.dtype[Any]]) -> bool:
        variant = _try(case, name, dtypes) if dtypes and begin(name, seconds) else None
        if variant is not None:
            made.append(variant)
        return variant is not None

    arguments = argument_leaves(load_steps(case.payload))
    dtypes = {path: np.asarray(arguments[path]).dtype for path in sorted_paths(cast_paths(plans))}
    # A Python number adapts to what it meets; alone it does not make a call one of integers.
    strong = {path for path in dtypes if not is_number(arguments[path])} or set(dtypes)
    integers = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind in "iu"}
    if strong & integers.keys() and not make(FLOAT64, integers):
        integers = {}
    reals = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind == "c"}
    if reals:
        make(REAL, {**integers, **reals})
    narrow = {"f": np.dtype("float32"), "c": np.dtype("complex64")}
    wide = {path: t for path, t in dtypes.items() if t.itemsize == (8 if t.kind == "f" else 16)}
    single = {path: narrow[t.kind] for path, t in wide.items() if t.kind in narrow}
    make(FLOAT32, {**single, **dict.fromkeys(integers, np.dtype("float32"))})
    return tuple(made)


def sorted_paths(paths: Collection[Path]) -> list[Path]:
    """Return `paths` in an order that does not depend on hashes."""
    return sorted(paths, key=repr)


def _try(case: Case, name: str, dtypes: Mapping[Path, np.dtype[Any]]) -> Variant | None:
    try:
        return _refer(case, name, dtypes)
    except BaseException:  # NumPy does not take these dtypes: then nobody has to
        return None


def _refer(case: Case, name: str, dtypes: Mapping[Path, np.dtype[Any]]) -> Variant:
    """Run a case under NumPy twice; what differs between the two is not reproducible."""
    first, second = (_run(case, dtypes, seed) for seed in (0, 1))
    same = len(first) == len(second) and all(map(_same, first, second))
    wobble = [0.0] * len(first)
    for seed in _NUDGES if same else ():
        try:
            nearby = _run(case, dtypes, 0, adjust=functools.partial(_nudged, seed))
        except BaseException:  # the example stands at the edge of what is allowed
            continue
        if len(nearby) == len(first):
            pairs = zip(wobble, first, nearby, strict=True)
            wobble = [max(before, _distance(a, b)) for before, a, b in pairs]
    if any(w and _is_discrete(leaf) for w, leaf in zip(wobble, first, strict=True)):
        # The call took another path: then no count and no flag says anything.
        leaf_by_leaf = zip(wobble, first, strict=True)
        wobble = [float("inf") if _is_discrete(leaf) else w for w, leaf in leaf_by_leaf]
    leaves = [replace(leaf, wobble=w) for leaf, w in zip(first, wobble, strict=True)]
    return Variant(name, dtypes, tuple(leaves), same)


_NUDGES = (0.0, 1.0, 2.0)
"""Phases of the pattern in which floats are moved, to see how much a result depends on rounding."""


def _nudged(phase: float, leaf: Any) -> Any:
    """Return floats moved by up to 16 units in the last place, each in its own way.

    Whole numbers stay what they are: they are exact, and often count something.
    """
    if isinstance(leaf, float):
        return float(_nudged(phase, np.asarray(leaf)))
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fc":
        return leaf
    pattern = np.cos(phase + 2.4 * np.arange(leaf.size)).reshape(leaf.shape)
    moved = leaf * (1 + 16 * np.finfo(leaf.dtype).eps * pattern).astype(leaf.dtype)
    return np.where(leaf == np.round(leaf), leaf, moved)


def _is_discrete(leaf: Leaf) -> bool:
    return leaf.kind != "other" and np.asarray(leaf.value).dtype.kind in "biu"


def _distance(a: Leaf, b: Leaf) -> float:
    if a.path != b.path or a.kind != b.kind:
        return float("inf")
    if a.kind == "other" or isinstance(a.value, str) or a.value is None:
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
    dtypes: Mapping[Path, np.dtype[Any]],
    seed: int,
    adjust: Callable[[Any], Any] | None = None,
) -> list[Leaf]:
    seed_all(seed)
    steps = prepare(case, None, dtypes, REFERENCE, adjust=adjust)
    result = perform(steps, case.whole, _unchanged)
    found = result_leaves(result, lambda x: isinstance(x, np.ndarray))
    return [_leaf(path, value) for path, value in found]


def seed_all(seed: int) -> None:
    """Set the seeds that every library shares, and what a generator without a seed begins with.

    Examples make generators without a seed; their data would differ from run to run, and with it
    what is measured.
    """
    random.seed(seed)
    np.random.seed(seed)
    # Where NumPy's generators get their entropy, if nobody gives them any.
    vars(np.random.bit_generator)["randbits"] = random.Random(seed).getrandbits


def _leaf(path: Path, value: Any) -> Leaf:
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value, copy=True)
        if array.dtype.kind in "biufc":
            return Leaf(path, "array", array)
        return Leaf(path, "other", str(array.dtype))
    if value is None or isinstance(value, (bool, int, float, complex)):
        return Leaf(path, "number", value)
    return Leaf(path, "other", type(value).__name__)


def _same(a: Leaf, b: Leaf) -> bool:
    if a.path != b.path or a.kind != b.kind:
        return False
    x, y = np.asarray(a.value), np.asarray(b.value)
    inexact = x.dtype.kind in "fc" and y.dtype.kind in "fc"
    return bool(np.array_equal(x, y, equal_nan=inexact))


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
