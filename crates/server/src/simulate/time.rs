//! Simulated time: many courses of events at once, each waiting for its own next moment.
//!
//! - Time stands still while any course is doing something, and goes on to the earliest moment that any waits for: so what
//!   is recorded is in the order of the log.
//! - Nobody waits for real time.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Mutex, MutexGuard},
};

use gongyi_domain::values::Instant;
use tokio::sync::oneshot;

/// The simulated time. Cheap to clone; all clones are one time.
#[derive(Clone)]
pub struct Time(Arc<Mutex<State>>);

struct State {
    now: Instant,
    /// Courses that are doing something.
    busy: usize,
    /// By moment, then by who came first.
    waiting: BinaryHeap<Reverse<(Instant, u64)>>,
    wakers: Vec<(u64, oneshot::Sender<()>)>,
    next: u64,
}

impl State {
    /// Goes on to the next moment, if nobody is busy.
    fn go_on(&mut self) {
        if self.busy > 0 {
            return;
        }
        let Some(Reverse((at, _))) = self.waiting.peek() else { return };
        let at = *at;
        self.now = at;
        while let Some(Reverse((moment, who))) = self.waiting.peek().copied()
            && moment == at
        {
            self.waiting.pop();
            if let Some(place) = self.wakers.iter().position(|(it, _)| *it == who) {
                self.busy += 1;
                let _ = self.wakers.swap_remove(place).1.send(());
            }
        }
    }
}

/// A course of events; while it is alive and not waiting, time stands still.
pub struct Course(Time);

impl Time {
    /// Begins at a moment.
    pub fn beginning(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(State { now, busy: 0, waiting: BinaryHeap::new(), wakers: vec![], next: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.state().now
    }

    /// Begins a course of events. Begin all before any of them waits.
    pub fn course(&self) -> Course {
        self.state().busy += 1;
        Course(self.clone())
    }
}

impl Course {
    /// Waits for a moment; at once if it has passed.
    pub async fn until(&self, at: Instant) {
        let woken = {
            let mut state = self.0.state();
            if at <= state.now {
                return;
            }
            let who = state.next;
            state.next += 1;
            let (waker, woken) = oneshot::channel();
            state.wakers.push((who, waker));
            state.waiting.push(Reverse((at, who)));
            state.busy -= 1;
            state.go_on();
            woken
        };
        // Its sender is dropped only with the time itself.
        let _ = woken.await;
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.0.now()
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy -= 1;
        state.go_on();
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[tokio::test]
    async fn courses_meet_in_the_order_of_their_moments() {
        let start = DateTime::UNIX_EPOCH;
        let time = Time::beginning(start);
        let seen = Arc::new(Mutex::new(vec![]));
        let course = |name: &'static str, hours: Vec<i64>| {
            let (course, seen) = (time.course(), seen.clone());
            tokio::spawn(async move {
                for hour in hours {
                    course.until(start + TimeDelta::hours(hour)).await;
                    tokio::task::yield_now().await;
                    seen.lock().unwrap().push((name, hour, course.now()));
                }
            })
        };
        let all = [course("a", vec![1, 5, 6]), course("b", vec![2, 5]), course("c", vec![3])];
        for it in all {
            it.await.unwrap();
        }
        let seen = seen.lock().unwrap().clone();
        let hours: Vec<i64> = seen.iter().map(|it| it.1).collect();
        assert_eq!(hours, [1, 2, 3, 5, 5, 6]);
        assert!(seen.iter().all(|(_, hour, at)| *at == start + TimeDelta::hours(*hour)), "{seen:?}");
    }
}
