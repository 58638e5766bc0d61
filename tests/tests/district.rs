//! A simulated district and its report. Makes loud: a figure that is near the profile's, a report that only agrees with the
//! read models and not with the log, parts that do not add up, a past report that changes, a profile that cannot be.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
};

use chrono::{DateTime, FixedOffset, NaiveDate};
use gongyi_tests::TestFolder;
use serde_json::{Value, json};

const FROM: &str = "2023-11-05";
const AS_OF: &str = "2024-02-29";

/// The figures of a profile.
type Wanted<'a> = &'a [(&'a str, u64)];

fn profile(area: &str, from: &str, as_of: &str, figures: Wanted<'_>) -> Value {
    let figures: BTreeMap<_, _> = figures.iter().copied().collect();
    json!({ "name": "试验区", "area": area, "from": from, "asOf": as_of, "timeZone": "Asia/Shanghai", "figures": figures })
}

/// Everything at once, none of it a round number.
const LIVELY: Wanted<'static> = &[
    ("registeredVolunteers", 613),
    ("directTeams", 3),
    ("organisations", 29),
    ("stations", 11),
    ("serviceCategories", 9),
    ("confirmedServiceRecords", 1_207),
    ("confirmedServiceMinutes", 171_829),
    ("certifiedElections", 4),
    ("seatedRepresentatives", 26),
    ("meetingsHeld", 13),
    ("motionsReceived", 7),
    ("projectGrantCents", 31_415_927),
    ("projectSelfRaisedCents", 2_718_281),
    ("activitiesByRepresentatives", 23),
    ("activityPersonTimes", 1_811),
    ("selfOrganisations", 3),
    ("selfOrganisationMembers", 61),
];

fn simulates(folder: &TestFolder, profile: &Value) -> Value {
    let file = folder.writes("profile.json", profile.to_string());
    let ran = folder.runs(["simulate".as_ref(), "--profile".as_ref(), file.as_os_str()]);
    ran.exited(0).json()
}

fn reports(folder: &TestFolder, area: &str, (from, as_of): (&str, &str), more: &[&str]) -> Value {
    let args = ["report", "--area", area, "--from", from, "--as-of", as_of, "--json"];
    folder.runs(args.iter().chain(more)).exited(0).json()
}

/// Figures, all of them: those a profile does not name are nothing.
fn whole(figures: &Value, all: &Value) -> Value {
    let names = all.as_object().unwrap().keys();
    names.map(|name| (name.clone(), figures.get(name).cloned().unwrap_or(json!(0)))).collect::<serde_json::Map<_, _>>().into()
}

fn day_of(moment: &str) -> String {
    let there = FixedOffset::east_opt(8 * 3600).unwrap();
    moment.parse::<DateTime<FixedOffset>>().unwrap().with_timezone(&there).date_naive().to_string()
}

/// The figures counted from the log's events alone, by the definitions of the profile: nothing of the platform is asked.
fn recounted(events: &[Value], from: &str, as_of: &str) -> BTreeMap<&'static str, i64> {
    let within = |day: &str| from <= day && day <= as_of;
    let mut count: BTreeMap<&'static str, i64> = BTreeMap::new();
    let mut add = |figure: &'static str, by: i64| *count.entry(figure).or_default() += by;
    let mut kinds: HashMap<String, String> = HashMap::new();
    let mut records: HashMap<String, (String, i64, String)> = HashMap::new();
    let mut confirmed: BTreeSet<String> = BTreeSet::new();
    let (mut opened, mut submitted): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    let mut seats: BTreeMap<(String, String), bool> = BTreeMap::new();
    let mut raised: HashMap<String, (String, i64)> = HashMap::new();
    let mut begun: HashMap<String, bool> = HashMap::new();
    let mut held: HashMap<String, (String, i64)> = HashMap::new();
    for event in events {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, data, subject) = (text(&event["type"]), &event["data"], text(&event["subject"]));
        let recorded = day_of(event["time"].as_str().unwrap());
        let amount = data["amount"].as_i64().unwrap_or(0);
        let on = text(&data["on"]);
        match kind.strip_prefix("gongyi.").unwrap().rsplit_once('.').unwrap().0 {
            "volunteer.VolunteerRegistered" => add("registeredVolunteers", 1),
            "volunteer.VolunteerWithdrawn" => add("registeredVolunteers", -1),
            "organisation.OrganisationFounded" => {
                kinds.insert(subject, text(&data["profile"]["kind"]));
            }
            "organisation.OrganisationDissolved" => drop(kinds.remove(&subject)),
            "membership.OrganisationJoined" => {
                let own = kinds.get(&format!("organisation/{}", text(&data["organisation"]))).is_some_and(|it| it == "self_organisation");
                add("selfOrganisationMembers", i64::from(own));
            }
            "service_ledger.ServiceLogged" => {
                let served = &data["served"];
                let what = (text(&served["day"]), served["minutes"].as_i64().unwrap(), text(&served["category"]));
                records.insert(text(&data["record"]), what);
            }
            "service_ledger.ServiceConfirmed" => drop(confirmed.insert(text(&data["record"]))),
            "service_ledger.ServiceCorrected" => {
                let now = &data["now"];
                let what = (text(&now["day"]), now["minutes"].as_i64().unwrap(), text(&now["category"]));
                records.insert(text(&data["record"]), what);
            }
            "service_ledger.ServiceVoided" => drop(confirmed.remove(&text(&data["record"]))),
            "election.ElectionCertified" => add("certifiedElections", i64::from(within(&recorded))),
            "council.RepresentativeSeated" => drop(seats.insert((subject, text(&data["person"])), true)),
            "council.SeatVacated" => drop(seats.insert((subject, text(&data["person"])), false)),
            "meeting.MeetingOpened" => drop(opened.insert(subject)),
            "meeting.MeetingClosed" => {
                let at = day_of(data["at"].as_str().unwrap());
                add("meetingsHeld", i64::from(opened.contains(&subject) && within(&at)));
            }
            "motion.MotionSubmitted" if submitted.insert(subject.clone()) => add("motionsReceived", i64::from(within(&recorded))),
            "fund.GrantAllocated" => add("projectGrantCents", if within(&on) { amount } else { 0 }),
            "fund.GrantReleased" | "fund.GrantReturned" => add("projectGrantCents", if within(&on) { -amount } else { 0 }),
            "project.MoneyRaised" => drop(raised.insert(text(&data["entry"]), (on, amount))),
            "project.BookEntryVoided" => drop(raised.remove(&text(&data["entry"]))),
            "community_activity.CommunityActivityBegun" => drop(begun.insert(subject, !data["begun_by"].is_null())),
            "community_activity.CommunityActivityHeld" => {
                held.insert(subject, (on, data["person_times"].as_i64().unwrap()));
            }
            "community_activity.PersonTimesCorrected" => held.get_mut(&subject).unwrap().1 = data["person_times"].as_i64().unwrap(),
            "community_activity.CommunityActivityVoided" => drop(held.remove(&subject)),
            _ => {}
        }
    }
    let of_kind = |kind: &str| kinds.values().filter(|it| *it == kind).count() as i64;
    add("directTeams", of_kind("direct_team"));
    add("organisations", of_kind("group") + of_kind("community_station"));
    add("stations", of_kind("community_station"));
    add("selfOrganisations", of_kind("self_organisation"));
    let counted: Vec<_> = records.iter().filter(|(id, it)| confirmed.contains(*id) && within(&it.0)).map(|(_, it)| it).collect();
    add("confirmedServiceRecords", counted.len() as i64);
    add("confirmedServiceMinutes", counted.iter().map(|it| it.1).sum());
    add("serviceCategories", counted.iter().map(|it| &it.2).collect::<BTreeSet<_>>().len() as i64);
    add("seatedRepresentatives", seats.values().filter(|held| **held).count() as i64);
    add("projectSelfRaisedCents", raised.values().filter(|it| within(&it.0)).map(|it| it.1).sum());
    let by_representatives: Vec<_> = held.iter().filter(|(id, it)| begun[*id] && within(&it.0)).collect();
    add("activitiesByRepresentatives", by_representatives.len() as i64);
    add("activityPersonTimes", by_representatives.iter().map(|(_, it)| it.1).sum());
    count
}

