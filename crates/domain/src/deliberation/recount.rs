//! Every decision made again from the events it rests on, as anybody can who has the log.
//!
//! - A poll's count follows from its terms, its frozen roll, who took part, the published ballots and the paper that two
//!   tellers agreed on; an election's certificate from its poll's ballots; a meeting's vote from the choices, the hands or
//!   the ballots handed in; a motion's fate from its vote.
//! - What is recorded (rule, counts, steps, outcome) is compared with what was found, and never used to find it; but ranked
//!   ballots are counted by the rule that they were counted by then, which in the log never is an earlier one than before.
//! - A meeting's vote is one of its council: who sat when a vote opened, when it was cast and when it closed is read from the
//!   council's own events. Votes that were held before meetings asked the council count by their openings, as they were
//!   counted then, and none of them follows one that asked.
//! - Events are read in the order of the log; a decision is judged once its commit is read whole. Nothing here fails: what
//!   cannot be made again is a difference.

mod difference;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use esrs::Aggregate;
use uuid::Uuid;

pub use self::difference::Difference;
use super::{
    Event,
    ballot::{Ballot, BallotListEvent, Method},
    charter::Charter,
    council::Council,
    counting::ranked::RankedRule,
    decision::{Decision, Outcome, Rule, Wording},
    election::{Election, ElectionCommand, ElectionEvent},
    meeting::{Meeting, MeetingEvent},
    meeting_vote::{Vote, VoteKind, secret_tally},
    motion::MotionEvent,
    poll::{Found, Poll, PollEvent, PollPhase},
    poll_report::{FrozenRoll, Participants, PollOutcome, PollReport},
    poll_terms::{Chartered, Matter, MeetingVote, PollTerms, Secrecy},
    roll::{Roll, RollEvent},
    roll_entry::{RollEntryEvent, RollLine},
};
use crate::{
    refusal::Refusal,
    values::{CouncilId, Day, ElectionId, MeetingId, MotionId, PersonId, PollId, RollEntryId, VoteId},
};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// A poll.
    Poll(PollId),
    /// An election, or a recall.
    Election(ElectionId),
    /// A vote in a meeting.
    Vote(MeetingId, VoteId),
    /// A motion, by this vote.
    Motion(MotionId, VoteId),
}

/// A decision of the log, and whether its events give it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recounted {
    /// Of what.
    pub of: Decided,
    /// What is recorded: outcome and reason. Candidates are told by their number on the ballot.
    pub recorded: Wording,
    /// Everything that the events do not give; empty if all of it is as recorded.
    pub differences: Vec<Difference>,
}

/// What is kept of a poll until it is counted.
#[derive(Debug, Default)]
struct PollBooks {
    poll: Poll,
    roll: Roll,
    /// What the entries' own streams say; dropped once the poll is open.
    entitled: BTreeMap<RollEntryId, RollLine>,
    voted: BTreeMap<RollEntryId, RollEntryEvent>,
    out_of_turn: u64,
    ballots: Vec<Ballot>,
    /// Who took part, by whoever's hand; of a meeting's vote they are among those present.
    voters: BTreeSet<PersonId>,
    differences: Vec<Difference>,
    /// What its ballots give, once it is counted.
    found: Option<PollReport>,
}

/// What is kept of a meeting's vote until it is closed.
#[derive(Debug, Default)]
struct VoteBooks {
    /// On which day the council was asked who sits, if it was.
    opened: Option<Day>,
    /// Recorded as voters and not entitled at the opening, or the other way round.
    strangers: u64,
    /// Votes of people who might not vote at that moment.
    stray: u64,
}

/// What is to be judged when the commit is read whole.
#[derive(Debug)]
enum Due {
    Counted(PollId, PollReport),
    Late(PollId, Difference),
    Certified(ElectionId, ElectionEvent),
    Closed(MeetingId, VoteId, Decision, Option<Day>),
    Moved(MotionId, VoteId, bool),
}

/// A recount under way.
#[derive(Debug)]
pub struct Recount {
    digest: fn(&[u8]) -> String,
    polls: HashMap<PollId, PollBooks>,
    entries: HashMap<RollEntryId, PollId>,
    councils: HashMap<CouncilId, Council>,
    elections: HashMap<ElectionId, Election>,
    meetings: HashMap<MeetingId, Meeting>,
    /// What is wrong with who might vote, and with who did.
    vote_books: HashMap<VoteId, VoteBooks>,
    /// A meeting has asked its council who sits: from then on every vote does.
    council_asked: bool,
    /// What every closed vote gives.
    votes: HashMap<VoteId, Outcome>,
    /// The newest rule by which ranked ballots were counted so far.
    ranked_rule: RankedRule,
    due: Vec<Due>,
}

