# `make site` builds the guide into site/, `make serve` previews it, `make test` proves it: CI runs nothing else.
# Everything that is fetched lands in .venv/ and .cache/; only `make test`, `make bench` and `make fuzz` install programs, from Debian (tests/programs).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := site
.PHONY: site serve test lint bench fuzz fuzz-parsers pin clean

PYTHON ?= python3
BIN := .venv/bin
# Material's end-of-life banner is known (README, "The stack"); this is its own documented switch.
export NO_MKDOCS_2_WARNING := 1
export PYTHONWARNINGS := ignore::SyntaxWarning:jieba

# The site is built without the lab, on machines that have none too: of what the lab ran it shows what verification.json says.
site: .venv/site.done
	$(BIN)/python -m checks --no-lab
	@# Never with --quiet: it would hide the warnings that --strict counts.
	$(BIN)/python -m mkdocs build --strict
	$(BIN)/python -m checks --site site --only built_link_resolves --only built_page_is_complete

serve: .venv/site.done
	-$(BIN)/python -m checks --no-lab
	$(BIN)/python -m mkdocs serve

test: .venv/test.done .cache/programs.done .cache/node/done lint site
	$(BIN)/python -m checks
	$(BIN)/python -m pytest

lint: .venv/test.done
	$(BIN)/ruff check checks hooks bench tests/*.py
	$(BIN)/ruff format --check checks hooks bench tests/*.py

bench: .venv/site.done .cache/programs.done .cache/bench/done
	$(BIN)/python bench/lab.py
	$(BIN)/python bench/tools.py

# Random changes to network configurations, judged by the checks and by real plugins: make fuzz SEED=2 COUNT=500
SEED ?= 1
COUNT ?= 2000
fuzz: .venv/site.done .cache/programs.done
	$(BIN)/python tests/fuzz_cni.py --seed $(SEED) --count $(COUNT)

# One environment; the tests add to it what the site does not need.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'make: needs Python 3.11 or newer; name one with make PYTHON=…'; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'make: python3 cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv'; exit 1; }

.venv/site.done: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/test.done: requirements-test.txt .venv/site.done | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

# Without the plugins of Debian 11 (not on Ubuntu) there is no stamp, so that each run says what is missing.
.cache/programs.done: tests/programs
	tests/programs
	@[ ! -d .cache/cni-0.9.0 ] || touch $@

.cache/node/done: tests/node/package.json tests/node/package-lock.json .venv/test.done
	@mkdir -p .cache/node && cp tests/node/package.json tests/node/package-lock.json .cache/node/
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix .cache/node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.cache/bench/done: requirements-bench.txt .venv/site.done
	@$(BIN)/python -m venv --clear .cache/bench
	.cache/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

.cache/fuzz/done: requirements-fuzz.txt | .venv/bin/python
	@$(BIN)/python -m venv --clear .cache/fuzz
	.cache/fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.txt
	@touch $@

# Texts that a coverage-guided fuzzer makes, for each parser in turn: make fuzz-parsers SECONDS_EACH=600
SECONDS_EACH ?= 120
fuzz-parsers: .cache/fuzz/done
	@for parser in json yaml page transcript unit svg address; do .cache/fuzz/bin/python tests/fuzz_parsers.py $$parser $(SECONDS_EACH) || exit; done

# After a change of the dependencies in pyproject.toml.
pin:
	$(PYTHON) -m venv .cache/pin && .cache/pin/bin/pip install --quiet uv
	.cache/pin/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra site pyproject.toml -o requirements.txt
	.cache/pin/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra site --extra test pyproject.toml -o requirements-test.txt
	.cache/pin/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra site --extra test --extra fuzz pyproject.toml -o requirements-fuzz.txt
	.cache/pin/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra bench pyproject.toml -o requirements-bench.txt

clean:
	rm -rf .venv .cache site
