//! A district's year in the log, appended in bulk: the forms of the events, the order of things and the sealing are the
//! platform's own, but no rule was asked (`decide` is bypassed) and many events share one commit.
//!
//! - The same seed gives the same ids, so a kept folder can be asked about its people again.
//! - No two records of a volunteer overlap, and nobody serves longer than the rules let one coordinator confirm.

use std::{
    collections::{BTreeSet, HashMap},
    io::IsTerminal,
    path::Path,
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use esrs::Aggregate;
use gongyi_app::processes::{AttendanceToLedger, DestroyErasedKeys, Process};
use gongyi_domain::{
    access::{
        claim::{Claim, ClaimEvent, Purpose},
        person::{Person, PersonEvent},
    },
    event::DomainEvent,
    values::{ActivityId, AreaCode, AttendanceId, Minutes, OrganisationId, PersonId, RecordId, Sealed, ShiftId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityEvent},
        activity_details::{Details, Shift},
        attendance::Witness,
        category::Category,
        membership::{Membership, MembershipEvent, membership_stream},
        organisation::{Organisation, OrganisationEvent, OrganisationKind, Profile},
        service_ledger::{ServiceLedger, ServiceLedgerEvent},
        service_record::{Evidence, Level, Served, Setting, Source},
        skill::Skill,
        volunteer::{Consents, Volunteer, VolunteerEvent, volunteer_number, volunteer_of},
    },
};
use gongyi_eventlog::{Commit, Log, Metadata, NewEvent, SqliteLog, SqliteSettings, StreamId};
use gongyi_tests::{people::id_number, shared_data};
use gongyi_vault::{Checkpoint, KeyEncryptionKey, KeyRing, SealedFor, VAULT_FILE, Vault};
use uuid::Uuid;

/// Volunteers, each a person with sealed data and a membership.
pub const VOLUNTEERS: u64 = 25_000;
/// Organisations beside the imported teams.
pub const ORGANISATIONS: u64 = 430;
const DAYS: u64 = 365;
const ACTIVITIES_A_DAY: u64 = 16;
const PLACES: u64 = 16;
/// Days from publishing an activity to its day, and from a declared service to its confirmation.
const NOTICE_DAYS: u64 = 7;
const REGISTERED_AT_ONCE: u64 = 500;
const COORDINATOR: &str = "account:0190b1f0-0000-7000-8000-000000000001";
/// 1 January 2025 in milliseconds: where the time in made-up ids begins.
const IDS_BEGIN_MILLIS: u128 = 1_735_689_600_000;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// splitmix64: the same bits every time.
fn bits(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The `n`th id of a kind, in the form of UUIDv7: time first, then random bits.
fn id(kind: u64, n: u64) -> Uuid {
    let time = (IDS_BEGIN_MILLIS + u128::from(n)) << 80;
    Uuid::from_u128(time | (7 << 76) | u128::from(bits(kind << 32 | n) & 0xFFF) << 64 | (2 << 62) | u128::from(bits(n << 8 | kind) >> 2))
}

fn person(n: u64) -> PersonId {
    PersonId(id(1, n))
}

/// The `n`th volunteer.
pub fn volunteer(n: u64) -> VolunteerId {
    volunteer_of(person(n))
}

/// The organisation that the `n`th volunteer is a member of.
pub fn organisation_of(n: u64) -> OrganisationId {
    OrganisationId(id(2, n % ORGANISATIONS))
}

struct Filling<'a> {
    log: &'a SqliteLog,
    versions: HashMap<StreamId, u64>,
    expectations: HashMap<StreamId, u64>,
    events: Vec<(StreamId, NewEvent)>,
    /// Events in the log, with those gathered.
    count: u64,
    areas: Vec<AreaCode>,
    first_day: NaiveDate,
}

