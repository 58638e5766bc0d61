//! Following one thing by a subscription: a seat on the socket, and what `app` tells, as the schema says it.

use async_graphql::{Context, Error};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::{self, Followed, Following};
use gongyi_domain::{
    deliberation::{meeting::MeetingRefusal, motion::MotionRefusal},
    event::DomainEvent,
    refusal::Refusal,
    volunteering::{activity::ActivityRefusal, volunteer::VolunteerRefusal},
};

use crate::{
    door::Door,
    fault,
    http::sockets::Seat,
    scalars::{Moment, Position},
};

/// One event of a followed stream, as it is told.
pub(crate) struct Heard<E> {
    pub(crate) position: Position,
    pub(crate) at: Moment,
    pub(crate) event: E,
}

async fn is_shown(door: &Door<'_>, followed: Followed) -> Result<bool, Error> {
    Ok(match followed {
        Followed::Places(id) => door.load(id).await?.is_some(),
        Followed::Records(id) => door.load(id).await?.is_some(),
        Followed::Motion(id) => door.load(id).await?.is_some(),
        Followed::Meeting(id) => door.load(id).await?.is_some(),
    })
}

fn unknown(followed: Followed) -> Refusal {
    match followed {
        Followed::Places(_) => ActivityRefusal::UnknownActivity.into(),
        Followed::Records(_) => VolunteerRefusal::UnknownVolunteer.into(),
        Followed::Motion(_) => MotionRefusal::UnknownMotion.into(),
        Followed::Meeting(_) => MeetingRefusal::UnknownMeeting.into(),
    }
}

/// There is what is to be followed. What was made a moment ago may not be shown yet.
async fn exists(door: &Door<'_>, followed: Followed) -> Result<(), Error> {
    if is_shown(door, followed).await? {
        return Ok(());
    }
    let head = door.app.log().head().await.map_err(|error| door.internal(&error))?;
    door.app.shows(head.position).await.map_err(|unread| door.unread(unread))?;
    if is_shown(door, followed).await? { Ok(()) } else { Err(fault::refused(unknown(followed))) }
}

/// The events of what is followed after the client's position, or from now on; the seat is held as long as they are listened to.
/// Whatever an item shows is seen by the asker with the roles held at that moment.
pub(crate) async fn followed<'c, E: DomainEvent>(
    ctx: &Context<'c>,
    followed: Followed,
    after: Option<&Position>,
) -> Result<impl Stream<Item = Result<Heard<E>, Error>> + use<'c, E>, Error> {
    let door = Door::of(ctx)?;
    let following = Following::new(door.app.clone(), door, (*door.actor()).clone(), followed).await;
    let following = following.map_err(|unread| door.unread(unread))?;
    exists(&door, followed).await?;
    let seat = Seat::take(ctx)?;
    let events = following.after::<E>(after.map(|position| position.0.as_str())).await.map_err(|unread| door.unread(unread))?;
    Ok(events.map(move |heard| {
        let _held = &seat;
        let following::Heard { token, at, event, asker } = heard.map_err(|unread| door.unread(unread))?;
        door.asker.is_now(asker);
        Ok(Heard { position: token.into(), at: Moment(at), event })
    }))
}
