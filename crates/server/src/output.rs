//! Standard output, which may be a pipe that nobody reads any more: `gongyi export events | head` is no failure.

use std::io::{self, Write};

/// Whoever read our output has gone.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub struct NobodyReads;

/// Prints a text as it is.
///
/// # Errors
/// [`NobodyReads`], which ends the program as done; other failures of writing.
pub fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints a file as it is.
///
/// # Errors
/// As [`print`].
pub fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    told(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints a line.
///
/// # Errors
/// As [`print`].
pub fn print_line(text: &str) -> anyhow::Result<()> {
    print(&format!("{text}\n"))
}

/// Tells a broken pipe from other failures of writing.
///
/// # Errors
/// As [`print`].
pub fn told(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        other => Ok(other?),
    }
}
