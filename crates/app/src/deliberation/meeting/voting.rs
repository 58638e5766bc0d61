//! Votes within a meeting: opened by the charter's rule, cast, closed, annulled.
//!
//! - A motion is put to the vote, decided, and its decision annulled in the commit of the vote itself.
//! - A secret vote is a poll of those who may vote in the room, prepared and opened with it. The poll counts ballots; what
//!   they mean is the meeting's to say, by the charter's rule and its own numbers of those entitled and present.
//! - The council is asked as it is, in the same commit: when a vote is opened, when it is cast and when it is closed.
//! - A vote that decides nothing, for want of a quorum say, leaves its motion on the agenda.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        ballot::Method,
        charter::{Charter, Matter},
        council::CouncilRefusal,
        decision::{Abstentions, Counts, Outcome, Rule, Wording},
        meeting::{
            ANNUL_VOTE, CAST_MEETING_BALLOT, CLOSE_VOTE, COUNT_HANDS, Choice, Hands, Meeting, MeetingCommand, MeetingRefusal, OPEN_VOTE,
            Question, Vote, VoteKind as StoredKind, VotePhase,
        },
        motion::{
            Motion, MotionPhase,
            deciding::{ANNUL_DECISION, Deciding},
        },
        poll::{Poll, PollCommand, PollPhase, PollRefusal},
        poll_report::{FrozenRoll, PollOutcome},
        poll_terms::{self, BallotOption, Channels, MeetingVote, PollTerms, Secrecy},
        roll::{ROLL_COMMAND_MAX_ENTRIES, Roll, RollCommand},
        roll_entry::{Holder, RollEntry, RollEntryCommand, RollLine},
        standing::Standing,
    },
    prose::opening,
    values::{AgendaItemId, AreaCode, MeetingId, PersonId, PollId, VoteId},
};
use gongyi_eventlog::StreamId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{council_of, kept};
use crate::{
    App, Command,
    deliberation::motion::deciding,
    rejection::{Rejection, refused},
    work::Work,
};

/// How it is voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum VoteKind {
    /// By name.
    ByName,
    /// By show of hands.
    ShowOfHands,
    /// By secret ballot.
    Secret,
}

/// Put a question to the vote; the motion of its item with it.
#[derive(Debug, Serialize)]
pub struct OpenVote {
    /// In which meeting.
    pub meeting: MeetingId,
    /// Under which item.
    pub item: AgendaItemId,
    /// What is asked, as read out.
    pub question: String,
    /// What kind of matter it is: the charter says by which rule it is decided, and whether in secret.
    pub matter: Matter,
    /// How it is voted.
    pub kind: VoteKind,
    /// The version of the motion that was read out; the last if not said.
    pub version: Option<u32>,
    /// Who is recused.
    pub recused: Vec<PersonId>,
    /// The annulled vote that is taken anew.
    pub repeats: Option<VoteId>,
}

/// A vote was opened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct OpenedVote {
    /// In which meeting.
    pub meeting: MeetingId,
    /// The vote.
    pub vote: VoteId,
    /// The poll of a secret vote.
    pub poll: Option<PollId>,
}

