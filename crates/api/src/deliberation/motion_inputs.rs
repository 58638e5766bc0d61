//! What commands about motions take.

use async_graphql::{ID, InputObject, OneofObject};
use gongyi_app::deliberation::motion::{
    amending::ChangeDraft,
    drafting::{ParagraphDraft, TextDraft},
};
use gongyi_domain::{
    deliberation::attachment::{Attachment, FileDigest},
    refusal::Refusal,
    values::MotionId,
};

use crate::{ids, table::wires};

pub(crate) fn motion(id: &ID) -> Result<MotionId, Refusal> {
    ids::named(id, "motion")
}

/// A paragraph.
#[derive(InputObject)]
pub struct ParagraphInput {
    /// Which one of the text before it is; null for a new one.
    id: Option<ID>,
    /// What it says, 1 to 2000 characters.
    text: String,
}

/// A title and paragraphs. What is pasted is tidied: composed, line ends as one character, no white space around it.
#[derive(InputObject)]
pub struct TextInput {
    /// The title, one line of 1 to 120 characters.
    title: String,
    /// The paragraphs in order, 1 to 200, with 20000 characters at most.
    paragraphs: Vec<ParagraphInput>,
}

impl TextInput {
    pub(crate) fn draft(self) -> Result<TextDraft, Refusal> {
        let paragraph = |it: ParagraphInput| Ok(ParagraphDraft { id: ids::named_maybe(it.id.as_ref(), "text")?, text: it.text });
        Ok(TextDraft { title: self.title, paragraphs: self.paragraphs.into_iter().map(paragraph).collect::<Result<_, Refusal>>()? })
    }
}

/// A file by reference.
#[derive(InputObject)]
pub struct AttachmentInput {
    /// Its SHA-256, 64 hexadecimal digits.
    sha256: String,
    /// Its name; not a path.
    name: String,
    /// Its media type, `application/pdf`.
    media_type: String,
    /// Its size, in bytes.
    bytes: u64,
}

pub(crate) fn digest(text: &str) -> Result<FileDigest, Refusal> {
    text.parse().map_err(|_| Refusal {
        code: "InvalidInput",
        field: Some("sha256"),
        zh: "SHA-256 须为 64 位十六进制数字".to_owned(),
        en: "A SHA-256 has 64 hexadecimal digits".to_owned(),
    })
}

impl AttachmentInput {
    pub(crate) fn attachment(self) -> Result<Attachment, Refusal> {
        let Self { sha256, name, media_type, bytes } = self;
        Ok(Attachment { sha256: digest(&sha256)?, name, media_type, bytes })
    }
}

pub(crate) fn attachments(files: Option<Vec<AttachmentInput>>) -> Result<Vec<Attachment>, Refusal> {
    files.unwrap_or_default().into_iter().map(AttachmentInput::attachment).collect()
}

wires! {
    AttachmentInput => Attachment = |file| file.attachment()?;
}

/// Other words in a paragraph.
#[derive(InputObject)]
pub struct ReplaceParagraphInput {
    /// Which paragraph.
    paragraph: ID,
    /// What it shall say.
    text: String,
}

/// A new paragraph.
#[derive(InputObject)]
pub struct InsertParagraphInput {
    /// Behind which paragraph; null for the beginning.
    after: Option<ID>,
    /// Its id, a new one, if a later change of this amendment must name it.
    paragraph: Option<ID>,
    /// What it shall say.
    text: String,
}

/// One change to a text.
#[derive(OneofObject)]
pub enum TextChangeInput {
    /// Another title.
    Retitle(String),
    /// Other words in a paragraph.
    Replace(ReplaceParagraphInput),
    /// A new paragraph.
    Insert(InsertParagraphInput),
    /// A paragraph less: which.
    Delete(ID),
}

impl TextChangeInput {
    fn draft(self) -> Result<ChangeDraft, Refusal> {
        let named = |id: &ID| ids::named(id, "changes");
        Ok(match self {
            Self::Retitle(title) => ChangeDraft::Retitle { title },
            Self::Replace(it) => ChangeDraft::Replace { paragraph: named(&it.paragraph)?, text: it.text },
            Self::Insert(it) => {
                let (after, paragraph) = (it.after.as_ref().map(named).transpose()?, it.paragraph.as_ref().map(named).transpose()?);
                ChangeDraft::InsertAfter { after, paragraph, text: it.text }
            }
            Self::Delete(paragraph) => ChangeDraft::Delete { paragraph: named(&paragraph)? },
        })
    }
}

pub(crate) fn changes(changes: Vec<TextChangeInput>) -> Result<Vec<ChangeDraft>, Refusal> {
    changes.into_iter().map(TextChangeInput::draft).collect()
}

/// Which motion, in whose name.
#[derive(InputObject)]
pub struct MotionInput {
    /// Which motion.
    pub(crate) motion: ID,
    /// In whose name: oneself if not said, another where the staff writes it down.
    pub(crate) by: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    pub(crate) command_id: Option<ID>,
}

/// Which motion, and why.
#[derive(InputObject)]
pub struct MotionReasonInput {
    /// Which motion.
    pub(crate) motion: ID,
    /// Why, in 1 to 2000 characters: about the matter, not about a person. It is public.
    pub(crate) reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    pub(crate) command_id: Option<ID>,
}
