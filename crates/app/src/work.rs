//! One command's unit of work: what it may, what it loads, what it decides.

use std::{sync::Arc, time::Duration};

use esrs::{Aggregate, AggregateState};
use gongyi_domain::{
    access::{
        account::{Account, AccountRefusal},
        area::{Area, area_stream},
        authority::{Act, Actor, AuthorityRefusal, Grant, Role, Scope, Subject, To},
        identity_document::IdentityDocument,
        person::{Kept, Person, PersonRefusal},
    },
    event::DomainEvent,
    refusal::Refusal,
    values::{AccountId, AreaCode, AreaLevel, Day, Instant, OrganisationId, PersonId, Sealed},
    volunteering::{
        organisation::{ORGANISATION_DEPTH_MAX, Organisation, OrganisationRefusal, Profile},
        service_record::Level,
    },
};
use gongyi_eventlog::Session;
use gongyi_projections::Views;
use gongyi_vault::{PersonKey, SealedFor, VaultError};
use uuid::Uuid;

use crate::{
    App, Request,
    clock::day_of,
    rejection::{Fault, Rejection, refused},
    secrets::Secrets,
};

/// How long a command that asks the read models waits for them, in milliseconds.
pub const VIEWS_WAIT_MAX_MILLIS: u64 = 2_000;

/// What every aggregate of the domain is; a name for the bounds.
pub trait Kind: Aggregate<State: Clone + Send + Sync, Command: Send, Event: DomainEvent, Error: Into<Refusal> + Send> + 'static {}
impl<A> Kind for A where A: Aggregate<State: Clone + Send + Sync, Command: Send, Event: DomainEvent, Error: Into<Refusal> + Send> + 'static {}

/// An aggregate as loaded; the commit expects its stream to stay at this version.
pub type Loaded<A> = AggregateState<<A as Aggregate>::State>;

/// An organisation with all above it, nearest first.
#[derive(Debug, Clone)]
pub struct Line {
    /// The organisation itself, then its parent, and so on.
    pub members: Vec<(OrganisationId, Profile)>,
}

impl Line {
    /// The organisation itself.
    pub fn profile(&self) -> &Profile {
        &self.members[0].1
    }

    /// All ids, the organisation's own first.
    pub fn ids(&self) -> Vec<OrganisationId> {
        self.members.iter().map(|(id, _)| *id).collect()
    }

    /// The organisation as the subject of an act, about a person if one is given.
    pub fn subject(&self, person: Option<PersonId>) -> Subject {
        Subject { area: Some(self.profile().area.clone()), organisations: self.ids(), person }
    }

    /// How far above this organisation `actor` stands, by the roles held.
    pub fn level_of(&self, actor: &Actor) -> Level {
        let subject = self.subject(None);
        let above = self.members.get(1);
        let coordinates_above = |scope: &Scope| match (scope, above) {
            (Scope::Organisation(id), _) => self.members[1..].iter().any(|(it, _)| it == id),
            (Scope::Area(area), Some((_, parent))) => area.contains(&parent.area),
            (Scope::Everywhere, Some(_)) => true,
            (Scope::Area(_) | Scope::Everywhere, None) => false,
        };
        let whole_district = |scope: &Scope| match scope {
            Scope::Everywhere => true,
            Scope::Area(area) => area.level() <= AreaLevel::District,
            Scope::Organisation(_) => false,
        };
        let officer = |grant: &Grant| grant.role == Role::DistrictOfficer && grant.scope.covers(&subject);
        if actor.grants().iter().any(|grant| officer(grant) && whole_district(&grant.scope)) {
            Level::District
        } else if actor.holds(Role::DistrictOfficer, &subject)
            || actor.holds(Role::Organiser, &subject)
            || actor.grants().iter().any(|grant| grant.role == Role::Coordinator && coordinates_above(&grant.scope))
        {
            Level::Parent
        } else {
            Level::Organisation
        }
    }
}

/// Sealing under one person's key, for one event.
pub struct Sealer<'a> {
    key: PersonKey,
    person: PersonId,
    stream_kind: &'a str,
    stream_id: Uuid,
    event_type: &'a str,
}

impl Sealer<'_> {
    /// Seals `text` as the event's `field`.
    pub fn seal(&self, field: &str, text: &str) -> Sealed {
        let place = SealedFor { stream_kind: self.stream_kind, stream_id: self.stream_id, event_type: self.event_type, field };
        self.key.seal(self.person, &place, text)
    }
}

