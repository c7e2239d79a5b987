"""Display: graphs as text, as pictures, as input of other tools, and their statistics."""
