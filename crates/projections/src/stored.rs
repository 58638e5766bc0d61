//! How values without a stored form of their own stand in a column. Each module is for `#[serde(with = "…")]`.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A truth as 0 or 1: SQLite has no other.
pub(crate) mod flag {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*flag))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        u8::deserialize(deserializer).map(|flag| flag != 0)
    }
}

/// Anything as JSON text in a column.
pub(crate) mod json {
    use super::*;
    use serde::{de::DeserializeOwned, ser::Error as _};

    pub(crate) fn serialize<S: Serializer, T: Serialize>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(value).map_err(S::Error::custom)?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map_err(D::Error::custom)
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $module:ident, $ty:path { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use super::*;
            use $ty as Stored;

            pub(crate) fn name(value: Stored) -> &'static str {
                match value { $(Stored::$variant => $name),+ }
            }

            pub(crate) fn serialize<S: Serializer>(value: &Stored, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(name(*value))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stored, D::Error> {
                match String::deserialize(deserializer)?.as_str() {
                    $($name => Ok(Stored::$variant),)+
                    other => Err(unknown(other)),
                }
            }
        }
    };
}

fn unknown<E: Error>(name: impl Display) -> E {
    E::custom(format!("no such stored name: {name}"))
}

named! {
    /// Where a volunteer stands.
    volunteer_phase, gongyi_domain::volunteering::volunteer::VolunteerPhase {
        Unknown = "unknown", Active = "active", Suspended = "suspended", Withdrawn = "withdrawn", Erased = "erased",
    }
}
named! {
    /// Whether an activity takes people in.
    activity_phase, gongyi_domain::volunteering::activity::ActivityPhase {
        Unknown = "unknown", Open = "open", Cancelled = "cancelled", Closed = "closed",
    }
}

named! {
    /// How far a meeting has come.
    meeting_phase, gongyi_domain::deliberation::meeting::MeetingPhase {
        Unknown = "unknown", Convened = "convened", Open = "open", Adjourned = "adjourned", Closed = "closed", Cancelled = "cancelled",
    }
}

/// A role's scope: `everywhere`, `area:440402`, `organisation:…`.
pub(crate) mod scope {
    use gongyi_domain::access::authority::Scope;

    pub(crate) fn text(scope: &Scope) -> String {
        match scope {
            Scope::Everywhere => "everywhere".to_owned(),
            Scope::Area(code) => format!("area:{code}"),
            Scope::Organisation(id) => format!("organisation:{id}"),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Scope> {
        match text.split_once(':') {
            None if text == "everywhere" => Some(Scope::Everywhere),
            Some(("area", code)) => code.parse().ok().map(Scope::Area),
            Some(("organisation", id)) => id.parse().ok().map(Scope::Organisation),
            None | Some(_) => None,
        }
    }
}
