//! Votes as who takes part meets them. Makes loud: a vote by somebody who has left the seat, a roll of people who are not there,
//! a published list that tells whose ballot is whose, a reviewer who cannot read what they gave.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{COMMUNITY, Client, District, OTHER_STREET, Resident, STREET, text},
    meetings::person_of,
    motions::chamber,
};

async fn organiser(district: &District) -> Resident<'_> {
    district.registers_with("孙社工", "ORGANISER", json!({ "area": STREET })).await
}

async fn residents<'d, const N: usize>(district: &'d District) -> [Resident<'d>; N] {
    let mut people = vec![];
    for _ in 0..N {
        people.push(district.registers("李梅").await);
    }
    people.try_into().unwrap_or_else(|_| unreachable!("as many as were registered"))
}

fn question(more: Value) -> Value {
    let mut input = json!({ "area": COMMUNITY, "title": "出入口选址", "options": ["东门", "西门", "南门"], "method": { "kind": "APPROVAL", "seats": 1 },
        "secret": true, "channels": "ONLINE", "rule": { "ruleId": "cn/village-election-tie" } });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn lines(voters: &[Resident<'_>]) -> Vec<Value> {
    voters.iter().map(|it| json!({ "holder": { "person": it.person } })).collect()
}

async fn opened(keeper: &Client<'_>, voters: &[Resident<'_>], more: Value) -> String {
    let poll = text(&keeper.does("preparePoll", "poll { id }", question(more)).await["poll"]["id"]);
    keeper.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines(voters) })).await;
    keeper.does("openPoll", "poll { id }", json!({ "poll": poll })).await;
    poll
}

async fn published(keeper: &Client<'_>, poll: &str) {
    for step in ["closePoll", "countPoll", "publishPoll"] {
        keeper.does(step, "poll { id }", json!({ "poll": poll })).await;
    }
}

async fn asked(client: &Client<'_>, poll: &str, fields: &str) -> Value {
    client.asks(&format!("query($id: ID!) {{ poll(id: $id) {{ {fields} }} }}"), json!({ "id": poll })).await.data()["poll"].clone()
}

#[tokio::test]
async fn who_leaves_the_seat_in_a_meeting_neither_votes_nor_counts() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let people: [_; 3] = residents(&district).await;
    let ids: Vec<_> = people.iter().map(|it| person_of(&it.person)).collect();
    let (_, council) = district.council(ids).await;
    let notice = json!({ "title": "例会", "place": "活动室", "starts": district.in_minutes(60), "ends": district.in_minutes(180) });
    let input = json!({ "council": council, "notice": notice, "agenda": [{ "title": "修路" }], "shortNotice": "水管爆裂" });
    let meeting = keeper.client.does("conveneMeeting", "meeting { id agenda { id } }", input).await["meeting"].clone();
    for person in &people {
        let came = json!({ "meeting": meeting["id"], "person": person.person, "passage": "CAME" });
        keeper.client.does("recordPresence", "meeting { id }", came).await;
    }
    keeper.client.does("openMeeting", "meeting { id }", json!({ "meeting": meeting["id"] })).await;
    keeper.client.does("takeUpItem", "meeting { id }", json!({ "item": meeting["agenda"][0]["id"] })).await;
    let open = json!({ "item": meeting["agenda"][0]["id"], "question": "是否同意？", "matter": "ORDINARY", "kind": "BY_NAME" });
    let vote = keeper.client.does("openVote", "voteId", open).await["voteId"].clone();
    let cast = json!({ "meeting": meeting["id"], "vote": vote, "choice": "YES" });
    people[0].client.does("castMeetingBallot", "meeting { id }", cast.clone()).await;
    people[1].client.does("leaveSeat", "council { seatsFilled }", json!({ "council": council })).await;
    assert_eq!(people[1].client.is_refused("castMeetingBallot", cast).await, "NotAVoter");
    keeper.client.does("closeVote", "meeting { id }", json!({ "meeting": meeting["id"], "vote": vote })).await;
    let votes =
        "query($id: ID!) { meeting(id: $id) { votes { entitled decision { outcome counts { entitled present yes } reason { en } } } } }";
    let told = district.stranger().asks(votes, json!({ "id": meeting["id"] })).await.data()["meeting"]["votes"][0].clone();
    assert_eq!(told["decision"]["counts"][0], json!({ "entitled": 2, "present": 2, "yes": 1 }));
    assert_eq!((&told["entitled"], &told["decision"]["outcome"]), (&json!(2), &json!("FAILED")));
}

