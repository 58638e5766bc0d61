//! What happens to a round up to the last score.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    Command,
    projects::round::{
        applying::{
            ApplyInRound, AppointReviewer, CloseApplications, DeclareConflict, FormExclusiveGroup, ScoreApplication, ScreenApplication,
            WithdrawApplication,
        },
        calling::{CallRound, CancelRound},
    },
};
use gongyi_domain::{
    refusal::Refusal,
    values::{ApplicationId, RoundId},
};

use super::{
    applicants::ApplicantInput,
    round_applications::{self, ConflictGround, RoundApplication},
    round_terms::CallRoundInput,
    rounds::{self, Round},
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids::{self, ApplicationKey},
    outcome::payloads,
    scalars::{Area as AreaCode, Money},
};

payloads! {
    /// What became of a command to a round.
    RoundPayload {
        /// The round.
        round: Round,
    }
    /// What became of a command to an application.
    RoundApplicationPayload {
        /// The application.
        application: RoundApplication,
        /// The round.
        round: Round,
    }
}

async fn shown(door: &Door<'_>, id: Option<RoundId>) -> Result<Option<Round>, Error> {
    match id {
        Some(id) => rounds::round(door, id).await,
        None => Ok(None),
    }
}

pub(super) async fn done<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<RoundPayload, Error>
where
    C: Command<Answer = RoundId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let done = door.does(command_id, command).await?;
    Ok(RoundPayload::new(done.told, shown(&door, done.answer).await?))
}

/// As [`done`], for the application that the command names.
pub(super) async fn done_to<C>(
    ctx: &Context<'_>,
    command_id: Option<&ID>,
    command: Result<(ApplicationId, C), Refusal>,
) -> Result<RoundApplicationPayload, Error>
where
    C: Command<Answer = RoundId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let application = command.as_ref().ok().map(|(application, _)| *application);
    let done = door.does(command_id, command.map(|(_, command)| command)).await?;
    let shown_application = match done.answer.zip(application) {
        Some((round, application)) => round_applications::application(&door, ApplicationKey { round, application }).await?,
        None => None,
    };
    Ok(RoundApplicationPayload::new(done.told, shown_application, shown(&door, done.answer).await?))
}

/// What applying takes.
#[derive(InputObject)]
pub struct ApplyInRoundInput {
    /// In which round.
    round: ID,
    /// Who applies.
    applicant: ApplicantInput,
    /// Who writes it; oneself if not said.
    by: Option<ID>,
    /// Its title.
    title: String,
    /// What is to be done.
    text: String,
    /// Where: within the round's area.
    area: AreaCode,
    /// What it asks for.
    ask: Money,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What withdrawing takes.
#[derive(InputObject)]
pub struct WithdrawApplicationInput {
    /// Which application.
    application: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What closing takes.
#[derive(InputObject)]
pub struct CloseApplicationsInput {
    /// Of which round.
    round: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What screening takes.
#[derive(InputObject)]
pub struct ScreenApplicationInput {
    /// Which application.
    application: ID,
    /// Whether it is in.
    eligible: bool,
    /// Why; it is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What a group takes.
#[derive(InputObject)]
pub struct FormExclusiveGroupInput {
    /// In which round.
    round: ID,
    /// Its applications, two or more.
    applications: Vec<ID>,
    /// Why; it is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What appointing takes.
#[derive(InputObject)]
pub struct AppointReviewerInput {
    /// In which round.
    round: ID,
    /// Whom, by the person's id.
    reviewer: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What declaring a conflict takes.
#[derive(InputObject)]
pub struct DeclareConflictInput {
    /// With which application.
    application: ID,
    /// Whose; one's own if not said.
    reviewer: Option<ID>,
    /// Why.
    ground: ConflictGround,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What scoring takes.
#[derive(InputObject)]
pub struct ScoreApplicationInput {
    /// Which application.
    application: ID,
    /// One number for each criterion, in their order.
    points: Vec<u16>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What cancelling takes.
#[derive(InputObject)]
pub struct CancelRoundInput {
    /// Which round.
    round: ID,
    /// Why; it is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn named(id: &ID) -> Result<ApplicationKey, Refusal> {
    ids::named(id, "application")
}

/// The root fields that change rounds.
#[derive(Default)]
pub struct RoundMutations;

#[Object]
impl RoundMutations {
    /// Call a round: its terms are published and never change.
    async fn call_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CallRoundInput,
    ) -> Result<RoundPayload, Error> {
        let command_id = input.command_id.clone();
        done(ctx, command_id.as_ref(), input.terms().map(|terms| CallRound { terms })).await
    }

