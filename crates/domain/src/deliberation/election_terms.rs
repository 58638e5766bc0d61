//! What an election is, and what it makes of its poll's outcome.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ballot::Method,
    decision::{
        Outcome, Rule,
        election::ElectionOutcome,
        statutes::{ROLL_PUBLISHED_DAYS, gives_roll_days},
    },
    election::{ElectionEvent, ElectionRefusal},
    poll_report::PollOutcome,
};
use crate::values::{AreaCode, CouncilId, ElectionId, Instant, PersonId};

/// Seats of one election, at most.
pub const SEATS_MAX: u16 = 450;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ElectionKind {
    /// Who sits in the council.
    Seats,
    /// 另行选举: who fills the seats that an election left.
    RunOff {
        /// That election.
        of: ElectionId,
    },
    /// 罢免: whether a representative stays.
    Recall {
        /// Who.
        representative: PersonId,
    },
}

/// In which order candidates stand on the ballot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateOrder {
    /// As they were put forward.
    #[default]
    Nomination,
    /// 按姓氏笔画为序: by the strokes of their surnames.
    SurnameStrokes,
}

impl CandidateOrder {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What an election is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ElectionTerms {
    /// For this council.
    pub council: CouncilId,
    /// Where.
    pub area: AreaCode,
    /// What is decided.
    pub kind: ElectionKind,
    /// Seats to fill; 1 in a recall.
    pub seats: u16,
    /// How ballots are marked and counted.
    pub method: Method,
    /// What decides.
    pub rule: Rule,
    /// Nominations come in until then.
    pub nominations_until: Instant,
    /// The poll opens.
    pub poll_opens: Instant,
    /// The poll closes.
    pub poll_closes: Instant,
    /// In which order candidates stand on the ballot.
    #[serde(default, skip_serializing_if = "CandidateOrder::is_default")]
    pub candidate_order: CandidateOrder,
}

/// Why an election is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    /// Too few of the roll voted.
    TooFewVoted,
    /// The counts contradict each other, as more ballots than voters.
    CountsContradict,
    /// The ballots are not as many as the participations.
    BallotsMissing,
    /// As was decided.
    Decided {
        /// Why; public.
        reason: String,
    },
}

impl ElectionTerms {
    /// The terms make sense for these candidates.
    ///
    /// # Errors
    /// Dates out of order, or too close for the roll; seats, method or candidates of another kind of election.
    pub fn require_callable(&self, candidates: &[PersonId], now: Instant) -> Result<(), ElectionRefusal> {
        let dates = self.nominations_until <= self.poll_opens && self.poll_opens < self.poll_closes && now < self.poll_closes;
        if !dates {
            return Err(ElectionRefusal::DatesUnfit);
        }
        // The roll is made for the poll, which comes of the nominations. Days are counted where the roll is entered; so few hours
        // never make them.
        let candidates_fixed = if self.kind == ElectionKind::Seats { self.nominations_until.max(now) } else { now };
        let roll_days = TimeDelta::days(i64::from(ROLL_PUBLISHED_DAYS) - 1);
        if gives_roll_days(&self.rule) && self.poll_opens - candidates_fixed <= roll_days {
            return Err(ElectionRefusal::RollTimeTooShort { least: ROLL_PUBLISHED_DAYS });
        }
        let seats = (1..=SEATS_MAX).contains(&self.seats);
        let fits = match self.kind {
            ElectionKind::Seats => candidates.is_empty() && self.method.seats() == self.seats,
            ElectionKind::RunOff { .. } => !candidates.is_empty() && self.method.seats() == self.seats,
            ElectionKind::Recall { representative } => self.seats == 1 && self.method == Method::Stances && candidates == [representative],
        };
        if seats && fits { Ok(()) } else { Err(ElectionRefusal::ElectionUnfit) }
    }

    /// What the election makes of its poll's outcome: a certificate, or why it is void.
    ///
    /// # Errors
    /// [`ElectionRefusal::OutcomeUnfit`] if the poll answers another question.
    pub fn certified(&self, outcome: PollOutcome) -> Result<ElectionEvent, ElectionRefusal> {
        let void = |reason, outcome| ElectionEvent::ElectionVoided { reason, outcome: Some(outcome) };
        let persons = |ids: &[Uuid]| ids.iter().map(|id| PersonId(*id)).collect::<Vec<_>>();
        let left = |elected: &[PersonId]| self.seats.saturating_sub(u16::try_from(elected.len()).unwrap_or(u16::MAX));
        match (&self.kind, &outcome) {
            (_, PollOutcome::Disputed { .. }) => Ok(void(VoidReason::BallotsMissing, outcome)),
            (ElectionKind::Recall { .. }, PollOutcome::Decided { decisions }) => match decisions.first().map(|it| it.verdict.outcome) {
                None => Err(ElectionRefusal::OutcomeUnfit),
                Some(Outcome::NoQuorum) => Ok(void(VoidReason::TooFewVoted, outcome)),
                Some(Outcome::Void) => Ok(void(VoidReason::CountsContradict, outcome)),
                Some(verdict @ (Outcome::Carried | Outcome::Failed)) => {
                    let recalled = Some(verdict == Outcome::Carried);
                    Ok(ElectionEvent::ElectionCertified { outcome, elected: vec![], recalled, seats_left: 0, run_off: vec![] })
                }
            },
            (ElectionKind::Seats | ElectionKind::RunOff { .. }, PollOutcome::Elected { result }) => match result.verdict.outcome {
                ElectionOutcome::TooFewVoted => Ok(void(VoidReason::TooFewVoted, outcome)),
                ElectionOutcome::Void => Ok(void(VoidReason::CountsContradict, outcome)),
                ElectionOutcome::Filled | ElectionOutcome::SeatsLeft => {
                    let (elected, run_off) = (persons(&result.verdict.elected), persons(&result.verdict.run_off));
                    let seats_left = left(&elected);
                    Ok(ElectionEvent::ElectionCertified { outcome, elected, recalled: None, seats_left, run_off })
                }
            },
            (ElectionKind::Seats | ElectionKind::RunOff { .. }, PollOutcome::Placed { valid: false, .. }) => {
                Ok(void(VoidReason::TooFewVoted, outcome))
            }
            (ElectionKind::Seats | ElectionKind::RunOff { .. }, PollOutcome::Placed { elected, tied, .. }) => {
                let (elected, run_off) = (persons(elected), persons(tied));
                let seats_left = left(&elected);
                Ok(ElectionEvent::ElectionCertified { outcome, elected, recalled: None, seats_left, run_off })
            }
            (ElectionKind::Recall { .. }, PollOutcome::Elected { .. } | PollOutcome::Placed { .. })
            | (ElectionKind::Seats | ElectionKind::RunOff { .. }, PollOutcome::Decided { .. }) => Err(ElectionRefusal::OutcomeUnfit),
        }
    }
}
