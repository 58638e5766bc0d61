//! What the tests of the whole product share: a fresh data folder each, the built binary, a server of one's own, a
//! client, and the words of the product.
//!
//! - Tests go through the public doors only: the command line, HTTP and the files of the data folder.
//! - Each test has its own folder and its own port, so all run side by side.
//! - Nothing sleeps where it can wait for a condition; every wait has a guard against hanging, and no test asserts how
//!   long something took.
//!
//! The binary is `target/<profile>/gongyi`, built when it is missing or older than a source it was made of; see
//! [`binary`]. `GONGYI_BIN` names another one to test.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

pub mod binary;
mod client;
pub mod command;
pub mod district;
mod folder;
pub mod load;
pub mod machine;
pub mod people;
mod server;
pub mod sheets;

pub use client::{Answer, Client, awaited, document};
pub use command::{Ran, runs};
pub use district::District;
pub use folder::TestFolder;
pub use server::TestServer;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository")
}

/// Every Rust file under a folder of the repository.
///
/// # Panics
/// If there is none: a test of the sources must read some.
pub fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut files, mut folders) = (vec![], vec![repository().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != "node_modules" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "no file in {folder}");
    files
}

/// A file of the real inputs that stand beside the repository.
///
/// # Panics
/// If it is missing: a test without its input must not pass.
pub fn shared_data(name: &str) -> PathBuf {
    let path = repository().join("../shared/data").join(name);
    assert!(path.is_file(), "the real input {} is missing; it stands beside the repository, in shared/data", path.display());
    path
}
