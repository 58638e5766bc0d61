//! Who is elected: validity of the poll, the votes a candidate needs, ties, and who stands in a run-off.
//!
//! - A poll with more ballots than voters is void; one in which too few of the roll voted decides nothing.
//! - Elected are, by votes, those who reach the rule's majority, at most as many as there are seats. Where areas are
//!   counted too, a majority may ask for them, but the order is by heads.
//! - Candidates with equal votes of whom not all find a seat are not elected: they stand in a run-off.
//! - Who has no vote is not elected, whatever the rule.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    rule::{Abstentions, Majority, Rule, Wording},
    tally::{Measure, Poll, PollCounts, Votes},
    verdict::{DecisionRefusal, Discrepancy, Step, Turned},
};

/// How many more than the seats left stand in a run-off that is no tie (村民委员会组织法 art. 15: 候选人的名额应当多于应选
/// 名额; in a run-off 未当选的人员得票多的为候选人).
pub const RUN_OFF_SPARE_CANDIDATES: usize = 1;

/// What was counted in an election.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Returns {
    /// How many are to be elected.
    pub seats: u32,
    /// The ballots.
    pub poll: Poll,
    /// The votes by candidate (or option); names are elsewhere.
    pub votes: BTreeMap<Uuid, Votes>,
}

/// How an election ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ElectionOutcome {
    /// 选满: every seat is filled.
    Filled,
    /// 未选满: seats are left.
    SeatsLeft,
    /// 选举无效: too few of the roll voted.
    TooFewVoted,
    /// 选举无效: the counts contradict each other.
    Void,
}

impl ElectionOutcome {
    /// In Chinese and English.
    pub fn wording(self) -> Wording {
        match self {
            Self::Filled => Wording::new("选举有效，名额已选满", "valid, every seat is filled"),
            Self::SeatsLeft => Wording::new("选举有效，名额未选满", "valid, seats are left"),
            Self::TooFewVoted => Wording::new("投票人数不足，选举无效", "too few voted, the election is not valid"),
            Self::Void => Wording::new("选举无效", "void"),
        }
    }
}

/// One comparison of a candidate's votes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CandidateStep {
    /// Whose votes.
    pub candidate: Uuid,
    /// What was demanded.
    pub majority: Majority,
    /// Whether abstentions stand in the basis.
    pub abstentions: Abstentions,
    /// The votes.
    pub votes: u64,
    /// Of how many.
    pub of: u64,
    /// Whether it was enough.
    pub held: bool,
}

/// What a rule makes of an election's returns.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ElectionVerdict {
    /// How it ended.
    pub outcome: ElectionOutcome,
    /// Whether the poll counts, step by step.
    pub steps: Vec<Step>,
    /// Each candidate's votes against the rule's majority, by votes.
    pub candidates: Vec<CandidateStep>,
    /// Who is elected, by votes.
    pub elected: Vec<Uuid>,
    /// Who has as many votes as others for the last seats, so that neither is elected.
    pub tied: Vec<Uuid>,
    /// Seats without anybody.
    pub seats_left: u32,
    /// Who would stand in a run-off for the seats left: those tied, or else those with the most votes.
    pub run_off: Vec<Uuid>,
}

/// An election's result as its event carries it: all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ElectionResult {
    /// The rule, word for word.
    pub rule: Rule,
    /// What was counted.
    pub returns: Returns,
    /// What the rule made of it.
    pub verdict: ElectionVerdict,
}

impl PollCounts {
    fn turned(&self) -> Turned {
        let Self { entitled, voters, cast, abstain, invalid } = *self;
        Turned { entitled, voters, cast, abstain, invalid }
    }
}

