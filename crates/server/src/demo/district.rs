//! A year in the life of an invented district, day by day.

use std::collections::BTreeSet;

use chrono::{Days, NaiveTime, TimeZone};
use futures::{StreamExt, TryStreamExt, stream};
use gongyi_app::{
    App, Command, Rejection, Request,
    access::accounts::{GrantRole, OpenAccount},
    clock::day_of,
    processes::AttendanceToLedger,
    volunteering::{
        activities::{ActivityDraft, PublishActivity, ShiftDraft},
        attendance::{CheckIn, CheckOut},
        organisations::FoundOrganisation,
        services::{ConfirmService, CorrectService, DisputeService, LogService, RejectService},
        sign_ups::SignUp,
        volunteers::RegisterVolunteer,
    },
};
use gongyi_domain::{
    access::{
        account::account_of,
        authority::{Actor, Grant, Role, Scope},
    },
    values::{ActivityId, AreaCode, Day, Instant, Minutes, OrganisationId, PersonId, RecordId, ShiftId, VolunteerId},
    volunteering::{
        activity::Activity as PublishedActivity,
        activity_details::Risk,
        category::Category,
        organisation::OrganisationKind,
        service_ledger::{Record, ServiceLedger},
        service_record::Status,
        skill::Skill,
        volunteer::Consents,
    },
};

use super::{DEMO_PASSWORD, SIGN_INS, people};
use crate::{
    import::{self, Table},
    progress,
    settings::Content,
};

const SEED: u64 = 440_402;
const DAYS: u64 = 365;
const VOLUNTEERS: u32 = 3_000;
const TEAMS: usize = 12;
const GROUPS: usize = 30;
const STATIONS: usize = 30;
const ACTIVITY_EVERY_DAYS: u64 = 2;
const AT_ONCE: usize = 32;
const AREAS: &[u8] = include_bytes!("../../assets/areas-440402.csv");

const TITLES: &[(Category, &str, &str)] = &[
    (Category::RiverPatrol, "前山河巡河护河", "前山河水闸集合"),
    (Category::CivilTravel, "文明出行路口劝导", "迎宾路口"),
    (Category::CommunityService, "社区长者送餐", "社区长者饭堂"),
    (Category::Environment, "海滩净滩行动", "情侣路浪漫海岸"),
    (Category::EducationAid, "四点半课堂作业辅导", "社区儿童之家"),
    (Category::CultureAndArts, "社区书画班助教", "文化站二楼"),
    (Category::SafetyAndHealth, "免费量血压", "社区卫生服务中心"),
    (Category::DisabilitySupport, "残障人士出行陪伴", "康园中心"),
    (Category::RuleOfLawOutreach, "防诈骗宣传进小区", "小区东门"),
    (Category::PsychologicalSupport, "空巢老人探访", "居委会一楼"),
];

struct Organisation {
    id: OrganisationId,
    area: AreaCode,
}

struct Activity {
    id: ActivityId,
    day: Day,
    shifts: Vec<(ShiftId, Instant, Instant)>,
    signed_up: Vec<(usize, ShiftId)>,
}

struct District<'a> {
    app: &'a App,
    random: fastrand::Rng,
    areas: Vec<AreaCode>,
    organisations: Vec<Organisation>,
    volunteers: Vec<(PersonId, VolunteerId)>,
    activities: Vec<Activity>,
    records: Vec<(Day, VolunteerId, RecordId)>,
}

