//! The version of the views: a hash of everything that decides what stands in them. Whole folders are hashed, so that
//! no file can be forgotten. The rules of deliberation and of projects are among them: folds keep states by the domain's own `apply_event`.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for folder in ["src", "../domain/src/deliberation", "../domain/src/projects", "../../migrations/views"] {
        println!("cargo:rerun-if-changed={folder}");
        hash.folder(Path::new(folder))?;
    }
    // `sqlx::migrate!` reads the DDL at compile time; the changed variable recompiles the crate with it.
    println!("cargo:rustc-env=GONGYI_VIEWS_SOURCES={:016x}", hash.0);
    Ok(())
}

/// FNV-1a, 64 bits: tells versions apart, protects nothing.
struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut paths = fs::read_dir(folder)?.map(|entry| entry.map(|it| it.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.extension().is_some_and(|it| it == "rs" || it == "sql") {
                self.bytes(path.to_string_lossy().as_bytes());
                self.bytes(&[0]);
                self.bytes(&fs::read(&path)?);
                self.bytes(&[0]);
            }
        }
        Ok(())
    }
}
