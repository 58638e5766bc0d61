//! 统一社会信用代码 after GB 32100-2015: the registering authority, the kind of organisation, the place of registration, nine characters
//! of the organisation itself, and a check character.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{access::contact::normalised, refusal::refusals};

/// GB 32100-2015, 4.2: the characters, each worth its place from 0. I, O, S, V and Z are not among them.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// GB 32100-2015, 4.3: the weight of each of the first seventeen characters, 3^(i-1) modulo 31.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Where the place of registration stands, in digits after GB/T 2260. Which place is not judged: places are abolished, codes stay.
const PLACE: std::ops::Range<usize> = 2..8;

/// A well-formed unified social credit code. A right check character is no proof that there is such an organisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CreditCode(String);

refusals! {
    /// What is wrong with a credit code, first problem first.
    pub enum CreditCodeRefusal {
        /// Not eighteen of the standard's characters, with six digits from the third on.
        CreditCodeFormat("creditCode", "统一社会信用代码须为 18 位数字和大写字母（不含 I、O、S、V、Z），登记地为数字",
            "A unified social credit code has 18 digits and letters without I, O, S, V and Z, its place in digits"),
        /// The check character does not fit.
        CreditCodeChecksum("creditCode", "统一社会信用代码校验码不符", "The check character of the unified social credit code does not fit"),
    }
}

/// A character's worth.
fn worth(character: u8) -> Option<u32> {
    ALPHABET.iter().position(|it| *it == character).and_then(|place| u32::try_from(place).ok())
}

/// The check character of the first seventeen; `None` for anything else.
pub fn check_character(characters: &str) -> Option<char> {
    if characters.len() != WEIGHTS.len() {
        return None;
    }
    let sum: u32 = characters.bytes().zip(WEIGHTS).map(|(character, weight)| Some(worth(character)? * weight)).sum::<Option<u32>>()?;
    ALPHABET.get(((31 - sum % 31) % 31) as usize).copied().map(char::from)
}

impl CreditCode {
    /// Parses what a person typed: normalised, upper-cased, without spaces and hyphens; then characters and check character are
    /// looked at. The first character may be a letter (N: rural collectives).
    ///
    /// # Errors
    /// The first problem found.
    pub fn parse(text: &str) -> Result<Self, CreditCodeRefusal> {
        let text: String = normalised(text).to_uppercase().chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let fits = text.len() == WEIGHTS.len() + 1
            && text.bytes().all(|character| worth(character).is_some())
            && text.bytes().enumerate().all(|(place, character)| !PLACE.contains(&place) || character.is_ascii_digit());
        if !fits {
            return Err(CreditCodeRefusal::CreditCodeFormat);
        }
        let (first, last) = text.split_at(WEIGHTS.len());
        if check_character(first) != last.chars().next() {
            return Err(CreditCodeRefusal::CreditCodeChecksum);
        }
        Ok(Self(text))
    }

    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_of_every_kind_of_organisation_pass_in_every_way_of_typing_them() {
        // The standard's own example, a company, one of 2015's new ones, a rural collective.
        for code in ["91350100M000100Y43", "9144030071526726XG", "91440300708461136T", "91110000802100433B"] {
            assert_eq!(CreditCode::parse(code).unwrap().as_str(), code);
        }
        for typed in [" 91350100m000100y43 ", "91350100-M000100Y4-3", "９１３５０１００Ｍ０００１００Ｙ４３", "9135 0100 M000 100Y 43"]
        {
            assert_eq!(CreditCode::parse(typed).unwrap().as_str(), "91350100M000100Y43", "{typed}");
        }
        let rural = "N2440402MF1234567";
        let rural = format!("{rural}{}", check_character(rural).unwrap());
        assert_eq!(CreditCode::parse(&rural).unwrap().as_str(), rural);
    }

    #[test]
    fn problems_come_in_order() {
        for wrong in ["", "91350100M000100Y4", "91350100M000100Y433", "91350100M000100I43", "9135A100M000100Y43", "9.135E+17", "甲"] {
            assert_eq!(CreditCode::parse(wrong), Err(CreditCodeRefusal::CreditCodeFormat), "{wrong}");
        }
        assert_eq!(CreditCode::parse("91350100M000100Y44"), Err(CreditCodeRefusal::CreditCodeChecksum));
    }

    /// The weights as the standard defines them, worked out here once more.
    #[test]
    fn the_weights_are_powers_of_three() {
        let powers = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
        assert!(powers.zip(WEIGHTS).all(|(power, weight)| power == weight));
    }

    proptest! {
        /// 31 is a prime, so that one wrong character and two neighbours that changed places are always found.
        #[test]
        fn one_slip_is_always_found(
            code in "[1-9A-HJ-NP-RT-UWXY][0-9A-HJ-NP-RT-UWXY][0-9]{6}[0-9A-HJ-NP-RT-UWXY]{9}",
            place in 0..18_usize,
            other in prop::sample::select(ALPHABET.to_vec()),
        ) {
            let code = format!("{code}{}", check_character(&code).unwrap());
            let parsed = CreditCode::parse(&code).unwrap();
            prop_assert_eq!(parsed.as_str(), code.as_str());
            let mut wrong = code.clone().into_bytes();
            wrong[place] = other;
            prop_assert_eq!(CreditCode::parse(std::str::from_utf8(&wrong).unwrap()).is_ok(), wrong == code.as_bytes());
            let mut swapped = code.clone().into_bytes();
            swapped.swap(place.min(16), place.min(16) + 1);
            prop_assert_eq!(CreditCode::parse(std::str::from_utf8(&swapped).unwrap()).is_ok(), swapped == code.as_bytes());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = (CreditCode::parse(&text), check_character(&text));
        }
    }
}
