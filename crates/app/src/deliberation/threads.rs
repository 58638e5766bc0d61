//! What came of an issue, and from which issues a motion came.
//!
//! - A motion that was merged into another goes on in that one; one that another council took over goes on there too.

use std::collections::BTreeSet;

use gongyi_domain::{
    deliberation::motion::Origin,
    values::{MotionId, ResidentIssueId},
};

use crate::reading::Rows;

/// Motions that are followed from an issue on, or back to one, at most.
const THREAD_MAX_MOTIONS: usize = 20;

/// A motion and those it goes on in; whether the asker may read one is its own question.
///
/// # Errors
/// What `rows` say.
pub async fn motions_from<R: Rows>(rows: &R, first: Option<MotionId>) -> Result<Vec<MotionId>, R::Error> {
    let (mut next, mut seen, mut found) = (Vec::from_iter(first), BTreeSet::new(), vec![]);
    while let Some(id) = next.pop() {
        if seen.len() == THREAD_MAX_MOTIONS || !seen.insert(id) {
            continue;
        }
        if let Some(row) = rows.motion(id).await? {
            next.extend(row.merged_into.into_iter().chain(row.state.taken_over_as));
            found.push(id);
        }
    }
    Ok(found)
}

/// The issues that a motion goes back to; whether the asker may read one is its own question.
///
/// # Errors
/// What `rows` say.
pub async fn issues_behind<R: Rows>(rows: &R, motion: MotionId) -> Result<Vec<ResidentIssueId>, R::Error> {
    let (mut next, mut seen, mut found) = (vec![motion], BTreeSet::new(), vec![]);
    while let Some(id) = next.pop() {
        if seen.len() == THREAD_MAX_MOTIONS || !seen.insert(id) {
            continue;
        }
        let Some(row) = rows.motion(id).await? else { continue };
        next.extend(&row.state.absorbed);
        match row.state.origin {
            Some(Origin::Issue { issue }) => found.push(issue),
            Some(Origin::Motion { motion, .. }) => next.push(motion),
            None => {}
        }
    }
    Ok(found)
}
