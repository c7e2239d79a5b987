"""SciPy's names for what is here, so that its tests need other imports alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from core.testing.assertions import assert_close, assert_close_nulp, assert_equal, assert_less
from core.testing.declared import capabilities, capabilities_table
from core.testing.marks import make_marks, make_param, make_test_case


def _strict_on_scalars(assertion: Callable[..., None]) -> Callable[..., None]:
    """Return `assertion` with SciPy's ``check_0d``, which is on unless asked otherwise."""

    @functools.wraps(assertion)
    def xp_assert(
        actual: Any, desired: Any, *args: Any, check_0d: bool = True, **options: Any
    ) -> None:
        __tracebackhide__ = True
        assertion(actual, desired, *args, check_scalar=check_0d, **options)

    xp_assert.__name__ = xp_assert.__qualname__ = f"xp_{assertion.__name__}"
    return xp_assert


xp_assert_close = _strict_on_scalars(assert_close)
xp_assert_close_nulp = _strict_on_scalars(assert_close_nulp)
xp_assert_equal = _strict_on_scalars(assert_equal)
xp_assert_less = _strict_on_scalars(assert_less)

xp_capabilities = capabilities
xp_capabilities_table = capabilities_table
make_xp_test_case = make_test_case
make_xp_pytest_param = make_param
make_xp_pytest_marks = make_marks
