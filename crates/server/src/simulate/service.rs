//! Volunteers and their service: who registers when, who serves when and how long, what is corrected, rejected and voided on
//! the way; planned so that what counts in the end is exactly the profile's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use anyhow::bail;
use gongyi_app::{
    processes::AttendanceToLedger,
    volunteering::{
        activities::{ActivityDraft, PublishActivity, ShiftDraft},
        attendance::{CheckIn, CheckOut},
        organisations::{DissolveOrganisation, FoundOrganisation},
        services::{ConfirmService, CorrectService, LogService, RejectService, VoidService},
        sign_ups::SignUp,
        volunteers::{RegisterVolunteer, WithdrawVolunteer},
    },
};
use gongyi_domain::{
    access::authority::{Actor, Role},
    report::Figure,
    values::{ActivityId, Day, Minutes, OrganisationId, RecordId, ShiftId},
    volunteering::{
        activity::Activity, category::Category, organisation::OrganisationKind, service_ledger::SERVICE_DAY_ORGANISATION_MAX_MINUTES,
        volunteer::Consents,
    },
};
use uuid::Uuid;

use super::{
    people,
    split::split,
    time::Course,
    world::{Place, STAFF, Somebody, World, after, operator},
};

/// Minutes of a day in which people usually serve, from six to ten.
const WAKING_MINUTES: u32 = 16 * 60;
const WAKES_AT: u32 = 6 * 60;
/// One of so many records is corrected, one of so many more is rejected, one of so many is voided.
const ONE_IS_CORRECTED: usize = 211;
const ONE_IS_EXTRA: usize = 157;
/// Activities with sign-ups and attendance.
const ACTIVITIES_MAX: usize = 150;
/// Places of an activity.
const PLACES: usize = 12;

/// Founds the organisations; the federation above them counts in no figure.
pub async fn founds_organisations(world: &Arc<World>, course: &Course) -> anyhow::Result<Vec<OrganisationId>> {
    let now = course.now();
    let found =
        |kind, name: String, place: &Place, parent| FoundOrganisation { kind, name, area: place.code.clone(), parent, credit_code: None };
    let profile = &world.profile;
    let whole = Place { code: profile.area.clone(), name: String::new() };
    let federation = found(OrganisationKind::Federation, format!("{}义工联合会", profile.name), &whole, None);
    let federation = world.does(&operator(Role::Operator), course, &federation).await?;
    let (teams, stations) = (profile.count(Figure::DirectTeams), profile.count(Figure::Stations));
    let groups = profile.count(Figure::Organisations) - stations;
    let mut plan = vec![];
    for n in 0..teams {
        plan.push(found(OrganisationKind::DirectTeam, format!("第{}直属服务队", n + 1), world.place(n * 7), Some(federation)));
    }
    for n in 0..stations {
        let place = world.place(n);
        let name = if n < world.places.len() {
            format!("{}义工服务站", place.name)
        } else {
            format!("{}第{}义工服务站", place.name, n + 1)
        };
        plan.push(found(OrganisationKind::CommunityStation, format!("{name}（{}）", n + 1), place, Some(federation)));
    }
    for n in 0..groups {
        let place = world.place(n * 3 + 1);
        plan.push(found(OrganisationKind::Group, format!("{}邻里互助{}组", place.name, n + 1), place, Some(federation)));
    }
    let given_up = found(OrganisationKind::Group, "未成立的互助组".to_owned(), world.place(0), Some(federation));
    plan.push(given_up);
    let as_operator = plan.into_iter().map(|it| (operator(Role::Operator), it)).collect();
    let mut organisations = world.each(now, as_operator).await?;
    if let Some(organisation) = organisations.pop() {
        world.does(&operator(Role::Operator), course, &DissolveOrganisation { organisation }).await?;
    }
    if organisations.is_empty() {
        organisations.push(federation);
    }
    Ok(organisations)
}

