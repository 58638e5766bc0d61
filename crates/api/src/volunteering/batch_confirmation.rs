//! Confirming many service records at once, each for itself.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use futures::{StreamExt, TryStreamExt, stream};
use gongyi_app::volunteering::services::ConfirmService;
use gongyi_domain::values::RecordId;
use uuid::Uuid;

use super::services::{self, ServiceRecord};
use crate::{
    door::Door,
    fault,
    ids::{self, RecordKey},
    list::List,
    outcome::{Outcome, Refused},
    scalars::Position,
    settings::CONFIRM_SERVICES_MAX_RECORDS,
};

/// Confirmations under way at once.
const CONFIRMED_AT_ONCE: usize = 8;

/// One record of many, after it was confirmed or not.
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

/// Many records, each confirmed for itself.
#[derive(SimpleObject)]
pub struct ConfirmServicesPayload {
    /// One result a record, in the order asked for.
    results: List<ConfirmedService>,
    /// How many are confirmed.
    confirmed: u32,
    /// The platform's position after it.
    position: Option<Position>,
    /// This node's views have not shown it in time: what is answered here may be older.
    stale: bool,
}

/// Confirm many records, each for itself: one that is refused does not stop the others.
#[derive(InputObject)]
pub struct ConfirmServicesInput {
    /// Which records, 100 at most.
    records: Vec<ID>,
    /// The command's id, a UUID; each record's is made of it, so that sending it again does nothing twice.
    command_id: Option<ID>,
}

async fn confirmed_one(door: Door<'_>, command_id: Uuid, id: ID) -> Result<(ID, Option<RecordKey>, Outcome<RecordId>), Error> {
    match ids::named::<RecordKey>(&id, "record") {
        Err(refusal) => Ok((id, None, Outcome::refused(refusal))),
        Ok(key) => {
            let command = ConfirmService { volunteer: key.volunteer, record: key.record };
            let done = door.does_part(command_id, key.record.0.as_bytes(), command).await?;
            Ok((id, Some(key), done))
        }
    }
}

/// The root field that confirms many service records.
#[derive(Default)]
pub struct BatchConfirmationMutations;

#[Object]
impl BatchConfirmationMutations {
    /// Confirm many records, each for itself: one that is refused does not stop the others.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn confirm_services(&self, ctx: &Context<'_>, input: ConfirmServicesInput) -> Result<ConfirmServicesPayload, Error> {
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
            let record = match key.filter(|_| outcome.answer.is_some()) {
                Some(key) => services::service_record(&door, key).await?,
                None => None,
            };
            results.push(ConfirmedService { id, record, refusal: outcome.told.refusal, unchanged: outcome.told.unchanged });
        }
        let confirmed = results.iter().filter(|it| it.refusal.is_none()).count();
        Ok(ConfirmServicesPayload {
            confirmed: u32::try_from(confirmed).unwrap_or(u32::MAX),
            results: results.into(),
            position: token.map(Position::from),
            stale,
        })
    }
}
