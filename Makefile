# Two commands for a fresh machine with Python 3.11+ and make:
#   make solve   sets up, solves the study of China, prints where the results lie
#   make test    sets up, checks style, types and layers, runs the tests
# Others: make bench (timings beside other tools), make docs (the documentation as a site), make pages (its pages that are
# written from the code), make lowest (the tests on the oldest versions promised), make pyam (the IAMC export read by pyam),
# make lock (renew constraints.txt and the locks), make clean.
# Trust: make audit (known weaknesses), make sbom, make licences, make fuzz, make coverage, make mutants, make memory,
# make findings (surprising behaviour of other packages, shown again).

PYTHON ?= python3
STUDY  ?= china
FUZZ_SECONDS ?= 600
MUTANTS ?= 300
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help solve test bench lowest pyam docs pages lock hashes audit sbom licences fuzz coverage mutants memory findings clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

solve: $(VENV)/run.done
	$(BIN)/planner solve $(STUDY) --out results/$(STUDY)

test: $(VENV)/test.done
	$(BIN)/ruff check planner tests docs
	$(BIN)/ruff format --check planner tests docs models
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -n auto

# Timings, side by side with what the field uses; none of them is a test.
bench: $(VENV)/bench.done
	$(BIN)/python -m tests.benchmarks --out results/benchmarks

# A test environment also runs; one stamp each, so that a second call sets nothing up.
# Every file is checked against its hash first; what a lock lacks (a dependency younger than it) then comes by its version.
$(VENV)/run.done: pyproject.toml constraints.txt requirements.lock | $(VENV)/bin/python
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(VENV)/test.done: pyproject.toml constraints.txt requirements-test.lock | $(VENV)/bin/python
	$(PIP) --require-hashes --requirement requirements-test.lock
	$(PIP) --constraint constraints.txt --no-build-isolation --editable '.[test,dev,docs]'
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
	.venv-pyam/bin/python -m pytest -q -W default tests/exchange/test_pyam.py

# The documentation as a site, in build/docs; any warning fails it.
docs: $(VENV)/test.done
	$(BIN)/python -m sphinx -W --keep-going -n -q -j auto -b html docs build/docs
	@echo "build/docs/index.html"

# The pages written from the code, and the picture of its packages.
pages: $(VENV)/run.done
	$(BIN)/python -c 'import planner; print(planner.study_format_page(), end="")' > docs/format.md
	$(BIN)/python -c 'import planner; print(planner.result_tables_page(), end="")' > docs/results.md
	$(BIN)/planner math --markdown > docs/mathematics.md
	$(BIN)/python -m docs.house

# The versions that a plain install resolves today become the lock; read the difference before it is kept.
lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-lock/bin/python -m pip install --quiet --editable '.[test,dev,docs]'
	{ sed -n '/^#/p' constraints.txt; .venv-lock/bin/python -m pip freeze --exclude-editable | grep -v '^-e'; } > .venv-lock/constraints.txt
	mv .venv-lock/constraints.txt constraints.txt
	$(MAKE) hashes
	rm -rf .venv-lock

# The locks with hashes, for every platform, from constraints.txt.
COMPILE = printf 'hatchling\neditables\n' | .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header --constraint constraints.txt pyproject.toml -
hashes:
	test -d .venv-lock || $(PYTHON) -m venv .venv-lock
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-lock/bin/python -m pip install --quiet uv
	{ sed -n '/^#/p' requirements.lock; $(COMPILE); } > .venv-lock/run.lock
	{ sed -n '/^#/p' requirements-test.lock; $(COMPILE) --all-extras; } > .venv-lock/test.lock
	mv .venv-lock/run.lock requirements.lock
	mv .venv-lock/test.lock requirements-test.lock

# Known weaknesses of what the locks hold, asked of the index and its advisories.
audit:
	$(PYTHON) -m venv .venv-audit
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-audit/bin/python -m pip install --quiet pip-audit
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements-test.lock

# A CycloneDX bill of materials of what a run needs, and the page of licences.
sbom: $(VENV)/test.done
	mkdir -p build
	$(BIN)/python -m tests.package.supply_chain sbom > build/sbom.cdx.json
	@echo "build/sbom.cdx.json"

licences: $(VENV)/test.done
	$(BIN)/python -m tests.package.supply_chain licences > docs/licences.md

# Coverage-guided fuzzing of the readers; needs atheris, which has wheels for CPython 3.11 to 3.13 on Linux.
fuzz: $(VENV)/test.done
	$(PIP) atheris
	$(BIN)/python -m tests.campaigns.fuzz.readers $(FUZZ_SECONDS)

# Lines and branches that the tests reach.
coverage: $(VENV)/test.done
	$(PIP) coverage
	$(BIN)/python -m coverage run --branch --source=planner -m pytest -q -p no:xdist
	$(BIN)/python -m coverage report --skip-covered --show-missing --fail-under=95

# Single changes of the code that the tests of its room must notice: a seeded sample.
mutants: $(VENV)/test.done
	$(BIN)/python -m tests.campaigns.mutants $(MUTANTS)

# Memory over 10,000 solves of one living programme.
memory: $(VENV)/test.done
	$(BIN)/python -m tests.benchmarks.memory 10000

# Faults of other packages, each shown again with the version it was seen in; needs the network.
findings:
	findings/run_all.sh

clean:
	rm -rf $(VENV) .venv-lowest .venv-lock .venv-pyam .venv-audit .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
