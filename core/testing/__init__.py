"""Tests on every array library, and what a function declares about them.

Importing this package imports neither pytest nor any array library but NumPy.
"""

from core.testing.declared import Capabilities, Table, capabilities, capabilities_table
from core.testing.limit import Limit

__all__ = ["Capabilities", "Limit", "Table", "capabilities", "capabilities_table"]
