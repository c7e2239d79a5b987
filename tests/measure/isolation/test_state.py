"""Whatever a function changes in its process is restored or reported."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

PROGRAM = """
import json, sys
import numpy as np
from core.backends import get_backend
from sphinx_xpcaps.measure.isolation.state import WorkerState

state = WorkerState([get_backend(sys.argv[1])])
scope = {"np": np, "sys": sys, "get_backend": get_backend}
found = []
for code, check in json.loads(sys.argv[2]):
    exec(code, dict(scope))
    change = state.restore()
    again = state.restore()
    exec(check, dict(scope))
    found.append([change.restored, change.remaining, again.restored, again.remaining])
print(json.dumps(found))
"""

Change = tuple[set[str], set[str]]


def run(*codes: tuple[str, str], backend: str = "numpy") -> list[Change]:
    """Run each code and restore the state after it; return what was restored and what not."""
    texts = [(textwrap.dedent(code), check) for code, check in codes]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, backend, json.dumps(texts)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    changes = []
    for restored, remaining, again, remaining_again in json.loads(done.stdout.splitlines()[-1]):
        assert again == []
        assert set(remaining_again) <= set(remaining)
        changes.append((set(restored), set(remaining)))
    return changes


UNDONE = [
    ("np.seterr(all='raise')", "NumPy error state", "assert np.geterr()['divide'] == 'warn'"),
    ("np.seterrcall(print)", "NumPy error callback", ""),
    ("np.set_printoptions(precision=2)", "NumPy print options", ""),
    ("import warnings; warnings.simplefilter('error')", "warning filters", ""),
    ("import warnings; warnings.showwarning = print", "warnings.showwarning", ""),
    ("import os; os.environ['A_NAME'] = '1'", "environment variables", ""),
    ("import os; os.environ.pop('PATH')", "environment variables", ""),
    ("import os; os.chdir('/')", "working directory", ""),
    ("import os, tempfile; d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)",
     "working directory", ""),
    ("import os; os.umask(0o777)", "umask", ""),
    ("import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')", "locale", ""),
    ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal handlers", ""),
    ("import signal; signal.signal(signal.SIGINT, print)", "signal handlers", ""),
    ("import signal; signal.setitimer(signal.ITIMER_REAL, 5)", "timers", ""),
    ("import signal; signal.alarm(5)", "timers", ""),
    ("import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])",
     "signal mask", ""),
    ("import sys; sys.excepthook = print", "sys.excepthook", ""),
    ("import sys; sys.stdout = None", "interpreter hooks", "assert sys.stdout"),
    ("import sys; sys.settrace(lambda *_: None)", "interpreter hooks", ""),
    ("import sys; sys.setrecursionlimit(500)", "interpreter settings", ""),
    ("import sys; sys.path.insert(0, '/nowhere')", "import paths", ""),
    ("import sys; sys.meta_path.clear()", "import paths", "import wave"),
    ("import gc; gc.disable()", "garbage collection", ""),
    ("import logging; logging.disable()", "logging", ""),
    ("import decimal; decimal.getcontext().prec = 3", "decimal context", ""),
    ("import tempfile; tempfile.tempdir = '/nowhere'", "temporary folder", ""),
    ("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
     "processor affinity", ""),
    ("from resource import *; setrlimit(7, (64, getrlimit(7)[1]))",
     "resource limits", ""),
    ("np.asarray = None", "numpy.asarray", "assert np.asarray([1])[0] == 1"),
    ("np.linalg.solve = print", "numpy.linalg.solve", ""),
    ("del np.sum", "numpy.sum", ""),
    ("import builtins; builtins.len = lambda x: 0", "builtins.len", "assert len([1]) == 1"),
    ("import builtins; builtins.extra = 1", "builtins.extra", ""),
    ("import time; time.sleep = None", "time.sleep", ""),
    ("import os; os.fork = None", "os.fork", ""),
    ("del sys.modules['json']", "module json", ""),
    ("sys.modules['os'] = None", "module os", ""),
    ("import subprocess; subprocess.Popen(['sleep', '60'])", "child processes", ""),
    ("np.setbufsize(16)", "NumPy buffer size", ""),
    ("import os; os.environ = {}", "environment variables", "import os; os.environ['PATH']"),
    ("import ctypes; ctypes.CDLL(None).clearenv()", "environment variables", ""),
    ("import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
     "environment variables", "import time; assert time.tzname[0] != 'JST'"),
    ("import threading; threading.settrace(print)", "interpreter hooks", ""),
    ("import threading; threading.stack_size(2**20)", "interpreter settings", ""),
    ("import gc; gc.callbacks.append(print)", "garbage collection", ""),
    ("import asyncio; asyncio._set_running_loop(asyncio.new_event_loop())", "asyncio",
     "import asyncio; asyncio.run(asyncio.sleep(0))"),
    ("import codecs; codecs.register_error('strict', print)", "error handlers of codecs", ""),
    ("import copyreg; copyreg.pickle(np.ndarray, print)", "pickling functions", ""),
    ("import json; json.dumps = None", "json.dumps", ""),
    ("import numpy._core.fromnumeric as m; m.sum = None", "numpy._core.fromnumeric.sum", ""),
    ("import array_api_compat as c; c.array_namespace = None",
     "array_api_compat.array_namespace", ""),
    ("sys.modules['this'] = None", "module this", "import types"),
    ("import types; sys.modules['sched'] = types.ModuleType('sched')", "module sched", ""),
    ("import builtins; builtins.isinstance = builtins.len = builtins.print = None",
     "builtins.isinstance", ""),
    ("import json; json.JSONEncoder.encode = None", "JSONEncoder.encode",
     "import json; assert json.dumps([1]) == '[1]'"),
    ("import pathlib; pathlib.PurePath.name = property(lambda path: 'none')", "PurePath.name",
     "import pathlib; assert pathlib.Path('/a').name == 'a'"),
    ("import contextlib; contextlib.ExitStack.__enter__.__code__ = (lambda self: None).__code__",
     "contextlib.ExitStack.__enter__", ""),
    ("np.linalg.norm._implementation.__code__ = (lambda *a, **k: 0).__code__",
     f"{np.linalg.norm._implementation.__module__}.norm", "assert np.linalg.norm(np.ones(4)) == 2"),
    ("import textwrap; textwrap.indent.__defaults__ = (print,)", "textwrap.indent",
     "import textwrap; assert textwrap.indent('a', '> ') == '> a'"),
    ("np.pi = 3", "numpy.pi", "assert np.pi > 3"),
    ("import math; math.pi = 3", "math.pi", ""),
    ("sys.modules = {}", "sys.modules", "import wave; assert 'wave' in sys.modules"),
    ("sys.monitoring.use_tool_id(3, 'tool'); sys.monitoring.set_events(3, 1)\n"
     "sys.monitoring.register_callback(3, 1, lambda *_: 1 / 0)" if sys.version_info >= (3, 12)
     else "sys.settrace(print)", "interpreter hooks", "sorted([1], key=lambda x: x)"),
    ("import sys; sys.setdlopenflags(1)", "interpreter settings", ""),
    ("import os; os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))", "scheduling", ""),
    ("""
     class Later:
         def __del__(self): np.asarray = None
     made = Later(); made.itself = made; del made
     """, "numpy.asarray", ""),
]  # fmt: skip
"""Code, what it changes, and a check afterwards."""


def test_all_changes_are_undone_one_after_the_other_in_one_process() -> None:
    changes = run(*((code, check) for code, _, check in UNDONE))
    for (code, name, _), (restored, remaining) in zip(UNDONE, changes, strict=True):
        assert name in restored, code
        assert remaining == set(), code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import threading, time; threading.Thread(target=time.sleep, args=(60,), "
         "daemon=True).start()", "threads"),
        ("import threading, os; t = threading.Timer(60, os._exit, (3,)); t.daemon = True; "
         "t.start()", "threads"),
        ("import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (5, 5)); "
         "import os; os.setuid(1000)", "user"),
        ("sys.kept = [open('/dev/null') for _ in range(300)]", "open files"),
        ("import os; os.close(0)", "standard streams"),
        ("sys.stdin.close()", "interpreter hooks"),
        ("import _thread, time; n = _thread._count(); _thread.start_new_thread(time.sleep, (60,))\n"
         "while _thread._count() == n: time.sleep(0.01)", "threads"),
        ("sys.addaudithook(lambda *_: None)", "audit hooks"),
        ("import ctypes; ctypes.CDLL('libm.so.6').fesetround(0xC00)", "floating-point mode"),
        ("import os, resource as r\nsys.kept = []\nr.setrlimit(r.RLIMIT_NOFILE, (50, 50))\n"
         "try:\n    while True: sys.kept.append(os.dup(0))\nexcept OSError: pass", "open files"),
    ],
)  # fmt: skip
def test_change_that_cannot_be_undone_is_reported(code: str, name: str) -> None:
    ((_, remaining),) = run((code, ""))
    assert name in remaining


ORDINARY = [
    "import wave, xml.etree.ElementTree, numpy.polynomial",
    "np.linalg.svd(np.eye(3)); np.fft.fft([1.0]); str(np.float64(1))",
    "import threading; t = threading.Thread(target=int); t.start()",
    "with np.errstate(all='raise'), np.printoptions(precision=1): pass",
    "import subprocess; subprocess.run(['true'], check=True)",
    "open('/dev/null'); import tempfile; tempfile.TemporaryFile()",
]


def test_ordinary_work_changes_nothing() -> None:
    for code, change in zip(ORDINARY, run(*((code, "") for code in ORDINARY)), strict=True):
        assert change == (set(), set()), code


@pytest.mark.parametrize(
    ("backend", "codes"),
    [
        (
            "torch",
            {
                "import torch; torch.set_default_dtype(torch.float64)": "settings of PyTorch",
                "import torch; torch.set_grad_enabled(False)": "settings of PyTorch",
                "import torch; torch.set_default_device('meta')": "settings of PyTorch",
                "import torch; torch.add = None": "torch.add",
                "import torch; torch.Tensor.sum = None": "Tensor.sum",
                "import torch; torch.pi = 3": "torch.pi",
                "import torch; torch.set_autocast_enabled('cpu', True)": "settings of PyTorch",
            },
        ),
        (
            "jax",
            {
                "import jax; jax.config.update('jax_enable_x64', True)": "settings of JAX",
                "import jax.numpy; jax.numpy.sum = None": "jax.numpy.sum",
            },
        ),
        (
            "dask",
            {
                "import dask; dask.config.set(scheduler='threads')": "settings of Dask",
                "import dask.array; dask.array.sum = None": "dask.array.sum",
            },
        ),
        (
            "array-api-strict",
            {
                "import array_api_strict as x; x.set_array_api_strict_flags(boolean_indexing=False)"
                "": "settings of array-api-strict"
            },
        ),
    ],
)
def test_settings_and_functions_of_an_array_library_are_restored(
    backend: str, codes: dict[str, str]
) -> None:
    pytest.importorskip(backend.replace("-", "_"))
    changes = run(*((code, "") for code in codes), backend=backend)
    for (code, name), (restored, remaining) in zip(codes.items(), changes, strict=True):
        assert name in restored, code
        assert remaining == set(), code


MODE = """
from torch.overrides import TorchFunctionMode
class Mode(TorchFunctionMode):
    def __torch_function__(self, *arguments): raise ValueError
