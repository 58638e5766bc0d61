//! A meeting's votes as everybody sees them: who may vote, what came out, by which rule and why.

use async_graphql::{Enum, ID, SimpleObject};
use gongyi_domain::{
    deliberation::{
        decision::{Basis, Decision, Fraction, Majority, Outcome, Quorum, Rule, Threshold, Turnout},
        meeting::{Choice as StoredChoice, Vote as StoredVote, VoteState, VotingMethod},
    },
    values::{MeetingId, VoteId},
};
use gongyi_projections::{MeetingRow, VoteCourse};

use super::meetings::Participant;
use crate::{
    ids::{self, AgendaItemKey, VoteKey},
    scalars::Moment,
};

/// A choice in an open vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredChoice")]
pub enum VoteChoice {
    /// 赞成.
    Yes,
    /// 反对.
    No,
    /// 弃权.
    Abstain,
}

/// How it is voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum BallotKind {
    /// 记名: everybody's choice is on record.
    ByName,
    /// 举手: two tellers count hands.
    ShowOfHands,
    /// 无记名: ballots of a poll.
    Secret,
}

/// How far a vote has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VotePhase {
    /// Votes are taken.
    Open,
    /// Counted and judged.
    Closed,
    /// It counts for nothing.
    Annulled,
}

/// How a vote ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome")]
pub enum VoteOutcome {
    /// 通过.
    Carried,
    /// 未通过.
    Failed,
    /// 未达法定人数: nothing was decided.
    NoQuorum,
    /// 无效: nothing was decided.
    Void,
}

/// A share that must be reached.
#[derive(SimpleObject)]
pub struct RequiredShare {
    /// Of whom: those entitled, present, voting, or whose ballots are valid.
    of: ShareBasis,
    /// The share, exact: `2/3`.
    share: String,
    /// Whether the share itself is enough (以上); else more is needed (超过).
    inclusive: bool,
}

/// What a share is counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ShareBasis {
    /// 全体: all who may vote.
    Entitled,
    /// 到会: all who are present.
    Present,
    /// 参与表决: all ballots.
    Cast,
    /// 有效票: valid ballots.
    Valid,
}

/// The rule by which a vote is decided.
#[derive(SimpleObject)]
pub struct VoteRule {
    /// Its name, stable.
    id: String,
    /// Its version, from 1.
    version: u32,
    /// What people call it, in Chinese.
    title_zh: String,
    /// What people call it, in English.
    title_en: String,
    /// The statute and article, or the charter, it comes from; in Chinese.
    source_zh: String,
    /// The same in English.
    source_en: String,
    /// How many of those entitled must take part: present or voting, as `of` says.
    quorum: Vec<RequiredShare>,
    /// How many must be in favour.
    majority: Vec<RequiredShare>,
}

/// The text of a share, and whether it is enough itself.
pub(super) fn share(threshold: Threshold) -> (String, bool) {
    let share: Fraction = threshold.share();
    (share.to_string(), matches!(threshold, Threshold::AtLeast(_)))
}

impl From<&Rule> for VoteRule {
    fn from(rule: &Rule) -> Self {
        let quorum = |it: &Quorum| {
            let of = match it.counts {
                Turnout::Present => ShareBasis::Present,
                Turnout::Cast => ShareBasis::Cast,
            };
            let (share, inclusive) = share(it.threshold);
            RequiredShare { of, share, inclusive }
        };
        let majority = |it: &Majority| {
            let of = match it.of {
                Basis::Entitled => ShareBasis::Entitled,
                Basis::Present => ShareBasis::Present,
                Basis::Cast => ShareBasis::Cast,
                Basis::Valid => ShareBasis::Valid,
            };
            let (share, inclusive) = share(it.threshold);
            RequiredShare { of, share, inclusive }
        };
        Self {
            id: rule.id.clone(),
            version: rule.version,
            title_zh: rule.title.zh.clone(),
            title_en: rule.title.en.clone(),
            source_zh: rule.source.zh.clone(),
            source_en: rule.source.en.clone(),
            quorum: rule.quorum.iter().map(quorum).collect(),
            majority: rule.majority.iter().map(majority).collect(),
        }
    }
}

/// One comparison of a decision.
#[derive(SimpleObject)]
pub struct DecisionStep {
    /// Whether it held.
    held: bool,
    /// In Chinese.
    zh: String,
    /// In English.
    en: String,
}

/// What a vote decided: everything that is needed to decide it again.
#[derive(SimpleObject)]
pub struct VoteDecision {
    /// How it ended.
    outcome: VoteOutcome,
    /// The same in Chinese.
    outcome_zh: String,
    /// The same in English.
    outcome_en: String,
    /// How many may vote at all.
    entitled: u64,
    /// How many of them could vote here.
    present: u64,
    /// For it.
    yes: u64,
    /// Against it.
    no: u64,
    /// Neither.
    abstain: u64,
    /// Ballots that do not count.
    invalid: u64,
    /// Everything that was compared, in order.
    steps: Vec<DecisionStep>,
    /// The printed reason, in Chinese.
    reason_zh: String,
    /// The printed reason, in English.
    reason_en: String,
}