/// Registers the people of these numbers on one day.
pub async fn registers(
    world: &Arc<World>,
    organisations: &[OrganisationId],
    numbers: std::ops::Range<usize>,
    day: Day,
) -> anyhow::Result<Vec<Somebody>> {
    let register = |number: usize| {
        let person = people::person(&mut world.random(number as u64 + 100), number, world.profile.from);
        let organisation = organisations[number % organisations.len()];
        RegisterVolunteer {
            name: person.name,
            id_number: person.id_number,
            document_kind: None,
            issuing_country: None,
            birth_date: None,
            phone: person.phone,
            home_area: world.place(number).code.clone(),
            organisation: Some(organisation),
            skills: BTreeSet::new(),
            consents: Consents::default(),
            registered_on: Some(day),
            password: None,
        }
    };
    let belongs: Vec<OrganisationId> = numbers.clone().map(|number| organisations[number % organisations.len()]).collect();
    let plan = numbers.map(|number| (operator(Role::Operator), register(number))).collect();
    let registered = world.each(world.at(day, 9, 0), plan).await?;
    let somebody = |(it, organisation): (gongyi_app::volunteering::volunteers::Registered, _)| Somebody {
        person: it.person,
        volunteer: it.volunteer,
        organisation,
    };
    Ok(registered.into_iter().zip(belongs).map(somebody).collect())
}

/// Those who register during the period, day by day.
pub async fn registers_later(
    world: Arc<World>,
    course: Course,
    organisations: Arc<Vec<OrganisationId>>,
    numbers: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    let days = world.profile.days();
    let (first, many) = (numbers.start, numbers.len());
    for (nth, day) in days.iter().enumerate() {
        let share = |nth: usize| first + many * nth / days.len();
        course.until(world.at(*day, 9, 0)).await;
        registers(&world, &organisations, share(nth)..share(nth + 1), *day).await?;
    }
    Ok(())
}

/// Some leave during the period, others at its end.
pub async fn withdraws(world: Arc<World>, course: Course, early: Vec<Somebody>, at_the_end: Vec<Somebody>) -> anyhow::Result<()> {
    let days = world.profile.days();
    let withdraw = |somebody: &Somebody| WithdrawVolunteer { volunteer: somebody.volunteer, reason: "迁往外地".to_owned() };
    for (nth, somebody) in early.iter().enumerate() {
        course.until(world.at(days[nth * days.len() / early.len()], 17, 0)).await;
        world.does(&operator(Role::Operator), &course, &withdraw(somebody)).await?;
    }
    course.until(world.at(world.profile.as_of, 23, 58)).await;
    let plan = at_the_end.iter().map(|somebody| (operator(Role::Operator), withdraw(somebody))).collect();
    world.each(course.now(), plan).await?;
    Ok(())
}

/// What becomes of a record that was logged.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Confirmed,
    /// It was logged and confirmed with more minutes and is corrected.
    Corrected,
    Rejected,
    Voided,
}

/// A record to be.
#[derive(Debug, Clone)]
struct Planned {
    who: usize,
    category: Category,
    /// Minute of the day.
    starts: u32,
    minutes: u32,
    /// The volunteer serves long on this day: who is above the organisation confirms it.
    long: bool,
    fate: Fate,
}

/// The records of each day.
struct Plan {
    days: BTreeMap<Day, Vec<Planned>>,
    /// Somebody serves so late that it is logged on the next day.
    late: bool,
    /// Everybody serves once a day at most.
    once: bool,
}

fn coprime_step(days: usize) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (days * 3 / 8 + 1..).find(|step| gcd(*step, days) == 1).unwrap_or(1)
}

