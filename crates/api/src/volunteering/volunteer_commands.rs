//! Who an input is about.

use async_graphql::ID;
use gongyi_domain::{access::authority::Actor, refusal::Refusal, values::VolunteerId, volunteering::volunteer::VolunteerRefusal};

use crate::{door::Door, ids};

/// The volunteer an input names, else the asker.
pub(crate) fn named_or_oneself(door: &Door<'_>, id: Option<&ID>) -> Result<VolunteerId, Refusal> {
    match (id, &door.asker.actor) {
        (Some(id), _) => ids::named(id, "volunteer"),
        (None, Actor::Account { volunteer: Some(volunteer), .. }) => Ok(*volunteer),
        (None, Actor::Account { volunteer: None, .. } | Actor::Anonymous | Actor::Operator(_) | Actor::Process(_)) => {
            Err(VolunteerRefusal::UnknownVolunteer.into())
        }
    }
}
