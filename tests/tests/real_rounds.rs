//! Real participatory budgets, selected again. The silent failures made loud: a rule that funds what the city did not, and
//! shares that another program counts otherwise.
//!
//! The nine files and the other program are fetched by name (`tests/real/*.sh`) and never committed. Costs are whole units of
//! the city's currency; a cent here is one of them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZeroU64,
    path::PathBuf,
    process::Command,
};

use gongyi_domain::projects::selection::{
    Approvals, Candidate, Completion, Measure, Method, Reason, Selection, SelectionRule, Support, TieBreak, select,
};
use gongyi_tests::repository;

const GREEDY: SelectionRule = SelectionRule { method: Method::Greedy, threshold: None, tie_break: TieBreak::Cheaper };
const UNTIL_FULL: SelectionRule = SelectionRule { method: Method::GreedyUntilFull, ..GREEDY };
const SMALL: [&str; 6] = [
    "poland_swiecie_2023_",
    "poland_wieliczka_2023_green-budget",
    "poland_warszawa_2024_bemowo",
    "poland_warszawa_2024_mokotow",
    "poland_warszawa_2024_praga-poludnie",
    "poland_warszawa_2024_ursynow",
];

/// Runs a script of `tests/real`, one at a time whatever tests run beside.
fn fetch(script: &str) {
    let target = repository().join("target");
    fs::create_dir_all(&target).unwrap();
    let fetched = Command::new("flock").arg(target.join("real.lock")).arg(repository().join("tests/real").join(script)).status();
    assert!(fetched.unwrap().success(), "{script}");
}

fn file(name: &str) -> PathBuf {
    fetch("fetch.sh");
    repository().join("target/real/pabulib").join(format!("{name}.pb"))
}

/// An election as its file tells it.
struct Election {
    ids: Vec<String>,
    candidates: Vec<Candidate>,
    approvals: Vec<Approvals>,
    budget: u64,
    published: BTreeSet<String>,
}

impl Election {
    /// Reads a file in Pabulib format: sections with a heading each, fields between semicolons.
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(file(name)).unwrap().trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (meta, rest) = text.strip_prefix("META\n").unwrap().split_once("PROJECTS\n").unwrap();
        let (projects, votes) = rest.split_once("VOTES\n").unwrap();
        let told = |key: &str| meta.lines().find_map(|line| line.split_once(';').filter(|(it, _)| *it == key)).unwrap().1.parse().unwrap();
        let rows = |section: &str| -> Vec<BTreeMap<String, String>> {
            let mut lines = section.lines();
            let heading: Vec<_> = lines.next().unwrap().split(';').map(str::to_owned).collect();
            lines.map(|line| heading.iter().cloned().zip(line.split(';').map(str::to_owned)).collect()).collect()
        };
        let projects = rows(projects);
        let ids: Vec<_> = projects.iter().map(|it| it["project_id"].clone()).collect();
        let number = |id: &str| u16::try_from(ids.iter().position(|it| it == id).unwrap() + 1).unwrap();
        let mut bundles: BTreeMap<BTreeSet<u16>, u64> = BTreeMap::new();
        for vote in rows(votes) {
            *bundles.entry(vote["vote"].split(',').map(number).collect()).or_default() += 1;
        }
        let of: u64 = bundles.values().sum();
        assert_eq!((of, ids.len()), (told("num_votes"), usize::try_from(told("num_projects")).unwrap()), "{name} is read as it says");
        let candidate = |(it, number): (&BTreeMap<String, String>, u16)| {
            let points = bundles.iter().filter(|(numbers, _)| numbers.contains(&number)).map(|(_, ballots)| ballots).sum();
            assert_eq!(points, it["votes"].parse::<u64>().unwrap(), "{name}: the ballots are those that were counted");
            Candidate { cost: it["cost"].parse().unwrap(), support: Support { points, of }, group: None }
        };
        let candidates = projects.iter().zip(1..).map(candidate).collect();
        let says = |it: &BTreeMap<String, String>| it.get("selected").is_none_or(|selected| selected == "0" || selected == "1");
        assert!(projects.iter().all(says), "{name}: each project is selected or not");
        let selected = projects.iter().filter(|it| it.get("selected").is_some_and(|selected| selected == "1"));
        let published = selected.map(|it| it["project_id"].clone()).collect();
        let approvals = bundles.into_iter().map(|(candidates, ballots)| Approvals { candidates, ballots }).collect();
        Self { ids, candidates, approvals, budget: told("budget"), published }
    }

    fn select(&self, rule: SelectionRule) -> Selection {
        select(rule, self.budget, &self.candidates, &self.approvals)
    }

    fn funded(&self, selection: &Selection) -> BTreeSet<String> {
        selection.funded().map(|number| self.ids[usize::from(number) - 1].clone()).collect()
    }

    /// What only the city and what only the rule funds.
    fn differences(&self, rule: SelectionRule) -> (Vec<String>, Vec<String>) {
        let ours = self.funded(&self.select(rule));
        (self.published.difference(&ours).cloned().collect(), ours.difference(&self.published).cloned().collect())
    }

    #[track_caller]
    fn agrees(&self, rule: SelectionRule) {
        assert!(!self.published.is_empty());
        assert_eq!(self.differences(rule), (vec![], vec![]), "only the city, only the rule");
    }
}