impl Rule {
    /// Who is elected: the same for the same returns, for ever.
    ///
    /// # Errors
    /// A rule by area on counts without areas; no seats; more ballots than 64 bits count.
    pub fn elect(&self, returns: &Returns) -> Result<ElectionVerdict, DecisionRefusal> {
        if returns.seats == 0 {
            return Err(DecisionRefusal::NoSeats);
        }
        let nobody = |outcome, steps| ElectionVerdict {
            outcome,
            steps,
            candidates: vec![],
            elected: vec![],
            tied: vec![],
            seats_left: returns.seats,
            run_off: vec![],
        };
        let contradictions: Vec<Step> = contradictions(returns)?;
        if !contradictions.is_empty() {
            return Ok(nobody(ElectionOutcome::Void, contradictions));
        }
        let mut steps = vec![];
        for quorum in &self.quorum {
            steps.push(returns.poll.by(quorum.by).ok_or(DecisionRefusal::AreaNotCounted)?.turned().turnout(*quorum));
        }
        if !steps.iter().all(Step::held) {
            return Ok(nobody(ElectionOutcome::TooFewVoted, steps));
        }

        let mut ranked: Vec<(Uuid, u64)> = returns.votes.iter().map(|(candidate, votes)| (*candidate, votes.heads)).collect();
        ranked.sort_by_key(|(candidate, votes)| (Reverse(*votes), *candidate));
        let mut candidates = vec![];
        for (candidate, _) in &ranked {
            for majority in &self.majority {
                candidates.push(self.candidate_step(returns, *candidate, *majority)?);
            }
        }
        let short: BTreeSet<Uuid> = candidates.iter().filter(|step| !step.held).map(|step| step.candidate).collect();
        let qualified: Vec<(Uuid, u64)> =
            ranked.iter().copied().filter(|(candidate, votes)| *votes > 0 && !short.contains(candidate)).collect();

        let seats = usize::try_from(returns.seats).unwrap_or(usize::MAX);
        let (elected, tied) = split_at_seats(&qualified, seats);
        let seats_left = seats - elected.len();
        let run_off = if seats_left == 0 {
            vec![]
        } else if tied.is_empty() {
            let rest: Vec<(Uuid, u64)> = ranked.into_iter().filter(|(it, votes)| *votes > 0 && !elected.contains(it)).collect();
            most_votes(&rest, seats_left.saturating_add(RUN_OFF_SPARE_CANDIDATES))
        } else {
            tied.clone()
        };
        let outcome = if seats_left == 0 { ElectionOutcome::Filled } else { ElectionOutcome::SeatsLeft };
        let seats_left = u32::try_from(seats_left).unwrap_or(returns.seats);
        Ok(ElectionVerdict { outcome, steps, candidates, elected, tied, seats_left, run_off })
    }

    fn candidate_step(&self, returns: &Returns, candidate: Uuid, majority: Majority) -> Result<CandidateStep, DecisionRefusal> {
        let poll = returns.poll.by(majority.by).ok_or(DecisionRefusal::AreaNotCounted)?;
        let votes = returns.votes.get(&candidate).and_then(|it| it.by(majority.by)).ok_or(DecisionRefusal::AreaNotCounted)?;
        let of = poll.turned().basis(majority.of, self.abstentions);
        let held = majority.threshold.reached(*votes, of);
        Ok(CandidateStep { candidate, majority, abstentions: self.abstentions, votes: *votes, of, held })
    }
}

/// What makes the poll void: more ballots than voters, more voters than the roll, more votes than ballots that count.
fn contradictions(returns: &Returns) -> Result<Vec<Step>, DecisionRefusal> {
    let mut steps = vec![];
    for (by, poll) in returns.poll.all() {
        steps.extend(poll.turned().contradiction(by));
        let blank = poll.abstain.checked_add(poll.invalid).ok_or(DecisionRefusal::CountsTooLarge)?;
        let most = returns.votes.values().filter_map(|votes| votes.by(by)).max().copied().unwrap_or(0);
        let named = most.checked_add(blank).ok_or(DecisionRefusal::CountsTooLarge)?;
        if named > poll.cast {
            steps.push(Step::MoreVotesThanBallots { by, votes: most, blank, cast: poll.cast });
        }
    }
    Ok(steps)
}