impl Recount {
    /// Nothing is read yet; `digest` is the SHA-256 of some bytes, hexadecimal.
    pub fn new(digest: fn(&[u8]) -> String) -> Self {
        Self {
            digest,
            polls: HashMap::new(),
            entries: HashMap::new(),
            councils: HashMap::new(),
            elections: HashMap::new(),
            meetings: HashMap::new(),
            vote_books: HashMap::new(),
            council_asked: false,
            votes: HashMap::new(),
            ranked_rule: RankedRule::default(),
            due: vec![],
        }
    }

    /// Reads the next event of the log, of the stream with this id.
    pub fn read(&mut self, stream: Uuid, event: Event) {
        match event {
            Event::Poll(event) => self.read_poll(PollId(stream), event),
            Event::Roll(event) => self.read_roll(PollId(stream), event),
            Event::RollEntry(event) => self.read_entry(RollEntryId(stream), event),
            Event::BallotList(BallotListEvent::BallotsPublished { ballots }) => self.read_ballots(PollId(stream), ballots),
            Event::Election(event) => self.read_election(ElectionId(stream), event),
            Event::Meeting(event) => self.read_meeting(MeetingId(stream), event),
            Event::Motion(MotionEvent::MotionAdopted { vote, .. }) => self.due.push(Due::Moved(MotionId(stream), vote, true)),
            Event::Motion(MotionEvent::MotionRejected { vote, .. }) => self.due.push(Due::Moved(MotionId(stream), vote, false)),
            Event::Council(event) => {
                let council = self.councils.entry(CouncilId(stream)).or_default();
                *council = Council::apply_event(std::mem::take(council), event);
            }
            Event::Motion(_) | Event::ResidentIssue(_) | Event::MotionRegister(_) | Event::Covenant(_) | Event::Minutes(_) => {}
        }
    }

    /// Judges what the commit decided, which is read whole now.
    pub fn commit_ends(&mut self) -> Vec<Recounted> {
        let mut due = std::mem::take(&mut self.due);
        // A poll before its election, a vote before its motion, in whatever order the commit has them.
        due.sort_by_key(|due| match due {
            Due::Counted(..) | Due::Late(..) => 0,
            Due::Closed(..) => 1,
            Due::Certified(..) | Due::Moved(..) => 2,
        });
        due.into_iter().map(|due| self.judge(due)).collect()
    }

    fn read_poll(&mut self, id: PollId, event: PollEvent) {
        let digest = self.digest;
        let books = self.polls.entry(id).or_default();
        match &event {
            PollEvent::PollOpened { roll } => books.opens(roll, digest),
            PollEvent::PollCounted { report } => return self.due.push(Due::Counted(id, report.clone())),
            PollEvent::PollPrepared { .. }
            | PollEvent::TellersAppointed { .. }
            | PollEvent::PollClosed {}
            | PollEvent::PaperCountEntered { .. }
            | PollEvent::PollPublished {}
            | PollEvent::PollVoided { .. } => {}
        }
        books.poll = Poll::apply_event(std::mem::take(&mut books.poll), event);
    }

    fn read_roll(&mut self, id: PollId, event: RollEvent) {
        let books = self.polls.entry(id).or_default();
        books.roll = Roll::apply_event(std::mem::take(&mut books.roll), event);
    }

    fn read_entry(&mut self, id: RollEntryId, event: RollEntryEvent) {
        if let RollEntryEvent::EntitledOnRoll { poll, line } = &event {
            self.entries.insert(id, *poll);
            self.polls.entry(*poll).or_default().entitled.insert(id, *line);
            return;
        }
        let Some(poll) = self.entries.get(&id) else { return };
        let Some(books) = self.polls.get_mut(poll) else { return };
        match &event {
            RollEntryEvent::StruckFromRoll {} => drop(books.entitled.remove(&id)),
            RollEntryEvent::EntitledOnRoll { .. } => {}
            RollEntryEvent::BallotCast { .. } | RollEntryEvent::OpenBallotCast { .. } => {
                let in_turn = books.poll.phase == PollPhase::Opened && books.roll.lines.contains_key(&id) && !books.voted.contains_key(&id);
                if in_turn {
                    let voter = books.roll.lines.get(&id).map(|line| line.voter);
                    books.voters.extend(voter);
                    books.voted.insert(id, event);
                    let vote = books.poll.terms.as_ref().and_then(|terms| terms.vote);
                    self.cast_in_secret(vote, voter);
                } else if books.found.is_some() {
                    self.due.push(Due::Late(*poll, Difference::OutOfTurn { entries: 1 }));
                } else {
                    books.out_of_turn += 1;
                }
            }
        }
    }

