//! Areas by their code.
//!
//! - One row a listed code; a renamed one keeps its code.
//! - What was listed before a kind of pseudo-unit was known is one all the same.

use gongyi_domain::{
    Event,
    access::{
        self,
        area::{AreaEvent, is_pseudo},
    },
    values::AreaCode,
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::flag,
    views::Views,
};

row! {
    /// A listed area.
    AreaRow in "areas" {
        key {
            /// Its code.
            code: AreaCode,
        }
        live {
            /// Its name.
            name: String,
            /// Nobody lives there; kept out of what people see.
            #[serde(with = "flag")]
            pseudo: bool,
        }
    }
}

#[derive(Default)]
pub(crate) struct AreasFold {
    areas: Rows<AreaRow>,
}

/// What an event says of an area.
fn concern(change: &Change) -> Option<&AreaEvent> {
    let Event::Access(event) = &change.event else { return None };
    match event {
        access::Event::Area(event) => Some(event),
        access::Event::Person(_)
        | access::Event::Claim(_)
        | access::Event::Account(_)
        | access::Event::Redaction(_)
        | access::Event::VaultBinding(_)
        | access::Event::WorkingCalendar(_) => None,
    }
}

impl Fold for AreasFold {
    const NAME: &'static str = "areas";
    const KINDS: &'static [&'static str] = &["area"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        let (AreaEvent::AreaListed { code, .. } | AreaEvent::AreaRenamed { code, .. }) = event;
        self.areas.want((code.clone(),));
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        match event {
            AreaEvent::AreaListed { code, name, pseudo } => {
                let pseudo = *pseudo || is_pseudo(code, name);
                self.areas.add(AreaRow { code: code.clone(), name: name.clone(), pseudo, position: change.position })?;
            }
            AreaEvent::AreaRenamed { code, name } => {
                let row = self.areas.change(&(code.clone(),), change.position)?;
                row.name.clone_from(name);
                row.pseudo |= is_pseudo(code, name);
            }
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.areas]
    }
}

/// Which areas.
#[derive(Debug, Clone, Default)]
pub struct AreaFilter {
    /// This area and those within it.
    pub within: Option<AreaCode>,
    /// Also those where nobody lives.
    pub include_pseudo: bool,
}

impl Views {
    /// Areas by code.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn areas(&self, filter: &AreaFilter, page: &PageArgs) -> Result<Page<AreaRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("a.code", filter.within.as_ref());
        if !filter.include_pseudo {
            conditions.plain("a.pseudo=0");
        }
        let sort = Sort { name: "areas", columns: vec![SortColumn::plain("a.code")], descending: false };
        Listing { select: AreaRow::select("a"), from: "areas a", conditions, sort }.page(self, page).await
    }

    /// One area.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn area(&self, code: &AreaCode) -> Result<Option<AreaRow>, QueryError> {
        Ok(self.areas_by_codes(std::slice::from_ref(code)).await?.pop())
    }

    /// Areas by their codes, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn areas_by_codes(&self, codes: &[AreaCode]) -> Result<Vec<AreaRow>, QueryError> {
        let sql = format!("SELECT {} FROM areas a WHERE a.code IN (SELECT value FROM json_each(?))", AreaRow::select("a"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(codes)?.into()]).await
    }
}
