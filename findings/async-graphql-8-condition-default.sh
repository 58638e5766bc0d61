#!/usr/bin/env bash
# async-graphql 8.0.0-rc.5 and 7.2.1 take a variable that is left out for false in `@skip` and `@include`, whatever its default is.
#
# Guess: `query($brief: Boolean = true) { name note @skip(if: $brief) }` sent without variables leaves `note` out: a variable that
# is not provided has its default value (GraphQL, October 2021, 6.1.2). As the argument of a field it has.
# What happens: the condition is false. `note` is answered, and `@include(if: $full)` with a default of true leaves its field out.
# Who meets it: clients whose documents give such variables a default, as generated ones do, and do not send it.
# Until it is mended: put the defaults among the variables before the request is executed.
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
    async fn name(&self, brief: bool) -> bool {
        brief
    }
    async fn note(&self) -> i32 {
        1
    }
}

fn main() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    for condition in ["skip", "include"] {
        let document = format!("query($brief: Boolean! = true) {{ name(brief: $brief) note @{condition}(if: $brief) }}");
        let answer = futures_executor::block_on(schema.execute(document));
        println!("{condition}: {} {} errors", answer.data, answer.errors.len());
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

for version in 7.2.1 8.0.0-rc.5; do
    expect "$version" 'skip: {name: true, note: 1} 0 errors
include: {name: true} 0 errors'
done
