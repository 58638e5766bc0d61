//! Every event of a motion: what happened when, by whom, in whose name, why. One line an event.

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    Event,
    deliberation::{self, motion::MotionEvent as E, motion_register::MotionRegisterEvent},
    values::{Instant, MotionId, PersonId},
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    views::Views,
};

row! {
    /// One line of a motion's history.
    MotionHistoryRow in "motion_history" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The motion.
            motion: MotionId,
            /// When it was recorded.
            #[serde(with = "ts_microseconds")]
            recorded_at: Instant,
            /// Who did it, as the log names actors.
            actor: String,
            /// The event's type.
            event_type: String,
            /// In whose name, if in a person's.
            person: Option<PersonId>,
            /// Why; about the matter, never sealed.
            reason: Option<String>,
        }
    }
}

#[derive(Default)]
pub(crate) struct MotionHistoryFold {
    lines: Rows<MotionHistoryRow>,
}

/// In whose name something was done, and why.
type NameAndReason<'e> = (Option<PersonId>, Option<&'e String>);

fn name_and_reason(event: &E) -> NameAndReason<'_> {
    match event {
        E::MotionDrafted { mover: person, .. }
        | E::MoverJoined { person }
        | E::MoverLeft { person }
        | E::MotionWithdrawn { person }
        | E::MotionSubmitted { person, .. }
        | E::MotionSeconded { person }
        | E::SecondWithdrawn { person }
        | E::MotionReviewed { person, .. } => (Some(*person), None),
        E::AmendmentProposed { proposer, grounds, .. } => (Some(*proposer), grounds.as_ref()),
        E::MotionReconsidered { mover, reason, .. } => (Some(*mover), Some(reason)),
        E::AmendmentRevised { grounds, .. } => (None, grounds.as_ref()),
        E::MotionReturned { reason }
        | E::AmendmentRejected { reason, .. }
        | E::MotionTakenOffAgenda { reason, .. }
        | E::VoteAbandoned { reason, .. }
        | E::MotionReferred { reason, .. }
        | E::ReferralDeclined { reason }
        | E::MotionPostponed { reason, .. }
        | E::MotionMerged { reason, .. }
        | E::CompletionRevoked { reason }
        | E::DecisionAnnulled { reason, .. }
        | E::ProgressReported { report: reason, .. }
        | E::MotionCompleted { report: reason, .. } => (None, Some(reason)),
        E::MotionRevised { .. }
        | E::AttachmentAdded { .. }
        | E::AttachmentRemoved { .. }
        | E::SecondsCompleted { .. }
        | E::MotionAccepted {}
        | E::AmendmentWithdrawn { .. }
        | E::AmendmentAccepted { .. }
        | E::MotionScheduled { .. }
        | E::MotionPutToVote { .. }
        | E::MotionAdopted { .. }
        | E::MotionRejected { .. }
        | E::ReferralAccepted { .. }
        | E::MotionAbsorbed { .. }
        | E::MotionRelated { .. }
        | E::MotionUnrelated { .. } => (None, None),
    }
}

/// The motion an event is about, with name and reason.
fn concern(change: &Change) -> Option<(MotionId, NameAndReason<'_>)> {
    use deliberation::Event as D;
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Motion(event) => Some((MotionId(change.stream.id), name_and_reason(event))),
        D::MotionRegister(MotionRegisterEvent::MotionNumbered { motion, .. }) => Some((*motion, (None, None))),
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

impl Fold for MotionHistoryFold {
    const NAME: &'static str = "motion_history";
    const KINDS: &'static [&'static str] = &["motion", "motion_register"];

    fn want(&mut self, _: &Change) {}

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some((motion, (person, reason))) = concern(change) else { return Ok(()) };
        self.lines.put(MotionHistoryRow {
            at: change.position,
            motion,
            recorded_at: change.recorded_at,
            actor: change.actor().to_owned(),
            event_type: change.event_type.clone(),
            person,
            reason: reason.cloned(),
            position: change.position,
        });
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.lines]
    }
}

impl Views {
    /// A motion's history, oldest first unless `descending`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn motion_history(&self, motion: MotionId, descending: bool, page: &PageArgs) -> Result<Page<MotionHistoryRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("h.motion=?", motion.to_string());
        let sort = Sort { name: "motion_history", columns: vec![SortColumn::plain("h.at")], descending };
        Listing { select: MotionHistoryRow::select("h"), from: "motion_history h", conditions, sort }.page(self, page).await
    }
}
