//! A refusal is what the rules answer when they say no: data, never a fault.

use serde::Serialize;

/// A refusal as people and programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{en}")]
pub struct Refusal {
    /// The refusal's name, `OwnService`: stable, for programs.
    pub code: &'static str,
    /// The input field it is about, `record`, if there is one.
    pub field: Option<&'static str>,
    /// One sentence in Chinese.
    pub zh: String,
    /// One sentence in English.
    pub en: String,
}

/// Declares an aggregate's refusals: an enum whose variants carry the field they are about and one sentence in Chinese
/// and English, with the variant's own fields interpolated, and constants: a limit is told by its name.
///
/// ```ignore
/// refusals! {
///     /// Why the ledger says no.
///     pub enum LedgerRefusal {
///         /// Nobody confirms their own service.
///         OwnService("record", "不能确认本人的服务记录", "Nobody confirms their own service"),
///     }
/// }
/// ```
macro_rules! refusals {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$vdoc:meta])* $variant:ident $({ $($field:ident : $ty:ty),+ $(,)? })? ($about:literal, $zh:literal, $en:literal)),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the fields of a variant are named in its sentence")]
        pub enum $name { $($(#[$vdoc])* $variant $({ $($field: $ty),+ })?),+ }

        impl From<$name> for $crate::refusal::Refusal {
            fn from(refusal: $name) -> Self {
                match refusal {
                    $($name::$variant $({ $($field),+ })? => Self {
                        code: stringify!($variant),
                        field: Some($about).filter(|field| !field.is_empty()),
                        zh: format!($zh),
                        en: format!($en),
                    }),+
                }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::refusal::Refusal::from(self.clone()).en)
            }
        }
        impl std::error::Error for $name {}
    };
}
pub(crate) use refusals;