#[test]
fn a_simulated_district_is_its_profile_by_the_report_and_by_the_log_alone() {
    let folder = TestFolder::new();
    let told = simulates(&folder, &profile("440402", FROM, AS_OF, LIVELY));
    assert!(told["refusals"].as_u64().unwrap() > 10, "things go wrong on the way: {told}");
    folder.verified();
    let report = reports(&folder, "440402", (FROM, AS_OF), &[]);
    assert_eq!(report["figures"], json!(LIVELY.iter().copied().collect::<BTreeMap<_, _>>()));
    let counted = recounted(&folder.events(), FROM, AS_OF);
    assert_eq!(json!(counted), report["figures"], "another program that has only the events");

    // All of it was known by then.
    let then = reports(&folder, "440402", (FROM, AS_OF), &["--known-at", AS_OF]);
    assert_eq!((&then["figures"], &then["changed"], &then["changes"]), (&report["figures"], &json!([]), &json!([])));
    let earlier = reports(&folder, "440402", (FROM, "2023-12-31"), &["--known-at", "2023-12-31"]);
    assert_ne!(earlier["figures"], earlier["figuresNow"], "some service of December is recorded in January");
    let changes = earlier["changes"].as_array().unwrap();
    assert!(changes.iter().any(|it| it["change"] == "lateEntry") && changes.iter().all(|it| it["day"].as_str() <= Some("2023-12-31")));
    let gained: i64 = changes.iter().filter(|it| it["kind"] == "service_record").map(minutes_gained).sum();
    let difference = |figure: &str| earlier["figuresNow"][figure].as_i64().unwrap() - earlier["figures"][figure].as_i64().unwrap();
    assert_eq!(gained, difference("confirmedServiceMinutes"), "the changes are the difference, to the minute");

    adds_up(&folder, &report);
    opens_its_data(&folder);
    for form in ["--markdown", "--csv"] {
        let args = ["report", "--area", "440402", "--from", FROM, "--as-of", AS_OF, form];
        let printed = folder.runs(args).exited(0).stdout;
        assert_eq!(printed.starts_with('\u{feff}'), form == "--csv", "a spreadsheet must see that it is UTF-8");
        assert!(printed.contains("projectGrantCents") && printed.contains("31415927"), "{printed}");
    }
}

