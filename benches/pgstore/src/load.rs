//! So many clients, each sending its next command when the last is answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Commands a second.
    pub rate: f64,
    /// Half of all commands took no longer, in milliseconds.
    pub p50: f64,
    /// 99 of 100 took no longer, in milliseconds.
    pub p99: f64,
    /// What this process's threads worked for one command, clients included, in microseconds.
    pub cpu_micros: f64,
}

/// The `part` of all samples that took no longer, in milliseconds.
pub fn percentile(samples: &mut [Duration], part: f64) -> f64 {
    samples.sort_unstable();
    let rank = (samples.len() as f64 * part).ceil() as usize;
    samples.get(rank.saturating_sub(1)).map_or(0.0, Duration::as_secs_f64) * 1_000.0
}

/// What all threads of this process have worked, in hundredths of a second, as `/proc/self/stat` counts; zero elsewhere.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

/// Does the commands from `first` on, `count` of them, and times every one.
pub async fn run<F: Future<Output = ()> + Send>(
    clients: usize,
    first: u64,
    count: u64,
    command: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Measured {
    let next = Arc::new(AtomicU64::new(first));
    let (begin, worked) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (next, command) = (Arc::clone(&next), command.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= first + count {
                        return took;
                    }
                    let begin = Instant::now();
                    command(nth).await;
                    took.push(begin.elapsed());
                }
            })
        })
        .collect();
    let mut samples = Vec::new();
    for task in tasks {
        samples.extend(task.await.expect("a client that does not panic"));
    }
    let rate = samples.len() as f64 / begin.elapsed().as_secs_f64();
    let cpu_micros = (cpu_time() - worked).as_secs_f64() * 1_000_000.0 / samples.len() as f64;
    Measured { rate, p50: percentile(&mut samples, 0.5), p99: percentile(&mut samples, 0.99), cpu_micros }
}
