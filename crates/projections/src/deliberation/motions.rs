//! Motions with the text at every version, amendments, reports and reviews.
//!
//! - `state` is what the domain's own `apply_event` makes of the motion's events; nothing here says it a second time.
//! - The text of a review is gone when the person it was sealed for is erased; the rating stays.
//! - A review stands until the completion it is about is revoked, or the decision falls.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        amendment::{AmendmentPhase, Change as TextChange},
        attachment::Attachment,
        motion::{Motion, MotionEvent as E, MotionPhase},
        motion_category::MotionCategory,
        motion_register::MotionRegisterEvent,
        text::Text,
    },
    values::{AmendmentId, AreaCode, CouncilId, Day, Instant, MotionId, PersonId, Sealed, VoteId},
};

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::{flag, json},
};

row! {
    /// A motion.
    MotionRow in "motions" {
        key {
            /// The motion.
            id: MotionId,
        }
        fixed {
            /// The council it is before.
            council: CouncilId,
            /// That council's area.
            area: AreaCode,
            /// When it was drafted.
            #[serde(with = "ts_microseconds")]
            drafted_at: Instant,
        }
        rare {
            /// What it is about.
            category: MotionCategory,
            /// Where it stands.
            phase: MotionPhase,
            /// The year it was first submitted in; `None` if it never was.
            year: Option<u16>,
            /// Its number in that year.
            number: Option<u32>,
            /// The version that was first submitted: what it said before is its movers' own.
            public_from: Option<u32>,
        }
        live {
            /// When anything of it changed last.
            #[serde(with = "ts_microseconds")]
            changed_at: Instant,
            /// How far the last report says it is carried out.
            percent: Option<u8>,
            /// The day it is postponed to, while it is postponed to one.
            postponed_until: Option<Day>,
            /// The motion it was merged into.
            merged_into: Option<MotionId>,
            /// The domain's state of it.
            #[serde(with = "json")]
            state: Motion,
        }
    }
}

row! {
    /// Somebody who moves a motion.
    MotionMoverRow in "motion_movers" {
        key {
            /// The motion.
            motion: MotionId,
            /// The mover.
            person: PersonId,
        }
    }
}

row! {
    /// A motion's text at a version.
    MotionVersionRow in "motion_versions" {
        key {
            /// The motion.
            motion: MotionId,
            /// The version, from 1.
            version: u32,
        }
        fixed {
            /// Since when.
            #[serde(with = "ts_microseconds")]
            written_at: Instant,
            /// The amendment that made it, if one did.
            amendment: Option<AmendmentId>,
            /// What it says.
            #[serde(with = "json")]
            text: Text,
        }
    }
}

row! {
    /// An amendment.
    MotionAmendmentRow in "motion_amendments" {
        key {
            /// The motion.
            motion: MotionId,
            /// The amendment.
            amendment: AmendmentId,
        }
        fixed {
            /// Who proposed it.
            proposer: PersonId,
            /// When.
            #[serde(with = "ts_microseconds")]
            proposed_at: Instant,
        }
        live {
            /// The version it was made for.
            against: u32,
            /// What it changes.
            #[serde(with = "json")]
            changes: Vec<TextChange>,
            /// What for.
            grounds: Option<String>,
            /// Where it stands.
            phase: AmendmentPhase,
            /// When it was settled.
            #[serde(with = "ts_microseconds_option")]
            settled_at: Option<Instant>,
            /// The version it made.
            merged_as: Option<u32>,
            /// The vote that settled it, if one did.
            vote: Option<VoteId>,
            /// Why it was turned down.
            reason: Option<String>,
        }
    }
}

row! {
    /// A report on how far a motion is carried out.
    MotionReportRow in "motion_reports" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The motion.
            motion: MotionId,
            /// When.
            #[serde(with = "ts_microseconds")]
            reported_at: Instant,
            /// Who reported, as the log names actors.
            actor: String,
            /// How far; `None` says that it is carried out.
            percent: Option<u8>,
            /// What was done.
            report: String,
            /// Files that show it.
            #[serde(with = "json")]
            evidence: Vec<Attachment>,
        }
    }
}

