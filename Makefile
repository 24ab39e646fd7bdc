# Every check and every start of the project. Each target sets up what it needs by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What running takes, and what testing takes besides.
RUNTIME := $(VENV)/.runtime
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test quick check chaos soak points format bench lock clean

help:  ## Say what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(RUNTIME): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Bobbin needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the $$(grep -c '==' requirements.lock) packages that Bobbin runs with into $(VENV): once, about 350 MB, half a minute to three minutes ..."
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(INSTALLED): requirements-dev.lock $(RUNTIME)
	@echo "Installing what checks and tests need besides: once, about 100 MB, half a minute ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

run: $(RUNTIME)  ## Start the bot with whatever is configured
	@exec $(BIN)/python -m bot run

check: $(INSTALLED)  ## Formatting, lint, types and arrows between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Most tests wait most of the time, so several workers share a core; tests/spread.py says which tests go together.
WORKERS ?= 6
# Images set PYTHONDONTWRITEBYTECODE; without the cache, each of the workers compiles all tests anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
SPREAD := --dist loadgroup --no-loadscope-reorder
# The tests of the store once more, with the bot's client of a Redis Cluster of three primaries (half a minute).
ON_CLUSTER := env BOBBIN_TEST_REDIS_SHAPE=cluster
# On a machine that has more to do, a wait can end too early. What has failed is played once more by itself: the first
# failure stays on the screen, and what fails alone fails.
AGAIN := $(PYTEST) --last-failed --last-failed-no-failures none

test: check  ## Everything that must pass before a change lands (about half an hour on two cores)
	$(PYTEST) --numprocesses $(WORKERS) $(SPREAD) --ignore tests/engine || $(AGAIN)
	$(ON_CLUSTER) $(PYTEST) --numprocesses 2 $(SPREAD) tests/store || $(ON_CLUSTER) $(AGAIN)
	$(PYTEST) --numprocesses 2 $(SPREAD) tests/engine || $(AGAIN)

# No server and no process of the bot, and nothing that is measured by its growth (test_linear, test_patterns).
PURE := tests/config tests/conversation tests/render tests/test_packaging.py --ignore tests/render/test_linear.py

quick: check  ## Checks and the pure tests, with fewer examples of each property (a minute)
	$(PYTEST) --numprocesses 2 $(SPREAD) --hypothesis-profile quick $(PURE)

SEEDS ?= 30
MINUTES ?= 30
FIRST ?= 1

chaos: $(INSTALLED)  ## Let everything go wrong at once, by SEEDS=30 seeds from FIRST=1 on, for MINUTES=30 at most; MIXED=1: beside the last release
	$(BIN)/python -m tests.engine.chaos --seeds $(SEEDS) --minutes $(MINUTES) --first $(FIRST) $(if $(MIXED),--mixed)

soak: MINUTES = 60
soak: $(INSTALLED)  ## Watch one bot through MINUTES=60 of mixed traffic with faults: nothing lost, nothing twice, no growth
	$(BIN)/python -m tests.engine.soak --minutes $(MINUTES) --seed $(FIRST)

# Of these, `make test` plays a fixed choice: one hit for each step and way, one removal for each safeguard.
points: $(INSTALLED)  ## Hit the bot at every step in every way, with and without each safeguard (two to three hours on two cores)
	BOBBIN_POINTS=all $(PYTEST) --numprocesses 2 $(SPREAD) tests/engine

format: $(INSTALLED)  ## Put the formatting right
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED)  ## Measure, print each figure with its conditions
	$(BIN)/python -m tests.bench

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --custom-compile-command "make lock"

lock: $(INSTALLED)  ## Renew both lock files from pyproject.toml
	$(PIP) uv
	$(COMPILE) --extra otel -o requirements.lock pyproject.toml
	$(COMPILE) --extra otel --group dev --constraint requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## Remove what the other targets made (not the data of the bot)
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .pytest_cache