impl Command for OpenVote {
    const ACT: &'static Act = &OPEN_VOTE;
    type Answer = OpenedVote;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OpenedVote, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let meeting = loaded.inner();
        let area = meeting.require_area().map_err(refused)?.clone();
        let version = meeting.orders.as_ref().map_or(0, |orders| orders.charter_version);
        let motion = meeting.agenda.item(self.item).ok_or_else(|| refused(MeetingRefusal::UnknownItem))?.motion;
        let council = council_of(work, meeting).await?;
        council.require_working().map_err(refused)?;
        let charter = council.charter_at(version).ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        let terms = charter.matter(self.matter);
        let (vote, poll) = (VoteId(Uuid::now_v7()), PollId(Uuid::now_v7()));
        let kind = match self.kind {
            VoteKind::ByName => StoredKind::ByName,
            VoteKind::ShowOfHands => StoredKind::ShowOfHands,
            VoteKind::Secret => StoredKind::Secret { poll },
        };
        let text = self.question.clone();
        let question = Question { item: self.item, motion, text, kind, rule: terms.rule.clone(), repeats: self.repeats };
        let (secrecy, recused, now) = (terms.secrecy, self.recused.clone(), work.now);
        let standing = council.standing(work.today());
        let open = MeetingCommand::OpenVote { vote, question, secrecy, recused, council: standing, now };
        let state = work.decide::<Meeting>(loaded, open).await?;
        if let Some(motion) = motion {
            let last = work.load::<Motion>(motion).await?.inner().version;
            deciding::put_to_vote(work, motion, self.meeting, vote, self.version.unwrap_or(last)).await?;
        }
        let secret = self.kind == VoteKind::Secret;
        if secret {
            let of = MeetingVote { meeting: self.meeting, vote };
            open_poll(work, poll, of, state.vote(vote).map_err(refused)?, charter, area).await?;
        }
        Ok(OpenedVote { meeting: self.meeting, vote, poll: Some(poll).filter(|_| secret) })
    }

    async fn settle(&self, app: &App, opened: &OpenedVote) -> Result<(), Rejection> {
        let Some(id) = opened.poll else { return Ok(()) };
        let poll = app.state::<Poll>(id).await?;
        match (poll.phase, &poll.terms) {
            (PollPhase::Opened, Some(terms)) => app.make_ballot_box(id, &poll, terms).await,
            (
                PollPhase::Unknown
                | PollPhase::Prepared
                | PollPhase::Opened
                | PollPhase::Closed
                | PollPhase::Counted
                | PollPhase::Published
                | PollPhase::Voided,
                _,
            ) => Ok(()),
        }
    }
}

/// What the poll of a secret vote says by itself: more for than against. The vote's own rule is the meeting's to apply.
fn counting_only() -> Rule {
    Rule {
        id: "meeting/ballots".to_owned(),
        version: 1,
        title: Wording::new("会议无记名表决计票", "Ballots of a meeting's secret vote"),
        source: Wording::new("仅计票；表决结果由会议按章程认定", "Counted only; the meeting decides by its charter"),
        quorum: vec![],
        majority: vec![],
        abstentions: Abstentions::Count,
    }
}

async fn open_poll(work: &Work<'_>, id: PollId, of: MeetingVote, vote: &Vote, charter: &Charter, area: AreaCode) -> Result<(), Rejection> {
    let title = opening(&vote.question.text, poll_terms::TITLE_MAX_CHARS);
    let terms = PollTerms {
        // Not the motion: it is decided by the meeting, not by the poll.
        matter: poll_terms::Matter::Question,
        area,
        options: vec![BallotOption::Text(title.clone())],
        title,
        method: Method::Stances,
        secrecy: Secrecy::Secret { receipts: charter.receipts },
        channels: Channels::Online,
        rule: counting_only(),
        opens_at: None,
        closes_at: None,
        vote: Some(of),
        smallest: Some(charter.smallest()),
        chartered: None,
    };
    work.load_and_decide::<Poll>(id, PollCommand::Prepare { terms }).await?;
    let lines: Vec<_> = vote.voters.iter().map(|it| RollLine { holder: Holder::Person(*it), voter: *it, weight: 1 }).collect();
    let extend =
        |some: &[RollLine]| RollCommand::Extend { poll: id, lines: some.to_vec(), outside: None, register: None, days_to_poll: None };
    for some in lines.chunks(ROLL_COMMAND_MAX_ENTRIES) {
        work.load_and_decide::<Roll>(id, extend(some)).await?;
    }
    for line in lines {
        work.load_and_decide::<RollEntry>(line.holder.entry(id), RollEntryCommand::Entitle { poll: id, line }).await?;
    }
    let roll = work.load::<Roll>(id).await?.into_inner();
    let roll = FrozenRoll::of(&roll, hex::encode(Sha256::digest(roll.canonical_bytes())));
    let now = work.now;
    work.load_and_decide::<Poll>(id, PollCommand::Open { roll, now }).await?;
    Ok(())
}

