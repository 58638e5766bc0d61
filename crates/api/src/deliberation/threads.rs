//! What came of an issue, and from which issues a motion came.
//!
//! - A motion that was merged into another goes on in that one; one that another council took over goes on there too.

use std::collections::BTreeSet;

use async_graphql::Error;
use gongyi_domain::{deliberation::motion::Origin, values::MotionId};

use super::{
    issues::{self, ResidentIssue},
    motion::{self, Motion},
};
use crate::door::Door;

/// Motions that are followed from an issue on, or back to one, at most.
const THREAD_MAX_MOTIONS: usize = 20;

/// A motion and those it goes on in, as far as the asker may read them.
pub(super) async fn motions_from(door: &Door<'_>, first: Option<MotionId>) -> Result<Vec<Motion>, Error> {
    let (mut next, mut seen, mut found) = (Vec::from_iter(first), BTreeSet::new(), vec![]);
    while let Some(id) = next.pop() {
        if seen.len() == THREAD_MAX_MOTIONS || !seen.insert(id) {
            continue;
        }
        if let Some(row) = door.load(id).await? {
            next.extend(row.merged_into.into_iter().chain(row.state.taken_over_as));
            found.extend(motion::motion(door, id).await?);
        }
    }
    Ok(found)
}

/// The issues that a motion goes back to, as far as the asker may read them.
pub(super) async fn issues_behind(door: &Door<'_>, motion: MotionId) -> Result<Vec<ResidentIssue>, Error> {
    let (mut next, mut seen, mut found) = (vec![motion], BTreeSet::new(), vec![]);
    while let Some(id) = next.pop() {
        if seen.len() == THREAD_MAX_MOTIONS || !seen.insert(id) {
            continue;
        }
        let Some(row) = door.load(id).await? else { continue };
        next.extend(&row.state.absorbed);
        match row.state.origin {
            Some(Origin::Issue { issue }) => found.extend(issues::issue_node(door, issue).await?),
            Some(Origin::Motion { motion, .. }) => next.push(motion),
            None => {}
        }
    }
    Ok(found)
}
