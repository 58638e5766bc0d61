//! Random but valid histories: random wishes, decided by the domain's own rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, TimeDelta};
use esrs::Aggregate;
use gongyi_domain::{
    access::{
        account::{Account, AccountCommand, account_of},
        area::{Area, AreaCommand, area_stream},
        authority::{Grant, Role, Scope},
        person::{Identity, Person, PersonCommand, PersonCorrection},
    },
    event::DomainEvent,
    values::{ActivityId, AreaCode, AttendanceId, Instant, Minutes, OrganisationId, PersonId, RecordId, ShiftId, VolunteerId},
    volunteering::{
        activity::{Activity, ActivityCommand, Witness},
        activity_details::{Details, Shift},
        category::Category,
        membership::{Membership, MembershipCommand, membership_stream},
        organisation::{Organisation, OrganisationCommand, OrganisationKind, Profile},
        service_ledger::{Approver, ServiceLedger, ServiceLedgerCommand},
        service_record::{Evidence, Level, Served, ServicePhase, Setting, Source},
        skill::Skill,
        star_scheme::{Counts, StarScheme, StarSchemeCommand, star_scheme_stream},
        volunteer::{Consents, Volunteer, VolunteerCommand, volunteer_number, volunteer_of},
    },
};
use uuid::Uuid;

use super::{Platform, councils::Councils, deliberation::Deliberation, meetings::Meetings, polls::Polls, projects::Projects, seal};

/// The states of one kind of aggregate.
#[derive(Default)]
pub struct States<S>(pub HashMap<Uuid, S>);

/// A history in the making.
pub struct Story {
    areas: States<Area>,
    persons: States<Person>,
    accounts: States<Account>,
    organisations: States<Organisation>,
    memberships: States<Membership>,
    volunteers: States<Volunteer>,
    activities: States<Activity>,
    stars: States<StarScheme>,
    polls: Polls,
    pub ledgers: BTreeMap<Uuid, ServiceLedger>,
    councils: Councils,
    deliberation: Deliberation,
    meetings: Meetings,
    projects: Projects,
    serial: u128,
}

const AREAS: [&str; 5] = ["440402", "440402001", "440402001001", "440402002", "440402002003"];

fn pick<T: Clone>(from: &[T], by: u32) -> T {
    from[by as usize % from.len()].clone()
}

pub fn person(n: u32) -> PersonId {
    PersonId(Uuid::from_u128(0x1000 + u128::from(n % 6)))
}
pub fn volunteer(n: u32) -> VolunteerId {
    volunteer_of(person(n))
}
fn organisation(n: u32) -> OrganisationId {
    OrganisationId(Uuid::from_u128(0x2000 + u128::from(n % 4)))
}
fn activity(n: u32) -> ActivityId {
    ActivityId(Uuid::from_u128(0x3000 + u128::from(n % 3)))
}
fn area(n: u32) -> AreaCode {
    pick(&AREAS, n).parse().unwrap()
}

impl Story {
    pub fn new() -> Self {
        Self {
            areas: States::default(),
            persons: States::default(),
            accounts: States::default(),
            organisations: States::default(),
            memberships: States::default(),
            volunteers: States::default(),
            activities: States::default(),
            stars: States::default(),
            polls: Polls::default(),
            ledgers: BTreeMap::new(),
            councils: Councils::default(),
            deliberation: Deliberation::default(),
            meetings: Meetings::default(),
            projects: Projects::default(),
            serial: 0x9000,
        }
    }

    fn next(&mut self) -> Uuid {
        self.serial += 1;
        Uuid::from_u128(self.serial)
    }

