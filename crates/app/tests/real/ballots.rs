//! Elections that were held, as `tests/real/fetch.sh` fetches them, and casting them again, ballot by ballot.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use gongyi_domain::deliberation::{
    ballot::{Marks, Method},
    counting::Count,
    decision::statutes,
    poll_report::{PollOutcome, PollReport},
    poll_terms::{BallotOption, PollTerms},
};
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{District, Voter, choice_terms};

/// The nine participatory budgets, and how many ballots each has.
pub const BUDGETS: [(&str, usize); 9] = [
    ("poland_swiecie_2023_.pb", 2_553),
    ("poland_warszawa_2024_ursynow.pb", 5_870),
    ("poland_warszawa_2024_bemowo.pb", 5_951),
    ("poland_wieliczka_2023_green-budget.pb", 6_586),
    ("poland_warszawa_2024_praga-poludnie.pb", 8_244),
    ("poland_warszawa_2024_mokotow.pb", 9_442),
    ("poland_wroclaw_2024_.pb", 65_826),
    ("poland_lodz_2024_.pb", 66_045),
    ("poland_warszawa_2024_.pb", 75_255),
];
/// Ranked elections for one place, and how many ballots each has; the last two were held in Burlington and San Francisco.
pub const RANKED: [(&str, usize); 9] = [
    ("commasep/commasquare.abif", 12),
    ("mock-elections/tennessee-example-irv-tie.abif", 84),
    ("mock-elections/tennessee-example-overvote-02.abif", 100),
    ("mock-elections/tennessee-example-simple.abif", 100),
    ("mock-elections/tennessee-vice-capital.abif", 100),
    ("widjexample/widjexample.abif", 900),
    ("mock-elections/tennessee-example-nested-quote.abif", 1_000),
    ("burl2009/burl2009.abif", 8_980),
    ("california/sf2018special-results.abif", 254_016),
];

/// How many cast at a time.
const CLIENTS: usize = 128;

/// An election as it was held.
#[derive(Debug)]
pub struct Held {
    /// Its options' names, in the ballot's order.
    pub options: Vec<String>,
    /// How ballots were marked.
    pub method: Method,
    /// Every ballot.
    pub ballots: Vec<Marks>,
    /// What was published: votes, or first preferences, by option.
    pub votes: Vec<u64>,
    /// Who won, where that was counted; several who tie.
    pub winners: Option<Vec<u16>>,
}

fn real(path: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/real").join(path);
    assert!(file.exists(), "{} is missing: run tests/real/fetch.sh, which fetches it from PyPI through pip", file.display());
    file
}

/// The number of an option on the ballot.
fn number(options: &[String], name: &str) -> u16 {
    u16::try_from(options.iter().position(|it| it == name).unwrap_or_else(|| panic!("no option {name}")) + 1).unwrap()
}

/// A participatory budget in Pabulib's format: `META`, `PROJECTS` and `VOTES`, each with a header, columns parted by `;`.
pub fn budget(file: &str) -> Held {
    let text = fs::read_to_string(real(&format!("pabulib/{file}"))).unwrap();
    let mut sections: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line {
            "META" | "PROJECTS" | "VOTES" => section = line,
            row => sections.entry(section).or_default().push(row.split(';').collect()),
        }
    }
    let column = |section: &str, name: &str| sections[section][0].iter().position(|it| *it == name).unwrap();
    let meta: BTreeMap<_, _> = sections["META"].iter().map(|row| (row[0], row[1])).collect();
    let (project, votes) = (column("PROJECTS", "project_id"), column("PROJECTS", "votes"));
    let projects = &sections["PROJECTS"][1..];
    let options: Vec<_> = projects.iter().map(|row| row[project].to_owned()).collect();
    assert_eq!(options.len().to_string(), meta["num_projects"], "{file}");
    let vote = column("VOTES", "vote");
    let marks = |row: &Vec<&str>| {
        let chosen: Vec<_> = row[vote].split(',').filter(|it| !it.is_empty()).map(|it| number(&options, it)).collect();
        if chosen.is_empty() { Marks::Blank } else { Marks::Chosen(chosen) }
    };
    let ballots: Vec<_> = sections["VOTES"][1..].iter().map(marks).collect();
    assert_eq!(ballots.len().to_string(), meta["num_votes"], "{file}");
    let method = match (meta["vote_type"], meta.get("max_length")) {
        ("choose-1", _) => Method::Choice,
        ("approval", Some(most)) => Method::Plurality { seats: 1, marks_max: most.parse().unwrap() },
        ("approval", None) => Method::Approval { seats: 1 },
        other => panic!("{file}: {other:?}"),
    };
    Held { method, ballots, votes: projects.iter().map(|row| row[votes].parse().unwrap()).collect(), winners: None, options }
}

