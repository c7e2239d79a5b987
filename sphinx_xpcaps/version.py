"""The version of the installed package, which comes from the tags of the repository."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("sphinx-xpcaps")
except PackageNotFoundError:  # the source is on the path without being installed
    __version__ = "0+unknown"
