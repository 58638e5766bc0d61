//! An account: a person's sign-in, and the roles granted to it.
//!
//! - A person has one account; its sign-in name is a phone number, held as a claim.
//! - Who grants a role holds at least that scope, and a role that may grant it.
//! - It keeps which public functions its person has accepted: nobody else's account can.

use std::collections::BTreeSet;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    authority::{Act, Actor, Grant, Role, Scope, To},
    public_function::PublicFunction,
};
use crate::{
    event::DomainEvent,
    refusal::refusals,
    values::{AccountId, PersonId},
};

/// Sign in with phone and password.
pub const SIGN_IN: Act = Act { name: "signIn", open_to: &[To::Anyone] };
/// Exchange a refresh token.
pub const REFRESH: Act = Act { name: "refresh", open_to: &[To::Anyone] };
/// Give up one's refresh tokens.
pub const SIGN_OUT: Act = Act { name: "signOut", open_to: &[To::Anyone] };
/// Ask who one is.
pub const ME: Act = Act { name: "me", open_to: &[To::Anyone] };
/// Open an account for a person (who may do so for oneself while registering).
pub const OPEN_ACCOUNT: Act = Act {
    name: "openAccount",
    open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)],
};
/// Change one's own password.
pub const CHANGE_PASSWORD: Act = Act { name: "changePassword", open_to: &[To::Oneself] };
/// Make a secret address for one's own calendar; an earlier one ends.
pub const MAKE_CALENDAR_ADDRESS: Act = Act { name: "makeCalendarAddress", open_to: &[To::Oneself] };
/// End the secret address of one's own calendar.
pub const REVOKE_CALENDAR_ADDRESS: Act = Act { name: "revokeCalendarAddress", open_to: &[To::Oneself] };
const GRANTERS: &[To] =
    &[To::Holders(Role::Operator), To::Holders(Role::DistrictOfficer), To::Holders(Role::Organiser), To::Holders(Role::Coordinator)];
/// Grant a role.
pub const GRANT_ROLE: Act = Act { name: "grantRole", open_to: GRANTERS };
/// Take a role back.
pub const REVOKE_ROLE: Act = Act { name: "revokeRole", open_to: GRANTERS };
/// List accounts and their roles.
pub const ACCOUNTS: Act = Act {
    name: "accounts",
    open_to: &[
        To::Holders(Role::Operator),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Organiser),
        To::Holders(Role::Coordinator),
        To::Holders(Role::Auditor),
    ],
};

/// Whether `granter` may grant or revoke `grant`: the granter holds a role above it whose scope includes the grant's.
/// `covers` tells whether a scope covers the grant's subject (an organisation lies in an area).
pub fn may_grant(granter: &Actor, grant: &Grant, covers: impl Fn(&Grant) -> bool) -> bool {
    granter.grants().iter().any(|held| {
        let above = match held.role {
            Role::Operator => true,
            Role::DistrictOfficer => grant.role > Role::DistrictOfficer,
            Role::Organiser => matches!(grant.role, Role::Coordinator),
            Role::Coordinator => matches!(grant.role, Role::Coordinator),
            Role::Auditor => false,
        };
        above && (held.scope.includes(&grant.scope) || covers(held))
    })
}

/// The account stream of a person: one by construction.
pub fn account_of(person: PersonId) -> AccountId {
    AccountId(Uuid::new_v5(&person.0, b"gongyi:account"))
}

/// An account's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Whose it is; `None` before it was opened.
    pub person: Option<PersonId>,
    /// The roles it holds.
    pub grants: BTreeSet<Grant>,
    /// The public functions that its person has accepted.
    pub accepted: BTreeSet<PublicFunction>,
    /// Closed for good.
    pub closed: bool,
}

