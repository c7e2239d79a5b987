"""From a target to its cases: what to call, and what NumPy returns for it."""
