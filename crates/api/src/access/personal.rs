//! Persons as the schema names and shows them; how much of one the asker sees is `app`'s to say.

use async_graphql::{Error, ID};
use gongyi_app::reading::sight::Seeing;
use gongyi_domain::{
    access::{authority::Subject, person::PERSONAL_DATA},
    refusal::Refusal,
    values::{AreaCode, CouncilId, PersonId},
};

use crate::{door::Door, ids};

pub(crate) use gongyi_app::reading::sight::{BY_NAME, Met, Sight, is_own_doing};
pub(crate) use gongyi_domain::access::public_function::PublicFunction;

/// The person it is done in the name of: the asker if nobody is named.
pub(crate) fn in_the_name_of(door: &Door<'_>, id: Option<&ID>, field: &'static str) -> Result<PersonId, Refusal> {
    match id {
        Some(id) => ids::named(id, field),
        None => door.actor().person().ok_or_else(|| Refusal {
            code: "InvalidInput",
            field: Some(field),
            zh: "请指明是谁".to_owned(),
            en: "Say who: you are no registered person".to_owned(),
        }),
    }
}

impl Door<'_> {
    /// How much the asker sees of a person at home in an area.
    pub(crate) async fn sight_of(&self, person: PersonId, home: Option<AreaCode>) -> Result<Sight, Error> {
        Seeing::sight_of(self, &self.actor(), person, home).await.map_err(|unread| self.unread(unread))
    }

    /// The asker sees who this person is, and not only as holding a public function.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `FORBIDDEN`; the same whether there is such a person or not.
    pub(crate) async fn require_sight_of(&self, person: PersonId) -> Result<(), Error> {
        let (sight, _) = Met::as_resident(person).seen(self).await?;
        if sight >= Sight::Personal { Ok(()) } else { self.may(&PERSONAL_DATA, &Subject::default()) }
    }

    /// The asker may look for what this person did from a seat in the council: as a representative who has accepted the
    /// seat, or as somebody whom the asker sees anyway. Else a name known from elsewhere would be joined to what shows none.
    ///
    /// # Errors
    /// Those of [`Door::require_sight_of`].
    pub(crate) async fn require_named_in(&self, council: Option<CouncilId>, person: PersonId) -> Result<(), Error> {
        if let Some(council) = council {
            let (sight, _) = Met::in_public(person, PublicFunction::Seat(council)).seen(self).await?;
            if sight >= Sight::Named {
                return Ok(());
            }
        }
        self.require_sight_of(person).await
    }
}

/// Telling of somebody who is met in a council's work.
pub(crate) trait Named {
    /// How much the asker sees of them, and their name as the asker sees it; no name once erased.
    async fn seen(self, door: &Door<'_>) -> Result<(Sight, Option<String>), Error>;
    /// The name as the asker sees it; `None` once erased.
    async fn name(self, door: &Door<'_>) -> Result<Option<String>, Error>;
    /// The person's id; `None` where the name is masked.
    async fn id(self, door: &Door<'_>) -> Result<Option<ID>, Error>;
}

impl Named for Met {
    async fn seen(self, door: &Door<'_>) -> Result<(Sight, Option<String>), Error> {
        door.sight_of_met(&door.actor(), &self).await.map_err(|unread| door.unread(unread))
    }
    async fn name(self, door: &Door<'_>) -> Result<Option<String>, Error> {
        Ok(self.seen(door).await?.1)
    }
    async fn id(self, door: &Door<'_>) -> Result<Option<ID>, Error> {
        Ok(self.seen(door).await?.0.identity(ids::id(&self.person)))
    }
}
