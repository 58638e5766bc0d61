//! Logging service, and confirming, rejecting, disputing, correcting and voiding it.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use futures::{StreamExt, TryStreamExt, stream};
use gongyi_app::volunteering::services::{ConfirmService, CorrectService, DisputeService, LogService, RejectService, VoidService};
use gongyi_domain::{refusal::Refusal, values::VolunteerId};
use uuid::Uuid;

use super::{
    categories::Category,
    services::{self, ServiceRecord},
    volunteer_commands::named_or_oneself,
};
use crate::{
    door::Door,
    fault,
    ids::{self, RecordKey},
    outcome::{Outcome, Refused, payloads},
    scalars::{Moment, Position},
    settings::CONFIRM_SERVICES_MAX_RECORDS,
};

/// Confirmations under way at once.
const CONFIRMED_AT_ONCE: usize = 8;

payloads! {
    /// What became of `logService`.
    LogServicePayload {
        /// The record.
        record: ServiceRecord,
    }
    /// What became of `confirmService`.
    ConfirmServicePayload {
        /// The record.
        record: ServiceRecord,
    }
    /// What became of `rejectService`.
    RejectServicePayload {
        /// The record.
        record: ServiceRecord,
    }
    /// What became of `disputeService`.
    DisputeServicePayload {
        /// The record.
        record: ServiceRecord,
    }
    /// What became of `correctService`.
    CorrectServicePayload {
        /// The record.
        record: ServiceRecord,
    }
    /// What became of `voidService`.
    VoidServicePayload {
        /// The record.
        record: ServiceRecord,
    }
}

/// What became of one record of `confirmServices`.
#[derive(SimpleObject)]
pub struct ConfirmedService {
    /// The record's id, as it was asked for.
    id: ID,
    /// The record.
    record: Option<ServiceRecord>,
    /// Why the rules said no; null if it was confirmed.
    refusal: Option<Refused>,
    /// It had been done before under this command id.
    unchanged: bool,
}

/// What became of `confirmServices`: each record for itself.
#[derive(SimpleObject)]
pub struct ConfirmServicesPayload {
    /// One result a record, in the order asked for.
    results: Vec<ConfirmedService>,
    /// How many are confirmed.
    confirmed: u32,
    /// The platform's position after it.
    position: Option<Position>,
    /// This node's views have not shown it in time: what is answered here may be older.
    stale: bool,
}

/// What logging takes.
#[derive(InputObject)]
pub struct LogServiceInput {
    /// Whose service; one's own if not said.
    volunteer: Option<ID>,
    /// For which organisation.
    organisation: ID,
    /// At which of its activities, if at one.
    activity: Option<ID>,
    /// The category.
    category: Category,
    /// Begin, without travel time.
    started: Moment,
    /// End.
    ended: Moment,
    /// What was done.
    content: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl LogServiceInput {
    fn command(self, door: &Door<'_>) -> Result<LogService, Refusal> {
        Ok(LogService {
            volunteer: named_or_oneself(door, self.volunteer.as_ref())?,
            organisation: ids::named(&self.organisation, "organisation")?,
            activity: ids::named_maybe(self.activity.as_ref(), "activity")?,
            category: self.category.into(),
            started: self.started.0,
            ended: self.ended.0,
            content: self.content,
        })
    }
}

/// Which record is confirmed.
#[derive(InputObject)]
pub struct ConfirmServiceInput {
    /// Which record.
    record: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which records are confirmed.
#[derive(InputObject)]
pub struct ConfirmServicesInput {
    /// Which records, 100 at most.
    records: Vec<ID>,
    /// The command's id, a UUID; each record's is made of it, so that sending it again does nothing twice.
    command_id: Option<ID>,
}

/// Which record, and why.
#[derive(InputObject)]
pub struct ServiceReasonInput {
    /// Which record.
    record: ID,
    /// Why, in 1 to 1000 characters.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What correcting takes; what is left out stays.
#[derive(InputObject)]
pub struct CorrectServiceInput {
    /// Which record.
    record: ID,
    /// The right begin.
    started: Option<Moment>,
    /// The right end.
    ended: Option<Moment>,
    /// The right category.
    category: Option<Category>,
    /// Why, in 1 to 1000 characters.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

async fn changed<T>(door: &Door<'_>, done: &Outcome<T>, key: Option<RecordKey>) -> Result<Option<ServiceRecord>, Error> {
    match key.filter(|_| done.answer.is_some()) {
        Some(key) => services::service_record(door, key).await,
        None => Ok(None),
    }
}

fn record(id: &ID) -> Result<RecordKey, Refusal> {
    ids::named(id, "record")
}

async fn confirmed_one(
    door: Door<'_>,
    command_id: Uuid,
    id: ID,
) -> Result<(ID, Option<RecordKey>, Outcome<gongyi_domain::values::RecordId>), Error> {
    match record(&id) {
        Err(refusal) => Ok((id, None, Outcome::refused(refusal))),
        Ok(key) => {
            let command = ConfirmService { volunteer: key.volunteer, record: key.record };
            let done = door.does_part(command_id, key.record.0.as_bytes(), command).await?;
            Ok((id, Some(key), done))
        }
    }
}

/// The root fields that change service records.
#[derive(Default)]
pub struct ServiceMutations;

#[Object]
impl ServiceMutations {
    /// Log a service record by hand: for oneself, or as a coordinator. It waits for a confirmation.
    async fn log_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which service.")] input: LogServiceInput,
    ) -> Result<LogServicePayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = input.command(&door);
        let whose: Option<VolunteerId> = command.as_ref().ok().map(|command| command.volunteer);
        let done = door.does(command_id.as_ref(), command).await?;
        let key = whose.zip(done.answer).map(|(volunteer, record)| RecordKey { volunteer, record });
        let shown = changed(&door, &done, key).await?;
        Ok(LogServicePayload::new(done.told, shown))
    }

