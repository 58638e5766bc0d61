//! The secret address of one's own calendar.

use async_graphql::{Context, Error, Object, SimpleObject};
use gongyi_domain::access::account::{MAKE_CALENDAR_ADDRESS, REVOKE_CALENDAR_ADDRESS};

use crate::{door::Door, outcome::Refused};

/// Where calendars of persons are fetched; a secret and `.ics` follow.
pub(crate) const PERSONAL_CALENDARS: &str = "/calendar/person/";

/// The secret address of one's own calendar, once made.
#[derive(SimpleObject)]
pub struct MakeCalendarAddressPayload {
    /// The path of the calendar at this server, told once: who has it reads the calendar without signing in.
    path: Option<String>,
    /// Why not.
    refusal: Option<Refused>,
}

/// Whether one's own calendar has an address still.
#[derive(SimpleObject)]
pub struct RevokeCalendarAddressPayload {
    /// There is no address any more.
    revoked: bool,
    /// Why not.
    refusal: Option<Refused>,
}

/// The root fields about one's own calendar.
#[derive(Default)]
pub struct CalendarMutations;

#[Object]
impl CalendarMutations {
    /// Make a secret address for one's own calendar: meetings of the councils one sits in or is invited to, and the shifts one
    /// has signed up for. An earlier address ends.
    async fn make_calendar_address(&self, ctx: &Context<'_>) -> Result<MakeCalendarAddressPayload, Error> {
        let door = Door::of(ctx)?;
        let (app, actor) = (door.app.clone(), (*door.actor()).clone());
        let making = async move { app.make_calendar_address(&actor).await };
        Ok(match door.told_plain(MAKE_CALENDAR_ADDRESS.name, making).await? {
            Ok(secret) => MakeCalendarAddressPayload { path: Some(format!("{PERSONAL_CALENDARS}{}.ics", secret.as_str())), refusal: None },
            Err(refusal) => MakeCalendarAddressPayload { path: None, refusal: Some(Refused(refusal)) },
        })
    }

    /// End the address of one's own calendar; without one, nothing changes.
    async fn revoke_calendar_address(&self, ctx: &Context<'_>) -> Result<RevokeCalendarAddressPayload, Error> {
        let door = Door::of(ctx)?;
        let (app, actor) = (door.app.clone(), (*door.actor()).clone());
        let revoking = async move { app.revoke_calendar_address(&actor).await };
        let told = door.told_plain(REVOKE_CALENDAR_ADDRESS.name, revoking).await?;
        Ok(RevokeCalendarAddressPayload { revoked: told.is_ok(), refusal: told.err().map(Refused) })
    }
}
