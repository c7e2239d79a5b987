"""How a call is made in each mode: eager, JIT, lazy, gradient, vmap, traced."""
