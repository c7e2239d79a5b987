"""Makes a target's cases: finds calls, and runs each under NumPy for reference."""

from __future__ import annotations

import functools
import pickle
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.declared import from_declared
from sphinx_xpcaps.cases.examples import At, Found, from_bodies, from_docstrings
from sphinx_xpcaps.cases.model import (
    AS_WRITTEN,
    FLOAT32,
    FLOAT64,
    REAL,
    Case,
    Collected,
    Leaf,
    Path,
    Plan,
    Step,
    Variant,
)
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plans import (
    NO_ARRAYS,
    argument_leaves,
    cast_paths,
    plan_of_numbers,
    plans_for,
)
from sphinx_xpcaps.cases.replay import REFERENCE, perform, prepare
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.cases.select import argument_names, choose, plain_call, traits
from sphinx_xpcaps.cases.signature import SECONDS, from_signature
from sphinx_xpcaps.cases.trees import is_number, result_leaves

MOST_CASES = 6


def collect(
    at: At,
    *,
    name: str,
    bodies: Sequence[str],
    sources: Sequence[str] = (),
    skip: Collection[str],
    file: File,
) -> Collected:
    """Find the cases of a target and write them to `file`, each as soon as it is made.

    Parameters
    ----------
    at : callable
        Called with each piece of code before it runs.
    name : str
        The target.
    bodies : sequence of str
        Code from directives; where there is some, it alone is used.
    sources : sequence of str
        Modules and files that give cases.
    skip : collection of str
        Pieces of code that never came back before.
    file : Path
        Where the cases go, pickled one after the other.
    """
    file.write_bytes(b"")
    try:
        holder, target = resolve(name)
    except TargetError as error:
        return Collected(target=name, error=str(error), error_type="TargetError")
    if bodies:
        found = from_bodies(name, holder, target, bodies, at, skip)
    elif (declared := from_declared(name, sources)).calls or declared.problem:
        found = declared
    else:
        found = _fitting(from_docstrings(name, holder, target, at, skip))
        if not found.calls and (made := from_signature(name, holder, target, at, skip)).calls:
            found = made
    if not found.calls:
        return Collected(
            target=name, origin=found.origin, error=found.problem, error_type=found.problem_type
        )
    return _keep(name, target, found, at, skip, file)


def _fitting(found: Found) -> Found:
    """Leave out calls in which made-up data turned out too small for what the example does."""
    if not found.made_up_data:
        return found
    calls = tuple(call for call in found.calls if not _has_empty_array(call[1]))
    return replace(found, calls=calls, problem=found.problem or "the made-up data does not fit")


def _has_empty_array(payload: bytes) -> bool:
    arguments = argument_leaves(load_steps(payload)).values()
    return any(isinstance(leaf, np.ndarray) and leaf.size == 0 for leaf in arguments)


def load_cases(file: File) -> list[Case]:
    """Return the cases in `file`."""
    cases = []
    with file.open("rb") as stream:
        while True:
            try:
                cases.append(pickle.load(stream))
            except EOFError:
                return cases


def _keep(
    name: str, target: Any, found: Found, at: At, skip: Collection[str], file: File
) -> Collected:
    made, problem = 0, ""
    made_up = found.origin == "signature"
    known = parameters(target)
    names = [parameter.name for parameter in known]
    calls = [(call, load_steps(call[1])) for call in found.calls]
    chosen = [calls[i] for i in choose([traits(steps) for _, steps in calls], MOST_CASES)]
    plainest = plain_call(chosen, known)
    with file.open("ab") as stream:
        for (text, payload, whole), steps in [*chosen, *plainest]:
            if text in skip:
                continue
            case = Case(
                text=text,
                origin=found.origin,
                payload=payload,
                whole=whole,
                is_plain=(text, payload, whole) not in found.calls,
                made_up_data=found.made_up_data,
                arguments=argument_names(steps[-1], names),
            )

            def here(text: str = text) -> None:
                at(("line", text), SECONDS) if made_up else at(("call", text))

            try:
                case = _referred(case, steps, target, here)
            except BaseException as error:
                if not case.is_plain:
                    words = f"{type(error).__name__}: {error}"
                    problem = f"the call fails when it is repeated: {words}"
                continue
            if not case.plans:
                problem = "it takes and returns no arrays"
                continue
            if not any(leaf.kind in ("array", "number") for leaf in case.variants[0].leaves):
                problem = "what it returns shows neither arrays nor numbers"
                continue
            pickle.dump(case, stream)
            stream.flush()
            made += 1
    return Collected(target=name, cases=made, origin=found.origin, error="" if made else problem)


def _referred(case: Case, steps: list[Step], target: Any, here: Callable[[], None]) -> Case:
    """Return a case with its plans and with what NumPy returns in each variant.

    Without plans, there are no arrays in the call.
    """
    plans = plans_for(steps, target)
    variants = _variants(case, plans, here)
    if not plans:
        returns = _returns_arrays(variants[0])
        plans = (NO_ARRAYS,) if returns else plan_of_numbers(steps, target)
    return replace(case, plans=plans, variants=variants)


def _variants(case: Case, plans: Sequence[Plan], here: Callable[[], None]) -> tuple[Variant, ...]:
    """Return the case as written and with other dtypes, where NumPy accepts them."""
    here()
    made = [_refer(case, AS_WRITTEN, {})]
    arguments = argument_leaves(load_steps(case.payload))
    dtypes = {path: np.asarray(arguments[path]).dtype for path in sorted_paths(cast_paths(plans))}
    # A Python number adapts to what it meets; alone it does not make a call one of integers.
    strong = {path for path in dtypes if not is_number(arguments[path])} or set(dtypes)
    integers = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind in "iu"}
    if integers and strong & integers.keys():
        here()
        variant = _try(case, FLOAT64, integers)
        if variant is None:
            integers = {}
        else:
            made.append(variant)
    reals = {path: np.dtype("float64") for path, t in dtypes.items() if t.kind == "c"}
    if reals:
        here()
        variant = _try(case, REAL, {**integers, **reals})
        if variant is not None:
            made.append(variant)
    narrow = {"f": np.dtype("float32"), "c": np.dtype("complex64")}
    wide = {path: t for path, t in dtypes.items() if t.itemsize == (8 if t.kind == "f" else 16)}
    single = {path: narrow[t.kind] for path, t in wide.items() if t.kind in narrow}
    if single or integers:
        here()
        single.update(dict.fromkeys(integers, np.dtype("float32")))
        variant = _try(case, FLOAT32, single)
        if variant is not None:
            made.append(variant)
    return tuple(made)


def _returns_arrays(variant: Variant) -> bool:
    return any(leaf.kind == "array" and np.asarray(leaf.value).ndim > 0 for leaf in variant.leaves)


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
    """Set the seeds that every library shares."""
    random.seed(seed)
    np.random.seed(seed)


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
