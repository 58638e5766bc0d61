//! The district that every contender works on, the same each time, and the command that is timed: a coordinator logs
//! service for a random member of their team.
//!
//! Seven streams are loaded for it: the coordinator's account, the volunteer, the team with the two organisations above
//! it, the membership and the ledger; one event is appended to the ledger.

use chrono::{DateTime, TimeDelta, Utc};
use esrs::Aggregate;
use gongyi_domain::{
    access::{
        account::{Account, AccountEvent, account_of},
        authority::{Actor, Grant, Role, Scope, Session, Subject},
        person::{Person, PersonEvent},
    },
    event::DomainEvent,
    values::{AccountId, AreaCode, Minutes, OrganisationId, PersonId, RecordId, Sealed, VolunteerId},
    volunteering::{
        category::Category,
        membership::{Membership, MembershipEvent, membership_stream},
        organisation::{Organisation, OrganisationEvent, OrganisationKind, Profile},
        service_ledger::{LOG_SERVICE, ServiceLedger, ServiceLedgerCommand, ServiceLedgerEvent},
        service_record::{Evidence, Level, Served, Setting, Source},
        skill::Skill,
        volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_number, volunteer_of},
    },
};
use uuid::Uuid;

/// Volunteers, each with a service ledger of [`RECORDS_EACH`] confirmed records.
pub const VOLUNTEERS: usize = 20_000;
/// Teams, each with a coordinator.
pub const TEAMS: usize = 100;
const STREETS: usize = 10;
const RECORDS_EACH: i64 = 3;
/// What a record says was done.
pub const CONTENT: &str = "巡查河道两岸，清理垃圾，劝导钓鱼的居民";
const CATEGORY: Category = Category::RiverPatrol;

/// An event of the history that everybody starts from.
pub struct Past {
    pub kind: &'static str,
    pub stream: Uuid,
    pub version: u64,
    pub event_type: String,
    pub payload: String,
}

/// A team, the nearest of its line first.
pub struct Team {
    pub line: [OrganisationId; 3],
    pub area: AreaCode,
    pub coordinator: AccountId,
    pub members: Vec<(PersonId, VolunteerId)>,
}

/// The district.
pub struct District {
    /// Its history, by what belongs together.
    pub past: Vec<Vec<Past>>,
    pub teams: Vec<Team>,
}

/// One command to be done.
pub struct Task<'a> {
    pub team: &'a Team,
    pub volunteer: VolunteerId,
    pub started: DateTime<Utc>,
    pub ended: DateTime<Utc>,
}

/// What a command was decided on.
pub struct Loaded<'a> {
    pub account: &'a Account,
    pub volunteer: &'a Volunteer,
    pub line: [&'a Organisation; 3],
    pub membership: &'a Membership,
}

fn past<A: Aggregate>(stream: Uuid, version: u64, event: &A::Event) -> Past
where
    A::Event: DomainEvent,
{
    let (event_type, payload) = event.encode().expect("the domain's events can be encoded");
    Past { kind: A::NAME, stream, version, event_type, payload }
}

