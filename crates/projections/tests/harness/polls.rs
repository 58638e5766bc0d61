//! Random but valid courses of elections and polls: what may be next in a phase, decided by the domain's own rules.

use chrono::TimeDelta;
use gongyi_domain::{
    deliberation::{
        ballot::{Ballot, BallotList, BallotListCommand, Marks, Method},
        counting::Count,
        decision::statutes,
        election::{self, Election, ElectionCommand},
        election_terms::{CandidateOrder, ElectionKind, ElectionTerms},
        poll::{Found, Poll, PollCommand, PollPhase},
        poll_report::{FrozenRoll, Participation},
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll::Roll,
        roll_entry::{Channel, Holder, RollEntry, RollEntryCommand, RollLine},
    },
    values::{CouncilId, ElectionId, PersonId, PollId},
};
use uuid::Uuid;

use super::{
    Platform,
    story::{States, person},
};

pub const AREA: &str = "440402001001";

/// What is voted on: two elections, each with a poll, and two polls on a question, one of them open.
#[derive(Default)]
pub struct Polls {
    elections: States<Election>,
    polls: States<Poll>,
    entries: States<RollEntry>,
    lists: States<BallotList>,
    serial: u16,
}

pub fn election(n: u32) -> ElectionId {
    ElectionId(Uuid::from_u128(0xa000 + u128::from(n % 2)))
}
pub fn poll(n: u32) -> PollId {
    PollId(Uuid::from_u128(0xb000 + u128::from(n % 4)))
}

fn line(person: PersonId) -> RollLine {
    RollLine { holder: Holder::Person(person), voter: person, weight: 1 }
}

pub fn poll_terms(n: u32, options: Vec<BallotOption>) -> PollTerms {
    let is_election = n % 4 < 2;
    PollTerms {
        matter: if is_election { Matter::Election(election(n)) } else { Matter::Question },
        area: AREA.parse().unwrap(),
        title: format!("poll {}", n % 4),
        options,
        method: Method::Plurality { seats: 1, marks_max: 1 },
        secrecy: if n % 4 == 3 { Secrecy::Open } else { Secrecy::Secret { receipts: true } },
        channels: Channels::Online,
        rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
        opens_at: None,
        closes_at: None,
        vote: None,
        smallest: None,
        chartered: None,
    }
}

impl Polls {
    /// Something may happen to one of the elections, or to one of the polls.
    pub async fn wish(&mut self, platform: &mut Platform, a: u32, b: u32) {
        if a.is_multiple_of(3) {
            self.election(platform, a / 3, b).await;
        } else {
            self.poll(platform, a, b).await;
        }
    }