    /// Something may happen: `what` says what, `a` and `b` to whom and how.
    pub async fn wish(&mut self, platform: &mut Platform, what: u8, a: u32, b: u32) {
        let now = platform.now;
        let who = volunteer(a);
        if what >= 236 {
            return self.projects.wish(platform, a, b).await;
        }
        if what >= 216 {
            return self.councils.wish(platform, what, a, b).await;
        }
        if what >= 176 {
            return self.polls.wish(platform, a, b).await;
        }
        if what >= 136 {
            return self.meetings.wish(platform, a, b).await;
        }
        match what % 32 {
            0 if b.is_multiple_of(3) => {
                let district = area(a).district().expect("all areas of the story lie in a district");
                let (thresholds, counts) = (vec![Minutes(1 + b % 600)], pick(&[Counts::Attested, Counts::AttestedAndDeclared], b));
                let stream = star_scheme_stream(&district);
                self.stars.act::<StarScheme>(platform, stream, StarSchemeCommand::Set { district, thresholds, counts }).await;
            }
            0 => {
                let code = area(a);
                let command = AreaCommand::List { code: code.clone(), name: format!("{code} {}", b % 2) };
                self.areas.act::<Area>(platform, area_stream(&code), command).await;
            }
            1 | 2 => self.register(platform, a, b).await,
            3 => {
                let of = person(a);
                let text = |field| seal(of, "PersonCorrected", field, &format!("{field} {b}"));
                let correction = PersonCorrection {
                    name: (b.is_multiple_of(2)).then(|| text("name")),
                    phone: (b.is_multiple_of(3)).then(|| text("phone")),
                    home_area: (b.is_multiple_of(5)).then(|| area(b)),
                    reason: Some(text("reason")),
                    ..PersonCorrection::default()
                };
                self.persons.act::<Person>(platform, of.0, PersonCommand::Correct(correction)).await;
            }
            4 if b.is_multiple_of(3) => {
                if self.persons.act::<Person>(platform, person(a).0, PersonCommand::Erase).await {
                    platform.vault.destroyed.lock().unwrap().insert(person(a));
                    self.volunteers.act::<Volunteer>(platform, who.0, VolunteerCommand::Erase).await;
                }
            }
            4 | 5 => {
                let account = account_of(person(a)).0;
                let scopes = [Scope::Everywhere, Scope::Area(area(b)), Scope::Organisation(organisation(b))];
                let grant = Grant { role: pick(&Role::ALL, b), scope: pick(&scopes, b) };
                let command = match b % 5 {
                    0 => AccountCommand::Open { person: person(a), by_owner: b.is_multiple_of(2) },
                    1 => AccountCommand::Revoke(grant),
                    2 => AccountCommand::Grant { grant, by: None },
                    3 => AccountCommand::IssueCode,
                    _ if a.is_multiple_of(3) => AccountCommand::Close,
                    _ => AccountCommand::Open { person: person(a), by_owner: true },
                };
                self.accounts.act::<Account>(platform, account, command).await;
            }
            6 => {
                let of = person(a);
                let command = match b % 5 {
                    0 => VolunteerCommand::Suspend(seal(of, "VolunteerSuspended", "reason", "late")),
                    1 => VolunteerCommand::Reinstate(seal(of, "VolunteerReinstated", "reason", "back")),
                    2 if a.is_multiple_of(4) => VolunteerCommand::Withdraw(None),
                    3 => VolunteerCommand::Return {
                        birth_date: NaiveDate::from_ymd_opt(1980, 1, 1).unwrap(),
                        today: now.date_naive(),
                        home_area: area(b),
                        skills: BTreeSet::from([pick(Skill::ALL, b)]),
                        consents: Consents { guardian: b.is_multiple_of(2), separate: false },
                    },
                    _ => VolunteerCommand::Correct { home_area: Some(area(b)), skills: Some(BTreeSet::from([pick(Skill::ALL, b)])) },
                };
                self.volunteers.act::<Volunteer>(platform, who.0, command).await;
            }
            7 | 8 => {
                let id = organisation(a);
                let kind = pick(&OrganisationKind::ALL, a);
                let profile = Profile {
                    kind,
                    name: format!("org {}", b % 7),
                    area: area(b),
                    parent: (b.is_multiple_of(3)).then(|| organisation(b)),
                    credit_code: None,
                };
                let command = match b % 6 {
                    0..3 => OrganisationCommand::Found { profile, above: vec![] },
                    3 if a.is_multiple_of(5) => OrganisationCommand::Dissolve,
                    _ => OrganisationCommand::Amend { id, profile, above: vec![] },
                };
                self.organisations.act::<Organisation>(platform, id.0, command).await;
            }
            9 | 10 => {
                let organisation = organisation(b);
                let known = self.organisations.0.contains_key(&organisation.0);
                let command = match a % 3 {
                    0 => MembershipCommand::Leave { organisation, volunteer: who },
                    _ => MembershipCommand::Join { organisation, volunteer: who },
                };
                if known {
                    self.memberships.act::<Membership>(platform, membership_stream(organisation, who), command).await;
                }
            }
            11..16 => self.activity(platform, what, a, b, now).await,
            16..24 => self.service(platform, a, b, now).await,
            _ => self.deliberation.wish(platform, a, b).await,
        }
    }

