//! Following one thing by a subscription: a seat on the socket, and what `app` tells, as the schema says it.

use async_graphql::{Context, Error};
use futures::{Stream, StreamExt};
use gongyi_app::reading::following::{self, Followed, Following};
use gongyi_domain::event::DomainEvent;

use crate::{
    door::Door,
    http::sockets::Seat,
    scalars::{Moment, Position},
};

/// One event of a followed stream, as it is told.
pub(crate) struct Heard<E> {
    pub(crate) position: Position,
    pub(crate) at: Moment,
    pub(crate) event: E,
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
    let seat = Seat::take(ctx)?;
    let events = following.after::<E>(after.map(|position| position.0.as_str())).await.map_err(|unread| door.unread(unread))?;
    Ok(events.map(move |heard| {
        let _held = &seat;
        let following::Heard { token, at, event, asker } = heard.map_err(|unread| door.unread(unread))?;
        door.asker.is_now(asker);
        Ok(Heard { position: token.into(), at: Moment(at), event })
    }))
}
