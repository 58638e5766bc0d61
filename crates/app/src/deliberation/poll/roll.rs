//! Who is on the roll of a poll that is being prepared.
//!
//! - Whoever votes is registered and lives where the poll is held, or is named as an exception with its reason. In a council's
//!   own poll those vote who sit in it, wherever they live.

use gongyi_domain::{
    access::authority::Act,
    deliberation::{
        poll::{ENTER_ON_ROLL, PollRefusal, STRIKE_FROM_ROLL},
        poll_terms::{Matter, PollTerms, Secrecy},
        roll::{Outside, ROLL_COMMAND_MAX_ENTRIES, Roll, RollCommand, RollRefusal},
        roll_entry::{RollEntry, RollEntryCommand, RollLine},
    },
    values::{PollId, RollEntryId},
};
use gongyi_eventlog::StreamId;
use serde::Serialize;

use super::kept_poll;
use crate::{
    Command,
    deliberation::residents::homes,
    rejection::{Rejection, refused},
    work::Work,
};

/// Enter holders on a poll's roll.
#[derive(Debug, Serialize)]
pub struct EnterOnRoll {
    /// The poll.
    pub poll: PollId,
    /// At most [`gongyi_domain::deliberation::roll::ROLL_COMMAND_MAX_ENTRIES`].
    pub lines: Vec<RollLine>,
    /// Why those of them are on the roll who live elsewhere; public.
    pub exception: Option<String>,
    /// The register by which one person casts for several households or properties, or from which weights are.
    pub register: Option<String>,
}

impl EnterOnRoll {
    /// The lines whose voters live elsewhere.
    async fn outside(&self, work: &Work<'_>, terms: &PollTerms) -> Result<Option<Outside>, Rejection> {
        let voters: Vec<_> = self.lines.iter().map(|line| line.voter).collect();
        let mut entries = vec![];
        for ((home, line), number) in homes(work, &voters).await?.into_iter().zip(&self.lines).zip(1..) {
            let home = home.ok_or_else(|| refused(RollRefusal::VoterUnknown { line: number }))?;
            if terms.area.contains(&home) || matches!(terms.matter, Matter::Council { .. }) {
                continue;
            }
            if self.exception.is_none() {
                return Err(refused(RollRefusal::VoterFromElsewhere { line: number }));
            }
            entries.push(line.holder.entry(self.poll));
        }
        let reason = self.exception.clone().filter(|_| !entries.is_empty());
        Ok(reason.map(|reason| Outside { entries, reason }))
    }
}

impl Command for EnterOnRoll {
    const ACT: &'static Act = &ENTER_ON_ROLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let terms = poll.inner().require_prepared().map_err(refused)?;
        if terms.secrecy != Secrecy::Open && self.lines.iter().any(|line| line.weight != 1) {
            return Err(refused(PollRefusal::WeightedSecretPoll));
        }
        if self.lines.len() > ROLL_COMMAND_MAX_ENTRIES {
            return Err(refused(RollRefusal::LinesUnfit { most: ROLL_COMMAND_MAX_ENTRIES }));
        }
        let days_to_poll = terms.roll_days_end().map(|opens| work.days_until(opens));
        let (lines, outside, register) = (self.lines.clone(), self.outside(work, terms).await?, self.register.clone());
        let roll = work.lock::<Roll>(self.poll).await?;
        work.decide::<Roll>(roll, RollCommand::Extend { poll: self.poll, lines, outside, register, days_to_poll }).await?;
        let entries: Vec<_> = self.lines.iter().map(|line| StreamId::of::<RollEntry>(line.holder.entry(self.poll).0)).collect();
        work.session.preload(&entries).await?;
        for (line, entry) in self.lines.iter().zip(entries) {
            work.load_and_decide::<RollEntry>(entry.id, RollEntryCommand::Entitle { poll: self.poll, line: *line }).await?;
        }
        Ok(self.poll)
    }
}

/// Strike entries from a poll's roll, before it opens.
#[derive(Debug, Serialize)]
pub struct StrikeFromRoll {
    /// The poll.
    pub poll: PollId,
    /// The entries.
    pub entries: Vec<RollEntryId>,
    /// Why; public.
    pub reason: String,
}

impl Command for StrikeFromRoll {
    const ACT: &'static Act = &STRIKE_FROM_ROLL;
    type Answer = PollId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PollId, Rejection> {
        let poll = kept_poll(work, Self::ACT, self.poll).await?;
        let terms = poll.inner().require_prepared().map_err(refused)?;
        let days_to_poll = terms.roll_days_end().map(|opens| work.days_until(opens));
        let (entries, reason) = (self.entries.clone(), self.reason.clone());
        let roll = work.lock::<Roll>(self.poll).await?;
        work.decide::<Roll>(roll, RollCommand::Strike { entries, reason, days_to_poll }).await?;
        for entry in &self.entries {
            work.load_and_decide::<RollEntry>(*entry, RollEntryCommand::Strike).await?;
        }
        Ok(self.poll)
    }
}
