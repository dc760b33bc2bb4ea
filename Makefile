# Every target installs what it needs into .venv, once: a stamp file is newer than pyproject.toml when nothing changed.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: audit test lint clean

# The main job: audit the five documents, show the report, and write it as one HTML page.
audit: .venv/installed
	@$(BIN)/lstm-symbolic check derivations/documents --exit-zero --format html -o report.html
	@$(BIN)/lstm-symbolic check derivations/documents --exit-zero
	@echo "the same report as a page: report.html"

# Side by side: alone the tests took 10 to 17 minutes, by the machine.
test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 4

lint: .venv/installed-test
	$(BIN)/ruff check
	$(BIN)/mypy

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@touch $@

.venv/installed-test: .venv/installed
	@$(PIP) --editable '.[slides,test]'
	@touch $@

clean:
	rm -rf .venv report.html
