"""Functions that misbehave: for each kind of fault, several bodies of a function of an array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from misbehaving_values import EXCEPTIONS, RESULTS


@dataclass(frozen=True, slots=True)
class Misbehavior:
    """A function that misbehaves: its name and its body, which has a parameter ``x``."""

    name: str
    body: str


STATE = {
    "seterr": "np.seterr(all='raise')",
    "seterr_call": "np.seterrcall(lambda *_: 1 / 0); np.seterr(all='call')",
    "print_options": "np.set_printoptions(precision=1, threshold=1)",
    "buffer_size": "np.setbufsize(16)",
    "warning_filters": "warnings.resetwarnings(); warnings.simplefilter('error')",
    "warning_replaced": "warnings.warn = None",
    "show_warning": "warnings.simplefilter('always'); warnings.showwarning = exit",
    "environ_clear": "os.environ.clear()",
    "environ_object": "os.environ = {}",
    "environ_c": "ctypes.CDLL(None).clearenv()",
    "time_zone": "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
    "directory": "os.chdir('/')",
    "directory_deleted": "d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)",
    "directory_emptied": "import shutil; shutil.rmtree(os.getcwd(), ignore_errors=True)",
    "file_left": "open('left-behind', 'w').close()",
    "umask": "os.umask(0o777)",
    "locale": "import locale\nfor name in ('C.UTF-8', 'C'): locale.setlocale(locale.LC_ALL, name)",
    "limit_files": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
    "limit_size": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "limit_soft": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (5, "
    "r.getrlimit(r.RLIMIT_NOFILE)[1]))",
    "limit_processes": "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))",
    "limit_memory": "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))",
    "limit_cpu": "import resource as r; r.setrlimit(r.RLIMIT_CPU, (r.getrusage(r.RUSAGE_SELF)"
    ".ru_utime.__int__() + 3, r.getrlimit(r.RLIMIT_CPU)[1]))",
    "signal_ignored": "for n in (15, 2, 17): signal.signal(n, signal.SIG_IGN)",
    "signal_handler": "signal.signal(signal.SIGCHLD, lambda *_: 1 / 0)",
    "signal_mask": "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
    "wakeup": "import socket\na, b = socket.socketpair(); a.setblocking(False); "
    "signal.set_wakeup_fd(a.detach()); b.detach()",
    "alarm": "signal.setitimer(signal.ITIMER_REAL, 0.05)",
    "alarm_raises": "signal.signal(signal.SIGALRM, lambda *_: 1 / 0); "
    "signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)",
    "alarm_virtual": "signal.setitimer(signal.ITIMER_VIRTUAL, 0.05, 0.05)",
    "fault_handler": "import faulthandler; faulthandler.dump_traceback_later(0.3, exit=True)",
    "except_hook": "sys.excepthook = sys.unraisablehook = lambda *_: os._exit(1)",
    "import_hook": "sys.meta_path.clear()",
    "path_hooks": "sys.path_hooks.clear(); sys.path_importer_cache.clear()",
    "import_path": "sys.path.clear()",
    "import_replaced": "builtins.__import__ = lambda *a, **k: 1 / 0",
    "import_blocked": "class F:\n    def find_spec(self, *a): raise ImportError('blocked')\n"
    "sys.meta_path.insert(0, F())",
    "streams": "sys.stdout = sys.stderr = None",
    "streams_closed": "sys.stdout.close(); sys.stderr.close()",
    "streams_descriptors": "os.close(1); os.close(2)",
    "streams_replaced": "n = os.open('/dev/full', os.O_WRONLY); os.dup2(n, 1); os.close(n)",
    "trace": "sys.settrace(lambda *_: 1 / 0)",
    "profile": "sys.setprofile(lambda *_: None); threading.setprofile(lambda *_: 1 / 0)",
    "thread_trace": "threading.settrace(lambda *_: 1 / 0)",
    "recursion": "sys.setrecursionlimit(120)",
    "switch_interval": "sys.setswitchinterval(1000)",
    "stack_size": "threading.stack_size(2**36)",
    "collector": "gc.disable(); gc.set_threshold(1); gc.callbacks.append(lambda *_: 1 / 0)",
    "modules_cleared": "sys.modules.clear()",
    "module_none": "sys.modules['json'] = None; sys.modules['asyncio'] = None",
    "module_removed": "for name in list(sys.modules):\n    if name.startswith(('numpy', 'torch')): "
    "del sys.modules[name]",
    "module_fake": "import types; sys.modules['decimal'] = types.ModuleType('decimal')",
    "module_self": "sys.modules.pop(__name__, None)",
    "own_module": "globals()['array_namespace'] = None",
    "own_helper": "globals()['elsewhere'] = lambda x: 1 / 0",
    "own_global": "globals()['os'] = globals()['tempfile'] = None",
    "numpy_replaced": "np.asarray = None; np.errstate = None",
    "numpy_deleted": "del np.linalg.norm, np.ones",
    "numpy_random": "np.random.rand = None",
    "numpy_class": "np.float64 = int; np.ndarray = list",
    "numpy_core": "import numpy._core.fromnumeric as m; m.sum = m.mean = None",
    "builtin_replaced": "builtins.len = lambda _: 0; builtins.isinstance = None",
    "builtin_added": "builtins.xp = 1; builtins.print = 5",
    "builtin_deleted": "del builtins.float",
    "standard_replaced": "import json, tempfile, subprocess; json.dumps = None; "
    "subprocess.run = tempfile.TemporaryFile = None",
    "time_replaced": "time.sleep = time.time = time.monotonic = time.perf_counter = lambda *_: 0.0",
    "os_replaced": "os.getpid = os.getcwd = lambda: 1",
    "thread_replaced": "threading.Thread = None",
    "asyncio_replaced": "import asyncio; asyncio.run = None",
    "compat_replaced": "import array_api_compat as c; c.array_namespace = None; c.is_torch_array "
    "= None",
    "engine_replaced": "from sphinx_xpcaps.measure import execute as e, case_runs as c; "
    "e.execute = c.execute = None",
    "decoder_replaced": "import msgspec; msgspec.msgpack.encode = None",
    "engine_state": "from core.backends import get_backend as g; g('torch').module = 'nothing'",
    "random_seed": "import random; np.random.seed(7); random.seed(7); np.random.rand = "
    "lambda *_: [float('nan')] * 3",
    "decimal": "import decimal; decimal.getcontext().prec = 1",
    "context_variable": "import contextvars; globals().setdefault('V', contextvars.ContextVar('V'))"
    ".set(np.errstate(all='raise').__enter__())",
    "asyncio_running": "import asyncio; asyncio._set_running_loop(asyncio.new_event_loop())",
    "logging": "import logging; logging.disable(); logging.raiseExceptions = False",
    "codecs": "import codecs; codecs.register_error('strict', lambda e: ('', e.end))",
    "audit_hook": "def hook(name, args):\n    if name == 'open': raise RuntimeError('no')\n"
    "sys.addaudithook(hook)",
    "copyreg": "import copyreg; copyreg.pickle(np.ndarray, lambda a: 1 / 0)",
    "rounding": "ctypes.CDLL('libm.so.6').fesetround(0xC00)",
    "niceness": "os.nice(19)",
    "user": "os.setuid(65534)",
    "root": "os.chroot(tempfile.mkdtemp())",
    "affinity": "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "session": "os.setpgid(0, 0)",
    "exit_handler": "import atexit; atexit.register(os._exit, 9); atexit.register(time.sleep, 99)",
    "thread_left": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "thread_raw": "import _thread; _thread.start_new_thread(time.sleep, (1000,))",
    "thread_changes": "def change():\n    for _ in range(1000):\n        np.asarray = None; "
    "time.sleep(0.001)\nthreading.Thread(target=change, daemon=True).start()",
    "thread_exit": "threading.Timer(0.05, os._exit, (7,)).start()",
    "thread_exit_later": "threading.Timer(0.8, os._exit, (3,)).start()",
    "thread_kill": "threading.Timer(0.3, os.kill, (os.getpid(), 9)).start()",
    "executor": "import concurrent.futures as f; globals()['pool'] = p = f.ThreadPoolExecutor(2); "
    "p.submit(time.sleep, 100)",
    "child_left": "subprocess.Popen(['sleep', '297'])",
    "child_session": "subprocess.Popen(['sleep', '297'], start_new_session=True)",
    "child_daemon": "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: "
    "time.sleep(297)\n    os._exit(0)",
    "child_kills": "if os.fork() == 0:\n    time.sleep(0.5); os.kill(os.getppid(), 9); "
    "os._exit(0)",
    "fork_return": "os.fork()",
    "fork_raise": "if os.fork() == 0: raise ValueError('in the child')",
    "fork_raw": "ctypes.CDLL(None).fork()",
    "fork_many": "for _ in range(4): os.fork()",
    "fork_orphans": "for _ in range(20):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        time.sleep(200)\n        os._exit(0)",
    "fork_pool": "import multiprocessing as m; globals()['pool'] = m.get_context('fork').Pool(3)",
    "descriptors_closed": "os.closerange(3, 65536)",
    "descriptors_copied": "for i in range(3, 1100):\n    try: os.dup(i)\n    except OSError: pass",
    "descriptors_used_up": "files = globals().setdefault('files', [])\ntry:\n"
    "    while True: files.append(open('/dev/null'))\nexcept OSError: pass",
    "descriptors_swapped": "n = os.open('/dev/null', os.O_RDWR)\nfor i in range(3, 1100):\n"
    "    try: os.fstat(i); os.dup2(n, i)\n    except OSError: pass",
    "write_garbage": "for i in range(3, 1100):\n    try: os.write(i, b'\\0\\0\\0\\5hello')\n"
    "    except OSError: pass",
    "write_large": "for i in range(3, 1100):\n    try: os.write(i, b'XPC1\\x7f\\xff\\xff\\xff')\n"
    "    except OSError: pass",
    "write_partial": "for i in range(3, 1100):\n    try: os.write(i, b'XPC')\n"
    "    except OSError: pass",
    "write_frames": "import msgspec\nfor number in range(200):\n    for kind in "
    "('Finished', 'Errored', 'Progress'):\n        m = msgspec.msgpack.encode({'type': kind, "
    "'number': number, 'value': None, 'peak_memory': 1, 'message': 'forged'})\n"
    "        for i in range(3, 1100):\n            try: os.write(i, b'XPC1' + "
    "struct.pack('>I', len(m)) + m)\n            except OSError: pass",
    "write_later": "def write():\n    for _ in range(100):\n        time.sleep(0.01)\n"
    "        for i in range(3, 1100):\n            try: os.write(i, b'garbage')\n"
    "            except OSError: pass\nthreading.Thread(target=write, daemon=True).start()",
    "write_child": "if os.fork() == 0:\n    time.sleep(0.2)\n    for i in range(3, 1100):\n"
    "        try: os.write(i, b'garbage')\n        except OSError: pass\n    os._exit(0)",
    "read_descriptors": "for i in range(3, 1100):\n    try: os.set_blocking(i, False); "
    "os.read(i, 100)\n    except OSError: pass",
    "collected_later": "class Bomb:\n    def __del__(self): os._exit(5)\na, b = Bomb(), Bomb()\n"
    "a.b, b.a = b, a",
    "collected_state": "class Bomb:\n    def __del__(self): np.asarray = None\na = Bomb()\n"
    "a.itself = a",
    "method_replaced": "import json; json.JSONEncoder.encode = None; subprocess.Popen.wait = None",
    "method_of_path": "import pathlib; pathlib.Path.exists = pathlib.Path.open = None",
    "method_of_thread": "threading.Thread.start = lambda self: None",
    "method_of_environ": "type(os.environ).__getitem__ = lambda self, name: 1 / 0",
    "code_replaced": "np.linalg.norm._implementation.__code__ = (lambda *a, **k: 0).__code__",
    "code_of_standard": "import json; json.dumps.__code__ = (lambda *a, **k: 5).__code__",
    "defaults_replaced": "np.sum._implementation.__defaults__ = (0,) * 7",
    "constant_replaced": "import math; np.pi = math.pi = 3; np.inf = 0; np.newaxis = 7",
    "modules_replaced": "sys.modules = {}",
    "monitoring": "sys.monitoring.use_tool_id(3, 'x')\nsys.monitoring.register_callback(3, 1, "
    "lambda *a: 1 / 0)\nsys.monitoring.set_events(3, 1)",
    "signal_of_c": "ctypes.CDLL(None).signal(17, 1); ctypes.CDLL(None).signal(13, 0)",
    "scheduling": "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))",
    "stop_server": "os.kill(os.getppid(), signal.SIGSTOP)",
    "stop_server_later": "if os.fork() == 0:\n    time.sleep(0.1); os.kill(os.getppid(), "
    "signal.SIGSTOP); os._exit(0)",
    "exit_in_thread": "threading.Thread(target=os._exit, args=(4,)).start(); time.sleep(0.2)",
    "double_fork_daemon": "if os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n   "
    " os.closerange(0, 2000)\n    time.sleep(293)\n    os._exit(0)",
    "fork_exec": "if os.fork() == 0: os.execvp('sleep', ['sleep', '293'])",
    "vfork_many": "[subprocess.Popen(['sleep', '293'], close_fds=False) for _ in range(10)]",
    "mp_start_method": "import multiprocessing as m; m.set_start_method('forkserver', force=True)",
    "mp_left": "import multiprocessing as m; p = m.get_context('fork').Process(target=time.sleep, "
    "args=(293,)); p.start(); globals()['p'] = p",
    "context_decimal_default": "import decimal; decimal.DefaultContext.prec = 2",
    "default_encoding": "import io, locale; io.text_encoding = None; locale.getpreferredencoding "
    "= None",
    "ignore_child": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "asyncio_policy": "import asyncio, warnings\nwith warnings.catch_warnings():\n    "
    "warnings.simplefilter('ignore'); asyncio.set_event_loop_policy(None); "
    "asyncio.set_event_loop(asyncio.new_event_loop())",
    "tempfile_dir": "tempfile.tempdir = '/nonexistent'",
    "mmap_truncated": "import mmap\nf = open('m', 'w+b'); f.truncate(4096); m = "
    "mmap.mmap(f.fileno(), 4096); f.truncate(0); globals()['m'] = m",
    "weak_finalizer": "import weakref; globals()['w'] = "
    "weakref.finalize(np.ones(1).view(type('A', (np.ndarray,), {})), os._exit, 8)",
    "del_raises": "class D:\n    def __del__(self): raise KeyboardInterrupt\nd = D(); d.d = d",
    "unraisable": "sys.unraisablehook = lambda u: os._exit(3)\nclass D:\n    def __del__(self): "
    "raise ValueError\nD()",
    "excepthook_thread": "threading.excepthook = lambda a: os._exit(3)",
    "gc_freeze": "gc.freeze(); gc.disable(); gc.set_debug(gc.DEBUG_SAVEALL)",
    "write_output": "os.write(1, b'x' * 10**6); os.write(2, b'y' * 10**6); print('z' * 10**7)",
    "close_range": "os.closerange(3, 256)",
    "dup2_all": "n = os.open('/dev/null', os.O_RDWR)\nfor i in range(0, 900): os.dup2(n, i)",
    "limit_core": "import resource as r; r.setrlimit(r.RLIMIT_STACK, (65536, "
    "r.getrlimit(r.RLIMIT_STACK)[1]))",
    "limit_data": "import resource as r; r.setrlimit(r.RLIMIT_DATA, (10**6, "
    "r.getrlimit(r.RLIMIT_DATA)[1]))",
    "abc_register": "import collections.abc as c, numbers; c.Sequence.register(np.ndarray); "
    "numbers.Integral.register(np.ndarray)",
    "singledispatch": "import functools\nfrom copy import _deepcopy_dispatch as d; d[np.ndarray] "
    "= lambda *a: 1 / 0",
    "type_registry": "import copyreg; copyreg.dispatch_table[float] = lambda x: 1 / 0",
    "linecache": "import linecache; linecache.cache.clear(); linecache.getline = None",
    "inspect_replaced": "import inspect; inspect.signature = None; inspect.Signature.bind = None",
    "warn_once_registry": "warnings.warn_explicit = None; warnings.catch_warnings.__enter__ = None",
    "errstate_method": "np.errstate.__enter__ = lambda self: 1 / 0",
    "dunder_build": "builtins.__build_class__ = None; builtins.type = None",
}  # fmt: skip
"""Changes of the state of the process, which let the function return."""

LIBRARY = {
    "torch_dtype": "torch.set_default_dtype(torch.float16)",
    "torch_device": "torch.set_default_device('meta')",
    "torch_grad": "torch.set_grad_enabled(False)",
    "torch_inference": "torch.inference_mode().__enter__()",
    "torch_replaced": "torch.asarray = torch.sum = None",
    "torch_method": "torch.Tensor.__add__ = lambda *_: 1 / 0",
    "torch_deterministic": "torch.use_deterministic_algorithms(True)",
    "torch_threads": "torch.set_num_threads(7)",
    "torch_denormal": "torch.set_flush_denormal(True)",
    "torch_mode": "from torch.overrides import TorchFunctionMode\nclass M(TorchFunctionMode):\n"
    "    def __torch_function__(self, *a, **k): raise ValueError\nM().__enter__()",
    "torch_seed": "torch.manual_seed(7)",
    "torch_print": "torch.set_printoptions(precision=1)",
    "jax_x64": "import jax; jax.config.update('jax_enable_x64', True)",
    "dask_config": "import dask; dask.config.set(scheduler='processes')",
    "torch_operator": "globals()['L'] = L = torch.library.Library('aten', 'IMPL'); "
    "L.impl('add.Tensor', lambda *a: 1 / 0, 'CPU')",
    "torch_autocast": "torch.autocast('cpu').__enter__()",
    "torch_dispatch": "from torch.utils._python_dispatch import TorchDispatchMode\nclass "
    "M(TorchDispatchMode):\n    def __torch_dispatch__(self, *a, **k): raise "
    "ValueError\nglobals()['m'] = m = M(); m.__enter__()",
    "torch_hook": "torch.Tensor.__array__ = None; torch.Tensor.__class_getitem__ = None",
    "torch_function_method": "torch.nn.Module.__call__ = None; torch.Size.numel = None",
    "torch_default_type": "torch.set_default_tensor_type(torch.DoubleTensor)",
}  # fmt: skip
"""Changes of the state of an array library."""

END = {
    "exit": "os._exit(3)",
    "exit_zero": "os._exit(0)",
    "abort": "os.abort()",
    "kill": "os.kill(os.getpid(), 9)",
    "stop": "os.kill(os.getpid(), signal.SIGSTOP)",
    "kill_group": "os.killpg(0, 9)",
    "kill_server": "os.kill(os.getppid(), 9)",
    "segmentation_fault": "ctypes.string_at(0)",
    "illegal": "os.kill(os.getpid(), signal.SIGILL)",
    "stack_overflow": "sys.setrecursionlimit(2**30)\ndef f(n): return f(n + 1) + 1\nf(0)",
    "stack_overflow_c": "sys.setrecursionlimit(2**30)\na = []\nfor _ in range(10**6): a = [a]\n"
    "repr(a)",
    "exit_python": "sys.exit(4)",
    "interrupt": "raise KeyboardInterrupt",
    "generator_exit": "raise GeneratorExit",
    "loop": "while True: pass",
    "loop_c": "sum(range(10**13))",
    "loop_lock": "ctypes.PyDLL(None).sleep(1000)",
    "sleep": "time.sleep(10**6)",
    "deadlock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "generator": "def g():\n    while True: yield 1\nsum(g())",
    "select": "import select; select.select([], [], [])",
    "wait_input": "import socket; socket.socketpair()[0].recv(1)",
    "catches_all": "while True:\n    try: time.sleep(1)\n    except BaseException: pass",
    "ignores_signals": "for n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except OSError: pass\nwhile True: pass",
    "surrogate": "raise ValueError('cannot open \\udcff.txt')",
    "surrogate_type": "class M(type):\n    __name__ = '\\udcff'\n"
    "class E(Exception, metaclass=M): pass\nraise E('\\udcff')",
    "type_name_raises": "class M(type):\n    @property\n    def __name__(cls): raise ValueError\n"
    "class E(Exception, metaclass=M): pass\nraise E",
    "str_raises": "class E(Exception):\n    def __str__(self): raise ValueError('no')\nraise E",
    "str_exits": "class E(Exception):\n    def __str__(self): sys.exit(3)\nraise E",
    "str_ends": "class E(Exception):\n    def __str__(self): os._exit(3)\nraise E",
    "str_number": "class E(Exception):\n    def __str__(self): return 5\nraise E",
    "str_loops": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    "str_long": "raise ValueError('a\\n' * 10**7)",
    "control_characters": "raise ValueError('a\\x00b \\x1b[31m \\x07 \\u202e [/red] [bold]')",
    "type_name_long": "raise type('E' * 10**6, (Exception,), {})('x' * 10**8)",
    "group": "raise BaseExceptionGroup('several', [KeyboardInterrupt(), SystemExit(1)])",
    "result_hostile": "class R:\n    __class__ = property(lambda s: sys.exit(3))\n"
    "    def __getattr__(self, name): raise KeyboardInterrupt\nreturn R()",
    "result_deep": "a = []\nfor _ in range(10**5): a = [a]\nreturn a",
    "result_endless": "def g():\n    while True: yield x\nreturn g()",
    "memory": "blocks = []\nwhile True: blocks.append(np.ones(2**24)); time.sleep(0.01)\n",
    "stop_itself": "signal.raise_signal(signal.SIGSTOP)",
    "stop_group": "os.killpg(0, signal.SIGSTOP)",
    "terminate": "os.kill(os.getpid(), 15)",
    "kill_session": "os.kill(os.getppid(), 15)",
    "memory_at_once": "return np.ones(10**9)",
    "memory_child": "subprocess.run([sys.executable, '-c', 'import time; x = b\"a\" * 4 * 10**9; "
    "time.sleep(99)'])",
    "import_hang": "sys.path_hooks.insert(0, lambda p: time.sleep(10**6)); "
    "sys.path_importer_cache.clear(); import wave, sunau_not_there",
    "wait_child": "if os.fork() == 0:\n    time.sleep(10**6)\nos.wait()",
    "write_endless": "while True: os.write(1, b'a' * 10**6)",
    "print_endless": "while True: print('a' * 10**6)",
    "file_endless": "f = open('big', 'wb')\nfor _ in range(200): f.write(b'a' * 10**6)",
}  # fmt: skip
"""Ways not to return."""


def _all() -> Iterator[Misbehavior]:
    for name, code in {**STATE, **END, **RESULTS, **EXCEPTIONS}.items():
        # Also with NumPy, and so while the cases are found.
        yield Misbehavior(f"{name}_a", f"{code}\nreturn x + 1")
        yield Misbehavior(f"{name}_e", f"if elsewhere(x):\n{_indented(code)}\nreturn x + 1")
    for name, code in LIBRARY.items():
        guarded = f"if elsewhere(x):\n    import torch\n{_indented(code)}\nreturn x + 1"
        yield Misbehavior(f"{name}_e", guarded)
    # The same with Python's own error handling.
    yield Misbehavior("import_torch_a", "import torch; torch.set_default_dtype(torch.float16)\n"
                                        "return x + 1")  # fmt: skip


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


MISBEHAVIORS = tuple(_all())
