//! Persons with their opened personal data: the only table that holds it, apart from free text.
//!
//! - A person whose key is destroyed shows no name, phone, ID number, birth date.
//! - Erasing a person empties the row; it stays, so that what refers to it still finds something.

use gongyi_domain::{
    Event,
    access::{self, person::PersonEvent},
    values::{AreaCode, Day, PersonId},
};

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
            /// Phone number; `None` once erased.
            phone: Option<String>,
            /// ID number; `None` once erased.
            id_number: Option<String>,
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
        access::Event::Area(_) | access::Event::Claim(_) | access::Event::Account(_) | access::Event::WorkingCalendar(_) => None,
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
            PersonEvent::PersonRegistered { name, id_number, phone, birth_date: birth, home_area } => {
                self.persons.add(PersonRow {
                    person,
                    name: texts.open(change, "name", name),
                    phone: texts.open(change, "phone", phone),
                    id_number: texts.open(change, "id_number", id_number),
                    birth_date: birth_date(change, texts.open(change, "birth_date", birth)),
                    home_area: Some(home_area.clone()),
                    erased: false,
                    position,
                })?;
            }
            PersonEvent::PersonCorrected { name, id_number, phone, birth_date: birth, home_area, reason: _ } => {
                let row = self.persons.change(&(person,), position)?;
                if let Some(name) = name {
                    row.name = texts.open(change, "name", name);
                }
                if let Some(id_number) = id_number {
                    row.id_number = texts.open(change, "id_number", id_number);
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
                    phone: None,
                    id_number: None,
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
