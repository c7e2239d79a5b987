"""From cases to cells: workers that run, comparison with NumPy, and what the outcomes mean."""
