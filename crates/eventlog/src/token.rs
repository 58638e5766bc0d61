//! A position handed out, such that a restored or forked log is noticed.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Position;

const TOKEN_BYTES: usize = 16 + 4 + 8 + 32;

/// A position as clients and checkpoints keep it: which log, which of its lives, where, and the running hash there.
///
/// As text: base64url without padding of log id, epoch, position (both big-endian) and chain; 80 characters, opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token {
    /// The log's id.
    pub log: Uuid,
    /// The log's life: 1, and one more after every restore.
    pub epoch: u32,
    /// The event's place; 0 before the first event.
    pub position: Position,
    /// The running hash after the commit that holds `position`.
    pub chain: [u8; 32],
}

/// The text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position token")]
pub struct NotAToken;

/// How a token relates to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The log has this position with this history. (A token of an earlier epoch is known too, as long as its
    /// history survived the restore.)
    Known,
    /// The log has not come that far; it may still.
    Ahead {
        /// The log's last position.
        head: Position,
    },
    /// The token is another log's.
    OtherLog,
    /// Same log, other history: the log was restored or tampered with, or the token was.
    Forked,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..16].copy_from_slice(self.log.as_bytes());
        bytes[16..20].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.position.to_be_bytes());
        bytes[28..].copy_from_slice(&self.chain);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Token {
    type Err = NotAToken;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; TOKEN_BYTES];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| NotAToken)?;
        if written != TOKEN_BYTES {
            return Err(NotAToken);
        }
        fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
            std::array::from_fn(|i| bytes[at + i])
        }
        Ok(Self {
            log: Uuid::from_bytes(part(&bytes, 0)),
            epoch: u32::from_be_bytes(part(&bytes, 16)),
            position: u64::from_be_bytes(part(&bytes, 20)),
            chain: part(&bytes, 28),
        })
    }
}

impl TryFrom<String> for Token {
    type Error = NotAToken;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = Token { log: Uuid::from_u128(7), epoch: 3, position: u64::MAX, chain: [0xfe; 32] };
        let text = token.to_string();
        assert_eq!(text.len(), 80);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
        assert_eq!(text.parse(), Ok(token));
        assert_eq!(serde_json::from_str::<Token>(&serde_json::to_string(&token).unwrap()).unwrap(), token);
    }

    #[test]
    fn other_texts_are_refused() {
        let long = "A".repeat(84);
        for text in ["", "1", "0000", long.as_str(), &"A".repeat(79), &"=".repeat(80)] {
            assert_eq!(text.parse::<Token>(), Err(NotAToken), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_token_written_as_it_is_or_refused(text in "\\PC{0,100}|[A-Za-z0-9_-]{78,82}") {
            if let Ok(token) = text.parse::<Token>() {
                proptest::prop_assert_eq!(token.to_string(), text);
            }
        }
    }
}
