# Takings. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
PORT ?= 8501
EVENTS ?= 1000000
TRAFFIC ?= 2
LOAD_SECONDS ?= 300
TIER ?= dev
CONFIG ?= infra_cdk/deployment.toml
UV_VERSION := 0.13.9

VENV := .venv
BIN := $(VENV)/bin
UV := UV_LINK_MODE=copy $(BIN)/uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url
# boto3 and what only boto3 needs: Lambda's runtime for Python has them
RUNTIME_HAS := boto3 botocore python-dateutil s3transfer six urllib3
CDK := infra_cdk/node_modules/.package-lock.json
# where tests with real engines are: a worker that imports all the others, too, starts later
ENGINES := tests/contracts tests/engines tests/infra/test_end_to_end.py
CLIENTS := tests/clients/node_modules/.package-lock.json
# LAKE=… names a lake of one's own, before TAKINGS_LAKE does; where neither does it is ./lake, with the sample year
NAMED := $(or $(LAKE),$(TAKINGS_LAKE))
export TAKINGS_LAKE := $(abspath $(or $(NAMED),lake))
# without its compiled files every process compiles all it imports anew: tests start hundreds
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run sample wheel quick quick-checks quick-tests test test-browser test-clients test-engines test-infra test-load check format bench deploy diff destroy preflight bootstrap docs lock clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Takings needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/uv
	@echo "Installing what the console runs on …"
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt pyproject.toml | $(BIN)/uv
	@echo "Installing what the tests need …"
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.txt -r requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@ $(VENV)/.run

$(VENV)/.engines: requirements-engines.txt $(VENV)/.dev
	@echo "Installing what the tests with real engines need …"
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.txt -r requirements-dev.txt -r requirements-engines.txt
	@touch $@

$(VENV)/.infra: requirements-infra.txt $(VENV)/.dev
	@echo "Installing what the deployment is made with …"
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.txt -r requirements-dev.txt -r requirements-infra.txt
	@touch $@

$(CDK): infra_cdk/package-lock.json infra_cdk/package.json | $(VENV)/.infra
	@echo "Installing CDK's command line …"
	@$(BIN)/python -m infra_cdk.node ci --prefix infra_cdk --ignore-scripts --no-audit --no-fund --silent
	@touch $@

run: $(VENV)/.run ## A sample year and the console on http://localhost:8501 (LAKE=…: your own lake; TRAFFIC=0: no live traffic)
	@$(if $(NAMED),,$(BIN)/takings sample --if-missing --events $(EVENTS))
	@TAKINGS_TRAFFIC=$(TRAFFIC) $(BIN)/takings serve --port $(PORT)

sample: $(VENV)/.run ## Fill an empty lake with the sample year (LAKE=…, EVENTS=…)
	@$(BIN)/takings sample --events $(EVENTS)

wheel: $(BIN)/uv ## Build the wheel into dist/
	@$(UV) build --quiet --wheel

quick: $(VENV)/.dev ## The inner loop: checks, and unit tests of what changed since the last commit, or all
	@$(MAKE) --no-print-directory -j2 --output-sync=target quick-checks quick-tests

quick-checks:
	$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

quick-tests:
	$(BIN)/python -m pytest -q -n 2 -m "not slow" $$($(BIN)/python -m tests.support.changed) || [ $$? -eq 5 ]  # 5: only slow tests there

test: $(VENV)/.dev ## Every test that needs no system package
	$(BIN)/python -m pytest -m "not browser and not clients and not load and not engines" --ignore tests/infra -n 2 --dist loadgroup

test-browser: $(VENV)/.dev ## Drive the console in a real Chromium; pictures go to build/screenshots/
	$(BIN)/python -m pytest -m browser tests/browser

$(CLIENTS): tests/clients/package-lock.json
	@echo "Installing the libraries of other trackers …"
	@npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --silent
	@touch $@

test-clients: $(VENV)/.dev $(CLIENTS) ## Send with others' own libraries; needs Node.js. Then test-browser has Segment's, too
	$(BIN)/python -m pytest -m clients tests/clients

test-engines: $(VENV)/.engines $(VENV)/.infra ## Ask Trino, PostgreSQL and Spark what DuckDB is asked; needs Maven, PostgreSQL, Java 17
	$(BIN)/python -m tests.engines.artifacts
	$(BIN)/python -m pytest -m engines -n 2 --dist loadgroup $(ENGINES)
	$(BIN)/python -m tests.engines.matrix --check --print

test-infra: $(VENV)/.infra $(CDK) ## Make the templates of every tier, check them, deploy one on an emulator of AWS
	$(BIN)/python -m pytest -m infra -n 2 --dist loadfile tests/infra

test-load: $(VENV)/.dev ## 200 events/s for LOAD_SECONDS, kill -9 twenty times, the fuzzer; loopback only
	LOAD_SECONDS=$(LOAD_SECONDS) $(BIN)/python -m pytest -s -m load tests/load tests/crash

check: $(VENV)/.dev ## Formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m console definitions | cmp -s - docs/metrics.md || { echo "docs/metrics.md is out of date: run \`make docs\`."; exit 1; }
	$(BIN)/python -m tests.engines.matrix --check
	$(BIN)/python -m tests.support.scale_page --check

format: $(VENV)/.dev ## Mend formatting and what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure speed and memory; one JSON object a line
	@$(BIN)/python -m bench

DEPLOYING = $(BIN)/python -m infra_cdk.deploying
PLACE = --tier $(TIER) --config $(CONFIG)

preflight: $(VENV)/.infra $(CDK) ## Check the account before a deployment (TIER=dev, CONFIG=…); changes nothing
	@$(DEPLOYING) preflight $(PLACE)

bootstrap: $(VENV)/.infra $(CDK) ## Set CDK up in the account, once a region (TIER=…, CONFIG=…)
	@$(DEPLOYING) bootstrap $(PLACE)

deploy: $(VENV)/.infra $(CDK) ## Deploy on AWS (TIER=dev, startup or scale; CONFIG=…; YES=1 asks nothing)
	@$(DEPLOYING) deploy $(PLACE) $(if $(YES),--yes)

diff: $(VENV)/.infra $(CDK) ## What a deployment would change (TIER=…, CONFIG=…)
	@$(DEPLOYING) diff $(PLACE)

destroy: $(VENV)/.infra $(CDK) ## Delete what was deployed, but not its data (TIER=…, CONFIG=…; DATA="delete …": that, too)
	@$(DEPLOYING) destroy $(PLACE) $(if $(YES),--yes) $(if $(DATA),--data "$(DATA)")

docs: $(VENV)/.dev ## Write the pages that are made from the code
	$(BIN)/python -m console definitions > docs/metrics.md
	$(BIN)/python -m tests.engines.matrix
	$(BIN)/python -m tests.support.scale_page

lock: $(BIN)/uv ## Pin every requirements*.in, and the libraries of what is deployed with their digests
	@for name in requirements requirements-dev requirements-engines requirements-infra requirements-ministack; do \
		$(LOCK) $$name.in -o $$name.txt || exit 1; \
	done
	@for name in ingest recommendations warehouse console-jobs curation; do \
		$(LOCK) --generate-hashes $(RUNTIME_HAS:%=--no-emit-package %) infra_cdk/requirements/$$name.in -o infra_cdk/requirements/$$name.txt || exit 1; \
	done

clean: ## Remove the environment and everything built; the lake stays
	rm -rf $(VENV) build infra_cdk/node_modules tests/clients/node_modules dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
