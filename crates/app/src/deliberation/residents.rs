//! Who is registered, and lives where: asked wherever somebody is to be counted.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::person::{Person, PersonRefusal},
    values::{AreaCode, PersonId},
};
use gongyi_eventlog::StreamId;

use crate::{
    rejection::{Rejection, refused},
    work::Work,
};

/// Where a registered person lives.
pub(super) async fn home(work: &Work<'_>, person: PersonId) -> Result<AreaCode, Rejection> {
    match work.load::<Person>(person).await?.into_inner() {
        Person::Registered { home_area, .. } => Ok(home_area),
        Person::Unknown => Err(refused(PersonRefusal::UnknownPerson)),
        Person::Erased => Err(refused(PersonRefusal::PersonIsErased)),
    }
}

/// Where these people live; `None` for who is not registered.
pub(super) async fn homes(work: &Work<'_>, people: &[PersonId]) -> Result<Vec<Option<AreaCode>>, Rejection> {
    let streams: Vec<_> = people.iter().map(|person| StreamId::of::<Person>(person.0)).collect();
    work.session.preload(&streams).await?;
    let mut homes = Vec::with_capacity(people.len());
    for person in people {
        homes.push(match work.load::<Person>(*person).await?.into_inner() {
            Person::Registered { home_area, .. } => Some(home_area),
            Person::Unknown | Person::Erased => None,
        });
    }
    Ok(homes)
}

/// Those of these people who live in the area.
pub(super) async fn at_home(work: &Work<'_>, people: &BTreeSet<PersonId>, area: &AreaCode) -> Result<BTreeSet<PersonId>, Rejection> {
    let people: Vec<_> = people.iter().copied().collect();
    let homes = homes(work, &people).await?;
    Ok(people.into_iter().zip(homes).filter(|(_, home)| home.as_ref().is_some_and(|home| area.contains(home))).map(|(it, _)| it).collect())
}
