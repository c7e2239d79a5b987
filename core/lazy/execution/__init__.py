"""Execution: a graph as a list of steps, and the Python functions generated from it."""
