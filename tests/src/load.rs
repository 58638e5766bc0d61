//! Clients that send requests side by side, and what the server spends on them.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use rustix::process::Pid;
use serde_json::Value;

use crate::Client;

/// The server's process, as the system sees it.
pub struct Server(Pid);

impl Server {
    /// Of this process.
    pub fn of(process: Pid) -> Self {
        Self(process)
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.as_raw_nonzero())).unwrap()
    }

    fn named(&self, file: &str, name: &str) -> u64 {
        let text = self.proc(file);
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Resident memory now and at its highest.
    pub fn memory(&self) -> String {
        let mebibytes = |name| self.named("status", name) / 1024;
        format!("{} MiB resident, {} MiB at most", mebibytes("VmRSS:"), mebibytes("VmHWM:"))
    }

    /// Bytes that it has caused to be written to disk.
    pub fn written(&self) -> u64 {
        self.named("io", "write_bytes:")
    }

    /// Seconds of processor so far; `/proc` counts in hundredths.
    fn processor(&self) -> f64 {
        let stat = self.proc("stat");
        let after_name = stat.rsplit(')').next().unwrap();
        after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
    }
}

/// So many requests by so many clients.
#[derive(Clone, Copy)]
pub struct Load {
    /// Clients at once.
    pub clients: usize,
    /// Requests of all of them together.
    pub requests: u64,
}

/// How a load went.
pub struct Went {
    load: Load,
    a_second: f64,
    millis: Vec<f64>,
    /// Milliseconds of the server's processor time a request.
    processor: f64,
}

impl Load {
    /// Sends the `n`th of `requests`, each answer checked. Every client keeps its own connection, opened before the clock
    /// runs.
    ///
    /// # Panics
    /// At an answer that does not fit.
    pub fn run(
        self,
        server: &Server,
        client: &Client,
        request: impl Fn(u64) -> (String, Value) + Sync,
        fits: impl Fn(&Value) -> bool + Sync,
    ) -> Went {
        let next = AtomicU64::new(0);
        let ready = std::sync::Barrier::new(self.clients + 1);
        let (mut millis, mut began, mut spent) = (Vec::new(), Instant::now(), 0.0);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|_| {
                    let client = client.anew();
                    let (next, ready, request, fits) = (&next, &ready, &request, &fits);
                    scope.spawn(move || {
                        client.gets("/healthz");
                        ready.wait();
                        let mut took = vec![];
                        loop {
                            let n = next.fetch_add(1, Ordering::Relaxed);
                            if n >= self.requests {
                                return took;
                            }
                            let (document, variables) = request(n);
                            let asked = Instant::now();
                            let answer = client.answer(&document, &variables);
                            took.push(asked.elapsed().as_secs_f64() * 1_000.0);
                            assert!(answer.status == 200 && fits(&answer.body), "{} {}", answer.status, answer.body);
                        }
                    })
                })
                .collect();
            ready.wait();
            (began, spent) = (Instant::now(), server.processor());
            millis = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        });
        let a_second = self.requests as f64 / began.elapsed().as_secs_f64();
        millis.sort_unstable_by(f64::total_cmp);
        Went { load: self, a_second, millis, processor: (server.processor() - spent) * 1_000.0 / self.requests as f64 }
    }
}

impl Went {
    fn at(&self, hundredths: usize) -> f64 {
        self.millis[(self.millis.len() - 1) * hundredths / 100]
    }

    /// Prints it, as a ratio to a floor if there is one.
    pub fn told(&self, what: &str, floor: Option<&Self>) {
        let ratio = floor.map_or(String::new(), |floor| format!(", {:.3} of the floor's rate", self.a_second / floor.a_second));
        println!(
            "  {:>2} clients, {:>5} requests, {what}: {:.0}/s{ratio}; p50 {:.2} ms, p99 {:.2} ms; server {:.2} ms of processor each",
            self.load.clients,
            self.load.requests,
            self.a_second,
            self.at(50),
            self.at(99),
            self.processor
        );
    }
}
