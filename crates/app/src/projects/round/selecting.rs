//! The residents' ballots, the selection, objections, the announcement.
//!
//! Ballots are a poll's of deliberation: it is opened, closed, counted and published there. A selection reads the published
//! count, and the published ballots too where the rule shares the budget out among them.

use std::collections::BTreeMap;

use gongyi_domain::{
    access::authority::Act,
    deliberation::{
        ballot::{BallotList, Marks, Method},
        counting::paper::PaperCount,
        poll::{PaperPhase, Poll, PollPhase},
    },
    projects::{
        round::{
            ANNOUNCE_SELECTION, Ballots, DECLINE_AWARD, OBJECT_TO_SELECTION, PREPARE_BALLOT, Round, RoundCommand, SELECT_PROJECTS,
            SETTLE_OBJECTION, terms::RoundRefusal,
        },
        selection::Approvals,
    },
    prose::{Prose, REASON_MAX_CHARS},
    values::{ApplicationId, ObjectionId, PersonId, PollId, RoundId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{applied, kept};
use crate::{
    Command,
    projects::is_at_home,
    rejection::{Rejection, refused},
    work::Work,
};

/// Put the applications of a round to the residents' ballots.
#[derive(Debug, Serialize)]
pub struct PrepareBallot {
    /// Which round.
    pub round: RoundId,
    /// The poll, prepared with an option for each.
    pub poll: PollId,
    /// The applications, in the order of its options.
    pub options: Vec<ApplicationId>,
}

impl Command for PrepareBallot {
    const ACT: &'static Act = &PREPARE_BALLOT;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let poll = work.load::<Poll>(self.poll).await?;
        let terms = poll.inner().require_prepared().map_err(refused)?;
        let approves = matches!(terms.method, Method::Choice | Method::Plurality { .. } | Method::Approval { .. });
        if !approves || terms.options.len() != self.options.len() {
            return Err(refused(RoundRefusal::BallotUnfit));
        }
        work.decide::<Round>(round, RoundCommand::PrepareBallot { poll: self.poll, options: self.options.clone() }).await?;
        Ok(self.round)
    }
}

/// What a published poll says; `None` before it is published.
async fn published(work: &Work<'_>, id: PollId) -> Result<Option<Ballots>, Rejection> {
    let poll = work.load::<Poll>(id).await?.into_inner();
    let (PollPhase::Published, Some(terms), Some(report)) = (poll.phase, &poll.terms, &poll.report) else { return Ok(None) };
    let options = u16::try_from(terms.options.len()).unwrap_or(u16::MAX);
    let mut bundles = BTreeMap::new();
    let mut count = |marks: &Marks, ballots: u64| {
        if let (Marks::Chosen(chosen), false, Ok(())) = (marks, marks.is_blank(), marks.require_fitting(terms.method, options)) {
            let bundle: &mut u64 = bundles.entry(chosen.iter().copied().collect()).or_default();
            *bundle = bundle.saturating_add(ballots);
        }
    };
    work.load::<BallotList>(id).await?.inner().ballots.iter().for_each(|ballot| count(&ballot.marks, 1));
    if let PaperPhase::Agreed(PaperCount::Batches { batches, .. }) = poll.paper_phase() {
        batches.iter().for_each(|batch| count(&batch.marks, batch.ballots));
    }
    let approvals = bundles.into_iter().map(|(candidates, ballots)| Approvals { candidates, ballots }).collect();
    let votes = report.tally.options.iter().map(|option| option.votes.heads).collect();
    Ok(Some(Ballots { poll: id, valid: report.tally.valid.heads, votes, approvals }))
}

/// Select the projects of a round by its rule.
#[derive(Debug, Serialize)]
pub struct SelectProjects {
    /// Which round.
    pub round: RoundId,
}

impl Command for SelectProjects {
    const ACT: &'static Act = &SELECT_PROJECTS;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let ballots = match round.inner().poll {
            Some(poll) => published(work, poll).await?,
            None => None,
        };
        let today = work.today();
        work.decide::<Round>(round, RoundCommand::Select { ballots, today }).await?;
        Ok(self.round)
    }
}

/// Object to a selection.
#[derive(Debug, Serialize)]
pub struct ObjectToSelection {
    /// Of which round.
    pub round: RoundId,
    /// Who.
    pub by: PersonId,
    /// Against what, and why.
    pub text: String,
}

impl Command for ObjectToSelection {
    const ACT: &'static Act = &OBJECT_TO_SELECTION;
    type Answer = ObjectionId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ObjectionId, Rejection> {
        let round = kept(work, Self::ACT, self.round, Some(self.by)).await?;
        let applied = round.inner().applications.values().any(|it| it.by == self.by);
        let area = round.inner().terms.as_ref().map(|terms| terms.area.clone()).ok_or_else(|| refused(RoundRefusal::UnknownRound))?;
        if !applied && !is_at_home(work, self.by, &area).await? {
            return Err(refused(RoundRefusal::ObjectorFromElsewhere));
        }
        let text = Prose::parse(&self.text, REASON_MAX_CHARS, |most| refused(RoundRefusal::ObjectionTextUnfit { most }))?;
        let text = work.sealer::<Round>(self.by, self.round, "ObjectionRaised").await?.seal("text", text.as_str());
        let (objection, by, today) = (ObjectionId(Uuid::now_v7()), self.by, work.today());
        work.decide::<Round>(round, RoundCommand::Object { objection, by, text, today }).await?;
        Ok(objection)
    }
}

/// Settle an objection.
#[derive(Debug, Serialize)]
pub struct SettleObjection {
    /// In which round.
    pub round: RoundId,
    /// Which.
    pub objection: ObjectionId,
    /// Whether it is right.
    pub upheld: bool,
    /// Why.
    pub reason: String,
}

impl Command for SettleObjection {
    const ACT: &'static Act = &SETTLE_OBJECTION;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let (objection, upheld, reason) = (self.objection, self.upheld, self.reason.clone());
        work.decide::<Round>(round, RoundCommand::Settle { objection, upheld, reason }).await?;
        Ok(self.round)
    }
}

/// Announce a selection.
#[derive(Debug, Serialize)]
pub struct AnnounceSelection {
    /// Of which round.
    pub round: RoundId,
}

impl Command for AnnounceSelection {
    const ACT: &'static Act = &ANNOUNCE_SELECTION;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let today = work.today();
        work.decide::<Round>(round, RoundCommand::Announce { today }).await?;
        Ok(self.round)
    }
}

/// Decline what was awarded; the reserve moves up.
#[derive(Debug, Serialize)]
pub struct DeclineAward {
    /// In which round.
    pub round: RoundId,
    /// Which application.
    pub application: ApplicationId,
    /// Why.
    pub reason: String,
}

impl Command for DeclineAward {
    const ACT: &'static Act = &DECLINE_AWARD;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = applied(work, Self::ACT, self.round, self.application).await?;
        let command = RoundCommand::Decline { application: self.application, reason: self.reason.clone() };
        work.decide::<Round>(round, command).await?;
        Ok(self.round)
    }
}
