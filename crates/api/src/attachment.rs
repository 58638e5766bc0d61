//! Files by reference, as they are shown and as they are given.

use async_graphql::{InputObject, Object};
use gongyi_domain::{
    attachment::{Attachment as Stored, FileDigest},
    refusal::Refusal,
};

use crate::{list::List, table::wires};

/// A file by reference.
pub struct Attachment(pub(crate) Stored);

/// A file by reference: what it must be, not the file. Whoever fetches it compares the digest.
#[Object]
impl Attachment {
    /// Its SHA-256, 64 hexadecimal digits.
    fn sha256(&self) -> &str {
        self.0.sha256.as_str()
    }
    /// Its name.
    fn name(&self) -> &str {
        &self.0.name
    }
    /// Its media type, `application/pdf`.
    fn media_type(&self) -> &str {
        &self.0.media_type
    }
    /// Its size, in bytes.
    fn bytes(&self) -> u64 {
        self.0.bytes
    }
}

/// Files as they are shown.
pub(crate) fn shown(stored: &[Stored]) -> List<Attachment> {
    stored.iter().cloned().map(Attachment).collect()
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

wires! {
    AttachmentInput => Stored = |file| file.read()?;
}

impl AttachmentInput {
    fn read(self) -> Result<Stored, Refusal> {
        let Self { sha256, name, media_type, bytes } = self;
        Ok(Stored { sha256: digest(&sha256)?, name, media_type, bytes })
    }
}

/// The digest that a command's field says.
pub(crate) fn digest(text: &str) -> Result<FileDigest, Refusal> {
    text.parse().map_err(|_| Refusal {
        code: "InvalidInput",
        field: Some("sha256"),
        zh: "SHA-256 须为 64 位十六进制数字".to_owned(),
        en: "A SHA-256 has 64 hexadecimal digits".to_owned(),
    })
}
