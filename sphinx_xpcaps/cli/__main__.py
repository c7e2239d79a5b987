"""``python -m sphinx_xpcaps.cli``."""

from sphinx_xpcaps.cli import main

main(prog_name="sphinx-xpcaps")
