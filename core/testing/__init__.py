"""Test helpers: a pytest plugin that runs tests on every array library, assertions, declarations.

`plugin` has the fixture ``xp``; `assertions` compare arrays; `lazy_functions` compile tagged
functions; `declarations` and `record` describe capabilities, which become `marks` of tests.

Importing this package imports neither pytest nor any array library except NumPy.
"""

from core.testing.assertions import (
    assert_close,
    assert_close_nulp,
    assert_equal,
    assert_less,
    xp_assert_close,
    xp_assert_close_nulp,
    xp_assert_equal,
    xp_assert_less,
)
from core.testing.declarations import (
    Capabilities,
    Table,
    capabilities,
    capabilities_table,
    xp_capabilities,
    xp_capabilities_table,
)
from core.testing.lazy_functions import lazy_xp_function, untransformed
from core.testing.limit import Limit
from core.testing.marks import (
    make_marks,
    make_param,
    make_test_case,
    make_xp_pytest_marks,
    make_xp_pytest_param,
    make_xp_test_case,
)
from core.testing.patching import patch_lazy_xp_functions
from core.testing.record import measured
from core.testing.targets import default_xp

__all__ = [
    "Capabilities",
    "Limit",
    "Table",
    "assert_close",
    "assert_close_nulp",
    "assert_equal",
    "assert_less",
    "capabilities",
    "capabilities_table",
    "default_xp",
    "lazy_xp_function",
    "make_marks",
    "make_param",
    "make_test_case",
    "make_xp_pytest_marks",
    "make_xp_pytest_param",
    "make_xp_test_case",
    "measured",
    "patch_lazy_xp_functions",
    "untransformed",
    "xp_assert_close",
    "xp_assert_close_nulp",
    "xp_assert_equal",
    "xp_assert_less",
    "xp_capabilities",
    "xp_capabilities_table",
]