fn equal_shares(measure: Measure, completion: Completion) -> SelectionRule {
    SelectionRule { method: Method::EqualShares { measure, completion }, ..GREEDY }
}

/// What pabutools funds.
fn pabutools(name: &str, measure: &str, step: Option<&str>) -> BTreeSet<String> {
    fetch("fetch_pabutools.sh");
    let python = repository().join("target/pabutools/venv/bin/python");
    let told = Command::new(python).arg(repository().join("tests/real/equal_shares.py")).arg(file(name)).arg(measure).args(step).output();
    let told = told.unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice::<Vec<String>>(&told.stdout).unwrap().into_iter().collect()
}

#[track_caller]
fn shares_agree(name: &str, measures: &[(Measure, &str)]) {
    let election = Election::read(name);
    for (measure, word) in measures {
        let ours = election.funded(&election.select(equal_shares(*measure, Completion::None)));
        assert!(!ours.is_empty());
        assert_eq!(ours, pabutools(name, word, None), "{name} by {word}");
    }
}

#[test]
fn greedy_that_skips_gives_what_lodz_and_four_districts_of_warszawa_published() {
    for name in ["poland_lodz_2024_", SMALL[2], SMALL[3], SMALL[4], SMALL[5]] {
        Election::read(name).agrees(GREEDY);
    }
}

#[test]
fn greedy_that_ends_at_the_first_gives_what_wroclaw_published() {
    let election = Election::read("poland_wroclaw_2024_");
    election.agrees(UNTIL_FULL);
    assert_ne!(election.differences(GREEDY), (vec![], vec![]));
}

#[test]
fn shares_are_those_of_pabutools_by_cost_and_by_count() {
    for name in SMALL {
        shares_agree(name, &[(Measure::Cost, "cost"), (Measure::Count, "count")]);
    }
}

/// With every share raised by one, again and again, as two of the cities do.
#[test]
fn raised_shares_are_those_of_pabutools() {
    for name in [SMALL[0], SMALL[1]] {
        let election = Election::read(name);
        let completion = Completion::AddThenGreedy { step: NonZeroU64::MIN };
        let selection = election.select(equal_shares(Measure::Cost, completion));
        let shared = |number: &u16| selection.steps.iter().any(|it| it.candidate == *number && matches!(it.reason, Reason::Shared { .. }));
        let ours: BTreeSet<String> =
            selection.funded().filter(|it| shared(it)).map(|it| election.ids[usize::from(it) - 1].clone()).collect();
        assert_eq!(ours, pabutools(name, "cost", Some("1")), "{name}");
    }
}

/// The largest three: pabutools takes minutes for each.
#[test]
fn shares_of_lodz_are_those_of_pabutools() {
    shares_agree("poland_lodz_2024_", &[(Measure::Count, "count")]);
}

#[test]
fn shares_of_warszawa_are_those_of_pabutools() {
    shares_agree("poland_warszawa_2024_", &[(Measure::Count, "count")]);
}

#[test]
fn shares_of_wroclaw_are_those_of_pabutools() {
    shares_agree("poland_wroclaw_2024_", &[(Measure::Cost, "cost"), (Measure::Count, "count")]);
}

/// Wieliczka raised shares too, and says no more of its rule; it published one project where this rule funds two cheaper ones.
#[test]
fn what_wieliczka_published_follows_from_no_rule_here() {
    let completion = Completion::AddThenGreedy { step: NonZeroU64::MIN };
    let ids = |ids: &[&str]| ids.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let differences = Election::read(SMALL[1]).differences(equal_shares(Measure::Cost, completion));
    assert_eq!(differences, (ids(&["46"]), ids(&["66", "67"])));
}

/// City-wide, Warszawa knows projects that exclude each other; the file says so and does not say which.
#[test]
fn what_warszawa_published_city_wide_follows_from_no_rule_here() {
    let ids = |ids: &[&str]| ids.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let election = Election::read("poland_warszawa_2024_");
    let only_the_city = ids(&["130", "306", "638"]);
    assert_eq!(election.differences(GREEDY), (only_the_city.clone(), ids(&["1018", "1378", "1498"])));
    assert_eq!(election.differences(UNTIL_FULL), (only_the_city, ids(&["1018", "1498"])));
    let text = fs::read_to_string(file("poland_warszawa_2024_")).unwrap();
    assert!(text.contains("two (or more) projects are mutually exclusive"), "the file says why");
}