/// One command's unit of work.
pub struct Work<'a> {
    /// The platform.
    pub app: &'a App,
    /// Who acts, with the roles held now.
    pub actor: Actor,
    /// When.
    pub now: Instant,
    pub(crate) session: Session,
    pub(crate) secrets: Secrets,
    authorised: bool,
}

impl<'a> Work<'a> {
    pub(crate) async fn begin(app: &'a App, request: &Request, session: Session) -> Result<Self, Rejection> {
        let mut work =
            Self { app, actor: request.actor.clone(), now: request.now, session, secrets: Secrets::default(), authorised: false };
        if let Actor::Account { account, person, volunteer, session, .. } = work.actor {
            let loaded = work.load::<Account>(account).await?;
            loaded.inner().require_open().map_err(refused)?;
            if !loaded.inner().holds(&session) {
                return Err(refused(AccountRefusal::SessionExpired));
            }
            let grants = loaded.inner().grants.iter().cloned().collect();
            work.actor = Actor::Account { account, person, volunteer, grants, proven: loaded.inner().proven, session };
        }
        Ok(work)
    }

    /// The actor may do `act` to `subject`. Every command asks before it answers.
    ///
    /// # Errors
    /// The refusal.
    pub fn may(&mut self, act: &Act, subject: &Subject) -> Result<(), Rejection> {
        act.may(&self.actor, subject).map_err(refused)?;
        self.authorised = true;
        Ok(())
    }

    pub(crate) fn require_asked(&self, act: &'static Act) -> Result<(), Fault> {
        if self.authorised { Ok(()) } else { Err(Fault::Unauthorised { act: act.name }) }
    }

    /// The day of `at` in the tenant's time zone.
    pub fn day_of(&self, at: Instant) -> Day {
        day_of(at, self.app.zone())
    }

    /// Today.
    pub fn today(&self) -> Day {
        self.day_of(self.now)
    }

    /// Days from today to the day of `at`; fewer than none if it is past.
    pub fn days_until(&self, at: Instant) -> i64 {
        (self.day_of(at) - self.today()).num_days()
    }

