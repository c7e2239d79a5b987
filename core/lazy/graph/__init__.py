"""The graph: nodes and operations, and how graphs are walked, shared and pickled."""
