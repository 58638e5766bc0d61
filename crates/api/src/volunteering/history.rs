//! Every change of a volunteer: what happened when, by whom, why.

use async_graphql::Object;
use gongyi_projections::HistoryRow;

use crate::{
    access::agents::Agent,
    scalars::{AnyJson, Moment},
};

/// One change, with its reason if the asker may read reasons.
pub struct HistoryLine {
    pub(crate) row: HistoryRow,
    pub(crate) reasons: bool,
}

/// One change of a volunteer: of the person, the registration, a membership, a sign-up, a stay or a service record.
#[Object(name = "HistoryEntry")]
impl HistoryLine {
    /// What happened, as the log names it: `ServiceConfirmed`.
    fn event(&self) -> &str {
        &self.row.event_type
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.row.recorded_at)
    }
    /// Who did it.
    fn by(&self) -> Agent {
        Agent(self.row.actor.clone())
    }
    /// Why; null if nothing was said, for those who may not see personal data, and once erased.
    fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref().filter(|_| self.reasons)
    }
    /// What else is known of it and is not personal: an object whose fields depend on the event.
    fn details(&self) -> AnyJson {
        AnyJson(serde_json::from_str(&self.row.details).unwrap_or_default())
    }
    /// Its place in the log.
    fn sequence(&self) -> u64 {
        self.row.at
    }
}