    fn read_ballots(&mut self, id: PollId, ballots: Vec<Ballot>) {
        let books = self.polls.entry(id).or_default();
        if books.found.is_some() {
            self.due.push(Due::Late(id, Difference::LateBallots { ballots: many(ballots.len()) }));
        } else {
            books.ballots.extend(ballots);
        }
    }

    /// A council's poll, and one on a motion before it, is held by the rule and as secretly as its charter says.
    fn charter_differs(&self, terms: Option<&PollTerms>) -> Option<Difference> {
        let terms = terms?;
        let (council, kind, charter_version) = match (terms.matter, terms.chartered) {
            (Matter::Council { council, kind, charter_version, .. }, _)
            | (Matter::Motion(_), Some(Chartered { council, kind, charter_version })) => (council, kind, charter_version),
            (Matter::Motion(_), None) | (Matter::Election(_) | Matter::Question, _) => return None,
        };
        let charter: Option<&Charter> = self.councils.get(&council).and_then(|council| council.charter_at(charter_version));
        let same = charter.is_some_and(|it| {
            let (matter, secrecy, rule) = it.poll_terms(council, kind, charter_version);
            (matter == terms.matter || terms.chartered.is_some()) && (secrecy, rule) == (terms.secrecy, terms.rule.clone())
        });
        (!same).then_some(Difference::Charter)
    }

    fn read_election(&mut self, id: ElectionId, event: ElectionEvent) {
        let decided = matches!(event, ElectionEvent::ElectionCertified { .. } | ElectionEvent::ElectionVoided { outcome: Some(_), .. });
        if decided {
            self.due.push(Due::Certified(id, event));
        } else {
            let election = self.elections.entry(id).or_default();
            *election = Election::apply_event(std::mem::take(election), event);
        }
    }

    fn read_meeting(&mut self, id: MeetingId, event: MeetingEvent) {
        let meeting = self.meetings.entry(id).or_default();
        let council = meeting.council.and_then(|id| self.councils.get(&id));
        if let MeetingEvent::VoteOpened { vote, voters, recused, on, .. } = &event {
            let present = match (on, council) {
                (Some(on), Some(council)) => meeting.present_of(&council.standing(*on)),
                (Some(_), None) => BTreeSet::new(),
                (None, _) => meeting.sitting.present().collect(),
            };
            let recorded: BTreeSet<PersonId> = voters.iter().copied().collect();
            let found: BTreeSet<PersonId> = present.into_iter().filter(|person| !recused.contains(person)).collect();
            let books = self.vote_books.entry(*vote).or_default();
            (books.strangers, books.opened) = (many(recorded.symmetric_difference(&found).count()), *on);
            self.council_asked |= on.is_some();
        }
        if let MeetingEvent::BallotCast { vote, person, on, .. } = &event {
            let entitled = match (on, council) {
                (Some(on), Some(council)) => meeting.require_voter(*vote, *person, &council.standing(*on)).is_ok(),
                (Some(_), None) => false,
                (None, _) => !self.council_asked && meeting.votes.get(vote).is_some_and(|vote| vote.voters.contains(person)),
            };
            self.vote_books.entry(*vote).or_default().stray += u64::from(!entitled);
            self.council_asked |= on.is_some();
        }
        if let MeetingEvent::VoteClosed { vote, decision, on, .. } = &event {
            self.due.push(Due::Closed(id, *vote, decision.clone(), *on));
        }
        *meeting = Meeting::apply_event(std::mem::take(meeting), event);
    }

