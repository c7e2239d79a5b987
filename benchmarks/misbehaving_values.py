"""Functions that return or raise values which misbehave when they are looked at."""

from __future__ import annotations

RESULTS = {
    "result_eq": "class R:\n    def __eq__(s, o): os._exit(6)\n    __hash__ = None\n    def "
    "__repr__(s): raise SystemExit\nreturn R()",
    "result_reduce": "class R:\n    def __reduce__(s): return os.system, ('touch pwned',)\n    "
    "__reduce_ex__ = lambda s, n: s.__reduce__()\nreturn R()",
    "result_array": "class R:\n    def __array__(s, *a, **k): time.sleep(10**6)\n    "
    "__array_namespace__ = property(lambda s: 1 / 0)\nreturn R()",
    "result_subclass": "class A(np.ndarray):\n    def __array_finalize__(s, o): raise "
    "KeyboardInterrupt\n    def __eq__(s, o): os._exit(3)\ntry: return np.ones(2).view(A)\nexcept "
    "KeyboardInterrupt: return x",
    "result_finalize": "class A(np.ndarray):\n    def __array_ufunc__(s, *a, **k): os._exit(3)\n  "
    "  def __array_function__(s, *a, **k): time.sleep(10**6)\nreturn np.ones(2).view(A)",
    "result_broadcast": "return np.broadcast_to(np.float64(1), (10**12,))",
    "result_strides": "return np.lib.stride_tricks.as_strided(np.ones(2), (10**9,), (8,))",
    "result_object": "a = np.empty(2, object); a[0] = a; a[1] = {'a': a}; return a",
    "result_integer": "return 10**100000",
    "result_names": "return {'\\x00': '\\udcff', '\\x1b[31m': 'a' * 10**7}",
    "result_dict": "class D(dict):\n    def items(s): raise SystemExit\n    def __iter__(s): "
    "raise KeyboardInterrupt\n    def __len__(s): return -1\nreturn D(a=1)",
    "result_tuple": "class T(tuple):\n    def __iter__(s):\n        while True: yield x\n    def "
    "__len__(s): return 2**62\nreturn T((x,))",
    "result_circular": "a = []; a.append(a); return a",
    "result_module": "return sys",
    "result_memory_map": "a = np.memmap('mm', dtype=float, mode='w+', shape=(1000,)); "
    "os.truncate('mm', 0); return a",
    "result_text": "return np.asarray(['a\\x00b\\x1b[31m', '\\u202e'])",
    "result_length": "class R:\n    def __len__(s): return 2**62\n    def __getitem__(s, i): "
    "return x\nreturn R()",
}  # fmt: skip
"""Values that are returned."""

EXCEPTIONS = {
    "str_recursion": "class E(Exception):\n    def __str__(self): return str(self)\nraise E",
    "str_recursion_deep": "sys.setrecursionlimit(10**9)\nclass E(Exception):\n    def "
    "__str__(self): return str(self)\nraise E",
    "str_type": "class S(str):\n    def __str__(self): os._exit(2)\n    __getitem__ = __len__ = "
    "__eq__ = __hash__ = None\nclass E(Exception):\n    def __str__(self): return S('a')\nraise E",
    "notes": "e = ValueError('a'); e.add_note('\\x1b[2J\\x00' * 10**6); raise e",
    "cause_cycle": "a, b = ValueError('a'), ValueError('b'); a.__cause__ = b; b.__cause__ = a; "
    "raise a",
    "group_deep": "e = ValueError('x')\nfor _ in range(5000): e = ExceptionGroup('g', [e])\nraise "
    "e",
    "exception_class": "class E(Exception):\n    __class__ = property(lambda s: 1 / 0)\n    args "
    "= property(lambda s: 1 / 0)\nraise E('a')",
    "exception_hash": "class M(type):\n    def __hash__(c): raise KeyboardInterrupt\n    def "
    "__eq__(c, o): raise SystemExit\n    def __instancecheck__(c, o): os._exit(1)\nclass "
    "E(Exception, metaclass=M): pass\nraise E('\\x00\\r\\n\\x1b]0;title\\x07')",
}  # fmt: skip
"""Exceptions that are raised."""
