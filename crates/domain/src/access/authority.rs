//! Who may do what.
//!
//! - Every command and every query has an [`Act`], declared beside the rule it guards, that lists who may do it.
//! - A role counts only where its scope covers the subject.
//! - Nobody signed in, nothing allowed, except what is open to [`To::Anyone`].
//! - What is done as oneself takes a proven account ([`To::Oneself`]), unless the act says otherwise ([`To::Bearer`]): a new act of
//!   civic life is closed to unproven accounts without anybody remembering.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    refusal::refusals,
    values::{AccountId, AreaCode, OrganisationId, PersonId, VolunteerId},
};

/// What an account may be entrusted with. A signed-in person without any role is a volunteer or resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 平台运维: runs the platform, imports, grants any role.
    Operator,
    /// 区级主管: the district's own office; confirms what no organisation may confirm alone.
    DistrictOfficer,
    /// 社区工作者、镇街枢纽: publishes, convenes and asks within an area.
    Organiser,
    /// 协调员: runs one organisation's activities and confirms its service.
    Coordinator,
    /// 审计: reads, changes nothing, sees no personal data.
    Auditor,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 5] = [Self::Operator, Self::DistrictOfficer, Self::Organiser, Self::Coordinator, Self::Auditor];

    /// The name used on the command line, in tokens and in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::DistrictOfficer => "district_officer",
            Self::Organiser => "organiser",
            Self::Coordinator => "coordinator",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No role has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such role; the roles are operator, district_officer, organiser, coordinator, auditor")]
pub struct NoSuchRole;

impl FromStr for Role {
    type Err = NoSuchRole;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or(NoSuchRole)
    }
}

/// Where a role counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everywhere on this platform.
    Everywhere,
    /// In an area and all areas within it.
    Area(AreaCode),
    /// For one organisation and those below it.
    Organisation(OrganisationId),
}

impl Scope {
    /// Whether a role with this scope counts for `subject`.
    pub fn covers(&self, subject: &Subject) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Area(area) => subject.area.as_ref().is_some_and(|it| area.contains(it)),
            Self::Organisation(organisation) => subject.organisations.contains(organisation),
        }
    }

    /// Whether every subject that `other` covers is certainly covered by this scope too.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Area(mine), Self::Area(theirs)) => mine.contains(theirs),
            (Self::Organisation(mine), Self::Organisation(theirs)) => mine == theirs,
            (Self::Area(_) | Self::Organisation(_), _) => false,
        }
    }
}

/// A role with its scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where it counts.
    pub scope: Scope,
}

/// In which session an account acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Session {
    /// The account's generation when it began.
    pub generation: u32,
    /// Which one; `None` for acts that are not done over a session.
    pub id: Option<Uuid>,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A signed-in account.
    Account {
        /// The account.
        account: AccountId,
        /// Its person.
        person: PersonId,
        /// The person as a volunteer, if registered.
        volunteer: Option<VolunteerId>,
        /// Its roles.
        grants: Vec<Grant>,
        /// Its owner has chosen the password: who acts is that person.
        proven: bool,
        /// In which session it acts.
        session: Session,
    },
    /// The built-in operator (command line or a token made by it), acting with one role; its acts are marked as such.
    Operator(Grant),
    /// A process of the platform itself, by name.
    Process(&'static str),
}

impl Actor {
    /// How the log names this actor; the scope of command ids.
    pub fn log_name(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Account { account, .. } => format!("account:{account}"),
            Self::Operator(Grant { role, scope: Scope::Everywhere }) => format!("operator:{role}"),
            Self::Operator(Grant { role, scope: Scope::Area(area) }) => format!("operator:{role}@area:{area}"),
            Self::Operator(Grant { role, scope: Scope::Organisation(id) }) => format!("operator:{role}@organisation:{id}"),
            Self::Process(name) => format!("process:{name}"),
        }
    }

    /// The roles this actor holds.
    pub fn grants(&self) -> &[Grant] {
        match self {
            Self::Account { grants, .. } => grants,
            Self::Operator(grant) => std::slice::from_ref(grant),
            Self::Anonymous | Self::Process(_) => &[],
        }
    }

    /// The person behind this actor, if it is one.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Account { person, .. } => Some(*person),
            Self::Anonymous | Self::Operator(_) | Self::Process(_) => None,
        }
    }

    /// Whether whoever acts may be another than the account's owner.
    fn is_unproven(&self) -> bool {
        match self {
            Self::Account { proven, .. } => !proven,
            Self::Anonymous | Self::Operator(_) | Self::Process(_) => false,
        }
    }

    /// Whether this actor holds `role` where it covers `subject`.
    pub fn holds(&self, role: Role, subject: &Subject) -> bool {
        self.grants().iter().any(|grant| grant.role == role && grant.scope.covers(subject))
    }
}

/// What an act is about, as far as authorisation must know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The area it lies in.
    pub area: Option<AreaCode>,
    /// The organisation it belongs to and all above that one.
    pub organisations: Vec<OrganisationId>,
    /// The person it is about.
    pub person: Option<PersonId>,
}

impl Subject {
    /// Something in an area.
    pub fn area(area: AreaCode) -> Self {
        Self { area: Some(area), ..Self::default() }
    }

    /// Something about a person at home in an area.
    pub fn person(person: PersonId, area: Option<AreaCode>) -> Self {
        Self { person: Some(person), area, ..Self::default() }
    }
}

