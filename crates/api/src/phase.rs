//! Where things stand, as the schema names it.

/// The phases of a thing, each once: a GraphQL enum and its conversions from the domain's phases and to them. The first one is
/// where a thing begins: what is shown has begun, so the domain's `Unknown` has no member.
///
/// ```ignore
/// phase! {
///     /// How far minutes have come.
///     MinutesPhase of Stored {
///         /// Worked on.
///         Draft,
///         /// Approved.
///         Approved,
///     }
/// }
/// ```
macro_rules! phase {
    (
        $(#[$about:meta])*
        $name:ident of $stored:ident {
            $(#[$begun_about:meta])*
            $begun:ident,
            $($(#[$member_about:meta])* $member:ident,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
        pub enum $name {
            $(#[$begun_about])*
            $begun,
            $($(#[$member_about])* $member,)*
        }

        impl From<$stored> for $name {
            fn from(phase: $stored) -> Self {
                match phase {
                    $stored::Unknown | $stored::$begun => Self::$begun,
                    $($stored::$member => Self::$member,)*
                }
            }
        }

        impl From<$name> for $stored {
            fn from(phase: $name) -> Self {
                match phase {
                    $name::$begun => Self::$begun,
                    $($name::$member => Self::$member,)*
                }
            }
        }
    };
}

pub(crate) use phase;
