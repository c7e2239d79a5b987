"""Call a target with JIT, traced, differentiated, or mapped over an axis.

`apply` selects the mode: a transformation of the library, `gradient` or `vmap`. `tracing` records
the graph of a call.
"""