    fn judge(&mut self, due: Due) -> Recounted {
        match due {
            Due::Counted(id, recorded) => self.judge_poll(id, recorded),
            Due::Late(id, difference) => Recounted {
                of: Decided::Poll(id),
                recorded: Wording::new("计票之后的投票", "votes after the count"),
                differences: vec![difference],
            },
            Due::Certified(id, event) => self.judge_election(id, event),
            Due::Closed(meeting, vote, decision, on) => self.judge_vote(meeting, vote, &decision, on),
            Due::Moved(motion, vote, adopted) => self.judge_motion(motion, vote, adopted),
        }
    }

    fn judge_poll(&mut self, id: PollId, recorded: PollReport) -> Recounted {
        let books = self.polls.entry(id).or_default();
        let (mut found, mut differences) = books.recounted(recorded.tally.ranked_rule);
        if let Some(found) = &mut found
            && recorded.tally.stages.is_empty()
        {
            // Counted by a build that told no stages.
            found.tally.stages.clear();
        }
        let terms = books.poll.terms.as_ref();
        if terms.is_some_and(|terms| matches!(terms.method, Method::Ranked { .. })) {
            if recorded.tally.ranked_rule < self.ranked_rule {
                differences.push(Difference::EarlierRankedRule);
            }
            self.ranked_rule = self.ranked_rule.max(recorded.tally.ranked_rule);
        }
        if let Some(found) = &found {
            if recorded.participation != found.participation {
                differences.push(Difference::Participation { recorded: recorded.participation, found: found.participation });
            }
            if recorded.tally != found.tally {
                let (recorded, found) = (Box::new(recorded.tally.clone()), Box::new(found.tally.clone()));
                differences.push(Difference::Ballots { recorded, found });
            }
            if recorded.clashing_tags != found.clashing_tags {
                differences.push(Difference::ClashingTags { recorded: recorded.clashing_tags, found: found.clashing_tags });
            }
            differences.extend(outcome_differs(&recorded.outcome, &found.outcome, terms));
        }
        let stages = (1..).zip(&recorded.tally.stages).map(|(number, stage)| {
            let wording = stage.wording(|option| format!("#{option}"));
            Wording::new(format!("第 {number} 轮：{}", wording.zh), format!("stage {number}: {}", wording.en))
        });
        let wording = Wording::joined(&stages.chain([outcome_wording(&recorded.outcome, terms)]).collect::<Vec<_>>());
        let terms = books.poll.terms.clone();
        books.poll = Poll::apply_event(std::mem::take(&mut books.poll), PollEvent::PollCounted { report: recorded });
        books.found = found;
        differences.extend(self.charter_differs(terms.as_ref()));
        Recounted { of: Decided::Poll(id), recorded: wording, differences }
    }

    fn judge_election(&mut self, id: ElectionId, recorded: ElectionEvent) -> Recounted {
        let election = self.elections.entry(id).or_default();
        let books = election.poll.and_then(|poll| self.polls.get(&poll));
        let terms = books.and_then(|books| books.poll.terms.as_ref());
        let wording = certificate_wording(&recorded, terms);
        let mut differences = vec![];
        match books.and_then(|books| books.found.as_ref()) {
            None => differences.push(Difference::Missing(Wording::new("已计票的投票", "counted poll"))),
            Some(PollReport { outcome, .. }) => {
                match Election::handle_command(election, ElectionCommand::Certify { outcome: outcome.clone() }) {
                    Err(refusal) => differences.push(Difference::Refused(refusal.into())),
                    Ok(found) if found.first() == Some(&recorded) => {}
                    Ok(found) => {
                        let found = found.first().map_or_else(|| Wording::new("", ""), |found| certificate_wording(found, terms));
                        differences.push(Difference::Outcome { recorded: wording.clone(), found });
                    }
                }
            }
        }
        *election = Election::apply_event(std::mem::take(election), recorded);
        Recounted { of: Decided::Election(id), recorded: wording, differences }
    }

    /// A secret ballot was cast in a meeting's vote: like a choice by name, by whoever sits and is in the room.
    fn cast_in_secret(&mut self, vote: Option<MeetingVote>, voter: Option<PersonId>) {
        let Some(MeetingVote { meeting, vote }) = vote else { return };
        let books = self.vote_books.entry(vote).or_default();
        let entitled = self.meetings.get(&meeting).is_some_and(|meeting| {
            let council = meeting.council.and_then(|id| self.councils.get(&id));
            match (council, books.opened, voter) {
                (Some(council), Some(on), Some(voter)) => meeting.require_voter(vote, voter, &council.standing(on)).is_ok(),
                (None, ..) | (_, None, _) | (_, _, None) => false,
            }
        });
        books.stray += u64::from(!entitled);
    }

