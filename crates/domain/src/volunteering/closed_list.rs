//! Closed lists: what may be said is one of a few things, each with a stored, a Chinese and an English name.

/// Declares a closed list: an enum with its names, all of it in order, and what a name stands for.
macro_rules! closed_list {
    ($(#[$doc:meta])* pub enum $list:ident; $($(#[$idoc:meta])* $name:ident, $code:literal, $zh:literal, $en:literal;)+) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $list { $($(#[$idoc])* $name),+ }

        impl $list {
            /// All of the list, in order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stored name, in snake case.
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }
            /// The Chinese name.
            pub fn zh(self) -> &'static str { match self { $(Self::$name => $zh),+ } }
            /// The English name.
            pub fn en(self) -> &'static str { match self { $(Self::$name => $en),+ } }

            /// What this Chinese, English or stored name stands for.
            pub fn named(text: &str) -> Option<Self> {
                let lower = text.to_lowercase();
                Self::ALL.iter().copied().find(|it| it.zh() == text || it.en() == lower || it.code() == lower)
            }
        }
    };
}
pub(crate) use closed_list;