/// Fills an empty platform.
///
/// # Errors
/// Faults; refusals that the plan below did not mean.
pub async fn fill(app: &App) -> anyhow::Result<()> {
    let table = Table::read(AREAS, import::headings(Content::Areas))?;
    let silent = indicatif::ProgressBar::hidden();
    if let (_, Some(fault)) = import::import(app, Content::Areas, &table, &silent).await {
        return Err(fault.into());
    }
    let today = day_of(app.now(), app.zone());
    let first = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let communities = table.rows().map(|row| row.cell("code")).filter(|code| code.len() == 12 && &code[6..7] != "4");
    let mut district = District {
        app,
        random: fastrand::Rng::with_seed(SEED),
        areas: communities.filter_map(|code| code.parse().ok()).collect(),
        organisations: vec![],
        volunteers: vec![],
        activities: vec![],
        records: vec![],
    };
    let bar = progress::bar(DAYS, "demo: a year of service");
    district.found_organisations(first).await?;
    for n in 0..DAYS + 10 {
        let Some(day) = first.checked_add_days(Days::new(n)) else { break };
        district.live(day, today, n).await?;
        bar.inc(1);
    }
    district.give_roles(today).await?;
    bar.finish_and_clear();
    Ok(())
}

fn as_role(role: Role) -> Actor {
    Actor::Operator(Grant { role, scope: Scope::Everywhere })
}

fn district_area() -> AreaCode {
    AreaCode::try_new("440402").unwrap_or_else(|_| unreachable!("six digits"))
}

/// The coordinator who keeps the demo's books.
fn coordinator() -> Actor {
    Actor::Operator(Grant { role: Role::Coordinator, scope: Scope::Area(district_area()) })
}

