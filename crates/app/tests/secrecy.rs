//! Whose ballot is whose is in no file: not in the log, the vault, the views, the ballot box or what the process printed,
//! neither after a poll nor after a SIGKILL between any two steps of casting and counting. Makes loud: an id or a tag that
//! joins a voter with a ballot, an order or a time that does, a ballot that a crash loses or doubles.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use aho_corasick::AhoCorasick;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        ballot::{BallotListEvent, Marks},
        poll::Poll,
        poll_report::PollOutcome,
        roll_entry::RollEntryEvent,
    },
    values::PollId,
};
use uuid::Uuid;

use crate::harness::{District, Voter, choice_terms, opened_elsewhere};

const FOLDER: &str = "GONGYI_TEST_FOLDER";
const PLAN: &str = "GONGYI_TEST_PLAN";
const STOP: &str = "GONGYI_STOP_AT";
const VOTERS: usize = 6;

/// What the other process does: these voters cast in this poll, then it is closed and counted by an organiser, if asked.
struct Plan {
    poll: PollId,
    voters: Vec<Voter>,
    count: bool,
}

impl Plan {
    fn text(&self) -> String {
        let voters: Vec<_> = self.voters.iter().map(|it| it.person.to_string()).collect();
        format!("{} {} {}", self.poll, self.count, voters.join(" "))
    }

    fn parse(text: &str) -> Self {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap();
        let (poll, count) = (word().parse().unwrap(), word() == "true");
        Self { poll, count, voters: words.map(|it| Voter::new(it.parse().unwrap())).collect() }
    }
}

/// The command and the tag of a voter, the same in every process.
fn command(voter: &Voter) -> Uuid {
    Uuid::new_v5(&voter.person.0, b"command")
}

fn tag(voter: &Voter) -> String {
    format!("tag-{}", Uuid::new_v5(&voter.person.0, b"tag").simple())
}

fn marks(at: usize) -> Marks {
    Marks::Chosen(vec![u16::try_from(at % 4).unwrap() + 1])
}

/// Not a test of its own: the process that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn helper_process() {
    let (Ok(folder), Ok(plan)) = (std::env::var(FOLDER), std::env::var(PLAN)) else { return };
    let (folder, plan) = (PathBuf::from(folder), Plan::parse(&plan));
    let app = opened_elsewhere(&folder, &folder.join("kek")).await;
    app.reconcile_ballots().await.unwrap();
    for (at, voter) in plan.voters.iter().enumerate() {
        voter.casts(&app, plan.poll, marks(at), command(voter), Some(tag(voter))).await.unwrap();
    }
    if plan.count {
        use gongyi_app::deliberation::poll::counting::{ClosePoll, CountPoll};
        use gongyi_domain::access::authority::{Actor, Grant, Role, Scope};
        let organiser = Actor::Operator(Grant { role: Role::Organiser, scope: Scope::Everywhere });
        let poll = plan.poll;
        app.dispatch(&app.request(organiser.clone()), &ClosePoll { poll }).await.unwrap();
        app.dispatch(&app.request(organiser), &CountPoll { poll }).await.unwrap();
    }
    println!("done");
}

