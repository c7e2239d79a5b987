"""Show graphs as text and as pictures, export them, and compute their statistics."""