    /// Confirm a record: it counts from now on.
    async fn confirm_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ConfirmServiceInput,
    ) -> Result<ConfirmServicePayload, Error> {
        let door = Door::of(ctx)?;
        let key = record(&input.record);
        let command = key.clone().map(|key| ConfirmService { volunteer: key.volunteer, record: key.record });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let shown = changed(&door, &done, key.ok()).await?;
        Ok(ConfirmServicePayload::new(done.told, shown))
    }

    /// Confirm many records, each for itself: one that is refused does not stop the others.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn confirm_services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ConfirmServicesInput,
    ) -> Result<ConfirmServicesPayload, Error> {
        let door = Door::of(ctx)?;
        if input.records.len() > CONFIRM_SERVICES_MAX_RECORDS {
            return Err(fault::limit_of_field("records", CONFIRM_SERVICES_MAX_RECORDS));
        }
        let command_id = match &input.command_id {
            Some(id) => id.parse().map_err(|_| fault::refused(ids::not_a_command_id()))?,
            None => Uuid::now_v7(),
        };
        let confirming = stream::iter(input.records).map(|id| confirmed_one(door, command_id, id)).buffered(CONFIRMED_AT_ONCE);
        let done: Vec<_> = confirming.try_collect().await?;
        let token = door.asker.reached();
        let stale = match token {
            Some(token) => door.app.shows(token.position).await.is_err(),
            None => false,
        };
        let mut results = Vec::with_capacity(done.len());
        for (id, key, outcome) in done {
            let record = changed(&door, &outcome, key).await?;
            results.push(ConfirmedService { id, record, refusal: outcome.told.refusal, unchanged: outcome.told.unchanged });
        }
        let confirmed = results.iter().filter(|it| it.refusal.is_none()).count();
        Ok(ConfirmServicesPayload {
            confirmed: u32::try_from(confirmed).unwrap_or(u32::MAX),
            results,
            position: token.map(Position::from),
            stale,
        })
    }

    /// Reject a record: it does not count.
    async fn reject_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ServiceReasonInput,
    ) -> Result<RejectServicePayload, Error> {
        let door = Door::of(ctx)?;
        let (key, reason) = (record(&input.record), input.reason);
        let command = key.clone().map(|key| RejectService { volunteer: key.volunteer, record: key.record, reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let shown = changed(&door, &done, key.ok()).await?;
        Ok(RejectServicePayload::new(done.told, shown))
    }

    /// Dispute what was decided about one's own record.
    async fn dispute_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ServiceReasonInput,
    ) -> Result<DisputeServicePayload, Error> {
        let door = Door::of(ctx)?;
        let (key, reason) = (record(&input.record), input.reason);
        let command = key.clone().map(|key| DisputeService { volunteer: key.volunteer, record: key.record, reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let shown = changed(&door, &done, key.ok()).await?;
        Ok(DisputeServicePayload::new(done.told, shown))
    }

    /// Correct a record; that confirms it too. The old value, the reason and who approved it are kept.
    async fn correct_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, how and why.")] input: CorrectServiceInput,
    ) -> Result<CorrectServicePayload, Error> {
        let door = Door::of(ctx)?;
        let key = record(&input.record);
        let command = key.clone().map(|key| CorrectService {
            volunteer: key.volunteer,
            record: key.record,
            started: input.started.map(|it| it.0),
            ended: input.ended.map(|it| it.0),
            category: input.category.map(Into::into),
            reason: input.reason,
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let shown = changed(&door, &done, key.ok()).await?;
        Ok(CorrectServicePayload::new(done.told, shown))
    }

    /// Void a record for good.
    async fn void_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: ServiceReasonInput,
    ) -> Result<VoidServicePayload, Error> {
        let door = Door::of(ctx)?;
        let (key, reason) = (record(&input.record), input.reason);
        let command = key.clone().map(|key| VoidService { volunteer: key.volunteer, record: key.record, reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let shown = changed(&door, &done, key.ok()).await?;
        Ok(VoidServicePayload::new(done.told, shown))
    }
}