fn plan(world: &World, servers: &[usize], spare: &[usize]) -> anyhow::Result<Plan> {
    let profile = &world.profile;
    let (records, minutes) = (profile.count(Figure::ConfirmedServiceRecords), profile.get(Figure::ConfirmedServiceMinutes));
    let mut days = profile.days();
    let mut plan = Plan { days: BTreeMap::new(), late: false, once: false };
    if records == 0 {
        return Ok(plan);
    }
    if servers.is_empty() {
        return Err(profile.impossible("registeredVolunteers", "没有志愿者可以服务", "there is nobody to serve").into());
    }
    let mut random = world.random(1);
    let people = servers.len();
    // Everybody serves in turn, each time on another day; when all days are had, a second time on a day.
    let slots_of = |days: usize| u32::try_from(records.div_ceil(people * days)).unwrap_or(u32::MAX);
    let mean = u32::try_from(minutes / records as u64).unwrap_or(u32::MAX);
    plan.late = mean.saturating_add(1).saturating_mul(slots_of(days.len())) > WAKING_MINUTES;
    if plan.late && days.len() > 1 {
        // What is logged after midnight is logged in the period.
        days.pop();
    }
    let (many, slots) = (days.len(), slots_of(days.len()));
    plan.once = slots == 1;
    let (opens, window) = if plan.late { (0, 24 * 60) } else { (WAKES_AT, WAKING_MINUTES) };
    let slot = window / slots.min(window);
    let most = if slots == 1 && !plan.late { slot.min((mean * 2).max(SERVICE_DAY_ORGANISATION_MAX_MINUTES)) } else { slot };
    let Some(lengths) = split(&mut random, minutes, records, 1, u64::from(most)) else {
        let en = "too many minutes for so many volunteers and days";
        return Err(profile.impossible("confirmedServiceMinutes", "志愿者人数和天数不足以完成这么多分钟", en).into());
    };
    let mut categories = Category::ALL.to_vec();
    random.shuffle(&mut categories);
    categories.truncate(profile.count(Figure::ServiceCategories));
    let step = coprime_step(many);
    let offset = |who: usize| who.wrapping_mul(0x9e37_79b9) >> 7;
    let mut add = |who: usize, round: usize, category, minutes: u32, fate, random: &mut fastrand::Rng| {
        let day = days[(offset(who) + round * step) % many];
        let begin = opens + slot * (round / many) as u32;
        let spare = slot.saturating_sub(minutes);
        let starts = begin + if slots == 1 && spare > 120 { random.u32(120..=spare) } else { 0 };
        let long =
            minutes * slots > SERVICE_DAY_ORGANISATION_MAX_MINUTES || (slots > 1 && slot * slots > SERVICE_DAY_ORGANISATION_MAX_MINUTES);
        plan.days.entry(day).or_default().push(Planned { who, category, starts, minutes, long, fate });
    };
    for (nth, minutes) in lengths.into_iter().enumerate() {
        // Each category at least once.
        let category = categories.get(nth).copied().unwrap_or_else(|| categories[random.usize(..categories.len())]);
        let minutes = u32::try_from(minutes)?;
        let corrects = nth % ONE_IS_CORRECTED == 17 && slot > minutes + 10 && minutes + 10 <= SERVICE_DAY_ORGANISATION_MAX_MINUTES;
        let fate = if corrects && slots == 1 { Fate::Corrected } else { Fate::Confirmed };
        add(servers[nth % people], nth / people, category, minutes, fate, &mut random);
    }
    let extra = (records / ONE_IS_EXTRA).min(spare.len() * many) * usize::from(!spare.is_empty());
    for nth in 0..extra {
        let fate = if nth % 3 == 0 { Fate::Voided } else { Fate::Rejected };
        let category = categories[random.usize(..categories.len())];
        add(spare[nth % spare.len()], nth / spare.len(), category, slot.min(60), fate, &mut random);
    }
    // Nobody is still serving when the correction's longer time would end.
    for planned in plan.days.values_mut().flatten().filter(|it| it.fate == Fate::Corrected) {
        planned.starts = planned.starts.min(opens + slot - planned.minutes - 10);
    }
    Ok(plan)
}

/// A record that waits for its confirmation, correction or end.
struct Waiting {
    record: RecordId,
    planned: Planned,
    day: Day,
}

/// How many steps the bar has for all service.
pub fn steps(world: &World) -> u64 {
    2 * world.profile.get(Figure::ConfirmedServiceRecords)
}