    async fn register(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let of = person(a);
        let text = |field, text: &str| seal(of, "PersonRegistered", field, text);
        let command = PersonCommand::Register {
            name: text("name", &format!("name {b}")),
            identity: Identity {
                id_number: text("id_number", &format!("id {b}")),
                document: b.is_multiple_of(2).then(|| text("document", "passport PHL")),
                birth_date: text("birth_date", "1980-01-01"),
            },
            phone: text("phone", &format!("13{b}")),
            home_area: area(b),
        };
        if self.persons.act::<Person>(platform, of.0, command).await {
            let day = platform.now.date_naive();
            let command = VolunteerCommand::Register {
                person: of,
                number: volunteer_number(u64::from(a)),
                birth_date: NaiveDate::from_ymd_opt(1980, 1, 1).unwrap(),
                registered_on: day,
                today: day,
                home_area: area(b),
                skills: BTreeSet::new(),
                consents: Consents::default(),
            };
            self.volunteers.act::<Volunteer>(platform, volunteer_of(of).0, command).await;
        }
    }

    async fn activity(&mut self, platform: &mut Platform, what: u8, a: u32, b: u32, now: Instant) {
        let id = activity(b);
        let shift = |n: u32| ShiftId(Uuid::from_u128(0x4000 + id.0.as_u128() * 16 + u128::from(n % 3)));
        let starts = |n: u32| now + TimeDelta::minutes(10 + i64::from(n % 40));
        let shifts =
            (0..=a % 3).map(|n| Shift { id: shift(n), starts: starts(n), ends: starts(n) + TimeDelta::hours(9), capacity: 1 + b % 2 });
        let details = Details {
            title: format!("activity {}", b % 9),
            category: pick(Category::ALL, b),
            place: "here".to_owned(),
            area: area(b),
            shifts: shifts.collect(),
            minimum_age: 0,
            required_skills: BTreeSet::new(),
            risk: None,
            sign_up_opens: now - TimeDelta::days(1),
            sign_up_closes: now + TimeDelta::days(1),
            withdrawal_minutes: Minutes(0),
        };
        let (who, shift, attendance) = (volunteer(a), shift(a / 7), AttendanceId(self.next()));
        let (day, witness, unqualified) = (now.date_naive(), Witness::Coordinator, 0);
        let waiting = self.activities.0.get(&id.0).map_or_else(Vec::new, |it| it.signed_up().collect());
        let command = match (what, a % 8) {
            (11, _) => ActivityCommand::Publish { organisation: organisation(b), details, now },
            (12, 0..5) => ActivityCommand::Amend { details, fit: waiting.into_iter().collect(), unqualified, now },
            (12, 5) => ActivityCommand::Cancel { reason: "rain".to_owned(), elsewhere: BTreeMap::new(), now },
            (12, _) => ActivityCommand::Close { now },
            (13, _) => ActivityCommand::SignUp { shift, volunteer: who, age: 40, skills: BTreeSet::new(), now },
            (14, 0..4) => {
                let fit = waiting.into_iter().map(|(_, who)| who).collect();
                ActivityCommand::Withdraw { shift, volunteer: who, fit, now, by_coordinator: true }
            }
            (14, _) => ActivityCommand::CheckOut { volunteer: who, at: now, now, witness },
            _ => ActivityCommand::CheckIn { attendance, shift, volunteer: who, at: now, day, now, witness, walk_in: None },
        };
        self.activities.act::<Activity>(platform, id.0, command).await;
    }

