//! A small part of the national table of areas.

/// The district itself.
pub const DISTRICT: &str = "440402";
/// 翠香街道.
pub const STREET: &str = "440402001";
/// 紫荆社区, in that street.
pub const COMMUNITY: &str = "440402001001";
/// 梅华街道.
pub const OTHER_STREET: &str = "440402002";
/// 南虹社区, in the other street.
pub const OTHER_COMMUNITY: &str = "440402002001";

/// Every area there is, each after the one it lies in.
pub const AREAS: [(&str, &str); 6] = [
    (DISTRICT, "香洲区"),
    (STREET, "翠香街道"),
    (COMMUNITY, "紫荆社区居民委员会"),
    (OTHER_STREET, "梅华街道"),
    ("440402001002", "翠香社区居民委员会"),
    (OTHER_COMMUNITY, "南虹社区居民委员会"),
];
