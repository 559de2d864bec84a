# Everseal. Two commands matter: `make run` and `make test`. The rest is for those who work on it.
#
#   make run     install what is missing, build, start everything under $(VAR), show one hostname live
#   make test    all tests: both compilers, sanitizers, fuzz targets, end to end   (< 12 minutes)
#   make quick   the inner loop: build, unit tests, a few end-to-end tests          (< 60 seconds)
#   make build | install | bench | fuzz | check | format | clean
#
# Variables: VAR=var (data folder), PORT_HTTP=8080, PORT_HTTPS=8443, PORT_API=2780,
# PORT_ORIGIN=9000 and WORKERS=2 let several copies of `make run` live side by side;
# BUILD=build, PREFIX=/usr/local and DESTDIR= are the usual ones.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
VAR ?= var
PORT_HTTP ?= 8080
PORT_HTTPS ?= 8443
PORT_API ?= 2780
PORT_ORIGIN ?= 9000
WORKERS ?= 2
SECONDS_EACH ?= 10
BENCH_ARGS ?=
export BUILD VAR PORT_HTTP PORT_HTTPS PORT_API PORT_ORIGIN WORKERS SECONDS_EACH

.PHONY: help run build install test quick bench fuzz check format clean

help:
	@sed -n 's/^#   //p; /^# Variables/,/^$$/{s/^# //p}' Makefile

run:
	@exec tools/run

build:
	@tools/deps build
	@tools/build "$(BUILD)"

install: build
	@meson configure "$(BUILD)" --prefix "$(PREFIX)"
	@DESTDIR="$(if $(DESTDIR),$(abspath $(DESTDIR)))" meson install -C "$(BUILD)"

test:
	@tools/deps build test
	@exec tools/test all

quick:
	@tools/deps build test
	@exec tools/test quick

bench:
	@tools/deps build bench
	@tools/build "$(BUILD)-release" --buildtype=release
	@exec bench/run --build "$(BUILD)-release" $(BENCH_ARGS)

fuzz:
	@tools/deps build test
	@exec tools/test fuzz

check:
	@exec tools/check

format:
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

clean:
	@rm -rf build build-*/ && echo "build folders removed; data under var/ is kept"
