//! Which vault a log belongs to: named once, in the log's first commit.
//!
//! - There is one stream, under the log's own id, with one event. The mark is an HMAC of that id under the vault's root, so
//!   it tells nothing of the vault, and no other vault makes the same.
//! - A log written before there were marks is named later, by the vault that it is opened with.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{event::DomainEvent, refusal::refusals};

/// The vault that a log belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VaultBinding {
    /// The vault's mark; `None` in a log that was never named one.
    pub mark: Option<String>,
}

/// What may be asked of it.
#[derive(Debug, Clone)]
pub enum VaultBindingCommand {
    /// This is the log's vault.
    Name {
        /// Its mark: 64 hexadecimal digits.
        mark: String,
    },
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VaultBindingEvent {
    /// The log's vault was named.
    VaultNamed {
        /// HMAC-SHA-256 of the log's id under the vault's root, in hexadecimal.
        mark: String,
    },
}
impl DomainEvent for VaultBindingEvent {}

refusals! {
    /// Why a vault is not the log's.
    pub enum VaultBindingRefusal {
        /// The log belongs to another vault.
        AnotherVault("", "该日志属于另一个密钥库", "The log belongs to another vault"),
    }
}

impl Aggregate for VaultBinding {
    const NAME: &'static str = "vault_binding";
    type State = Self;
    type Command = VaultBindingCommand;
    type Event = VaultBindingEvent;
    type Error = VaultBindingRefusal;

    fn handle_command(binding: &Self, command: VaultBindingCommand) -> Result<Vec<VaultBindingEvent>, VaultBindingRefusal> {
        let VaultBindingCommand::Name { mark } = command;
        match &binding.mark {
            None => Ok(vec![VaultBindingEvent::VaultNamed { mark }]),
            Some(named) if *named == mark => Ok(vec![]),
            Some(_) => Err(VaultBindingRefusal::AnotherVault),
        }
    }

    fn apply_event(_: Self, event: VaultBindingEvent) -> Self {
        let VaultBindingEvent::VaultNamed { mark } = event;
        Self { mark: Some(mark) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    #[test]
    fn a_log_has_one_vault_for_good() {
        let name = |mark: &str| VaultBindingCommand::Name { mark: mark.to_owned() };
        let named = given::<VaultBinding>([]).and(name("a1"));
        named.when(name("a1")).then([]);
        named.when(name("b2")).then_refused(VaultBindingRefusal::AnotherVault);
    }
}