/// Open data has what it should, no person, and nothing of few.
fn opens_its_data(folder: &TestFolder) {
    let out = folder.beside("open");
    let to = out.to_str().unwrap();
    folder.runs(["export", "open-data", "--area", "440402", "--from", FROM, "--to", AS_OF, "--smallest-cell", "3", "--out", to]).exited(0);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let set = |name: &str| serde_json::from_str::<Vec<Value>>(&read(&format!("{name}.json"))).unwrap();
    let (motions, votes) = (set("motions"), set("vote_events"));
    assert_eq!((motions.len(), set("projects").len()), (7, 3));
    let organisations = set("organizations");
    let named: BTreeSet<_> =
        organisations.iter().filter(|it| !it["name"].as_str().unwrap().is_empty()).map(|it| it["id"].to_string()).collect();
    for it in motions.iter().chain(&votes) {
        assert!(named.contains(&it["organization_id"].to_string()), "{it}");
    }
    assert!(motions.iter().all(|it| it["date"].as_str().is_some_and(|day| (FROM..=AS_OF).contains(&day))), "{motions:?}");
    let known: BTreeSet<_> = motions.iter().map(|it| it["id"].clone().to_string()).collect();
    let of_motions: Vec<_> = votes.iter().filter(|it| !it["motion_id"].is_null()).collect();
    assert!(!of_motions.is_empty() && of_motions.iter().all(|it| known.contains(&it["motion_id"].to_string())));
    for vote in &votes {
        let told = vote["suppressed"] == false;
        assert_eq!((vote.get("counts").is_some(), vote.get("present").is_some()), (told, told), "{vote}");
        let counts = vote["counts"].as_array().map_or(&[][..], Vec::as_slice);
        let cast: u64 = counts.iter().map(|it| it["value"].as_u64().unwrap()).sum();
        assert!(cast <= vote["present"].as_u64().unwrap_or(0) && vote["present"].as_u64() <= vote["entitled"].as_u64(), "{vote}");
        assert!(vote["end_date"].is_string(), "{vote}");
    }
    let cells = set("participation");
    let (told, kept): (Vec<_>, Vec<_>) = cells.iter().partition(|it| it["suppressed"] == false);
    assert!(told.iter().all(|it| it["volunteers"].as_u64() >= Some(3)) && kept.iter().all(|it| it["records"].is_null()));
    assert!(!told.is_empty() && !kept.is_empty(), "some cells are small: {}", cells.len());
    assert_eq!(read("participation.csv").lines().count(), cells.len() + 1);
    let events = folder.events();
    let all = ["organizations", "participation", "motions", "vote_events", "projects"].map(|name| read(&format!("{name}.json"))).concat();
    let persons = events.iter().filter(|it| it["type"].as_str().unwrap().starts_with("gongyi.person."));
    for person in persons.map(|it| it["subject"].as_str().unwrap().trim_start_matches("person/").to_owned()) {
        assert!(!all.contains(&person), "a person's id is in open data");
    }
}

