# Two commands for a fresh machine with Python 3.11+ and make:
#   make solve   sets up, solves the study of China, prints where the results lie
#   make test    sets up, checks style, types and layers, runs the tests
# Others: make bench (timings beside other tools), make docs (the documentation as a site), make lowest (the tests on the
# oldest versions promised), make pyam (the IAMC export read by pyam), make lock (renew constraints.txt), make clean.

PYTHON ?= python3
STUDY  ?= china
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help solve test bench lowest pyam docs lock clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

solve: $(VENV)/run.done
	$(BIN)/planner solve $(STUDY) --out results/$(STUDY)

test: $(VENV)/test.done
	$(BIN)/ruff check planner tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -n auto

# Timings, side by side with what the field uses; none of them is a test.
bench: $(VENV)/bench.done
	$(BIN)/python -m tests.benchmarks --out results/benchmarks

# A test environment also runs; one stamp each, so that a second call sets nothing up.
$(VENV)/run.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/test.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --constraint constraints.txt --editable '.[test,dev,docs]'
	@touch $@ $(VENV)/run.done

$(VENV)/bench.done: $(VENV)/test.done
	$(PIP) --constraint constraints.txt --editable '.[bench]'
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "planner needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Every lower bound of pyproject.toml, exactly, under the same tests.
lowest:
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-lowest/bin/python -m pip install --quiet --constraint constraints-lowest.txt --editable '.[test]'
	.venv-lowest/bin/python -m pytest -q -n auto

# The IAMC export as pyam and nomenclature read it: they ask for an older pandas than the lock holds, hence an environment of their own.
pyam:
	$(PYTHON) -m venv .venv-pyam
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-pyam/bin/python -m pip install --quiet --editable . 'pyam-iamc>=4.0' 'nomenclature-iamc>=0.32' pytest
	.venv-pyam/bin/python -m pytest -q -W default tests/test_pyam.py

# The documentation as a site, in build/docs; any warning fails it.
docs: $(VENV)/test.done
	$(BIN)/python -m sphinx -W --keep-going -n -q -j auto -b html docs build/docs
	@echo "build/docs/index.html"

# The versions that a plain install resolves today become the lock; read the difference before it is kept.
lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-lock/bin/python -m pip install --quiet --editable '.[test,dev,docs]'
	{ sed -n '/^#/p' constraints.txt; .venv-lock/bin/python -m pip freeze --exclude-editable | grep -v '^-e'; } > .venv-lock/constraints.txt
	mv .venv-lock/constraints.txt constraints.txt
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .venv-lowest .venv-lock .venv-pyam .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