    /// Loads an aggregate; one that does not exist has the default state.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn load<A: Kind>(&self, id: impl Into<Uuid>) -> Result<Loaded<A>, Rejection> {
        Ok(self.session.load::<A>(id.into()).await?)
    }

    /// Locks an aggregate within this process, then loads it: for streams that many write at once, so that they queue
    /// instead of colliding. At most one a command, so that no two commands wait for each other's. What was loaded before
    /// it stays as it was read then: if that has changed by the commit, the command is decided anew.
    ///
    /// # Errors
    /// [`Rejection::Conflict`] if the lock stays taken; faults of the log.
    pub async fn lock<A: Kind>(&self, id: impl Into<Uuid>) -> Result<Loaded<A>, Rejection> {
        Ok(self.session.lock::<A>(id.into()).await?)
    }

    /// Decides `command` on a loaded aggregate and stages its events; the state with them.
    ///
    /// # Errors
    /// The refusal.
    pub async fn decide<A: Kind>(&self, loaded: Loaded<A>, command: A::Command) -> Result<Arc<A::State>, Rejection> {
        self.session.decide::<A>(loaded, command).await?.map_err(refused)
    }

    /// Loads an aggregate and decides.
    ///
    /// # Errors
    /// As [`Work::load`] and [`Work::decide`].
    pub async fn load_and_decide<A: Kind>(&self, id: impl Into<Uuid>, command: A::Command) -> Result<Arc<A::State>, Rejection> {
        let loaded = self.load::<A>(id).await?;
        self.decide::<A>(loaded, command).await
    }

    /// The area is listed.
    ///
    /// # Errors
    /// The refusal.
    pub async fn require_area(&self, code: &AreaCode) -> Result<(), Rejection> {
        self.load::<Area>(area_stream(code)).await?.inner().require_listed(code).map_err(refused)
    }

    /// A working organisation with all above it.
    ///
    /// # Errors
    /// Unknown or dissolved organisations.
    pub async fn line(&self, id: OrganisationId) -> Result<Line, Rejection> {
        let line = self.line_of_any(id).await?;
        self.load::<Organisation>(id).await?.inner().require_working().map_err(refused)?;
        Ok(line)
    }

    /// An organisation, dissolved or not, with all above it.
    ///
    /// # Errors
    /// Unknown organisations.
    pub async fn line_of_any(&self, id: OrganisationId) -> Result<Line, Rejection> {
        let mut members = vec![];
        let mut next = Some(id);
        while let Some(id) = next.filter(|_| members.len() <= ORGANISATION_DEPTH_MAX) {
            let organisation = self.load::<Organisation>(id).await?.into_inner();
            let profile = organisation.profile.ok_or_else(|| refused(OrganisationRefusal::UnknownOrganisation))?;
            next = profile.parent;
            members.push((id, profile));
        }
        Ok(Line { members })
    }

    /// Whether the actor, who may do `act` to `subject`, may do it with this person or in that person's name: as that person, by
    /// a role from the district officer's up, or by a say where the person lives.
    pub(crate) fn has_a_say(&self, act: &Act, subject: &Subject, person: PersonId, home: Option<AreaCode>) -> bool {
        let from_above = act.open_to.iter().any(|to| match to {
            To::Holders(role) => *role <= Role::DistrictOfficer && self.actor.holds(*role, subject),
            To::Process => matches!(self.actor, Actor::Process(_)),
            To::Anyone | To::SignedIn | To::Oneself | To::Bearer => false,
        });
        from_above || act.may(&self.actor, &Subject::person(person, home)).is_ok()
    }

    /// Asks whether the actor may do `act`, about `subject`, in the name of this person: words are put into nobody's mouth by
    /// who has no say where that person lives.
    ///
    /// # Errors
    /// Refused; unknown and erased persons.
    pub(crate) async fn may_in_the_name_of(&mut self, act: &Act, subject: Subject, person: PersonId) -> Result<(), Rejection> {
        let subject = Subject { person: Some(person), ..subject };
        self.may(act, &subject)?;
        if self.actor.person() == Some(person) {
            return Ok(());
        }
        let home = match self.load::<Person>(person).await?.into_inner() {
            Person::Registered { home_area, .. } => Some(home_area),
            Person::Unknown => return Err(refused(PersonRefusal::UnknownPerson)),
            // What was done in the name of who is erased can still be ended.
            Person::Erased => None,
        };
        if self.has_a_say(act, &subject, person, home) { Ok(()) } else { Err(refused(AuthorityRefusal::NotAllowed { act: act.name })) }
    }

    /// The read models, as new as they become within [`VIEWS_WAIT_MAX_MILLIS`]: for what no stream tells.
    ///
    /// # Errors
    /// Faults of the log.
    pub async fn views_now(&self) -> Result<&Views, Rejection> {
        let head = self.app.log().head().await?;
        // Read models that stay behind are told loudly elsewhere; a command does not hang on them.
        let waited = self.app.views().wait_for(head.position, Duration::from_millis(VIEWS_WAIT_MAX_MILLIS)).await;
        if waited.is_err() {
            tracing::warn!(position = head.position, "a command asks read models that are behind");
        }
        Ok(self.app.views())
    }

    /// A person who is new with this command, with a key that the vault gets when the command is decided.
    pub fn new_person(&mut self) -> PersonId {
        let person = PersonId(Uuid::now_v7());
        self.secrets.add_key(person);
        person
    }

    /// Sets the password of an account, which was found to be fit, when the command is decided.
    pub(crate) fn set_password(&mut self, account: AccountId, password: &str) {
        self.secrets.add_password(account, password);
    }

    /// Seals text about `person` for an event of aggregate `A`.
    ///
    /// # Errors
    /// An erased person; faults of the vault.
    pub async fn sealer<'s, A: Kind>(&self, person: PersonId, id: impl Into<Uuid>, event_type: &'s str) -> Result<Sealer<'s>, Rejection> {
        let key = match self.secrets.key(person) {
            Some(key) => key.clone(),
            None => self.app.vault().create_key(person).await.map_err(|error| match error {
                VaultError::KeyDestroyed => refused(PersonRefusal::PersonIsErased),
                fault => fault.into(),
            })?,
        };
        Ok(Sealer { key, person, stream_kind: A::NAME, stream_id: id.into(), event_type })
    }

    /// A registered person's identity document.
    ///
    /// # Errors
    /// A person erased or never registered; faults of the vault.
    pub async fn open_document(&self, id: PersonId, person: &Person) -> Result<IdentityDocument, Rejection> {
        let Person::Registered { id_number, document, .. } = person else { return Err(refused(PersonRefusal::PersonIsErased)) };
        let number = self.open_person(id, id_number, "id_number").await?;
        let kind = match document {
            Some(kind) => Some(self.open_person(id, kind, "document").await?),
            None => None,
        };
        Ok(IdentityDocument::kept(kind.as_deref(), &number).ok_or(Fault::Unsealing)?)
    }

    /// Opens what was sealed for a field of a person's own event.
    ///
    /// # Errors
    /// A person erased meanwhile; faults of the vault.
    pub async fn open_person(&self, person: PersonId, kept: &Kept, field: &str) -> Result<String, Rejection> {
        let place = SealedFor { stream_kind: "person", stream_id: person.0, event_type: kept.event_type, field };
        let keys = self.app.vault().keys(&[person]).await?;
        if keys.is_destroyed(person) {
            return Err(refused(PersonRefusal::PersonIsErased));
        }
        let key = keys.key(person).ok_or(Fault::Unsealing)?;
        Ok(key.open(&kept.sealed, &place).map_err(|_| Fault::Unsealing)?)
    }
}

