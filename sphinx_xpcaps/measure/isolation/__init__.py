"""Compare and restore the state of a worker, so that no function affects another one's cell."""