    async fn service(&mut self, platform: &mut Platform, a: u32, b: u32, now: Instant) {
        let who = volunteer(a);
        let of = person(a);
        let ledger = self.ledgers.entry(who.0).or_default();
        let known: Vec<RecordId> = ledger.records.keys().copied().collect();
        let started = now - TimeDelta::minutes(60 + i64::from(b % 200_000));
        let served = |length: u32| {
            let ended = started + TimeDelta::minutes(i64::from(1 + length % 50));
            let minutes = Minutes::between(started, ended).unwrap();
            Served { started, ended, minutes, day: started.date_naive(), category: pick(Category::ALL, b) }
        };
        let by = Approver { is_the_volunteer: false, level: Level::District };
        let reason = |event: &str| seal(of, event, "reason", &format!("because {b}"));
        let command = if known.is_empty() || a.is_multiple_of(3) {
            let attendance = AttendanceId(Uuid::from_u128(7));
            ServiceLedgerCommand::Log {
                record: RecordId(Uuid::from_u128(self.serial + 0x1_0000)),
                setting: Setting { organisation: organisation(b), activity: (b.is_multiple_of(2)).then(|| activity(b)), area: area(b / 3) },
                served: served(b),
                evidence: if b.is_multiple_of(2) { Evidence::Attested { attendance } } else { Evidence::Declared },
                source: Source::Coordinator,
                content: (b.is_multiple_of(3)).then(|| seal(of, "ServiceLogged", "content", &format!("did {b}"))),
                now,
            }
        } else {
            let record = pick(&known, b);
            match a % 11 {
                0 | 1 => ServiceLedgerCommand::Reject { record, by, reason: Some(reason("ServiceRejected")) },
                2 | 3 => ServiceLedgerCommand::Dispute { record, reason: reason("ServiceDisputed") },
                4 => ServiceLedgerCommand::Void { record, by, reason: Some(reason("ServiceVoided")) },
                5 | 6 => ServiceLedgerCommand::Correct { record, served: served(a), by, reason: Some(reason("ServiceCorrected")), now },
                _ => ServiceLedgerCommand::Confirm { record, by },
            }
        };
        self.serial += 1;
        let Ok(events) = ServiceLedger::handle_command(ledger, command) else { return };
        let state = std::mem::take(ledger);
        *ledger = events.iter().cloned().fold(state, ServiceLedger::apply_event);
        platform.append::<ServiceLedger>(who.0, &events).await;
    }

    /// Attested and declared minutes and records that count now, as the ledgers have them.
    pub fn counted(&self, fits: impl Fn(Uuid, &Setting, &Served) -> bool) -> (i64, i64, i64) {
        let mut sums = (0, 0, 0);
        for (volunteer, ledger) in &self.ledgers {
            for record in ledger.records.values() {
                if record.phase == ServicePhase::Confirmed && fits(*volunteer, &record.setting, &record.served) {
                    let minutes = i64::from(record.served.minutes.0);
                    match record.evidence {
                        Evidence::Attested { .. } => sums.0 += minutes,
                        Evidence::Declared => sums.1 += minutes,
                    }
                    sums.2 += 1;
                }
            }
        }
        sums
    }
}

impl<S: Default + Clone + Send> States<S> {
    /// Whether the command was accepted and did something.
    pub async fn act<A: Aggregate<State = S>>(&mut self, platform: &mut Platform, id: Uuid, command: A::Command) -> bool
    where
        A::Event: DomainEvent,
    {
        let state = self.0.get(&id).cloned().unwrap_or_default();
        let Ok(events) = A::handle_command(&state, command) else { return false };
        if events.is_empty() {
            return false;
        }
        self.0.insert(id, events.iter().cloned().fold(state, A::apply_event));
        platform.append::<A>(id, &events).await;
        true
    }
}
