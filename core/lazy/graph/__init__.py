"""The nodes of graphs, and how graphs are traversed, shared and pickled."""
