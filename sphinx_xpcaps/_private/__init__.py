"""Private interfaces of other projects that sphinx-xpcaps depends on, one module per project.

Nothing outside this folder uses one, so that a change in one of these projects breaks one module.
"""
