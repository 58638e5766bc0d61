//! 公民身份号码 after GB 11643-1999: seventeen digits and a check character.

use unicode_normalization::UnicodeNormalization;

use crate::values::Day;

/// GB 11643: the weight of each of the first seventeen digits.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// GB 11643: the check character for each remainder of the weighted sum by 11.
const CHECK: [u8; 11] = *b"10X98765432";

/// The check character of the first seventeen digits; `None` for anything else.
pub fn check_character(digits: &str) -> Option<char> {
    if digits.len() != WEIGHTS.len() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    Some(char::from(CHECK[(sum % 11) as usize]))
}

/// A well-formed ID number. A right checksum is not proof of identity. Its `Debug` shows no digit.
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber {
    text: String,
    birth: Day,
}

/// What is wrong with an ID number, first problem first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIdNumber {
    /// Not seventeen digits and a digit or X.
    #[error("an ID number has 17 digits and a check character")]
    Format,
    /// The check character does not fit.
    #[error("the check character does not fit")]
    Checksum,
    /// The birth date in it does not exist or lies in the future.
    #[error("the birth date in it does not exist")]
    Date,
}

impl NotAnIdNumber {
    /// What is wrong, in Chinese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Format => ("证件号码须为 17 位数字加校验码", "An ID number has 17 digits and a check character"),
            Self::Checksum => ("证件号码校验码不符", "The ID number's check character does not fit"),
            Self::Date => ("证件号码中的出生日期不存在或在未来", "The ID number's birth date does not exist or lies ahead"),
        }
    }
}

impl IdNumber {
    /// Parses what a person typed: NFKC-normalised, trimmed, upper-cased, then length and alphabet, checksum and date
    /// are checked in this order. The region is not: old cards carry abolished codes.
    ///
    /// # Errors
    /// The first problem found.
    pub fn parse(text: &str, today: Day) -> Result<Self, NotAnIdNumber> {
        let text = text.nfkc().collect::<String>().trim().to_uppercase();
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 18 && bytes[..17].iter().all(u8::is_ascii_digit) && (bytes[17].is_ascii_digit() || bytes[17] == b'X');
        if !shaped {
            return Err(NotAnIdNumber::Format);
        }
        if check_character(&text[..17]) != Some(char::from(bytes[17])) {
            return Err(NotAnIdNumber::Checksum);
        }
        let birth = Day::parse_from_str(&text[6..14], "%Y%m%d").map_err(|_| NotAnIdNumber::Date)?;
        if birth > today {
            return Err(NotAnIdNumber::Date);
        }
        Ok(Self { text, birth })
    }

    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The birth date it carries.
    pub fn birth(&self) -> Day {
        self.birth
    }
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<IdNumber, NotAnIdNumber> {
        IdNumber::parse(text, "2026-01-01".parse().unwrap())
    }

    #[test]
    fn the_standards_own_example_passes_in_every_way_of_typing_it() {
        for text in ["11010519491231002X", " 11010519491231002x ", "１１０１０５１９４９１２３１００２Ｘ"] {
            assert_eq!(parse(text).unwrap().birth(), "1949-12-31".parse().unwrap());
        }
    }

    #[test]
    fn problems_come_in_order() {
        assert_eq!(parse("4.40499E+17"), Err(NotAnIdNumber::Format));
        assert_eq!(parse("110105194912310021"), Err(NotAnIdNumber::Checksum));
        assert_eq!(parse("440499202102309529"), Err(NotAnIdNumber::Date));
        assert_eq!(IdNumber::parse("11010519491231002X", "1949-12-30".parse().unwrap()), Err(NotAnIdNumber::Date));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = parse(&text);
        }

        #[test]
        fn one_wrong_digit_never_passes(at in 0usize..17, by in 1u8..10) {
            let mut bytes = *b"11010519491231002X";
            bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
            prop_assert!(parse(std::str::from_utf8(&bytes).unwrap()).is_err());
        }
    }
}
