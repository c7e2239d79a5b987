"""Tables in a PDF, which LaTeX makes; skipped where LaTeX is not installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.pages.browser import REQUIRED
from tests.pages.conftest import sphinx_build

pytestmark = pytest.mark.skipif(
    not REQUIRED and not all(map(shutil.which, ("latexmk", "pdflatex", "pdftotext"))),
    reason="needs LaTeX (latexmk, pdflatex) and pdftotext",
)


@pytest.fixture(scope="module")
def text(tmp_path_factory, rootdir) -> str:
    """The text of a PDF with tables, a legend and the report."""
    src = tmp_path_factory.mktemp("pdf") / "offline"
    shutil.copytree(rootdir / "test-offline", src)
    (src / "plain.rst").write_text("Report\n======\n\n.. xp-capabilities-report::\n", "utf-8")
    sphinx_build(src, "-q", "-b", "latex")
    out = src / "_build/html"
    latex = ["latexmk", "-pdf", "-interaction=nonstopmode", "offline.tex"]
    done = subprocess.run(latex, cwd=out, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    read = ["pdftotext", "-layout", "offline.pdf", "-"]
    return subprocess.run(read, cwd=out, capture_output=True, check=True, text=True).stdout


def test_a_pdf_has_the_words_of_every_status(text):
    shown_text = " ".join(text.split())
    assert "PyTorch unsupported: TypeError not measured: no CUDA device" in shown_text
    assert "JAX partial: no JIT" in shown_text


def test_a_pdf_has_no_links_and_no_folded_evidence(text):
    assert "How this was measured" not in text
    assert "Link to this table" not in text


def test_a_pdf_has_the_report_with_what_fails_and_why(text):
    shown_text = " ".join(text.split())
    assert "no JIT (1 function): works eagerly, but cannot be compiled just in time" in shown_text
    assert "partial: works with the limitation in the note" in shown_text
    assert "partial partial" not in shown_text
