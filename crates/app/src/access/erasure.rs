//! Erasing a person: an event for everybody, and the key destroyed.

use gongyi_domain::{
    access::{
        account::{Account, AccountCommand, account_of},
        authority::{Act, Subject},
        claim::Purpose,
        person::{ERASE_PERSON, Person, PersonCommand, PersonRefusal},
    },
    values::PersonId,
    volunteering::volunteer::{Volunteer, VolunteerCommand, VolunteerPhase, volunteer_of},
};
use serde::Serialize;

use crate::{
    App, Command,
    rejection::{Rejection, refused},
    volunteering::sign_ups::give_back_coming_shifts,
    work::Work,
};

/// Erase a person: claims are released, the account closed, coming shifts given back, the key destroyed. Totals stay.
#[derive(Debug, Serialize)]
pub struct ErasePerson {
    /// Who.
    pub person: PersonId,
}

impl Command for ErasePerson {
    const ACT: &'static Act = &ERASE_PERSON;
    type Answer = PersonId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PersonId, Rejection> {
        let loaded = work.load::<Person>(self.person).await?;
        let (home_area, phone) = match loaded.inner() {
            Person::Registered { home_area, phone, .. } => (home_area.clone(), phone.clone()),
            Person::Unknown => return Err(refused(PersonRefusal::UnknownPerson)),
            Person::Erased => return Err(refused(PersonRefusal::PersonIsErased)),
        };
        work.may(Self::ACT, &Subject::person(self.person, Some(home_area)))?;
        let account = account_of(self.person);
        if work.app.vault().unknown_persons(&[self.person]).await?.is_empty() {
            let document = work.open_document(self.person, loaded.inner()).await?.claim();
            let phone = work.open_person(self.person, &phone, "phone").await?;
            work.release_claim(Purpose::IdNumber, &document, self.person.0).await?;
            work.release_claim(Purpose::Phone, &phone, account.0).await?;
        } else {
            // A vault that was lost: nobody can read what they claimed, and they are to be erased all the same.
            work.release_all_claims(&[self.person.0, account.0]).await?;
        }
        work.decide::<Person>(loaded, PersonCommand::Erase).await?;
        let loaded = work.load::<Account>(account).await?;
        if loaded.inner().require_open().is_ok() {
            work.decide::<Account>(loaded, AccountCommand::Close).await?;
        }
        self.leave_activities(work).await?;
        Ok(self.person)
    }

    async fn settle(&self, app: &App, person: &PersonId) -> Result<(), Rejection> {
        app.destroy_secrets(*person).await
    }
}

impl ErasePerson {
    async fn leave_activities(&self, work: &Work<'_>) -> Result<(), Rejection> {
        let id = volunteer_of(self.person);
        let volunteer = work.load::<Volunteer>(id).await?;
        if matches!(volunteer.inner().phase, VolunteerPhase::Unknown | VolunteerPhase::Erased) {
            return Ok(());
        }
        work.decide::<Volunteer>(volunteer, VolunteerCommand::Erase).await?;
        give_back_coming_shifts(work, id).await
    }
}

impl App {
    /// Destroys everything the vault keeps about an erased person. Doing it again changes nothing.
    ///
    /// # Errors
    /// Faults of the vault.
    pub(crate) async fn destroy_secrets(&self, person: PersonId) -> Result<(), Rejection> {
        let account = account_of(person);
        self.vault().destroy_key(person).await?;
        self.vault().remove_credentials(account).await?;
        self.vault().revoke_account(account).await?;
        Ok(())
    }
}
