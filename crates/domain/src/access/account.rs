//! An account: a person's sign-in, and the roles granted to it.
//!
//! - A person has one account; its sign-in name is a phone number, held as a claim.
//! - An account is *proven* once its owner has chosen the password: by registering oneself, or with a code that was handed over in
//!   person. Until then whoever holds the password may be somebody else, and [`To::Oneself`] is nobody.
//! - A code is good for one password. The next one issued takes its place.
//! - A generation ends with a change of the password, the end of all sessions and a closing: what was given in it holds no more.
//! - Who grants a role holds at least that scope, and a role that may grant it. Nobody takes a role from who appointed them.
//! - It keeps which public functions its person has accepted: nobody else's account can.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    authority::{Act, Actor, Grant, Role, Scope, Session, To},
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
const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
/// Open an account for a person, with a code to be handed over. Who registers opens their own by it.
pub const OPEN_ACCOUNT: Act = Act { name: "openAccount", open_to: KEEPERS };
/// Issue a new code, to be handed over in person, to who has no password yet or has forgotten it.
pub const ISSUE_SIGN_IN_CODE: Act = Act { name: "issueSignInCode", open_to: KEEPERS };
/// Choose one's password with a code: done signed out, by whoever the code was handed to.
pub const SET_PASSWORD_BY_CODE: Act = Act { name: "setPasswordByCode", open_to: &[To::Bearer] };
/// Change one's own password.
pub const CHANGE_PASSWORD: Act = Act { name: "changePassword", open_to: &[To::Bearer] };
/// End sessions: one's own, or those of a person whom the staff looks after.
pub const END_SESSIONS: Act = Act {
    name: "endSessions",
    open_to: &[To::Bearer, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)],
};
/// Close an account: one's own, or that of a person whom the staff looks after.
pub const CLOSE_ACCOUNT: Act = Act {
    name: "closeAccount",
    open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)],
};
/// Make a secret address for one's own calendar; an earlier one ends.
pub const MAKE_CALENDAR_ADDRESS: Act = Act { name: "makeCalendarAddress", open_to: &[To::Bearer] };
/// End the secret address of one's own calendar.
pub const REVOKE_CALENDAR_ADDRESS: Act = Act { name: "revokeCalendarAddress", open_to: &[To::Bearer] };
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
    /// Its owner has chosen the password.
    pub proven: bool,
    /// The roles it holds.
    pub grants: BTreeSet<Grant>,
    /// Who granted them, where an account did.
    pub granted_by: BTreeMap<Grant, AccountId>,
    /// The public functions that its person has accepted.
    pub accepted: BTreeSet<PublicFunction>,
    /// How often everything that was given out for it has ended.
    pub generation: u32,
    /// Sessions of the present generation that were ended one by one.
    ended: BTreeSet<Uuid>,
    /// Codes that were issued so far.
    codes: u32,
    /// The last code is not used.
    awaits_code: bool,
    /// Closed.
    pub closed: bool,
}

