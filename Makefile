# make docs: build the site with measured tables. make test: run the tests.
# Both make the virtual environment first and are quick when nothing changed.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
DOCS := docs/_build
SPHINXOPTS ?= -j auto

.PHONY: docs test lint types wheel clean

docs: $(VENV)/.installed
	$(BIN)/sphinx-build -W --keep-going -b html $(SPHINXOPTS) docs $(DOCS)/html
	@echo "The site is in $(DOCS)/html/index.html"

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTESTOPTS)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

wheel: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(DOCS) dist build
