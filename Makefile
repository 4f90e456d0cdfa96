# SPDX-License-Identifier: GPL-3.0-or-later
# Thin on purpose: the work is in CMake (see CMakePresets.json).
JOBS ?= $(shell nproc)
ARGS ?= rx
PREFIX ?= /usr/local

# The builds below are CMake's own: they get their -j from JOBS, not this make's flags and job server.
unexport MAKEFLAGS MFLAGS MAKELEVEL

.PHONY: all run test soak faults live fuzz deb install format lint clean setup bench

all: build/release/Makefile
	@cmake --build --preset release -j $(JOBS)

# Receives: from a radio when one is attached, otherwise from the bundled recording; `make run ARGS="rx -r capture.cu8"` passes anything.
run: all
	build/release/wmsdr $(ARGS)

# All tests, with warnings as errors, under the address and undefined-behaviour sanitizers.
test: build/ci/Makefile
	@scripts/setup test
	@cmake --build --preset ci -j $(JOBS)
	ctest --preset ci -j $(JOBS)

# Everything that can be measured, in some minutes; `make bench FULL=1` takes 40 and draws every curve. See bench/README.md.
bench: all
	bench/run $(if $(FULL),-f) -b build/release -o build/bench

# An hour of half-full air through each stand-in radio with a fault every minute, in simulated time: some minutes. See tests/radio/soak.sh.
SOAK_SECONDS ?= 3600
soak: build/soak/Makefile
	@scripts/setup test
	@cmake --build --preset soak -j $(JOBS)
	set -e; for kind in soapy soapy-untimed rtlsdr rtltcp; do tests/radio/soak.sh -b build/soak -s $(SOAK_SECONDS) -k $$kind; done
	tests/radio/times.sh -b build/soak

# What is said and done about each fault of a radio, and when: a table, a minute of real time.
faults: build/soak/Makefile
	@scripts/setup test
	@cmake --build --preset soak -j $(JOBS)
	tests/radio/faults.sh -b build/soak

# CPU and latency of live reception in real time, a minute; rtl_wmbus beside it when it is on PATH.
live: build/soak/Makefile
	@cmake --build --preset soak -j $(JOBS)
	bench/live.sh -b build/soak

# Fuzzes each harness for FUZZ_SECONDS with libFuzzer (clang); findings are kept as build/fuzz/crash-* and reported.
FUZZ_SECONDS ?= 600
fuzz: setup
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	build/fuzz/tests/fuzz/fuzz_seeds build/fuzz/seeds
	set -e; for kind in deframe ell afl tpl open keyfile content; do mkdir -p build/fuzz/corpus/$$kind build/fuzz/seeds/$$kind; \
	  build/fuzz/tests/fuzz/fuzz_$$kind -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$kind build/fuzz/seeds/$$kind; done

# A Debian package in build/deb; needs dpkg-dev and debhelper, and lintian to judge it.
deb: setup
	scripts/make-deb

# Installs that package on a clean Debian in a chroot, uses it and purges it; needs root and debootstrap.
test-deb: deb
	tests/package/clean_debian.sh || [ $$? -eq 77 ]

# `make install PREFIX=$HOME/.local` needs no root; DESTDIR is heeded too.
install: all
	cmake --install build/release --prefix "$(PREFIX)"

# Configured once; from then on CMake itself sees what changed.
build/%/Makefile: CMakePresets.json | setup
	cmake --preset $*
	@touch $@

setup:
	@scripts/setup

format:
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

# Needs clang-tidy and clang-format, which nothing else does: apt-get install clang-tidy clang-format
lint: build/debug/Makefile
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
	git ls-files -z 'src/*.c' | xargs -0 -n 4 -P $(JOBS) clang-tidy -p build/debug --quiet

clean:
	rm -rf build
