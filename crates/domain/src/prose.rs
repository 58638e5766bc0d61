//! What people write that is no personal data: reasons, reports, titles.

use unicode_normalization::UnicodeNormalization;

/// Longest reason, report or answer, in characters.
pub const REASON_MAX_CHARS: usize = 2_000;

/// A text as it was typed or pasted, made fit to be stored: composed (NFC), lines ended by one character, tabs as spaces, no
/// white space around it.
pub fn tidied(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").nfc().map(|c| if c == '\r' { '\n' } else { c }).collect();
    text.replace('\t', " ").trim().to_owned()
}

/// Whether a text says anything, in so many characters at most.
pub fn is_written(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most
}

/// Whether a text of several lines says something, is at most `most` characters long and prints as it is stored: without
/// control characters and bidirectional overrides (UAX #9).
pub fn is_prose(text: &str, most: usize) -> bool {
    let hides = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_written(text, most) && !text.contains(hides)
}

/// As [`is_prose`], in one line.
pub fn is_line(text: &str, most: usize) -> bool {
    is_prose(text, most) && !text.contains('\n')
}
