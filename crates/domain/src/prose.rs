//! What people write, as types: a [`Line`] is a title or a name, [`Prose`] a reason, a report, minutes.
//!
//! - It is tidied: composed (NFC), lines ended by one character, tabs as spaces, no white space around it.
//! - It says something: not all of it is white space or characters that are not seen.
//! - It prints as it is stored: no control characters, nothing that turns the direction of reading (UAX #9).
//! - It has at most so many characters (Unicode scalar values), counted when it is tidied; a line has no break.
//! - Parsed again it stays as it is.
//!
//! Events and states hold the text as a string, so that what was stored stays readable when the rules grow stricter.

use icu_properties::props::{BinaryProperty, DefaultIgnorableCodePoint, EnumeratedProperty, GeneralCategory};
use unicode_normalization::UnicodeNormalization;

/// Longest reason, report or answer, in characters.
pub const REASON_MAX_CHARS: usize = 2_000;

/// A text as it was typed or pasted, made fit to be stored: composed (NFC), lines ended by one character, tabs as spaces, no
/// white space around it. Old and new are compared in this form; what is stored comes from [`Line`] or [`Prose`].
pub fn tidied(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").nfc().map(|c| if c == '\r' { '\n' } else { c }).collect();
    text.replace('\t', " ").trim().to_owned()
}

/// Whether a character takes no room: zero-width, marks of direction, selectors of a variant, fillers.
pub(crate) fn is_zero_width(c: char) -> bool {
    DefaultIgnorableCodePoint::for_char(c) || GeneralCategory::for_char(c) == GeneralCategory::Format
}

/// Whether a character leaves no mark of its own: white space, what is zero-width, the blank of Braille.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}' || is_zero_width(c)
}

fn is_seen(c: char) -> bool {
    !is_blank(c)
}