    fn judge_vote(&mut self, meeting: MeetingId, id: VoteId, recorded: &Decision, on: Option<Day>) -> Recounted {
        let mut differences = vec![];
        let books = self.vote_books.remove(&id).unwrap_or_default();
        if on.is_none() && self.council_asked {
            differences.push(Difference::CouncilNotAsked);
        }
        self.council_asked |= on.is_some();
        let found = self.meetings.get(&meeting).and_then(|meeting| Some((meeting, meeting.votes.get(&id)?)));
        let found = match found {
            None => Err(Difference::Missing(Wording::new("开始表决的记录", "opening of the vote"))),
            Some((meeting, vote)) => self.vote_again(meeting, vote, on),
        };
        match found {
            Ok(found) => {
                if found != *recorded {
                    differences.push(Difference::Outcome { recorded: decision_wording(recorded), found: decision_wording(&found) });
                }
                differences.extend(rule_differs(&found.rule));
                self.votes.insert(id, found.verdict.outcome);
            }
            Err(difference) => differences.push(difference),
        }
        differences.extend((books.stray > 0).then_some(Difference::StrayChoices { choices: books.stray }));
        differences.extend((books.strangers > 0).then_some(Difference::Voters { persons: books.strangers }));
        Recounted { of: Decided::Vote(meeting, id), recorded: decision_wording(recorded), differences }
    }

    /// The decision that a vote's choices, hands or ballots give, of those whom the council's events give as entitled on this
    /// day, or of those whom its opening gave where the council was not asked.
    #[expect(clippy::result_large_err, reason = "a difference is the end of a recount, not met on its way")]
    fn vote_again(&self, meeting: &Meeting, vote: &Vote, on: Option<Day>) -> Result<Decision, Difference> {
        let council = meeting.council.and_then(|id| self.councils.get(&id));
        let missing = || Difference::Missing(Wording::new("其议事会", "council of it"));
        let house = |cast: &BTreeSet<PersonId>| match on {
            None => Ok(vote.house_at_opening()),
            Some(on) => council.map(|council| meeting.house(vote, cast, &council.standing(on))).ok_or_else(missing),
        };
        let tally = match vote.question.kind {
            VoteKind::ByName | VoteKind::ShowOfHands => vote
                .tally(house(&vote.cast())?)
                .ok_or_else(|| Difference::Missing(Wording::new("两名计票人一致的结果", "count that two tellers agree on")))?,
            VoteKind::Secret { poll } => {
                let uncounted = || Difference::Missing(Wording::new("已计票的秘密投票", "counted secret poll"));
                let books = self.polls.get(&poll).ok_or_else(uncounted)?;
                match books.found.as_ref().map(|it| &it.outcome) {
                    Some(PollOutcome::Decided { decisions }) if decisions.len() == 1 => {
                        secret_tally(house(&books.voters)?, decisions[0].tally.heads)
                    }
                    _ => return Err(uncounted()),
                }
            }
        };
        Decision::of(vote.question.rule.clone(), tally).map_err(|refusal| Difference::Refused(refusal.into()))
    }

    fn judge_motion(&self, motion: MotionId, vote: VoteId, adopted: bool) -> Recounted {
        let wording = |adopted: bool| if adopted { Wording::new("通过", "adopted") } else { Wording::new("未通过", "rejected") };
        let recorded = wording(adopted);
        let differences = match self.votes.get(&vote) {
            Some(Outcome::Carried) if adopted => vec![],
            Some(Outcome::Failed) if !adopted => vec![],
            Some(outcome) => vec![Difference::Outcome { recorded: recorded.clone(), found: outcome.wording() }],
            None => vec![Difference::Missing(Wording::new("该次表决的结果", "result of that vote"))],
        };
        Recounted { of: Decided::Motion(motion, vote), recorded, differences }
    }
}

