"""Wheels of array-api-strict with invented versions, which are installed without network."""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

NAME = "array_api_strict"


def write_wheel(folder: Path, version: str, *, without: str = "") -> None:
    """Write a wheel of the installed library, in which a function fails.

    Parameters
    ----------
    folder : Path
        Where the wheel is written.
    version : str
        Its version.
    without : str
        A function that raises NotImplementedError.
    """
    installed = importlib.metadata.distribution(NAME)
    info = f"{NAME}-{version}.dist-info"
    records = []
    with zipfile.ZipFile(folder / f"{NAME}-{version}-py3-none-any.whl", "w") as wheel:

        def add(name: str, content: str) -> None:
            wheel.writestr(name, content)
            records.append(f"{name},,")

        for file in installed.files or []:
            if file.suffix == ".py" and "tests" not in file.parts:
                content = Path(str(file.locate())).read_text("utf-8")
                if without and str(file) == f"{NAME}/__init__.py":
                    content += (
                        f"\ndef {without}(*args, **kwargs):\n"
                        f"    raise NotImplementedError('{without}')\n"
                    )
                add(str(file), content)
        add(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: array-api-strict\nVersion: {version}\n",
        )
        add(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/RECORD", "\n".join([*records, f"{info}/RECORD,,", ""]))
