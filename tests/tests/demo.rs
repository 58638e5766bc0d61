//! `gongyi demo`: everybody it says may sign in can, there is something of everything to see, and what it prints works.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use gongyi_tests::{Client, TestFolder, TestServer, awaited};
use serde_json::{Value, json};

/// Role and phone number of each sign-in that the demo prints, and the password.
fn sign_ins(printed: &str) -> (Vec<(String, String)>, String) {
    let password = printed.split("password ").nth(1).unwrap().split(')').next().unwrap().to_owned();
    let line = |line: &str| {
        line.trim().split_once("  ").filter(|(phone, _)| phone.starts_with("199")).map(|(phone, role)| (role.to_owned(), phone.to_owned()))
    };
    (printed.lines().filter_map(line).collect(), password)
}

fn me(client: &Client) -> Value {
    client.asks("{ me { grants { role } volunteer { person records: serviceRecords { nodes { phase disputed } } } } }", &json!({}))["me"]
        .clone()
}

#[test]
fn the_demo_shows_something_of_everything() {
    let folder = TestFolder::new();
    let server = TestServer::demo(&folder);
    let printed = awaited("the last of the three queries", || Some(server.printed()).filter(|it| it.contains("volunteers(first: 3")));
    let (sign_ins, password) = sign_ins(&printed);
    let mut roles = vec![];
    for (role, phone) in &sign_ins {
        let client = server.stranger().signs_in(phone, &password);
        let me = me(&client);
        let granted = me["grants"][0]["role"].as_str().unwrap_or("none").to_owned();
        if role.contains("representative") {
            let person = &me["volunteer"]["person"];
            let councils = client.asks("{ councils(first: 50) { nodes { representatives(first: 50) { nodes { person } } } } }", &json!({}));
            assert!(councils.to_string().contains(person.as_str().unwrap()), "{councils}");
        }
        if role.contains("volunteer") {
            let phases: Vec<&str> =
                me["volunteer"]["records"]["nodes"].as_array().unwrap().iter().map(|it| it["phase"].as_str().unwrap()).collect();
            assert_eq!(phases.len(), 3, "{me}");
            assert!(["CONFIRMED", "REJECTED", "LOGGED"].iter().all(|it| phases.contains(it)), "{me}");
        }
        roles.push(granted);
    }
    assert_eq!(roles, ["DISTRICT_OFFICER", "COORDINATOR", "ORGANISER", "AUDITOR", "none", "none"]);

    let seen = server.stranger().asks(
        "{ activities(filter: {withFreePlaces: true}) { totalCount } motions(first: 1) { totalCount } meetings(first: 1) { totalCount } \
         projects(first: 1) { totalCount } councils(first: 1) { totalCount } }",
        &json!({}),
    );
    for (what, found) in seen.as_object().unwrap() {
        assert!(found["totalCount"].as_u64().unwrap() > 0, "no {what}");
    }

    // Each command line it prints, with the token of the one before where it asks for it.
    let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("curl ") || line.starts_with("TOKEN=")).collect();
    assert_eq!(lines.len(), 4, "{printed}");
    let ran = Command::new("bash").args(["-euc", &lines.join("\necho\n")]).output().unwrap();
    let answers = String::from_utf8(ran.stdout).unwrap();
    let answers: Vec<Value> = answers.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3, "{answers:?}");
    for answer in &answers {
        assert!(answer["errors"].is_null() && answer["data"].is_object(), "{answer}");
    }
    assert!(answers[1]["data"]["participation"]["total"]["records"].as_u64().unwrap() >= 4_000, "{}", answers[1]);
    assert!(answers[2]["data"]["volunteers"]["nodes"][0]["name"].is_string(), "{}", answers[2]);
    server.stops().exited(0);

    // A folder with a demo is served as it is.
    let events = folder.verified()["events"].clone();
    let again = TestServer::demo(&folder);
    assert_eq!(me(&again.stranger().signs_in(&sign_ins[0].1, &password))["grants"][0]["role"], "DISTRICT_OFFICER");
    again.stops().exited(0);
    assert!(folder.verified()["events"].as_u64() >= events.as_u64());
}
