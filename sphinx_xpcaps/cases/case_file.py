"""Files of recorded calls: JSON with the arguments as data, which can be reviewed and committed.

Reading a file runs no code: names refer to the documented package, to NumPy's functions and dtypes,
and nothing else.
"""

from __future__ import annotations

import base64
import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sphinx_xpcaps.cases.model import DottedName, Step, StepMethod, StepResult
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.files import read_untrusted, write_atomically

_SCHEMA = 1
_MAX_ELEMENTS = 2**22
"""Maximum number of elements of an array."""
_MAX_LISTED = 32
"""Arrays with more elements are encoded instead of listed."""


class CaseFileError(ValueError):
    """A call cannot be written to a file or read from it; the message gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One recorded call of a target."""

    text: str
    steps: tuple[Any, ...]
    """The steps as data."""
    all_steps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTarget:
    """The calls of a target and the names that it has in its package."""

    names: tuple[str, ...]
    calls: tuple[RecordedCall, ...]


def write(file: Path, targets: Iterable[RecordedTarget]) -> None:
    """Write recorded calls; the same calls give the same bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, f"{to_text(targets)}\n".encode())


def to_text(targets: Iterable[RecordedTarget]) -> str:
    """Return recorded calls as the text of a file."""
    listed = [
        {
            "names": list(target.names),
            "calls": [
                {"call": each.text, "all_steps": each.all_steps, "steps": list(each.steps)}
                for each in target.calls
            ],
        }
        for target in sorted(targets, key=lambda target: target.names)
    ]
    return json.dumps({"schema": _SCHEMA, "targets": listed}, indent=1, allow_nan=False)


def read(file: Path) -> tuple[RecordedTarget, ...]:
    """Return the recorded calls in a file.

    Raises
    ------
    CaseFileError
        The file cannot be read or is not a file of recorded calls.
    """
    try:
        return from_text(read_untrusted(file).decode())
    except OSError as error:
        raise CaseFileError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise CaseFileError(f"{file}: {error}") from error


def from_text(text: str) -> tuple[RecordedTarget, ...]:
    """Return the recorded calls that `to_text` has written; see `read` for what it raises."""
    try:
        content = json.loads(text)
        if content["schema"] != _SCHEMA:
            raise CaseFileError(f"unknown schema {content['schema']!r}")
        return tuple(
            RecordedTarget(
                names=tuple(map(str, target["names"])),
                calls=tuple(
                    RecordedCall(
                        text=str(each["call"]),
                        steps=tuple(each["steps"]),
                        all_steps=bool(each["all_steps"]),
                    )
                    for each in target["calls"]
                ),
            )
            for target in content["targets"]
        )
    except CaseFileError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CaseFileError(f"not a file of recorded calls: {error}") from error


def encode(step: Step) -> dict[str, Any]:
    """Return a step as data.

    Raises
    ------
    CaseFileError
        An argument is not data, such as a function of a test.
    """
    callee: Any
    if isinstance(step.callee, DottedName):
        callee = step.callee.name
    elif isinstance(step.callee, StepMethod):
        callee = {"of": step.callee.of.step, "method": step.callee.name}
    else:
        raise CaseFileError("the callee has no name")
    return {
        "number": step.number,
        "callee": callee,
        "args": [_encoded(value) for value in step.args],
        "kwargs": {name: _encoded(value) for name, value in step.kwargs.items()},
    }


def decode(data: Any, package: str) -> Step:
    """Return a step that `encode` has written.

    Parameters
    ----------
    data : object
        The step as data.
    package : str
        The top-level package of the target, to which names may refer.

    Raises
    ------
    CaseFileError
        The data is not a step, or refers to anything other than the package and NumPy's functions.
    """
    try:
        callee = data["callee"]
        found: Any
        if isinstance(callee, str):
            _permitted(callee, package)
            found = DottedName(callee)
        else:
            method = str(callee["method"])
            if method.startswith("_") and method != "__call__":
                raise CaseFileError(f"{method} is not a public method")
            found = StepMethod(StepResult(int(callee["of"])), method)
        args = tuple(_decoded(value, package) for value in data["args"])
        kwargs = {str(name): _decoded(value, package) for name, value in data["kwargs"].items()}
        return Step(found, args, kwargs, int(data["number"]))
    except CaseFileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, TargetError) as error:
        raise CaseFileError(f"not a recorded call: {error}") from error


def _permitted(name: str, package: str) -> Any:
    """Return the object that a public name of a package refers to, if the package defines it."""
    parts = name.split(".")
    if parts[0] != package or any(part.startswith("_") for part in parts):
        raise CaseFileError(f"{name} is not a public name of {package}")
    found = resolve(name)[1]
    home = getattr(found, "__module__", None) or type(found).__module__
    if home.partition(".")[0] != package and not isinstance(found, np.ufunc):
        raise CaseFileError(f"{name} is not defined in {package}")
    return found


def _encoded(value: Any) -> Any:
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and abs(value) < 2**63:
        return value
    if type(value) is float:
        return value if np.isfinite(value) else {"float": repr(value)}
    if type(value) is complex:
        return {"complex": repr(value)}
    if type(value) is list:
        return [_encoded(item) for item in value]
    if type(value) is tuple:
        return {"tuple": [_encoded(item) for item in value]}
    if type(value) is dict:
        return {"dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
    if type(value) is slice:
        return {"slice": [_encoded(x) for x in (value.start, value.stop, value.step)]}
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, StepResult):
        return {"result": value.step}
    if isinstance(value, np.dtype) and value.kind in "biufc":
        return {"dtype": value.str}
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return {"scalar": _encoded_array(np.asarray(value))}
    if type(value) is np.ndarray and value.dtype.kind in "biufc" and value.size <= _MAX_ELEMENTS:
        return {"array": _encoded_array(value)}
    return {"name": _name_of(value)}


def _encoded_array(array: NDArray[Any]) -> dict[str, Any]:
    plain = array.astype(array.dtype.newbyteorder("<"))
    found: dict[str, Any] = {"dtype": plain.dtype.str, "shape": list(array.shape)}
    listed = array.dtype.kind in "biuf" and array.size <= _MAX_LISTED and np.isfinite(array).all()
    if listed and array.dtype.itemsize <= 8:
        return {**found, "values": array.ravel().tolist()}
    return {**found, "bytes": base64.b64encode(plain.tobytes()).decode()}


def _name_of(value: Any) -> str:
    """Return the name of a function, class or module that a file may contain."""
    if inspect.ismodule(value):
        name = value.__name__
    else:
        module, inner = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if isinstance(value, np.ufunc) and getattr(np, str(inner), None) is value:
            module = "numpy"
        name = f"{module}.{inner}"
    package = name.partition(".")[0]
    try:
        if _named(name, package) is value:
            return name
    except (CaseFileError, TargetError, AttributeError):
        pass
    raise CaseFileError(f"an argument of type {type(value).__name__} is not data")


def _named(name: str, package: str) -> Any:
    """Return what a name refers to: in the package, or a function or dtype of NumPy."""
    if name in ("numpy", "array_api_compat.numpy"):
        return sys.modules[name]
    module, _, inner = name.rpartition(".")
    if module == "numpy" and not inner.startswith("_"):
        found = getattr(np, inner)
        if isinstance(found, np.ufunc) or (
            isinstance(found, type) and issubclass(found, np.generic)
        ):
            return found
    return _permitted(name, package)


def _decoded(value: Any, package: str) -> Any:
    if not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        return [_decoded(item, package) for item in value]
    [(kind, content)] = value.items()
    if kind == "tuple":
        return tuple(_decoded(item, package) for item in content)
    if kind == "dict":
        pairs = [(_decoded(key, package), _decoded(item, package)) for key, item in content]
        return dict(pairs)
    if kind == "float":
        return float(content)
    if kind == "complex":
        return complex(content)
    if kind == "slice":
        return slice(*(_decoded(item, package) for item in content))
    if kind == "ellipsis":
        return ...
    if kind == "result":
        return StepResult(int(content))
    if kind == "dtype":
        return _dtype(content)
    if kind == "scalar":
        return _array(content)[()]
    if kind == "array":
        return _array(content)
    if kind == "name":
        return _named(str(content), package)
    raise CaseFileError(f"unknown kind of argument {kind!r}")


def _dtype(text: Any) -> np.dtype[Any]:
    dtype = np.dtype(str(text))
    if dtype.kind not in "biufc":
        raise CaseFileError(f"dtype {text} is not numeric")
    return dtype


def _array(data: Mapping[str, Any]) -> NDArray[Any]:
    dtype, shape = _dtype(data["dtype"]), tuple(int(n) for n in data["shape"])
    if min(shape, default=0) < 0 or int(np.prod(shape, dtype=object)) > _MAX_ELEMENTS:
        raise CaseFileError(f"an array of shape {shape} is not accepted")
    if "values" in data:
        flat = np.asarray(data["values"], dtype=dtype)
    else:
        flat = np.frombuffer(base64.b64decode(data["bytes"], validate=True), dtype=dtype)
    return flat.reshape(shape).astype(dtype.newbyteorder("="))
