//! What became of a command: its answer, or why the rules said no; and how far one must read to see it.

use async_graphql::{Enum, Object};
use gongyi_app::Done;
use gongyi_domain::refusal::Refusal;

use crate::scalars::Position;

/// Why the rules said no.
pub struct Refused(pub Refusal);

/// A language of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Why the rules said no: data for the asker, not an error.
#[Object(name = "Refusal")]
impl Refused {
    /// The refusal's name, `OwnService`: stable, for programs.
    fn code(&self) -> &str {
        self.0.code
    }
    /// The input field it is about, if there is one.
    fn field(&self) -> Option<&str> {
        self.0.field
    }
    /// One sentence for people.
    fn message(&self, #[graphql(desc = "In which language.", default_with = "Lang::Zh")] lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.0.zh,
            Lang::En => &self.0.en,
        }
    }
    /// The sentence in Chinese.
    fn zh(&self) -> &str {
        &self.0.zh
    }
    /// The sentence in English.
    fn en(&self) -> &str {
        &self.0.en
    }
}

/// What every payload says, whatever the command.
pub(crate) struct Told {
    pub(crate) refusal: Option<Refused>,
    pub(crate) position: Option<Position>,
    pub(crate) unchanged: bool,
    pub(crate) stale: bool,
}

/// A command's answer with what every payload says.
pub(crate) struct Outcome<T> {
    pub(crate) answer: Option<T>,
    pub(crate) told: Told,
}

impl<T> Outcome<T> {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { answer: None, told: Told { refusal: Some(Refused(refusal)), position: None, unchanged: false, stale: false } }
    }
}

impl<T> From<Result<Done<T>, Refusal>> for Outcome<T> {
    fn from(told: Result<Done<T>, Refusal>) -> Self {
        match told {
            Err(refusal) => Self::refused(refusal),
            Ok(Done { answer, token, unchanged, stale }) => {
                Self { answer: Some(answer), told: Told { refusal: None, position: Some(token.into()), unchanged, stale } }
            }
        }
    }
}

/// Declares the payloads of commands: by what that which was changed is named, what is shown of it and how it is loaded, and
/// what every payload says.
macro_rules! payloads {
    ($(
        $(#[$doc:meta])*
        $name:ident($key:ty) { $($(#[$fdoc:meta])* $field:ident: $ty:ty = |$door:ident, $named:pat_param| $load:expr),+ $(,)? }
    )+) => {$(
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $($(#[$fdoc])* $field: Option<$ty>,)+
            /// Why the rules said no; null if it was done.
            refusal: Option<$crate::outcome::Refused>,
            /// The platform's position after it: send it along with a later read, to any node, to see what was done.
            position: Option<$crate::scalars::Position>,
            /// It had been done before under this command id, or nothing had to change.
            unchanged: bool,
            /// This node's views have not shown it in time: what is answered here may be older.
            stale: bool,
        }

        impl $crate::table::Payload<$key> for $name {
            fn shown<'a>(
                door: &'a $crate::door::Door<'a>,
                told: $crate::outcome::Told,
                key: Option<$key>,
            ) -> futures::future::BoxFuture<'a, Result<Self, async_graphql::Error>> {
                Box::pin(async move {
                    let $crate::outcome::Told { refusal, position, unchanged, stale } = told;
                    let mut shown = Self { $($field: None,)+ refusal, position, unchanged, stale };
                    if let Some(key) = key {
                        $(shown.$field = { let ($door, $named) = (door, &key); $load.await? };)+
                    }
                    Ok(shown)
                })
            }
        }
    )+};
}
pub(crate) use payloads;