/// What may be asked of an account.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// Open it.
    Open {
        /// Whose it is.
        person: PersonId,
    },
    /// Grant a role.
    Grant(Grant),
    /// Take a role back.
    Revoke(Grant),
    /// Accept a public function.
    Accept(PublicFunction),
    /// Take the acceptance back.
    TakeBackAcceptance(PublicFunction),
    /// Close it for good.
    Close,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    /// Opened.
    AccountOpened {
        /// Whose it is.
        person: PersonId,
    },
    /// A role was granted.
    RoleGranted {
        /// The role with its scope.
        grant: Grant,
    },
    /// A role was taken back.
    RoleRevoked {
        /// The role with its scope.
        grant: Grant,
    },
    /// The person accepted a public function, and is named in it.
    FunctionAccepted {
        /// Which.
        function: PublicFunction,
    },
    /// The person took that back.
    AcceptanceTakenBack {
        /// Of which function.
        function: PublicFunction,
    },
    /// Closed for good.
    AccountClosed {},
}
impl DomainEvent for AccountEvent {}

refusals! {
    /// Why an account is refused.
    pub enum AccountRefusal {
        /// Phone or password is wrong; which of them is not told.
        WrongCredentials("password", "手机号或密码不正确", "Phone number or password is wrong"),
        /// Too many attempts.
        TooManyAttempts { seconds: u64 }("password", "尝试次数过多，请 {seconds} 秒后再试", "Too many attempts; try again in {seconds} s"),
        /// The refresh token is unknown, used up or expired.
        SessionExpired("refreshToken", "登录已过期，请重新登录", "The session has expired; sign in again"),
        /// The password is too short or too long.
        WeakPassword { least: usize, most: usize }("password", "密码长度须为 {least} 至 {most} 个字符", "A password has {least} to {most} characters"),
        /// No such account.
        UnknownAccount("account", "没有此账号", "There is no such account"),
        /// The person has one already.
        AccountExists("person", "此人已有账号", "This person has an account already"),
        /// Closed for good.
        AccountIsClosed("account", "账号已注销", "This account is closed"),
        /// Held already.
        RoleAlreadyGranted("role", "该账号已有此角色", "The account holds this role already"),
        /// Not held.
        RoleNotHeld("role", "该账号没有此角色", "The account does not hold this role"),
        /// The granter's own roles do not reach that far.
        BeyondOwnAuthority("role", "不能授予或收回超出本人权限的角色", "Nobody grants or revokes a role beyond their own"),
        /// A coordinator's scope is an organisation or an area.
        ScopeDoesNotFit("scope", "该角色不能用于此范围", "This role does not fit this scope"),
        /// Accepted already.
        FunctionAlreadyAccepted("", "您已接受此项职务", "You have accepted this function already"),
        /// Never accepted, or taken back already.
        FunctionNotAccepted("", "您尚未接受此项职务", "You have not accepted this function"),
    }
}

impl Account {
    /// The account is open.
    ///
    /// # Errors
    /// Unknown or closed accounts.
    pub fn require_open(&self) -> Result<PersonId, AccountRefusal> {
        match (self.person, self.closed) {
            (None, _) => Err(AccountRefusal::UnknownAccount),
            (Some(_), true) => Err(AccountRefusal::AccountIsClosed),
            (Some(person), false) => Ok(person),
        }
    }
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    type State = Self;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountRefusal;

