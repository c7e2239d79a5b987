"""Calls are found whatever their names are, and nothing is claimed where a name is not known."""

from __future__ import annotations

import pytest

from tests.advise.knowledge import check

RESOLVED = {
    "an imported package": "import pkg\npkg.raises(x)",
    "an imported module": "import pkg.sub\npkg.sub.raises(x)",
    "an alias of a module": "import pkg.sub as s\ns.raises(x)",
    "a module of a package": "from pkg import sub\nsub.raises(x)",
    "a function": "from pkg import raises\nraises(x)",
    "an alias of a function": "from pkg import raises as r\nr(x)",
    "all names of a module": "from pkg import *\nraises(x)",
    "a variable with a module": "import pkg\nm = pkg.sub\nm.raises(x)",
    "a variable with a function": "import pkg\nf = pkg.raises\nf(x)",
    "several variables": "import pkg\nf, g = pkg.works, pkg.raises\ng(x)",
    "an import in a function": "def f(x):\n    from pkg import raises\n    return raises(x)",
    "a name of the module in a function": "import pkg\ndef f(x):\n    return pkg.raises(x)",
    "a name of the module in a method": (
        "import pkg\nclass A:\n    def f(self, x):\n        pkg.raises(x)"
    ),
    "an import that may fail": (
        "try:\n    import pkg\nexcept ImportError:\n    pkg = None\npkg.raises(x)"
    ),
    "both branches of a condition": (
        "import pkg\nif a:\n    f = pkg.raises\nelse:\n    f = pkg.raises\nf(x)"
    ),
    "the last of several assignments": "import pkg\nf = other\nf = pkg.raises\nf(x)",
    "an assignment in the same branch": (
        "import pkg\nf = other\nif a:\n    f = pkg.raises\n    f(x)"
    ),
    "partial arguments": (
        "import pkg\nfrom functools import partial\nf = partial(pkg.raises, 1)\nf(x)"
    ),
    "a call in an argument": "import pkg\nprint(pkg.raises(x))",
    "a call in a comprehension": "import pkg\n[pkg.raises(x) for x in xs]",
    "a call in a lambda": "import pkg\nf = lambda x: pkg.raises(x)",
    "a call in a decorator": "import pkg\n@pkg.raises(x)\ndef f(): pass",
    "a call in a default": "import pkg\ndef f(a=pkg.raises(x)): pass",
    "a call in a match": "import pkg\nmatch a:\n    case 1:\n        pkg.raises(x)",
    "an assignment expression": "import pkg\nif (f := pkg.raises)(x):\n    f(x)",
    "a method of a new object": "import pkg\npkg.Class().method(x)",
    "a method of a variable": "import pkg\nc = pkg.Class(x)\nc.method(x)",
    "a method of an annotated parameter": "import pkg\ndef f(c: pkg.Class):\n    c.method(x)",
    "a method of an optional parameter": (
        "import pkg\ndef f(c: 'pkg.Class | None'):\n    c.method(x)"
    ),
    "a method of an annotated variable": "import pkg\nc: pkg.Class = make()\nc.method(x)",
    "a method of the class": "import pkg\npkg.Class.method(c, x)",
    "a global name": "def f():\n    global pkg\n    import pkg\ndef g(x):\n    pkg.raises(x)",
}


@pytest.mark.parametrize("source", RESOLVED.values(), ids=RESOLVED)
def test_a_call_is_found_through(source: str) -> None:
    assert {one.code for one in check(source).findings} == {"XPC001"}


