"""The former name of `sphinx_xpcaps.cases.case_modules`, which existing case modules import."""

from sphinx_xpcaps.cases.case_modules import call, cases_for

__all__ = ["call", "cases_for"]
