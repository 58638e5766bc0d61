//! `gongyi verify --decisions`: whoever has the log makes its decisions again, in a process of their own. The silent failures
//! made loud: a ballot that was changed together with every hash that covers it, and a check that reads what it checks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use gongyi_eventlog::{
    Commit, Log, NewEvent, Recorded, SqliteLog, SqliteSettings,
    verify::{StoredCommit, Verifiable},
};
use gongyi_tests::{Client, District, TestFolder, district::Volunteer, people::somebody};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

/// A secret choice between two gates, which the second wins, and a vote by name that carries, by three of four residents.
fn voted(district: &District) {
    let keeper = district.server.acting_as(&district.folder, &["organiser"]);
    let voters: Vec<_> = (0..4).map(|_| district.registers(&somebody())).collect();
    let choice = json!({"title": "出入口选址", "options": ["东门", "西门"], "method": {"kind": "CHOICE"}, "secret": true,
        "rule": {"ruleId": "cn/village-election-tie"}});
    let poll = opened(&keeper, &voters, choice);
    for (voter, option) in voters.iter().zip([1, 2, 2]) {
        voter.client.does("castBallot", &json!({"poll": poll, "marks": {"chosen": [option]}}), "receipt");
    }
    published(&keeper, &poll);
    let stances = json!({"title": "使用维修资金", "options": ["同意"], "method": {"kind": "STANCES"}, "secret": false,
        "rule": {"ruleId": "cn/residents-meeting"}});
    let poll = opened(&keeper, &voters, stances);
    for (voter, stance) in voters.iter().zip(["YES", "YES", "NO"]) {
        let marks = json!({"stances": [{"option": 1, "stance": stance}]});
        voter.client.does("castOpenBallot", &json!({"poll": poll, "marks": marks}), "poll { id }");
    }
    published(&keeper, &poll);
}

fn opened(keeper: &Client, voters: &[Volunteer], mut terms: Value) -> Value {
    (terms["area"], terms["channels"]) = (json!("440402001001"), json!("ONLINE"));
    let poll = keeper.does("preparePoll", &terms, "poll { id }")["poll"]["id"].clone();
    let lines: Vec<_> = voters.iter().map(|it| json!({"holder": {"person": it.person}})).collect();
    keeper.does("enterOnRoll", &json!({"poll": poll, "lines": lines}), "poll { id }");
    keeper.does("openPoll", &json!({"poll": poll}), "poll { id }");
    poll
}

fn published(keeper: &Client, poll: &Value) {
    for step in ["closePoll", "countPoll", "publishPoll"] {
        keeper.does(step, &json!({"poll": poll}), "poll { id }");
    }
}

/// A folder whose log is the same but for events that `changed` writes anew.
async fn rewritten(from: &TestFolder, changed: impl Fn(&Recorded) -> Option<String>) -> TestFolder {
    let to = TestFolder::new();
    let old = SqliteLog::open_read_only(&from.data().join("log.db"), SqliteSettings::default()).await.unwrap();
    let new = SqliteLog::open(to.data().join("log.db"), SqliteSettings::default()).await.unwrap();
    let (mut number, mut position) = (0, 0);
    loop {
        let commits = old.commits_after(number, 1).await.unwrap();
        let Some(Ok(StoredCommit { info, command_digest, answer, .. })) = commits.into_iter().next() else { break };
        let events = old.read_after(position, 1).await.unwrap();
        (number, position) = (info.number, info.last_position);
        let expectations = events.iter().filter(|it| !events.iter().any(|other| other.stream == it.stream && other.version < it.version));
        let expectations = expectations.map(|it| (it.stream.clone(), it.version - 1)).collect();
        let events = events.iter().map(|it| {
            let payload = changed(it).unwrap_or_else(|| it.payload.clone());
            (it.stream.clone(), NewEvent { event_type: it.event_type.clone(), schema_version: it.schema_version, payload })
        });
        let events = events.collect();
        new.append(Commit { metadata: info.metadata, command_digest, answer, expectations, events }).await.unwrap();
    }
    old.close().await;
    new.close().await;
    to
}

