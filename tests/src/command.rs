//! Running the binary once, to its end.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::binary;

/// Guards against a command that never ends; far above what any of them needs.
const COMMAND_HANGS_AFTER_SECONDS: u64 = 3_600;

/// A command that ended.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// It must have ended with exit code 0.
    ///
    /// # Panics
    /// If not.
    pub fn succeeded(self) -> Self {
        self.exited(0)
    }

    /// It must have ended with this exit code, and without a panic.
    ///
    /// # Panics
    /// If not.
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.without_panic()
    }

    /// Nothing in it may look like a panic.
    ///
    /// # Panics
    /// If something does.
    pub fn without_panic(self) -> Self {
        for text in [&self.stdout, &self.stderr] {
            assert!(!text.contains("panicked at") && !text.contains("RUST_BACKTRACE"), "it panicked: {text}");
        }
        self
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// If it is not one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.stdout))
    }
}

/// The binary, untouched by the settings of whoever runs the tests.
pub(crate) fn gongyi() -> Command {
    let mut command = Command::new(binary::gongyi());
    for variable in
        ["GONGYI_DATA", "GONGYI_KEK", "GONGYI_NEW_KEK", "GONGYI_LISTEN", "GONGYI_LOG", "GONGYI_TIME_ZONE", "GONGYI_BEHIND_PROXY"]
    {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `gongyi ARGS`, which name the data folder themselves if they need one.
pub fn runs(args: &[&str]) -> Ran {
    let mut command = gongyi();
    command.args(args);
    ran(command)
}

/// Runs a command to its end.
pub(crate) fn ran(mut command: Command) -> Ran {
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let stdout = reading(child.stdout.take());
    let stderr = reading(child.stderr.take());
    let code = ended(child, Duration::from_secs(COMMAND_HANGS_AFTER_SECONDS)).unwrap_or_else(|| panic!("{command:?} hangs"));
    Ran { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// The exit code of a process that ends in time; one that does not is killed.
pub(crate) fn ended(child: Child, within: Duration) -> Option<Option<i32>> {
    let pid = rustix::process::Pid::from_child(&child);
    let (told, waiting) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let mut child = child;
        let _ = told.send(child.wait().unwrap().code());
    });
    let ended = waiting.recv_timeout(within).ok();
    if ended.is_none() {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    waiter.join().unwrap();
    ended
}

fn reading(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = vec![];
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut text).unwrap();
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}