/// Who an act is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Everybody, signed in or not.
    Anyone,
    /// Everybody signed in.
    SignedIn,
    /// The person it is about, by an account that is proven to be that person's.
    Oneself,
    /// Whoever holds the account of the person it is about, also while it is not proven that this is that person: what harms
    /// nobody's say, such as signing up and logging hours.
    Bearer,
    /// Holders of a role that covers the subject.
    Holders(Role),
    /// A process of the platform.
    Process,
}

/// A command or query, and who may do it.
#[derive(Debug, PartialEq, Eq)]
pub struct Act {
    /// Its name, as in the GraphQL schema: `confirmService`.
    pub name: &'static str,
    /// Who may.
    pub open_to: &'static [To],
}

refusals! {
    /// Why somebody may not.
    pub enum AuthorityRefusal {
        /// The act needs a signed-in actor.
        SignInRequired("", "请先登录", "Sign in first"),
        /// Who opened the account, and not its owner, may know the password.
        AccountNotProven("", "账号尚未由本人启用，不能以本人名义办理此事；请到社区当面领取登录码，自设密码",
            "It is not proven that this account is yours: get a code from the staff in person and choose the password yourself"),
        /// The actor's roles do not cover it.
        NotAllowed { act: &'static str }("", "您没有权限执行 {act}", "You have no permission for {act} here"),
    }
}

impl Act {
    /// Whether `actor` may do this to `subject`.
    ///
    /// # Errors
    /// [`AuthorityRefusal::SignInRequired`] for strangers, [`AuthorityRefusal::AccountNotProven`] for what would be allowed to the
    /// owner of the account, [`AuthorityRefusal::NotAllowed`] otherwise.
    pub fn may(&self, actor: &Actor, subject: &Subject) -> Result<(), AuthorityRefusal> {
        let is_about_actor = actor.person().is_some() && actor.person() == subject.person;
        let allowed = self.open_to.iter().any(|to| match to {
            To::Anyone => true,
            To::SignedIn => matches!(actor, Actor::Account { .. } | Actor::Operator(_)),
            To::Oneself => is_about_actor && !actor.is_unproven(),
            To::Bearer => is_about_actor,
            To::Holders(role) => actor.holds(*role, subject),
            To::Process => matches!(actor, Actor::Process(_)),
        });
        match (allowed, actor) {
            (true, _) => Ok(()),
            (false, Actor::Anonymous) => Err(AuthorityRefusal::SignInRequired),
            (false, _) if is_about_actor && self.open_to.contains(&To::Oneself) => Err(AuthorityRefusal::AccountNotProven),
            (false, _) => Err(AuthorityRefusal::NotAllowed { act: self.name }),
        }
    }
}

/// See what the processes of the platform could not carry out, to mend what stands in their way.
pub const PARKED_EVENTS: Act = Act {
    name: "parkedEvents",
    open_to: &[
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Operator),
        To::Holders(Role::Auditor),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Act = Act { name: "read", open_to: &[To::Oneself, To::Holders(Role::Organiser)] };

    fn organiser(area: &str) -> Actor {
        Actor::Operator(Grant { role: Role::Organiser, scope: Scope::Area(area.parse().unwrap()) })
    }

    #[test]
    fn a_role_counts_only_where_its_scope_covers_the_subject() {
        let subject = Subject::area("440402001001".parse().unwrap());
        assert_eq!(READ.may(&organiser("440402001"), &subject), Ok(()));
        assert_eq!(READ.may(&organiser("440402002"), &subject), Err(AuthorityRefusal::NotAllowed { act: "read" }));
        assert_eq!(READ.may(&Actor::Anonymous, &subject), Err(AuthorityRefusal::SignInRequired));
    }

    #[test]
    fn a_subject_without_area_is_covered_by_no_area() {
        assert_eq!(READ.may(&organiser("440402"), &Subject::default()), Err(AuthorityRefusal::NotAllowed { act: "read" }));
    }

    #[test]
    fn nobody_is_oneself_of_nobody() {
        assert!(READ.may(&Actor::Process("p"), &Subject::default()).is_err());
    }

    #[test]
    fn an_unproven_account_is_oneself_only_where_the_act_says_so() {
        let person = PersonId(Uuid::from_u128(7));
        let holder = |proven, grants| {
            let account = AccountId(Uuid::from_u128(8));
            Actor::Account { account, person, volunteer: None, grants, proven, session: Session::default() }
        };
        let own = Subject::person(person, Some("440402001".parse().unwrap()));
        assert_eq!(READ.may(&holder(true, vec![]), &own), Ok(()));
        assert_eq!(READ.may(&holder(false, vec![]), &own), Err(AuthorityRefusal::AccountNotProven));
        let lenient = Act { name: "signUp", open_to: &[To::Bearer] };
        assert_eq!(lenient.may(&holder(false, vec![]), &own), Ok(()));
        assert_eq!(lenient.may(&holder(true, vec![]), &Subject::default()), Err(AuthorityRefusal::NotAllowed { act: "signUp" }));
        let organiser = Grant { role: Role::Organiser, scope: Scope::Area("440402".parse().unwrap()) };
        assert_eq!(READ.may(&holder(false, vec![organiser]), &own), Ok(()), "as staff, not as oneself");
    }

    #[test]
    fn the_log_tells_the_operators_scopes_apart() {
        let name = |scope| Actor::Operator(Grant { role: Role::Coordinator, scope }).log_name();
        assert_eq!(name(Scope::Everywhere), "operator:coordinator");
        assert_eq!(name(Scope::Area("440402".parse().unwrap())), "operator:coordinator@area:440402");
        let organisation = Scope::Organisation(OrganisationId(Uuid::nil()));
        assert_eq!(name(organisation), "operator:coordinator@organisation:00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn role_names_parse_back() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
    }
}
