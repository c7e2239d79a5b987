"""The folder in which array libraries keep compiled code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.backends import get_backend
from sphinx_xpcaps.measure import compilation_cache
from sphinx_xpcaps.measure.compilation_cache import limit_size

JAX = get_backend("jax")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "cache"
    monkeypatch.setattr(compilation_cache, "user_cache_path", lambda _: root)
    return root


def test_jax_keeps_compiled_code_in_the_cache_of_the_user(root: Path) -> None:
    folder = Path(compilation_cache.compilation_cache(JAX)["JAX_COMPILATION_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.parent == root / "compiled"
    assert compilation_cache.compilation_cache(get_backend("numpy")) == {}


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_folder_that_others_may_write_is_not_used(root: Path) -> None:
    folder = Path(compilation_cache.compilation_cache(JAX)["JAX_COMPILATION_CACHE_DIR"])
    folder.chmod(0o777)
    assert compilation_cache.compilation_cache(JAX) == {}
    folder.rmdir()
    (root / "elsewhere").mkdir()
    folder.symlink_to(root / "elsewhere")
    assert compilation_cache.compilation_cache(JAX) == {}


def test_the_oldest_files_are_deleted_if_there_are_too_many(root: Path) -> None:
    folder = root / "compiled" / "jax"
    folder.mkdir(parents=True)
    for age in range(4):
        (folder / f"{age}").write_bytes(b"x" * 10)
        os.utime(folder / f"{age}", (1000 - age, 1000 - age))
    limit_size(25)
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1"]
