# Every target works from nothing: it makes .venv and installs what it needs.
ifeq ($(OS),Windows_NT)  # in Git's bash
PYTHON ?= python
BIN = .venv/Scripts
else
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = .venv/bin
endif
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEV = .venv/.dev
DEMO = .venv/.demo
KERAS_BACKENDS ?= jax tensorflow torch numpy
KERAS = $(KERAS_BACKENDS:%=keras-%)
BUDGET = "not thorough"
# What an installation compiles, if there is a compiler.
COMPILED = hatch_build.py $(wildcard initcore/random/native/*.[ch])
FUZZ_SECONDS ?= 600
# A folder of checkouts of the frameworks, for their tests.
SOURCE ?=
# Processes that run the tests, each with one thread: two cores are faster so than with threads.
WORKERS ?= 2
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q
# JAX compiles in a quarter of the time, but for modules that are marked `optimized`.
QUICK_JAX = JAX_DISABLE_MOST_OPTIMIZATIONS=1 XLA_FLAGS=--xla_cpu_use_fusion_emitters=false
OPTIMIZED = $(shell grep -rl --include='test_*.py' 'mark[.]optimized' tests)
# Quiet frameworks: no accelerator probing, no start-up log.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 0
export MPLBACKEND ?= agg

.PHONY: demo test unit optimized keras lint format new-initializer conform networks peers fuzz bench docs look oldest build clean help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

demo: $(DEMO)  ## real networks in every framework, and one picture (out/demo.png)
	$(BIN)/initcore demo --out out

test: $(DEV)  ## everything that must hold, quick budget
	$(MAKE) -j $(WORKERS) $(if $(filter output-sync,$(.FEATURES)),--output-sync) $(KERAS) optimized lint
	$(MAKE) unit

unit: $(DEV)  ## core, theory, every adapter but Keras's, conformance suite
	$(QUICK_JAX) $(PYTEST) -n $(WORKERS) --dist worksteal tests initcore adapters conformance \
		--doctest-modules -m "not thorough and not optimized" \
		--ignore=tests/keras_adapter --ignore=adapters/initcore_keras \
		--doctest-ignore-import-errors  # where MLX has no wheels

optimized: $(DEV)  ## what is rounded or compiled as a user's programs of JAX are
	$(PYTEST) $(OPTIMIZED) -m "optimized and not thorough"

# Dependency groups need pip 25.1. From 26.2 on, pip uses constraints differently when it builds.
define venv
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --upgrade 'pip>=25.1,<26.2'
endef

.PHONY: $(KERAS)
keras: $(KERAS)  ## the Keras adapter on each of its backends

$(KERAS): keras-%: $(DEV)
	KERAS_BACKEND=$* $(QUICK_JAX) $(PYTEST) tests/keras_adapter adapters/initcore_keras \
		--doctest-modules -m $(BUDGET)

lint: $(DEV)  ## ruff and mypy --strict over every package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy initcore adapters/initcore_* conformance/initcore_*

new-initializer: $(DEV)  ## start an initializer: make new-initializer NAME=reflection
	@$(BIN)/python -m tests.tools.new_initializer $(NAME)

format: $(DEV)  ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conform: $(DEV)  ## the thorough property run on every backend, and the slow tests
	$(BIN)/initcore conform numpy numpy:reference array_api_strict torch jax keras mlx --profile thorough \
		--report out/conformance.html --report out/conformance.json
	$(BIN)/python -m pytest tests -m thorough -q --ignore=tests/keras_adapter
	$(MAKE) -j $(WORKERS) keras BUDGET=thorough QUICK_JAX=

networks: $(DEV)  ## real networks against what an expert expects of them: docs/networks_zoo.md
	$(PIP) --group networks
	$(BIN)/python -m tests.tools.networks_zoo

peers: $(DEV)  ## the frameworks' own tests on ours, of SOURCE and installed: docs/drop_in.md
	$(PIP) --group peers
	$(BIN)/python -m tests.tools.peers --source $(SOURCE)

fuzz: $(DEV)  ## fuzz the command line and what the library reads, FUZZ_SECONDS in all
	$(PIP) --group fuzz
	PYTHONPATH=.:conformance $(BIN)/python -m fuzz.run --seconds $(FUZZ_SECONDS) --out out/fuzz

bench: $(DEV)  ## speed against the peers, each in one run: docs/benchmarks.md
	$(BIN)/python benchmarks/all.py

docs: $(DEV)  ## HTML pages in docs/_build
	$(PIP) --group docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

look: docs  ## the pages in Chromium: width, links, pictures, contrast, keyboard
	$(PIP) --group browser
	$(BIN)/python -m pytest -q tests/test_docs_site.py

# Each framework's tests in an environment of the lowest versions that pyproject.toml allows.
OLDEST = .venv-oldest
oldest:  ## the lowest versions of the dependencies, in an environment of their own
	@test -x $(OLDEST)/bin/python || $(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet 'numpy==2.1.*' 'scipy==1.14.*' 'array-api-compat==1.11.*' \
		torch==2.6.0 jax==0.6.0 jaxlib==0.6.0 keras==3.10.0 typer==0.15.* rich==13.* pytest
	PYTHONPATH=.:adapters $(OLDEST)/bin/python -m pytest -q -c /dev/null -p no:cacheprovider tests/oldest.py

build: $(DEV)  ## wheel and sdist in dist/
	$(BIN)/python -m build

$(DEV): pyproject.toml constraints.txt $(COMPILED)
	$(venv)
	$(PIP) -e '.[demo,mlx]' --group dev
	@# Triton beside the rest: its LLVM does not go with those of JAX and TensorFlow in one process.
	@$(PIP) --no-deps --target .venv/triton triton 2>/dev/null || echo "no Triton here: its test is skipped"
	@touch $@ $(DEMO)

$(DEMO): pyproject.toml constraints.txt $(COMPILED)
	$(venv)
	$(PIP) -e '.[demo]'
	@touch $@

clean:  ## remove what was made
	rm -rf .venv dist build out docs/_build
