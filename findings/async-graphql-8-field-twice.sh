#!/usr/bin/env bash
# async-graphql 8.0.0-rc.5 and 7.2.1 execute a field as often as its response name stands in the document: a mutation that a
# client library has spread over two fragments is done twice.
#
# Guess: fields of one response name in one selection are one field, with their selections merged (GraphQL, October 2021, 6.3.2
# CollectFields): `mutation { add { total } ...F } fragment F on Mutation { add { done } }` adds once. graphql-js does so.
# What happens: `add` is executed twice, and the two answers are put together into one, so that nobody sees it.
# Who meets it: whoever serves mutations to Relay or Apollo, which compose documents of fragments.
# Until it is mended: merge the document before it is executed (`Request::set_parsed_query`).
# Known in part: https://github.com/async-graphql/async-graphql/issues/1840
#
# Seen with async-graphql 8.0.0-rc.5 and 7.2.1, rustc 1.95.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

run() { # VERSION -> what the program prints
    mkdir -p "$folder/$1/src"
    cat > "$folder/$1/Cargo.toml" <<TOML
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
async-graphql = { version = "=$1", default-features = false }
futures-executor = "0.3"
TOML
    cat > "$folder/$1/src/main.rs" <<'RUST'
use std::sync::atomic::{AtomicI32, Ordering};

use async_graphql::{EmptySubscription, Object, Schema, SimpleObject};

static TOTAL: AtomicI32 = AtomicI32::new(0);

struct Query;

#[Object]
impl Query {
    async fn total(&self) -> i32 {
        TOTAL.load(Ordering::SeqCst)
    }
}

struct Mutation;

#[derive(SimpleObject)]
struct Added {
    total: i32,
    done: bool,
}

#[Object]
impl Mutation {
    async fn add(&self, much: i32) -> Added {
        Added { total: TOTAL.fetch_add(much, Ordering::SeqCst) + much, done: true }
    }
}

fn main() {
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let document = "mutation { add(much: 1) { total } ...F } fragment F on Mutation { add(much: 1) { done } }";
    let answer = futures_executor::block_on(schema.execute(document));
    println!("{} {} errors, total {}", answer.data, answer.errors.len(), TOTAL.load(Ordering::SeqCst));
}
RUST
    CARGO_TARGET_DIR="$folder/target" cargo run --quiet --manifest-path "$folder/$1/Cargo.toml"
}

expect() { # VERSION EXPECTED
    local seen
    seen="$(run "$1")"
    printf 'async-graphql %s\n%s\n' "$1" "$seen"
    [ "$seen" = "$2" ] || { printf 'expected:\n%s\n' "$2" >&2; exit 1; }
}

for version in 7.2.1 8.0.0-rc.5; do
    expect "$version" '{add: {total: 1, done: true}} 0 errors, total 2'
done
