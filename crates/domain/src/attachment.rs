//! A file that belongs to a motion, report or payment, by reference: the log keeps what it must be, not the file.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{prose::Line, refusal::refusals};

/// Longest file name, in characters.
pub const ATTACHMENT_NAME_MAX_CHARS: usize = 120;
/// Largest file, in bytes.
pub const ATTACHMENT_MAX_BYTES: u64 = 50 * 1024 * 1024;
/// Most files of one motion or report.
pub const ATTACHMENTS_MAX_COUNT: usize = 20;
/// Longest media type, in bytes (RFC 6838 section 4.2: 127 for each half).
const MEDIA_TYPE_MAX_BYTES: usize = 255;

/// The SHA-256 of a file, as 64 lower-case hexadecimal digits (FIPS 180-4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct FileDigest(String);

/// The text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 has 64 hexadecimal digits")]
pub struct NotAFileDigest;

impl FileDigest {
    /// Parses a digest; upper-case digits are taken as lower-case ones.
    ///
    /// # Errors
    /// Anything but 64 hexadecimal digits.
    pub fn try_new(text: &str) -> Result<Self, NotAFileDigest> {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotAFileDigest) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileDigest {
    type Error = NotAFileDigest;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::try_new(&text)
    }
}
impl FromStr for FileDigest {
    type Err = NotAFileDigest;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_new(text)
    }
}
impl From<FileDigest> for String {
    fn from(digest: FileDigest) -> Self {
        digest.0
    }
}
impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Its digest, which is also its identity.
    pub sha256: FileDigest,
    /// Its name, for people; not a path.
    pub name: String,
    /// Its media type, `application/pdf` (RFC 6838), without parameters.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}

refusals! {
    /// What is wrong with a reference to a file.
    pub enum AttachmentRefusal {
        /// The name is no line, too long, or a path.
        AttachmentNameUnfit { most: usize }("name", "文件名须为 1 至 {most} 字，不含路径", "A file name has 1 to {most} characters and is not a path"),
        /// A media type of two halves.
        MediaTypeUnfit("mediaType", "文件类型不正确", "A media type looks like application/pdf"),
        /// An empty or too large file.
        AttachmentSizeUnfit { most: u64 }("bytes", "文件不能为空，不能超过 {most} 字节", "A file is not empty and has at most {most} bytes"),
        /// Too many files, or one of them twice.
        AttachmentsUnfit { most: usize }("attachments", "附件不能重复，最多 {most} 个", "There are at most {most} different files"),
    }
}

/// One half of a media type: RFC 6838's restricted-name.
fn is_restricted_name(half: &str) -> bool {
    let mut bytes = half.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

impl Attachment {
    /// This reference to a file as it is stored.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn fitted(self) -> Result<Self, AttachmentRefusal> {
        let name_unfit = |most| AttachmentRefusal::AttachmentNameUnfit { most };
        let name = String::from(Line::parse(&self.name, ATTACHMENT_NAME_MAX_CHARS, name_unfit)?);
        if name.contains(['/', '\\']) || name.trim_matches('.').is_empty() {
            return Err(name_unfit(ATTACHMENT_NAME_MAX_CHARS));
        }
        let halves = self.media_type.split_once('/').filter(|_| self.media_type.len() <= MEDIA_TYPE_MAX_BYTES);
        if !halves.is_some_and(|(kind, subtype)| is_restricted_name(kind) && is_restricted_name(subtype)) {
            return Err(AttachmentRefusal::MediaTypeUnfit);
        }
        if !(1..=ATTACHMENT_MAX_BYTES).contains(&self.bytes) {
            return Err(AttachmentRefusal::AttachmentSizeUnfit { most: ATTACHMENT_MAX_BYTES });
        }
        Ok(Self { name, ..self })
    }
}

/// Whether these files can stand together.
///
/// # Errors
/// Too many, or one twice.
pub fn require_distinct<'a>(attachments: impl IntoIterator<Item = &'a Attachment>) -> Result<(), AttachmentRefusal> {
    let mut digests: Vec<_> = attachments.into_iter().map(|it| &it.sha256).collect();
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    let fits = digests.len() == count && count <= ATTACHMENTS_MAX_COUNT;
    if fits { Ok(()) } else { Err(AttachmentRefusal::AttachmentsUnfit { most: ATTACHMENTS_MAX_COUNT }) }
}

/// These files, which stand together, as they are stored.
///
/// # Errors
/// Too many, one twice, or the first thing that is wrong with one.
pub fn fitted(attachments: Vec<Attachment>) -> Result<Vec<Attachment>, AttachmentRefusal> {
    require_distinct(&attachments)?;
    attachments.into_iter().map(Attachment::fitted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, media_type: &str, bytes: u64) -> Attachment {
        Attachment { sha256: "ab".repeat(32).parse().unwrap(), name: name.into(), media_type: media_type.into(), bytes }
    }

    #[test]
    fn a_digest_has_64_hexadecimal_digits_in_lower_case() {
        assert_eq!(FileDigest::try_new(&"AB".repeat(32)).unwrap().as_str(), "ab".repeat(32));
        for wrong in ["", "ab", &"zz".repeat(32), &"ａ".repeat(64)] {
            assert_eq!(FileDigest::try_new(wrong), Err(NotAFileDigest));
        }
        assert!(serde_json::from_str::<FileDigest>("\"ab\"").is_err());
    }

    #[test]
    fn a_name_is_not_a_path_and_a_type_is_a_type() {
        let plan = file("平面图 v2.pdf", "application/pdf", 1);
        assert_eq!(plan.clone().fitted(), Ok(plan.clone()));
        assert_eq!(file(" 平面图\tv2.pdf ", "application/pdf", 1).fitted(), Ok(plan));
        assert!(file("a.svg", "image/svg+xml", ATTACHMENT_MAX_BYTES).fitted().is_ok());
        for name in ["", " ", "../x", "a/b", "a\\b", "..", "a\nb", "\u{202e}fdp.exe", &"长".repeat(121)] {
            assert_eq!(file(name, "application/pdf", 1).fitted(), Err(AttachmentRefusal::AttachmentNameUnfit { most: 120 }), "{name}");
        }
        for media_type in ["pdf", "/pdf", "text/", "text/html; charset=utf-8", "text/ht ml", "文/本"] {
            assert_eq!(file("a", media_type, 1).fitted(), Err(AttachmentRefusal::MediaTypeUnfit), "{media_type}");
        }
        for bytes in [0, ATTACHMENT_MAX_BYTES + 1] {
            assert!(matches!(file("a", "text/plain", bytes).fitted(), Err(AttachmentRefusal::AttachmentSizeUnfit { .. })));
        }
    }

    #[test]
    fn one_file_stands_once() {
        let one = file("a", "text/plain", 1);
        assert_eq!(fitted(vec![one.clone()]), Ok(vec![one.clone()]));
        assert_eq!(fitted(vec![one.clone(), one]), Err(AttachmentRefusal::AttachmentsUnfit { most: 20 }));
    }
}
