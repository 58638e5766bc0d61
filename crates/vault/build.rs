//! Rebuilds the crate when a migration is added: the macro that embeds them only watches those it has seen.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/vault-sqlite");
    println!("cargo::rerun-if-changed=../../migrations/ballots-sqlite");
}
