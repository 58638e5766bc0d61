//! Counting polls: closing, paper counts of the two tellers, the count, its publication; and voiding.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject};
use gongyi_app::deliberation::poll::counting::{ClosePoll, CountPoll, EnterPaperCount, PublishPoll, VoidPoll};
use gongyi_domain::{
    deliberation::counting::paper::{Batch, PaperCount as Counted},
    values::PollId,
};

use super::{
    PollPayload, PollPerson,
    casting::{Marks, MarksInput},
};
use crate::table::{mutations, wires};

/// How the two tellers' counts stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PaperPhase {
    /// One count, or both, are missing.
    Awaited,
    /// They differ: both tellers are asked to count again.
    Disagreed,
    /// They agree.
    Agreed,
}

/// Paper ballots marked alike.
#[derive(SimpleObject)]
pub struct PaperBatch {
    /// What is marked.
    marks: Marks,
    /// On so many ballots.
    ballots: u64,
}

/// A teller's count of the paper ballots: by option or in batches of ballots alike.
#[derive(SimpleObject)]
pub struct PaperCount {
    /// Who counted.
    teller: PollPerson,
    /// Ballots in all.
    ballots: u64,
    /// Invalid ones.
    invalid: u64,
    /// Valid ones, where they are counted by option.
    valid: Option<u64>,
    /// Blank ones, where they are counted by option.
    blank: Option<u64>,
    /// Votes for each option, in the ballot's order.
    votes: Option<Vec<u64>>,
    /// Batches of ballots marked alike.
    batches: Option<Vec<PaperBatch>>,
}

impl PaperCount {
    pub(super) fn new(teller: PollPerson, count: &Counted) -> Self {
        let ballots = count.ballots();
        match count {
            Counted::Options { valid, blank, invalid, votes } => Self {
                teller,
                ballots,
                invalid: *invalid,
                valid: Some(*valid),
                blank: Some(*blank),
                votes: Some(votes.clone()),
                batches: None,
            },
            Counted::Batches { batches, invalid } => {
                let batches = batches.iter().map(|it| PaperBatch { marks: (&it.marks).into(), ballots: it.ballots }).collect();
                Self { teller, ballots, invalid: *invalid, valid: None, blank: None, votes: None, batches: Some(batches) }
            }
        }
    }
}

/// A count by option: strokes on a tally sheet (画“正”).
#[derive(InputObject)]
pub struct PaperOptionsInput {
    /// Valid ballots.
    valid: u64,
    /// Blank ones.
    #[graphql(default)]
    blank: u64,
    /// Over-voted or otherwise invalid ones.
    #[graphql(default)]
    invalid: u64,
    /// Votes for each option, in the ballot's order.
    votes: Vec<u64>,
}

/// Ballots marked alike.
#[derive(InputObject)]
pub struct PaperBatchInput {
    /// What is marked.
    marks: MarksInput,
    /// On so many ballots.
    ballots: u64,
}

/// A count in batches of ballots marked alike.
#[derive(InputObject)]
pub struct PaperBatchesInput {
    /// The batches, each marks once.
    batches: Vec<PaperBatchInput>,
    /// Invalid ballots, which are in no batch.
    #[graphql(default)]
    invalid: u64,
}

/// A teller's count of the paper ballots; exactly one of these.
#[derive(OneofObject)]
pub enum PaperCountInput {
    /// By option, for choice, plurality and approval.
    Options(PaperOptionsInput),
    /// In batches, for every method.
    Batches(PaperBatchesInput),
}

impl PaperCountInput {
    fn count(self) -> Counted {
        match self {
            Self::Options(PaperOptionsInput { valid, blank, invalid, votes }) => Counted::Options { valid, blank, invalid, votes },
            Self::Batches(PaperBatchesInput { batches, invalid }) => {
                let batches = batches.into_iter().map(|it| Batch { marks: it.marks.marks(), ballots: it.ballots });
                Counted::Batches { batches: batches.collect(), invalid }
            }
        }
    }
}

wires! {
    PaperCountInput => Counted = |count| count.count();
}

mutations! {
    /// The root fields that close, count, publish and void polls.
    pub struct PollCountingMutations;

    /// Close a poll: no ballot from then on.
    ClosePoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Enter one's own count of the paper ballots, as a teller. The other teller does not see it before theirs is in.
    EnterPaperCount -> PollPayload {
        /// Of which poll.
        poll: PollId,
        /// The count.
        count: PaperCountInput,
    }

    /// Count a closed poll. Its ballots enter the log, shuffled.
    CountPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Publish a poll's outcome and its ballots.
    PublishPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }

    /// Void a poll, at any time before it is published.
    VoidPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// Why; public.
        reason: String,
    }
}
