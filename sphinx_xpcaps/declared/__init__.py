"""Compare the declared capabilities of functions with the measured ones.

`load` reads the declarations in a worker, `compare` finds the differences from the tables, and
`messages` and `findings_file` present them. `correction` computes declarations that agree with the
measurements, and `patch` writes them as a diff of the decorators.
"""
