//! What happens to a round from the ballots on.

use gongyi_app::projects::round::selecting::{
    AnnounceSelection, DeclineAward, ObjectToSelection, PrepareBallot, SelectProjects, SettleObjection,
};
use gongyi_domain::values::{PollId, RoundId};

use super::{
    round_commands::{RoundApplicationPayload, RoundPayload},
    rounds::{self, Round},
    selections::{self, RoundObjection},
};
use crate::{
    ids::{ApplicationKey, ObjectionKey},
    outcome::payloads,
    table::mutations,
};

payloads! {
    /// An objection against a selection, after a command.
    RoundObjectionPayload(ObjectionKey) {
        /// The objection.
        objection: RoundObjection = |door, key| selections::objection_node(door, *key),
        /// The round.
        round: Round = |door, key| rounds::round(door, key.round),
    }
}

mutations! {
    /// The root fields that select projects.
    pub struct SelectionMutations;

    /// Put the applications of a round to the residents' ballots: from then on they stay as they are.
    PrepareBallot -> RoundPayload {
        /// Which round.
        round: RoundId,
        /// The poll, prepared with an option for each application that is in.
        poll: PollId,
        /// The applications, in the order of the poll's options.
        options: Vec<ApplicationKey>,
    } = PrepareBallot { round, poll, options: options.into_iter().map(|key| key.application).collect() };

    /// Select the projects of a round: by scores or by published ballots, by its rule alone.
    SelectProjects -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Object to a selection, for oneself: as a resident of the round's area, or as who applied.
    ObjectToSelection -> RoundObjectionPayload {
        /// Of which round.
        round: RoundId,
        /// Against what, and why; kept sealed.
        text: String,
    } for by = ObjectToSelection { round, by, text }, move |objection| ObjectionKey { round, objection };

    /// Settle an objection; one that is right annuls the selection.
    SettleObjection -> RoundPayload {
        /// Which objection.
        objection: ObjectionKey,
        /// Whether it is right: then the selection is annulled.
        upheld: bool,
        /// Why.
        reason: String,
    } = SettleObjection { round: objection.round, objection: objection.objection, upheld, reason };

    /// Announce a selection, when the days for objections are over and all are settled.
    AnnounceSelection -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Decline what was awarded: the reserve moves up in its order.
    DeclineAward -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// Why; it is public.
        reason: String,
    } = DeclineAward { round: application.round, application: application.application, reason }, move |_| application;
}
