//! Texts that were taken out of what the log shows, because somebody is named in them who is to be forgotten.
//!
//! - A redaction is a stream of its own with one event; it says where the texts stand, not whom they name.
//! - It is for good: the texts' keys are destroyed. A text from before texts were sealed is no longer shown by anything that reads
//!   through the platform; its bytes stay in the log's file, and whoever is shown the place is told so.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
};

/// Texts of one redaction, at most.
pub const REDACTION_MAX_TEXTS: usize = 500;

/// Learn where a person's name stands in the texts of the log, before the person's key is destroyed.
pub const NAMED_ELSEWHERE: Act =
    Act { name: "namedElsewhere", open_to: &[To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)] };
/// Redact texts in which a person is named.
pub const REDACT_TEXTS: Act = Act { name: "redactTexts", open_to: &[To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)] };

/// Where a text stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TextPlace {
    /// The position of the event it stands in.
    pub position: u64,
    /// Where it stands in that event: a JSON pointer (RFC 6901).
    pub path: String,
}

/// A redaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// It was done.
    pub done: bool,
}

/// What may be asked of it.
#[derive(Debug, Clone)]
pub enum RedactionCommand {
    /// Redact these texts.
    Redact {
        /// Where they stand.
        texts: Vec<TextPlace>,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RedactionEvent {
    /// Texts were redacted.
    TextsRedacted {
        /// Where they stood.
        texts: Vec<TextPlace>,
    },
}
impl DomainEvent for RedactionEvent {}

refusals! {
    /// Why nothing is redacted.
    pub enum RedactionRefusal {
        /// None, or too many.
        TextsUnfit { most: usize }("texts", "须指明 1 至 {most} 处文字", "There are 1 to {most} texts"),
        /// There is no text of a document there.
        UnknownText("texts", "该处没有可隐去的文字", "There is no text there that could be redacted"),
    }
}

impl Aggregate for Redaction {
    const NAME: &'static str = "redaction";
    type State = Self;
    type Command = RedactionCommand;
    type Event = RedactionEvent;
    type Error = RedactionRefusal;

    fn handle_command(redaction: &Self, command: RedactionCommand) -> Result<Vec<RedactionEvent>, RedactionRefusal> {
        let RedactionCommand::Redact { mut texts } = command;
        if redaction.done {
            return Ok(vec![]);
        }
        texts.sort_unstable();
        texts.dedup();
        if !(1..=REDACTION_MAX_TEXTS).contains(&texts.len()) {
            return Err(RedactionRefusal::TextsUnfit { most: REDACTION_MAX_TEXTS });
        }
        Ok(vec![RedactionEvent::TextsRedacted { texts }])
    }

    fn apply_event(_: Self, event: RedactionEvent) -> Self {
        let RedactionEvent::TextsRedacted { .. } = event;
        Self { done: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    fn redact(positions: &[u64]) -> RedactionCommand {
        let text = |position: &u64| TextPlace { position: *position, path: "/reason".to_owned() };
        RedactionCommand::Redact { texts: positions.iter().map(text).collect() }
    }

    #[test]
    fn each_text_is_redacted_once_and_a_redaction_is_done_once() {
        let texts = |positions: &[u64]| match redact(positions) {
            RedactionCommand::Redact { texts } => RedactionEvent::TextsRedacted { texts },
        };
        let begun = given::<Redaction>([]);
        begun.when(redact(&[7, 3, 7])).then([texts(&[3, 7])]);
        begun.when(redact(&[])).then_refused(RedactionRefusal::TextsUnfit { most: REDACTION_MAX_TEXTS });
        begun.and(redact(&[3])).when(redact(&[4])).then([]);
    }
}