/// The first `seats`, but nobody of a group with equal votes of whom not all would be among them; and that group.
fn split_at_seats(ranked: &[(Uuid, u64)], seats: usize) -> (Vec<Uuid>, Vec<Uuid>) {
    let ids = |of: &[(Uuid, u64)], which: &dyn Fn(u64) -> bool| of.iter().filter(|it| which(it.1)).map(|it| it.0).collect();
    match (seats.checked_sub(1).and_then(|last| ranked.get(last)), ranked.get(seats)) {
        (Some((_, last)), Some((_, next))) if last == next => (ids(ranked, &|it| it > *last), ids(ranked, &|it| it == *last)),
        _ => (ids(&ranked[..seats.min(ranked.len())], &|_| true), vec![]),
    }
}

/// The first `count`, and whoever has as many votes as the last of them.
fn most_votes(ranked: &[(Uuid, u64)], count: usize) -> Vec<Uuid> {
    let floor = count.checked_sub(1).and_then(|last| ranked.get(last)).map_or(0, |it| it.1);
    ranked.iter().filter(|it| it.1 >= floor).map(|it| it.0).collect()
}

impl ElectionResult {
    /// Counts out, and keeps all that is needed to do it again.
    ///
    /// # Errors
    /// As [`Rule::elect`].
    pub fn of(rule: Rule, returns: Returns) -> Result<Self, DecisionRefusal> {
        Ok(Self { verdict: rule.elect(&returns)?, rule, returns })
    }

    /// Counts out again from rule and returns alone, and looks the rule up if it claims to be a statute's.
    ///
    /// # Errors
    /// What does not fit.
    pub fn recheck(&self) -> Result<(), Discrepancy> {
        self.rule.recheck()?;
        if self.rule.elect(&self.returns)? == self.verdict { Ok(()) } else { Err(Discrepancy::VerdictDiffers) }
    }
}

impl CandidateStep {
    /// In Chinese and English, with the name the reader may see: `3号: 61 of 120 cast, more than half ✓`.
    pub fn wording(&self, name: &str) -> Wording {
        let Self { majority, abstentions, votes, of, held, .. } = self;
        let by: Wording = Measure::wording(majority.by);
        let (basis, reached) = (majority.of.wording(*abstentions), majority.threshold.wording(*held));
        Wording {
            zh: format!("{name}：{}{} {of}，得票 {votes}，{}", by.zh, basis.zh, reached.zh),
            en: format!("{name}: votes{} {votes} of {of}{}{}", by.en, basis.en, reached.en),
        }
    }
}

/// How many places stay open.
pub(in crate::deliberation) fn seats_left_wording(seats_left: impl std::fmt::Display) -> Wording {
    Wording { zh: format!("缺额 {seats_left}"), en: format!("seats left: {seats_left}") }
}

impl ElectionResult {
    /// The reason in Chinese and English: every step, in order, and what became of whom. `name` says what the reader may
    /// see of a candidate.
    pub fn reason(&self, name: impl Fn(Uuid) -> String) -> Wording {
        let ElectionVerdict { steps, candidates, elected, tied, seats_left, .. } = &self.verdict;
        let votes = |candidate: &Uuid| self.returns.votes.get(candidate).map_or(0, |votes| votes.heads);
        let became = |candidate: &Uuid, zh: &str, en: &str| {
            let (name, votes) = (name(*candidate), votes(candidate));
            Wording { zh: format!("{name}得票 {votes}，{zh}"), en: format!("{name} {en} with {votes} votes") }
        };
        let mut words: Vec<Wording> = steps.iter().map(Step::wording).collect();
        words.extend(candidates.iter().map(|step| step.wording(&name(step.candidate))));
        words.extend(elected.iter().map(|it| became(it, "当选", "elected")));
        words.extend(tied.iter().map(|it| became(it, "票数相等，不能确定当选", "tied")));
        if *seats_left > 0 {
            words.push(seats_left_wording(seats_left));
        }
        Wording::joined(&words)
    }
}

