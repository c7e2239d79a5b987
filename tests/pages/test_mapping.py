"""Tables of functions that another site has measured and publishes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.pages.conftest import cells_of, words

PAGE = "plain\n=====\n\n.. xp-capabilities:: pkg.partly\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server with the files in ``tmp_path / "site"``."""
    (tmp_path / "site").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def other(site, tmp_path: Path):
    """A project without records, and a site whose data it can use."""
    published = site("offline").build().out / "xpcaps.json"
    project = tmp_path / "other"
    project.mkdir()
    (project / "plain.rst").write_text(PAGE, "utf-8")
    (project / "conf.py").write_text(
        "extensions = ['sphinx_xpcaps']\nroot_doc = 'plain'\n", "utf-8"
    )
    return project, published.read_bytes()


def build(project: Path, make_app, mapping):
    app = make_app("html", srcdir=project, confoverrides={"xpcaps_mapping": mapping})
    app.build()
    lines = app.warning.getvalue().replace(f"{project}/", "").splitlines()
    app.cleanup()
    return Path(app.outdir), lines


def page(out: Path):
    from bs4 import BeautifulSoup

    return BeautifulSoup((out / "plain.html").read_text("utf-8"), "html.parser")


def test_a_table_comes_from_another_site_and_links_to_its_record(other, server, tmp_path, make_app):
    project, data = other
    (tmp_path / "site" / "xpcaps.json").write_bytes(data)
    out, warnings = build(project, make_app, {"pkg": (f"{server}/", None)})
    assert warnings == []
    assert cells_of(page(out))["JAX", "CPU"] == "partial: no JIT"
    links = {words(link): link["href"] for link in page(out).select(".xpcaps-links a")}
    assert links["Record"] == f"{server}/xpcaps.json"


def test_a_downloaded_file_is_used_when_the_site_is_down(other, server, tmp_path, make_app):
    project, data = other
    (tmp_path / "site" / "xpcaps.json").write_bytes(data)
    build(project, make_app, {"pkg": (server, None)})
    (tmp_path / "site" / "xpcaps.json").unlink()
    out, warnings = build(project, make_app, {"pkg": (server, None)})
    assert warnings == []
    assert cells_of(page(out))["JAX", "CPU"] == "partial: no JIT"


def test_a_file_of_the_project_takes_the_place_of_the_download(other, make_app):
    project, data = other
    (project / "pkg.json").write_bytes(data)
    out, warnings = build(project, make_app, {"pkg": ("https://example.org", "pkg.json")})
    assert warnings == []
    links = {words(link): link["href"] for link in page(out).select(".xpcaps-links a")}
    assert links["Record"] == "https://example.org/xpcaps.json"


def test_a_site_without_data_gives_one_warning(other, server, make_app):
    project, _data = other
    (project / "plain.rst").write_text("plain\n=====\n\n.. xp-capabilities-legend::\n", "utf-8")
    _out, warnings = build(project, make_app, {"pkg": (server, None)})
    (warning,) = warnings
    assert "conf.py: xpcaps_mapping: the data of 'pkg' cannot be read" in warning
    assert "404" in warning


def test_an_invalid_mapping_gives_one_warning(other, make_app):
    project, _data = other
    (project / "plain.rst").write_text("plain\n=====\n", "utf-8")
    _out, warnings = build(project, make_app, {"pkg": "https://example.org"})
    (warning,) = warnings
    assert "xpcaps_mapping: expected a dictionary such as" in warning