    fn handle_command(account: &Self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRefusal> {
        if let AccountCommand::Open { person } = command {
            return match account.person {
                None => Ok(vec![AccountEvent::AccountOpened { person }]),
                Some(_) => Err(AccountRefusal::AccountExists),
            };
        }
        account.require_open()?;
        match command {
            AccountCommand::Open { .. } => Err(AccountRefusal::AccountExists),
            AccountCommand::Grant(grant) if account.grants.contains(&grant) => Err(AccountRefusal::RoleAlreadyGranted),
            AccountCommand::Grant(grant) => {
                let fits = match (&grant.role, &grant.scope) {
                    (Role::Coordinator, Scope::Organisation(_) | Scope::Area(_)) => true,
                    (_, Scope::Organisation(_)) | (Role::Coordinator, Scope::Everywhere) => false,
                    (_, Scope::Everywhere | Scope::Area(_)) => true,
                };
                if fits { Ok(vec![AccountEvent::RoleGranted { grant }]) } else { Err(AccountRefusal::ScopeDoesNotFit) }
            }
            AccountCommand::Revoke(grant) if !account.grants.contains(&grant) => Err(AccountRefusal::RoleNotHeld),
            AccountCommand::Revoke(grant) => Ok(vec![AccountEvent::RoleRevoked { grant }]),
            AccountCommand::Accept(function) if account.accepted.contains(&function) => Err(AccountRefusal::FunctionAlreadyAccepted),
            AccountCommand::Accept(function) => Ok(vec![AccountEvent::FunctionAccepted { function }]),
            AccountCommand::TakeBackAcceptance(function) if account.accepted.contains(&function) => {
                Ok(vec![AccountEvent::AcceptanceTakenBack { function }])
            }
            AccountCommand::TakeBackAcceptance(_) => Err(AccountRefusal::FunctionNotAccepted),
            AccountCommand::Close => Ok(vec![AccountEvent::AccountClosed {}]),
        }
    }

    fn apply_event(mut account: Self, event: AccountEvent) -> Self {
        match event {
            AccountEvent::AccountOpened { person } => account.person = Some(person),
            AccountEvent::RoleGranted { grant } => {
                account.grants.insert(grant);
            }
            AccountEvent::RoleRevoked { grant } => {
                account.grants.remove(&grant);
            }
            AccountEvent::FunctionAccepted { function } => {
                account.accepted.insert(function);
            }
            AccountEvent::AcceptanceTakenBack { function } => {
                account.accepted.remove(&function);
            }
            AccountEvent::AccountClosed {} => {
                account.closed = true;
                account.grants.clear();
            }
        }
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scenario::given, values::CouncilId};

    fn grant(role: Role, area: &str) -> Grant {
        Grant { role, scope: Scope::Area(area.parse().unwrap()) }
    }

    #[test]
    fn a_role_is_granted_once_and_revoked_once() {
        let person = PersonId(Uuid::from_u128(7));
        let open = given::<Account>([AccountEvent::AccountOpened { person }]);
        let role = grant(Role::Organiser, "440402");
        open.when(AccountCommand::Revoke(role.clone())).then_refused(AccountRefusal::RoleNotHeld);
        let holding = open.and(AccountCommand::Grant(role.clone()));
        holding.when(AccountCommand::Grant(role.clone())).then_refused(AccountRefusal::RoleAlreadyGranted);
        given::<Account>([]).when(AccountCommand::Grant(role)).then_refused(AccountRefusal::UnknownAccount);
    }

    #[test]
    fn a_function_is_accepted_once_and_taken_back_once() {
        let (person, seat) = (PersonId(Uuid::from_u128(7)), PublicFunction::Seat(CouncilId(Uuid::from_u128(8))));
        let open = given::<Account>([AccountEvent::AccountOpened { person }]);
        open.when(AccountCommand::TakeBackAcceptance(seat)).then_refused(AccountRefusal::FunctionNotAccepted);
        let holding = open.and(AccountCommand::Accept(seat));
        holding.when(AccountCommand::Accept(seat)).then_refused(AccountRefusal::FunctionAlreadyAccepted);
        let back = holding.and(AccountCommand::TakeBackAcceptance(seat));
        back.when(AccountCommand::Accept(seat)).then([AccountEvent::FunctionAccepted { function: seat }]);
        given::<Account>([]).when(AccountCommand::Accept(seat)).then_refused(AccountRefusal::UnknownAccount);
    }

    #[test]
    fn nobody_grants_beyond_their_own_scope_or_rank() {
        let officer = Actor::Operator(grant(Role::DistrictOfficer, "440402"));
        assert!(may_grant(&officer, &grant(Role::Organiser, "440402001"), |_| false));
        assert!(!may_grant(&officer, &grant(Role::DistrictOfficer, "440402001"), |_| false));
        assert!(!may_grant(&officer, &grant(Role::Organiser, "440403"), |_| false));
        assert!(!may_grant(&Actor::Operator(grant(Role::Auditor, "440402")), &grant(Role::Auditor, "440402"), |_| true));
    }
}
