//! What goes on in the demo's district now: activities to sign up for, hours that wait for a confirmation, and the accounts
//! whose sign-ins are printed.

use std::collections::BTreeSet;

use chrono::{Days, NaiveTime, TimeDelta, TimeZone};
use futures::{StreamExt, TryStreamExt, stream};
use gongyi_app::{
    App, Command, Rejection,
    access::{
        accounts::{GrantRole, OpenAccount},
        passwords::SetPasswordByCode,
    },
    clock::day_of,
    volunteering::{
        activities::{ActivityDraft, PublishActivity, ShiftDraft},
        organisations::FoundOrganisation,
        services::{ConfirmService, DisputeService, LogService, RejectService},
        sign_ups::SignUp,
        volunteers::RegisterVolunteer,
    },
};
use gongyi_domain::{
    access::{
        account::account_of,
        authority::{Actor, Grant, Role, Scope},
    },
    values::{ActivityId, AreaCode, Day, Instant, Minutes, OrganisationId, PersonId},
    volunteering::{activity::Activity, activity_details::Risk, category::Category, organisation::OrganisationKind, volunteer::Consents},
};
use gongyi_vault::SignInCode;

use super::{AUDITOR, DAYS, DEMO_PASSWORD, REPRESENTATIVE, VOLUNTEER};
use crate::simulate::{Somebody, operator, people};

/// Days to come that have an activity each, and how many people wish to come.
const ACTIVITIES: u64 = 8;
const WISHES: std::ops::Range<usize> = 8..26;
/// Hours that wait for a confirmation.
const WAITING_RECORDS: usize = 15;
const AT_ONCE: usize = 32;
/// The demo's volunteer registered so many days ago.
const REGISTERED_DAYS_AGO: u64 = 60;

const TITLES: &[(Category, &str, &str)] = &[
    (Category::RiverPatrol, "前山河巡河护河", "前山河水闸集合"),
    (Category::CivilTravel, "文明出行路口劝导", "迎宾路口"),
    (Category::CommunityService, "社区长者送餐", "社区长者饭堂"),
    (Category::Environment, "海滩净滩行动", "情侣路浪漫海岸"),
    (Category::EducationAid, "四点半课堂作业辅导", "社区儿童之家"),
    (Category::CultureAndArts, "社区书画班助教", "文化站二楼"),
    (Category::SafetyAndHealth, "免费量血压", "社区卫生服务中心"),
    (Category::DisabilitySupport, "残障人士出行陪伴", "康园中心"),
];

struct Present<'a> {
    app: &'a App,
    random: fastrand::Rng,
    people: &'a [Somebody],
    area: AreaCode,
    today: Day,
}

/// Fills in what goes on today.
///
/// # Errors
/// Faults; refusals that were not meant.
pub async fn fill(app: &App, people: &[Somebody], area: AreaCode) -> anyhow::Result<()> {
    let today = day_of(app.now(), app.zone());
    let mut present = Present { app, random: fastrand::Rng::with_seed(1), people, area, today };
    present.activities().await?;
    present.waiting_hours().await?;
    present.opens(people[AUDITOR].person, Some(Role::Auditor)).await?;
    present.opens(people[REPRESENTATIVE].person, None).await?;
    // The last one: a folder without it is an unfinished demo.
    present.a_volunteers_month().await?;
    Ok(())
}