/// Everybody's service, day by day: logged in the evening, some later; confirmed a day or two after; some with attendance.
pub async fn serves(
    world: Arc<World>,
    course: Course,
    people: Arc<Vec<Somebody>>,
    servers: Vec<usize>,
    spare: Vec<usize>,
    coordinator: Actor,
) -> anyhow::Result<()> {
    let Plan { mut days, late, once } = plan(&world, &servers, &spare)?;
    let as_of = world.profile.as_of;
    let mut waiting: BTreeMap<Day, Vec<Waiting>> = BTreeMap::new();
    let mut logged_later: BTreeMap<Day, Vec<(Day, Planned)>> = BTreeMap::new();
    let every = (world.profile.days().len() / ACTIVITIES_MAX).max(1);
    for (nth, day) in world.profile.days().into_iter().enumerate() {
        let mut today = days.remove(&day).unwrap_or_default();
        if nth % every == every / 2 && once && !late {
            let (attending, others) = attending(today);
            today = others;
            attend(&world, &course, &people, day, attending, &coordinator, &mut waiting).await?;
        }
        if late {
            course.until(world.minute_of(after(day, 1), 10)).await;
        } else {
            course.until(world.at(day, 22, 30)).await;
        }
        // One in eleven is logged some days later.
        let mut now = vec![];
        for (nth, planned) in today.into_iter().enumerate() {
            let waits = if nth % 11 == 3 { 1 + nth as u64 % 5 } else { 0 };
            let on = after(day, waits).min(as_of);
            if on == day { now.push((day, planned)) } else { logged_later.entry(on).or_default().push((day, planned)) }
        }
        now.extend(logged_later.remove(&day).unwrap_or_default());
        let log = |(day, planned): &(Day, Planned)| {
            let somebody = &people[planned.who];
            let longer = if planned.fate == Fate::Corrected { 10 } else { 0 };
            let command = LogService {
                volunteer: somebody.volunteer,
                organisation: somebody.organisation,
                activity: None,
                category: planned.category,
                started: world.minute_of(*day, planned.starts),
                ended: world.minute_of(*day, planned.starts + planned.minutes + longer),
                content: None,
            };
            (coordinator.clone(), command)
        };
        for wave in waves(now) {
            let records = world.each(course.now(), wave.iter().map(log).collect()).await?;
            for (nth, ((of, planned), record)) in wave.into_iter().zip(records).enumerate() {
                let on = after(day, 1 + nth as u64 % 3).min(as_of);
                waiting.entry(on).or_default().push(Waiting { record, planned, day: of });
            }
        }
        if !late {
            course.until(world.at(day, 23, 0)).await;
        }
        settle(&world, &course, &people, waiting.remove(&day).unwrap_or_default(), &coordinator).await?;
    }
    Ok(())
}

/// In each wave everybody once: one ledger's records are logged one after another.
fn waves(all: Vec<(Day, Planned)>) -> Vec<Vec<(Day, Planned)>> {
    let mut waves: Vec<Vec<_>> = vec![];
    let mut had: HashMap<usize, usize> = HashMap::new();
    for it in all {
        let wave = had.entry(it.1.who).and_modify(|wave| *wave += 1).or_default();
        if waves.len() <= *wave {
            waves.push(vec![]);
        }
        waves[*wave].push(it);
    }
    waves
}

/// What waited is confirmed, and what was wrong is put right.
async fn settle(world: &Arc<World>, course: &Course, people: &[Somebody], due: Vec<Waiting>, coordinator: &Actor) -> anyhow::Result<()> {
    let officer = operator(Role::DistrictOfficer);
    // Nobody confirms their own service.
    let by = |it: &Waiting| if it.planned.long || it.planned.who < STAFF { officer.clone() } else { coordinator.clone() };
    let of = |it: &Waiting| people[it.planned.who].volunteer;
    let (rejected, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|it| it.planned.fate == Fate::Rejected);
    let confirm = others.iter().map(|it| (by(it), ConfirmService { volunteer: of(it), record: it.record })).collect();
    world.each(course.now(), confirm).await?;
    let reject = |it: &Waiting| RejectService { volunteer: of(it), record: it.record, reason: "签到表上没有此人".into() };
    world.each(course.now(), rejected.iter().map(|it| (by(it), reject(it))).collect()).await?;
    let void = |it: &Waiting| VoidService { volunteer: of(it), record: it.record, reason: "重复登记".into() };
    let voided = others.iter().filter(|it| it.planned.fate == Fate::Voided);
    world.each(course.now(), voided.map(|it| (officer.clone(), void(it))).collect()).await?;
    let correct = |it: &Waiting| CorrectService {
        volunteer: of(it),
        record: it.record,
        started: None,
        ended: Some(world.minute_of(it.day, it.planned.starts + it.planned.minutes)),
        category: None,
        reason: "提前离开，按签退时间更正".into(),
    };
    let corrected = others.iter().filter(|it| it.planned.fate == Fate::Corrected);
    world.each(course.now(), corrected.map(|it| (by(it), correct(it))).collect()).await?;
    Ok(())
}