impl Filling<'_> {
    fn add<A: Aggregate>(&mut self, id: impl Into<Uuid>, event: &A::Event) -> Fallible<()>
    where
        A::Event: DomainEvent,
    {
        let stream = StreamId::of::<A>(id);
        let version = self.versions.entry(stream.clone()).or_default();
        self.expectations.entry(stream.clone()).or_insert(*version);
        *version += 1;
        self.events.push((stream, NewEvent::of(event)?));
        self.count += 1;
        Ok(())
    }

    async fn commit(&mut self, actor: &str, recorded_at: DateTime<Utc>) -> Fallible<()> {
        let command_id = Uuid::now_v7();
        let metadata = Metadata { actor: actor.to_owned(), command_id, correlation: command_id, causation: None, recorded_at };
        let expectations = self.expectations.drain().collect();
        let events = std::mem::take(&mut self.events);
        self.log.append(Commit { metadata, command_digest: [0; 32], answer: "null".to_owned(), expectations, events }).await?;
        if std::io::stderr().is_terminal() {
            eprint!("\r{} events", self.count);
        }
        Ok(())
    }

    fn area(&self, n: u64) -> AreaCode {
        self.areas[n as usize % self.areas.len()].clone()
    }

    fn date(&self, day: u64) -> NaiveDate {
        self.first_day + Days::new(day)
    }

    /// A time of a day, by the clock of China.
    fn at(&self, day: u64, hour: u32, minute: u32) -> DateTime<Utc> {
        self.date(day).and_hms_opt(hour, minute, 0).unwrap().and_utc() - TimeDelta::hours(8)
    }

    async fn organisations(&mut self, vault: &Vault) -> Fallible<()> {
        for n in 0..ORGANISATIONS {
            let organisation = organisation_of(n);
            let name = format!("第{n}义工小组");
            let claim = vault.former_claim_id(Purpose::OrganisationName.label(), &name);
            self.add::<Claim>(claim, &ClaimEvent::Claimed { purpose: Purpose::OrganisationName, holder: organisation.0 })?;
            let profile = Profile { kind: OrganisationKind::Group, name, area: self.area(n), parent: None, credit_code: None };
            self.add::<Organisation>(organisation, &OrganisationEvent::OrganisationFounded { profile })?;
        }
        self.commit("operator:operator", self.at(0, 8, 0)).await
    }

    async fn volunteers(&mut self, vault: &Vault) -> Fallible<()> {
        for first in (0..VOLUNTEERS).step_by(REGISTERED_AT_ONCE as usize) {
            let group = first..(first + REGISTERED_AT_ONCE).min(VOLUNTEERS);
            let keys = vault.create_keys(&group.clone().map(person).collect::<Vec<_>>()).await?;
            for n in group {
                self.registration(vault, &keys, n)?;
            }
            self.commit("operator:operator", self.at(0, 8, 1)).await?;
        }
        Ok(())
    }

    fn registration(&mut self, vault: &Vault, keys: &KeyRing, n: u64) -> Fallible<()> {
        let (person, volunteer, organisation) = (person(n), volunteer(n), organisation_of(n));
        let birth = NaiveDate::from_ymd_opt(1950, 1, 2).unwrap() + Days::new(n * 37 % 17_989);
        let number = id_number(&birth.format("%Y%m%d").to_string(), u32::try_from(n % 1_000)?);
        let claim = vault.former_claim_id(Purpose::IdNumber.label(), &number);
        self.add::<Claim>(claim, &ClaimEvent::Claimed { purpose: Purpose::IdNumber, holder: person.0 })?;
        let key = keys.key(person).ok_or("a key was not made")?;
        let seal = |field, text: &str| {
            let place = SealedFor { stream_kind: Person::NAME, stream_id: person.0, event_type: "PersonRegistered", field };
            key.seal(person, &place, text)
        };
        let event = PersonEvent::PersonRegistered {
            document: None,
            name: seal("name", &format!("义工{n:05}")),
            id_number: seal("id_number", &number),
            phone: seal("phone", &format!("196{n:08}")),
            birth_date: seal("birth_date", &birth.to_string()),
            home_area: self.area(n),
        };
        self.add::<Person>(person, &event)?;
        let event = VolunteerEvent::VolunteerRegistered {
            person,
            number: volunteer_number(bits(n)),
            registered_on: self.first_day,
            home_area: self.area(n),
            skills: if n.is_multiple_of(5) { BTreeSet::from([Skill::FirstAid]) } else { BTreeSet::new() },
            consents: Consents::default(),
        };
        self.add::<Volunteer>(volunteer, &event)?;
        let event = MembershipEvent::OrganisationJoined { organisation, volunteer };
        self.add::<Membership>(membership_stream(organisation, volunteer), &event)
    }

    /// The activities of a day: `n` counts through the year.
    fn activities_of(day: u64) -> impl Iterator<Item = u64> {
        (0..ACTIVITIES_A_DAY).map(move |place| day * ACTIVITIES_A_DAY + place)
    }

    /// Who takes part in the `n`th activity: everybody in turn, so that nobody is twice at once.
    fn taking_part(n: u64) -> impl Iterator<Item = (u64, AttendanceId)> {
        (n * PLACES..(n + 1) * PLACES).map(|place| (place % VOLUNTEERS, AttendanceId(id(4, place))))
    }

    fn published(&mut self, day: u64) -> Fallible<()> {
        for n in Self::activities_of(day) {
            let (activity, shift) = (ActivityId(id(3, n)), ShiftId(id(5, n)));
            let (starts, ends) = (self.at(day, 14, 0), self.at(day, 16, 0));
            let details = Details {
                title: format!("第{n}次服务"),
                category: Category::ALL[n as usize % Category::ALL.len()],
                place: "社区广场".to_owned(),
                area: self.area(organisation_number(n)),
                shifts: vec![Shift { id: shift, starts, ends, capacity: PLACES as u32 }],
                minimum_age: 0,
                required_skills: BTreeSet::new(),
                risk: None,
                sign_up_opens: starts - TimeDelta::days(NOTICE_DAYS as i64 + 1),
                sign_up_closes: starts,
                withdrawal_minutes: Minutes(60),
            };
            let organisation = organisation_of(organisation_number(n));
            self.add::<Activity>(activity, &ActivityEvent::ActivityPublished { organisation, details })?;
            for (who, _) in Self::taking_part(n) {
                self.add::<Activity>(activity, &ActivityEvent::VolunteerSignedUp { shift, volunteer: volunteer(who) })?;
            }
        }
        Ok(())
    }

    fn attended(&mut self, day: u64) -> Fallible<()> {
        let date = self.date(day);
        for n in Self::activities_of(day) {
            let (activity, shift, witness) = (ActivityId(id(3, n)), ShiftId(id(5, n)), Witness::Coordinator);
            for (who, attendance) in Self::taking_part(n) {
                let (volunteer, at) = (volunteer(who), self.at(day, 14, 0));
                self.add::<Activity>(
                    activity,
                    &ActivityEvent::VolunteerCheckedIn { attendance, shift, volunteer, at, day: date, witness },
                )?;
            }
            for (who, attendance) in Self::taking_part(n) {
                let (volunteer, at) = (volunteer(who), self.at(day, 16, 0));
                self.add::<Activity>(activity, &ActivityEvent::VolunteerCheckedOut { attendance, volunteer, at, witness })?;
            }
            self.add::<Activity>(activity, &ActivityEvent::ActivityClosed {})?;
        }
        Ok(())
    }

    /// What the process that follows attendance logs of a day, under the same ids.
    fn attested(&mut self, day: u64) -> Fallible<Vec<(VolunteerId, RecordId)>> {
        let mut logged = vec![];
        for n in Self::activities_of(day) {
            for (who, attendance) in Self::taking_part(n) {
                let record = RecordId(Uuid::new_v5(&attendance.0, b"record"));
                let setting = Setting {
                    organisation: organisation_of(organisation_number(n)),
                    activity: Some(ActivityId(id(3, n))),
                    area: self.area(organisation_number(n)),
                };
                let served = self.served(day, (14, 0), 120, n);
                let event = ServiceLedgerEvent::ServiceLogged {
                    record,
                    setting,
                    served,
                    evidence: Evidence::Attested { attendance },
                    source: Source::Attendance,
                    content: None,
                };
                self.add::<ServiceLedger>(volunteer(who), &event)?;
                logged.push((volunteer(who), record));
            }
        }
        Ok(logged)
    }

    /// One service entered by hand, on a morning.
    fn declared(&mut self, day: u64, n: u64, who: u64, keys: &KeyRing) -> Fallible<(VolunteerId, RecordId)> {
        let (person, volunteer, record) = (person(who), volunteer(who), RecordId(id(6, n)));
        let place = SealedFor { stream_kind: ServiceLedger::NAME, stream_id: volunteer.0, event_type: "ServiceLogged", field: "content" };
        let seal = |text: &str| -> Fallible<Sealed> { Ok(keys.key(person).ok_or("a key is missing")?.seal(person, &place, text)) };
        let content = if n.is_multiple_of(4) { Some(seal("清理河道、分发资料")?) } else { None };
        let setting = Setting { organisation: organisation_of(who), activity: None, area: self.area(who % ORGANISATIONS) };
        let minutes = 30 + 30 * u32::try_from(bits(n) % 5)?;
        let served = self.served(day, (9, 0), minutes, n);
        let (evidence, source) = (Evidence::Declared, Source::Volunteer);
        let event = ServiceLedgerEvent::ServiceLogged { record, setting, served, evidence, source, content };
        self.add::<ServiceLedger>(volunteer, &event)?;
        Ok((volunteer, record))
    }

    fn served(&self, day: u64, (hour, minute): (u32, u32), minutes: u32, n: u64) -> Served {
        let started = self.at(day, hour, minute);
        Served {
            started,
            ended: started + TimeDelta::minutes(i64::from(minutes)),
            minutes: Minutes(minutes),
            day: self.date(day),
            category: Category::ALL[bits(n) as usize % Category::ALL.len()],
        }
    }

    /// The year, to `events` events in the log.
    async fn year(&mut self, vault: &Vault, events: u64) -> Fallible<()> {
        let keys = vault.keys(&(0..VOLUNTEERS).map(person).collect::<Vec<_>>()).await?;
        // Each activity is published once, each place gives five events and a confirmation, and there is a close.
        let of_activities = DAYS * ACTIVITIES_A_DAY * (PLACES * 5 + 2);
        let left = events.checked_sub(self.count + of_activities).ok_or("too few events for this district")?;
        let declared_a_day = left / DAYS / 2;
        let mut last_day = vec![u64::MAX; VOLUNTEERS as usize];
        let (mut nth, mut waiting) = (0, HashMap::<u64, Vec<(VolunteerId, RecordId)>>::new());
        for day in 0..DAYS {
            if day == 0 {
                for early in 0..NOTICE_DAYS {
                    self.published(early)?;
                }
            }
            if day + NOTICE_DAYS < DAYS {
                self.published(day + NOTICE_DAYS)?;
            }
            self.attended(day)?;
            self.commit(COORDINATOR, self.at(day, 16, 30)).await?;
            let mut logged = self.attested(day)?;
            self.commit("process:attendance-to-ledger", self.at(day, 16, 31)).await?;
            for _ in 0..declared_a_day {
                let who = some_volunteer(nth, day, &mut last_day);
                logged.push(self.declared(day, nth, who, &keys)?);
                nth += 1;
            }
            waiting.insert(day, logged);
            let due = day.checked_sub(NOTICE_DAYS).and_then(|day| waiting.remove(&day)).unwrap_or_default();
            for (volunteer, record) in due {
                self.add::<ServiceLedger>(volunteer, &ServiceLedgerEvent::ServiceConfirmed { record, level: Level::Organisation })?;
            }
            self.commit(COORDINATOR, self.at(day, 18, 0)).await?;
        }
        // The last week waits for its confirmations; the rest is logged on the last evening.
        while self.count < events {
            let who = some_volunteer(nth, DAYS - 1, &mut last_day);
            self.declared(DAYS - 1, nth, who, &keys)?;
            nth += 1;
        }
        self.commit(COORDINATOR, self.at(DAYS - 1, 20, 0)).await
    }
}

