# The rehearsal of the whole platform on this machine. `make help` says what there is.
# Paths with spaces are the caller's to quote: the variables below reach the programs by the environment.
.DEFAULT_GOAL := help
.PHONY: help up status test down clean
bootstrap := sandbox/bootstrap.sh
# What is there several times over on one machine, and what starts a sandbox.
quick := tests/lint tests/unit tests/application
whole := tests/roles tests/environments tests/end_to_end

help: ## show this
	@echo 'make COMMAND:'
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 10
	@echo
	@echo 'Variables of the environment, with their defaults:'
	@echo '  NOTEJAM_SANDBOX        .sandbox   folder of the sandbox; more than one can be up'
	@echo '  NOTEJAM_SANDBOX_NAME   notejam    its name'
	@echo '  NOTEJAM_SANDBOX_TIER   auto       node: real pods, needs root; virtual: none of it; auto: tries'
	@echo '  NOTEJAM_TIME_SCALE     60         what AWS'"'"'s creation times are divided by'
	@echo '  NOTEJAM_VARIABLES      none       a file of variables over those of inventories/sandbox'
	@echo '  NOTEJAM_CACHE          ~/.cache/notejam-platform   where built tools are kept'

up: ## build the platform here, or go on with it: prints the URL of Notejam
	@$(bootstrap) up

status: ## what runs, whether it is healthy, where its log is
	@$(bootstrap) status

test: ## lint, unit tests, a scenario for each role, prod over two regions, and the platform end to end
	@$(bootstrap) -m pytest --exitfirst --verbose --numprocesses auto --dist worksteal $(quick)
	@$(bootstrap) -m pytest --exitfirst --verbose --durations=15 $(whole)

down: ## stop the sandbox and leave nothing of it; the cache stays
	@$(bootstrap) down

clean: down ## also remove the cache and the Python environment
	@if [ -e .venv ]; then .venv/bin/python -m sandbox clean; fi
	@rm -rf .venv
