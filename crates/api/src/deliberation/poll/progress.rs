//! How a poll goes on: how many have voted, and how far it has come; never what anybody voted.
//!
//! - Changes are gathered: an item comes a second after the one before at the earliest. So a spectator cannot tell from the
//!   feed when a single person voted in a busy poll, and a busy poll does not wake two thousand spectators for every ballot.
//! - Every item is the whole state: subscribing again after the last one seen misses nothing.

use std::time::Duration;

use async_graphql::{Context, Error, ID, SimpleObject, Subscription};
use futures::{Stream, stream};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::poll::{POLLS, PollPhase as Stored, PollRefusal},
    values::PollId,
};
use gongyi_projections::{PollRow, Stale};

use super::{PollPhase, PollTurnout};
use crate::{
    door::Door,
    fault::{self, Code},
    http::sockets::Seat,
    ids,
    scalars::Position,
};

/// The shortest time between two items.
const GATHERED: Duration = Duration::from_secs(1);
/// How long one wait for the views lasts before the next begins.
const VIEWS_WAIT: Duration = Duration::from_secs(5);

/// How a poll stands.
#[derive(SimpleObject)]
pub struct PollProgress {
    /// The platform's position that this is as of: subscribe again after this one.
    position: Position,
    /// How far the poll has come.
    phase: PollPhase,
    /// How many took part.
    turnout: PollTurnout,
}

struct Watching<'c> {
    door: Door<'c>,
    poll: PollId,
    /// The position of the last change that was told, or that the client has seen.
    told: u64,
    /// The log was looked at up to here.
    looked: u64,
    _seat: Option<Seat>,
}

impl Watching<'_> {
    /// The poll once it has changed since it was told last; `None` if it never will.
    async fn next(&mut self) -> Result<Option<PollRow>, Error> {
        let (app, mut head) = (self.door.app, self.door.app.log().watch());
        loop {
            let row = self.door.load(self.poll).await?.ok_or_else(|| fault::refused(PollRefusal::UnknownPoll))?;
            if row.position > self.told {
                self.told = row.position;
                return Ok(Some(row));
            }
            if is_over(row.phase) {
                return Ok(None);
            }
            let looked = self.looked;
            let reached = match head.wait_for(|head| *head > looked).await {
                Ok(head) => *head,
                Err(_) => return Err(fault::error(Code::Stale, "the log is closed")),
            };
            while let Err(stale) = app.views().wait_for(reached, VIEWS_WAIT).await {
                if let Stale::Parked { .. } = stale {
                    return Err(fault::error(Code::Stale, "a read model of this node is parked before this change"));
                }
            }
            self.looked = reached;
        }
    }

    async fn item(&self, row: PollRow) -> Result<PollProgress, Error> {
        let token = self.door.app.log().token_at(row.position).await.map_err(|error| self.door.internal(&error))?;
        let token = token.ok_or_else(|| fault::error(Code::UnknownPosition, "the log has lost this position"))?;
        Ok(PollProgress { position: token.into(), phase: row.phase.into(), turnout: (&row).into() })
    }
}

/// Whether nothing follows any more.
fn is_over(phase: Stored) -> bool {
    match phase {
        Stored::Published | Stored::Voided => true,
        Stored::Unknown | Stored::Prepared | Stored::Opened | Stored::Closed | Stored::Counted => false,
    }
}

/// The subscriptions to polls.
#[derive(Default)]
pub struct PollSubscriptions;

/// How polls go on.
#[Subscription]
impl PollSubscriptions {
    /// How a poll stands, now if no position is given, and whenever that changes, at most once a second; it ends when the
    /// poll is published or voided. Open to everybody.
    async fn poll_progress<'c>(
        &self,
        ctx: &Context<'c>,
        #[graphql(desc = "Which poll.")] poll: ID,
        #[graphql(desc = "What comes after this position.")] after: Option<Position>,
    ) -> Result<impl Stream<Item = Result<PollProgress, Error>> + use<'c>, Error> {
        let door = Door::of(ctx)?;
        door.may(&POLLS, &Subject::default())?;
        let told = match after {
            Some(position) => door.app.known(&position.0).await.map_err(|unread| door.unread(unread))?.position,
            None => 0,
        };
        let watching = Watching { door, poll: ids::asked(&poll)?, told, looked: told, _seat: Seat::take(ctx)? };
        Ok(stream::unfold(Some((watching, Duration::ZERO)), |state| async move {
            let (mut watching, pause) = state?;
            tokio::time::sleep(pause).await;
            let row = match watching.next().await {
                Ok(row) => row?,
                Err(error) => return Some((Err(error), None)),
            };
            let over = is_over(row.phase);
            let item = watching.item(row).await;
            let next = (item.is_ok() && !over).then_some((watching, GATHERED));
            Some((item, next))
        }))
    }
}
