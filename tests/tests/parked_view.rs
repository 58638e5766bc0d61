//! A read model that cannot go on. The silent failures made loud: a node that calls itself ready and shows old figures, a
//! command that hangs on a view that will never come, and a rebuild that does not mend what it should.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::PathBuf};

use gongyi_tests::{Client, District, TestFolder, TestServer};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

const LOST: &str = "将失去的小组";
const ASKED: &str = "query($id: ID!, $position: Position) { organisation(id: $id, position: $position) { name dissolved } }";

/// Takes a row out of the views, as a damaged disk or a careless hand might.
fn loses_a_row(folder: &TestFolder) {
    let is_views = |path: &PathBuf| path.extension().is_some_and(|it| it == "db") && path.to_string_lossy().contains("views-");
    let views = fs::read_dir(folder.data()).unwrap().map(|entry| entry.unwrap().path()).find(is_views).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(views)).await.unwrap();
        let lost = sqlx::query("DELETE FROM organisations WHERE name = ?").bind(LOST).execute(&mut connection).await.unwrap();
        assert_eq!(lost.rows_affected(), 1);
        connection.close().await.unwrap();
    });
}

fn ready(server: &TestServer) -> (u16, Value) {
    let (status, body) = server.stranger().gets("/readyz");
    (status, serde_json::from_str(&body).unwrap())
}

/// A read that must have seen `position`, refused at once.
fn is_told_stale(client: &Client, id: &str, position: &str) {
    assert_eq!(client.asks_in_vain(ASKED, &json!({"id": id, "position": position})), "STALE");
}

#[test]
fn a_parked_view_is_told_by_name_and_mended_by_a_rebuild() {
    let district = District::new();
    let profile = json!({"kind": "GROUP", "name": LOST, "area": "440402001001"});
    let founded = district.operator.does("foundOrganisation", &profile, "organisation { id }");
    let id = founded["organisation"]["id"].as_str().unwrap().to_owned();
    let District { folder, server, .. } = district;
    server.stops().exited(0);
    loses_a_row(&folder);

    let server = TestServer::serves(&folder);
    assert_eq!(ready(&server), (200, json!({"ready": true, "reasons": []})), "nothing has touched the row yet");
    let operator = server.operator(&folder);
    let payload = operator.sends("dissolveOrganisation", &json!({"organisation": id}), "");
    // Done and durable: the log is not the view's to refuse. Only what it shows is old.
    assert_eq!((&payload["refusal"], &payload["stale"]), (&Value::Null, &json!(true)), "{payload}");
    let position = payload["position"].as_str().unwrap().to_owned();
    is_told_stale(&operator, &id, &position);
    let (status, told) = ready(&server);
    let reasons = told["reasons"].as_array().unwrap();
    assert_eq!((status, reasons.len()), (503, 1), "{told}");
    assert!(reasons[0].as_str().unwrap().contains("read model organisations is parked at"), "{told}");
    assert_eq!(server.stranger().gets("/healthz").0, 200);
    assert_eq!(operator.asks("{ areas(first: 1) { totalCount } }", &json!({}))["areas"]["totalCount"], 180, "the others go on");
    server.stops().exited(0);

    // A new start gives it another chance; nothing has changed.
    let server = TestServer::serves(&folder);
    assert_eq!(ready(&server).0, 503);
    let doctor = folder.runs(["doctor", "--json"]).exited(65).json();
    let parked: Vec<&Value> = doctor["views"].as_array().unwrap().iter().filter(|view| !view["parked"].is_null()).collect();
    assert_eq!((parked.len(), &parked[0]["name"]), (1, &json!("organisations")), "{doctor}");
    assert_eq!(parked[0]["parked"]["event"], "OrganisationDissolved");
    server.stops().exited(0);

    folder.runs(["rebuild"]).succeeded();
    let server = TestServer::serves(&folder);
    assert_eq!(ready(&server), (200, json!({"ready": true, "reasons": []})));
    let operator = server.operator(&folder);
    let shown = operator.asks(ASKED, &json!({"id": id, "position": position}));
    assert_eq!(shown["organisation"], json!({"name": LOST, "dissolved": true}));
    assert_eq!(folder.runs(["doctor", "--json"]).succeeded().json()["well"], true);
}
