#!/usr/bin/env bash
# async-graphql 8.0.0-rc.5 refuses a valid query whose optional variable is left out, if a field's complexity is computed from
# the argument it stands for; 7.2.1 answers it.
#
# Guess: `query($first: Int) { list(first: $first) }` sent without variables is `list` without `first`, as the GraphQL
# specification has it (a variable that is not provided leaves a nullable argument out), whatever the server does with costs.
# What happens: with `#[graphql(complexity = "first.unwrap_or(20) as usize * child_complexity")]` version 8.0.0-rc.5 answers
# «Variable first is not defined.» before anything is executed; without the attribute it answers, and so does 7.2.1 with it.
# Who meets it: whoever limits the cost of paged lists and serves clients that leave paging variables out (Relay and Apollo do).
# Until it is mended: put null for the optional variables that were left out before the request is executed.
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
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

struct Query;

#[Object]
impl Query {
    #[graphql(complexity = "first.unwrap_or(20) as usize")]
    async fn costly(&self, first: Option<i32>) -> String {
        format!("{first:?}")
    }
    async fn plain(&self, first: Option<i32>) -> String {
        format!("{first:?}")
    }
}

fn main() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    for field in ["plain", "costly"] {
        let answer = futures_executor::block_on(schema.execute(format!("query($first: Int) {{ {field}(first: $first) }}")));
        let errors: Vec<_> = answer.errors.iter().map(|error| error.message.clone()).collect();
        println!("{field}: {} {errors:?}", answer.data);
    }
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

expect 7.2.1 'plain: {plain: "None"} []
costly: {costly: "None"} []'
expect 8.0.0-rc.5 'plain: {plain: "None"} []
costly: null ["Variable first is not defined."]'
