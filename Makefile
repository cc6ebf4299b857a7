# The one list of recipes. Each sets up what it needs; ARGS="..." reaches the command behind it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BROWSER := .browser/.ready
LOCKS := requirements/run.lock requirements/examples.lock requirements/dev.lock
ARGS ?=

.PHONY: demo test lint types unit shots fuzz bench docs words lock setup clean

setup: $(STAMP)

# what set-up prints goes to standard error: a benchmark's line stands alone on standard output
$(STAMP): $(LOCKS) pyproject.toml
	@echo "Setting up $(VENV) (once; about a minute)" >&2
	@$(PYTHON) -c 'import sys; sys.exit("standing needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements/run.lock -r requirements/examples.lock -r requirements/dev.lock >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/standing demo $(ARGS)

test: lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP) $(BROWSER)
	$(BIN)/python -m pytest -n 2 $(ARGS)

# without a browser its tests are skipped and say so, and the next run tries again to set it up
$(BROWSER): tests/browser/setup.sh
	@mkdir -p $(@D)
	@sh tests/browser/setup.sh && touch $@ || true

# pictures of every page, to look at: shots/index.html; ARGS="/log contest" takes those alone,
# ARGS=--tutorials renews those of docs/tutorials
shots: $(STAMP) $(BROWSER)
	@$(BIN)/python -m tests.browser.shots $(ARGS)

# every parser under coverage-guided fuzzing, 30 s each: ARGS="--seconds N --target NAME"; then, where
# ARGS asks for nothing else, the long forms of the tests that go through every fault, about a quarter
# of an hour: FAULTS= leaves them out, FAULTS=all wants them whatever ARGS says
FAULTS ?= $(if $(ARGS),,all)
fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz $(ARGS)
	$(if $(FAULTS),STANDING_FAULTS=$(FAULTS) $(BIN)/python -m pytest -n 2 tests/faults)

bench: $(STAMP)
	@$(BIN)/python -m bench $(ARGS)

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --no-deps \
		requirements/examples.in -o requirements/examples.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		-c requirements/run.lock requirements/dev.in -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		tests/interop/python/requirements.in -o tests/interop/python/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		requirements/peers.in -o requirements/peers.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		requirements/fuzz.in -o requirements/fuzz.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		-c requirements/dev.lock requirements/build.in -o requirements/build.lock

clean:
	rm -rf $(VENV) .browser shots .interop .fuzz demo-ledger demo-ledger-tampered demo-ledger-witness

docs: $(STAMP)
	@$(BIN)/python docs/generate.py

# bring the catalogues of the pages up to templates and code, and compile them
words: $(STAMP)
	@$(BIN)/python docs/messages.py
