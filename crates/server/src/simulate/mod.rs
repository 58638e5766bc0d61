//! `gongyi simulate`: a whole district of a profile's figures, driven through the same commands as everything else and
//! recorded at simulated time, so that its report is the profile. Names and numbers are invented.

mod councils;
mod money;
pub mod people;
mod profile;
mod service;
mod split;
mod time;
mod world;

use std::{path::Path, process::ExitCode, sync::Arc, time::Instant as Stopwatch};

use anyhow::{Context, bail};
use gongyi_app::processes::EndMemberships;
use gongyi_domain::{report::Figure, values::Instant};
use gongyi_eventlog::StateCache;
use gongyi_projections::ReportFilter;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

pub use profile::{Impossible, Profile};
pub use world::{Somebody, operator};

use crate::{
    folder,
    import::{self, Table},
    output,
    platform::{self, Platform},
    progress,
    settings::{Content, Simulate, WrongSetting},
};
use time::Time;
use world::{Place, STAFF, World, after, before};

const AREAS: &[u8] = include_bytes!("../../assets/areas-440402.csv");
/// Days before the period in which those register who are there when it begins.
const REGISTERING_DAYS: u64 = 720;
/// Days between two of these days, on each of which many register.
const REGISTERING_EVERY_DAYS: u64 = 3;
/// The last of these days lies so long before the period.
const REGISTERED_DAYS_BEFORE: u64 = 60;
/// States of aggregates that are kept, in bytes: everybody comes again, and the log need not be read.
const STATE_CACHE_MAX_BYTES: usize = 2 << 30;
/// One of so many leaves during the period.
const ONE_LEAVES: usize = 500;

