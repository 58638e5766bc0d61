//! Accounts and the roles they hold now.
//!
//! - A revoked role is gone from here, with a closed account all of them, and so is an acceptance that was taken back; the log keeps
//!   them.

use std::collections::HashSet;

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    Event,
    access::{
        self,
        account::{AccountEvent, account_of},
        authority::{Grant, Role, Scope},
        public_function::PublicFunction,
    },
    values::{AccountId, AreaCode, CouncilId, Instant, OrganisationId, PersonId},
};
use serde::{Deserialize, Serialize};

use super::name_search::named;
use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::{flag, scope},
    views::Views,
};

row! {
    /// An account.
    AccountRow in "accounts" {
        key {
            /// The account.
            account: AccountId,
        }
        fixed {
            /// Whose it is.
            person: PersonId,
            /// When it was opened.
            #[serde(with = "ts_microseconds")]
            opened_at: Instant,
        }
        live {
            /// Closed.
            #[serde(with = "flag")]
            closed: bool,
            /// Its owner has chosen the password.
            #[serde(with = "flag")]
            proven: bool,
        }
    }
}

row! {
    /// A role that an account holds.
    GrantRow in "grants" {
        key {
            /// The account.
            account: AccountId,
            /// The role.
            role: Role,
            /// Where it counts: `everywhere`, `area:440402`, `organisation:…`.
            scope: String,
        }
        fixed {
            /// When it was granted.
            #[serde(with = "ts_microseconds")]
            granted_at: Instant,
        }
    }
}

row! {
    /// A public function that an account's person has accepted.
    AcceptanceRow in "acceptances" {
        key {
            /// The account.
            account: AccountId,
            /// The function, as [`PublicFunction::text`] writes it.
            function: String,
        }
        fixed {
            /// When it was accepted.
            #[serde(with = "ts_microseconds")]
            accepted_at: Instant,
        }
    }
}

#[derive(Default)]
pub(crate) struct AccountsFold {
    accounts: Rows<AccountRow>,
    grants: Rows<GrantRow>,
    acceptances: Rows<AcceptanceRow>,
}

fn grant_key(account: AccountId, grant: &Grant) -> (AccountId, Role, String) {
    (account, grant.role, scope::text(&grant.scope))
}

/// What an event says of an account.
fn concern(change: &Change) -> Option<&AccountEvent> {
    let Event::Access(event) = &change.event else { return None };
    match event {
        access::Event::Account(event) => Some(event),
        access::Event::Area(_)
        | access::Event::Person(_)
        | access::Event::Claim(_)
        | access::Event::Redaction(_)
        | access::Event::VaultBinding(_)
        | access::Event::WorkingCalendar(_) => None,
    }
}

impl Fold for AccountsFold {
    const NAME: &'static str = "accounts";
    const KINDS: &'static [&'static str] = &["account"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        let account = AccountId(change.stream.id);
        self.accounts.want((account,));
        match event {
            AccountEvent::RoleGranted { grant, .. } | AccountEvent::RoleRevoked { grant } => self.grants.want(grant_key(account, grant)),
            AccountEvent::FunctionAccepted { function } | AccountEvent::AcceptanceTakenBack { function } => {
                self.acceptances.want((account, function.text()));
            }
            AccountEvent::AccountClosed {} => self.grants.want_by("account", account),
            AccountEvent::AccountOpened { .. }
            | AccountEvent::SignInCodeIssued {}
            | AccountEvent::PasswordSetByCode {}
            | AccountEvent::PasswordChanged {}
            | AccountEvent::SessionsEnded { .. } => {}
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        let (account, position) = (AccountId(change.stream.id), change.position);
        match event {
            AccountEvent::AccountOpened { person, proven } => match self.accounts.get(&(account,))? {
                // Opened again: it keeps its place among the others.
                Some(AccountRow { closed: true, .. }) => {
                    let row = self.accounts.change(&(account,), position)?;
                    (row.closed, row.proven) = (false, *proven);
                }
                Some(_) | None => {
                    let (person, opened_at) = (*person, change.recorded_at);
                    self.accounts.add(AccountRow { account, person, opened_at, closed: false, proven: *proven, position })?;
                }
            },
            AccountEvent::PasswordSetByCode {} => self.accounts.change(&(account,), position)?.proven = true,
            AccountEvent::SignInCodeIssued {} | AccountEvent::PasswordChanged {} | AccountEvent::SessionsEnded { .. } => {}
            AccountEvent::RoleGranted { grant, .. } => {
                self.accounts.change(&(account,), position)?;
                let (account, role, scope) = grant_key(account, grant);
                self.grants.add(GrantRow { account, role, scope, granted_at: change.recorded_at, position })?;
            }
            AccountEvent::RoleRevoked { grant } => {
                self.accounts.change(&(account,), position)?;
                self.grants.remove(&grant_key(account, grant))?;
            }
            AccountEvent::FunctionAccepted { function } => {
                let function = function.text();
                self.acceptances.add(AcceptanceRow { account, function, accepted_at: change.recorded_at, position })?;
            }
            AccountEvent::AcceptanceTakenBack { function } => drop(self.acceptances.remove(&(account, function.text()))?),
            AccountEvent::AccountClosed {} => {
                let row = self.accounts.change(&(account,), position)?;
                (row.closed, row.proven) = (true, false);
                self.grants.remove_all(|grant| grant.account == account);
            }
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.accounts, &mut self.grants, &mut self.acceptances]
    }
}

