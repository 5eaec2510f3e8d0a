# The project's tasks. `make demo` and `make test` work in a fresh clone on a fresh machine: each first does what set-up is missing.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
SHELL := /bin/bash -euo pipefail

BIN := $(CURDIR)/.venv/bin
PYTHON := $(BIN)/python
JOBS ?= $(shell nproc)
CMAKE_FLAGS := -G Ninja -DCMAKE_MAKE_PROGRAM=$(BIN)/ninja -DPython_EXECUTABLE=$(PYTHON)
CPP_FILES = $(shell git ls-files 'cpp/*.cpp' 'cpp/*.h' 'cpp/*.c' 'tests/cpp/*.cpp' 'tests/cpp/*.h' 'include/fluvial/*.h' 'bench/*.c' 'bench/gpu_parts/*.cpp')
PYTHON_DIRS = $(wildcard python tests tools bench examples training)
# The developer's own settings stay out of a test.
CLEAN_ENV := env -u GST_PLUGIN_PATH -u GST_PLUGIN_PATH_1_0 -u GST_DEBUG -u PYTHONPATH

say = @printf '\033[1m==>\033[0m %s\n' "$(1)"

## setup: system packages (apt, with sudo), .venv, the package itself; only what is missing
.PHONY: setup
setup:
	@tools/setup.sh apt venv

## build: the native parts, into python/fluvial
.PHONY: build
build: setup build/build.ninja
	$(call say,build: plugin; metadata library; OpenVINO backend; Python extension)
	@$(BIN)/cmake --build build --parallel $(JOBS) --target gstfluvial fluvialopenvino _core

# Configured anew when the venv's packages change: paths to OpenVINO and nanobind are in the cache.
build/build.ninja: requirements-dev.txt .venv/.stamp-venv
	$(call say,build: configuring)
	@$(BIN)/cmake --fresh -S . -B build $(CMAKE_FLAGS) -DFLUVIAL_IN_TREE=ON
	@touch $@
.venv/.stamp-venv: | setup

## demo: four streams, detected, tracked, tiled, drawn: out/demo.mp4 and out/objects.jsonl
.PHONY: demo
demo: build
	@tools/setup.sh footage
	@$(PYTHON) examples/demo.py

## test: C++ tests and the fast Python tests (under a minute once built)
.PHONY: test
test: test-cpp test-python

.PHONY: build-all test-cpp test-python
build-all: setup build/build.ninja
	$(call say,build: everything)
	@$(BIN)/cmake --build build --parallel $(JOBS)

test-cpp: build-all
	$(call say,test: C++)
	@$(CLEAN_ENV) GST_TRACERS=leaks $(BIN)/ctest --test-dir build --output-on-failure --no-tests=error -j $(JOBS)

test-python: build
	$(call say,test: Python; the fast ones)
	@$(CLEAN_ENV) $(PYTHON) -m pytest -q

## slow: the tests marked slow
.PHONY: slow
slow: build
	$(call say,test: Python; the slow ones)
	@$(CLEAN_ENV) $(PYTHON) -m pytest -q -m slow

## fuzz: random calls of pyds on live and dead metadata (FLUVIAL_FUZZ_SEEDS=1000: more of them)
.PHONY: fuzz
fuzz: build
	@$(CLEAN_ENV) $(PYTHON) -m pytest -q -p no:cacheprovider tests/fuzz

# Python and most libraries under it are not sanitized: leaks of theirs are not looked for, and the runtime comes first.
SANITIZED_PYTHON = $(CLEAN_ENV) LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
  PYTHONPATH=$(CURDIR)/build-sanitize/python PYTHONMALLOC=malloc G_SLICE=always-malloc \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4096:handle_segv=1:use_sigaltstack=0 \
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 $(PYTHON)

# Not what looks at the size of memory, nor what starts programs, for which libraries are opened as no sanitizer allows.
NOT_SANITIZED := grow or bound or leave_nothing or exit or program

