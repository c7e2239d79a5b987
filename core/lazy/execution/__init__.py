"""Compute graphs: convert them to lists of steps, and run these or generate Python functions."""
