//! Names and phone numbers as people type them.

use unicode_normalization::UnicodeNormalization;

use crate::prose::Line;

/// Longest name taken, in characters.
pub const NAME_MAX_CHARS: usize = 64;

/// NFKC-normalised and trimmed; what every typed text passes before it is compared or stored.
pub fn normalised(text: &str) -> String {
    text.nfkc().collect::<String>().trim().to_owned()
}

/// What is wrong with a typed name or phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAContact {
    /// Nothing was typed.
    #[error("nothing was typed")]
    Missing,
    /// It does not have the form.
    #[error("it does not have the form")]
    Format,
}

impl NotAContact {
    /// What is wrong with a name, in Chinese and English.
    pub fn about_name(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("请填写姓名", "A name is needed"),
            Self::Format => ("姓名过长或含有不可见字符", "The name is too long or has characters that are not seen"),
        }
    }

    /// What is wrong with a phone number, in Chinese and English.
    pub fn about_phone(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("请填写手机号", "A phone number is needed"),
            Self::Format => ("手机号格式不正确", "This is not a phone number"),
        }
    }
}

macro_rules! personal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);
        impl $name {
            /// The normalised text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(concat!(stringify!($name), "(…)")) }
        }
    };
}

personal! {
    /// A person's name: a [`Line`] of at most [`NAME_MAX_CHARS`] without any control character. Its `Debug` shows nothing.
    PersonName
}
personal! {
    /// A phone number: a mainland mobile number (11 digits from 13… to 19…) or, with `+` and country code, another one
    /// of 8 to 15 digits (E.164). Its `Debug` shows nothing.
    Phone
}

impl PersonName {
    /// Parses a typed name.
    ///
    /// # Errors
    /// [`NotAContact::Missing`] when blank, [`NotAContact::Format`] when no line or too long.
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text = normalised(text);
        if text.is_empty() {
            return Err(NotAContact::Missing);
        }
        // A tab in a name is a slip of the keyboard or of a table: it is told, not made a space.
        if text.contains(char::is_control) {
            return Err(NotAContact::Format);
        }
        Line::parse(&text, NAME_MAX_CHARS, |_| NotAContact::Format).map(|name| Self(name.into()))
    }
}

impl Phone {
    /// Parses a typed number; spaces, hyphens and a leading +86 are dropped.
    ///
    /// # Errors
    /// [`NotAContact::Missing`] when blank, [`NotAContact::Format`] otherwise.
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text: String = normalised(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if text.is_empty() {
            return Err(NotAContact::Missing);
        }
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let local = text.strip_prefix("+86").unwrap_or(&text);
        let mobile = local.len() == 11 && digits(local) && local.starts_with('1') && local.as_bytes()[1] >= b'3';
        let foreign = text.strip_prefix('+').is_some_and(|rest| !rest.starts_with("86") && (8..=15).contains(&rest.len()) && digits(rest));
        match (mobile, foreign) {
            (true, _) => Ok(Self(local.to_owned())),
            (_, true) => Ok(Self(text)),
            _ => Err(NotAContact::Format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_typed_in_many_ways_is_one_number() {
        for text in ["19901215279", " 199 0121 5279", "+86 199-0121-5279", "１９９０１２１５２７９"] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "19901215279");
        }
        assert_eq!(Phone::parse("+85366881234").unwrap().as_str(), "+85366881234");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["12345", "12012345678", "+8612345", "1990121527a"] {
            assert_eq!(Phone::parse(text), Err(NotAContact::Format), "{text}");
        }
        assert_eq!(Phone::parse(" \u{3000}"), Err(NotAContact::Missing));
        assert_eq!(PersonName::parse("\u{3000} "), Err(NotAContact::Missing));
        for text in ["张\u{202e}三", "\u{200b}\u{2060}", "张\t三", "张\n三", "张\u{2028}三", &"长".repeat(NAME_MAX_CHARS + 1)] {
            assert_eq!(PersonName::parse(text).map(|name| name.0), Err(NotAContact::Format), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = (Phone::parse(&text), PersonName::parse(&text));
        }
    }
}