#[tokio::test]
async fn a_roll_takes_who_is_there_and_its_outcome_says_who_it_is_made_of() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let people: [_; 3] = residents(&district).await;
    let outsider = district.registers_in(OTHER_STREET, "外人").await.person;
    let poll = text(&keeper.client.does("preparePoll", "poll { id }", question(json!({}))).await["poll"]["id"]);
    let person = |id: &str| json!({ "poll": poll, "lines": [{ "holder": { "person": id } }] });
    let nobody = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("Person:{}", Uuid::now_v7()))
    };
    assert_eq!(keeper.client.is_refused("enterOnRoll", person(&nobody)).await, "VoterUnknown");
    assert_eq!(keeper.client.is_refused("enterOnRoll", person(&outsider)).await, "VoterFromElsewhere");
    let mut exception = person(&outsider);
    exception["exception"] = json!("在本社区经营");
    keeper.client.does("enterOnRoll", "poll { id }", exception).await;
    let household = |_| json!({ "holder": { "household": Uuid::now_v7().to_string() }, "voter": people[0].person });
    let mut households = json!({ "poll": poll, "lines": (0..50).map(household).collect::<Vec<_>>() });
    assert_eq!(keeper.client.is_refused("enterOnRoll", households.clone()).await, "VoterTwice");
    households["register"] = json!("2026 年户代表登记册");
    keeper.client.does("enterOnRoll", "poll { id }", households).await;
    keeper.client.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines(&people[1..]) })).await;
    let tellers = json!({ "poll": poll, "first": people[0].person, "second": nobody });
    assert_eq!(keeper.client.is_refused("appointTellers", tellers).await, "TellerUnknown");
    keeper.client.does("openPoll", "poll { id }", json!({ "poll": poll })).await;
    let fields =
        "roll { entries voters composition { persons households properties outside { text entries } registers { text entries } } }";
    let roll = asked(&district.stranger(), &poll, fields).await["roll"].clone();
    assert_eq!((&roll["entries"], &roll["voters"]), (&json!(53), &json!(4)));
    assert_eq!(
        roll["composition"],
        json!({ "persons": 3, "households": 50, "properties": 0, "outside": [{ "text": "在本社区经营", "entries": 1 }],
            "registers": [{ "text": "2026 年户代表登记册", "entries": 50 }] })
    );
}

