//! Setting how stars are given in a district.

use gongyi_domain::{
    access::authority::{Act, Subject},
    values::{AreaCode, Minutes},
    volunteering::star_scheme::{Counts, SET_STAR_SCHEME, StarScheme, StarSchemeCommand, star_scheme_stream},
};
use serde::Serialize;

use crate::{Command, rejection::Rejection, work::Work};

/// Set a district's stars.
#[derive(Debug, Serialize)]
pub struct SetStarScheme {
    /// Whose.
    pub district: AreaCode,
    /// What each star takes, the first star's first.
    pub thresholds: Vec<Minutes>,
    /// Which hours count.
    pub counts: Counts,
}

impl Command for SetStarScheme {
    const ACT: &'static Act = &SET_STAR_SCHEME;
    type Answer = AreaCode;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AreaCode, Rejection> {
        work.may(Self::ACT, &Subject::area(self.district.clone()))?;
        work.require_area(&self.district).await?;
        let Self { district, thresholds, counts } = self;
        let command = StarSchemeCommand::Set { district: district.clone(), thresholds: thresholds.clone(), counts: *counts };
        work.load_and_decide::<StarScheme>(star_scheme_stream(district), command).await?;
        Ok(district.clone())
    }
}