/// Whether a character makes a text print otherwise than it is stored: controls other than the end of a line, and the
/// embeddings, overrides and isolates of UAX #9.
fn is_forbidden(c: char) -> bool {
    c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character ends a line.
fn breaks(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// Stored text as part of another: without what no text may hold, but texts stored under older rules do.
pub fn quoted(text: &str) -> String {
    text.chars().filter(|c| !is_forbidden(*c)).collect()
}

/// The first `most` characters of a stored text as one line: a title made of a question.
pub fn opening(text: &str, most: usize) -> String {
    quoted(text).chars().map(|c| if breaks(c) { ' ' } else { c }).take(most).collect()
}

fn parsed<E>(text: &str, most: usize, forbidden: fn(char) -> bool, unfit: impl FnOnce(usize) -> E) -> Result<String, E> {
    let text = tidied(text);
    let fits = text.contains(is_seen) && !text.contains(forbidden) && text.chars().count() <= most;
    if fits { Ok(text) } else { Err(unfit(most)) }
}

macro_rules! written {
    ($(#[$doc:meta])* $name:ident, $forbidden:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses what was typed or pasted; `most` is its longest length in characters.
            ///
            /// # Errors
            /// The refusal that `unfit` makes of `most`, so that its sentence tells the limit that holds.
            pub fn parse<E>(text: &str, most: usize, unfit: impl FnOnce(usize) -> E) -> Result<Self, E> {
                parsed(text, most, $forbidden, unfit).map(Self)
            }

            /// As `parse`, where nothing need be written: white space alone is nothing.
            ///
            /// # Errors
            /// As `parse`.
            pub fn parse_any<E>(text: Option<&str>, most: usize, unfit: impl FnOnce(usize) -> E) -> Result<Option<Self>, E> {
                text.filter(|text| !text.trim().is_empty()).map(|text| Self::parse(text, most, unfit)).transpose()
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

written! {
    /// One line: a title, a name, an option on a ballot.
    Line, |c| is_forbidden(c) || breaks(c)
}
written! {
    /// Text of one or several lines: a reason, a report, minutes.
    Prose, is_forbidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: usize = 40;

    fn line(text: &str) -> Result<String, usize> {
        Line::parse(text, MOST, |most| most).map(String::from)
    }

    fn prose(text: &str) -> Result<String, usize> {
        Prose::parse(text, MOST, |most| most).map(String::from)
    }

    #[test]
    fn what_is_pasted_is_tidied() {
        assert_eq!(prose(" 第一行\r\n\t第二行\rcafe\u{301} \n").as_deref(), Ok("第一行\n 第二行\ncafé"));
        assert_eq!(line("\u{3000}楼道\t清洁\n").as_deref(), Ok("楼道 清洁"));
    }

    #[test]
    fn a_line_has_no_break() {
        for text in ["一\n二", "一\r\n二", "一\u{2028}二", "一\u{2029}二"] {
            assert_eq!(line(text), Err(MOST), "{text:?}");
            assert!(prose(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_counted_in_characters_of_the_tidied_text() {
        assert!(line(&format!("  {}  ", "长".repeat(MOST))).is_ok());
        assert!(line(&"e\u{301}".repeat(MOST)).is_ok());
        assert_eq!(line(&"长".repeat(MOST + 1)), Err(MOST));
    }

    #[test]
    fn controls_and_what_turns_the_direction_of_reading_are_refused() {
        let turning = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in turning.chain(['\0', '\u{7}', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}']) {
            let text = format!("一{c}二");
            assert_eq!((line(&text), prose(&text)), (Err(MOST), Err(MOST)), "{c:?}");
        }
    }

    #[test]
    fn a_text_of_which_nothing_is_seen_is_refused() {
        let unseen = ["", " \u{3000}\t\n", "\u{200b}", "\u{200b} \u{200d}\u{feff}", "\u{ad}", "\u{2060}", "\u{3164}", "\u{115f}\u{1160}"];
        for text in unseen.into_iter().chain(["\u{2800}", "\u{fe0f}", "\u{e0020}", "\u{180e}", "\u{200e}\u{200f}", "\u{fff9}\u{fffb}"]) {
            assert_eq!((line(text), prose(text)), (Err(MOST), Err(MOST)), "{text:?}");
        }
    }

    #[test]
    fn what_joins_and_varies_stays_in_a_text_that_says_something() {
        for text in ["👨\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "می\u{200c}خواهم", "葛\u{e0100}城", "café", "1/2 杯", "«是»"]
        {
            assert_eq!(line(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn where_nothing_need_be_written_white_space_is_nothing() {
        let any = |text| Prose::parse_any(text, MOST, |most| most);
        assert_eq!((any(None), any(Some(" \u{3000}\n"))), (Ok(None), Ok(None)));
        assert_eq!(any(Some(" 好 ")).map(|text| text.map(String::from)), Ok(Some("好".to_owned())));
        assert_eq!(any(Some("\u{200b}")), Err(MOST));
    }

    #[test]
    fn old_text_is_quoted_without_what_no_text_may_hold() {
        let old = "\u{202e}为何\u{7}改期？\n因雨。";
        assert_eq!(quoted(old), "为何改期？\n因雨。");
        assert_eq!(line(&opening(old, MOST)).as_deref(), Ok("为何改期？ 因雨。"));
        assert_eq!(opening(old, 2), "为何");
    }

    /// Text with what texts are made of, and with what they must not be made of.
    fn anything() -> impl Strategy<Value = String> {
        let odd = "[\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{2069}\u{301}\u{ad}\u{2800}\u{3164}\r\n\t\u{7}\u{85} ]";
        proptest::collection::vec(prop_oneof!["[一-龥a-z가-힣é。]", odd, proptest::char::any().prop_map(String::from)], 0..MOST + 4)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_accepted_text_holds_what_is_forbidden(text in anything()) {
            for (parsed, is_line) in [(line(&text), true), (prose(&text), false)] {
                let Ok(parsed) = parsed else { continue };
                prop_assert!(!parsed.contains(is_forbidden), "{parsed:?}");
                prop_assert!(!is_line || !parsed.contains(breaks), "{parsed:?}");
                prop_assert!(parsed.contains(is_seen) && parsed.chars().count() <= MOST && parsed.trim() == parsed, "{parsed:?}");
            }
        }

        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in anything()) {
            prop_assert_eq!(tidied(&tidied(&text)), tidied(&text));
            for parse in [line, prose] {
                if let Ok(parsed) = parse(&text) {
                    prop_assert_eq!(parse(&parsed), Ok(parsed.clone()));
                }
            }
        }

        #[test]
        fn clean_text_is_taken_as_it_is(text in "[一-龥a-zA-Z0-9é，。（）：-]([一-龥a-zA-Z0-9é，。 -]{0,30}[一-龥a-zA-Z0-9é。])?") {
            prop_assert_eq!(line(&text), Ok(text.clone()));
            prop_assert_eq!(prose(&text), Ok(text.clone()));
        }
    }
}