#[cfg(test)]
mod tests {
    use gongyi_domain::{access::authority::Grant, volunteering::organisation::OrganisationKind};

    use super::*;

    const TEAM: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const PARENT: OrganisationId = OrganisationId(Uuid::from_u128(2));
    const TOP: OrganisationId = OrganisationId(Uuid::from_u128(3));

    fn line(members: &[(OrganisationId, &str)]) -> Line {
        let profile = |code: &str| Profile {
            kind: OrganisationKind::Group,
            name: String::new(),
            area: code.parse().unwrap(),
            parent: None,
            credit_code: None,
        };
        Line { members: members.iter().map(|(id, code)| (*id, profile(code))).collect() }
    }

    fn level(line: &Line, role: Role, scope: Scope) -> Level {
        line.level_of(&Actor::Operator(Grant { role, scope }))
    }

    fn within(code: &str) -> Scope {
        Scope::Area(code.parse().unwrap())
    }

    #[test]
    fn a_coordinator_stands_where_the_scope_reaches() {
        let line = line(&[(TEAM, "440402001001"), (PARENT, "440402001"), (TOP, "440402")]);
        let coordinator = |scope| level(&line, Role::Coordinator, scope);
        assert_eq!(coordinator(Scope::Organisation(TEAM)), Level::Organisation);
        assert_eq!(coordinator(Scope::Organisation(PARENT)), Level::Parent);
        assert_eq!(coordinator(Scope::Organisation(TOP)), Level::Parent);
        assert_eq!(coordinator(within("440402001001")), Level::Organisation, "the parent works in all of the street");
        assert_eq!(coordinator(within("440402001")), Level::Parent);
        assert_eq!(coordinator(Scope::Everywhere), Level::Parent);
    }

    #[test]
    fn nobody_stands_above_where_nothing_is_above_but_the_hub_and_the_district() {
        let line = line(&[(TEAM, "440402001001")]);
        for scope in [Scope::Organisation(TEAM), within("440402"), Scope::Everywhere] {
            assert_eq!(level(&line, Role::Coordinator, scope.clone()), Level::Organisation, "{scope:?}");
        }
        assert_eq!(level(&line, Role::Organiser, within("440402001")), Level::Parent);
        assert_eq!(level(&line, Role::DistrictOfficer, within("440402")), Level::District);
    }

    #[test]
    fn roles_elsewhere_and_roles_that_do_not_confirm_lift_nobody() {
        let line = line(&[(TEAM, "440402001001"), (PARENT, "440402001")]);
        assert_eq!(level(&line, Role::Organiser, within("440402002")), Level::Organisation);
        assert_eq!(level(&line, Role::DistrictOfficer, within("440403")), Level::Organisation);
        assert_eq!(level(&line, Role::Operator, Scope::Everywhere), Level::Organisation);
        assert_eq!(level(&line, Role::Auditor, Scope::Everywhere), Level::Organisation);
        assert_eq!(line.level_of(&Actor::Anonymous), Level::Organisation);
    }

    #[test]
    fn an_organisations_subject_names_it_and_all_above() {
        let line = line(&[(TEAM, "440402001001"), (PARENT, "440402001")]);
        let person = PersonId(Uuid::from_u128(9));
        let subject = line.subject(Some(person));
        assert_eq!((subject.area, subject.organisations, subject.person), ("440402001001".parse().ok(), vec![TEAM, PARENT], Some(person)));
    }
}