/// Runs `gongyi simulate`.
///
/// # Errors
/// A held folder, or one that holds data; [`Impossible`]; faults.
pub async fn run(args: &Simulate) -> anyhow::Result<ExitCode> {
    let profile = Profile::read(&args.profile)?;
    let lock = folder::lock(&args.data, "simulate")?;
    let began = Stopwatch::now();
    // Nobody signs in with it: it is forgotten at once.
    let Lived { events, refused, until, .. } = lives(&args.data, &profile, args.seed, &Uuid::new_v4().to_string()).await?;
    let seconds = began.elapsed().as_secs_f64();
    let began = Stopwatch::now();
    platform::rebuild_views(&args.data, profile.zone).await?;
    let platform = Platform::open_at(&args.data, profile.zone, Arc::new(move || until), StateCache::default()).await?;
    // What follows from somebody's leaving is looked up in the views.
    platform.app().catch_up(&EndMemberships).await?;
    platform.catch_up_views().await?;
    let views_seconds = began.elapsed().as_secs_f64();
    let filter = ReportFilter { area: profile.area.clone(), from: profile.from, as_of: profile.as_of, known_at: None };
    let report = platform.app().views().report(&filter, false).await?;
    let off: Vec<_> = report.figures.iter().filter(|(figure, amount)| u64::try_from(*amount) != Ok(profile.get(*figure))).collect();
    platform.close().await;
    drop(lock);
    if !off.is_empty() {
        let told: Vec<String> = off.iter().map(|(figure, amount)| format!("{figure} is {amount}, not {}", profile.get(*figure))).collect();
        bail!("the simulated district is not the profile's: {}", told.join(", "));
    }
    let told = json!({
        "profile": profile.name, "area": profile.area, "from": profile.from, "asOf": profile.as_of,
        "events": events, "seconds": (seconds * 10.0).round() / 10.0, "eventsPerSecond": (events as f64 / seconds).round(),
        "readModelsSeconds": (views_seconds * 10.0).round() / 10.0,
        "refusals": refused,
        "figures": report.figures.iter().map(|(figure, amount)| (figure.name().to_owned(), json!(amount))).collect::<serde_json::Map<_, _>>(),
    });
    output::print_line(&told.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// A district that was lived through.
pub struct Lived {
    /// Events of its log.
    pub events: u64,
    /// Commands that were refused, as they were meant to be.
    pub refused: u64,
    /// Who was there from the beginning of the period: by their numbers.
    pub people: Vec<Somebody>,
    /// The moment at which it ended.
    pub until: Instant,
}

/// Lives a district through in an empty folder; its read models are still to be built. Those who keep its books sign in with
/// this password.
///
/// # Errors
/// A folder that holds data; [`Impossible`]; faults.
pub async fn lives(folder: &Path, profile: &Profile, seed: u64, password: &str) -> anyhow::Result<Lived> {
    let start = before(profile.from, REGISTERING_DAYS + REGISTERED_DAYS_BEFORE);
    let time = Time::beginning(start.and_time(chrono::NaiveTime::MIN).and_utc());
    let clock = time.clone();
    let states = StateCache::new(STATE_CACHE_MAX_BYTES);
    let platform = Platform::open_at(folder, profile.zone, Arc::new(move || clock.now()), states).await?;
    if !platform.holds_nothing().await? {
        let folder = folder.display();
        return Err(WrongSetting(format!("{folder} holds data already; simulate into another folder")).into());
    }
    let places = lists_areas(&platform, profile).await?;
    let bar = progress::bar(0, "simulating");
    let world = World::new(platform.app().clone(), time.clone(), profile.clone(), places, seed, bar);
    let people = simulate(&world, password).await?;
    world.bar.finish_and_clear();
    let events = platform.app().log().head().await?.position;
    platform.close().await;
    Ok(Lived { events, refused: world.refused(), people: people.to_vec(), until: time.now() })
}

/// The areas of a profile: its own, and the smallest places of it.
async fn lists_areas(platform: &Platform, profile: &Profile) -> anyhow::Result<Vec<Place>> {
    let bytes = match &profile.areas {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        None => AREAS.to_vec(),
    };
    let table = Table::read(&bytes, import::headings(Content::Areas), None)?;
    let silent = indicatif::ProgressBar::hidden();
    if let (_, Some(fault)) = import::import(platform.app(), Content::Areas, &table, &silent).await {
        return Err(fault.into());
    }
    let mut places: Vec<Place> = vec![];
    for row in table.rows() {
        if let Ok(code) = row.cell("code").parse()
            && profile.area.contains(&code)
        {
            places.push(Place { code, name: row.cell("name").to_owned() });
        }
    }
    let smallest = |place: &Place| places.iter().all(|other| other.code == place.code || !place.code.contains(&other.code));
    // 虚拟社区: nobody lives there.
    let pseudo = |place: &Place| place.code.as_str().len() >= 9 && &place.code.as_str()[6..7] == "4";
    let found: Vec<Place> = places.iter().filter(|place| smallest(place) && !pseudo(place)).cloned().collect();
    if found.is_empty() {
        return Err(profile.impossible("area", "区划文件里没有此区域", "the file of areas does not have it").into());
    }
    Ok(found)
}

/// How many people there are, and when they come and go.
struct People {
    /// All there ever are.
    all: usize,
    /// Registered before the period.
    before: usize,
    /// Of these, who leaves during the period, and who at its end.
    leave: usize,
    leave_at_the_end: usize,
}

impl People {
    fn of(world: &World) -> anyhow::Result<Self> {
        let profile = &world.profile;
        let registered = profile.count(Figure::RegisteredVolunteers);
        let councils = councils::people_needed(world)?;
        let serve = usize::from(profile.get(Figure::ConfirmedServiceRecords) > 0);
        let works = councils + serve > 0 || money::is_there(world) || profile.get(Figure::SelfOrganisationMembers) > 0;
        let needed = if works { STAFF + councils.max(serve).max(1) } else { 0 };
        let leave = registered / ONE_LEAVES;
        let leave_at_the_end = needed.saturating_sub(registered);
        let all = registered + leave + leave_at_the_end;
        let before = (all * 7 / 10).max(needed + leave).min(all);
        Ok(Self { all, before, leave, leave_at_the_end })
    }
}

/// Lives the district through; tells who was there from the beginning of the period.
async fn simulate(world: &Arc<World>, password: &str) -> anyhow::Result<Arc<Vec<Somebody>>> {
    let people = People::of(world)?;
    let steps =
        people.all as u64 + world.profile.get(Figure::Organisations) + service::steps(world) + councils::steps(world) + money::steps(world);
    world.bar.set_length(steps);

    let course = world.time.course();
    let start = before(world.profile.from, REGISTERING_DAYS + REGISTERED_DAYS_BEFORE);
    course.until(world.at(start, 8, 0)).await;
    let organisations = Arc::new(service::founds_organisations(world, &course).await?);
    let mut there: Vec<Somebody> = vec![];
    let campaigns = usize::try_from(REGISTERING_DAYS / REGISTERING_EVERY_DAYS)?;
    for nth in 0..campaigns {
        let day = after(start, REGISTERING_EVERY_DAYS * nth as u64);
        let until = people.before * (nth + 1) / campaigns;
        course.until(world.at(day, 9, 0)).await;
        there.extend(service::registers(world, &organisations, there.len()..until, day).await?);
    }
    let begins = before(world.profile.from, REGISTERED_DAYS_BEFORE - 1);
    course.until(world.at(begins, 9, 0)).await;
    if there.len() < STAFF {
        service::registers_later(world.clone(), course, organisations, people.before..people.all).await?;
        return Ok(Arc::new(there));
    }
    let staff = Arc::new(world.staff(&there, password, &course).await?);
    let stay = there.len() - people.leave - people.leave_at_the_end;
    let early = there[there.len() - people.leave..].to_vec();
    let at_the_end = there[stay..there.len() - people.leave].to_vec();
    let (mut servers, spare) = service::servers(world, stay);
    if servers.is_empty() {
        servers = (STAFF..there.len() - people.leave).collect();
    }
    // Who stays to the end works in councils, unless there are too few.
    let workers = if stay > STAFF + councils::people_needed(world)? { &there[..stay] } else { &there[..there.len() - people.leave] };
    let workers = Arc::new(workers.to_vec());
    let everybody = Arc::new(there);

    // Every course is begun before this one ends: until then time stands still.
    let mut courses = JoinSet::new();
    councils::begins(world, &staff, &workers, &mut courses)?;
    courses.spawn(money::is_granted(world.clone(), world.time.course(), staff.clone(), workers.clone(), organisations.clone()));
    courses.spawn(service::registers_later(world.clone(), world.time.course(), organisations, people.before..people.all));
    courses.spawn(service::withdraws(world.clone(), world.time.course(), early, at_the_end));
    let coordinator = staff.coordinator.clone();
    courses.spawn(service::serves(world.clone(), world.time.course(), everybody.clone(), servers, spare, coordinator));
    drop(course);
    while let Some(ended) = courses.join_next().await {
        ended??;
    }
    Ok(everybody)
}