NOT_CLAIMED = {
    "a parameter": "import pkg\ndef f(pkg, x):\n    pkg.raises(x)",
    "a local variable": "import pkg\ndef f(x):\n    pkg = make()\n    pkg.raises(x)",
    "a variable that is assigned later": "import pkg\ndef f(x):\n    pkg.raises(x)\n    pkg = 1",
    "a loop variable": "import pkg\nfor pkg in y:\n    pkg.raises(x)",
    "the variable of a comprehension": "import pkg\n[pkg.raises(x) for pkg in y]",
    "the parameter of a lambda": "import pkg\nf = lambda pkg: pkg.raises(x)",
    "a context manager": "import pkg\nwith make() as pkg:\n    pkg.raises(x)",
    "an exception": "from pkg import raises\ntry: y\nexcept E as raises:\n    raises(x)",
    "a function": "from pkg import raises\ndef raises(x): pass\nraises(x)",
    "a class": "from pkg import raises\nclass raises: pass\nraises(x)",
    "a captured pattern": "import pkg\nmatch a:\n    case [pkg]:\n        pkg.raises(x)",
    "one branch of a condition": "import pkg\nf = pkg.raises\nif a:\n    f = other\nf(x)",
    "one of two imports": (
        "try:\n    from pkg import raises\n"
        "except ImportError:\n    from my import raises\nraises(x)"
    ),
    "a later iteration of a loop": "import pkg\nf = pkg.raises\nwhile a:\n    f(x)\n    f = other",
    "a relative import": "from .pkg import raises\nraises(x)",
    "a relative module": "from . import pkg\npkg.raises(x)",
    "an attribute of another object": "import pkg\nself.pkg.raises(x)",
    "a name of a class in its methods": (
        "class A:\n    import pkg\n    def f(self, x):\n        pkg.raises(x)"
    ),
    "a global name that a function replaces": (
        "import pkg\ndef f():\n    global pkg\n    pkg = 1\npkg.raises(x)"
    ),
    "a nonlocal name that a function replaces": (
        "def f(x):\n    import pkg\n    def g():\n"
        "        nonlocal pkg\n        pkg = 1\n    pkg.raises(x)"
    ),
    "a deleted name": "import pkg\ndel pkg\npkg.raises(x)",
    "a function that works": "import pkg\npkg.works(x)",
    "a function that no record has": "import pkg\npkg.unheard(x)",
    "a private name of a starred import": "from pkg import *\n_raises(x)",
    "text": "import pkg\n'pkg.raises(x)'",
}


@pytest.mark.parametrize("source", NOT_CLAIMED.values(), ids=NOT_CLAIMED)
def test_nothing_is_claimed_about(source: str) -> None:
    assert check(source).findings == ()


ON_HOST = {
    "numbers": "pkg.raises(1, axis=0)",
    "lists": "pkg.raises([1, (2, 3)], {'a': 1})",
    "new arrays": "pkg.raises(np.asarray(x))",
    "random numbers": "pkg.raises(np.random.default_rng().normal(size=3))",
    "a variable": "a = np.zeros(3)\npkg.raises(a)",
    "a variable that is replaced": "x = np.asarray(x)\npkg.raises(x)",
    "arithmetic": "a = np.zeros(3)\npkg.raises(2 * a[1:] + a.T)",
    "a method of the data": "a = np.zeros(3)\npkg.raises(a.reshape(3, 1))",
    "a converted tensor": "pkg.raises(x.detach().cpu().numpy())",
    "a Python number": "pkg.raises(float(x), x.item())",
    "the shape of an array": "pkg.raises(x.shape[0])",
    "a function that the file defines": "def f(y): pass\npkg.raises(f, 1)",
    "an annotated parameter": "def f(x: np.ndarray, n: int):\n    pkg.raises(x, n)",
    "items of a list": "for each in [1, 2]:\n    pkg.raises(each)",
}


@pytest.mark.parametrize("source", ON_HOST.values(), ids=ON_HOST)
def test_calls_are_not_reported_whose_arguments_are(source: str) -> None:
    report = check("import numpy as np\nimport pkg\n" + source)
    assert report.findings == ()
    assert report.counts.on_host == 1


NOT_ON_HOST = {
    "one of the arguments is not known": "pkg.raises(np.zeros(3), x)",
    "NumPy lets the array do the work": "pkg.raises(np.add(x, 1))",
    "an item of the list is not known": "pkg.raises([x, 1])",
    "arguments are starred": "pkg.raises(*args)",
    "there is a dictionary of arguments": "pkg.raises(1, **options)",
    "a variable may have another value": "a = np.zeros(3)\nif b:\n    a = x\npkg.raises(a)",
    "the result of a function is not known": "def f(): pass\npkg.raises(f())",
    "a name is not that of the builtin": "float = other\npkg.raises(float(x))",
}


@pytest.mark.parametrize("source", NOT_ON_HOST.values(), ids=NOT_ON_HOST)
def test_calls_are_reported_if(source: str) -> None:
    assert len(check("import numpy as np\nimport pkg\n" + source).findings) == 1