/// Those who sign up for the day's activity: of one category, not for long; and the others.
fn attending(today: Vec<Planned>) -> (Vec<Planned>, Vec<Planned>) {
    let fits =
        |it: &Planned, category| it.category == category && it.fate == Fate::Confirmed && !it.long && (20..=300).contains(&it.minutes);
    let Some(category) = today.iter().find(|it| fits(it, it.category)).map(|it| it.category) else { return (vec![], today) };
    let mut many = 0;
    today.into_iter().partition(|it| {
        let goes = many < PLACES && fits(it, category);
        many += usize::from(goes);
        goes
    })
}

/// An activity from the notice to the service records that its attendance leaves.
async fn attend(
    world: &Arc<World>,
    course: &Course,
    people: &[Somebody],
    day: Day,
    attending: Vec<Planned>,
    coordinator: &Actor,
    waiting: &mut BTreeMap<Day, Vec<Waiting>>,
) -> anyhow::Result<()> {
    let Some(first) = attending.first() else { return Ok(()) };
    let host = &people[first.who];
    course.until(world.at(day, 7, 0)).await;
    let (starts, ends) = (world.at(day, 9, 0), world.at(day, 15, 0));
    let draft = ActivityDraft {
        title: "社区志愿服务日".into(),
        category: first.category,
        place: "社区服务中心".into(),
        area: world.place(first.who).code.clone(),
        shifts: vec![ShiftDraft { id: None, starts, ends, capacity: attending.len() as u32 }],
        minimum_age: 14,
        required_skills: BTreeSet::new(),
        risk: None,
        sign_up_opens: course.now(),
        sign_up_closes: world.at(day, 8, 50),
        withdrawal_minutes: Minutes(0),
    };
    let publish = PublishActivity { organisation: host.organisation, draft };
    let activity: ActivityId = world.does(coordinator, course, &publish).await?;
    let details = world.app.state::<Activity>(activity).await?.details;
    let Some(shift) = details.and_then(|it| it.shifts.first().map(|shift| shift.id)) else { bail!("an activity without shifts") };
    let shift: ShiftId = shift;
    course.until(world.at(day, 8, 0)).await;
    let signs_up = |it: &Planned| (coordinator.clone(), SignUp { activity, shift, volunteer: people[it.who].volunteer });
    world.each(course.now(), attending.iter().map(signs_up).collect()).await?;
    if let Some(again) = attending.first() {
        let twice = SignUp { activity, shift, volunteer: people[again.who].volunteer };
        world.is_refused(&["AlreadySignedUp"], coordinator, course, &twice).await?;
    }
    course.until(starts).await;
    let comes = |it: &Planned| (coordinator.clone(), CheckIn { activity, shift, volunteer: people[it.who].volunteer, at: None });
    let attendances = world.each(course.now(), attending.iter().map(comes).collect()).await?;
    course.until(ends).await;
    let leaves = |it: &Planned| {
        let at = Some(world.minute_of(day, 9 * 60 + it.minutes));
        (coordinator.clone(), CheckOut { activity, volunteer: people[it.who].volunteer, at })
    };
    world.each(course.now(), attending.iter().map(leaves).collect()).await?;
    world.app.catch_up(&AttendanceToLedger).await?;
    let on = after(day, 1).min(world.profile.as_of);
    for (planned, attendance) in attending.into_iter().zip(attendances) {
        // As the process names it.
        let record = RecordId(Uuid::new_v5(&attendance.0, b"record"));
        waiting.entry(on).or_default().push(Waiting { record, planned, day });
    }
    Ok(())
}

/// People of the first registered who serve, and a few whose records come to nothing. Where everybody would have to serve
/// more than once a day, the staff serves too.
pub fn servers(world: &World, people: usize) -> (Vec<usize>, Vec<usize>) {
    let days = world.profile.days().len();
    let staff =
        if world.profile.count(Figure::ConfirmedServiceRecords) > people.saturating_sub(STAFF) * days { 0 } else { STAFF.min(people) };
    let hands: Vec<usize> = (staff..people).collect();
    let spare = if staff > 0 && hands.len() >= 50 { hands.len() / 50 } else { 0 };
    let (servers, spare) = hands.split_at(hands.len() - spare);
    (servers.to_vec(), spare.to_vec())
}
