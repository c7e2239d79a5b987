"""Judging: compare results with NumPy's, and derive cells with their notes."""
