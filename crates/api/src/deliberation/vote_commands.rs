//! Taking votes in meetings.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::deliberation::meeting::voting::{AnnulVote, Ballot, CastOpenVote, CloseVote, CountHands, OpenVote, OpenedVote};
use gongyi_domain::{
    deliberation::meeting::Hands,
    refusal::Refusal,
    values::{MeetingId, VoteId},
};

use super::{
    charters::Matter,
    meeting_commands::{MeetingPayload, done},
    meeting_votes::{BallotKind, VoteChoice},
    meetings::{self, Meeting},
};
use crate::{
    door::Door,
    ids::{self, AgendaItemKey},
    outcome::{Outcome, payloads},
};

/// What opening a vote takes.
#[derive(InputObject)]
pub struct OpenVoteInput {
    /// Under which item, the one in hand; its id names the meeting. The item's motion is put to the vote with it.
    item: ID,
    /// What is asked, as read out.
    question: String,
    /// What kind of matter it is: the charter says by which rule it is decided, and whether in secret.
    matter: Matter,
    /// How it is voted.
    ballot: BallotKind,
    /// The version of the motion that was read out; the last if not said.
    version: Option<u32>,
    /// The persons who are recused.
    #[graphql(default)]
    recused: Vec<ID>,
    /// The annulled vote that is taken anew.
    repeats: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl OpenVoteInput {
    fn command(self) -> Result<OpenVote, Refusal> {
        let AgendaItemKey { meeting, item } = ids::named(&self.item, "item")?;
        let ballot = match self.ballot {
            BallotKind::ByName => Ballot::ByName,
            BallotKind::ShowOfHands => Ballot::ShowOfHands,
            BallotKind::Secret => Ballot::Secret,
        };
        Ok(OpenVote {
            meeting,
            item,
            question: self.question,
            matter: self.matter.into(),
            ballot,
            version: self.version,
            recused: self.recused.iter().map(|id| ids::named(id, "recused")).collect::<Result<_, _>>()?,
            repeats: ids::named_maybe(self.repeats.as_ref(), "repeats")?,
        })
    }
}

/// Somebody's own vote.
#[derive(InputObject)]
pub struct CastOpenVoteInput {
    /// In which meeting.
    meeting: ID,
    /// In which vote.
    vote: ID,
    /// What.
    choice: VoteChoice,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// A teller's own count of hands.
#[derive(InputObject)]
pub struct CountHandsInput {
    /// In which meeting.
    meeting: ID,
    /// In which vote.
    vote: ID,
    /// For it.
    yes: u32,
    /// Against it.
    no: u32,
    /// Neither.
    abstain: u32,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which vote.
#[derive(InputObject)]
pub struct CloseVoteInput {
    /// In which meeting.
    meeting: ID,
    /// Which vote.
    vote: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which vote counts for nothing, and why.
#[derive(InputObject)]
pub struct AnnulVoteInput {
    /// In which meeting.
    meeting: ID,
    /// Which vote.
    vote: ID,
    /// Why; public, about the vote and not about a person.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

payloads! {
    /// What became of `openVote` or `annulVote`.
    VotePayload {
        /// The meeting.
        meeting: Meeting,
        /// The vote's id.
        vote_id: ID,
        /// The id of a secret vote's poll: ballots are cast there.
        poll_id: ID,
    }
}

/// A vote of a meeting.
fn named(meeting: &ID, vote: &ID) -> Result<(MeetingId, VoteId), Refusal> {
    Ok((ids::named(meeting, "meeting")?, ids::named(vote, "vote")?))
}

async fn told(door: &Door<'_>, done: Outcome<OpenedVote>) -> Result<VotePayload, Error> {
    let Some(OpenedVote { meeting, vote, poll }) = done.answer else { return Ok(VotePayload::new(done.told, None, None, None)) };
    let shown = meetings::meeting(door, meeting).await?;
    Ok(VotePayload::new(done.told, shown, Some(ids::id(&vote)), poll.as_ref().map(ids::id)))
}

/// The root fields that take votes.
#[derive(Default)]
pub struct VoteMutations;

#[Object]
impl VoteMutations {
    /// Put a question to the vote in a meeting with a quorum. A secret vote opens a poll of those who may vote.
    async fn open_vote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked, and how.")] input: OpenVoteInput,
    ) -> Result<VotePayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        told(&door, door.does(command_id.as_ref(), input.command()).await?).await
    }

    /// Vote by name, for oneself.
    async fn cast_open_vote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In what and how.")] input: CastOpenVoteInput,
    ) -> Result<MeetingPayload, Error> {
        let choice = input.choice.into();
        let command = named(&input.meeting, &input.vote).map(|(meeting, vote)| CastOpenVote { meeting, vote, choice });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Enter one's own count of hands; two tellers must agree.
    async fn count_hands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was counted.")] input: CountHandsInput,
    ) -> Result<MeetingPayload, Error> {
        let hands = Hands { yes: input.yes, no: input.no, abstain: input.abstain };
        let command = named(&input.meeting, &input.vote).map(|(meeting, vote)| CountHands { meeting, vote, hands });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Close a vote: it is counted and judged, and its motion decided. A secret vote's poll is closed and counted before.
    async fn close_vote(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: CloseVoteInput) -> Result<MeetingPayload, Error> {
        let command = named(&input.meeting, &input.vote).map(|(meeting, vote)| CloseVote { meeting, vote });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Annul a vote. One that decided a motion is annulled by who may annul that decision; the motion comes back.
    async fn annul_vote(&self, ctx: &Context<'_>, #[graphql(desc = "Which and why.")] input: AnnulVoteInput) -> Result<VotePayload, Error> {
        let door = Door::of(ctx)?;
        let AnnulVoteInput { meeting, vote, reason, command_id } = input;
        let command = named(&meeting, &vote).map(|(meeting, vote)| AnnulVote { meeting, vote, reason });
        told(&door, door.does(command_id.as_ref(), command).await?).await
    }
}
