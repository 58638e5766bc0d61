//! A running server of a test's own.

use std::{
    io::{BufRead, BufReader, Read},
    process::Child,
    sync::{
        Arc, Mutex,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Client, Ran, TestFolder, awaited, command};

/// Guards against a server that never answers or never stops.
const SERVER_HANGS_AFTER_SECONDS: u64 = 60;
/// The same for a demo, which lives a year first.
const DEMO_HANGS_AFTER_SECONDS: u64 = 900;

/// A running `gongyi serve`, killed when this value goes.
#[derive(Debug)]
pub struct TestServer {
    child: Option<Child>,
    address: String,
    outputs: [Output; 2],
}

/// What a server has printed so far.
#[derive(Debug)]
struct Output {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn of(pipe: impl Read + Send + 'static, first_line: Option<Sender<String>>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = text.clone();
        let reader = thread::spawn(move || {
            let mut told = first_line;
            let mut lines = BufReader::new(pipe);
            let mut line = vec![];
            while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let printed = String::from_utf8_lossy(&line).into_owned();
                if let Some(waiting) = told.take_if(|_| printed.contains("http://")) {
                    let _ = waiting.send(printed.clone());
                }
                kept.lock().unwrap().push_str(&printed);
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}

impl TestServer {
    /// Serves a folder on a free port, and returns once the address answers.
    pub fn serves(folder: &TestFolder) -> Self {
        Self::serves_with(folder, &[])
    }

    /// Serves a folder with more arguments.
    ///
    /// # Panics
    /// If the server does not start.
    pub fn serves_with(folder: &TestFolder, more: &[&str]) -> Self {
        Self::starts("serve", folder, more, SERVER_HANGS_AFTER_SECONDS)
    }

    /// Runs the demo in a folder.
    pub fn demo(folder: &TestFolder) -> Self {
        Self::starts("demo", folder, &[], DEMO_HANGS_AFTER_SECONDS)
    }

    fn starts(how: &str, folder: &TestFolder, more: &[&str], hangs_after_seconds: u64) -> Self {
        let mut command = command::gongyi();
        let log: &[&str] = if more.contains(&"--log") { &[] } else { &["--log", "info"] };
        command.args([how, "--listen", "127.0.0.1:0"]).args(log).args(more).arg("--data").arg(folder.data());
        let mut child = command.spawn().expect("gongyi starts");
        let (told, waiting) = mpsc::channel();
        let stdout = Output::of(child.stdout.take().expect("a pipe"), Some(told));
        let stderr = Output::of(child.stderr.take().expect("a pipe"), None);
        let mut server = Self { child: Some(child), address: String::new(), outputs: [stdout, stderr] };
        let Ok(welcome) = waiting.recv_timeout(Duration::from_secs(hangs_after_seconds)) else {
            let ended = server.kill_now();
            panic!("the server did not start: {ended:?}");
        };
        let address = welcome.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        server.address = address.expect("the welcome names the address").trim().to_owned();
        server
    }

    /// Serves a folder, for a benchmark: prints after what time it was ready.
    pub fn is_ready(folder: &TestFolder) -> Self {
        let began = Instant::now();
        let server = Self::serves(folder);
        awaited("readiness", || (server.stranger().gets("/readyz").0 == 200).then_some(()));
        println!("serve: ready after {:.2} s", began.elapsed().as_secs_f64());
        server
    }

    /// The base of its URLs.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that has not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base())
    }

    /// A client with a token.
    pub fn bearer(&self, token: &str) -> Client {
        self.stranger().with_token(token)
    }

    /// The built-in operator, by a token from the command line beside this server.
    pub fn operator(&self, folder: &TestFolder) -> Client {
        self.acting_as(folder, &["operator"])
    }

    /// The built-in operator acting with a role, and perhaps `--area CODE` or `--organisation UUID`.
    pub fn acting_as(&self, folder: &TestFolder, role: &[&str]) -> Client {
        let token = folder.runs([&["token", "--role"], role].concat()).succeeded().stdout;
        self.bearer(token.trim())
    }

    /// What it has printed so far, to standard output and to standard error.
    pub fn printed(&self) -> String {
        self.outputs.iter().map(Output::so_far).collect()
    }

    /// The process.
    ///
    /// # Panics
    /// If it has ended.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("a running server"))
    }

    /// Kills it at once, while others still talk to it.
    ///
    /// # Panics
    /// If it has ended already.
    pub fn dies(&self) {
        kill_process(self.pid(), Signal::KILL).expect("a running server");
    }

    /// Kills it at once, as a power cut would, and answers what it had printed.
    pub fn is_killed(mut self) -> Ran {
        self.kill_now()
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// If it does not stop.
    pub fn stops(mut self) -> Ran {
        kill_process(self.pid(), Signal::TERM).expect("a running server");
        let child = self.child.take().expect("a running server");
        let code = command::ended(child, Duration::from_secs(SERVER_HANGS_AFTER_SECONDS));
        let code = code.unwrap_or_else(|| panic!("the server does not stop: {:?}", self.printed()));
        self.outputs_of(code)
    }

    fn kill_now(&mut self) -> Ran {
        let code = self.child.take().and_then(|mut child| {
            let _ = child.kill();
            child.wait().ok().and_then(|status| status.code())
        });
        self.outputs_of(code)
    }

    fn outputs_of(&mut self, code: Option<i32>) -> Ran {
        let [stdout, stderr] = &mut self.outputs;
        Ran { code, stdout: stdout.all(), stderr: stderr.all() }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if self.child.is_some() {
            let ended = self.kill_now();
            if thread::panicking() {
                eprintln!("the server had printed: {}\n{}", ended.stdout, ended.stderr);
            }
        }
    }
}
