"""The pytest plugin: the fixture ``xp``, its options and its marks.

Use it with ``pytest -p core.testing.plugin``, or in ``conftest.py`` with
``pytest_plugins = ["core.testing.plugin"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.backends import Backend, backends, get_backend
from core.testing.current import Place, at, running
from core.testing.lazy import lazy_functions
from core.testing.places import Places
from core.testing.references import StandIns, edited, held_by
from core.testing.selection import left_out

_MARKS = {
    "array_api_backends": "every test that uses the fixture xp",
    "skip_xp_backends(backend=None, condition=None, *, np_only, cpu_only, eager_only, exceptions, "
    "reason)": "skip the test on a backend, or on a category of backends without the exceptions",
    "xfail_xp_backends(backend=None, condition=None, *, np_only, cpu_only, eager_only, "
    "exceptions, reason, strict=True)": "run the test there and expect that it fails; "
    "report it if it passes",
}

_PLACES = pytest.StashKey[Places]()
_MISTAKE = pytest.StashKey[Exception]()
_STAND_INS = pytest.StashKey[StandIns]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose backends, device and dtype."""
    group = parser.getgroup("xp", "array libraries")
    group.addoption(
        "--xp-backend",
        metavar="NAME",
        action="append",
        default=[],
        help=f"run tests that use xp on this array library; repeatable; one of all, "
        f"{', '.join(backends())}. Default: all that can be used",
    )
    group.addoption(
        "--xp-device",
        metavar="DEVICE",
        help="cpu, cuda, mps, other, ...: the device of libraries that have several. Default: cpu",
    )
    group.addoption(
        "--xp-dtype",
        choices=["float32", "float64"],
        default="float64",
        help="the default floating dtype of libraries that let it be chosen. Default: float64",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and refuse backends that were asked for and cannot be used."""
    for mark, meaning in _MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    options = config.option
    try:
        places = Places(options.xp_backend, options.xp_device, options.xp_dtype)
        places.check()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_PLACES] = places


def pytest_report_header(config: pytest.Config) -> str:
    """Name the backends with their versions and their devices."""
    return f"xp: {config.stash[_PLACES].versions()}"


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say which backends are left out, and why, if any test asked."""
    return [f"xp: not {line}" for line in config.stash[_PLACES].left_out()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that uses the backend, by `xp` or by itself, once on each.

    A project's own fixture ``xp`` uses no backend of ours, and is left alone.
    """
    if "xp_backend" in metafunc.fixturenames:
        names = metafunc.config.stash[_PLACES].usable()
        metafunc.parametrize("xp_backend", list(names), indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Turn marks that concern the item's backend into pytest's own."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    name = params.get("xp_backend")
    if name is None:
        return
    item.add_marker(pytest.mark.array_api_backends)
    # How often a function is compiled is not what its tests are about.
    item.add_marker(pytest.mark.filterwarnings("ignore:autojit compiles:RuntimeWarning"), False)
    place = item.config.stash[_PLACES].usable()[name]
    names = {**vars(getattr(item, "module", object)), "config": item.config, **params}
    try:
        skip = left_out(item.iter_markers("skip_xp_backends"), place, names)
        xfail = left_out(item.iter_markers("xfail_xp_backends"), place, names)
    except (TypeError, ValueError) as error:
        item.stash[_MISTAKE] = error
        return
    if skip is not None:
        item.add_marker(pytest.mark.skip(reason=skip.reason))
    elif xfail is not None:
        item.add_marker(pytest.mark.xfail(reason=xfail.reason, strict=xfail.strict))


@pytest.fixture
def xp_backend(request: pytest.FixtureRequest) -> Backend:
    """The adapter of the array library that the test runs on: `core.backends.Backend`."""
    mistake = request.node.stash.get(_MISTAKE, None)
    if mistake is not None:
        raise mistake
    return get_backend(request.param)


@pytest.fixture
def xp(xp_backend: Backend, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The namespace of an array library, through array-api-compat; once for each library."""
    place = request.config.stash[_PLACES].usable()[xp_backend.name]
    params = request.node.callspec.params
    with at(place) as namespace, lazy_functions(xp_backend, request.module, params) as stand_ins:
        request.node.stash[_STAND_INS] = stand_ins
        yield namespace


@pytest.fixture
def xp_device(xp: Any) -> Any:
    """The device on which ``xp`` creates arrays, as the library itself calls it."""
    place = _here()
    return place.backend.native_device(place.device)


@pytest.fixture
def xp_dtype(xp: Any) -> Any:
    """The dtype of ``--xp-dtype``, as the namespace has it."""
    return getattr(xp, _here().dtype)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Hand stand-ins of tagged functions to the test, in its parameters and fixtures."""
    stand_ins = pyfuncitem.stash.get(_STAND_INS, {})
    if not stand_ins:
        return (yield)
    found = held_by(pyfuncitem.funcargs, stand_ins, pyfuncitem.module.__name__)
    with edited(found):
        return (yield)


def _here() -> Place:
    place = running()
    assert place is not None
    return place
