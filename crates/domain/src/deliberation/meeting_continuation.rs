//! The sittings of a meeting: the first as it was convened, and the continuations of one that was adjourned.
//!
//! - Adjourned until a moment within the sitting that was announced, it pauses. Adjourned until a later one, it has a
//!   continuation: at the same place, and as long as the sitting before it was to be.
//! - The continuation's notice can be amended until the meeting is resumed, and given where no time was known before.
//! - A continuation that was resumed at another time than was announced stands where it was held.
//! - One that is announced still when the meeting is closed is called off.
//! - Neither charter nor statute asks for days of notice here: no meeting is convened, one goes on.

use serde::{Deserialize, Serialize};

use super::meeting::{Meeting, Notice};
use crate::values::Instant;

/// How far a continuation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContinuationPhase {
    /// To come.
    Announced,
    /// The meeting was resumed for it.
    Held,
    /// The meeting was closed before.
    CalledOff,
}

/// A sitting after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// When and where.
    pub notice: Notice,
    /// How far it has come.
    pub phase: ContinuationPhase,
}

impl Meeting {
    /// Every sitting with its notice and whether it was called off, in order. A meeting that was cancelled keeps its first.
    pub fn sittings(&self) -> impl Iterator<Item = (&Notice, bool)> {
        let continued = self.continuations.iter().map(|it| (&it.notice, it.phase == ContinuationPhase::CalledOff));
        self.notice.iter().map(|notice| (notice, false)).chain(continued)
    }

    /// The notice of the sitting that goes on or comes next; else of the last one.
    pub fn announced(&self) -> Option<&Notice> {
        self.continuations.last().map(|it| &it.notice).or(self.notice.as_ref())
    }

    /// A sitting that begins at `starts`, at the place of the one before and as long as that was to be.
    fn continued_at(&self, starts: Instant) -> Option<Notice> {
        let before = self.announced()?;
        let ends = starts.checked_add_signed(before.ends - before.starts).unwrap_or(starts);
        Some(Notice { starts, ends, ..before.clone() })
    }

    fn awaited(&mut self) -> Option<&mut Continuation> {
        self.continuations.last_mut().filter(|it| it.phase == ContinuationPhase::Announced)
    }

    pub(super) fn continues(&mut self, until: Option<Instant>) {
        let Some(until) = until.filter(|until| self.announced().is_some_and(|it| it.ends <= *until)) else { return };
        self.set_continuation(until, ContinuationPhase::Announced);
    }

    pub(super) fn announced_anew(&mut self, notice: Notice) {
        match self.awaited() {
            Some(awaited) => awaited.notice = notice,
            None => self.continuations.push(Continuation { notice, phase: ContinuationPhase::Announced }),
        }
    }

    pub(super) fn resumed(&mut self, at: Instant) {
        let over = self.announced().is_some_and(|it| it.ends <= at);
        match self.awaited() {
            Some(awaited) if (awaited.notice.starts..awaited.notice.ends).contains(&at) => awaited.phase = ContinuationPhase::Held,
            Some(_) => self.set_continuation(at, ContinuationPhase::Held),
            None if over => self.set_continuation(at, ContinuationPhase::Held),
            None => {}
        }
    }

    pub(super) fn called_off(&mut self) {
        if let Some(awaited) = self.awaited() {
            awaited.phase = ContinuationPhase::CalledOff;
        }
    }

    /// The continuation that is awaited, or one more, begins at `starts`.
    fn set_continuation(&mut self, starts: Instant, phase: ContinuationPhase) {
        let Some(notice) = self.continued_at(starts) else { return };
        match self.awaited() {
            Some(awaited) => *awaited = Continuation { notice, phase },
            None => self.continuations.push(Continuation { notice, phase }),
        }
    }
}