    /// Apply in a round.
    async fn apply_in_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ApplyInRoundInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let door = Door::of(ctx)?;
        let (title, text, area, ask) = (input.title, input.text, input.area.0, input.ask.0);
        let command = ids::named::<RoundId>(&input.round, "round").and_then(|round| {
            let (applicant, by) = (input.applicant.named("applicant")?, in_the_name_of(&door, input.by.as_ref(), "by")?);
            Ok(ApplyInRound { round, applicant, by, title, text, area, ask })
        });
        let round = command.as_ref().ok().map(|command| command.round);
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (application, round) = match round.zip(done.answer) {
            Some((round, application)) => {
                (round_applications::application(&door, ApplicationKey { round, application }).await?, shown(&door, Some(round)).await?)
            }
            None => (None, None),
        };
        Ok(RoundApplicationPayload::new(done.told, application, round))
    }

    /// Withdraw an application that does not stand on a ballot.
    async fn withdraw_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WithdrawApplicationInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let command = named(&input.application)
            .map(|ApplicationKey { round, application }| (application, WithdrawApplication { round, application }));
        done_to(ctx, input.command_id.as_ref(), command).await
    }

    /// Close a round for applications, when their last day is over.
    async fn close_applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CloseApplicationsInput,
    ) -> Result<RoundPayload, Error> {
        done(ctx, input.command_id.as_ref(), ids::named(&input.round, "round").map(|round| CloseApplications { round })).await
    }

    /// Screen an application; not one's own.
    async fn screen_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ScreenApplicationInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let (eligible, reason) = (input.eligible, input.reason);
        let command = named(&input.application)
            .map(|ApplicationKey { round, application }| (application, ScreenApplication { round, application, eligible, reason }));
        done_to(ctx, input.command_id.as_ref(), command).await
    }

    /// Say that of some applications at most one is selected.
    async fn form_exclusive_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: FormExclusiveGroupInput,
    ) -> Result<RoundPayload, Error> {
        let reason = input.reason;
        let command = ids::named(&input.round, "round").and_then(|round| {
            // One of another round is none of this one's: the round refuses it.
            let applications = input.applications.iter().map(|id| Ok(ids::named::<ApplicationKey>(id, "applications")?.application));
            Ok(FormExclusiveGroup { round, applications: applications.collect::<Result<_, Refusal>>()?, reason })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Appoint a reviewer.
    async fn appoint_reviewer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AppointReviewerInput,
    ) -> Result<RoundPayload, Error> {
        let command = ids::named(&input.round, "round")
            .and_then(|round| Ok(AppointReviewer { round, reviewer: ids::named(&input.reviewer, "reviewer")? }));
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Declare a reviewer's conflict of interest: a score given before counts for nothing.
    async fn declare_conflict(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: DeclareConflictInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let (door, ground) = (Door::of(ctx)?, input.ground.into());
        let command = named(&input.application).and_then(|ApplicationKey { round, application }| {
            let reviewer = in_the_name_of(&door, input.reviewer.as_ref(), "reviewer")?;
            Ok((application, DeclareConflict { round, reviewer, application, ground }))
        });
        done_to(ctx, input.command_id.as_ref(), command).await
    }

    /// Give an application points, for oneself, in place of those given before.
    async fn score_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ScoreApplicationInput,
    ) -> Result<RoundApplicationPayload, Error> {
        let (door, points) = (Door::of(ctx)?, input.points);
        let command = named(&input.application).and_then(|ApplicationKey { round, application }| {
            let reviewer = in_the_name_of(&door, None, "reviewer")?;
            Ok((application, ScoreApplication { round, reviewer, application, points }))
        });
        done_to(ctx, input.command_id.as_ref(), command).await
    }

    /// Cancel a round that is not announced, for good.
    async fn cancel_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CancelRoundInput,
    ) -> Result<RoundPayload, Error> {
        let reason = input.reason;
        done(ctx, input.command_id.as_ref(), ids::named(&input.round, "round").map(|round| CancelRound { round, reason })).await
    }
}
