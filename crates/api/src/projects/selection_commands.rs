//! What happens to a round from the ballots on.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::projects::round::selecting::{
    AnnounceSelection, DeclineAward, ObjectToSelection, PrepareBallot, SelectProjects, SettleObjection,
};
use gongyi_domain::{refusal::Refusal, values::RoundId};

use super::{
    round_commands::{self, RoundApplicationPayload, RoundPayload},
    rounds::{self, Round},
    selections::{self, RoundObjection},
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids::{self, ApplicationKey, ObjectionKey},
    outcome::payloads,
};

payloads! {
    /// What became of `objectToSelection`.
    RoundObjectionPayload {
        /// The objection.
        objection: RoundObjection,
        /// The round.
        round: Round,
    }
}

/// What putting to the ballot takes.
#[derive(InputObject)]
pub struct PrepareBallotInput {
    /// Which round.
    round: ID,
    /// The poll, prepared with an option for each application that is in.
    poll: ID,
    /// The applications, in the order of the poll's options.
    options: Vec<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What selecting takes.
#[derive(InputObject)]
pub struct SelectProjectsInput {
    /// Of which round.
    round: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What objecting takes.
#[derive(InputObject)]
pub struct ObjectToSelectionInput {
    /// Of which round.
    round: ID,
    /// Against what, and why; kept sealed.
    text: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What settling takes.
#[derive(InputObject)]
pub struct SettleObjectionInput {
    /// Which objection.
    objection: ID,
    /// Whether it is right: then the selection is annulled.
    upheld: bool,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What announcing takes.
#[derive(InputObject)]
pub struct AnnounceSelectionInput {
    /// Of which round.
    round: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What declining takes.
#[derive(InputObject)]
pub struct DeclineAwardInput {
    /// Which application.
    application: ID,
    /// Why; it is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn named(id: &ID) -> Result<RoundId, Refusal> {
    ids::named(id, "round")
}

/// The root fields that select projects.
#[derive(Default)]
pub struct SelectionMutations;

#[Object]
impl SelectionMutations {
    /// Put the applications of a round to the residents' ballots: from then on they stay as they are.
    async fn prepare_ballot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PrepareBallotInput,
    ) -> Result<RoundPayload, Error> {
        let command = named(&input.round).and_then(|round| {
            let options = input.options.iter().map(|id| Ok(ids::named::<ApplicationKey>(id, "options")?.application));
            Ok(PrepareBallot { round, poll: ids::named(&input.poll, "poll")?, options: options.collect::<Result<_, Refusal>>()? })
        });
        round_commands::done(ctx, input.command_id.as_ref(), command).await
    }

    /// Select the projects of a round: by scores or by published ballots, by its rule alone.
    async fn select_projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: SelectProjectsInput,
    ) -> Result<RoundPayload, Error> {
        round_commands::done(ctx, input.command_id.as_ref(), named(&input.round).map(|round| SelectProjects { round })).await
    }

    /// Object to a selection, for oneself: as a resident of the round's area, or as who applied.
    async fn object_to_selection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ObjectToSelectionInput,
    ) -> Result<RoundObjectionPayload, Error> {
        let (door, text) = (Door::of(ctx)?, input.text);
        let command = named(&input.round).and_then(|round| Ok(ObjectToSelection { round, by: in_the_name_of(&door, None, "by")?, text }));
        let round = command.as_ref().ok().map(|command| command.round);
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (objection, round) = match round.zip(done.answer) {
            Some((round, objection)) => {
                (selections::objection_node(&door, ObjectionKey { round, objection }).await?, rounds::round(&door, round).await?)
            }
            None => (None, None),
        };
        Ok(RoundObjectionPayload::new(done.told, objection, round))
    }

    /// Settle an objection; one that is right annuls the selection.
    async fn settle_objection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: SettleObjectionInput,
    ) -> Result<RoundPayload, Error> {
        let (upheld, reason) = (input.upheld, input.reason);
        let command = ids::named(&input.objection, "objection").map(|ObjectionKey { round, objection }| SettleObjection {
            round,
            objection,
            upheld,
            reason,
        });
        round_commands::done(ctx, input.command_id.as_ref(), command).await
    }

    /// Announce a selection, when the days for objections are over and all are settled.
    async fn announce_selection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AnnounceSelectionInput,
    ) -> Result<RoundPayload, Error> {
        round_commands::done(ctx, input.command_id.as_ref(), named(&input.round).map(|round| AnnounceSelection { round })).await
    }

    /// Decline what was awarded: the reserve moves up in its order.
    async fn decline_award(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: DeclineAwardInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let reason = input.reason;
        let command = ids::named(&input.application, "application")
            .map(|ApplicationKey { round, application }| (application, DeclineAward { round, application, reason }));
        round_commands::done_to(ctx, input.command_id.as_ref(), command).await
    }
}
