//! Persons with their opened personal data: the only table that holds it, apart from free text.
//!
//! - A person whose key is destroyed shows no name, phone, ID number, birth date.
//! - Erasing a person empties the row; it stays, so that what refers to it still finds something.

use gongyi_domain::{
    Event,
    access::{
        self,
        contact::name_key,
        identity_document::{DocumentKind, IdentityDocument},
        person::PersonEvent,
    },
    values::{AreaCode, Day, PersonId},
};

use super::name_search::sounds;
use crate::{
    change::Change,
    opener::Texts,
    paging::{QueryError, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::flag,
    views::Views,
};

row! {
    /// A person.
    PersonRow in "persons" {
        key {
            /// The person.
            person: PersonId,
        }
        rare {
            /// Name; `None` once erased.
            name: Option<String>,
            /// What the name is found by; `None` once erased.
            name_key: Option<String>,
            /// What the name sounds like; `None` once erased.
            name_sounds: Option<String>,
            /// Phone number; `None` once erased.
            phone: Option<String>,
            /// The identity document's number; `None` once erased.
            id_number: Option<String>,
            /// The document's kind; `None` once erased.
            document_kind: Option<DocumentKind>,
            /// The country that issued a passport.
            issuing_country: Option<String>,
            /// Birth date; `None` once erased.
            birth_date: Option<Day>,
            /// Home area; `None` once erased.
            home_area: Option<AreaCode>,
            /// Erased for ever.
            #[serde(with = "flag")]
            erased: bool,
        }
    }
}

#[derive(Default)]
pub(crate) struct PersonsFold {
    persons: Rows<PersonRow>,
}

/// Kind and issuing country of a document, of what is kept beside its number.
fn document(change: &Change, kept: Option<String>, number: Option<&str>) -> (Option<DocumentKind>, Option<String>) {
    let Some(number) = number else { return (None, None) };
    let document = IdentityDocument::kept(kept.as_deref(), number);
    if document.is_none() {
        tracing::error!(position = change.position, "a sealed document is of no kind");
    }
    let issuer = document.as_ref().and_then(|it| it.issuer()).map(|issuer| issuer.as_str().to_owned());
    (document.map(|it| it.kind()), issuer)
}

fn birth_date(change: &Change, text: Option<String>) -> Option<Day> {
    text.and_then(|text| match text.parse() {
        Ok(day) => Some(day),
        Err(_) => {
            tracing::error!(position = change.position, "a sealed birth date is not a date");
            None
        }
    })
}

/// What an event says of a person.
fn concern(change: &Change) -> Option<&PersonEvent> {
    let Event::Access(event) = &change.event else { return None };
    match event {
        access::Event::Person(event) => Some(event),
        access::Event::Area(_)
        | access::Event::Claim(_)
        | access::Event::Account(_)
        | access::Event::Redaction(_)
        | access::Event::VaultBinding(_)
        | access::Event::WorkingCalendar(_) => None,
    }
}

impl Fold for PersonsFold {
    const NAME: &'static str = "persons";
    const KINDS: &'static [&'static str] = &["person"];

    fn want(&mut self, change: &Change) {
        if concern(change).is_some() {
            self.persons.want((PersonId(change.stream.id),));
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (person, position) = (PersonId(change.stream.id), change.position);
        match event {
            PersonEvent::PersonRegistered { name, id_number, document: kind, phone, birth_date: birth, home_area } => {
                let id_number = texts.open(change, "id_number", id_number);
                let kept = texts.open_maybe(change, "document", kind.as_ref());
                let (document_kind, issuing_country) = document(change, kept, id_number.as_deref());
                let name = texts.open(change, "name", name);
                self.persons.add(PersonRow {
                    person,
                    name_key: name.as_deref().map(name_key),
                    name_sounds: name.as_deref().map(sounds),
                    name,
                    phone: texts.open(change, "phone", phone),
                    id_number,
                    document_kind,
                    issuing_country,
                    birth_date: birth_date(change, texts.open(change, "birth_date", birth)),
                    home_area: Some(home_area.clone()),
                    erased: false,
                    position,
                })?;
            }
            PersonEvent::PersonCorrected { name, id_number, document: kind, phone, birth_date: birth, home_area, reason: _ } => {
                let row = self.persons.change(&(person,), position)?;
                if let Some(name) = name {
                    row.name = texts.open(change, "name", name);
                    row.name_key = row.name.as_deref().map(name_key);
                    row.name_sounds = row.name.as_deref().map(sounds);
                }
                if let Some(id_number) = id_number {
                    row.id_number = texts.open(change, "id_number", id_number);
                    let kept = texts.open_maybe(change, "document", kind.as_ref());
                    (row.document_kind, row.issuing_country) = document(change, kept, row.id_number.as_deref());
                }
                if let Some(phone) = phone {
                    row.phone = texts.open(change, "phone", phone);
                }
                if let Some(birth) = birth {
                    row.birth_date = birth_date(change, texts.open(change, "birth_date", birth));
                }
                if let Some(area) = home_area {
                    row.home_area = Some(area.clone());
                }
            }
            PersonEvent::PersonErased {} => {
                let row = self.persons.change(&(person,), position)?;
                *row = PersonRow {
                    person,
                    name: None,
                    name_key: None,
                    name_sounds: None,
                    phone: None,
                    id_number: None,
                    document_kind: None,
                    issuing_country: None,
                    birth_date: None,
                    home_area: None,
                    erased: true,
                    position,
                };
            }
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.persons]
    }
}

impl Views {
    /// Persons by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn persons_by_ids(&self, ids: &[PersonId]) -> Result<Vec<PersonRow>, QueryError> {
        let sql = format!("SELECT {} FROM persons p WHERE p.person IN (SELECT value FROM json_each(?))", PersonRow::select("p"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// One person.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn person(&self, id: PersonId) -> Result<Option<PersonRow>, QueryError> {
        Ok(self.persons_by_ids(&[id]).await?.pop())
    }
}