fn minutes_gained(change: &Value) -> i64 {
    let minutes = |it: &Value| it["minutes"].as_i64().unwrap_or(0);
    minutes(&change["after"]) - minutes(&change["before"])
}

/// A district's streets, and each street's communities, have what it has, but for what was recorded at itself.
fn adds_up(folder: &TestFolder, report: &Value) {
    let sum = |report: &Value, figure: &str| {
        let parts = report["parts"].as_array().unwrap().iter().map(|it| it["figures"][figure].as_i64().unwrap()).sum::<i64>();
        parts + report["own"][figure].as_i64().unwrap()
    };
    let all = report["figures"].as_object().unwrap();
    for (figure, amount) in all.iter().filter(|(figure, _)| *figure != "serviceCategories") {
        assert_eq!(sum(report, figure), amount.as_i64().unwrap(), "{figure}");
    }
    let street = &report["parts"][0];
    let below = reports(folder, street["area"].as_str().unwrap(), (FROM, AS_OF), &[]);
    assert_eq!(below["figures"], street["figures"]);
    assert!(!below["parts"].as_array().unwrap().is_empty());
    for figure in all.keys().filter(|figure| *figure != "serviceCategories") {
        assert_eq!(sum(&below, figure), below["figures"][figure].as_i64().unwrap(), "{figure} of a street");
    }
}

