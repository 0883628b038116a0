# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON := tools/python
# make units CORE=2.18, or CORE="2.16 2.21"
CORE =
CHECK = $(PYTHON) tools/check.py $(CORE:%=--core=%)

.DEFAULT_GOAL := help
.PHONY: help venv demo test matrix lint sanity units integration docs-test docs site-test release events-test awx-test runbooks-test package coverage bench bench-events format clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 14

venv: ## set up .venv with everything that tests, linters and documentation need
	@$(PYTHON) tools/environments.py dev >/dev/null

demo: ## retire a simulated office of 25, and name the report to open
	@$(PYTHON) tools/environments.py demo >/dev/null
	@.venv/bin/python tools/demo.py

test: ## run every check, with the oldest, a middle and the newest ansible-core; sanity with all
	@$(CHECK) test

matrix: ## sanity, units and integration with every ansible-core and Python
	@$(CHECK) matrix

lint: ## ruff, mypy, yamllint, codespell, reuse, ansible-lint, documentation, changelog
sanity: ## ansible-test sanity
units: ## ansible-test units on every Python
integration: ## ansible-test integration
docs-test: ## run what the documentation shows
site-test: ## the documentation site: its links, and in a real browser
events-test: ## event sources and rulebooks, with the real ansible-rulebook
awx-test: ## playbooks and slices under ansible-runner, and the execution environment
runbooks-test: ## whole runbooks, and the report's page in Chromium
package: ## build, install and import the collection as Galaxy would; make a release, twice, and try it
coverage: ## branch coverage of the last units and integration runs
lint sanity units integration docs-test site-test events-test awx-test runbooks-test package coverage:
	@$(CHECK) $@

docs: venv ## build the documentation site in .work/site/html
	@PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.work/tree" LC_ALL=C.UTF-8 python tools/docsite.py

release: venv ## VERSION=1.0.0: build a release in .work/release and try it; WRITE=yes: write its version and changelog here
	@PATH="$(CURDIR)/.venv/bin:$$PATH" LC_ALL=C.UTF-8 python tools/release.py $(if $(WRITE),--write) "$(VERSION)"

bench: venv ## measure the collection beside what a user would write instead, and put it into docs/benchmark.md
	@.venv/bin/python tools/bench/run.py --write docs/benchmark.md

bench-events: ## measure how fast an event reaches its rule, and a load of 1,000 events a second
	@$(PYTHON) tools/environments.py events >/dev/null
	@.work/venv-events/bin/python tools/bench/events.py

format: venv ## format the Python sources
	@.venv/bin/ruff check --fix-only --quiet
	@.venv/bin/ruff format --quiet

clean: ## remove everything that the commands above made
	rm -rf .venv .work tests/output .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible collections wawp-cloud-*.tar.gz
	find . -name __pycache__ -prune -exec rm -rf {} +
