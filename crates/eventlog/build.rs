//! `sqlx::migrate!` reads the DDL at compile time, so a changed migration must recompile this crate.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/log-sqlite");
}
