"""Compare the declared capabilities of functions with the measured ones."""
