"""Create virtual environments with other versions of libraries, and measure in them.

`requirements` and `releases` determine what is installed, `create` installs it, and `measure` runs
the command ``measure`` there. `bisect` finds the release in which a result changed.
"""