/// The council of a meeting that votes, as it is today.
async fn voting_council(work: &Work<'_>, meeting: &Meeting) -> Result<Standing, Rejection> {
    let council = council_of(work, meeting).await?;
    council.require_working().map_err(refused)?;
    Ok(council.standing(work.today()))
}

/// The actor's ballot in a meeting's secret vote is one of who sits and is in the room now.
pub(in crate::deliberation) async fn require_voter(work: &Work<'_>, of: MeetingVote, voter: PersonId) -> Result<(), Rejection> {
    let meeting = work.lock::<Meeting>(of.meeting).await?;
    let council = voting_council(work, meeting.inner()).await?;
    meeting.inner().require_voter(of.vote, voter, &council).map_err(refused)
}

/// Who has voted in a poll.
async fn voted(work: &Work<'_>, poll: PollId) -> Result<BTreeSet<PersonId>, Rejection> {
    let roll = work.load::<Roll>(poll).await?.into_inner();
    let entries: Vec<_> = roll.lines.keys().map(|entry| StreamId::of::<RollEntry>(entry.0)).collect();
    work.session.preload(&entries).await?;
    let mut voted = BTreeSet::new();
    for entry in roll.lines.keys() {
        if let RollEntry::Voted { line, .. } = work.load::<RollEntry>(*entry).await?.inner() {
            voted.insert(line.voter);
        }
    }
    Ok(voted)
}

/// The ballots of a secret vote, as its poll counted them.
async fn counted(work: &Work<'_>, poll: PollId) -> Result<Counts, Rejection> {
    let poll = work.load::<Poll>(poll).await?.into_inner();
    match poll.phase {
        PollPhase::Counted | PollPhase::Published => {}
        PollPhase::Unknown | PollPhase::Prepared | PollPhase::Opened | PollPhase::Closed | PollPhase::Voided => {
            return Err(refused(PollRefusal::PollNotCounted));
        }
    }
    match poll.report.map(|report| report.outcome) {
        Some(PollOutcome::Decided { decisions }) if decisions.len() == 1 => Ok(decisions[0].tally.heads),
        Some(PollOutcome::Disputed { .. }) => Err(refused(PollRefusal::PollIsDisputed)),
        Some(PollOutcome::Decided { .. } | PollOutcome::Elected { .. } | PollOutcome::Placed { .. }) | None => {
            Err(refused(PollRefusal::PollNotCounted))
        }
    }
}

/// Cast one's ballot in a vote by name.
#[derive(Debug, Serialize)]
pub struct CastMeetingBallot {
    /// In which meeting.
    pub meeting: MeetingId,
    /// In which vote.
    pub vote: VoteId,
    /// What.
    pub choice: Choice,
}

impl Command for CastMeetingBallot {
    const ACT: &'static Act = &CAST_MEETING_BALLOT;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let own = work.actor.person();
        let loaded = kept(work, Self::ACT, self.meeting, own).await?;
        let person = own.ok_or_else(|| refused(MeetingRefusal::NotAVoter))?;
        let council = voting_council(work, loaded.inner()).await?;
        work.decide::<Meeting>(loaded, MeetingCommand::CastBallot { vote: self.vote, person, choice: self.choice, council }).await?;
        Ok(self.meeting)
    }
}

/// Enter one's own count of hands; a second one replaces it.
#[derive(Debug, Serialize)]
pub struct CountHands {
    /// In which meeting.
    pub meeting: MeetingId,
    /// In which vote.
    pub vote: VoteId,
    /// What was seen.
    pub hands: Hands,
}

impl Command for CountHands {
    const ACT: &'static Act = &COUNT_HANDS;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let teller = work.actor.person().ok_or_else(|| refused(MeetingRefusal::TellerUnknown))?;
        let council = voting_council(work, loaded.inner()).await?;
        work.decide::<Meeting>(loaded, MeetingCommand::CountHands { vote: self.vote, teller, hands: self.hands, council }).await?;
        Ok(self.meeting)
    }
}

