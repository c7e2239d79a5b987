"""Functions that exit, never return or print too much."""

import os
import sys
import time

import numpy as np


def loops(x):
    """Never return.

    Examples
    --------
    >>> loops(np.asarray([1.0]))
    """
    while True:
        time.sleep(0.01)


def exits(x):
    """Exit the interpreter.

    Examples
    --------
    >>> exits(np.asarray([1.0]))
    """
    os._exit(1)


def exits_elsewhere(x):
    """Exit the interpreter for all libraries except NumPy.

    Examples
    --------
    >>> exits_elsewhere(np.asarray([1.0]))
    """
    if not isinstance(x, np.ndarray):
        os._exit(3)
    return x


def loops_elsewhere(x):
    """Never return for all libraries except NumPy.

    Examples
    --------
    >>> loops_elsewhere(np.asarray([1.0]))
    """
    while not isinstance(x, np.ndarray):
        time.sleep(0.01)
    return x


def prints(x):
    """Print a hundred megabytes.

    Examples
    --------
    >>> prints(np.asarray([1.0]))
    """
    for _ in range(100):
        sys.stdout.write("x" * 2**20)
        os.write(2, b"y" * 2**20)
    return x
