//! The thread from an issue to its motions and back, as far as the asker may read it.

use async_graphql::Error;
use gongyi_app::deliberation::threads;
use gongyi_domain::values::MotionId;

use super::{
    issues::{self, ResidentIssue},
    motion::{self, Motion},
};
use crate::{door::Door, list::List};

/// A motion and those it goes on in.
pub(super) async fn motions_from(door: &Door<'_>, first: Option<MotionId>) -> Result<List<Motion>, Error> {
    let mut found = vec![];
    for id in threads::motions_from(door, first).await.map_err(|unread| door.unread(unread))? {
        found.extend(motion::motion(door, id).await?);
    }
    Ok(found.into())
}

/// The issues that a motion goes back to.
pub(super) async fn issues_behind(door: &Door<'_>, motion: MotionId) -> Result<List<ResidentIssue>, Error> {
    let mut found = vec![];
    for id in threads::issues_behind(door, motion).await.map_err(|unread| door.unread(unread))? {
        found.extend(issues::issue_node(door, id).await?);
    }
    Ok(found.into())
}