/// Close a vote: it is counted and judged, and its motion decided.
#[derive(Debug, Serialize)]
pub struct CloseVote {
    /// In which meeting.
    pub meeting: MeetingId,
    /// Which.
    pub vote: VoteId,
}

impl Command for CloseVote {
    const ACT: &'static Act = &CLOSE_VOTE;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let (vote, now) = (self.vote, work.now);
        let open = loaded.inner().vote(vote).map_err(refused)?.clone();
        let council = voting_council(work, loaded.inner()).await?;
        let close = match open.question.kind {
            StoredKind::ByName | StoredKind::ShowOfHands => MeetingCommand::CloseVote { vote, council, now },
            StoredKind::Secret { poll } => {
                let (ballots, voted) = (counted(work, poll).await?, voted(work, poll).await?);
                MeetingCommand::CloseSecretVote { vote, ballots, voted, council, now }
            }
        };
        let state = work.decide::<Meeting>(loaded, close).await?;
        if let (Some(motion), VotePhase::Closed(decision)) = (open.question.motion, &state.vote(vote).map_err(refused)?.phase) {
            match decision.verdict.outcome {
                Outcome::Carried => deciding::decided(work, motion, vote, true).await?,
                Outcome::Failed => deciding::decided(work, motion, vote, false).await?,
                Outcome::NoQuorum | Outcome::Void => deciding::abandoned(work, motion, vote, decision.verdict.reason().zh).await?,
            };
        }
        Ok(self.meeting)
    }
}

/// Annul a vote; what it decided does not stand. As long as the meeting goes on, its motion stands on the agenda again.
#[derive(Debug, Serialize)]
pub struct AnnulVote {
    /// In which meeting.
    pub meeting: MeetingId,
    /// Which.
    pub vote: VoteId,
    /// Why; public, about the vote and not about a person.
    pub reason: String,
}

impl Command for AnnulVote {
    const ACT: &'static Act = &ANNUL_VOTE;
    type Answer = OpenedVote;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OpenedVote, Rejection> {
        let loaded = kept(work, Self::ACT, self.meeting, None).await?;
        let meeting = loaded.inner();
        let area = meeting.require_area().map_err(refused)?.clone();
        let (council, goes_on) = (meeting.require_known().map_err(refused)?, meeting.require_going().is_ok());
        let question = meeting.vote(self.vote).map_err(refused)?.question.clone();
        let (vote, reason) = (self.vote, self.reason.clone());
        work.decide::<Meeting>(loaded, MeetingCommand::AnnulVote { vote, reason: reason.clone() }).await?;
        if let Some(id) = question.motion {
            let motion = work.load::<Motion>(id).await?;
            if motion.inner().outcome.is_some_and(|outcome| outcome.vote == vote) {
                work.may(&ANNUL_DECISION, &Subject::area(area))?;
                work.decide::<Motion>(motion, Deciding::AnnulDecision { vote, reason: reason.clone() }.into()).await?;
                if goes_on {
                    deciding::schedule(work, council, id, self.meeting).await?;
                }
            } else if motion.inner().phase == MotionPhase::Voting && motion.inner().votes.last() == Some(&vote) {
                deciding::abandoned(work, id, vote, reason.clone()).await?;
            }
        }
        let StoredKind::Secret { poll } = question.kind else {
            return Ok(OpenedVote { meeting: self.meeting, vote, poll: None });
        };
        let loaded = work.load::<Poll>(poll).await?;
        if !matches!(loaded.inner().phase, PollPhase::Published | PollPhase::Voided) {
            work.decide::<Poll>(loaded, PollCommand::Void { reason }).await?;
        }
        Ok(OpenedVote { meeting: self.meeting, vote, poll: Some(poll) })
    }

    async fn settle(&self, app: &App, annulled: &OpenedVote) -> Result<(), Rejection> {
        match annulled.poll {
            Some(poll) => app.destroy_ballots(poll).await,
            None => Ok(()),
        }
    }
}
