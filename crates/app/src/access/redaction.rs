//! Where somebody is named in the texts of documents, and taking those texts out.

use gongyi_domain::{
    access::{
        authority::{Act, Actor, Subject},
        person::{Person, PersonEvent, PersonRefusal},
        redaction::{NAMED_ELSEWHERE, REDACT_TEXTS, Redaction, RedactionCommand, RedactionRefusal, TextPlace},
    },
    values::{PersonId, Sealed},
};
use gongyi_eventlog::StreamId;
use gongyi_vault::{KeyRing, SealedFor};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, Command,
    rejection::{Fault, Rejection, refused},
    texts::{FoundText, SealedTexts},
    work::Work,
};

/// Places that are told at once, at most.
pub const NAMED_MAX_PLACES: usize = 1_000;
/// Events read at a time when texts are looked through.
const BATCH_EVENTS: usize = 5_000;
/// Characters of a text that are shown on either side of what was found.
const EXCERPT_CHARS: usize = 30;

/// A text in which somebody is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedText {
    /// The text.
    pub found: FoundText,
    /// The words around the first mention.
    pub excerpt: String,
}

/// Take texts out of what the log shows, because a person is named in them.
#[derive(Debug, Serialize)]
pub struct RedactTexts {
    /// Who is named.
    pub person: PersonId,
    /// The texts.
    pub texts: Vec<TextPlace>,
}

impl Command for RedactTexts {
    const ACT: &'static Act = &REDACT_TEXTS;
    type Answer = PersonId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<PersonId, Rejection> {
        let home = work.load::<Person>(self.person).await?.into_inner();
        let home = match home {
            Person::Registered { home_area, .. } => Some(home_area),
            Person::Unknown => return Err(refused(PersonRefusal::UnknownPerson)),
            // Who was erased may turn out to be named somewhere; an officer of everything still sees to it.
            Person::Erased => None,
        };
        work.may(Self::ACT, &Subject::person(self.person, home))?;
        let texts = work.app.texts();
        for TextPlace { position, path } in &self.texts {
            let before = position.checked_sub(1).ok_or_else(|| refused(RedactionRefusal::UnknownText))?;
            let (_, found) = texts.texts_after(before, 1).await?;
            if !found.iter().any(|it| it.place.position == *position && it.place.path == *path) {
                return Err(refused(RedactionRefusal::UnknownText));
            }
        }
        let command = RedactionCommand::Redact { texts: self.texts.clone() };
        work.load_and_decide::<Redaction>(Uuid::now_v7(), command).await?;
        Ok(self.person)
    }

    async fn settle(&self, app: &App, _: &PersonId) -> Result<(), Rejection> {
        app.states().forget_all();
        Ok(())
    }
}

impl App {
    /// The log's texts.
    pub(crate) fn texts(&self) -> &SealedTexts {
        &self.inner.texts
    }

    /// Where a person is named by name, phone or ID number in the texts of documents: to be asked before the person is erased,
    /// for afterwards nobody knows what to look for. At most [`NAMED_MAX_PLACES`]; the whole log is looked through.
    ///
    /// # Errors
    /// Refused; unknown and erased persons; faults.
    pub async fn named_elsewhere(&self, actor: &Actor, person: PersonId) -> Result<Vec<NamedText>, Rejection> {
        let home = match self.state::<Person>(person).await? {
            Person::Registered { home_area, .. } => home_area,
            Person::Unknown => return Err(refused(PersonRefusal::UnknownPerson)),
            Person::Erased => return Err(refused(PersonRefusal::PersonIsErased)),
        };
        NAMED_ELSEWHERE.may(actor, &Subject::person(person, Some(home))).map_err(refused)?;
        let names = self.names_of(person).await?;
        let mut named = vec![];
        let mut position = 0;
        while named.len() < NAMED_MAX_PLACES {
            let (read, found) = self.texts().texts_after(position, BATCH_EVENTS).await?;
            if read == position {
                break;
            }
            position = read;
            for found in found {
                if let Some(at) = names.iter().find_map(|name| found.text.find(name.as_str())) {
                    let excerpt = excerpt(&found.text, at);
                    named.push(NamedText { found, excerpt });
                }
            }
        }
        named.truncate(NAMED_MAX_PLACES);
        Ok(named)
    }

    /// Every name, phone and ID number that a person has had.
    async fn names_of(&self, person: PersonId) -> Result<Vec<String>, Rejection> {
        let keys = self.vault().keys(&[person]).await?;
        let mut names = vec![];
        for event in self.log().read_stream(&StreamId::of::<Person>(person), 0).await? {
            let mut open = |field: &str, sealed: &Sealed| names.extend(opened(&keys, person, &event.event_type, field, sealed));
            match self.upcasters().decode::<PersonEvent>(&event).map_err(Fault::Decoding)? {
                PersonEvent::PersonRegistered { name, id_number, phone, .. } => {
                    open("name", &name);
                    open("id_number", &id_number);
                    open("phone", &phone);
                }
                PersonEvent::PersonCorrected { name, id_number, phone, .. } => {
                    for (field, sealed) in [("name", name), ("id_number", id_number), ("phone", phone)] {
                        sealed.iter().for_each(|sealed| open(field, sealed));
                    }
                }
                PersonEvent::PersonErased {} => {}
            }
        }
        Ok(names)
    }
}

fn opened(keys: &KeyRing, person: PersonId, event_type: &str, field: &str, sealed: &Sealed) -> Option<String> {
    let place = SealedFor { stream_kind: "person", stream_id: person.0, event_type, field };
    keys.open(sealed, &place).ok().flatten().filter(|text| !text.is_empty())
}

/// The words around a mention that begins at this byte.
fn excerpt(text: &str, at: usize) -> String {
    let before: Vec<char> = text[..at].chars().rev().take(EXCERPT_CHARS).collect();
    before.into_iter().rev().chain(text[at..].chars().take(2 * EXCERPT_CHARS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_the_words_around_and_no_more() {
        let text = format!("{}陈静{}", "前".repeat(40), "后".repeat(80));
        let at = text.find("陈静").unwrap();
        assert_eq!(excerpt(&text, at), format!("{}陈静{}", "前".repeat(30), "后".repeat(58)));
        assert_eq!(excerpt("陈静", 0), "陈静");
    }
}
