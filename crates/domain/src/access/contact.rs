//! Names and phone numbers as people type them.

use std::ops::RangeInclusive;

use icu_properties::props::{BinaryProperty, EnumeratedProperty, GeneralCategory, Ideographic};
use unicode_normalization::UnicodeNormalization;

use crate::prose::{Line, is_blank, is_zero_width};

/// Longest name taken, in characters.
pub const NAME_MAX_CHARS: usize = 64;
/// How many digits a number outside the mainland has, the country code's among them; ITU-T E.164 allows 15.
const E164_DIGITS: RangeInclusive<usize> = 8..=15;

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
            Self::Format => (
                "手机号格式不正确；境外号码请以 + 和国家或地区代码开头",
                "This is not a phone number; one from abroad begins with + and the country code",
            ),
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
    /// A person's name: a [`Line`] of at most [`NAME_MAX_CHARS`] without any control character, nor one that is not seen.
    /// Between Han characters the dot of minority names is U+00B7, without spaces (民委发〔2016〕33号). Its `Debug` shows
    /// nothing.
    PersonName
}
personal! {
    /// A phone number: a mainland mobile number as its 11 digits, any other as E.164 has it, with `+` and country code.
    /// One number has one form: it is claimed in it. Its `Debug` shows nothing.
    Phone
}

/// What is typed for the dot of a minority name, once it is NFKC-normalised: dots at mid-height of several scripts and of
/// mathematics, and the full stops of a keyboard.
const MIDDLE_DOTS: [char; 9] = ['·', '•', '‧', '∙', '⋅', '・', '⸱', '.', '。'];

fn is_han(c: char) -> bool {
    Ideographic::for_char(c)
}

/// Whether a character says which form of the ideograph before it is meant: rare names are told apart by it (UTS #37).
fn selects_variant(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}')
}

/// A name without what is not seen, normalised, with one dot.
fn tidied_name(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_zero_width(c) || selects_variant(c) && seen.ends_with(is_han) {
            seen.push(c);
        }
    }
    with_one_dot(&normalised(&seen))
}

/// A name whose dots between Han characters are U+00B7 without spaces around them.
fn with_one_dot(name: &str) -> String {
    let (mut told, mut rest) = (String::with_capacity(name.len()), name);
    while let Some((before, after)) = rest.split_once(MIDDLE_DOTS) {
        let (left, right) = (before.trim_end(), after.trim_start());
        let is_between = left.trim_end_matches(selects_variant).ends_with(is_han) && right.starts_with(is_han);
        if is_between {
            told.extend([left, "·"]);
        } else {
            told.push_str(&rest[..rest.len() - after.len()]);
        }
        rest = if is_between { right } else { after };
    }
    told + rest
}

/// What a name is found by, and what is asked for in it: in lower case, without dots and blanks, however they were typed.
pub fn name_key(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_blank(*c)).nfkc();
    seen.flat_map(char::to_lowercase).filter(|c| !c.is_whitespace() && !MIDDLE_DOTS.contains(c)).collect()
}

impl PersonName {
    /// Parses a typed name.
    ///
    /// # Errors
    /// [`NotAContact::Missing`] when blank, [`NotAContact::Format`] when no line or too long.
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text = tidied_name(text);
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

/// What people set between the digits of a number, or what comes along unseen when it is copied.
fn is_between_digits(c: char) -> bool {
    use GeneralCategory as G;
    let sets_apart = matches!(GeneralCategory::for_char(c), G::OpenPunctuation | G::ClosePunctuation | G::DashPunctuation);
    sets_apart || c == '\u{2212}' || is_blank(c)
}

/// A mainland mobile number: 11 digits, from 13… to 19… (工信部 电信网编号计划, 2017).
fn is_mainland_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3'
}

/// Country code and number of what, written without a plus, can be nothing but a mobile abroad; no mainland one begins
/// with 8.
fn is_neighbouring_mobile(digits: &str) -> bool {
    let mobile = |code, length, first: &[char]| {
        digits.strip_prefix(code).is_some_and(|number: &str| number.len() == length && number.starts_with(first))
    };
    // Macao; Hong Kong, whose fixed lines begin with 2 and 3; Taiwan, without the 0 that is dialled there.
    mobile("853", 8, &['6']) || mobile("852", 8, &['4', '5', '6', '7', '8', '9']) || mobile("886", 9, &['9'])
}

