//! Persons as the schema names and shows them; how much of one the asker sees is `app`'s to say.

use async_graphql::{Error, ID};
use gongyi_domain::{refusal::Refusal, values::PersonId};

use crate::{door::Door, ids};

pub(crate) use gongyi_app::reading::sight::{BY_NAME, Met, Sight};

/// The person it is done in the name of: the asker if nobody is named.
pub(crate) fn in_the_name_of(door: &Door<'_>, id: Option<&ID>, field: &'static str) -> Result<PersonId, Refusal> {
    match id {
        Some(id) => ids::named(id, field),
        None => door.asker.actor.person().ok_or_else(|| Refusal {
            code: "InvalidInput",
            field: Some(field),
            zh: "请指明是谁".to_owned(),
            en: "Say who: you are no registered person".to_owned(),
        }),
    }
}

/// Telling somebody's name.
pub(crate) trait Named {
    /// The name as the asker sees it; `None` once erased.
    async fn name(self, door: &Door<'_>) -> Result<Option<String>, Error>;
}

impl Named for Met {
    async fn name(self, door: &Door<'_>) -> Result<Option<String>, Error> {
        let row = door.load(self.person).await?;
        Ok(row.and_then(|row| self.sight.name(row.name.as_deref())))
    }
}
