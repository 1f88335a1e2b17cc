# One command a use. A target does its own setup first; setup does nothing when .venv is up to date.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test lint bench mutants lock

# The Python that makes .venv: 3.11 to 3.13. Name one with `make setup PYTHON=/path/to/python3.12`.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3 python; do \
	$$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 \
	&& { echo $$candidate; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv --quiet
STAMP := .venv/.setup-done

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'run, test, bench, mutants and lock take ARGS, for example: make test ARGS="-k hedged -x"'

setup: $(STAMP) ## make .venv exactly as requirements.lock says
	@:

run: setup ## start the engine: perp2perp run $(ARGS)
	$(BIN)/perp2perp run $(ARGS)

test: setup ## run the tests
	$(BIN)/python -m pytest $(ARGS)

lint: setup ## ruff check, ruff format --check, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict engine actors statecharts

bench: setup ## run the benchmarks
	$(BIN)/python -m bench $(ARGS)

mutants: setup ## plant mistakes in charts and decisions, list those no test notices (ARGS=charts: minutes; code: an hour)
	$(BIN)/python -m tests.mutation $(ARGS)

lock: | $(BIN)/uv ## resolve requirements.lock anew from pyproject.toml (ARGS=--upgrade for newer releases)
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' --python $(BIN)/python --group dev --group build \
		--output-file requirements.lock $(ARGS) pyproject.toml >/dev/null

# uv and the build backend come first, by pip and with their hashes from the lock: whatever is built is built with them.
$(BIN)/uv:
	@$(if $(strip $(PYTHON)),,$(error no Python 3.11, 3.12 or 3.13 found; name one: make setup PYTHON=/path/to/python3.12))
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo '$(PYTHON) is not a Python 3.11, 3.12 or 3.13' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	awk '/^[^ #]/ { keep = /^(uv|setuptools)==/ } keep' requirements.lock > .venv/bootstrap.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement .venv/bootstrap.txt

$(STAMP): requirements.lock pyproject.toml | $(BIN)/uv
	$(UV) pip sync --python $(BIN)/python --require-hashes --no-build-isolation requirements.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
