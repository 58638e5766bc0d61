//! Taking votes in meetings.

use async_graphql::{Error, ID};
use futures::future;
use gongyi_app::deliberation::meeting::voting::{AnnulVote, CastOpenVote, CloseVote, CountHands, OpenVote, OpenedVote};
use gongyi_domain::{
    deliberation::meeting::Hands,
    values::{MeetingId, PersonId, VoteId},
};

use super::{
    charters::Matter,
    meeting_commands::MeetingPayload,
    meeting_votes::{BallotKind, VoteChoice},
    meetings::{self, Meeting},
};
use crate::{
    ids::{self, AgendaItemKey},
    outcome::payloads,
    table::mutations,
};

payloads! {
    /// A vote of a meeting, after a command.
    VotePayload(OpenedVote) {
        /// The meeting.
        meeting: Meeting = |door, vote| meetings::meeting(door, vote.meeting),
        /// The vote's id.
        vote_id: ID = |_door, vote| future::ok::<_, Error>(Some(ids::id(&vote.vote))),
        /// The id of a secret vote's poll: ballots are cast there.
        poll_id: ID = |_door, vote| future::ok::<_, Error>(vote.poll.as_ref().map(ids::id)),
    }
}

mutations! {
    /// The root fields that take votes.
    pub struct VoteMutations;

    /// Put a question to the vote in a meeting with a quorum. A secret vote opens a poll of those who may vote.
    OpenVote -> VotePayload {
        /// Under which item, the one in hand; its id names the meeting. The item's motion is put to the vote with it.
        item: AgendaItemKey,
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
        recused: Vec<PersonId>,
        /// The annulled vote that is taken anew.
        repeats: Option<VoteId>,
    } = OpenVote { meeting: item.meeting, item: item.item, question, matter, ballot, version, recused, repeats };

    /// Vote by name, for oneself.
    CastOpenVote -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// In which vote.
        vote: VoteId,
        /// What.
        choice: VoteChoice,
    }

    /// Enter one's own count of hands; two tellers must agree.
    CountHands -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// In which vote.
        vote: VoteId,
        /// For it.
        yes: u32,
        /// Against it.
        no: u32,
        /// Neither.
        abstain: u32,
    } = CountHands { meeting, vote, hands: Hands { yes, no, abstain } };

    /// Close a vote: it is counted and judged, and its motion decided. A secret vote's poll is closed and counted before.
    CloseVote -> MeetingPayload {
        /// In which meeting.
        meeting: MeetingId,
        /// Which vote.
        vote: VoteId,
    }

    /// Annul a vote. One that decided a motion is annulled by who may annul that decision; the motion comes back.
    AnnulVote -> VotePayload {
        /// In which meeting.
        meeting: MeetingId,
        /// Which vote.
        vote: VoteId,
        /// Why; public, about the vote and not about a person.
        reason: String,
    }
}
