# make demo   build, fill an invented district, serve it on 127.0.0.1:8080 (GONGYI_LISTEN changes the address)
# make build  make everything that ships: target/release/gongyi
# make test   install what is missing, then everything that CI runs
# make soak   walks deeper into the schema as every role and kills more often what must survive it, for which `make test` has no time
# make lint   formatting, clippy, licences, bans and advisories, generated files
# make bench  the benchmarks, each beside a floor measured in the same run
# make generate  rewrite what is generated and committed

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo test soak lint deny bench generate tools

DEMO_DATA ?= demo-data
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)
# In a folder of its version: it takes the place of nobody's own, and is built once a machine.
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY_ROOT := $(or $(CARGO_HOME),$(HOME)/.cargo)/tools/cargo-deny-$(CARGO_DENY_VERSION)
CARGO_DENY := $(CARGO_DENY_ROOT)/bin/cargo-deny

help:
	@sed -n 's/^# make /make /p' Makefile

# A C compiler is all that Rust's own tools do not bring; Node and curl run the clients in the tests, Python fetches real elections and
# counts them a second time.
tools:
	@missing=""; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	if [ "$(TOOLS)" = test ]; then command -v node >/dev/null || missing="$$missing nodejs"; command -v npm >/dev/null || missing="$$missing npm"; command -v curl >/dev/null || missing="$$missing curl"; fi; \
	if [ -n "$(TOOLS)" ]; then python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3 python3-venv"; fi; \
	if [ -n "$$missing" ]; then apt-get update -qq && apt-get install -y -qq $$missing; fi; \
	command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup, then try again" >&2; exit 69; }
	@if [ -n "$(TOOLS)" ]; then tests/real/fetch.sh; fi

build: tools
	cargo build --release --locked --package gongyi

demo: build
	target/release/gongyi demo --data $(DEMO_DATA)

test:
	@$(MAKE) --no-print-directory tools TOOLS=test
	@$(MAKE) --no-print-directory lint
	cargo build --locked --package gongyi
ifdef NEXTEST
	cargo nextest run --locked --workspace --no-fail-fast
	cargo test --locked --workspace --doc
else
	cargo test --locked --workspace --no-fail-fast
endif

soak: tools
	GONGYI_SOAK=1 cargo test --locked --package gongyi-api --test api -- --include-ignored sight:: stolen_desk::
	cargo build --locked --package gongyi
	cargo test --locked --package gongyi-tests --test backups --test keys --test killed_imports --test redaction -- --ignored

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory deny
	@$(MAKE) --no-print-directory generate
	@test -z "$$(git status --porcelain -- schema)" || { echo "lint: generated files differ from the committed ones; commit them" >&2; exit 1; }

$(CARGO_DENY):
	cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --root $(CARGO_DENY_ROOT)

# Advisories are news: without the database nobody knows them, and an older copy knows the older ones.
deny: $(CARGO_DENY)
	$(CARGO_DENY) --locked check licenses bans sources
	@if $(CARGO_DENY) --locked fetch db >/dev/null 2>&1; then $(CARGO_DENY) --locked check advisories; \
	elif $(CARGO_DENY) --frozen check advisories; then \
		echo "lint: THE ADVISORY DATABASE CANNOT BE REACHED: advisories were checked against an older copy of it, not against today's" >&2; \
	elif ls $(or $(CARGO_HOME),$(HOME)/.cargo)/advisory-dbs/advisory-db-*/.git >/dev/null 2>&1; then exit 1; \
	else echo "lint: THE ADVISORY DATABASE CANNOT BE REACHED, and there is no copy: ADVISORIES ARE NOT CHECKED" >&2; fi

# The peer has a workspace and a lock file of its own: its sqlx 0.8 would pull the bundled SQLite down.
PGSTORE := target/pgstore/release/gongyi-pgstore-bench

bench:
	@$(MAKE) --no-print-directory tools TOOLS=bench
	@pg="$$(pg_config --bindir 2>/dev/null || true)"; \
	test -n "$$pg" && test -x "$$pg/initdb" || { echo "bench: PostgreSQL is missing: apt-get install postgresql postgresql-common libpq-dev libssl-dev pkg-config" >&2; exit 69; }
	cargo build --release --locked --manifest-path benches/pgstore/Cargo.toml --target-dir target/pgstore
	cargo bench --locked --package gongyi-eventlog
	PGSTORE_BENCH="$(CURDIR)/$(PGSTORE)" cargo bench --locked --package gongyi-app --bench commands
	cargo bench --locked --package gongyi-app --bench poll
	cargo bench --locked --package gongyi-app --bench real_ballots
	cargo bench --locked --package gongyi-projections
	cargo bench --locked --package gongyi-tests

generate:
	cargo run --quiet --locked --package gongyi -- generate
