"""Child processes that run jobs: start, talk, time limits, replacement."""
