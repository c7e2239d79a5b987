"""Worker processes: a server that forks them, messages, limits, replacement and scheduling."""
