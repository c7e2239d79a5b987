"""Judging: compare results with NumPy's, and derive cells with their notes.

In a worker, `compare` judges one result. In the parent, `judge` derives a cell from all runs of a
target in a group (`case_result`, `notes`), and `cells` makes those cells that need no run.
"""
