//! Named steps at which tests stop this process to kill it. Without the feature `stops` they are nothing.

/// Stops here for ever, and says so, if the environment asks for it: `GONGYI_STOP_AT=kept written#3` is the third time.
#[cfg(feature = "stops")]
pub fn stop_at(step: &str) {
    use std::{
        io::Write,
        sync::{
            OnceLock,
            atomic::{AtomicU32, Ordering},
        },
    };
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let wanted = WANTED.get_or_init(|| {
        let asked = std::env::var("GONGYI_STOP_AT").ok()?;
        let (step, times) = asked.split_once('#').unwrap_or((&asked, "1"));
        Some((step.to_owned(), times.parse().ok()?))
    });
    let Some((_, times)) = wanted.as_ref().filter(|(it, _)| it == step) else { return };
    if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *times {
        let mut out = std::io::stdout().lock();
        // Whoever waits for this line is about to kill us; if nobody does, there is nobody to tell.
        let _ = writeln!(out, "stopped at {step}").and_then(|()| out.flush());
        drop(out);
        loop {
            std::thread::park();
        }
    }
}

/// Nothing.
#[cfg(not(feature = "stops"))]
pub fn stop_at(_: &str) {}
