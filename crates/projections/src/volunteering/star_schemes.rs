//! How stars are given, by district; districts that have set nothing have no row.

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    Event,
    values::{AreaCode, Instant, Minutes},
    volunteering::{
        self,
        star_scheme::{Counts, StarScheme, StarSchemeEvent},
    },
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{QueryError, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::json,
    views::Views,
};

row! {
    /// A district's stars.
    StarSchemeRow in "star_schemes" {
        key {
            /// The district.
            district: AreaCode,
        }
        live {
            /// What each star takes, the first star's first.
            #[serde(with = "json")]
            thresholds: Vec<Minutes>,
            /// Which hours count.
            counts: Counts,
            /// When it was set last.
            #[serde(with = "ts_microseconds")]
            set_at: Instant,
            /// Who set it, as the log names actors.
            set_by: String,
        }
    }
}

impl From<StarSchemeRow> for StarScheme {
    fn from(row: StarSchemeRow) -> Self {
        Self { thresholds: row.thresholds, counts: row.counts, is_set: true }
    }
}

#[derive(Default)]
pub(crate) struct StarSchemesFold {
    schemes: Rows<StarSchemeRow>,
}

/// What an event says of a district's stars.
fn concern(change: &Change) -> Option<&StarSchemeEvent> {
    use volunteering::Event as V;
    let Event::Volunteering(event) = &change.event else { return None };
    match event {
        V::StarScheme(event) => Some(event),
        V::Volunteer(_) | V::Organisation(_) | V::Membership(_) | V::Calendar(_) | V::Activity(_) | V::ServiceLedger(_) => None,
    }
}

impl Fold for StarSchemesFold {
    const NAME: &'static str = "star_schemes";
    const KINDS: &'static [&'static str] = &["star_scheme"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        let StarSchemeEvent::StarSchemeSet { district, .. } = event;
        self.schemes.want((district.clone(),));
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let StarSchemeEvent::StarSchemeSet { district, thresholds, counts } = event;
        self.schemes.put(StarSchemeRow {
            district: district.clone(),
            thresholds: thresholds.clone(),
            counts: *counts,
            set_at: change.recorded_at,
            set_by: change.actor().to_owned(),
            position: change.position,
        });
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.schemes]
    }
}

impl Views {
    /// The stars of districts, in no order; those that have set nothing are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn star_schemes_by_districts(&self, districts: &[AreaCode]) -> Result<Vec<StarSchemeRow>, QueryError> {
        let sql = format!("SELECT {} FROM star_schemes s WHERE s.district IN (SELECT value FROM json_each(?))", StarSchemeRow::select("s"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(districts)?.into()]).await
    }
}