impl Phone {
    /// Parses a typed number: full-width digits are digits; white space, brackets, dashes and what is not seen are dropped;
    /// `00` is a plus.
    ///
    /// # Errors
    /// [`NotAContact::Missing`] when blank, [`NotAContact::Format`] otherwise.
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text: String = text.nfkc().filter(|c| !is_between_digits(*c)).collect();
        if text.is_empty() {
            return Err(NotAContact::Missing);
        }
        let abroad = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
        let digits = abroad.unwrap_or(&text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAContact::Format);
        }
        match (abroad, digits.strip_prefix("86")) {
            (_, Some(national)) if is_mainland_mobile(national) => Ok(Self(national.to_owned())),
            (None, _) if is_mainland_mobile(digits) => Ok(Self(digits.to_owned())),
            (None, _) if is_neighbouring_mobile(digits) => Ok(Self(format!("+{digits}"))),
            (Some(_), None) if E164_DIGITS.contains(&digits.len()) && !digits.starts_with('0') => Ok(Self(format!("+{digits}"))),
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
        for (number, typed) in [
            ("19901215279", &["19901215279", " 199 0121 5279", "+86 199-0121-5279", "１９９０１２１５２７９", "8619901215279"][..]),
            (
                "13800138000",
                &[
                    "8613800138000",
                    "008613800138000",
                    "+86 (138) 0013—8000",
                    "+８６１３８００１３８０００",
                    "\u{202a}+86 138\u{a0}0013\u{202f}8000\u{202c}",
                ],
            ),
            (
                "+85366881234",
                &[
                    "85366881234",
                    "0085366881234",
                    "(853) 6688 1234",
                    "（853）6688－1234",
                    "+85366881234",
                    "+853 6688-1234",
                    "００８５３６６８８１２３４",
                ],
            ),
            (
                "+85366881234",
                &[
                    "\u{202d}+853 6688 1234\u{202c}",
                    "\u{2068}853\u{200b}6688\u{2011}1234\u{2069}\u{feff}",
                    "853 6688 1234\u{200e}",
                    "【+853】6688−1234",
                ],
            ),
            ("+85261234567", &["85261234567", "852 6123 4567", "+852 6123 4567", "00852-6123-4567"]),
            ("+85298765432", &["85298765432", "+85298765432"]),
            ("+886912345678", &["886912345678", "+886 912 345 678", "00886912345678"]),
            ("+442079460000", &["+44 20 7946 0000", "0044 20 7946 0000"]),
            ("+85328881234", &["+853 2888 1234"]),
        ] {
            for text in typed {
                assert_eq!(Phone::parse(text).map(|phone| phone.0).as_deref(), Ok(number), "{text:?}");
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "12345",
            "12012345678",
            "+8612345",
            "1990121527a",
            "+8685366881234",
            "66881234",
            "85328881234",
            "85223456789",
            "886223456789",
            "1+9901215279",
            "++85366881234",
            "+0085366881234",
            "000085366881234",
            "+1234567",
            "+1234567890123456",
            "٨٥٣٦٦٨٨١٢٣٤",
            "+",
        ] {
            assert_eq!(Phone::parse(text), Err(NotAContact::Format), "{text}");
        }
        assert_eq!(Phone::parse(" \u{3000}"), Err(NotAContact::Missing));
    }

    fn name(text: &str) -> Result<String, NotAContact> {
        PersonName::parse(text).map(|name| name.0)
    }

    #[test]
    fn the_dot_of_minority_names_is_one_dot() {
        for dot in ["·", "•", "・", "‧", "･", "．", ".", "。", "｡", "﹒", "∙", "⋅", "\u{387}", " • ", "\u{3000}・", "\u{200e}·\u{200f}"]
        {
            assert_eq!(name(&format!("阿卜杜拉{dot}买买提{dot}艾力")).as_deref(), Ok("阿卜杜拉·买买提·艾力"), "{dot:?}");
        }
        assert_eq!(name("葛\u{e0100}•力").as_deref(), Ok("葛\u{e0100}·力"));
        for text in ["J. R. Smith", "乔治 W. Bush", "张三.", "·张三", "甲·· 乙"] {
            assert_eq!(name(text).as_deref(), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn names_are_taken_without_what_is_not_seen() {
        for text in ["张\u{202e}三", "\u{200b}张三\u{feff}", "\u{2068}张\u{200d}三\u{2069}", "张\u{ad}三", "张\u{fe0f}三", " 张三\u{3164}"]
        {
            assert_eq!(name(text).as_deref(), Ok("张三"), "{text:?}");
        }
        assert_eq!(name("葛\u{e0101}三\u{fe00}").as_deref(), Ok("葛\u{e0101}三\u{fe00}"), "variants of rare characters stay");
        for text in ["", "\u{3000} ", "\u{200b}\u{2060}", "\u{200e} \u{200f}", "\u{3164}", "\u{fe00}"] {
            assert_eq!(name(text), Err(NotAContact::Missing), "{text:?}");
        }
        for text in ["张\t三", "张\n三", "张\u{2028}三", "\u{2800}", &"长".repeat(NAME_MAX_CHARS + 1)] {
            assert_eq!(name(text), Err(NotAContact::Format), "{text:?}");
        }
        assert!(name(&"长".repeat(50)).is_ok());
    }

    #[test]
    fn a_name_is_found_by_any_of_its_dots() {
        for text in ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉.买买提", "阿卜杜拉・ 买买提", "阿卜杜拉买买提"]
        {
            assert_eq!(name_key(text), "阿卜杜拉买买提");
        }
        assert_eq!(name_key("Anna  Schmidt"), "annaschmidt");
    }

    proptest! {
        #[test]
        fn what_is_set_between_the_digits_makes_no_difference(
            number in prop_oneof!["1[3-9][0-9]{9}", "\\+8536[0-9]{7}", "\\+852[4-9][0-9]{7}", "\\+8869[0-9]{8}", "\\+49[0-9]{6,13}"],
            between in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![' ', '-', '–', '(', '）', '\u{200e}', '\u{2066}', '\u{ad}', '\u{3000}'])), 0..6),
        ) {
            let mut typed: Vec<char> = number.chars().collect();
            for (place, c) in between {
                typed.insert(place.index(typed.len() + 1), c);
            }
            let typed: String = typed.into_iter().collect();
            prop_assert_eq!(Phone::parse(&typed).map(|phone| phone.0), Ok(number.clone()));
            prop_assert_eq!(Phone::parse(&number).map(|phone| phone.0), Ok(number));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = Phone::parse(&text);
            if let Ok(parsed) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(parsed.as_str()), Ok(parsed));
            }
        }

        #[test]
        fn a_name_parsed_again_stays_as_it_is(text in "[张三\u{20000}a.·•・ \u{200b}\u{e0100}\u{fe0f}\u{202e}]{0,12}") {
            if let Ok(parsed) = PersonName::parse(&text) {
                prop_assert_eq!(name_key(parsed.as_str()), name_key(&text));
                prop_assert_eq!(PersonName::parse(parsed.as_str()), Ok(parsed));
            }
        }
    }
}