## fuzz-sanitize: the same, and the tests of pyds, under the address and undefined-behaviour sanitizers
.PHONY: fuzz-sanitize
fuzz-sanitize: setup
	$(call say,build: metadata library; plugin; Python extension; sanitized)
	@$(BIN)/cmake -S . -B build-sanitize $(CMAKE_FLAGS) -DFLUVIAL_SANITIZE=ON
	@$(BIN)/cmake --build build-sanitize --parallel $(JOBS) --target gstfluvial _core
	@$(SANITIZED_PYTHON) -c 'import fluvial._core as c; assert "build-sanitize" in c.__file__, c.__file__'
	@$(SANITIZED_PYTHON) -m pytest -q -p no:cacheprovider -o "pythonpath=tests tools" tests/fuzz
	@$(SANITIZED_PYTHON) -m pytest -q -p no:cacheprovider -o "pythonpath=tests tools" -k "not ($(NOT_SANITIZED))" \
	  tests/python/test_pyds_*.py

## check: what CI runs: format, lint, types, build, tests, snapshots, docs, sanitizers, slow tests
.PHONY: check
check:
	@tools/check.sh

.PHONY: format lint types snapshots docs sanitize
format: setup
	@$(BIN)/clang-format --dry-run -Werror $(CPP_FILES)
	@$(BIN)/ruff format --check $(PYTHON_DIRS)

lint: setup
	@$(BIN)/ruff check $(PYTHON_DIRS)
	@tools/check_text.sh

types: setup
	@$(BIN)/mypy

snapshots: build
	@$(CLEAN_ENV) $(PYTHON) tools/generate_api.py --check

docs: build
	@$(CLEAN_ENV) $(PYTHON) tools/models_page.py --check
	@$(PYTHON) bench/gpu.py --page --check
	@$(CLEAN_ENV) $(PYTHON) tools/check_docs.py

sanitize: setup
	@$(BIN)/cmake -S . -B build-sanitize $(CMAKE_FLAGS) -DFLUVIAL_SANITIZE=ON
	@$(BIN)/cmake --build build-sanitize --parallel $(JOBS)
	@$(CLEAN_ENV) $(BIN)/ctest --test-dir build-sanitize --output-on-failure --no-tests=error -j $(JOBS)

## fix: format and lint, repaired in place
.PHONY: fix
fix: setup
	@$(BIN)/clang-format -i $(CPP_FILES)
	@$(BIN)/ruff check --fix -q $(PYTHON_DIRS) || true
	@$(BIN)/ruff format -q $(PYTHON_DIRS)

## generate: api/*, the JSON schema and the extension's stub, from the code
.PHONY: generate
generate: build
	@$(CLEAN_ENV) $(PYTHON) tools/generate_api.py

## bench: every benchmark: a table, and bench/results.json (QUICK=1: shorter, rougher)
.PHONY: bench
bench: build
	@tools/setup.sh bench footage
	@$(CLEAN_ENV) $(PYTHON) bench/run_all.py $(if $(QUICK),--quick)

## gpu: all that is claimed of NVIDIA GPUs, checked and measured where there is one (ONLY=wall,latency: these sections)
.PHONY: gpu
gpu: build
	@$(PYTHON) bench/gpu.py $(if $(ONLY),--only $(ONLY))

## longest: the ten longest functions
.PHONY: longest
longest: setup
	@$(PYTHON) tools/longest_functions.py

## wheel: dist/fluvial-*.whl, built in isolation as a packager would
.PHONY: wheel
wheel: setup
	@$(PYTHON) -m pip wheel -q --no-deps --wheel-dir dist .
	@ls dist/*.whl

## clean: what was built or downloaded; .venv too with `make distclean`
.PHONY: clean distclean
clean:
	@rm -rf build build-* dist out .cache python/fluvial/lib python/fluvial/_core.*.so
distclean: clean
	@rm -rf .venv

.PHONY: help
help:
	@awk '/^## / { sub(/^## /, ""); split($$0, part, ": "); printf "  make %-10s %s\n", part[1], substr($$0, length(part[1]) + 3) }' Makefile