/// One ballot of the published list, marked otherwise: a byte.
fn one_ballot(event: &Recorded) -> Option<String> {
    (event.event_type == "BallotsPublished").then(|| event.payload.replacen(r#""chosen":[2]"#, r#""chosen":[1]"#, 1))
}

fn decisions(found: &Value) -> &Vec<Value> {
    found["decisions"].as_array().expect("a list of decisions")
}

#[test]
fn a_process_of_its_own_finds_the_same_decisions_in_the_log_alone() {
    let district = District::new();
    voted(&district);
    district.server.stops().succeeded();
    let alone = TestFolder::new();
    for name in ["log.db", "log.db-wal"] {
        let _ = fs::copy(district.folder.data().join(name), alone.data().join(name));
    }
    let found = alone.runs(["verify", "--decisions", "--json"]).succeeded().json();
    assert_eq!((&found["sound"], decisions(&found).len(), &found["unreadable"]), (&json!(true), 2, &json!([])));
    let [choice, stances] = &decisions(&found)[..] else { panic!("{found}") };
    assert_eq!((&choice["kind"], &choice["ok"], &choice["differences"]), (&json!("poll"), &json!(true), &json!([])));
    assert_eq!(choice["en"], "#2 elected with 2 votes");
    assert_eq!(stances["en"], "carried: present 3 of 4, more than half ✓; yes 2 of 3, more than half ✓");
    assert_eq!(stances["zh"], "通过：应到 4，出席 3，过半数 ✓；出席 3，赞成 2，过半数 ✓");
    let printed = alone.runs(["verify", "--decisions"]).succeeded().stdout;
    assert!(printed.contains("ok / 一致") && printed.contains("2 decisions, 2 as their events give them: sound / 完好"), "{printed}");
    assert!(alone.verified().get("decisions").is_none(), "only where it is asked for");
    let empty = TestFolder::new();
    empty.runs(["verify", "--decisions"]).exited(66);
}

#[tokio::test]
async fn a_changed_ballot_is_found_even_where_every_hash_was_made_again() {
    let district = District::new();
    voted(&district);
    let District { folder, server, .. } = district;
    server.stops().succeeded();

    let same = rewritten(&folder, |_| None).await;
    assert_eq!(same.runs(["verify", "--decisions", "--json"]).succeeded().json()["sound"], true, "a rewritten log is a log");

    let forged = rewritten(&folder, one_ballot).await;
    assert_eq!(forged.verified()["sound"], true, "its hashes all fit");
    let found = forged.runs(["verify", "--decisions", "--json"]).exited(65).json();
    let [choice, stances] = &decisions(&found)[..] else { panic!("{found}") };
    assert_eq!((&found["sound"], &choice["ok"], &stances["ok"]), (&json!(false), &json!(false), &json!(true)));
    let told: Vec<_> = choice["differences"].as_array().unwrap().iter().map(|it| it["en"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "the ballots count otherwise: #1 1/0/0→2/0/0; #2 2/0/0→1/0/0",
            "recorded as «#2 elected with 2 votes», found as «#1 elected with 2 votes»"
        ]
    );
    let printed = forged.runs(["verify", "--decisions"]).exited(65).stdout;
    assert!(printed.contains("DIFFERS / 不一致") && printed.contains("≠ 选票所记与重新计票不符"), "{printed}");

    let open = |event: &Recorded| (event.event_type == "OpenVoteRecorded").then(|| event.payload.replace("\"yes\"", "\"no\""));
    let found = rewritten(&folder, open).await.runs(["verify", "--decisions", "--json"]).exited(65).json();
    assert_eq!((&decisions(&found)[0]["ok"], &decisions(&found)[1]["ok"]), (&json!(true), &json!(false)));

    let broken = |event: &Recorded| (event.event_type == "BallotsPublished").then(|| "{}".to_owned());
    let found = rewritten(&folder, broken).await.runs(["verify", "--decisions", "--json"]).exited(65).json();
    assert_eq!((found["unreadable"].as_array().unwrap().len(), &decisions(&found)[0]["ok"]), (1, &json!(false)), "{found}");
}

#[tokio::test]
async fn a_changed_byte_in_a_copy_is_found_by_its_hash_too() {
    let district = District::new();
    voted(&district);
    let District { folder, server, .. } = district;
    server.stops().succeeded();
    let mut raw = SqliteConnectOptions::new().filename(folder.data().join("log.db")).connect().await.unwrap();
    let change = r#"DROP TRIGGER events_no_update;
        UPDATE events SET payload = replace(payload, '"chosen":[2]', '"chosen":[1]') WHERE event_type = 'BallotsPublished'"#;
    raw.execute(change).await.unwrap();
    raw.close().await.unwrap();
    let found = folder.runs(["verify", "--json"]).exited(65).json();
    assert!(found["findings"].as_array().unwrap().iter().any(|it| it["problem"].as_str().unwrap().contains("hash")), "{found}");
    let found = folder.runs(["verify", "--decisions", "--json"]).exited(65).json();
    assert_eq!(decisions(&found)[0]["ok"], false);
}