impl From<&Decision> for VoteDecision {
    fn from(decision: &Decision) -> Self {
        let (counts, verdict) = (decision.tally.heads, &decision.verdict);
        let (outcome, reason) = (verdict.outcome.wording(), verdict.reason());
        let step = |it: &gongyi_domain::deliberation::decision::Step| {
            let wording = it.wording();
            DecisionStep { held: it.held(), zh: wording.zh, en: wording.en }
        };
        Self {
            outcome: verdict.outcome.into(),
            outcome_zh: outcome.zh,
            outcome_en: outcome.en,
            entitled: counts.entitled,
            present: counts.present,
            yes: counts.yes,
            no: counts.no,
            abstain: counts.abstain,
            invalid: counts.invalid,
            steps: verdict.steps.iter().map(step).collect(),
            reason_zh: reason.zh,
            reason_en: reason.en,
        }
    }
}

/// Somebody's choice, by name.
#[derive(SimpleObject)]
pub struct NamedChoice {
    /// Who.
    participant: Participant,
    /// What.
    choice: VoteChoice,
}

/// A teller's count of hands.
#[derive(SimpleObject)]
pub struct TellerCount {
    /// Who counted.
    teller: Participant,
    /// For it.
    yes: u32,
    /// Against it.
    no: u32,
    /// Neither.
    abstain: u32,
}

/// A vote within a meeting.
#[derive(SimpleObject)]
pub struct Vote {
    /// The global id; it names the meeting too.
    id: ID,
    /// Under which item of the agenda.
    item: ID,
    /// The id of the motion that is voted on, if one is.
    motion_id: Option<ID>,
    /// What is asked.
    question: String,
    /// How it is voted.
    ballot: BallotKind,
    /// The id of a secret vote's poll.
    poll_id: Option<ID>,
    /// The rule that decides.
    rule: VoteRule,
    /// How far it has come.
    phase: VotePhase,
    /// When it was opened.
    opened_at: Option<Moment>,
    /// When it was closed.
    closed_at: Option<Moment>,
    /// How many may vote at all, as the charter counts them.
    entitled: u64,
    /// Who may vote here.
    voters: Vec<Participant>,
    /// Who is recused.
    recused: Vec<Participant>,
    /// How many have voted by name so far.
    cast_count: u32,
    /// Who voted what, once the vote is over; nobody follows the others.
    choices: Vec<NamedChoice>,
    /// What the tellers counted, once two have; neither follows the other.
    hands: Vec<TellerCount>,
    /// What was decided, once it is closed.
    decision: Option<VoteDecision>,
    /// Why it was annulled, if it was.
    annulled: Option<String>,
    /// The annulled vote that it takes anew.
    repeats: Option<ID>,
}

fn vote(meeting: MeetingId, id: VoteId, vote: &StoredVote, course: Option<&VoteCourse>) -> Vote {
    let question = &vote.question;
    let (ballot, poll) = match question.method {
        VotingMethod::ByName => (BallotKind::ByName, None),
        VotingMethod::ShowOfHands => (BallotKind::ShowOfHands, None),
        VotingMethod::Secret { poll } => (BallotKind::Secret, Some(poll)),
    };
    let (phase, decision) = match &vote.state {
        VoteState::Open => (VotePhase::Open, None),
        VoteState::Closed(decision) => (VotePhase::Closed, Some(VoteDecision::from(decision.as_ref()))),
        VoteState::Annulled => (VotePhase::Annulled, None),
    };
    let shown = phase != VotePhase::Open;
    let choices = vote.choices.iter().filter(|_| shown);
    let hands = vote.hands.iter().filter(|_| shown || vote.hands.len() > 1);
    Vote {
        id: ids::id(&VoteKey { meeting, vote: id }),
        item: ids::id(&AgendaItemKey { meeting, item: question.item }),
        motion_id: question.motion.as_ref().map(ids::id),
        question: question.text.clone(),
        ballot,
        poll_id: poll.as_ref().map(ids::id),
        rule: (&question.rule).into(),
        phase,
        opened_at: course.map(|it| Moment(it.opened)),
        closed_at: course.and_then(|it| it.closed).map(Moment),
        entitled: vote.entitled,
        voters: vote.voters.iter().copied().map(Participant).collect(),
        recused: course.map(|it| it.recused.iter().copied().map(Participant).collect()).unwrap_or_default(),
        cast_count: u32::try_from(vote.choices.len()).unwrap_or(u32::MAX),
        choices: choices.map(|(who, it)| NamedChoice { participant: Participant(*who), choice: (*it).into() }).collect(),
        hands: hands.map(|(who, it)| TellerCount { teller: Participant(*who), yes: it.yes, no: it.no, abstain: it.abstain }).collect(),
        decision,
        annulled: course.and_then(|it| it.annulled.clone()),
        repeats: question.repeats.map(|vote| ids::id(&VoteKey { meeting, vote })),
    }
}

/// A meeting's votes, in the order they were opened.
pub(super) fn votes(row: &MeetingRow) -> Vec<Vote> {
    row.state.votes.iter().map(|(id, it)| vote(row.id, *id, it, row.votes.get(id))).collect()
}
