# Everything a user does with a checkout. Override PYTHON to choose the interpreter, VENV to place
# the environment elsewhere.
PYTHON ?= python3
VENV ?= .venv
CONDITIONS ?= demo
OPTIONS ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup check test campaign conformance benchmark train

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 22

setup: $(STAMP) ## create the environment and install everything into it

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,cluster]'
	@touch $@

check: setup ## format, lint, types, import layers, quick tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow"

test: setup ## every test that a fresh machine can run
	$(BIN)/python -m pytest

campaign: setup ## encode, decode, measure, report: CONDITIONS=demo OPTIONS="..."
	$(BIN)/ctc run $(CONDITIONS) $(OPTIONS)

conformance: setup ## decode the conformance streams and compare their hashes
	$(BIN)/python -m pytest tests/conformance

RECIPE ?= reference_sw/training/recipes/face-keypoints-10.yaml
RUN_OF = build/train/$(basename $(notdir $(1)))
train: setup ## train a face network: CLIPS=folder WEIGHTS=folder [RECIPE=...] [START=its first recipe]
	$(BIN)/gvc-train prepare --clips $(CLIPS) --data build/train/data --weights $(WEIGHTS)
	$(BIN)/gvc-train run --recipe $(RECIPE) --data build/train/data --weights $(WEIGHTS) \
		--run $(call RUN_OF,$(RECIPE)) $(if $(START),--start $(START) $(call RUN_OF,$(START)))
	$(BIN)/gvc-train export --recipe $(RECIPE) --data build/train/data --weights $(WEIGHTS) \
		--run $(call RUN_OF,$(RECIPE)) --models build/train/models

benchmark: setup ## speed against peers, as ratios in one run
	$(BIN)/python -m benchmarks
