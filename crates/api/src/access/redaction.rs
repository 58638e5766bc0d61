//! Where somebody is named in the texts of documents, and taking those texts out.

use async_graphql::{Context, Error, ID, Object};
use gongyi_app::access::redaction::{NamedText as Named, RedactTexts};
use gongyi_domain::{
    access::redaction::{RedactionRefusal, TextPlace},
    refusal::Refusal,
    values::PersonId,
    volunteering::volunteer::volunteer_of,
};

use crate::{door::Door, ids, scalars::Position, table::mutations, volunteering::volunteers::VolunteerPayload};

/// A text of a document in which somebody is named.
pub struct NamedText(Named);

/// A text of a document in which somebody is named.
#[Object]
impl NamedText {
    /// What names the text where it is redacted.
    pub(crate) async fn id(&self) -> ID {
        let TextPlace { position, path } = &self.0.found.place;
        ID(format!("{position}:{path}"))
    }
    /// What kind of document it stands in: `motion`, `activity`, `minutes` …
    fn document(&self) -> &str {
        &self.0.found.stream.kind
    }
    /// The document's own id, a UUID.
    async fn document_id(&self) -> String {
        self.0.found.stream.id.to_string()
    }
    /// The act by which it was written: `MotionDrafted`.
    fn written_by(&self) -> &str {
        &self.0.found.event_type
    }
    /// The words around the first mention.
    fn excerpt(&self) -> &str {
        &self.0.excerpt
    }
    /// The text is sealed: redacted, nothing of it is left. One from before texts were sealed is shown no more, but its bytes stay
    /// in the log's file.
    fn sealed(&self) -> bool {
        self.0.found.sealed
    }
}

/// The root fields about redactions.
#[derive(Default)]
pub struct RedactionQueries;

#[Object]
impl RedactionQueries {
    /// Where a person is named by name, phone or ID number in the texts of documents: to be asked before the person is erased, for
    /// afterwards nobody knows what to look for. The whole log is looked through. For who may erase the person by a role.
    async fn named_elsewhere(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, as `Volunteer.person` has it.")] person: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Vec<NamedText>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let person = ids::asked::<PersonId>(&person)?;
        let named = door.app.named_elsewhere(&door.actor(), person).await.map_err(|rejection| door.unread(rejection.into()))?;
        Ok(named.into_iter().map(NamedText).collect())
    }
}

/// The places that these ids name.
fn places(texts: &[String]) -> Result<Vec<TextPlace>, Refusal> {
    let place = |text: &String| {
        let (position, path) = text.split_once(':')?;
        Some(TextPlace { position: position.parse().ok()?, path: path.to_owned() })
    };
    texts.iter().map(|text| place(text).ok_or_else(|| RedactionRefusal::UnknownText.into())).collect()
}

mutations! {
    /// What redacts.
    pub struct RedactionMutations;

    /// Take texts out of documents, because a person is named in them: they read 〔已隐去〕 from then on, for good. For who may erase the
    /// person by a role, and before that.
    RedactTexts -> VolunteerPayload {
        /// Who is named.
        person: PersonId,
        /// The texts, by their ids in `namedElsewhere`; 500 at most.
        texts: Vec<String>,
    } = RedactTexts { person, texts: places(&texts)? }, volunteer_of;
}