/// Profiles at the edges: nobody, one day, one community, more elections than seats, work for nobody who is to stay.
#[test]
fn profiles_at_the_edges_come_out_as_exactly() {
    let edges: &[(&str, &str, &str, Wanted)] = &[
        ("440402", "2022-01-01", "2022-09-15", &[]),
        ("440402", "2022-01-01", "2022-09-15", &[("registeredVolunteers", 7)]),
        (
            "440402",
            "2022-01-01",
            "2022-09-15",
            &[
                ("registeredVolunteers", 40),
                ("organisations", 2),
                ("stations", 2),
                ("serviceCategories", 1),
                ("confirmedServiceRecords", 1),
                ("confirmedServiceMinutes", 1),
                ("certifiedElections", 5),
                ("seatedRepresentatives", 2),
                ("meetingsHeld", 3),
            ],
        ),
        (
            "440402",
            "2022-01-01",
            "2022-09-15",
            &[
                ("meetingsHeld", 4),
                ("motionsReceived", 3),
                ("activitiesByRepresentatives", 3),
                ("activityPersonTimes", 9),
                ("selfOrganisations", 1),
            ],
        ),
        (
            "440402001",
            "2022-03-01",
            "2022-03-30",
            &[("registeredVolunteers", 5), ("serviceCategories", 13), ("confirmedServiceRecords", 400), ("confirmedServiceMinutes", 3_001)],
        ),
        (
            "440402001001",
            "2022-01-01",
            "2022-01-01",
            &[
                ("registeredVolunteers", 60),
                ("directTeams", 1),
                ("organisations", 3),
                ("stations", 1),
                ("serviceCategories", 4),
                ("confirmedServiceRecords", 50),
                ("confirmedServiceMinutes", 3_001),
                ("certifiedElections", 2),
                ("seatedRepresentatives", 9),
                ("meetingsHeld", 3),
                ("motionsReceived", 4),
                ("projectGrantCents", 123_457),
                ("projectSelfRaisedCents", 999),
                ("activitiesByRepresentatives", 5),
                ("activityPersonTimes", 77),
                ("selfOrganisations", 2),
                ("selfOrganisationMembers", 21),
            ],
        ),
        (
            "440402",
            "2022-01-01",
            "2022-02-01",
            &[
                ("registeredVolunteers", 12),
                ("serviceCategories", 3),
                ("confirmedServiceRecords", 10),
                ("confirmedServiceMinutes", 14_000),
                ("projectSelfRaisedCents", 5),
            ],
        ),
    ];
    for (area, from, as_of, figures) in edges {
        let folder = TestFolder::new();
        simulates(&folder, &profile(area, from, as_of, figures));
        let report = reports(&folder, area, (from, as_of), &[]);
        let wanted: Value =
            figures.iter().map(|(name, amount)| ((*name).to_owned(), json!(amount))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(report["figures"], whole(&wanted, &report["figures"]), "{area} {from} {as_of}");
        let counted = json!(recounted(&folder.events(), from, as_of));
        assert_eq!(whole(&counted, &report["figures"]), report["figures"], "counted from the events: {area} {from} {as_of}");
    }
}

#[test]
fn a_profile_that_cannot_be_is_refused_and_leaves_no_data() {
    let folder = TestFolder::new();
    for (figures, field) in [
        (&[("stations", 3), ("organisations", 2)][..], "stations"),
        (&[("serviceCategories", 1)], "serviceCategories"),
        (&[("motions", 1)], "figures.motions"),
    ] {
        let file = folder.writes("profile.json", profile("440402", FROM, AS_OF, figures).to_string());
        let ran = folder.runs(["simulate".as_ref(), "--profile".as_ref(), file.as_os_str()]).exited(65);
        assert!(ran.stderr.contains(&format!("{field}: ")), "{}", ran.stderr);
    }
    assert!(!folder.data().join("log.db").exists());
    let missing = folder.runs(["simulate", "--profile", "/nowhere/profile.json"]);
    missing.exited(66);
    simulates(&folder, &profile("440402", FROM, AS_OF, &[("registeredVolunteers", 3)]));
    let file = folder.writes("profile.json", profile("440402", FROM, AS_OF, &[]).to_string());
    folder.runs(["simulate".as_ref(), "--profile".as_ref(), file.as_os_str()]).exited(78);
    let wrong = ["report", "--area", "440402", "--from", AS_OF, "--as-of", FROM, "--json"];
    folder.runs(wrong).exited(64);
    folder.runs(["report", "--area", "999999", "--as-of", AS_OF]).exited(64);
    assert!(NaiveDate::parse_from_str(AS_OF, "%Y-%m-%d").is_ok());
}
