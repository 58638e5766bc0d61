//! Kinds of identity documents.

use async_graphql::Enum;
use gongyi_domain::access::identity_document::DocumentKind as Stored;

use crate::table::wires;

/// A kind of identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum DocumentKind {
    /// 居民身份证 (GB 11643).
    ResidentIdCard,
    /// 港澳台居民居住证.
    ResidencePermit,
    /// 港澳居民来往内地通行证.
    HomeReturnPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 外国人永久居留身份证, also that of before 2023.
    PermanentResidenceCard,
    /// 护照.
    Passport,
}

wires! {
    DocumentKind => Stored = |kind| kind.into();
}
