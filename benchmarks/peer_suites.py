"""Run the tests of other projects with the functions of `core` in place of theirs.

Usage::

    python benchmarks/peer_suites.py array-api-extra CHECKOUT
    python benchmarks/peer_suites.py jax CHECKOUT

CHECKOUT is a folder with the project's source, from its repository. The tests of JAX need the
package absl-py. With ``--original`` the tests run with the project's own functions. Further
arguments are passed to pytest. Tests in `EXPECTED` may fail, each for the reason given there; the
exit status is 1 if another test fails.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import core
import core.testing

GPU = "needs a GPU"


@dataclass(frozen=True)
class Suite:
    """The tests of a project.

    Parameters
    ----------
    tests : tuple of str
        Files in the checkout.
    replace : callable
        Replaces the functions of the project by those of `core`.
    options : tuple of str
        Further options of pytest.
    paths : tuple of str
        Folders of the checkout from which modules are imported.
    """

    tests: tuple[str, ...]
    replace: Callable[[], None]
    options: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def replace_in_array_api_extra() -> None:
    """Replace `lazy_apply`, `jax_autojit` and the functions for tests."""
    package: Any = importlib.import_module("array_api_extra")
    package.lazy_apply = core.lazy_apply
    importlib.import_module("array_api_extra._lib._helpers").jax_autojit = core.autojit  # type: ignore[attr-defined]
    testing = importlib.import_module("array_api_extra.testing")
    for name in testing.__all__:
        setattr(testing, name, getattr(core.testing, name))


def replace_in_jax() -> None:
    """Replace `jax.pure_callback`, with its names of parameters."""
    import jax
    import jax.numpy as jnp

    def pure_callback(
        callback: Callable[..., Any],
        result_shape_dtypes: Any,
        *args: Any,
        sharding: Any = None,
        vmap_method: str | None = None,
        **kwargs: Any,
    ) -> Any:
        try:
            return core.lazy_apply(
                callback,
                *args,
                shape=result_shape_dtypes,
                xp=jnp,
                sharding=sharding,
                vmap_method=vmap_method,
                **kwargs,
            )
        except ValueError as error:
            message = str(error).replace("shape= and dtype=", "result_shape_dtypes")
            raise ValueError(message) from error

    jax.pure_callback = pure_callback


SUITES = {
    "array-api-extra": Suite(
        tests=tuple(f"tests/main/test_{name}.py" for name in ("lazy", "testing", "helpers")),
        replace=replace_in_array_api_extra,
        # The last test imports NumPy again, after which other tests fail.
        options=("--no-showlocals", "--deselect", "tests/main/test_testing.py::test_import_depen"),
        paths=("src", "."),
    ),
    "jax": Suite(
        tests=("tests/python_callback_test.py",),
        replace=replace_in_jax,
        options=("-c", os.devnull, "-k", "pure or Pure"),
    ),
}

EXPECTED = {
    "array-api-extra": {
        r"\[(cupy|torch:gpu|jax:gpu)": GPU,
        r"test_lazy_apply_dask_non_numpy_meta|test_dask_metas": GPU,
        r"test_lazy_apply_raises\[jax\]": (
            "a tagged function is lazy through any module, here as array_api_extra.lazy_apply"
        ),
        r"test_invalid_args": "calls without arrays are supported with xp=",
        r"test_parent_method_not_tagged": "reads a private attribute",
    },
    "jax": {
        r"test_callback_with_pytree_arguments_and_return_values": (
            "JAX ignores the containers of results; lazy_apply compares them"
        ),
        r"test_compilation_caching": "outside of jax.jit, functions are called without compilation",
        r"test_exception_in_callback": "the exception is raised, and not also logged",
        r"test_can_shard_pure_callback_maximally_with_sharding": (
            "the device is chosen when JAX compiles, after the text that the test reads"
        ),
        r"test_cant_take_grad_of_pure_callback": "the message names jvp= and vjp=",
        r"test_vmap_method_raise": 'the default of vmap_method is "sequential"',
    },
}


@dataclass
class Outcomes:
    """A plugin of pytest that counts outcomes, and collects failures that are not expected."""

    expected: dict[str, str]
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once; errors of fixtures are failures."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self.counts["xfailed" if hasattr(report, "wasxfail") else report.outcome] += 1
        if not report.failed:
            return
        for pattern, reason in self.expected.items():
            if re.search(pattern, report.nodeid):
                self.reasons[reason] += 1
                return
        self.unexpected.append(report.nodeid)


def main() -> int:
    """Run the tests of a project and print the outcomes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--original", action="store_true", help="use the project's own functions")
    options, arguments = parser.parse_known_args()
    suite = SUITES[options.suite]
    os.chdir(options.checkout)
    sys.path[:0] = [str(Path(path).resolve()) for path in suite.paths]
    if not options.original:
        suite.replace()
    outcomes = Outcomes({} if options.original else EXPECTED[options.suite])
    pytest.main(
        [*suite.tests, "-p", "no:cacheprovider", "-q", "--tb=short", *suite.options, *arguments],
        plugins=[outcomes],
    )
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.counts.items())))
    for reason, count in outcomes.reasons.items():
        print(f"{count} failed as expected: {reason}")
    for name in outcomes.unexpected:
        print(f"failed: {name}")
    return 1 if outcomes.unexpected or not outcomes.counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
