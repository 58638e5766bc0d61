//! A file that belongs to a motion, report or payment, by reference: the log keeps what it must be, not the file.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{prose::is_line, refusal::refusals};

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
        /// A name of 1 to 120 characters that is not a path.
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
    /// Whether this can be a reference to a file.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn require_fit(&self) -> Result<(), AttachmentRefusal> {
        let is_path = self.name.contains(['/', '\\']) || self.name.trim_matches('.').is_empty();
        if is_path || !is_line(&self.name, ATTACHMENT_NAME_MAX_CHARS) {
            return Err(AttachmentRefusal::AttachmentNameUnfit { most: ATTACHMENT_NAME_MAX_CHARS });
        }
        let halves = self.media_type.split_once('/').filter(|_| self.media_type.len() <= MEDIA_TYPE_MAX_BYTES);
        if !halves.is_some_and(|(kind, subtype)| is_restricted_name(kind) && is_restricted_name(subtype)) {
            return Err(AttachmentRefusal::MediaTypeUnfit);
        }
        if !(1..=ATTACHMENT_MAX_BYTES).contains(&self.bytes) {
            return Err(AttachmentRefusal::AttachmentSizeUnfit { most: ATTACHMENT_MAX_BYTES });
        }
        Ok(())
    }
}

/// Whether these files can stand together.
///
/// # Errors
/// Too many, one twice, or the first thing that is wrong with one.
pub fn require_fit(attachments: &[Attachment]) -> Result<(), AttachmentRefusal> {
    let mut digests: Vec<_> = attachments.iter().map(|it| &it.sha256).collect();
    digests.sort_unstable();
    digests.dedup();
    if digests.len() != attachments.len() || digests.len() > ATTACHMENTS_MAX_COUNT {
        return Err(AttachmentRefusal::AttachmentsUnfit { most: ATTACHMENTS_MAX_COUNT });
    }
    attachments.iter().try_for_each(Attachment::require_fit)
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
        assert_eq!(file("平面图 v2.pdf", "application/pdf", 1).require_fit(), Ok(()));
        assert_eq!(file("a.svg", "image/svg+xml", ATTACHMENT_MAX_BYTES).require_fit(), Ok(()));
        for name in ["", " ", "../x", "a/b", "a\\b", "..", "a\nb", &"长".repeat(121)] {
            assert_eq!(file(name, "application/pdf", 1).require_fit(), Err(AttachmentRefusal::AttachmentNameUnfit { most: 120 }), "{name}");
        }
        for media_type in ["pdf", "/pdf", "text/", "text/html; charset=utf-8", "text/ht ml", "文/本"] {
            assert_eq!(file("a", media_type, 1).require_fit(), Err(AttachmentRefusal::MediaTypeUnfit), "{media_type}");
        }
        for bytes in [0, ATTACHMENT_MAX_BYTES + 1] {
            assert!(matches!(file("a", "text/plain", bytes).require_fit(), Err(AttachmentRefusal::AttachmentSizeUnfit { .. })));
        }
    }

    #[test]
    fn one_file_stands_once() {
        let one = file("a", "text/plain", 1);
        assert_eq!(require_fit(std::slice::from_ref(&one)), Ok(()));
        assert_eq!(require_fit(&[one.clone(), one]), Err(AttachmentRefusal::AttachmentsUnfit { most: 20 }));
    }
}
