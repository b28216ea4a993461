# Each command does its own set-up, shows what it does, and is safe to run again.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONTROL := $(VENV)/.control-ready
DEV := $(VENV)/.dev-ready
CLOUDS := $(VENV)/.clouds-ready
UV := $(BIN)/uv --quiet
# Results of tools for `pouw policy evidence add`. Old results are removed before a tool runs.
RESULTS := build/results

.PHONY: help setup clouds up down test check reference lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(CONTROL) ## Install the pouw command into .venv

clouds: $(CLOUDS) ## Install the SDKs that previews of cloud stacks need: AWS, Azure, GCP, Docker (900 MB)

up: $(CONTROL) ## Start a real network on this machine and print its addresses
	@$(BIN)/pouw up

down: $(CONTROL) ## Stop the network and remove its processes, mounts, interfaces, rules and state
	@$(BIN)/pouw down

test: $(DEV) ## Run every test: unit, engine, cluster
	@rm -f $(foreach stage,unit engine cluster,$(RESULTS)/$(stage).xml)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not engine and not cluster" --junit-xml $(RESULTS)/unit.xml
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "engine and not cluster" --junit-xml $(RESULTS)/engine.xml
	@$(BIN)/python -m pytest -m cluster --junit-xml $(RESULTS)/cluster.xml

check: $(DEV) ## Check style, format and types; scan images and workflows
	@mkdir -p $(RESULTS)
	@rm -f $(foreach file,lint.json types.txt images.sarif workflows.sarif,$(RESULTS)/$(file))
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --quiet --output-format json --output-file $(RESULTS)/lint.json . || $(BIN)/ruff check .
	@set -o pipefail; $(BIN)/mypy | tee $(RESULTS)/types.txt
	@$(BIN)/hadolint --format sarif Dockerfile* > $(RESULTS)/images.sarif || $(BIN)/hadolint Dockerfile*
	@$(BIN)/zizmor --quiet --offline --format sarif .github/workflows > $(RESULTS)/workflows.sarif
	@$(BIN)/zizmor --quiet --offline .github/workflows

reference: $(DEV) ## Generate the reference pages from the code
	@$(BIN)/python -m tools.reference

lock: $(DEV) ## Resolve the requirement files anew
	@tools/lock

clean: ## Remove the environment and build results; keep caches and networks
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Provider packages are compiled here, because PYTHONDONTWRITEBYTECODE would double the time of every preview. Our own
# code is compiled, too: a preview starts it in five to fifteen processes.
$(VENV)/.uv-ready: requirements/bootstrap.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found; install Python 3.11 or newer, or set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON): too old; pouw needs Python 3.11 or newer; set PYTHON=" >&2; exit 1; }
	@echo "Setting up $(VENV)"
	@tools/attempt "a Python environment" $(PYTHON) -m venv $(VENV)
	@tools/attempt "the installer" $(BIN)/python -m pip install --quiet --retries 2 --timeout 20 --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(CONTROL): requirements/control.lock pyproject.toml $(VENV)/.uv-ready
	@echo "Installing pouw and its dependencies"
	@tools/attempt "dependencies of pouw" $(UV) pip install --compile-bytecode --require-hashes -r requirements/control.lock
	@tools/attempt "pouw" $(UV) pip install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q infra node policies pouw stacks
	@touch $@

$(CLOUDS): $(foreach cloud,aws azure gcp docker,requirements/$(cloud).lock) $(CONTROL)
	@echo "Installing the SDKs of the clouds"
	@$(UV) pip install --compile-bytecode --no-deps --require-hashes $(foreach cloud,aws azure gcp docker,-r requirements/$(cloud).lock)
	@touch $@

$(DEV): requirements/dev.lock $(CONTROL)
	@echo "Installing the dependencies of tests and checks"
	@tools/attempt "dependencies of tests and checks" $(UV) pip install --compile-bytecode --require-hashes -r requirements/dev.lock
	@touch $@