impl PollBooks {
    fn opens(&mut self, recorded: &FrozenRoll, digest: fn(&[u8]) -> String) {
        let mut found = FrozenRoll::of(&self.roll, digest(&self.roll.canonical_bytes()));
        if recorded.composition.is_none() {
            found.composition = None;
        }
        if found != *recorded {
            self.differences.push(Difference::Roll { recorded: recorded.clone(), found });
        }
        let entitled = std::mem::take(&mut self.entitled);
        let differs = |entry: &&RollEntryId| entitled.get(entry) != self.roll.lines.get(entry);
        let all: BTreeSet<&RollEntryId> = entitled.keys().chain(self.roll.lines.keys()).collect();
        let entries = many(all.iter().filter(|entry| differs(entry)).count());
        if entries > 0 {
            self.differences.push(Difference::Entries { entries });
        }
    }

    /// The report that the poll's events give, by this rule if ballots are ranked, and what is wrong with those.
    fn recounted(&mut self, ranked_rule: RankedRule) -> (Option<PollReport>, Vec<Difference>) {
        let mut differences = std::mem::take(&mut self.differences);
        if self.out_of_turn > 0 {
            differences.push(Difference::OutOfTurn { entries: self.out_of_turn });
        }
        let (roll, ballots) = (std::mem::take(&mut self.roll), std::mem::take(&mut self.ballots));
        let mut participants = Participants::of(&roll);
        let added = std::mem::take(&mut self.voted).into_iter().try_for_each(|(entry, event)| participants.add(entry, event));
        let secrecy = self.poll.terms.as_ref().map(|terms| terms.secrecy);
        let found = match secrecy {
            Some(Secrecy::Open) | None => Found::Open(participants.open),
            Some(Secrecy::Secret { .. }) => Found::Secret(ballots),
        };
        let counted = added.map_err(Refusal::from).and_then(|()| self.poll.counted(participants.participation, found, ranked_rule));
        if let Some(terms) = &self.poll.terms {
            differences.extend(rule_differs(&terms.rule));
        }
        match counted {
            Ok(report) => (Some(report), differences),
            Err(refusal) => {
                differences.push(Difference::Refused(refusal));
                (None, differences)
            }
        }
    }
}

fn many(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn rule_differs(rule: &Rule) -> Option<Difference> {
    rule.recheck().err().map(|_| Difference::Rule { id: rule.id.clone(), version: rule.version })
}

fn outcome_differs(recorded: &PollOutcome, found: &PollOutcome, terms: Option<&PollTerms>) -> Option<Difference> {
    (recorded != found).then(|| Difference::Outcome { recorded: outcome_wording(recorded, terms), found: outcome_wording(found, terms) })
}

/// An outcome with its reason; options are told by their number on the ballot, for names are sealed.
fn outcome_wording(outcome: &PollOutcome, terms: Option<&PollTerms>) -> Wording {
    let number = |id: Uuid| {
        let options = terms.map_or(&[][..], |terms| &terms.options);
        let number = (1_u16..).zip(options).find(|(number, option)| option.id(*number) == id).map(|(number, _)| number);
        number.map_or_else(|| "#?".to_owned(), |number| format!("#{number}"))
    };
    outcome.reason(terms.map_or(0, |terms| terms.method.seats()), number)
}

fn decision_wording(decision: &Decision) -> Wording {
    let (outcome, reason) = (decision.verdict.outcome.wording(), decision.verdict.reason());
    Wording::new(format!("{}：{}", outcome.zh, reason.zh), format!("{}: {}", outcome.en, reason.en))
}

/// A certificate, or why the election is void, as its poll's outcome says.
fn certificate_wording(event: &ElectionEvent, terms: Option<&PollTerms>) -> Wording {
    let (state, outcome) = if let ElectionEvent::ElectionCertified { outcome, elected, recalled, seats_left, .. } = event {
        let elected = elected.len();
        let state = match recalled {
            Some(true) => Wording::new("罢免", "recalled"),
            Some(false) => Wording::new("不罢免", "not recalled"),
            None => Wording::new(format!("当选 {elected} 人，缺额 {seats_left}"), format!("{elected} elected, {seats_left} seats left")),
        };
        (state, Some(outcome))
    } else if let ElectionEvent::ElectionVoided { outcome, .. } = event {
        (Wording::new("选举无效", "void"), outcome.as_ref())
    } else {
        (Wording::new("", ""), None)
    };
    let reason = outcome.map_or_else(|| Wording::new("", ""), |outcome| outcome_wording(outcome, terms));
    Wording::new(format!("{}：{}", state.zh, reason.zh), format!("{}: {}", state.en, reason.en))
}

#[cfg(test)]
#[path = "recount_tests.rs"]
mod tests;