/// `abiftool` in a process of its own: what it makes of a file.
fn abiftool(file: &str, format: &str) -> Value {
    let (python, file) = (real("venv/bin/python"), real(&format!("abif/{file}")));
    let ran = Command::new(python).args(["-m", "abiftool", "-f", "abif", "-t", format]).arg(file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A ranked election in ABIF, as `abiftool` reads it and counts it by instant run-off.
///
/// Its ballots may give two options one rank, which ours cannot: such a ballot is cast up to there, and blank if the first
/// rank is shared, as `abiftool` counts it for nobody.
pub fn ranked(file: &str) -> Held {
    let (read, counted) = (abiftool(file, "jabmod"), abiftool(file, "irvjson"));
    let options: Vec<String> = read["candidates"].as_object().unwrap().keys().cloned().collect();
    let mut ballots = vec![];
    for line in read["votelines"].as_array().unwrap() {
        let mut by_rank: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
        for (name, preference) in line["prefs"].as_object().unwrap() {
            by_rank.entry(preference["rank"].as_u64().unwrap()).or_default().push(number(&options, name));
        }
        let order: Vec<u16> = by_rank.into_values().take_while(|rank| rank.len() == 1).flatten().collect();
        let marks = if order.is_empty() { Marks::Blank } else { Marks::Ranked(order) };
        ballots.extend(std::iter::repeat_n(marks, usize::try_from(line["qty"].as_u64().unwrap()).unwrap()));
    }
    let first = &counted["rounds"][0];
    let votes = options.iter().map(|name| first[name].as_u64().unwrap_or(0)).collect();
    let mut winners: Vec<_> = counted["winner"].as_array().unwrap().iter().map(|it| number(&options, it.as_str().unwrap())).collect();
    winners.sort_unstable();
    Held { method: Method::Ranked { seats: 1 }, ballots, votes, winners: Some(winners), options }
}

/// Casts all ballots of an election in a secret poll of the district, each by a voter of its own, and counts them.
pub async fn cast_again(district: &District, voters: &Arc<[Voter]>, held: &Held) -> PollReport {
    let terms = PollTerms {
        options: held.options.iter().map(|it| BallotOption::Text(it.clone())).collect(),
        method: held.method,
        rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
        ..choice_terms()
    };
    let voters: Arc<[Voter]> = voters[..held.ballots.len()].into();
    let poll = district.opens(terms, &voters).await;
    let (ballots, next): (Arc<[Marks]>, _) = (held.ballots.clone().into(), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (app, voters, ballots, next) = (district.app.clone(), voters.clone(), ballots.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(voter) = voters.get(at) else { return };
                    voter.casts(&app, poll, ballots[at].clone(), Uuid::now_v7(), None).await.unwrap();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    district.closes(poll).await;
    district.counts(poll).await
}

/// The report says what was published of the election.
pub fn is_as_published(file: &str, held: &Held, report: &PollReport) {
    let ballots = Count::of(u64::try_from(held.ballots.len()).unwrap());
    assert_eq!((report.tally.cast, report.participation.online), (ballots, ballots), "{file}");
    assert_eq!(report.tally.options.iter().map(|it| it.votes.heads).collect::<Vec<_>>(), held.votes, "{file}");
    assert!(!matches!(report.outcome, PollOutcome::Disputed { .. }), "{file}");
    if let Some(winners) = &held.winners {
        let (leading, tied) = (&report.tally.leading, &report.tally.tied);
        assert_eq!(if winners.len() == 1 { (leading, tied.is_empty()) } else { (tied, leading.is_empty()) }, (winners, true), "{file}");
    }
}
