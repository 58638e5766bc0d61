//! Who took part in deliberating: meetings held and attended, motions received, moved and seconded, votes cast by name,
//! polls closed. One row an act; the figures are counted from them.
//!
//! - An act counts once, however often it is repeated: a representative who leaves and comes back attended one meeting.
//! - Who took part in a poll is the poll's own roll to say; here is the day it closed, never when anybody voted.
//! - What is taken back stays, with the day on which that was known.

use gongyi_domain::{
    Event,
    deliberation::{self, meeting::MeetingEvent, motion::MotionEvent, poll::PollEvent, sitting::Capacity},
    values::{AreaCode, Day, PersonId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A meeting was opened with its quorum.
    Held,
    /// A representative came to it.
    Attended,
    /// A motion was submitted, for the first time.
    Received,
    /// Somebody is one of its movers.
    Moved,
    /// A representative seconded it.
    Seconded,
    /// A representative voted by name.
    Voted,
    /// A poll was closed.
    Polled,
}

row! {
    /// An act of deliberation.
    DeliberationAct in "deliberation_acts" {
        key {
            /// What was done.
            deed: Deed,
            /// The meeting, motion, vote or poll it was done to.
            subject: Uuid,
            /// The person; the subject again where it was no single person's doing.
            doer: Uuid,
        }
        fixed {
            /// The meeting, motion or poll it belongs to.
            matter: Uuid,
        }
        live {
            /// The day it counts on; none while it does not, as a motion's movers before it is submitted.
            day: Option<Day>,
            /// The recorded day since which it counts.
            since: Option<Day>,
            /// The recorded day on which it was taken back.
            until: Option<Day>,
        }
    }
}

row! {
    /// Where something is deliberated.
    DeliberationMatter in "deliberation_matters" {
        key {
            /// The meeting, motion or poll.
            id: Uuid,
        }
        fixed {
            /// The area it counts in: its council's, or the poll's.
            area: AreaCode,
        }
    }
}

#[derive(Default)]
pub(crate) struct DeliberationActsFold {
    acts: Rows<DeliberationAct>,
    matters: Rows<DeliberationMatter>,
}

/// What an event means for these figures.
enum Concern<'a> {
    /// A meeting, motion or poll begins, in this area; a motion with its first mover.
    Begins(&'a AreaCode, Option<PersonId>),
    /// Somebody joins a motion's movers.
    Joined(PersonId),
    /// A motion was submitted.
    Submitted,
    /// This was done to that, by a person or by none in particular, on that day.
    Done(Deed, Uuid, Option<PersonId>, Day),
    /// This was taken back by that person.
    TakenBack(Deed, PersonId),
}

fn of_meeting<'a>(change: &Change, event: &'a MeetingEvent) -> Option<Concern<'a>> {
    use MeetingEvent as E;
    let meeting = change.stream.id;
    match event {
        E::MeetingConvened { area, .. } => Some(Concern::Begins(area, None)),
        E::MeetingOpened { at, .. } => Some(Concern::Done(Deed::Held, meeting, None, change.day_of(*at))),
        E::AttendeeCame { person, capacity: Capacity::Representative, at } => {
            Some(Concern::Done(Deed::Attended, meeting, Some(*person), change.day_of(*at)))
        }
        E::BallotCast { vote, person, .. } => Some(Concern::Done(Deed::Voted, vote.0, Some(*person), change.recorded_day)),
        E::AttendeeCame { capacity: Capacity::Expert | Capacity::Observer, .. }
        | E::MeetingAmended { .. }
        | E::ContinuationAnnounced { .. }
        | E::MeetingCancelled { .. }
        | E::GuestInvited { .. }
        | E::AbsenceExcused { .. }
        | E::AttendeeWent { .. }
        | E::QuorumReached { .. }
        | E::QuorumLost { .. }
        | E::MeetingAdjourned { .. }
        | E::MeetingResumed { .. }
        | E::MeetingClosed { .. }
        | E::ItemTakenUp { .. }
        | E::SpeakerListed { .. }
        | E::SpeakerUnlisted { .. }
        | E::SpeakerCalled { .. }
        | E::TurnEnded { .. }
        | E::VoteOpened { .. }
        | E::HandsCounted { .. }
        | E::VoteClosed { .. }
        | E::VoteAnnulled { .. } => None,
    }
}

fn of_motion<'a>(change: &Change, event: &'a MotionEvent) -> Option<Concern<'a>> {
    use MotionEvent as E;
    match event {
        E::MotionDrafted { area, mover, .. } => Some(Concern::Begins(area, Some(*mover))),
        E::MoverJoined { person } => Some(Concern::Joined(*person)),
        E::MoverLeft { person } => Some(Concern::TakenBack(Deed::Moved, *person)),
        E::MotionSubmitted { .. } => Some(Concern::Submitted),
        E::MotionSeconded { person } => Some(Concern::Done(Deed::Seconded, change.stream.id, Some(*person), change.recorded_day)),
        E::SecondWithdrawn { person } => Some(Concern::TakenBack(Deed::Seconded, *person)),
        E::MotionRevised { .. }
        | E::MotionWithdrawn { .. }
        | E::AttachmentAdded { .. }
        | E::AttachmentRemoved { .. }
        | E::SecondsCompleted { .. }
        | E::MotionAccepted {}
        | E::MotionReturned { .. }
        | E::AmendmentProposed { .. }
        | E::AmendmentRevised { .. }
        | E::AmendmentWithdrawn { .. }
        | E::AmendmentAccepted { .. }
        | E::AmendmentRejected { .. }
        | E::MotionScheduled { .. }
        | E::MotionTakenOffAgenda { .. }
        | E::MotionPutToVote { .. }
        | E::VoteAbandoned { .. }
        | E::MotionAdopted { .. }
        | E::MotionRejected { .. }
        | E::MotionReferred { .. }
        | E::ReferralAccepted { .. }
        | E::ReferralDeclined { .. }
        | E::MotionPostponed { .. }
        | E::MotionMerged { .. }
        | E::MotionAbsorbed { .. }
        | E::MotionRelated { .. }
        | E::MotionUnrelated { .. }
        | E::ProgressReported { .. }
        | E::MotionCompleted { .. }
        | E::CompletionRevoked { .. }
        | E::MotionReviewed { .. }
        | E::DecisionAnnulled { .. }
        | E::MotionReconsidered { .. } => None,
    }
}

