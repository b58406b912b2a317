# Two commands for a fresh machine, each with all its set-up: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
# Two processes: each compiles what it needs on a cold cache, so that more do not pay on small machines. A file is run
# by one of them: what its tests share is computed once.
PYTEST_FLAGS ?= -n 2 --dist loadfile

# Where the site goes.
SITE ?= docs/_build/html

.PHONY: demo test install check docs figures clean

demo: $(VENV)/.installed
	$(VENV)/bin/coopetition demo

test: $(VENV)/.installed-test
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS)

install: $(VENV)/.installed-test

check: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# Formulas are set by a script of a package beside the pages: the site works from a folder, without a network.
docs: $(VENV)/.installed-test
	$(VENV)/bin/python -m sphinx -q -E -W --keep-going -j auto docs $(SITE)

figures: $(VENV)/.installed-test
	$(VENV)/bin/python examples/overview.py docs/figures/overview.png

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -c constraints.txt -e '.[test]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf .venv docs/_build build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