/// An account with its person's data and its roles.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountView {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub person: PersonId,
    /// When it was opened.
    pub opened_at: Instant,
    /// Closed.
    pub closed: bool,
    /// Its owner has chosen the password.
    pub proven: bool,
    /// The person's name; `None` once erased.
    pub name: Option<String>,
    /// The person's phone number, which is the sign-in name; `None` once erased.
    pub phone: Option<String>,
    /// The person's home area; `None` once erased.
    pub home_area: Option<AreaCode>,
    /// The roles it holds.
    pub grants: Vec<Grant>,
}

#[derive(Serialize, Deserialize)]
struct Joined {
    account: AccountId,
    person: PersonId,
    #[serde(with = "ts_microseconds")]
    opened_at: Instant,
    #[serde(with = "flag")]
    closed: bool,
    #[serde(with = "flag")]
    proven: bool,
    name: Option<String>,
    phone: Option<String>,
    home_area: Option<AreaCode>,
    grants: Vec<(Role, String)>,
}

impl From<Joined> for AccountView {
    fn from(row: Joined) -> Self {
        let Joined { account, person, opened_at, closed, proven, name, phone, home_area, grants } = row;
        let mut grants: Vec<_> =
            grants.into_iter().filter_map(|(role, text)| scope::parse(&text).map(|scope| Grant { role, scope })).collect();
        grants.sort();
        Self { account, person, opened_at, closed, proven, name, phone, home_area, grants }
    }
}

const SELECT: &str = "json_array(a.account,a.person,a.opened_at,a.closed,a.proven,p.name,p.phone,p.home_area,
    (SELECT json_group_array(json_array(g.role,g.scope)) FROM grants g WHERE g.account=a.account))";
const FROM: &str = "accounts a LEFT JOIN persons p ON p.person=a.person";

/// Which accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Of persons at home here.
    pub area: Option<AreaCode>,
    /// That hold this role.
    pub role: Option<Role>,
    /// That hold a role, or the one asked for, for this organisation itself.
    pub organisation: Option<OrganisationId>,
    /// With exactly this phone number.
    pub phone: Option<String>,
    /// Whose person's name contains this or sounds like it, as [`named`] finds it.
    pub name_contains: Option<String>,
    /// Also closed ones.
    pub include_closed: bool,
}

impl Views {
    /// Accounts, the latest opened last.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn accounts(&self, filter: &AccountFilter, page: &PageArgs) -> Result<Page<AccountView>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("p.home_area", filter.area.as_ref());
        let mut granted = Conditions::default();
        granted.maybe("g.role=?", filter.role.map(Role::name));
        granted.maybe("g.scope=?", filter.organisation.map(|id| scope::text(&Scope::Organisation(id))));
        if !granted.binds().is_empty() {
            let holds = format!("EXISTS(SELECT 1 FROM grants g WHERE g.account=a.account AND {})", granted.sql());
            conditions.holds(holds, granted.binds().to_vec());
        }
        conditions.maybe("p.phone=?", filter.phone.as_deref());
        named(&mut conditions, filter.name_contains.as_deref());
        if !filter.include_closed {
            conditions.plain("a.closed=0");
        }
        let columns = vec![SortColumn::plain("a.opened_at"), SortColumn::plain("a.account")];
        let sort = Sort { name: "accounts", columns, descending: false };
        let page: Page<Joined> = Listing { select: SELECT.to_owned(), from: FROM, conditions, sort }.page(self, page).await?;
        Ok(page.map(AccountView::from))
    }

    /// Accounts by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn accounts_by_ids(&self, ids: &[AccountId]) -> Result<Vec<AccountView>, QueryError> {
        let sql = format!("SELECT {SELECT} FROM {FROM} WHERE a.account IN (SELECT value FROM json_each(?))");
        let rows: Vec<Joined> = fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await?;
        Ok(rows.into_iter().map(AccountView::from).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<AccountView>, QueryError> {
        Ok(self.accounts_by_ids(&[id]).await?.pop())
    }

    /// Which of these persons have accepted which of these public functions: by their own word, or by standing for the
    /// election that seated them.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn accepted(&self, asked: &[(PersonId, PublicFunction)]) -> Result<HashSet<(PersonId, PublicFunction)>, QueryError> {
        let accounts: Vec<_> = asked.iter().map(|(person, _)| account_of(*person)).collect();
        let persons: Vec<_> = asked.iter().map(|(person, _)| *person).collect();
        let mut connection = self.pool().acquire().await?;
        let sql = "SELECT json_array(a.account,a.function) FROM acceptances a WHERE a.account IN (SELECT value FROM json_each(?))";
        let accepted: Vec<(AccountId, String)> =
            fetch(&mut connection, sql.to_owned(), &[serde_json::to_string(&accounts)?.into()]).await?;
        let accepted: HashSet<_> = accepted.into_iter().collect();
        let sql = "SELECT json_array(s.person,s.council) FROM seats s WHERE s.person IN (SELECT value FROM json_each(?))
             AND json_type(s.source,'$.election') IS NOT NULL";
        let elected: Vec<(PersonId, CouncilId)> =
            fetch(&mut connection, sql.to_owned(), &[serde_json::to_string(&persons)?.into()]).await?;
        let elected: HashSet<_> = elected.into_iter().map(|(person, council)| (person, PublicFunction::Seat(council))).collect();
        let holds = |it: &&(PersonId, PublicFunction)| elected.contains(*it) || accepted.contains(&(account_of(it.0), it.1.text()));
        Ok(asked.iter().filter(holds).copied().collect())
    }
}
