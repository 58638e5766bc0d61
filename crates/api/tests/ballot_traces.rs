//! What the server prints while ballots are cast, at its most talkative. Makes loud: a voter, tag or mark in the output, and
//! a request's id that stands beside a participation in the log.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, area, text};

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Output {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_printed_names_a_voter_or_a_ballot_and_no_request_id_leads_to_one() {
    let district = District::new().await;
    let keeper = district.with_role(Role::Organiser, Scope::Area(area(COMMUNITY))).await;
    let voter = district.registers("李梅").await;
    let terms = json!({ "area": COMMUNITY, "title": "出入口选址", "options": ["东门", "西门"], "method": { "kind": "CHOICE" },
        "secret": true, "channels": "ONLINE", "rule": { "ruleId": "cn/village-election-tie" } });
    let poll = text(&keeper.does("preparePoll", "poll { id }", terms).await["poll"]["id"]);
    let lines = json!([{ "holder": { "person": voter.person } }]);
    keeper.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines })).await;
    keeper.does("openPoll", "poll { id }", json!({ "poll": poll })).await;

    let output = Output::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(output.clone()).finish();
    let printing = tracing::subscriber::set_default(subscriber);
    let (tag, command) = ("t".repeat(30), Uuid::now_v7());
    let ballot = json!({ "poll": poll, "marks": { "chosen": [2] }, "tag": tag, "commandId": command });
    voter.client.does("castBallot", "receipt poll { turnout { voted } }", ballot.clone()).await;
    voter.client.does("castBallot", "receipt", ballot).await;
    let over_voted = json!({ "poll": poll, "marks": { "chosen": [1, 2] }, "tag": tag });
    voter.client.is_refused("castBallot", over_voted).await;
    drop(printing);

    let printed = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let requests: Vec<_> = printed.split("request{id=").skip(1).filter_map(|rest| rest.get(..36)).collect();
    assert!(!requests.is_empty(), "requests are printed: {printed}");
    let person = String::from_utf8({
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.decode(&voter.person).unwrap()
    })
    .unwrap();
    let person = person.trim_start_matches("Person:");
    for secret in [person, &voter.person, &voter.id, &tag, &command.to_string(), "chosen", "castBallot"] {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
    let log = district.app.log().read_after(0, usize::MAX).await.unwrap();
    let taken_part: Vec<_> = log.iter().filter(|it| it.event_type == "ParticipationRecorded").collect();
    assert_eq!(taken_part.len(), 1);
    let metadata = &taken_part[0].commit.metadata;
    for request in requests {
        assert!(metadata.correlation.to_string() != request && metadata.command_id.to_string() != request, "a request id leads to a voter");
    }
}
