//! Open data from the command line, beside a running server. The silent failure made loud: what a motion's movers are still
//! writing, told to everybody because an earlier version was public once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use gongyi_tests::{District, district::TEAM_AREA, people::somebody};
use serde_json::{Value, json};

/// What is published now of the motions in the district.
fn motions(district: &District, name: &str) -> Vec<Value> {
    let out = district.folder.beside(name);
    let args = ["export", "open-data", "--area", "440402", "--from", "2026-01-01", "--to", "2026-01-31", "--out", out.to_str().unwrap()];
    district.folder.runs(args).succeeded();
    let organisations: Vec<Value> = serde_json::from_slice(&fs::read(out.join("organizations.json")).unwrap()).unwrap();
    assert!(organisations.iter().any(|it| it["name"] == "社区议事会" && it["classification"] == "council"), "{organisations:?}");
    serde_json::from_slice(&fs::read(out.join("motions.json")).unwrap()).unwrap()
}

#[test]
fn a_motion_says_in_public_what_was_public_last() {
    let district = District::new();
    let mover = district.registers(&somebody());
    let organiser = district.registers(&somebody());
    let me = organiser.client.asks("{ me { account { id } } }", &json!({}));
    district.operator.does("grantRole", &json!({"account": me["me"]["account"]["id"], "role": "ORGANISER", "area": TEAM_AREA}), "");
    let mandate = json!({"authority": "香洲区民政局", "reason": "设立"});
    let establish =
        json!({"area": TEAM_AREA, "name": "社区议事会", "charter": {"seats": 3, "secondsNeeded": 0, "noticeDays": 0}, "mandate": mandate});
    let council = district.operator.does("establishCouncil", &establish, "council { id }")["council"]["id"].clone();
    let seat = json!({"council": council, "people": [mover.person], "source": {"transition": {"source": "名册"}}});
    district.operator.does("seatRepresentatives", &seat, "");

    let text = |title: &str, text: &str| json!({"title": title, "paragraphs": [{"text": text}]});
    let draft = json!({"council": council, "category": "PUBLIC_FACILITIES", "text": text("增设路灯", "在东门装十盏灯")});
    let motion = mover.client.does("draftMotion", &draft, "motion { id }")["motion"]["id"].clone();
    assert_eq!(motions(&district, "draft"), Vec::<Value>::new());
    mover.client.does("submitMotion", &json!({"motion": motion}), "");
    organiser.client.does("returnMotion", &json!({"motion": motion, "reason": "请写明预算"}), "");
    let revise =
        json!({"motion": motion, "against": 1, "category": "PUBLIC_FACILITIES", "text": text("增设路灯二", "预算未定，张三先垫付")});
    mover.client.does("reviseMotion", &revise, "");
    let returned = motions(&district, "returned");
    assert_eq!((&returned[0]["name"], &returned[0]["text"]), (&json!("增设路灯"), &json!("在东门装十盏灯")));
    assert!(returned[0]["date"].is_string(), "{returned:?}");
    mover.client.does("submitMotion", &json!({"motion": motion}), "");
    let public = motions(&district, "public");
    assert_eq!((&public[0]["name"], &public[0]["date"]), (&json!("增设路灯二"), &returned[0]["date"]), "the day it was first submitted");
}