#[cfg(test)]
mod tests {
    //! What breaks silently elsewhere: more elected than seats, somebody with fewer votes before somebody with more, a
    //! vote more that costs the seat, a result that hangs on the order of ids.

    use proptest::prelude::*;

    use super::*;
    use crate::deliberation::decision::{Measured, statutes};

    fn returns(seats: u32, entitled: u64, votes: &[u64], spare: u64) -> Returns {
        let most = votes.iter().max().copied().unwrap_or(0);
        let cast = most + spare;
        let poll = PollCounts { entitled: entitled.max(cast), voters: cast, cast, abstain: 0, invalid: 0 };
        let votes = (1..).map(Uuid::from_u128).zip(votes.iter().map(|votes| Measured::by_heads(*votes))).collect();
        Returns { seats, poll: Measured::by_heads(poll), votes }
    }

    #[test]
    fn the_reason_says_what_became_of_whom() {
        let rule = statutes::find(statutes::VILLAGE_ELECTION, 1).unwrap();
        let result = ElectionResult::of(rule, returns(2, 100, &[40, 30, 30], 20)).unwrap();
        let reason = result.reason(|id| format!("{}号", id.as_u128()));
        assert_eq!(
            reason.en,
            "voting 60 of 100, more than half ✓; 1号: votes 40 of 60 cast, more than half ✓; 2号: votes 30 of 60 cast, not more \
             than half ✗; 3号: votes 30 of 60 cast, not more than half ✗; 1号 elected with 40 votes; seats left: 1"
        );
        let mut forged = result.returns.clone();
        forged.poll.heads.invalid = 21;
        let forged = ElectionResult::of(result.rule, forged).unwrap();
        assert_eq!(
            forged.reason(|id| id.to_string()).en,
            "votes 40 for one candidate and 21 blank or invalid, more than 60 ballots ✗; seats left: 2"
        );
        let tie = ElectionResult::of(statutes::find(statutes::VILLAGE_TIE, 1).unwrap(), returns(1, 100, &[30, 30], 0)).unwrap();
        let reason = tie.reason(|id| format!("{}号", id.as_u128()));
        assert_eq!(reason.zh, "1号得票 30，票数相等，不能确定当选；2号得票 30，票数相等，不能确定当选；缺额 1");
    }

    proptest! {
        #[test]
        fn seats_go_to_the_most_votes_and_to_nobody_by_chance(
            which in 0..3usize, seats in 1..5u32, entitled in 0..200u64, votes in prop::collection::vec(0..60u64, 0..8),
            spare in 0..60u64, riser in 0..8usize,
        ) {
            let id = [statutes::VILLAGE_ELECTION, statutes::VILLAGE_RUN_OFF, statutes::VILLAGE_TIE][which];
            let result = ElectionResult::of(statutes::find(id, 1).unwrap(), returns(seats, entitled, &votes, spare)).unwrap();
            prop_assert_eq!(result.recheck(), Ok(()));
            let verdict = &result.verdict;
            prop_assert_eq!(verdict.elected.len() + verdict.seats_left as usize, seats as usize);
            let of = |id: &Uuid| result.returns.votes[id].heads;
            let others = result.returns.votes.keys().filter(|id| !verdict.elected.contains(id));
            for other in others {
                prop_assert!(verdict.elected.iter().all(|elected| of(elected) > of(other) || of(elected) == 0));
            }
            prop_assert!(verdict.elected.iter().all(|id| of(id) > 0 && !verdict.tied.contains(id) && !verdict.run_off.contains(id)));

            // Who is elected stays so with a vote more, on a ballot that stood empty before.
            if let Some(id) = verdict.elected.get(riser).filter(|id| of(id) < result.returns.poll.heads.cast) {
                let mut more = result.returns.clone();
                more.votes.entry(*id).and_modify(|votes| votes.heads += 1);
                prop_assert!(result.rule.elect(&more).unwrap().elected.contains(id));
            }
        }
    }
}
