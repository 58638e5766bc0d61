//! Why a command was not done: the rules said no, somebody was faster, or something broke.

use gongyi_domain::refusal::Refusal;
use gongyi_eventlog::{AppendError, DecodeError, LogError, SessionError};
use gongyi_vault::VaultError;

/// A command was not done.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The rules said no: data for the asker.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Others kept changing what the command stands on; sending it again may help.
    #[error("others kept changing what this stands on")]
    Conflict,
    /// Something broke; details are for the operator only.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Something broke that is no rule's doing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// The log could not be written.
    #[error("the log could not be written")]
    Append(#[source] AppendError),
    /// The session failed.
    #[error("the session failed")]
    Session(#[source] SessionError),
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The views could not be asked.
    #[error("the views could not be asked")]
    Views(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored event is none that this build knows.
    #[error("a stored event could not be read")]
    Decoding(#[source] DecodeError),
    /// A sealed text did not open although its key exists.
    #[error("a sealed text did not open")]
    Unsealing,
    /// A command's input or answer is no JSON.
    #[error("a command could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A command decided without asking who may: a mistake in this program.
    #[error("{act} never asked who may")]
    Unauthorised {
        /// The act.
        act: &'static str,
    },
    /// A token could not be signed.
    #[error("a token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// A cast stopped in the middle; sending it again under the same id finds out how far it came.
    #[error("casting a ballot stopped")]
    CastStopped,
    /// The operating system gave no random bytes.
    #[error("there is no randomness")]
    NoRandomness,
    /// The vault has no key to sign with.
    #[error("there is no key to sign with")]
    NoSigningKey,
    /// A repeated command was another kind's.
    #[error("the stored answer is another command's")]
    ForeignAnswer,
}

impl Fault {
    /// The disk, or what stands for it, did not take what was to be written. Whether it was written is unknown: send the
    /// command again under the same id.
    pub fn is_storage(&self) -> bool {
        matches!(self, Self::Append(AppendError::Storage(_)) | Self::Vault(VaultError::Store(_) | VaultError::BallotBox(_)))
    }
}

/// A fault with its causes in one line, for operators. What a cause only says again is left out.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        next = cause.source();
    }
    told
}

impl From<SessionError> for Rejection {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Contended { .. } => Self::Conflict,
            other => Self::Fault(Fault::Session(other)),
        }
    }
}
impl From<LogError> for Rejection {
    fn from(error: LogError) -> Self {
        Self::Fault(error.into())
    }
}
impl From<VaultError> for Rejection {
    fn from(error: VaultError) -> Self {
        Self::Fault(error.into())
    }
}

/// Turns any refusal of the domain into a rejection; `?` does not chain two conversions.
pub(crate) fn refused(refusal: impl Into<Refusal>) -> Rejection {
    Rejection::Refused(refusal.into())
}
