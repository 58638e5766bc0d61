//! A data folder of a test's own.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Ran, command, shared_data};

/// A fresh data folder, gone with this value. What a test writes beside it, input files and copies, goes too.
#[derive(Debug)]
pub struct TestFolder {
    root: TempDir,
}

impl Default for TestFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl TestFolder {
    /// A fresh, empty folder.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("data")).unwrap();
        Self { root }
    }

    /// A fresh folder that knows the district's areas and its 33 teams.
    pub fn with_teams() -> Self {
        let folder = Self::new();
        folder.imports("areas", &shared_data("areas-440402.csv"));
        folder.imports("organisations", &shared_data("import/organisations.csv"));
        folder
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A path beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file beside the data folder.
    pub fn writes(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.beside(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Runs `gongyi ARGS --data <this folder>`.
    pub fn runs<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let mut command = command::gongyi();
        command.args(args).arg("--data").arg(self.data());
        command::ran(command)
    }

    /// The same with variables in its environment.
    pub fn runs_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = command::gongyi();
        command.envs(variables.iter().copied()).args(args).arg("--data").arg(self.data());
        command::ran(command)
    }

    /// Starts `gongyi ARGS --data <this folder>` and kills it (SIGKILL) as soon as `now` holds; whether it was still running.
    pub fn kills<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, mut now: impl FnMut() -> bool) -> bool {
        let mut command = command::gongyi();
        command.args(args).arg("--data").arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while !now() && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let was_running = child.try_wait().unwrap().is_none();
        let _ = child.kill();
        child.wait().unwrap();
        was_running
    }

    /// Imports a file, of which something must go in unless all of it is rejected, and answers the report.
    pub fn imports(&self, content: &str, file: &Path) -> Value {
        self.imports_with(content, file, &[])
    }

    /// Imports a file with more arguments.
    pub fn imports_with(&self, content: &str, file: &Path, more: &[&str]) -> Value {
        let mut args: Vec<&OsStr> = vec!["import".as_ref(), content.as_ref(), file.as_ref(), "--json".as_ref()];
        args.extend(more.iter().map(OsStr::new));
        let ran = self.runs(args);
        let report = ran.json();
        let is_in = report["accepted"].as_u64().unwrap_or_default() + report["unchanged"].as_u64().unwrap_or_default() > 0;
        let is_rejected = report["rejected"].as_array().is_some_and(|rows| !rows.is_empty());
        ran.exited(if is_rejected && !is_in { 65 } else { 0 });
        report
    }

    /// What `gongyi verify` finds; the log must be sound.
    pub fn verified(&self) -> Value {
        let found = self.runs(["verify", "--json"]).succeeded().json();
        assert_eq!(found["sound"], true, "{found}");
        found
    }

    /// The log's head, as a token of position and chain: equal heads are equal logs.
    pub fn head(&self) -> String {
        self.verified()["head"].as_str().expect("a head is a token").to_owned()
    }

    /// The figures of service in an area.
    pub fn figures(&self, area: &str) -> Value {
        self.runs(["export", "participation", "--area", area, "--json"]).succeeded().json()
    }

    /// All events, as exported.
    pub fn events(&self) -> Vec<Value> {
        let exported = self.runs(["export", "events"]).succeeded();
        exported.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// Every file of the data folder, with its content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = vec![];
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                // A running server may remove a file between the listing and the reading.
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(content) = fs::read(&path) {
                    files.push((path, content));
                }
            }
        }
        files.sort();
        files
    }
}
