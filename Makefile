# From a fresh clone: `make run` or `make test`. Needs Python 3.11 or newer and make.
PYTHON ?= python3
PORT ?= 5000
BIN := .venv/bin

.PHONY: run test lint clean

run: .venv/installed
	PORT=$(PORT) $(BIN)/python -m api serve

test: .venv/installed
	$(BIN)/python -m pytest

lint: .venv/installed
	$(BIN)/ruff check api tests seeds
	$(BIN)/ruff format --check api tests seeds
	$(BIN)/mypy --strict api

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

clean:
	rm -rf .venv warehouse logs target
