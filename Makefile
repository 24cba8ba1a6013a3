# What a newcomer runs: `make demo` and `make test`. Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
TORCH_CPU := https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO_FIRM ?= Kraken Robotics

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: $(VENV)/.ready ## Make the virtual environment

# torch comes first and without CUDA: a CPU wheel that pip already knows of (find-links), else the CPU index, else
# whatever the configured package index has. Then everything else at locked, hash-checked versions.
$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	if ! $(BIN)/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'; then
	  $(PIP) install --quiet --no-index --no-deps $(TORCH) 2>/dev/null \
	    || $(PIP) install --quiet --no-deps --retries 0 --timeout 15 --index-url $(TORCH_CPU) $(TORCH) 2>/dev/null \
	    || { echo "No CPU build of torch within reach: taking what the package index has (on Linux this is a CUDA build, several GB)."
	         $(PIP) install $(TORCH); }
	fi
	$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

.PHONY: data
data: setup ## Make the database, load the real firms, embed them
	@$(BIN)/triveni init
	$(BIN)/triveni seed
	$(BIN)/triveni embed

.PHONY: demo
demo: data ## Who in India should this Canadian innovator meet, for which market, and what stands in the way?
	@$(BIN)/triveni match --firm "$(DEMO_FIRM)" --market any --limit 5

.PHONY: run
run: data ## Serve the pages and the API on 127.0.0.1:8000, with three demonstration accounts
	@$(BIN)/triveni demo-accounts
	$(BIN)/triveni serve

# The only thing that needs Node, and only after a change of app/web/styles.
STYLES := npx --yes sass@1.108.2 --quiet-deps --no-source-map --style=compressed
.PHONY: styles
styles: ## Build app/web/static/triveni.css from app/web/styles
	@mkdir -p var/styles
	tar -xzf "$$(cd var/styles && npm pack --silent govuk-frontend@6.6.0 | sed 's|^|var/styles/|')" -C var/styles
	$(STYLES) --load-path=var/styles/package/dist app/web/styles/triveni.scss app/web/static/triveni.css
	cd app/web/static && sha256sum *.js *.css *.woff2 *.svg > SHA256SUMS

.PHONY: test
test: setup ## Pass the tests
	@$(BIN)/pytest -n auto

.PHONY: check
check: setup ## Formatting, lint, types, architecture, Dockerfile
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

.PHONY: bench
bench: setup ## Ratios against a baseline taken in the same run; writes var/bench/latest.json
	@$(BIN)/python -m tests.bench

.PHONY: quality
quality: setup ## Every ranker on every dev set of ../shared, against the figures recorded; ARGS="--all --write --record"
	@$(BIN)/python -m tests.quality $(ARGS)

.PHONY: lock
lock: setup ## Renew requirements.lock from pyproject.toml (all but torch, which `setup` installs)
	@$(PIP) install --quiet pip-tools
	$(BIN)/python .ci/lock.py $(TORCH) $(TORCH_CPU)