fn area(code: String) -> AreaCode {
    code.parse().expect("an area's code")
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// A moment after everything that is logged.
pub fn today() -> DateTime<Utc> {
    moment("2026-07-01T00:00:00Z")
}

fn sealed(of: PersonId, characters: usize) -> Sealed {
    Sealed { of, text: "x".repeat((24 + 16 + characters).div_ceil(3) * 4) }
}

impl District {
    /// Invents it.
    pub fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(20_260_701);
        // As UUIDv7 makes them: time first, then random bits.
        let mut id = move || Uuid::from_u128((0x0190_b1f0_0000_u128 << 80) | (7 << 76) | (2 << 62) | (random.u128(..) >> 66));
        let (mut history, mut teams) = (Vec::new(), Vec::new());
        let mut found = |history: &mut Vec<Vec<Past>>, name: String, code: String, parent| {
            let (organisation, kind) = (OrganisationId(id()), OrganisationKind::Group);
            let profile = Profile { kind, name, area: area(code), parent, credit_code: None };
            history.push(vec![past::<Organisation>(organisation.0, 1, &OrganisationEvent::OrganisationFounded { profile })]);
            organisation
        };
        let federation = found(&mut history, "香洲区义工联合会".to_owned(), "440402".to_owned(), None);
        for street in 1..=STREETS {
            let code = format!("440402{street:03}");
            let hub = found(&mut history, format!("第{street}街道志愿服务中心"), code.clone(), Some(federation));
            for team in 1..=TEAMS / STREETS {
                let code = format!("{code}{team:03}");
                let line = [found(&mut history, format!("第{street}街道第{team}巡河队"), code.clone(), Some(hub)), hub, federation];
                teams.push(Team { line, area: area(code), coordinator: AccountId(Uuid::nil()), members: Vec::new() });
            }
        }
        let mut random = fastrand::Rng::with_seed(7);
        let mut id = move || Uuid::from_u128((0x0190_b1f1_0000_u128 << 80) | (7 << 76) | (2 << 62) | (random.u128(..) >> 66));
        for n in 0..VOLUNTEERS {
            let person = PersonId(id());
            let volunteer = volunteer_of(person);
            let team = &mut teams[n % TEAMS];
            let mut events = registered(person, volunteer, team, n as u64);
            // The first of each team coordinates it, and is nobody's member to be logged for.
            if team.coordinator.0.is_nil() {
                team.coordinator = account_of(person);
                let grant = Grant { role: Role::Coordinator, scope: Scope::Organisation(team.line[0]) };
                events.push(past::<Account>(team.coordinator.0, 1, &AccountEvent::AccountOpened { person, proven: true }));
                events.push(past::<Account>(team.coordinator.0, 2, &AccountEvent::RoleGranted { grant, by: None }));
            } else {
                team.members.push((person, volunteer));
            }
            for nth in 0..RECORDS_EACH {
                let record = RecordId(id());
                let started = moment("2019-06-01T01:00:00Z") + TimeDelta::days(nth * 7);
                let log = ServiceLedgerEvent::ServiceLogged {
                    record,
                    setting: setting(team),
                    served: served(started, started + TimeDelta::hours(2)),
                    evidence: Evidence::Declared,
                    source: Source::Coordinator,
                    content: Some(sealed(person, CONTENT.len())),
                };
                let version = u64::try_from(nth).unwrap_or(0) * 2 + 1;
                events.push(past::<ServiceLedger>(volunteer.0, version, &log));
                let confirm = ServiceLedgerEvent::ServiceConfirmed { record, level: Level::Parent };
                events.push(past::<ServiceLedger>(volunteer.0, version + 1, &confirm));
            }
            history.push(events);
        }
        Self { past: history, teams }
    }

    /// The `nth` command: the first [`VOLUNTEERS`] are each volunteer's once, so that whoever keeps anything has met
    /// everybody; whose the others are looks random. When the service was is nobody else's time.
    pub fn task(&self, nth: u64) -> Task<'_> {
        let mut random = fastrand::Rng::with_seed(nth.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (teams, at) = (self.teams.len(), usize::try_from(nth).unwrap_or(usize::MAX));
        let (team, member) = if at < VOLUNTEERS { (at % teams, at / teams) } else { (random.usize(..teams), random.usize(..)) };
        let team = &self.teams[team];
        let (_, volunteer) = team.members[member % team.members.len()];
        let started = moment("2020-01-01T00:00:00Z") + TimeDelta::minutes(15 * i64::try_from(nth).unwrap_or(0));
        Task { team, volunteer, started, ended: started + TimeDelta::minutes(15) }
    }
}

fn registered(person: PersonId, volunteer: VolunteerId, team: &Team, n: u64) -> Vec<Past> {
    let taken_in = PersonEvent::PersonRegistered {
        name: sealed(person, 9),
        id_number: sealed(person, 18),
        document: None,
        phone: sealed(person, 11),
        birth_date: sealed(person, 10),
        home_area: team.area.clone(),
    };
    let registered = VolunteerEvent::VolunteerRegistered {
        person,
        number: volunteer_number(n),
        registered_on: moment("2019-05-01T00:00:00Z").date_naive(),
        home_area: team.area.clone(),
        skills: [Skill::FirstAid, Skill::Driving].into(),
        consents: Consents::default(),
    };
    let organisation = team.line[0];
    let joined = MembershipEvent::OrganisationJoined { organisation, volunteer };
    vec![
        past::<Person>(person.0, 1, &taken_in),
        past::<Volunteer>(volunteer.0, 1, &registered),
        past::<Membership>(membership_stream(organisation, volunteer), 1, &joined),
    ]
}

fn setting(team: &Team) -> Setting {
    Setting { organisation: team.line[0], activity: None, area: team.area.clone() }
}

fn served(started: DateTime<Utc>, ended: DateTime<Utc>) -> Served {
    let minutes = Minutes::between(started, ended).unwrap_or_default();
    Served { started, ended, minutes, day: started.date_naive(), category: CATEGORY }
}

impl Task<'_> {
    /// The membership's stream.
    pub fn membership(&self) -> Uuid {
        membership_stream(self.team.line[0], self.volunteer)
    }

    /// Asks what `app` asks, and says what the ledger is to decide. The text is sealed already.
    pub fn ask(&self, loaded: &Loaded<'_>) -> ServiceLedgerCommand {
        let person = loaded.account.require_open().expect("an open account");
        let grants = loaded.account.grants.iter().cloned().collect();
        let (account, volunteer, session) = (self.team.coordinator, Some(volunteer_of(person)), Session::default());
        let actor = Actor::Account { account, person, volunteer, grants, proven: true, session };
        let mut organisations = Vec::new();
        for (id, organisation) in self.team.line.iter().zip(loaded.line) {
            organisation.require_working().expect("a working organisation");
            organisations.push(*id);
        }
        let served_by = loaded.volunteer.require_active().expect("an active volunteer");
        let subject = Subject { area: Some(self.team.area.clone()), organisations, person: Some(served_by) };
        LOG_SERVICE.may(&actor, &subject).expect("a coordinator may");
        loaded.membership.require_member().expect("a member");
        ServiceLedgerCommand::Log {
            record: RecordId(Uuid::now_v7()),
            setting: setting(self.team),
            served: served(self.started, self.ended),
            evidence: Evidence::Declared,
            source: Source::Coordinator,
            content: Some(sealed(served_by, CONTENT.len())),
            now: today(),
        }
    }
}
