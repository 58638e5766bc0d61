#!/usr/bin/env bash
# Cargo ships a binary with its symbols although the profile says `strip = "symbols"`, if the profile says anything else of
# the binary's own package.
#
# Guess: `[profile.release.package.hello]` overrides what it names (`opt-level = 1`) and leaves the rest of
# `[profile.release]` as it is; the binary is stripped of its symbols.
# What happens: rustc is called with `-C strip=debuginfo`, the value cargo takes where nobody said any; the symbol table stays
# in the file, without a warning. Said again in the override, it holds. `lto` of the same profile does hold.
# Who meets it: whoever compiles the crate of a large binary with less optimisation to spare time, and ships it.
#
# Seen with cargo 1.95.0.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
echo 'fn main() { println!("hello"); }' > "$folder/src/main.rs"

flags() { # WHAT THE OVERRIDE SAYS -> how the binary is stripped
    cat > "$folder/Cargo.toml" <<TOML
[package]
name = "hello"
version = "0.0.0"
edition = "2024"
[profile.release]
lto = "off"
strip = "symbols"
$1
TOML
    touch "$folder/src/main.rs"
    (cd "$folder" && cargo build --release --verbose --offline 2>&1) | grep -oE '(strip|lto)=[a-z]+' | sort -u | tr '\n' ' '
}

override=$'[profile.release.package.hello]\nopt-level = 1'
plain="$(flags '')"
overridden="$(flags "$override")"
repeated="$(flags "$override"$'\nstrip = "symbols"')"
printf 'without an override: %s\nwith one: %s\nwith one that says it again: %s\n' "$plain" "$overridden" "$repeated"
[ "$plain" = "lto=off strip=symbols " ]
[ "$overridden" = "lto=off strip=debuginfo " ]
[ "$repeated" = "lto=off strip=symbols " ]