    async fn election(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, now) = (election(a), platform.now);
        let state = self.elections.0.get(&id.0).cloned().unwrap_or_default();
        let (one, other) = (person(b), person(b / 6));
        let terms = ElectionTerms {
            council: CouncilId(Uuid::from_u128(0x5000)),
            area: AREA.parse().unwrap(),
            kind: ElectionKind::Seats,
            seats: 1,
            method: Method::Plurality { seats: 1, marks_max: 1 },
            rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
            nominations_until: now + TimeDelta::hours(6),
            poll_opens: now + TimeDelta::hours(7),
            poll_closes: now + TimeDelta::hours(8),
            candidate_order: CandidateOrder::default(),
        };
        let until = state.terms.as_ref().map_or(now, |terms| terms.nominations_until);
        let report = self.polls.0.get(&poll(a % 2).0).and_then(|poll| poll.report.clone());
        let command = match (state.phase, b % 9) {
            (election::ElectionPhase::Unknown, _) => ElectionCommand::Call { terms, candidates: vec![], now },
            (election::ElectionPhase::Called, 0 | 1) => ElectionCommand::Nominate { nominee: one, by: one, now },
            (election::ElectionPhase::Called, 2) => ElectionCommand::Nominate { nominee: one, by: other, now },
            (election::ElectionPhase::Called, 3) => ElectionCommand::Accept { nominee: one, now },
            (election::ElectionPhase::Called, 4) => ElectionCommand::Withdraw { nominee: one },
            (election::ElectionPhase::Called, 5) => ElectionCommand::AttachPoll { poll: poll(a % 2), order: None, now: until },
            (election::ElectionPhase::Called | election::ElectionPhase::PollAttached, 6) => {
                ElectionCommand::RegisterProxy { principal: one, proxy: other }
            }
            (election::ElectionPhase::Called | election::ElectionPhase::PollAttached, 7) => ElectionCommand::RevokeProxy { principal: one },
            (election::ElectionPhase::Called | election::ElectionPhase::PollAttached, 8) => ElectionCommand::PublishProxies,
            (election::ElectionPhase::Frozen, 0..6) => match report {
                Some(report) => ElectionCommand::Certify { outcome: report.outcome },
                None => return,
            },
            (election::ElectionPhase::Certified, _) => ElectionCommand::CallRunOff { run_off: ElectionId(Uuid::from_u128(0xa0ff)) },
            _ if b % 63 == 62 => ElectionCommand::Void { reason: format!("because {b}") },
            _ => return,
        };
        self.elections.act::<Election>(platform, id.0, command).await;
    }

    async fn poll(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (n, now) = (a % 4, platform.now);
        let id = poll(n);
        let state = self.polls.0.get(&id.0).cloned().unwrap_or_default();
        let holder = Holder::Person(person(b / 8));
        let entry = holder.entry(id);
        self.serial += 1;
        let marks = Marks::Chosen(vec![1]);
        match (state.phase, b % 8) {
            (PollPhase::Unknown, _) => {
                let candidates = self.elections.0.get(&election(n).0).map(Election::candidates).unwrap_or_default();
                let options = match n {
                    0 | 1 => candidates.into_iter().map(BallotOption::Nominee).collect(),
                    _ => vec![BallotOption::Text("one".into()), BallotOption::Text("other".into())],
                };
                self.polls.act::<Poll>(platform, id.0, PollCommand::Prepare { terms: poll_terms(n, options) }).await;
            }
            (PollPhase::Prepared, 0..5) => {
                let line = line(person(b / 8));
                self.entries.act::<RollEntry>(platform, entry.0, RollEntryCommand::Entitle { poll: id, line }).await;
            }
            (PollPhase::Prepared, 5) => _ = self.entries.act::<RollEntry>(platform, entry.0, RollEntryCommand::Strike).await,
            (PollPhase::Prepared, _) => {
                let attached = self.elections.0.get(&election(n).0).is_some_and(|it| it.phase == election::ElectionPhase::PollAttached);
                if n < 2 && !attached {
                    return;
                }
                let mut roll = Roll::default();
                for (at, entry) in &self.entries.0 {
                    if let RollEntry::Entitled { poll, line } = entry
                        && *poll == id
                    {
                        roll.lines.insert((*at).into(), *line);
                    }
                }
                let roll = FrozenRoll::of(&roll, "ab".repeat(32));
                if self.polls.act::<Poll>(platform, id.0, PollCommand::Open { roll: roll.clone(), now }).await && n < 2 {
                    self.elections.act::<Election>(platform, election(n).0, ElectionCommand::Freeze { roll }).await;
                }
            }
            (PollPhase::Opened, 0..6) => {
                let (proxy, marks) = ((b % 8 == 5).then(|| person(b / 48)), (n == 3).then_some(marks));
                let cast = RollEntryCommand::CastBallot { channel: Channel::Online, proxy, marks };
                self.entries.act::<RollEntry>(platform, entry.0, cast).await;
            }
            (PollPhase::Opened, _) => _ = self.polls.act::<Poll>(platform, id.0, PollCommand::Close { now }).await,
            (PollPhase::Closed, _) => {
                let voted = self.entries.0.iter().filter(|(at, it)| self.is_of(**at, id) && matches!(it, RollEntry::Voted { .. })).count();
                let ballot = |n: usize| Ballot { tag: Some(format!("{n:022}")), marks: marks.clone() };
                let ballots: Vec<_> = (0..voted).map(ballot).collect();
                let found = if n == 3 {
                    Found::Open(vec![(marks.clone(), Count::ONE); voted])
                } else {
                    self.lists.act::<BallotList>(platform, id.0, BallotListCommand::Publish { ballots: ballots.clone() }).await;
                    Found::Secret(ballots)
                };
                let participation = Participation { online: Count::of(voted as u64), ..Participation::default() };
                self.polls.act::<Poll>(platform, id.0, PollCommand::Count { participation, found }).await;
            }
            (PollPhase::Counted, 0..6) => _ = self.polls.act::<Poll>(platform, id.0, PollCommand::Publish).await,
            (PollPhase::Counted, _) => {
                let reason = format!("because {}", self.serial);
                self.polls.act::<Poll>(platform, id.0, PollCommand::Void { reason }).await;
            }
            (PollPhase::Published | PollPhase::Voided, _) => {}
        }
    }

    fn is_of(&self, entry: Uuid, poll: PollId) -> bool {
        (0..6).any(|n| Holder::Person(person(n)).entry(poll).0 == entry)
    }
}
