# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The thin front of noxfile.py. `make units ARGS="tests/unit -k journal"` gives arguments to pytest or ansible-test.
NOX := tools/nox
ARGS =
TAG := compat
# One more than there are cores: most sessions wait now and then, for a simulated engine or a download.
JOBS := $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 1)))
SESSIONS := lint sanity units integration docs site runbooks events awx package coverage
REPORTS := .work/reports

.DEFAULT_GOAL := help
.PHONY: help venv demo test compat $(SESSIONS) docsite release bench bench-events format setup-system clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 14

demo: ## retire a simulated office of 25, and name the report to open
	@$(NOX) -s demo

test: ## run every check with the newest ansible-core and Python
	@mkdir -p $(REPORTS)
	@rm -f $(REPORTS)/test.json
	@$(NOX) --parallel $(JOBS) --report $(REPORTS)/test.json || true
	@tools/python tools/results.py $(REPORTS)/test.json

compat: ## sanity, units and integration with every other ansible-core and Python; TAG=2.19, or TAG=ci for what CI runs
	@mkdir -p $(REPORTS)
	@rm -f $(REPORTS)/compat.json
	@$(NOX) --parallel $(JOBS) --report $(REPORTS)/compat.json -t $(TAG) || true
	@tools/python tools/results.py $(REPORTS)/compat.json

venv: ## make .venv for editors and for single tests: .venv/bin/pytest tests/unit -k journal
	@$(NOX) -s dev

lint: ## ruff, mypy, yamllint, codespell, shellcheck, reuse, ansible-lint, documentation, changelog
sanity: ## ansible-test sanity
units: ## the unit tests, with branch coverage
integration: ## ansible-test integration
docs: ## run what the documentation shows
site: ## the documentation site: its links, and in a real browser
events: ## event sources and rulebooks, with the real ansible-rulebook
awx: ## playbooks and slices with ansible-runner, and the execution environment
runbooks: ## whole runbooks, and the report's page in Chromium
package: ## build, install and import the collection as Galaxy would; make a release, twice, and try it
coverage: ## the unit tests and their branch coverage
$(SESSIONS):
	@$(NOX) -s $@ $(if $(ARGS),-- $(ARGS))

docsite: ## build the documentation site in .work/site/html
	@$(NOX) -s docsite

release: ## VERSION=1.0.0: build a release in .work/release and try it; WRITE=yes: write its version and changelog here
	@$(NOX) -s release -- $(if $(WRITE),--write) "$(VERSION)"

bench: ## measure the collection beside what a user would write instead, and put it into docs/benchmark.md
	@$(NOX) -s bench

bench-events: ## measure how fast an event reaches its rule, and a load of 1,000 events a second
	@$(NOX) -s bench-events

format: venv ## format the Python sources
	@.venv/bin/ruff check --fix-only --quiet
	@.venv/bin/ruff format --quiet

setup-system: ## install what some tests want of the system: Chromium and Java, on Debian and as root
	apt-get update --quiet=2
	apt-get install --yes --quiet=2 --no-install-recommends chromium chromium-driver default-jre-headless

clean: ## remove everything that the commands above made
	rm -rf .venv .work tests/output .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible collections wawp-cloud-*.tar.gz
	find . -name __pycache__ -prune -exec rm -rf {} +
