# Every target makes the virtual environment it needs, in .venv, and remembers it by a stamp file.
# Settings: make demo PYTHON=python3.12     another interpreter (3.10 or newer)
#           make test TESTS="-m official"   what to hand to pytest
#           make demo TORCH=torch           another torch (a GPU build, a local wheel, pip options)
.DEFAULT_GOAL := help
.PHONY: help demo test lint check bench format clean
SHELL := /bin/bash

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
BENCHMARKS ?= $(sort $(wildcard benchmarks/[!_]*.py))
TESTS ?=
TORCH_VERSION := 2.13.0
# Spinning OpenMP threads starve each other on small or shared machines.
export OMP_WAIT_POLICY ?= passive

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## index and search the bundled corpus with the bundled models, offline
	@$(BIN)/embedrank demo

test: $(VENV)/.dev  ## run the tests: offline, CPU, bundled or random models
	@$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/.dev  ## formatting, lint, types, docstrings
	@status=0; for check in "ruff format --check ." "ruff check ." mypy "pydoclint --quiet embedrank"; do \
		$(BIN)/$$check || status=1; done; exit $$status

check: lint test  ## everything that has to hold before a commit

bench: $(VENV)/.dev  ## run the benchmarks, write benchmarks/RESULTS.md; BENCHMARKS=FILE for one
	@$(BIN)/python benchmarks/_record.py $(BENCHMARKS)

format: $(VENV)/.dev  ## rewrite the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:  ## remove the virtual environment, caches, builds
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The default index serves Linux a torch with gigabytes of CUDA libraries, so that a machine without an NVIDIA driver
# looks for the CPU build first: where pip is configured to look, then at pytorch.org, then whatever there is.
$(VENV)/.torch:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "embedrank needs Python 3.10 or newer: make ... PYTHON=python3.12")'
	@echo "making $(VENV) (once; a few minutes, most of it torch)"
	@$(PYTHON) -m venv $(VENV)
ifdef TORCH
	@$(PIP) $(TORCH)
else
	@if [ "$$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null; then $(PIP) torch==$(TORCH_VERSION); else \
		$(PIP) torch==$(TORCH_VERSION)+cpu 2>/dev/null \
		|| $(PIP) torch==$(TORCH_VERSION)+cpu --extra-index-url https://download.pytorch.org/whl/cpu 2>/dev/null \
		|| $(PIP) torch==$(TORCH_VERSION); fi
endif
	@touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	@$(PIP) -e ".[ingest]"
	@touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	@$(PIP) -e ".[dev]"
	@touch $@