row! {
    /// What a resident says of what came of a motion.
    MotionReviewRow in "motion_reviews" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The motion.
            motion: MotionId,
            /// Who.
            person: PersonId,
            /// 1 to 5.
            rating: u8,
            /// When.
            #[serde(with = "ts_microseconds")]
            reviewed_at: Instant,
            /// Whose key the text is sealed with.
            text_of: Option<PersonId>,
        }
        live {
            /// It is about the completion that stands.
            #[serde(with = "flag")]
            stands: bool,
            /// In the resident's own words; `None` if nothing was said or the person was erased.
            text: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct MotionsFold {
    motions: Rows<MotionRow>,
    movers: Rows<MotionMoverRow>,
    versions: Rows<MotionVersionRow>,
    amendments: Rows<MotionAmendmentRow>,
    reports: Rows<MotionReportRow>,
    reviews: Rows<MotionReviewRow>,
}

impl MotionsFold {
    fn want_parts(&mut self, id: MotionId, event: &E) {
        if let E::MotionDrafted { mover, .. } = event {
            self.movers.want((id, *mover));
            self.versions.want((id, 1));
        }
        if let E::MoverJoined { person } | E::MoverLeft { person } = event {
            self.movers.want((id, *person));
        }
        if let E::MotionRevised { version, .. } | E::AmendmentAccepted { version, .. } = event {
            self.versions.want((id, *version));
        }
        if let E::AmendmentProposed { amendment, .. }
        | E::AmendmentRevised { amendment, .. }
        | E::AmendmentWithdrawn { amendment }
        | E::AmendmentRejected { amendment, .. }
        | E::AmendmentAccepted { amendment, .. } = event
        {
            self.amendments.want((id, *amendment));
        }
        if let E::CompletionRevoked { .. } | E::DecisionAnnulled { .. } | E::MotionReconsidered { .. } = event {
            self.reviews.want_by("motion", id);
        }
    }

    /// The motion itself: the domain's state, and the columns that follow from it.
    fn apply(&mut self, change: &Change, id: MotionId, event: &E) -> Result<(), FoldError> {
        if let E::MotionDrafted { council, area, category, .. } = event {
            return self.motions.add(MotionRow {
                id,
                council: *council,
                area: area.clone(),
                drafted_at: change.recorded_at,
                category: *category,
                phase: MotionPhase::Drafted,
                year: None,
                number: None,
                public_from: None,
                changed_at: change.recorded_at,
                percent: None,
                postponed_until: None,
                merged_into: None,
                state: Motion::apply_event(Motion::default(), event.clone()),
                position: change.position,
            });
        }
        let row = self.motions.change(&(id,), change.position)?;
        row.state = Motion::apply_event(std::mem::take(&mut row.state), event.clone());
        (row.phase, row.changed_at) = (row.state.phase, change.recorded_at);
        row.category = row.state.category.unwrap_or(row.category);
        row.postponed_until = if let E::MotionPostponed { until, .. } = event { *until } else { row.postponed_until };
        if let E::MotionMerged { into, .. } = event {
            row.merged_into = Some(*into);
        }
        if let E::ProgressReported { percent, .. } = event {
            row.percent = Some(*percent);
        }
        if row.phase != MotionPhase::Postponed {
            row.postponed_until = None;
        }
        if row.state.outcome.is_none() {
            row.percent = None;
        }
        Ok(())
    }

    fn version(
        &mut self,
        change: &Change,
        id: MotionId,
        version: u32,
        amendment: Option<AmendmentId>,
        text: &Text,
    ) -> Result<(), FoldError> {
        let (written_at, text) = (change.recorded_at, text.clone());
        self.versions.add(MotionVersionRow { motion: id, version, written_at, amendment, text, position: change.position })
    }

    fn report(&mut self, change: &Change, motion: MotionId, percent: Option<u8>, report: &str, evidence: &[Attachment]) {
        self.reports.put(MotionReportRow {
            at: change.position,
            motion,
            reported_at: change.recorded_at,
            actor: change.actor().to_owned(),
            percent,
            report: report.to_owned(),
            evidence: evidence.to_vec(),
            position: change.position,
        });
    }

    fn settle(
        &mut self,
        change: &Change,
        key: (MotionId, AmendmentId),
        phase: AmendmentPhase,
    ) -> Result<&mut MotionAmendmentRow, FoldError> {
        let row = self.amendments.change(&key, change.position)?;
        (row.phase, row.settled_at) = (phase, Some(change.recorded_at));
        Ok(row)
    }

    fn review(&mut self, change: &Change, texts: &Texts<'_>, motion: MotionId, person: PersonId, rating: u8, text: Option<&Sealed>) {
        self.reviews.put(MotionReviewRow {
            at: change.position,
            motion,
            person,
            rating,
            reviewed_at: change.recorded_at,
            text_of: text.map(|sealed| sealed.of),
            stands: true,
            text: texts.open_maybe(change, "text", text),
            position: change.position,
        });
    }

    fn motion(&mut self, change: &Change, texts: &Texts<'_>, event: &E) -> Result<(), FoldError> {
        let (id, position) = (MotionId(change.stream.id), change.position);
        self.apply(change, id, event)?;
        match event {
            E::MotionDrafted { mover, text, .. } => {
                self.movers.add(MotionMoverRow { motion: id, person: *mover, position })?;
                self.version(change, id, 1, None, text)?;
            }
            E::MoverJoined { person } => self.movers.add(MotionMoverRow { motion: id, person: *person, position })?,
            E::MoverLeft { person } => _ = self.movers.remove(&(id, *person))?,
            E::MotionRevised { version, text, .. } => self.version(change, id, *version, None, text)?,
            E::AmendmentProposed { amendment, proposer, against, changes, grounds } => {
                self.amendments.add(MotionAmendmentRow {
                    motion: id,
                    amendment: *amendment,
                    proposer: *proposer,
                    proposed_at: change.recorded_at,
                    against: *against,
                    changes: changes.clone(),
                    grounds: grounds.clone(),
                    phase: AmendmentPhase::Pending,
                    settled_at: None,
                    merged_as: None,
                    vote: None,
                    reason: None,
                    position,
                })?;
            }
            E::AmendmentRevised { amendment, against, changes, grounds } => {
                let row = self.amendments.change(&(id, *amendment), position)?;
                (row.against, row.changes, row.grounds) = (*against, changes.clone(), grounds.clone());
            }
            E::AmendmentWithdrawn { amendment } => _ = self.settle(change, (id, *amendment), AmendmentPhase::Withdrawn)?,
            E::AmendmentRejected { amendment, vote, reason } => {
                let row = self.settle(change, (id, *amendment), AmendmentPhase::Rejected)?;
                (row.vote, row.reason) = (*vote, Some(reason.clone()));
            }
            E::AmendmentAccepted { amendment, vote, version, text } => {
                let row = self.settle(change, (id, *amendment), AmendmentPhase::Accepted)?;
                (row.vote, row.merged_as) = (*vote, Some(*version));
                self.version(change, id, *version, Some(*amendment), text)?;
            }
            E::ProgressReported { percent, report, evidence } => self.report(change, id, Some(*percent), report, evidence),
            E::MotionCompleted { report, evidence } => self.report(change, id, None, report, evidence),
            E::MotionReviewed { person, rating, text } => self.review(change, texts, id, *person, *rating, text.as_ref()),
            E::CompletionRevoked { .. } | E::DecisionAnnulled { .. } | E::MotionReconsidered { .. } => {
                self.reviews.change_all(position, |row| row.motion == id && row.stands, |row| row.stands = false);
            }
            E::MotionWithdrawn { .. }
            | E::AttachmentAdded { .. }
            | E::AttachmentRemoved { .. }
            | E::MotionSubmitted { .. }
            | E::MotionSeconded { .. }
            | E::SecondWithdrawn { .. }
            | E::SecondsCompleted { .. }
            | E::MotionAccepted {}
            | E::MotionReturned { .. }
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
            | E::MotionUnrelated { .. } => {}
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a motion.
    Motion(&'e E),
    /// A motion got its number.
    Numbered(&'e MotionRegisterEvent),
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Motion(event) => Some(Concern::Motion(event)),
        D::MotionRegister(event) => Some(Concern::Numbered(event)),
        D::Council(_)
        | D::ResidentIssue(_)
        | D::Covenant(_)
        | D::Meeting(_)
        | D::Election(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for MotionsFold {
    const NAME: &'static str = "motions";
    const KINDS: &'static [&'static str] = &["motion", "motion_register", "person"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Motion(event)) => {
                let id = MotionId(change.stream.id);
                self.motions.want((id,));
                self.want_parts(id, event);
            }
            Some(Concern::Numbered(MotionRegisterEvent::MotionNumbered { motion, .. })) => self.motions.want((*motion,)),
            Some(Concern::Erased(person)) => self.reviews.want_by("text_of", person),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Motion(event)) => self.motion(change, texts, event)?,
            Some(Concern::Numbered(MotionRegisterEvent::MotionNumbered { motion, year, number })) => {
                let row = self.motions.change(&(*motion,), change.position)?;
                (row.year, row.number, row.public_from) = (Some(*year), Some(*number), Some(row.state.version));
            }
            Some(Concern::Erased(person)) => {
                self.reviews.change_all(change.position, |row| row.text_of == Some(person), |row| row.text = None);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.motions, &mut self.movers, &mut self.versions, &mut self.amendments, &mut self.reports, &mut self.reviews]
    }
}
