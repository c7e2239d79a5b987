"""Message catalogues: every word that readers see is in them, and pages use them."""

from __future__ import annotations

import ast
import gettext
import string
from functools import cache
from pathlib import Path

import pytest

import sphinx_xpcaps
from core.notes import Note
from sphinx_xpcaps.render import explanations, words
from sphinx_xpcaps.results import labels
from sphinx_xpcaps.results.model import Status
from tests.pages.conftest import cells
from tests.pages.conftest import words as text_of

PACKAGE = Path(sphinx_xpcaps.__file__).parent
LOCALES = PACKAGE / "locales"
LANGUAGES = ["de", "es", "fr", "ja", "zh_CN"]
MARKERS = {"_", "translated", "plural"}
"""Functions whose arguments are translated."""


@cache
def shown_words() -> set[str]:
    """Return all texts that are translated."""
    found: set[str] = set()
    for package in ("render", "extension"):
        for path in sorted((PACKAGE / package).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in MARKERS
                ):
                    found |= {
                        arg.value
                        for arg in node.args
                        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                    }
    for table in (labels.STATUSES, labels.DEVICES, labels.MODES, labels.ORIGINS, labels.OUTCOMES):
        found |= set(table.values())
    found |= {str(note.value) for note in Note} | set(words.KNOWN_REASONS)
    found |= {*explanations.STATUS_MEANINGS.values(), *explanations.NOTE_MEANINGS.values()}
    found |= {
        value
        for name, value in vars(explanations).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    return found


def translations(language: str) -> gettext.GNUTranslations:
    found = gettext.translation("xpcaps", LOCALES, [language])
    assert isinstance(found, gettext.GNUTranslations)
    return found


def ids(catalogue: gettext.GNUTranslations) -> set[str]:
    keys = (key for key in catalogue._catalog if key)
    return {key[0] if isinstance(key, tuple) else key for key in keys}


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shown_word_is_in_the_catalogue(language):
    plurals = {text for text in shown_words() if text.startswith("{count} ") and "of" not in text}
    missing = shown_words() - ids(translations(language)) - plurals
    assert missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_fields_of_the_english_text(language):
    for key, text in translations(language)._catalog.items():
        english = key[0] if isinstance(key, tuple) else key
        if english not in ("", "once"):
            assert fields(text) == fields(english), english


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogues_are_those_of_the_sources(language):
    pofile = pytest.importorskip("babel.messages.pofile")
    folder = LOCALES / language / "LC_MESSAGES"
    with (folder / "xpcaps.po").open("rb") as stream:
        source = pofile.read_po(stream)
    compiled = translations(language)
    for message in source:
        if message.id and isinstance(message.id, str):
            assert compiled.gettext(message.id) == message.string


def test_every_note_and_status_has_a_meaning():
    assert set(explanations.NOTE_MEANINGS) == set(Note)
    assert set(explanations.STATUS_MEANINGS) == set(Status)


def test_a_german_page_has_a_german_table(site):
    built = site("offline").build(language="de")
    page = built.page("markdown.html")
    table = cells(page, "pkg.partly")
    assert table["JAX", "CPU"] == "teilweise: kein JIT"
    assert table["Dask", "CPU"] == "teilweise: berechnet Graphen"
    assert table["CuPy", "GPU"] == "nicht gemessen: kein CUDA-Gerät"
    assert table["PyTorch", "GPU"].endswith("erwartet nicht unterstützt : wandelt in NumPy um")
    heads = [text_of(head) for head in page.select("table.xp-capabilities")[0].select("thead th")]
    assert heads == ["Bibliothek", "CPU", "GPU"]
    shown_text = text_of(page.select_one("details.xpcaps-how"))
    assert "4 von 4 Fällen aus den Beispielen des Docstrings gelungen." in shown_text
    assert "Berechnete den Graphen 2-mal." in shown_text
    report = built.text("xpcaps-report.html")
    assert "3 Funktionen" in report
    assert "Funktionen suchen" in report


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", "parcial: sin JIT"),
        ("fr", "partiel: pas de JIT"),
        ("ja", "一部対応: JIT 不可"),
        ("zh_CN", "部分支持: 不支持 JIT"),
    ],
)
def test_a_page_is_in_the_language_of_the_documentation(site, language, expected):
    table = cells(site("offline").build(language=language).page("markdown.html"), "pkg.partly")
    assert table["JAX", "CPU"] == expected