fn of_poll<'a>(change: &Change, event: &'a PollEvent) -> Option<Concern<'a>> {
    match event {
        PollEvent::PollPrepared { terms, .. } => Some(Concern::Begins(&terms.area, None)),
        PollEvent::PollClosed {} => Some(Concern::Done(Deed::Polled, change.stream.id, None, change.recorded_day)),
        PollEvent::TellersAppointed { .. }
        | PollEvent::PollOpened { .. }
        | PollEvent::PaperCountEntered { .. }
        | PollEvent::PollCounted { .. }
        | PollEvent::PollPublished {}
        | PollEvent::PollVoided { .. } => None,
    }
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        deliberation::Event::Meeting(event) => of_meeting(change, event),
        deliberation::Event::Motion(event) => of_motion(change, event),
        deliberation::Event::Poll(event) => of_poll(change, event),
        deliberation::Event::Council(_)
        | deliberation::Event::ResidentIssue(_)
        | deliberation::Event::MotionRegister(_)
        | deliberation::Event::Covenant(_)
        | deliberation::Event::Minutes(_)
        | deliberation::Event::Election(_)
        | deliberation::Event::Roll(_)
        | deliberation::Event::RollEntry(_)
        | deliberation::Event::BallotList(_) => None,
    }
}

fn key(deed: Deed, subject: Uuid, person: Option<PersonId>) -> (Deed, Uuid, Uuid) {
    (deed, subject, person.map_or(subject, |person| person.0))
}

impl DeliberationActsFold {
    /// Counts an act from a day on, if it does not count already; without a day it waits for one.
    fn count(&mut self, change: &Change, key: (Deed, Uuid, Uuid), day: Option<Day>) -> Result<(), FoldError> {
        let since = day.map(|_| change.recorded_day);
        let (deed, subject, doer) = key;
        match self.acts.get(&key)? {
            Some(DeliberationAct { until: None, .. }) => {}
            Some(_) => {
                let row = self.acts.change(&key, change.position)?;
                (row.day, row.since, row.until) = (day, since, None);
            }
            None => {
                let (matter, until, position) = (change.stream.id, None, change.position);
                self.acts.put(DeliberationAct { deed, subject, doer, matter, day, since, until, position });
            }
        }
        Ok(())
    }
}

impl Fold for DeliberationActsFold {
    const NAME: &'static str = "deliberation_acts";
    const KINDS: &'static [&'static str] = &["meeting", "motion", "poll"];

    fn want(&mut self, change: &Change) {
        let matter = change.stream.id;
        match concern(change) {
            Some(Concern::Begins(_, mover)) => {
                self.matters.want((matter,));
                self.acts.want(key(Deed::Moved, matter, mover));
            }
            Some(Concern::Joined(person)) => {
                self.acts.want(key(Deed::Moved, matter, Some(person)));
                self.acts.want(key(Deed::Received, matter, None));
            }
            Some(Concern::Submitted) => {
                self.acts.want(key(Deed::Received, matter, None));
                self.acts.want_by("matter", matter);
            }
            Some(Concern::Done(deed, subject, person, _)) => self.acts.want(key(deed, subject, person)),
            Some(Concern::TakenBack(deed, person)) => self.acts.want(key(deed, matter, Some(person))),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let (matter, position) = (change.stream.id, change.position);
        match concern(change) {
            Some(Concern::Begins(area, mover)) => {
                self.matters.add(DeliberationMatter { id: matter, area: area.clone(), position })?;
                if mover.is_some() {
                    self.count(change, key(Deed::Moved, matter, mover), None)?;
                }
            }
            Some(Concern::Joined(person)) => {
                let submitted = self.acts.get(&key(Deed::Received, matter, None))?.is_some();
                self.count(change, key(Deed::Moved, matter, Some(person)), submitted.then_some(change.recorded_day))?;
            }
            Some(Concern::Submitted) => {
                self.count(change, key(Deed::Received, matter, None), Some(change.recorded_day))?;
                let waits =
                    |row: &DeliberationAct| row.matter == matter && row.deed == Deed::Moved && row.day.is_none() && row.until.is_none();
                self.acts.change_all(position, waits, |row| (row.day, row.since) = (Some(change.recorded_day), Some(change.recorded_day)));
            }
            Some(Concern::Done(deed, subject, person, day)) => self.count(change, key(deed, subject, person), Some(day))?,
            Some(Concern::TakenBack(deed, person)) => {
                self.acts.change(&key(deed, matter, Some(person)), position)?.until = Some(change.recorded_day);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.acts, &mut self.matters]
    }
}
