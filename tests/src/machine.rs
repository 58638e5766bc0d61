//! The machine that a benchmark ran on, and what a data folder takes of it.

use std::{fs, io::Write, path::Path, time::Instant};

use rustix::process::Pid;

use crate::TestFolder;

/// Appends timed.
const APPENDS: usize = 500;

fn mebibytes(path: &Path) -> f64 {
    let of = |suffix: &str| fs::metadata(format!("{}{suffix}", path.display())).map_or(0, |it| it.len());
    (of("") + of("-wal")) as f64 / (1 << 20) as f64
}

/// Median and 99th percentile of a 4 KiB append with its `fdatasync`, in milliseconds.
fn fsync_millis(file: &Path) -> (f64, f64) {
    let mut file = fs::File::create(file).unwrap();
    let mut took: Vec<f64> = (0..APPENDS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    took.sort_unstable_by(f64::total_cmp);
    (took[APPENDS / 2], took[APPENDS * 99 / 100])
}

/// Prints the machine, its load and the time of an fsync where the folder lies.
pub fn told(folder: &TestFolder) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let of = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let (processor, memory) = (of(&read("/proc/cpuinfo"), "model name"), of(&read("/proc/meminfo"), "MemTotal"));
    let (half, most) = fsync_millis(&folder.beside("fsync"));
    println!("machine: {cores} cores, {processor}, memory {memory}, load {}", read("/proc/loadavg").trim());
    println!("4 KiB append + fdatasync: {half:.2} ms median, {most:.2} ms p99");
}

/// Prints the sizes of a folder's files.
pub fn sizes(folder: &TestFolder) {
    let data = folder.data();
    let files = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    let is_views = |path: &Path| path.extension().is_some_and(|it| it == "db") && path.to_string_lossy().contains("views-");
    let views: f64 = files.filter(|path| is_views(path)).map(|path| mebibytes(&path)).sum();
    let (log, vault) = (mebibytes(&data.join("log.db")), mebibytes(&data.join("vault.db")));
    println!("sizes with WAL: log {log:.0} MiB, views {views:.0} MiB, vault {vault:.0} MiB");
}

/// Resident memory of a process now and at its highest, in MiB.
pub fn memory(process: Pid) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}