sys.mode = Mode()
sys.mode.__enter__()
"""
OPERATOR = """
import torch
sys.library = torch.library.Library("aten", "IMPL")
sys.library.impl("add.Tensor", lambda *arguments: 1 / 0, "CPU")
"""


@pytest.mark.parametrize(
    ("backend", "title", "code"),
    [
        ("torch", "PyTorch", MODE),
        ("torch", "PyTorch", OPERATOR),
        ("torch", "PyTorch", "import torch; sys.m = torch.inference_mode(); sys.m.__enter__()"),
        ("jax", "JAX", "import jax; sys.m = jax.disable_jit(); sys.m.__enter__()"),
    ],
)
def test_what_intercepts_operations_of_an_array_library_is_reported(
    backend: str, title: str, code: str
) -> None:
    pytest.importorskip(backend)
    ((_, remaining),) = run((code, ""), backend=backend)
    assert f"settings of {title}" in remaining


@pytest.mark.parametrize("backend", ["torch", "jax", "dask"])
def test_ordinary_work_with_an_array_library_changes_nothing(backend: str) -> None:
    pytest.importorskip(backend)
    code = f"""
    adapter = get_backend({backend!r})
    xp = adapter.namespace()
    x = adapter.from_numpy(np.linspace(0, 1, 8), "cpu")
    with adapter.watch():
        y = xp.sum(xp.exp(x) * x)
    adapter.to_numpy(y)
    """
    assert run((code, ""), (code, ""), backend=backend) == [(set(), set())] * 2
