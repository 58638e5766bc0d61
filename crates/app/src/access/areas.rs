//! Listing areas.

use gongyi_domain::{
    access::{
        area::{Area, AreaCommand, IMPORT_AREAS, area_stream},
        authority::{Act, Subject},
    },
    values::AreaCode,
};
use serde::Serialize;

use crate::{Command, rejection::Rejection, work::Work};

/// List an area or give it another name.
#[derive(Debug, Serialize)]
pub struct ListArea {
    /// The code.
    pub code: AreaCode,
    /// Its name.
    pub name: String,
}

impl Command for ListArea {
    const ACT: &'static Act = &IMPORT_AREAS;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        work.may(Self::ACT, &Subject::area(self.code.clone()))?;
        let command = AreaCommand::List { code: self.code.clone(), name: self.name.clone() };
        work.load_and_decide::<Area>(area_stream(&self.code), command).await?;
        Ok(())
    }
}
