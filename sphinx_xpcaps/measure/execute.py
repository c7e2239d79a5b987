"""Execute one run of a case: prepare the arguments, call in a mode, compare the result."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend, Watch, get_backend
from core.typing import Array
from sphinx_xpcaps.cases.model import Case, Plan, Step, Variant
from sphinx_xpcaps.cases.plans import argument_leaves
from sphinx_xpcaps.cases.reference import seeded
from sphinx_xpcaps.cases.replay import Library, PreparationError, prepare, run_steps
from sphinx_xpcaps.cases.trees import is_numeric_sequence
from sphinx_xpcaps.exceptions import exception_message, exception_name
from sphinx_xpcaps.measure.judging.compare import ComparedResult, compare, require_arrays
from sphinx_xpcaps.measure.model import CaseRun, CaseRunKey
from sphinx_xpcaps.measure.modes.apply import in_mode
from sphinx_xpcaps.measure.modes.array_call import InapplicableError, WrongResultError
from sphinx_xpcaps.measure.modes.tracing import Tracer, absent
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Outcome

_LONGEST_MESSAGE = 200

Transform = Callable[[Callable[..., Any]], Callable[..., Any]]


def execute(
    key: CaseRunKey, case: Case, variant: Variant, plan: Plan, backend: Backend, device: str
) -> CaseRun:
    """Run a case once.

    Parameters
    ----------
    key : CaseRunKey
        The key of the run; its mode is the mode.
    case : Case
        The case.
    variant : Variant
        The dtypes of the arguments and the expected result.
    plan : Plan
        The arguments that become arrays of the backend.
    backend : Backend
        The backend.
    device : str
        One of its devices.
    """
    tracer = Tracer(backend)
    with seeded(0), backend.watch(key.mode) as watch:
        arguments = _Arguments(backend, device, watch)
        library = arguments.library()
        transform: Transform = partial(in_mode, key.mode, backend=backend, device=device)
        if key.mode == TRACE:
            library = replace(library, namespace=tracer.namespace)
            transform = tracer.trace_and_run
        try:
            steps = prepare(case, plan, variant.dtypes, library)
        except Exception as error:
            message = f"the arguments cannot be converted: {first_line(exception_message(error))}"
            return CaseRun(
                key=key, outcome=Outcome.NOT_RUN, exception=exception_name(error), message=message
            )
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = run_steps(steps, case.all_steps, transform, watch.reset)
                counted = replace(watch)  # without what the comparison computes and transfers
                try:
                    compared = _compare(result, variant, backend, device, arguments, case, steps)
                except Exception as error:
                    kind, text = exception_name(error), first_line(exception_message(error))
                    message = f"the result cannot be compared: {kind}: {text}"
                    raise InapplicableError(message) from error
            caught = tracer.data_dependent_error
            if caught is not None and compared.outcome is not Outcome.PASS:
                raise caught  # by the function, which then returned something else
        except (InapplicableError, PreparationError) as error:
            message = first_line(str(error))
            return CaseRun(key=key, outcome=Outcome.NOT_RUN, message=message, applies=False)
        except WrongResultError as error:
            return CaseRun(key=key, outcome=Outcome.WRONG_VALUES, message=first_line(str(error)))
        except BaseException as error:
            return CaseRun(
                key=key,
                outcome=Outcome.RAISED,
                exception=exception_name(error),
                message=first_line(exception_message(error, backend.explain)),
                computes=watch.computes,
                host_transfers=watch.host_transfers,
                compile_seconds=watch.compile_seconds,
            )
    return CaseRun(
        key=key,
        outcome=compared.outcome,
        message=compared.message,
        note=compared.note,
        returned=compared.returned,
        dtype_change=compared.dtype_change,
        computes=counted.computes,
        host_transfers=counted.host_transfers,
        compile_seconds=counted.compile_seconds,
        graph=tracer.graph(case.text) if compared.outcome is Outcome.PASS else None,
    )


def missing_functions(
    case: Case, variant: Variant, plan: Plan, backend: Backend, device: str
) -> tuple[str, ...]:
    """Return the functions of the standard that a case calls and the backend lacks.

    The case is traced. If it cannot be, none are known.
    """
    tracer = Tracer(backend)
    library = _Arguments(backend, device, Watch()).library()
    try:
        with seeded(0), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = replace(library, namespace=tracer.namespace)
            steps = prepare(case, plan, variant.dtypes, traced)
            run_steps(steps, case.all_steps, tracer.trace_only)
    except Exception:
        return ()
    graph = tracer.graph(case.text)
    return absent(graph.functions, library.namespace) if graph else ()


@dataclass(slots=True)
class _Arguments:
    """Converts the arguments of a run, and records the arrays among them."""

    backend: Backend
    device: str
    watch: Watch
    dtypes: set[str] = field(default_factory=set)
    """Names of the arrays' dtypes."""
    dimensions: set[int] = field(default_factory=set)
    """The arrays' numbers of dimensions."""

    def library(self) -> Library:
        """Return the backend as replays use it."""
        backend = self.backend
        return Library(
            namespace=backend.namespace(),
            convert=self.convert,
            to_numpy=lambda x: backend.to_numpy(x) if backend.owns(x) else x,
            device=backend.native_device(self.device),
            uncounted=self.uncounted,
        )

    def convert(self, array: NDArray[Any]) -> Array:
        """Return an array of the backend."""
        self.dtypes.add(array.dtype.name)
        self.dimensions.add(array.ndim)
        return self.backend.from_numpy(array, self.device)

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Do not count computations and transfers in the context."""
        before = replace(self.watch)
        try:
            yield
        finally:
            self.watch.computes = before.computes
            self.watch.host_transfers = before.host_transfers


def _compare(
    result: Any,
    variant: Variant,
    backend: Backend,
    device: str,
    arguments: _Arguments,
    case: Case,
    steps: Sequence[Step],
) -> ComparedResult:
    compared = compare(
        result,
        variant,
        backend,
        device,
        inputs=frozenset(arguments.dtypes),
        reference=get_backend(case.reference).title,
        default_float=any(map(_is_list_of_floats, argument_leaves(steps).values())),
    )
    if arguments.dimensions == {0} and compared.outcome is Outcome.PASS:
        compared = require_arrays(result, backend)
    return compared


def _is_list_of_floats(leaf: Any) -> bool:
    return is_numeric_sequence(leaf) and np.asarray(leaf).dtype.kind in "fc"


def first_line(text: str) -> str:
    """Return the first line that is not empty, without addresses, as these change."""
    lines = (line.strip() for line in text.splitlines())
    line = next((line for line in lines if line), "")
    line = re.sub(r"0x[0-9a-f]{6,}", "0x…", line)
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