/// Runs the other process until it stops at a step, and kills it there. Returns what it printed.
fn killed_at(folder: &Path, step: &str, plan: &Plan) -> Vec<u8> {
    let mut child: Child = Command::new(std::env::current_exe().unwrap())
        .args(["secrecy::helper_process", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(PLAN, plan.text())
        .env(STOP, step)
        .env("RUST_BACKTRACE", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = vec![];
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let stopped = loop {
        let mut line = vec![];
        if lines.read_until(b'\n', &mut line).unwrap() == 0 {
            break false;
        }
        printed.extend_from_slice(&line);
        if String::from_utf8_lossy(&line).contains("stopped at ") {
            break true;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    child.stderr.take().unwrap().read_to_end(&mut printed).unwrap();
    assert!(stopped, "{step} was never reached: {}", String::from_utf8_lossy(&printed));
    printed
}

/// Every file of the folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

/// Looks for many byte strings at once: every file is read through a single time.
struct Search(AhoCorasick);

impl Search {
    fn new(needles: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(AhoCorasick::new(needles).unwrap())
    }

    /// The needles that are in `bytes`, by number.
    fn found(&self, bytes: &[u8]) -> BTreeSet<usize> {
        self.0.find_overlapping_iter(bytes).map(|it| it.pattern().as_usize()).collect()
    }
}

/// Every way in which a file may name a voter.
fn names(voter: &Voter, poll: PollId) -> [Vec<u8>; 9] {
    let [person, entry, command] = [voter.person.0, voter.entry(poll).0, command(voter)].map(spellings);
    [person, entry, command].concat().try_into().unwrap()
}

/// How an id may stand in a file.
fn spellings(id: Uuid) -> [Vec<u8>; 3] {
    [id.as_bytes().to_vec(), id.to_string().into_bytes(), id.simple().to_string().into_bytes()]
}

/// Before the count: no tag is readable anywhere, and the ballot box names nobody but who is pending.
fn assert_sealed(files: &BTreeMap<String, Vec<u8>>, poll: PollId, voters: &[Voter], pending_most: usize, when: &str) {
    let tags = Search::new(voters.iter().map(|voter| tag(voter).into_bytes()));
    for (name, bytes) in files {
        assert!(tags.found(bytes).is_empty(), "{when}: a tag is readable in {name}");
    }
    let boxed: Vec<u8> = files.iter().filter(|(name, _)| name.starts_with("ballots.db")).flat_map(|(_, bytes)| bytes.clone()).collect();
    assert!(!boxed.is_empty());
    let named = Search::new(voters.iter().flat_map(|voter| names(voter, poll))).found(&boxed);
    let named: BTreeSet<_> = named.into_iter().map(|needle| needle / 9).collect();
    assert!(named.len() <= pending_most, "{when}: the ballot box names who is not pending");
}

/// After the count: what the log says of a ballot and what it says of a voter have no commit, id or moment in common, and
/// no file has a tag that a voter sent along.
async fn assert_apart(district: &District, files: &BTreeMap<String, Vec<u8>>, poll: PollId, voters: &[Voter], when: &str) {
    let mut ballots = vec![];
    let (mut of_ballots, mut of_voters) = (HashSet::new(), HashSet::new());
    for recorded in district.app.log().read_after(0, usize::MAX).await.unwrap() {
        let metadata = &recorded.commit.metadata;
        let joins = [metadata.command_id.to_string(), metadata.correlation.to_string(), format!("{:?}", metadata.causation)];
        let joins = joins.into_iter().filter(|it| it != "None").chain([recorded.commit.number.to_string() + "#"]);
        match Event::decode(&recorded.stream.kind, &recorded.event_type, &recorded.payload).unwrap() {
            Event::Deliberation(deliberation::Event::BallotList(BallotListEvent::BallotsPublished { ballots: some })) => {
                of_ballots.extend(joins);
                ballots.extend(some);
                for voter in voters {
                    for id in [voter.person.0, voter.entry(poll).0, command(voter)] {
                        assert!(!recorded.payload.contains(&id.to_string()), "{when}: a voter stands beside the ballots");
                    }
                }
            }
            Event::Deliberation(deliberation::Event::RollEntry(RollEntryEvent::BallotCast { .. })) => {
                of_voters.extend(joins);
                let tagged = voters.iter().any(|voter| recorded.payload.contains(&tag(voter)));
                assert!(!tagged && !recorded.payload.contains("chosen"), "{when}: a ballot stands beside the voter");
            }
            _ => {}
        }
    }
    assert!(!of_ballots.is_empty() && !of_voters.is_empty());
    assert!(of_ballots.is_disjoint(&of_voters), "{when}: a commit, command or correlation is shared");
    assert!(ballots.iter().all(|it| it.tag.is_none()), "{when}: a ballot bears a tag");
    let mut published: Vec<_> = ballots.into_iter().map(|it| it.marks).collect();
    let mut cast: Vec<_> = (0..voters.len()).map(marks).collect();
    published.sort();
    cast.sort();
    assert_eq!(published, cast, "{when}: every ballot once, as it was cast");

    let tags = Search::new(voters.iter().map(|voter| tag(voter).into_bytes()));
    let names = Search::new(voters.iter().flat_map(|voter| names(voter, poll)));
    let logged: Vec<u8> = files.iter().filter(|(name, _)| name.starts_with("log.db")).flat_map(|(_, bytes)| bytes.clone()).collect();
    assert!(!names.found(&logged).is_empty(), "{when}: what is looked for can be found");
    for (name, bytes) in files {
        assert!(tags.found(bytes).is_empty(), "{when}: {name} has a tag");
        assert!(!name.starts_with("ballots.db") || names.found(bytes).is_empty(), "{when}: {name} names a voter");
    }
}

/// The steps of casting, each of the third voter's, and how many may be pending then.
const CASTING: [&str; 7] = [
    "pending written#3",
    "pending durable#3",
    "pending answered#3",
    "participation durable#3",
    "kept written#3",
    "kept durable#3",
    "kept answered#3",
];
/// The steps of counting.
const COUNTING: [&str; 3] = ["count durable", "destruction written", "destruction durable"];

async fn dies_and_goes_on(step: &str, count: bool) {
    let mut district = District::durable().await;
    let voters = district.electorate(VOTERS).await;
    let poll = district.opens(choice_terms(), &voters).await;
    let plan = Plan { poll, voters: voters.clone(), count };
    let key = district.folder().join("kek");
    district.hands_over_its_key(&key);
    let (mut printed, mut left) = (vec![], BTreeMap::new());
    district = district
        .reopened_after(|folder| {
            printed = killed_at(folder, step, &plan);
            left = files(folder);
        })
        .await;
    let told = Search::new(voters.iter().flat_map(|voter| [names(voter, poll).to_vec(), vec![tag(voter).into_bytes()]].concat()));
    assert!(told.found(&printed).is_empty(), "{step}: the process named a voter or printed a tag");
    if count {
        district.app.reconcile_ballots().await.unwrap();
        let report = district.app.state::<Poll>(poll).await.unwrap().report.unwrap();
        assert!(!matches!(report.outcome, PollOutcome::Disputed { .. }), "{step}: {report:?}");
        assert!(district.app.vault().ballot_box().await.unwrap().polls().await.unwrap().is_empty(), "{step}: the box is gone");
    } else {
        assert_sealed(&left, poll, &voters, 1, step);
        district.app.reconcile_ballots().await.unwrap();
        let ballots = district.app.vault().ballot_box().await.unwrap().clone();
        assert!(ballots.pending(poll).await.unwrap().is_empty(), "{step}: nothing is left between");
        assert_sealed(&files(&district.folder()), poll, &voters, 0, step);
        let kept = ballots.kept(poll).await.unwrap().len();
        let log = district.app.log().read_after(0, usize::MAX).await.unwrap();
        let taken_part = log.iter().filter(|it| it.event_type == "ParticipationRecorded").count();
        assert_eq!(kept, taken_part, "{step}: as many ballots as participations");
        assert!((2..=3).contains(&kept), "{step}: {kept}");
        // Everybody sends what they had sent, or were about to, once more.
        for (at, voter) in voters.iter().enumerate() {
            let again = voter.casts(&district.app, poll, marks(at), command(voter), Some(tag(voter))).await.unwrap();
            assert_eq!(again.done.unchanged, at < kept, "{step}: voter {at}");
        }
        district.closes(poll).await;
        let report = district.counts(poll).await;
        assert_eq!(report.tally.options.iter().map(|it| it.votes.heads).collect::<Vec<_>>(), [2, 2, 1, 1], "{step}");
    }
    assert_apart(&district, &files(&district.folder()), poll, &voters, step).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_any_two_steps_of_casting_loses_and_doubles_and_tells_nothing() {
    for step in CASTING {
        dies_and_goes_on(step, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_any_two_steps_of_counting_loses_and_doubles_and_tells_nothing() {
    for step in COUNTING {
        dies_and_goes_on(step, true).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_poll_joins_nobody_with_a_ballot() {
    let district = District::durable().await;
    let voters = district.electorate(60).await;
    let poll = district.opens(choice_terms(), &voters).await;
    for (at, voter) in voters.iter().enumerate() {
        voter.casts(&district.app, poll, marks(at), command(voter), Some(tag(voter))).await.unwrap();
    }
    assert_sealed(&files(&district.folder()), poll, &voters, 0, "open");
    district.closes(poll).await;
    district.counts(poll).await;
    district.settles().await;
    assert_apart(&district, &files(&district.folder()), poll, &voters, "finished").await;

    // The published order against the order of casting: with four ways to vote a quarter of the places agree by chance, give or
    // take six deviations.
    let list = district.app.state::<gongyi_domain::deliberation::ballot::BallotList>(poll).await.unwrap().ballots;
    let agree = list.iter().enumerate().filter(|(at, ballot)| ballot.marks == marks(*at)).count();
    assert!(agree <= 15 + 6 * 4, "{agree} of {} stand where they were cast", list.len());
}
