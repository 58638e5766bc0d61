//! Public functions that others give to somebody, and that are held under one's name only once one has accepted.
//!
//! - Acceptance is an act of the person, by the person's own account; nobody accepts for somebody else.
//! - Who stands for election has accepted by it: a seat that was won needs no further word.
//! - An acceptance that was taken back holds no more: the name is masked again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::{Act, To};
use crate::{
    refusal::refusals,
    values::{CouncilId, PollId, RoundId},
};

/// Accept a public function, under one's name.
pub const ACCEPT_FUNCTION: Act = Act { name: "acceptFunction", open_to: &[To::Oneself] };
/// Take the acceptance back.
pub const TAKE_BACK_ACCEPTANCE: Act = Act { name: "takeBackAcceptance", open_to: &[To::Oneself] };

/// A public function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicFunction {
    /// A seat in a council, and all that its representative moves, seconds and proposes there.
    Seat(CouncilId),
    /// A teller of a poll.
    Teller(PollId),
    /// A reviewer of a round.
    Reviewer(RoundId),
}

impl PublicFunction {
    /// As the views have it: `seat:…`.
    pub fn text(self) -> String {
        match self {
            Self::Seat(id) => format!("seat:{id}"),
            Self::Teller(id) => format!("teller:{id}"),
            Self::Reviewer(id) => format!("reviewer:{id}"),
        }
    }
}

refusals! {
    /// Why a public function is not accepted.
    pub enum FunctionRefusal {
        /// The function was not given to who accepts it.
        FunctionNotGiven("", "您没有被赋予此项职务", "This function was not given to you"),
    }
}