#[tokio::test]
async fn a_published_list_tells_nobodys_ballot_and_a_small_poll_sums_only() {
    let district = District::new().await;
    let (keeper, stranger) = (organiser(&district).await, district.stranger());
    let voters: [_; 5] = residents(&district).await;
    let chosen = |poll: &str, options: &[u16]| json!({ "poll": poll, "marks": { "chosen": options } });

    let poll = opened(&keeper.client, &voters, json!({})).await;
    let said = asked(&stranger, &poll, "smallest { roll turnout } sumsOnly receipts").await;
    assert_eq!(said, json!({ "smallest": { "roll": 5, "turnout": 5 }, "sumsOnly": false, "receipts": false }), "before anybody votes");
    for (voter, options) in voters.iter().zip([&[3, 1][..], &[1, 3], &[3, 1], &[], &[2]]) {
        let cast = voter.client.does("castBallot", "receipt", chosen(&poll, options)).await;
        assert_eq!(cast["receipt"], Value::Null);
    }
    published(&keeper.client, &poll).await;
    let list = asked(&stranger, &poll, "ballots { nodes { tag marks { blank chosen } } }").await["ballots"]["nodes"].clone();
    let mut marks: Vec<_> = list.as_array().unwrap().iter().map(|it| it["marks"].to_string()).collect();
    marks.sort();
    marks.dedup();
    assert_eq!(marks.len(), 3, "one way to mark two gates, one way to mark nothing: {list}");
    assert!(list.as_array().unwrap().iter().all(|it| it["tag"].is_null()));

    let poll = opened(&keeper.client, &voters[..1], json!({})).await;
    assert_eq!(asked(&stranger, &poll, "sumsOnly").await["sumsOnly"], true, "before the only voter votes");
    voters[0].client.does("castBallot", "poll { id }", chosen(&poll, &[3, 1])).await;
    published(&keeper.client, &poll).await;
    let sums = asked(&stranger, &poll, "result { tally { cast { heads } options { votes { heads } } } }").await;
    assert_eq!(sums["result"]["tally"]["cast"]["heads"], 1);
    let list = "query($id: ID!) { poll(id: $id) { ballots { totalCount } } }";
    for client in [&stranger, &keeper.client, &voters[0].client] {
        assert_eq!(client.asks(list, json!({ "id": poll })).await.data(), &json!({ "poll": { "ballots": null } }));
    }
    let receipts = question(json!({ "receipts": true }));
    assert_eq!(keeper.client.is_refused("preparePoll", receipts).await, "ReceiptsNotChartered");
    let unfit = question(json!({ "smallest": { "roll": 0, "turnout": 1 } }));
    assert_eq!(keeper.client.is_refused("preparePoll", unfit).await, "SmallestUnfit");
    let lowered = question(json!({ "smallest": { "roll": 1, "turnout": 1 } }));
    assert_eq!(keeper.client.is_refused("preparePoll", lowered).await, "SmallestNotChartered");
}

#[tokio::test]
async fn one_voter_on_paper_is_told_together_with_those_online() {
    let district = District::new().await;
    let (keeper, stranger) = (organiser(&district).await, district.stranger());
    let voters: [_; 6] = residents(&district).await;
    let tellers: [_; 2] = residents(&district).await;
    let poll = text(&keeper.client.does("preparePoll", "poll { id }", question(json!({ "channels": "MIXED" }))).await["poll"]["id"]);
    keeper.client.does("enterOnRoll", "poll { id }", json!({ "poll": poll, "lines": lines(&voters) })).await;
    let appoint = json!({ "poll": poll, "first": tellers[0].person, "second": tellers[1].person });
    keeper.client.does("appointTellers", "poll { id }", appoint).await;
    keeper.client.does("openPoll", "poll { id }", json!({ "poll": poll })).await;
    for voter in &voters[1..] {
        voter.client.does("castBallot", "poll { id }", json!({ "poll": poll, "marks": { "chosen": [1] } })).await;
    }
    let entries = "query($id: ID!, $voter: ID!) { poll(id: $id) { entries(voter: $voter) { nodes { id } } } }";
    let entry = keeper.client.asks(entries, json!({ "id": poll, "voter": voters[0].person })).await;
    let entry = entry.data()["poll"]["entries"]["nodes"][0]["id"].clone();
    keeper.client.does("recordInPerson", "poll { id }", json!({ "poll": poll, "entry": entry })).await;
    keeper.client.does("closePoll", "poll { id }", json!({ "poll": poll })).await;
    let sheet = json!({ "poll": poll, "count": { "options": { "valid": 1, "votes": [0, 1, 0] } } });
    for teller in &tellers {
        teller.client.does("enterPaperCount", "poll { id }", sheet.clone()).await;
    }
    let told = async |client: &Client<'_>| asked(client, &poll, "paperCounts { votes }").await["paperCounts"].as_array().unwrap().len();
    assert_eq!((told(&tellers[0].client).await, told(&keeper.client).await), (2, 0), "who keeps the roll knows who came");
    for step in ["countPoll", "publishPoll"] {
        keeper.client.does(step, "poll { id }", json!({ "poll": poll })).await;
    }
    assert_eq!((told(&stranger).await, told(&keeper.client).await), (0, 0));
    assert_eq!(asked(&stranger, &poll, "sumsOnly ballots { totalCount }").await, json!({ "sumsOnly": true, "ballots": null }));
    let sums = asked(&stranger, &poll, "sumsOnly result { tally { options { votes { heads } } } }").await;
    let votes: Vec<_> = sums["result"]["tally"]["options"].as_array().unwrap().iter().map(|it| it["votes"]["heads"].clone()).collect();
    assert_eq!((&sums["sumsOnly"], votes), (&json!(true), vec![json!(5), json!(1), json!(0)]));
}

