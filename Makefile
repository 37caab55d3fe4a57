# The front door. Every verb works from a fresh clone on a fresh Debian 12: it installs what is missing,
# builds what it needs, and does one thing. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
# SETUP=no leaves the system's packages alone.
SETUP ?= yes
# TESTS=REGEX runs the matching tests only.
TESTS ?=

setup = $(if $(filter yes,$(SETUP)),scripts/install-dependencies $(1),true)
# The stock kernel of tests/vm, once; a machine that never asked apt for its lists has to ask first.
fetch_kernel = $(if $(filter yes,$(SETUP)),tests/vm/kernel >/dev/null 2>&1 || { scripts/install-dependencies --refresh && tests/vm/kernel >/dev/null; } || true,true)
# Ninja knows what changed; configuring again costs a second and notices new files and options.
define compile
@cmake --preset $(1) -B $(BUILD)/$(1) $(2) >$(BUILD)/$(1).configure.log 2>&1 || { cat $(BUILD)/$(1).configure.log; exit 1; }
@cmake --build $(BUILD)/$(1) -j $(JOBS)
endef

$(shell mkdir -p $(BUILD))

.PHONY: help run build test bench lint analyze fuzz asan tsan install clean

help: ## this list
	@echo 'usage: make VERB'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables: BUILD=$(BUILD) JOBS=$(JOBS) PREFIX=$(PREFIX) DESTDIR= TESTS=REGEX FUZZ_SECONDS=$(FUZZ_SECONDS) SETUP=yes|no'

run: ## build a release and run a real hostile program in it: what it got, what was stopped, what it used
	@$(call setup,build)
	$(call compile,release,-DCORDON_TESTS=OFF -DCORDON_BENCHMARKS=OFF)
	@scripts/run-example --cordon $(BUILD)/release/bin/cordon

build: ## build a release into build/release (program: build/release/bin/cordon)
	@$(call setup,build)
	$(call compile,release,-DCORDON_TESTS=OFF -DCORDON_BENCHMARKS=OFF)

test: ## every test; fails when one was skipped that this machine can run
	@$(call setup,build test)
	$(call compile,release,-DCORDON_TESTS=ON -DCORDON_BENCHMARKS=OFF)
	@$(fetch_kernel)
	@CORDON_NO_SKIP=1 scripts/run-tests --build $(BUILD)/release --jobs $(JOBS) --tests '$(TESTS)'

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(call setup,build test)
	$(call compile,asan)
	@scripts/run-tests --build $(BUILD)/asan --jobs $(JOBS) --tests '$(TESTS)'

tsan: ## the tests under ThreadSanitizer
	@$(call setup,build test)
	$(call compile,tsan)
	@scripts/run-tests --build $(BUILD)/tsan --jobs $(JOBS) --tests '$(TESTS)'

lint: ## layout, static analysis, and the rules of tests/style
	@$(call setup,build test lint)
	$(call compile,release,-DCORDON_TESTS=ON -DCORDON_BENCHMARKS=OFF)
	@scripts/lint $(BUILD)/release

analyze: ## what lint does not: the static analysis of every path, file by file, half an hour
	@$(call setup,build test lint)
	$(call compile,release,-DCORDON_TESTS=ON -DCORDON_BENCHMARKS=OFF)
	@scripts/tidy $(BUILD)/release --each

fuzz: ## every fuzz target for FUZZ_SECONDS each
	@$(call setup,build)
	$(call compile,fuzz)
	@scripts/run-fuzzers $(BUILD)/fuzz $(FUZZ_SECONDS)

bench: ## the table of promises in SPECIFICATION.md, measured here
	@$(call setup,build bench)
	$(call compile,release,-DCORDON_TESTS=OFF -DCORDON_BENCHMARKS=ON)
	@$(BUILD)/release/bin/cordon-bench --cordon $(BUILD)/release/bin/cordon $(BENCH)

install: build ## install below PREFIX (and DESTDIR): program, library, headers, man pages, completions
	@DESTDIR='$(DESTDIR)' cmake --install $(BUILD)/release --prefix '$(PREFIX)'

clean: ## remove everything that was built
	@rm -rf $(BUILD)