impl District<'_> {
    fn at(&self, day: Day, hour: u32, minute: u32) -> Instant {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        self.app.zone().from_local_datetime(&day.and_time(time)).earliest().map_or(self.app.now(), |at| at.to_utc())
    }

    fn request(&self, actor: Actor, now: Instant) -> Request {
        Request { now, ..self.app.request(actor) }
    }

    async fn each<C: Command>(&self, actor: &Actor, now: Instant, commands: Vec<C>) -> Result<Vec<Option<C::Answer>>, Rejection> {
        let run = |command: C| async move {
            match self.app.submit(&self.request(actor.clone(), now), &command).await {
                Ok(done) => Ok(Some(done.answer)),
                // Two shifts at once, a full day: what happens in real life too.
                Err(Rejection::Refused(_)) => Ok(None),
                Err(other) => Err(other),
            }
        };
        stream::iter(commands).map(run).buffered(AT_ONCE).try_collect().await
    }

    async fn found_organisations(&mut self, first: Day) -> Result<(), Rejection> {
        let now = self.at(first, 8, 0);
        let operator = as_role(Role::Operator);
        let found = |kind, name: String, area: AreaCode, parent| FoundOrganisation { kind, name, area, parent };
        let federation = found(OrganisationKind::Federation, "香洲区义工联合会".into(), district_area(), None);
        let federation = self.app.submit(&self.request(operator.clone(), now), &federation).await?.answer;
        let area = |n: usize| self.areas[n % self.areas.len()].clone();
        let mut plan: Vec<FoundOrganisation> = (0..TEAMS)
            .map(|n| found(OrganisationKind::DirectTeam, format!("{}号志愿服务队", n + 1), area(n * 11), Some(federation)))
            .collect();
        plan.extend((0..GROUPS).map(|n| found(OrganisationKind::Group, format!("邻里服务{}组", n + 1), area(n * 5 + 2), Some(federation))));
        plan.extend(
            (0..STATIONS).map(|n| {
                found(OrganisationKind::CommunityStation, format!("第{}社区义工服务站", n + 1), area(n * 4 + 1), Some(federation))
            }),
        );
        let areas: Vec<AreaCode> = plan.iter().map(|it| it.area.clone()).collect();
        let ids = self.each(&operator, now, plan).await?;
        self.organisations = ids.into_iter().zip(areas).filter_map(|(id, area)| Some(Organisation { id: id?, area })).collect();
        Ok(())
    }

    /// One day: people register, activities are published and held, hours are logged and decided.
    async fn live(&mut self, day: Day, today: Day, n: u64) -> Result<(), Rejection> {
        if day <= today {
            self.register(day, n).await?;
        }
        if n.is_multiple_of(ACTIVITY_EVERY_DAYS) && n > 10 {
            self.publish(day, today).await?;
            self.sign_up(today).await?;
        }
        if day < today {
            self.attend(day).await?;
            self.log_by_hand(day).await?;
            self.app.catch_up(&AttendanceToLedger).await?;
            self.gather(day).await?;
            self.decide(day).await?;
        }
        Ok(())
    }

    async fn register(&mut self, day: Day, n: u64) -> Result<(), Rejection> {
        let had = self.volunteers.len() as u32;
        // Half of them at the beginning, the others over the year.
        let share = |n: u64| VOLUNTEERS / 2 + (u64::from(VOLUNTEERS / 2) * n / DAYS) as u32;
        let mut plan = vec![];
        for number in had..share(n).min(VOLUNTEERS) {
            // One day for all, so that no two have one ID number.
            let person = people::person(&mut self.random, number as usize, day.checked_sub_days(Days::new(n)).unwrap_or(day));
            let organisation = self.random.usize(..self.organisations.len());
            let organisation = if number < 5 { &self.organisations[0] } else { &self.organisations[organisation] };
            plan.push(RegisterVolunteer {
                name: person.name,
                id_number: person.id_number,
                phone: person.phone,
                home_area: organisation.area.clone(),
                organisation: Some(organisation.id),
                skills: if self.random.u8(..4) == 0 { BTreeSet::from([Skill::FirstAid]) } else { BTreeSet::new() },
                consents: Consents::default(),
                registered_on: Some(day),
                password: None,
            });
        }
        let registered = self.each(&as_role(Role::Operator), self.at(day, 9, 0), plan).await?;
        self.volunteers.extend(registered.into_iter().flatten().map(|it| (it.person, it.volunteer)));
        Ok(())
    }

    async fn publish(&mut self, day: Day, today: Day) -> Result<(), Rejection> {
        let published = day.checked_sub_days(Days::new(7)).unwrap_or(day).min(today);
        let now = if published == today { self.app.now() } else { self.at(published, 10, 0) };
        let organisation = self.random.usize(..self.organisations.len());
        let (id, area) = (self.organisations[organisation].id, self.organisations[organisation].area.clone());
        let (category, title, place) = TITLES[self.random.usize(..TITLES.len())];
        let hours = [(9, 11), (14, 17)];
        let capacity = self.random.u32(6..=20);
        let shift = |(from, to)| ShiftDraft { id: None, starts: self.at(day, from, 0), ends: self.at(day, to, 0), capacity };
        let risk =
            Risk { notice: "水边湿滑，请穿救生衣，听从带队安排".into(), insurance: "每人意外险二十万元".into() };
        let draft = ActivityDraft {
            title: title.into(),
            category,
            place: place.into(),
            area,
            shifts: hours.map(shift).into(),
            minimum_age: if category == Category::RiverPatrol { 18 } else { 14 },
            required_skills: BTreeSet::new(),
            risk: (category == Category::RiverPatrol).then_some(risk),
            sign_up_opens: now,
            sign_up_closes: self.at(day, 13, 0),
            withdrawal_minutes: Minutes(12 * 60),
        };
        let publish = PublishActivity { organisation: id, draft };
        let done = self.app.submit(&self.request(coordinator(), now), &publish).await?;
        let details = self.app.state::<PublishedActivity>(done.answer).await?.details;
        let shifts = details.map_or(vec![], |it| it.shifts.iter().map(|shift| (shift.id, shift.starts, shift.ends)).collect());
        self.activities.push(Activity { id: done.answer, day, shifts, signed_up: vec![] });
        Ok(())
    }

    async fn sign_up(&mut self, today: Day) -> Result<(), Rejection> {
        let Some(mut activity) = self.activities.pop() else { return Ok(()) };
        let before = activity.day.checked_sub_days(Days::new(5)).unwrap_or(activity.day).min(today);
        let now = if before == today { self.app.now() } else { self.at(before, 19, 0) };
        let wishes = self.random.usize(8..26);
        let mut plan = vec![];
        for _ in 0..wishes {
            let who = self.random.usize(..self.volunteers.len());
            let shift = activity.shifts[self.random.usize(..activity.shifts.len())].0;
            activity.signed_up.push((who, shift));
            plan.push(SignUp { activity: activity.id, shift, volunteer: self.volunteers[who].1 });
        }
        self.each(&coordinator(), now, plan).await?;
        self.activities.push(activity);
        Ok(())
    }

    async fn attend(&mut self, day: Day) -> Result<(), Rejection> {
        let held = self.activities.iter().filter(|it| it.day == day).map(|it| (it.id, it.shifts.clone(), it.signed_up.clone()));
        let held: Vec<_> = held.collect();
        for (activity, shifts, signed_up) in held {
            for (shift, starts, ends) in shifts {
                let here = signed_up.iter().filter(|it| it.1 == shift).map(|it| self.volunteers[it.0].1);
                let here: Vec<VolunteerId> = here.filter(|_| fastrand::Rng::with_seed(starts.timestamp() as u64).u8(..10) > 0).collect();
                let (begin, end) = (starts - chrono::Duration::minutes(5), ends - chrono::Duration::minutes(3));
                let arrive = here.iter().map(|volunteer| CheckIn { activity, shift, volunteer: *volunteer, at: None }).collect();
                self.each(&coordinator(), begin, arrive).await?;
                let leave = here.iter().map(|volunteer| CheckOut { activity, volunteer: *volunteer, at: None }).collect();
                self.each(&coordinator(), end, leave).await?;
            }
        }
        Ok(())
    }

    async fn log_by_hand(&mut self, day: Day) -> Result<(), Rejection> {
        let mut plan = vec![];
        for _ in 0..self.random.usize(3..9) {
            let who = self.random.usize(..self.volunteers.len());
            let organisation = self.organisations[self.random.usize(..self.organisations.len())].id;
            let category = Category::ALL[self.random.usize(..Category::ALL.len())];
            let (from, minutes) = (self.random.u32(7..18), self.random.i64(2..9) * 30);
            let started = self.at(day, from, 0);
            plan.push(LogService {
                volunteer: self.volunteers[who].1,
                organisation,
                activity: None,
                category,
                started,
                ended: started + chrono::Duration::minutes(minutes),
                content: Some("社区志愿服务".into()),
            });
        }
        let volunteers: Vec<_> = plan.iter().map(|it| it.volunteer).collect();
        let logged = self.each(&coordinator(), self.at(day, 23, 0), plan).await?;
        self.records.extend(logged.into_iter().zip(volunteers).filter_map(|(record, volunteer)| Some((day, volunteer, record?))));
        Ok(())
    }

    /// The records that attendance has brought today.
    async fn gather(&mut self, day: Day) -> Result<(), Rejection> {
        let mut who: Vec<VolunteerId> = vec![];
        for activity in self.activities.iter().filter(|it| it.day == day) {
            who.extend(activity.signed_up.iter().map(|it| self.volunteers[it.0].1));
        }
        who.sort_unstable();
        who.dedup();
        for volunteer in who {
            let ledger = self.app.state::<ServiceLedger>(volunteer).await?;
            let logged = ledger.records.into_iter().filter(|(_, it)| it.served.day == day && it.status == Status::Logged);
            self.records.extend(logged.map(|(record, _)| (day, volunteer, record)));
        }
        self.records.sort_unstable();
        self.records.dedup();
        Ok(())
    }

    /// What was logged two days ago is decided today: most confirmed, some rejected and disputed, some corrected. The
    /// last days' records still wait.
    async fn decide(&mut self, day: Day) -> Result<(), Rejection> {
        let now = self.at(day, 23, 30);
        let ripe = day.checked_sub_days(Days::new(2)).unwrap_or(day);
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.records).into_iter().partition(|it| it.0 <= ripe);
        self.records = waiting;
        let (mut confirm, mut reject, mut correct) = (vec![], vec![], vec![]);
        for (_, volunteer, record) in due {
            match self.random.u8(..100) {
                0..=2 => reject.push(RejectService { volunteer, record, reason: "签到表上没有此人".into() }),
                3..=4 => correct.push((volunteer, record)),
                _ => confirm.push(ConfirmService { volunteer, record }),
            }
        }
        self.each(&coordinator(), now, confirm).await?;
        self.each(&coordinator(), now, reject).await?;
        let mut plan = vec![];
        for (volunteer, record) in correct {
            let ledger = self.app.state::<ServiceLedger>(volunteer).await?;
            if let Ok(Record { served, .. }) = ledger.record(record) {
                let ended = Some(served.ended - chrono::Duration::minutes(i64::from(served.minutes.0) / 4));
                plan.push(CorrectService {
                    volunteer,
                    record,
                    started: None,
                    ended,
                    category: None,
                    reason: "提前离开，按签退时间更正".into(),
                });
            }
        }
        self.each(&coordinator(), now, plan).await?;
        Ok(())
    }

    async fn give_roles(&mut self, today: Day) -> Result<(), Rejection> {
        let operator = as_role(Role::Operator);
        let street = AreaCode::try_new("440402001").unwrap_or_else(|_| district_area());
        let grants = [
            Some(Grant { role: Role::DistrictOfficer, scope: Scope::Area(district_area()) }),
            Some(Grant { role: Role::Organiser, scope: Scope::Area(street) }),
            Some(Grant { role: Role::Coordinator, scope: Scope::Organisation(self.organisations[0].id) }),
            Some(Grant { role: Role::Auditor, scope: Scope::Area(district_area()) }),
            None,
        ];
        debug_assert_eq!(grants.len(), SIGN_INS.len());
        for (n, grant) in grants.into_iter().enumerate() {
            let person = self.volunteers[n].0;
            let open = OpenAccount { person, password: DEMO_PASSWORD.into() };
            self.app.submit(&self.app.request(operator.clone()), &open).await?;
            if let Some(grant) = grant {
                let grant = GrantRole { account: account_of(person), grant };
                self.app.submit(&self.app.request(operator.clone()), &grant).await?;
            }
        }
        self.a_volunteers_month(today).await
    }

    /// The demo volunteer's own records: one confirmed, one rejected and disputed, one waiting.
    async fn a_volunteers_month(&mut self, today: Day) -> Result<(), Rejection> {
        let (person, volunteer) = self.volunteers[4];
        let Some(oneself) = self.app.actor_of(account_of(person)).await? else { return Ok(()) };
        let organisation = self.organisations[0].id;
        for back in [20u64, 12, 4] {
            let day = today.checked_sub_days(Days::new(back)).unwrap_or(today);
            let (started, ended) = (self.at(day, 19, 0), self.at(day, 21, 0));
            let category = Category::CommunityGovernance;
            let content = Some("楼道议事会记录".to_owned());
            let log = LogService { volunteer, organisation, activity: None, category, started, ended, content };
            let record = self.app.submit(&self.request(oneself.clone(), self.at(day, 21, 30)), &log).await?.answer;
            let next = self.at(day, 22, 30);
            match back {
                20 => {
                    self.app.submit(&self.request(coordinator(), next), &ConfirmService { volunteer, record }).await?;
                }
                12 => {
                    let reject = RejectService { volunteer, record, reason: "请补充参加人员名单".into() };
                    self.app.submit(&self.request(coordinator(), next), &reject).await?;
                    let dispute = DisputeService { volunteer, record, reason: "名单已交给楼长陈姨".into() };
                    self.app.submit(&self.request(oneself.clone(), self.at(day, 23, 0)), &dispute).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