/// What may be asked of an account.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// Open it, or open it again.
    Open {
        /// Whose it is.
        person: PersonId,
        /// Its owner opens it and has chosen the password. Otherwise a code is issued.
        by_owner: bool,
    },
    /// Issue a code.
    IssueCode,
    /// Set the password that the bearer of a code has chosen.
    SetPasswordByCode {
        /// Which code, as [`Account::open_code`] counts them.
        code: u32,
    },
    /// Set another password.
    ChangePassword,
    /// End one session, or all.
    EndSessions(Option<Uuid>),
    /// Grant a role.
    Grant {
        /// The role with its scope.
        grant: Grant,
        /// The account that grants it, if one does.
        by: Option<AccountId>,
    },
    /// Take a role back.
    Revoke(Grant),
    /// Accept a public function.
    Accept(PublicFunction),
    /// Take the acceptance back.
    TakeBackAcceptance(PublicFunction),
    /// Close it.
    Close,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccountEvent {
    /// Opened, or opened again after it was closed.
    AccountOpened {
        /// Whose it is.
        person: PersonId,
        /// Its owner chose the password. Stored since version 2; before, whoever registered oneself had.
        proven: bool,
    },
    /// A code was issued, to be handed over in person; the one before holds no more.
    SignInCodeIssued {},
    /// The bearer of the last code chose a password: the account is proven, and a generation is over.
    PasswordSetByCode {},
    /// Who knew the password chose another; a generation is over.
    PasswordChanged {},
    /// Sessions were ended.
    SessionsEnded {
        /// Which; all of them if not said, and a generation is over.
        session: Option<Uuid>,
    },
    /// A role was granted.
    RoleGranted {
        /// The role with its scope.
        grant: Grant,
        /// The account that granted it, if one did. Stored since version 2; before, it stood in the commit alone.
        by: Option<AccountId>,
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
    /// Closed: its roles are gone and a generation is over.
    AccountClosed {},
}
impl DomainEvent for AccountEvent {
    fn schema_version(event_type: &str) -> u16 {
        match event_type {
            "AccountOpened" | "RoleGranted" => 2,
            _ => 1,
        }
    }
}

refusals! {
    /// Why an account is refused.
    pub enum AccountRefusal {
        /// Phone or password is wrong; which of them is not told.
        WrongCredentials("password", "手机号或密码不正确", "Phone number or password is wrong"),
        /// Too many attempts.
        TooManyAttempts { seconds: u64 }("password", "尝试次数过多，请 {seconds} 秒后再试", "Too many attempts; try again in {seconds} s"),
        /// The refresh token is unknown, used up or expired.
        SessionExpired("refreshToken", "登录已过期，请重新登录", "The session has expired; sign in again"),
        /// Phone or code is wrong, or the code was used, replaced or is too old; which of it is not told.
        CodeNotAccepted("code", "手机号或登录码不正确，或登录码已失效；请到社区当面领取新码",
            "Phone number or code is wrong, or the code holds no more; the staff hands out another in person"),
        /// A code is used by who it was handed to, signed out.
        SignOutFirst("", "请先退出登录，再使用登录码", "Sign out first; a code is used by whom it was handed to"),
        /// The password is too short or too long.
        WeakPassword { least: usize, most: usize }("password", "密码长度须为 {least} 至 {most} 个字符", "A password has {least} to {most} characters"),
        /// Many others have it, or it follows a pattern: it is guessed soon.
        CommonPassword("password", "密码过于常见或有规律，容易被猜中", "This password is common or follows a pattern: it is guessed soon"),
        /// It says what others know about its owner.
        OwnDataInPassword("password", "密码不能包含本人的手机号、证件号码、姓名或出生日期",
            "A password does not contain one's own phone number, ID number, name or birth date"),
        /// Somebody else's password.
        PasswordOfAnother("password", "不能为他人设置密码；请开通账号并当面交付登录码",
            "Nobody sets another's password; open the account and hand the code over in person"),
        /// A code is handed over by somebody else.
        OwnCode("account", "不能为本人签发登录码", "Nobody issues a code to themselves"),
        /// No such account.
        UnknownAccount("account", "没有此账号", "There is no such account"),
        /// The person has one already.
        AccountExists("person", "此人已有账号", "This person has an account already"),
        /// Closed.
        AccountIsClosed("account", "账号已注销", "This account is closed"),
        /// Held already.
        RoleAlreadyGranted("role", "该账号已有此角色", "The account holds this role already"),
        /// Not held.
        RoleNotHeld("role", "该账号没有此角色", "The account does not hold this role"),
        /// The granter's own roles do not reach that far.
        BeyondOwnAuthority("role", "不能授予或收回超出本人权限的角色", "Nobody grants or revokes a role beyond their own"),
        /// Who appointed one stands above one.
        AppointedByThem("account", "不能收回任命本人者的角色或处置其账号", "Nobody takes a role, or acts on the account, of who appointed them"),
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

    /// What was given out in this session holds still.
    pub fn holds(&self, session: &Session) -> bool {
        session.generation == self.generation && session.id.is_none_or(|id| !self.ended.contains(&id))
    }

    /// Which code would be taken, counted from 1; `None` where none is awaited.
    pub fn open_code(&self) -> Option<u32> {
        self.awaits_code.then_some(self.codes)
    }

    fn ends_generation(&mut self) {
        self.generation = self.generation.saturating_add(1);
        self.ended.clear();
    }
}

impl Aggregate for Account {
    const NAME: &'static str = "account";
    type State = Self;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountRefusal;

    fn handle_command(account: &Self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRefusal> {
        if let AccountCommand::Open { person, by_owner } = command {
            let opened = AccountEvent::AccountOpened { person, proven: by_owner };
            return match account.require_open() {
                Ok(_) => Err(AccountRefusal::AccountExists),
                Err(_) if by_owner => Ok(vec![opened]),
                Err(_) => Ok(vec![opened, AccountEvent::SignInCodeIssued {}]),
            };
        }
        account.require_open()?;
        match command {
            AccountCommand::Open { .. } => Err(AccountRefusal::AccountExists),
            AccountCommand::IssueCode => Ok(vec![AccountEvent::SignInCodeIssued {}]),
            AccountCommand::SetPasswordByCode { code } if account.open_code() == Some(code) => Ok(vec![AccountEvent::PasswordSetByCode {}]),
            AccountCommand::SetPasswordByCode { .. } => Err(AccountRefusal::CodeNotAccepted),
            AccountCommand::ChangePassword => Ok(vec![AccountEvent::PasswordChanged {}]),
            AccountCommand::EndSessions(Some(session)) if account.ended.contains(&session) => Ok(vec![]),
            AccountCommand::EndSessions(session) => Ok(vec![AccountEvent::SessionsEnded { session }]),
            AccountCommand::Grant { grant, .. } if account.grants.contains(&grant) => Err(AccountRefusal::RoleAlreadyGranted),
            AccountCommand::Grant { grant, by } => {
                let fits = match (&grant.role, &grant.scope) {
                    (Role::Coordinator, Scope::Organisation(_) | Scope::Area(_)) => true,
                    (_, Scope::Organisation(_)) | (Role::Coordinator, Scope::Everywhere) => false,
                    (_, Scope::Everywhere | Scope::Area(_)) => true,
                };
                if fits { Ok(vec![AccountEvent::RoleGranted { grant, by }]) } else { Err(AccountRefusal::ScopeDoesNotFit) }
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
            AccountEvent::AccountOpened { person, proven } => {
                (account.person, account.proven, account.closed) = (Some(person), proven, false);
            }
            AccountEvent::SignInCodeIssued {} => {
                (account.codes, account.awaits_code) = (account.codes.saturating_add(1), true);
            }
            AccountEvent::PasswordSetByCode {} => {
                (account.proven, account.awaits_code) = (true, false);
                account.ends_generation();
            }
            AccountEvent::PasswordChanged {} | AccountEvent::SessionsEnded { session: None } => account.ends_generation(),
            AccountEvent::SessionsEnded { session: Some(session) } => {
                account.ended.insert(session);
            }
            AccountEvent::RoleGranted { grant, by } => {
                if let Some(by) = by {
                    account.granted_by.insert(grant.clone(), by);
                }
                account.grants.insert(grant);
            }
            AccountEvent::RoleRevoked { grant } => {
                account.grants.remove(&grant);
                account.granted_by.remove(&grant);
            }
            AccountEvent::FunctionAccepted { function } => {
                account.accepted.insert(function);
            }
            AccountEvent::AcceptanceTakenBack { function } => {
                account.accepted.remove(&function);
            }
            AccountEvent::AccountClosed {} => {
                (account.closed, account.proven, account.awaits_code) = (true, false, false);
                account.grants.clear();
                account.granted_by.clear();
                account.ends_generation();
            }
        }
        account
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        scenario::{Given, given},
        values::CouncilId,
    };

    fn grant(role: Role, area: &str) -> Grant {
        Grant { role, scope: Scope::Area(area.parse().unwrap()) }
    }

    #[test]
    fn a_role_is_granted_once_and_revoked_once() {
        let person = PersonId(Uuid::from_u128(7));
        let open = given::<Account>([AccountEvent::AccountOpened { person, proven: true }]);
        let role = grant(Role::Organiser, "440402");
        open.when(AccountCommand::Revoke(role.clone())).then_refused(AccountRefusal::RoleNotHeld);
        let holding = open.and(AccountCommand::Grant { grant: role.clone(), by: None });
        holding.when(AccountCommand::Grant { grant: role.clone(), by: None }).then_refused(AccountRefusal::RoleAlreadyGranted);
        given::<Account>([]).when(AccountCommand::Grant { grant: role, by: None }).then_refused(AccountRefusal::UnknownAccount);
    }

    #[test]
    fn a_function_is_accepted_once_and_taken_back_once() {
        let (person, seat) = (PersonId(Uuid::from_u128(7)), PublicFunction::Seat(CouncilId(Uuid::from_u128(8))));
        let open = given::<Account>([AccountEvent::AccountOpened { person, proven: true }]);
        open.when(AccountCommand::TakeBackAcceptance(seat)).then_refused(AccountRefusal::FunctionNotAccepted);
        let holding = open.and(AccountCommand::Accept(seat));
        holding.when(AccountCommand::Accept(seat)).then_refused(AccountRefusal::FunctionAlreadyAccepted);
        let back = holding.and(AccountCommand::TakeBackAcceptance(seat));
        back.when(AccountCommand::Accept(seat)).then([AccountEvent::FunctionAccepted { function: seat }]);
        given::<Account>([]).when(AccountCommand::Accept(seat)).then_refused(AccountRefusal::UnknownAccount);
    }

    const PERSON: PersonId = PersonId(Uuid::from_u128(7));

    fn opened(by_owner: bool) -> Given<Account> {
        given::<Account>([]).and(AccountCommand::Open { person: PERSON, by_owner })
    }

    #[test]
    fn an_account_is_proven_by_its_owner_alone() {
        assert!(opened(true).proven);
        let by_staff = opened(false);
        assert!(!by_staff.proven && by_staff.open_code() == Some(1));
        let set = by_staff.and(AccountCommand::SetPasswordByCode { code: 1 });
        assert!(set.proven && set.open_code().is_none());
        assert!(!opened(false).and(AccountCommand::ChangePassword).proven, "who knows the password need not be the owner");
        opened(true).when(AccountCommand::Open { person: PERSON, by_owner: false }).then_refused(AccountRefusal::AccountExists);
    }

    #[test]
    fn the_last_code_sets_one_password() {
        let issued = opened(false).and(AccountCommand::IssueCode);
        issued.when(AccountCommand::SetPasswordByCode { code: 1 }).then_refused(AccountRefusal::CodeNotAccepted);
        let set = issued.and(AccountCommand::SetPasswordByCode { code: 2 });
        set.when(AccountCommand::SetPasswordByCode { code: 2 }).then_refused(AccountRefusal::CodeNotAccepted);
        opened(true).when(AccountCommand::SetPasswordByCode { code: 0 }).then_refused(AccountRefusal::CodeNotAccepted);
        given::<Account>([]).when(AccountCommand::IssueCode).then_refused(AccountRefusal::UnknownAccount);
    }

    #[test]
    fn a_session_holds_until_it_or_its_generation_ends() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let session = |generation, id| Session { generation, id: Some(id) };
        let ended = opened(true).and(AccountCommand::EndSessions(Some(one)));
        assert!(!ended.holds(&session(0, one)) && ended.holds(&session(0, two)));
        ended.when(AccountCommand::EndSessions(Some(one))).then([]);
        for command in [AccountCommand::EndSessions(None), AccountCommand::ChangePassword, AccountCommand::Close] {
            let over = ended.clone().and(command);
            assert!(!over.holds(&session(0, one)) && !over.holds(&session(0, two)));
            assert!(over.holds(&session(1, two)));
        }
    }

    #[test]
    fn a_closed_account_is_opened_again_without_what_it_had() {
        let role = grant(Role::Organiser, "440402");
        let closed = opened(true).and(AccountCommand::Grant { grant: role.clone(), by: None }).and(AccountCommand::Close);
        closed.when(AccountCommand::Close).then_refused(AccountRefusal::AccountIsClosed);
        closed.when(AccountCommand::IssueCode).then_refused(AccountRefusal::AccountIsClosed);
        let again = closed.and(AccountCommand::Open { person: PERSON, by_owner: false });
        assert!(!again.proven && again.grants.is_empty() && !again.holds(&Session::default()));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_owner_alone_proves_and_what_ends_a_generation_ends_its_sessions(
            asked in proptest::collection::vec(0..7_u8, 0..40),
        ) {
            use AccountCommand as C;
            let (mut account, mut owner_chose) = (Account::default(), false);
            for asked in asked {
                let command = match asked {
                    0 => C::Open { person: PERSON, by_owner: false },
                    1 => C::Open { person: PERSON, by_owner: true },
                    2 => C::IssueCode,
                    3 => C::SetPasswordByCode { code: account.codes },
                    4 => C::ChangePassword,
                    5 => C::EndSessions(None),
                    _ => C::Close,
                };
                let session = Session { generation: account.generation, id: None };
                let Ok(events) = Account::handle_command(&account, command.clone()) else { continue };
                account = events.into_iter().fold(account, Account::apply_event);
                owner_chose = match command {
                    C::Open { by_owner, .. } => by_owner,
                    C::SetPasswordByCode { .. } => true,
                    C::Close => false,
                    _ => owner_chose,
                };
                let ends = matches!(command, C::SetPasswordByCode { .. } | C::ChangePassword | C::EndSessions(_) | C::Close);
                prop_assert_eq!((account.proven, account.holds(&session)), (owner_chose, !ends));
            }
        }
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
