"""Compare results with NumPy's, and derive cells with their notes.

In a worker, `compare` judges one result. In the parent, `judge` derives a cell from all runs of a
target in a group (`case_result`, `notes`), and `cells` creates the cells that need no run.
"""
