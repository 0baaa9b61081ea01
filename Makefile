# From a fresh clone: `make run` or `make test`. Needs Python 3.11 or newer and make.
PYTHON ?= python3
PORT ?= 5000
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0
FUZZED_EXAMPLES ?= 30
CRASHES ?= 100
READS ?= 100000
LOADS ?= 200
ENGINE_TESTS ?= tests/engines
CRASHES_TEST := tests/engines/test_crashes.py
BASE ?= origin/main
UPGRADE ?=
BIN := .venv/bin
INSTALL := python -m pip install --quiet --disable-pip-version-check -r
# Else each process compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-faults test-postgres test-spark test-browser image-check screenshot lint \
    lint-dbt audit breaking-changes fuzz endurance bench bench-quick spark-cluster requirements clean

run: .venv/installed
	PORT=$(PORT) $(BIN)/python -m api serve

test: .venv/installed
	$(BIN)/python -m pytest --ignore $(CRASHES_TEST)

# The product while it is killed, its builder hangs, its disk is full, its files are damaged,
# and clients send too much, too slowly or what does harm.
test-faults: .venv/installed
	$(BIN)/python -m pytest tests/faults $(CRASHES_TEST)

# The suite that every engine has to pass, on another engine; `make test` runs it on SQLite.
# Its answers are compared with those of SQLite, in the environment of that.
test-postgres: .venv/installed .venv-postgres/installed
	DBT_TARGET=postgres .venv-postgres/bin/python -m pytest $(ENGINE_TESTS)

# One cluster: one process of tests.
test-spark: .venv/installed .venv-spark/installed
	DBT_TARGET=spark .venv-spark/bin/python -m pytest -n 0 $(ENGINE_TESTS)

# The page in a real Chromium, which has to be installed (BROWSER=/path/to/it where it has
# another name). Two at a time, for it takes a core by itself.
test-browser: .venv/browser-installed
	$(BIN)/python -m pytest -n 2 tests/browser

# The Dockerfile where no container engine runs, as root; takes some minutes, and needs
# debootstrap.
image-check:
	$(PYTHON) tests/image

# The pictures of the README.
screenshot: .venv/browser-installed
	PYTHONPATH=tests:. $(BIN)/python -m browser.screenshot

# A small Spark on this machine, until Ctrl-C; needs Java 17 or later.
spark-cluster: .venv-spark/installed
	.venv-spark/bin/python -m spark

lint: lint-dbt
	$(BIN)/ruff check api bench spark tests seeds
	$(BIN)/ruff format --check api bench spark tests seeds
	$(BIN)/mypy --strict api bench/*.py spark
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/oxlint --deny-warnings api/pages/static

# The style of the models, and the conventions of the project that dbt reads into .lint.
lint-dbt: export WAREHOUSE_DIR := .lint
lint-dbt: export DBT_LOG_PATH := .lint/logs
lint-dbt: export DBT_TARGET_PATH := .lint/target
lint-dbt: .venv/lint-installed
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models
	$(BIN)/dbt --quiet parse
	COLUMNS=160 $(BIN)/dbt-bouncer run --config-file .dbt-bouncer.yml

# What the metrics lose against those of another commit.
breaking-changes: .venv/installed
	rm -rf .lint/base && mkdir -p .lint/base
	git archive $(BASE) dbt_project | tar -x -C .lint/base
	PROJECT_DIR=.lint/base $(BIN)/python -m api openapi > .lint/base/openapi.json
	$(BIN)/python -m api openapi --against .lint/base/openapi.json

# So long for each target of tests/fuzz, then so many requests made up from the OpenAPI
# document for each of its operations; what is found is kept in .fuzz.
fuzz: .venv/fuzz-installed
	$(BIN)/python tests/fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)
	FUZZED_EXAMPLES=$(FUZZED_EXAMPLES) $(BIN)/python -m pytest --dist load tests/fuzz/test_requests.py

# Kills and reads by the hundred: some minutes; CI makes shorter runs.
endurance: .venv/installed
	PYTHONPATH=. $(BIN)/python tests/endurance.py crashes $(CRASHES)
	PYTHONPATH=. $(BIN)/python tests/endurance.py reads $(READS) $(LOADS)

# Needs curl, sqlite3 and wrk; the peers get an environment of their own.
bench: .venv/installed bench/.venv/installed
	$(BIN)/python -m bench

bench-quick: .venv/installed bench/.venv/installed
	$(BIN)/python -m bench --quick

# The lists of requirements/ into pinned files with hashes. What is pinned keeps its version;
# UPGRADE=NAME takes the newest of one package.
requirements: .venv-tools/installed
	requirements/compile $(CURDIR)/.venv-tools/bin/uv $(addprefix --upgrade-package ,$(UPGRADE))

# Known vulnerabilities of the pinned versions, where their database can be reached.
audit: .venv-tools/installed
	requirements/audit $(CURDIR)/.venv-tools/bin/pip-audit

bench/.venv/installed: requirements/peers.txt
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/$(INSTALL) $<
	@touch $@

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/$(INSTALL) requirements.txt
	@touch $@

.venv-%/installed: requirements/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/$(INSTALL) $<
	@touch $@

.venv/%-installed: requirements/%.txt .venv/installed
	$(BIN)/$(INSTALL) $<
	@touch $@

clean:
	rm -rf .fuzz .lint .venv .venv-postgres .venv-spark .venv-tools bench/.venv warehouse/* logs target
