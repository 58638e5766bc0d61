//! Who did something, as the log has it.

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_domain::values::AccountId;

use super::accounts;
use crate::{door::Door, ids};

/// Whom an entry in the log is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AgentKind {
    /// A signed-in account.
    Account,
    /// The built-in operator.
    Operator,
    /// A process of the platform.
    Process,
    /// Somebody who had not signed in: a stranger who registered.
    Anonymous,
}

/// Who did something.
pub struct Agent(pub(crate) String);

impl Agent {
    fn account(&self) -> Option<AccountId> {
        self.0.strip_prefix("account:").and_then(|id| id.parse().ok())
    }
}

/// Who did something, as the log names actors.
#[Object]
impl Agent {
    /// What kind of actor it was.
    fn kind(&self) -> AgentKind {
        match self.0.split(':').next() {
            Some("account") => AgentKind::Account,
            Some("operator") => AgentKind::Operator,
            Some("process") => AgentKind::Process,
            Some(_) | None => AgentKind::Anonymous,
        }
    }
    /// The name: of the account's person, masked for those who may not see personal data; of the operator's role; of
    /// the process.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        let door = Door::of(ctx)?;
        match self.account() {
            Some(id) => match accounts::account(&door, id).await? {
                Some(account) => account.known_as(&door).await,
                None => Ok(None),
            },
            // The operator's scope (`operator:coordinator@area:440402`) is no part of the role.
            None => Ok(self.0.split_once(':').map(|(_, name)| name.split('@').next().unwrap_or(name).to_owned())),
        }
    }
    /// The account's id, if it was one; null where the name is masked.
    async fn account_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        let (door, Some(id)) = (Door::of(ctx)?, self.account()) else { return Ok(None) };
        match accounts::account(&door, id).await? {
            Some(account) => Ok(account.sight(&door).await?.identity(ids::id(&id))),
            None => Ok(None),
        }
    }
}