impl Present<'_> {
    fn at(&self, day: Day, hour: u32) -> Instant {
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        self.app.zone().from_local_datetime(&day.and_time(time)).earliest().map_or(self.app.now(), |at| at.to_utc())
    }

    fn days_ago(&self, days: u64) -> Day {
        self.today.checked_sub_days(Days::new(days)).unwrap_or(self.today)
    }

    /// Who keeps the demo's books.
    fn coordinator(&self) -> Actor {
        Actor::Operator(Grant { role: Role::Coordinator, scope: Scope::Area(self.area.clone()) })
    }

    async fn does<C: Command>(&self, actor: &Actor, command: &C) -> Result<C::Answer, Rejection> {
        Ok(self.app.submit(&self.app.request(actor.clone()), command).await?.answer)
    }

    /// Does commands, some at once; one that the rules refuse is what happens in real life, too.
    async fn each<C: Command>(&self, commands: Vec<C>) -> Result<(), Rejection> {
        let actor = &self.coordinator();
        let run = |command: C| async move {
            match self.does(actor, &command).await {
                Ok(_) | Err(Rejection::Refused(_)) => Ok(()),
                Err(other) => Err(other),
            }
        };
        stream::iter(commands).map(run).buffer_unordered(AT_ONCE).try_collect().await
    }

    fn somebody(&mut self) -> Somebody {
        self.people[self.random.usize(..self.people.len())].clone()
    }

    async fn activities(&mut self) -> Result<(), Rejection> {
        for ahead in 1..=ACTIVITIES {
            let day = self.today.checked_add_days(Days::new(ahead)).unwrap_or(self.today);
            let (category, title, place) = TITLES[ahead as usize % TITLES.len()];
            let activity = self.publish(day, category, title, place).await?;
            let shifts = self.app.state::<Activity>(activity).await?.details.map_or(vec![], |it| it.shifts);
            let mut plan = vec![];
            for _ in 0..self.random.usize(WISHES) {
                let shift = shifts[self.random.usize(..shifts.len())].id;
                plan.push(SignUp { activity, shift, volunteer: self.somebody().volunteer });
            }
            self.each(plan).await?;
        }
        Ok(())
    }

    async fn publish(&mut self, day: Day, category: Category, title: &str, place: &str) -> Result<ActivityId, Rejection> {
        let capacity = self.random.u32(6..=20);
        let shift = |(from, to)| ShiftDraft { id: None, starts: self.at(day, from), ends: self.at(day, to), capacity };
        let risk =
            Risk { notice: "水边湿滑，请穿救生衣，听从带队安排".into(), insurance: "每人意外险二十万元".into() };
        let draft = ActivityDraft {
            title: title.into(),
            category,
            place: place.into(),
            area: self.area.clone(),
            shifts: [(9, 11), (14, 17)].map(shift).into(),
            minimum_age: if category == Category::RiverPatrol { 18 } else { 14 },
            required_skills: BTreeSet::new(),
            risk: (category == Category::RiverPatrol).then_some(risk),
            sign_up_opens: self.app.now(),
            sign_up_closes: self.at(day, 13),
            withdrawal_minutes: Minutes(12 * 60),
        };
        let organisation = self.somebody().organisation;
        self.does(&self.coordinator(), &PublishActivity { organisation, draft }).await
    }

    async fn waiting_hours(&mut self) -> Result<(), Rejection> {
        let mut plan = vec![];
        for _ in 0..WAITING_RECORDS {
            let Somebody { volunteer, organisation, .. } = self.somebody();
            let (days, hour) = (self.random.u64(1..=3), self.random.u32(7..18));
            let started = self.at(self.days_ago(days), hour);
            let ended = started + TimeDelta::minutes(self.random.i64(2..6) * 30);
            let category = Category::ALL[self.random.usize(..Category::ALL.len())];
            let content = Some("社区志愿服务".to_owned());
            plan.push(LogService { volunteer, organisation, activity: None, category, started, ended, content });
        }
        self.each(plan).await
    }

    async fn opens(&self, person: PersonId, role: Option<Role>) -> Result<(), Rejection> {
        let operator = operator(Role::Operator);
        self.does(&operator, &OpenAccount { person, code: SignInCode::generate() }).await?;
        let account = account_of(person);
        if let Some(owner) = self.app.actor_of(account).await? {
            self.does(&owner, &SetPasswordByCode { account, code: 1, password: DEMO_PASSWORD.into() }).await?;
        }
        if let Some(role) = role {
            let grant = Grant { role, scope: Scope::Area(self.area.clone()) };
            self.does(&operator, &GrantRole { account, grant }).await?;
        }
        Ok(())
    }

    /// The demo volunteer's own records: one confirmed, one rejected and disputed, one waiting.
    async fn a_volunteers_month(&mut self) -> Result<(), Rejection> {
        let operator = operator(Role::Operator);
        let name = "楼道议事志愿服务队".to_owned();
        let team = FoundOrganisation { kind: OrganisationKind::Group, name, area: self.area.clone(), parent: None, credit_code: None };
        let organisation: OrganisationId = self.does(&operator, &team).await?;
        // Counted from the same day as the others, so that no two have one ID number.
        let from = self.days_ago(DAYS);
        let person = people::person(&mut self.random, VOLUNTEER, from);
        let register = RegisterVolunteer {
            name: person.name,
            id_number: person.id_number,
            document_kind: None,
            issuing_country: None,
            birth_date: None,
            phone: person.phone,
            home_area: self.area.clone(),
            organisation: Some(organisation),
            skills: BTreeSet::new(),
            consents: Consents::default(),
            registered_on: Some(self.days_ago(REGISTERED_DAYS_AGO)),
            password: None,
        };
        let registered = self.does(&operator, &register).await?;
        self.opens(registered.person, None).await?;
        let Some(oneself) = self.app.actor_of(account_of(registered.person)).await? else { return Ok(()) };
        let mut records = vec![];
        for back in [20, 12, 4] {
            let day = self.days_ago(back);
            let (started, ended) = (self.at(day, 19), self.at(day, 21));
            let (category, content) = (Category::CommunityGovernance, Some("楼道议事会记录".to_owned()));
            let log = LogService { volunteer: registered.volunteer, organisation, activity: None, category, started, ended, content };
            records.push(self.does(&oneself, &log).await?);
        }
        let (volunteer, coordinator) = (registered.volunteer, self.coordinator());
        self.does(&coordinator, &ConfirmService { volunteer, record: records[0] }).await?;
        self.does(&coordinator, &RejectService { volunteer, record: records[1], reason: "请补充参加人员名单".into() }).await?;
        self.does(&oneself, &DisputeService { volunteer, record: records[1], reason: "名单已交给楼长陈姨".into() }).await?;
        Ok(())
    }
}