#[tokio::test]
async fn a_poll_on_a_motion_takes_its_rule_from_the_charter() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.moves().await;
    let keeper = organiser(&district).await;
    let input = json!({ "motion": motion, "matter": "GRAVE", "title": "是否同意修路", "channels": "ONLINE" });
    let fields = "poll { matter secret receipts rule { id } smallest { roll } options { text } }";
    let poll = keeper.client.does("preparePoll", fields, input.clone()).await["poll"].clone();
    assert_eq!((&poll["matter"], &poll["rule"]["id"], &poll["secret"]), (&json!("MOTION"), &json!("model/grave"), &json!(false)));
    assert_eq!((&poll["smallest"]["roll"], &poll["options"]), (&json!(5), &json!([{ "text": "是否同意修路" }])));
    let mut otherwise = input.clone();
    otherwise["rule"] = json!({ "ruleId": "cn/village-election-tie" });
    assert_eq!(keeper.client.is_refused("preparePoll", otherwise).await, "InvalidInput");
    assert_eq!(district.stranger().is_refused("preparePoll", input).await, "SignInRequired");
}

#[tokio::test]
async fn a_small_ranked_poll_tells_its_stages_and_no_ballot() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let voters: [_; 3] = residents(&district).await;
    let poll = opened(&keeper.client, &voters, json!({ "method": { "kind": "RANKED", "seats": 1 } })).await;
    for (voter, ranked) in voters.iter().zip([json!([1, 2]), json!([2]), json!([3, 2])]) {
        voter.client.does("castBallot", "poll { id }", json!({ "poll": poll, "marks": { "ranked": ranked } })).await;
    }
    published(&keeper.client, &poll).await;
    let stranger = district.stranger();
    let fields = "sumsOnly result { tally { stages { number votes { option { number text } votes } threshold exhausted
        elected { number } excluded { number } alike { number } wording { zh en } } } }";
    let told = asked(&stranger, &poll, fields).await;
    let wording = json!({ "zh": "#1 1、#2 1、#3 1，超过 1.5 票当选，0 票已无去向，#1、#2、#3票数最少且相同，以下对每一种抽签结果逐一推演",
        "en": "#1 1, #2 1, #3 1, more than 1.5 is elected, 0 exhausted, #1, #2, #3 fewest alike: every lot is followed from here" });
    let votes: Vec<_> = [(1, "东门"), (2, "西门"), (3, "南门")]
        .iter()
        .map(|(number, text)| json!({ "option": { "number": number, "text": text }, "votes": "1" }))
        .collect();
    let stage = json!({ "number": 1, "votes": votes, "threshold": "1.5", "exhausted": "0", "elected": [], "excluded": [],
        "alike": [{ "number": 1 }, { "number": 2 }, { "number": 3 }], "wording": wording });
    assert_eq!(told, json!({ "sumsOnly": true, "result": { "tally": { "stages": [stage] } } }));
    let ballots = "query($id: ID!) { poll(id: $id) { ballots { totalCount } } }";
    assert_eq!(stranger.asks(ballots, json!({ "id": poll })).await.data()["poll"]["ballots"], Value::Null);
}
