# SPDX-License-Identifier: GPL-3.0-or-later
# Thin on purpose: the work is in CMake (see CMakePresets.json).
JOBS ?= $(shell nproc)
ARGS ?= rx

.PHONY: all run test bench install format lint clean setup

all: setup
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

# Receives: from a radio when one is attached, otherwise from the bundled recording; `make run ARGS="rx -r capture.cu8"` passes anything.
run: all
	build/release/wmsdr $(ARGS)

# All tests, with warnings as errors, under the address and undefined-behaviour sanitizers.
test: setup
	cmake --preset ci
	cmake --build --preset ci -j $(JOBS)
	ctest --preset ci -j $(JOBS)

install: all
	cmake --install build/release

setup:
	@scripts/setup

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	cmake --preset debug
	git ls-files 'src/*.c' | xargs clang-tidy -p build/debug --quiet

clean:
	rm -rf build
