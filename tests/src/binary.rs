//! Where the built binary is.
//!
//! Cargo tells a package's tests only of that package's own binaries, so this one is found beside the tests:
//! `target/<profile>/gongyi`. Cargo lists the sources it was made of in `gongyi.d`; when one is newer, or the binary is
//! missing, `cargo build -p gongyi` runs first. A test never runs against yesterday's binary without anybody noticing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The binary under test, up to date.
///
/// # Panics
/// If it cannot be built.
pub fn gongyi() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| match env::var_os("GONGYI_BIN") {
        Some(path) => PathBuf::from(path),
        None => built(),
    })
}

fn built() -> PathBuf {
    // …/target/<profile>/deps/<test>
    let test = env::current_exe().expect("a test knows its own file");
    let folder = test.parent().and_then(Path::parent).expect("a test stands in target/<profile>/deps");
    let binary = folder.join("gongyi");
    if is_stale(&binary) {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "gongyi", "--profile", profile])
            .current_dir(crate::repository())
            .output()
            .expect("cargo runs");
        assert!(built.status.success(), "gongyi does not build:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    binary
}

/// Missing, or older than a source that Cargo lists beside it.
fn is_stale(binary: &Path) -> bool {
    let Ok(built) = changed(binary) else { return true };
    let Ok(listed) = fs::read_to_string(binary.with_extension("d")) else { return true };
    let sources = listed.split_once(": ").map_or("", |(_, sources)| sources).replace("\\ ", "\0");
    sources.split_whitespace().any(|source| changed(Path::new(&source.replace('\0', " "))).map_or(true, |at| at > built))
}

fn changed(file: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}
