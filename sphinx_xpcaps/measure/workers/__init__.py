"""Worker processes: messages, the parent's and the child's side, replacement, scheduling."""