/// The organisation of the `n`th activity.
fn organisation_number(n: u64) -> u64 {
    bits(n) % ORGANISATIONS
}

/// A volunteer who has declared nothing for this day yet; the busy ones come often, the others seldom.
fn some_volunteer(nth: u64, day: u64, last_day: &mut [u64]) -> u64 {
    let chance = bits(nth ^ 0x00AB_CDEF) % VOLUNTEERS;
    let mut who = chance * chance / VOLUNTEERS;
    while last_day[who as usize] == day {
        who = (who + 1) % VOLUNTEERS;
    }
    last_day[who as usize] = day;
    who
}

/// Fills a folder that knows areas and teams, up to `events` events in all, ending the day before `today`.
///
/// # Errors
/// Anything that goes wrong; the folder is of no use then.
pub async fn fill(folder: &Path, events: u64, today: NaiveDate) -> Fallible<Duration> {
    let began = std::time::Instant::now();
    let log = SqliteLog::open(folder.join("log.db"), SqliteSettings::default()).await?;
    let vault = Vault::open(folder.join(VAULT_FILE), KeyEncryptionKey::load_or_create(folder, None)?.0).await?;
    let listed = std::fs::read_to_string(shared_data("areas-440402.csv"))?;
    let communities = listed.lines().filter_map(|line| line.split(',').next().filter(|code| code.len() == 12));
    let areas = communities.map(str::parse).collect::<Result<_, _>>()?;
    let count = log.head().await?.position;
    let first_day = today - Days::new(DAYS);
    let (versions, expectations, gathered) = (HashMap::new(), HashMap::new(), vec![]);
    let mut filling = Filling { log: &log, versions, expectations, events: gathered, count, areas, first_day };
    filling.organisations(&vault).await?;
    filling.volunteers(&vault).await?;
    filling.year(&vault, events).await?;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    // What the processes would do was done above.
    let head = log.head().await?;
    for process in [AttendanceToLedger::NAME, DestroyErasedKeys::NAME] {
        vault.save_checkpoint(process, &Checkpoint { token: head.to_string(), position: head.position }).await?;
    }
    vault.close().await;
    log.close().await;
    Ok(began.elapsed())
}
