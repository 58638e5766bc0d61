//! An election from the call to the certificate, and a poll on paper and by name, as clients see them. Makes loud: a result
//! that is seen before it is published, a receipt that finds nothing, one teller who sees the other's count, a name, tag or
//! mark in what the server prints.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{COMMUNITY, Client, District, Resident, global, text};

const RULE: &str = "cn/village-election-tie";

async fn organiser(district: &District) -> Resident<'_> {
    district.registers_with("孙社工", "ORGANISER", json!({ "area": COMMUNITY })).await
}

/// Whatever the poll says to this client.
async fn poll(client: &Client<'_>, id: &str) -> Value {
    let query = "query($id: ID!) { poll(id: $id) { phase title secret receipts turnout { entries voted online inPerson byProxy }
        roll { entries voters weight digest } paperPhase paperCounts { teller { name } ballots votes } tellers { name }
        options { number text nominee { name } }
        result { clashingTags participation { online { heads } inPerson { heads } } tally { cast { heads } options { option { number } votes { heads } } }
            outcome { kind valid elected { number nominee { name } } tied { number } rule { id version source { zh } majority { threshold { share } } }
                decisions { outcome outcomeWording { zh } counts { measure entitled yes no abstain } reason { zh en } } reason { zh en } } } } }";
    client.asks(query, json!({ "id": id })).await.data()["poll"].clone()
}

async fn ballots(client: &Client<'_>, id: &str) -> crate::harness::Answer {
    client
        .asks("query($id: ID!) { poll(id: $id) { ballots { totalCount nodes { number tag marks { chosen } } } } }", json!({ "id": id }))
        .await
}

/// A secret poll between two gates, with these on its roll, opened.
async fn opened(keeper: &Client<'_>, voters: &[&Resident<'_>], more: Value) -> String {
    let mut input = json!({ "area": COMMUNITY, "title": "出入口选址", "options": ["东门", "西门"], "method": { "kind": "CHOICE" },
        "secret": true, "channels": "ONLINE", "rule": { "ruleId": RULE } });
    let tellers = more.get("tellers").cloned();
    for (name, value) in more.as_object().unwrap().iter().filter(|(name, _)| *name != "tellers") {
        input[name] = value.clone();
    }
    let id = text(&keeper.does("preparePoll", "poll { id }", input).await["poll"]["id"]);
    let lines: Vec<_> = voters.iter().map(|it| json!({ "holder": { "person": it.person } })).collect();
    keeper.does("enterOnRoll", "poll { turnout { entries } }", json!({ "poll": id, "lines": lines })).await;
    if let Some(tellers) = tellers {
        keeper.does("appointTellers", "poll { id }", json!({ "poll": id, "first": tellers[0], "second": tellers[1] })).await;
    }
    assert_eq!(keeper.does("openPoll", "poll { phase }", json!({ "poll": id })).await["poll"]["phase"], "OPENED");
    id
}

fn choose(poll: &str, option: u16) -> Value {
    json!({ "poll": poll, "marks": { "chosen": [option] } })
}

#[tokio::test]
async fn a_secret_poll_tells_nothing_before_it_is_published() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let (first, second, third) = (district.registers("李梅").await, district.registers("赵云").await, district.registers("王强").await);
    let others = [district.registers("陈晨").await, district.registers("周舟").await, district.registers("吴悠").await];
    let voters: Vec<_> = [&first, &second].into_iter().chain(&others).collect();
    let id = opened(&keeper.client, &voters, json!({})).await;

    let cast = first.client.does("castBallot", "receipt unchanged poll { turnout { voted } }", choose(&id, 2)).await;
    assert_eq!(cast["poll"]["turnout"]["voted"], 1);
    assert_eq!(cast["receipt"], Value::Null, "no charter gives receipts on a question");
    assert_eq!(first.client.is_refused("castBallot", choose(&id, 1)).await, "AlreadyVoted");
    assert_eq!(third.client.is_refused("castBallot", choose(&id, 1)).await, "NotOnRoll");
    assert_eq!(second.client.is_refused("castBallot", choose(&id, 3)).await, "UnknownOption");
    let mut ballot = choose(&id, 2);
    (ballot["commandId"], ballot["tag"]) = (json!(Uuid::now_v7()), json!("o".repeat(22)));
    assert_eq!(second.client.does("castBallot", "receipt unchanged", ballot.clone()).await["unchanged"], false);
    let again = second.client.does("castBallot", "receipt unchanged", ballot).await;
    assert_eq!((&again["receipt"], &again["unchanged"]), (&Value::Null, &json!(true)));

    for other in &others {
        other.client.does("castBallot", "unchanged", choose(&id, 2)).await;
    }
    let mine = "{ me { polls { totalCount nodes { voted channel marks { chosen } voter { name } poll { id phase } } } } }";
    let votes = first.client.asks(mine, json!({})).await.data()["me"]["polls"].clone();
    assert_eq!((&votes["totalCount"], &votes["nodes"][0]["voted"]), (&json!(1), &json!(true)));
    assert_eq!((&votes["nodes"][0]["marks"], &votes["nodes"][0]["poll"]["id"]), (&Value::Null, &json!(id)));
    assert_eq!(third.client.asks(mine, json!({})).await.data()["me"]["polls"]["totalCount"], 0);
    assert_eq!(district.operator().await.asks(mine, json!({})).await.data()["me"]["polls"], Value::Null);

    let stranger = district.stranger();
    for phase in ["OPENED", "CLOSED", "COUNTED"] {
        let seen = poll(&stranger, &id).await;
        assert_eq!((&seen["phase"], &seen["result"], &seen["turnout"]["voted"]), (&json!(phase), &Value::Null, &json!(5)));
        assert_eq!((&seen["roll"]["entries"], text(&seen["roll"]["digest"]).len()), (&json!(5), 64));
        assert_eq!(ballots(&stranger, &id).await.code(), "REFUSED");
        match phase {
            "OPENED" => _ = keeper.client.does("closePoll", "poll { id }", json!({ "poll": id })).await,
            "CLOSED" => _ = keeper.client.does("countPoll", "poll { id }", json!({ "poll": id })).await,
            _ => assert_eq!(poll(&keeper.client, &id).await["result"]["tally"]["cast"]["heads"], 5),
        }
    }
    keeper.client.does("publishPoll", "poll { phase }", json!({ "poll": id })).await;
    let seen = poll(&stranger, &id).await;
    assert_eq!(seen["result"]["outcome"]["elected"][0]["number"], 2);
    assert_eq!(seen["result"]["outcome"]["rule"]["id"], RULE);
    assert!(text(&seen["result"]["outcome"]["reason"]["zh"]).contains("西门得票 5，当选"), "{seen}");
    assert_eq!(ballots(&stranger, &id).await.data()["poll"]["ballots"]["totalCount"], 5);
    let query = "query($id: ID!, $tag: String!) { ballotsByReceipt(poll: $id, receipt: $tag) { tag marks { chosen } } }";
    let nothing = stranger.asks(query, json!({ "id": id, "tag": "o".repeat(22) })).await;
    assert_eq!(nothing.data()["ballotsByReceipt"], json!([]));
    assert_eq!(stranger.asks(query, json!({ "id": id, "tag": "short" })).await.code(), "REFUSED");
    let roll = "query($id: ID!) { poll(id: $id) { entries(voted: true) { totalCount nodes { voter { name } } } } }";
    assert_eq!(first.client.asks(roll, json!({ "id": id })).await.code(), "FORBIDDEN");
    assert_eq!(keeper.client.asks(roll, json!({ "id": id })).await.data()["poll"]["entries"]["totalCount"], 5);
    let listed = stranger.asks("{ polls(filter: { phase: PUBLISHED }) { totalCount nodes { id } } }", json!({})).await;
    assert_eq!(listed.data()["polls"]["nodes"], json!([{ "id": id }]));
    assert_eq!(
        stranger.asks("query($id: ID!) { node(id: $id) { __typename } }", json!({ "id": id })).await.data()["node"]["__typename"],
        "Poll"
    );
}

#[tokio::test]
async fn one_teller_does_not_see_the_others_count() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let voter = district.registers("李梅").await;
    let (one, other) = (district.registers("赵云").await, district.registers("王强").await);
    let id = opened(&keeper.client, &[&voter], json!({ "channels": "IN_PERSON", "tellers": [one.person, other.person] })).await;
    assert_eq!(poll(&voter.client, &id).await["tellers"], json!([{ "name": "赵*" }, { "name": "王*" }]));
    one.client.does("acceptFunction", "account { id }", json!({ "poll": id })).await;
    assert_eq!(poll(&voter.client, &id).await["tellers"], json!([{ "name": "赵云" }, { "name": "王*" }]));
    let roll = "query($id: ID!) { poll(id: $id) { entries { nodes { id } } } }";
    let entry = keeper.client.asks(roll, json!({ "id": id })).await.data()["poll"]["entries"]["nodes"][0]["id"].clone();
    assert_eq!(voter.client.is_refused("castBallot", choose(&id, 1)).await, "ChannelClosed");
    keeper.client.does("recordInPerson", "poll { id }", json!({ "poll": id, "entry": entry })).await;
    keeper.client.does("closePoll", "poll { id }", json!({ "poll": id })).await;

    let sheet = |votes: [u64; 2]| json!({ "poll": id, "count": { "options": { "valid": 1, "votes": votes } } });
    let seen = async |client: &Client<'_>| poll(client, &id).await["paperCounts"].as_array().unwrap().len();
    let answer = one.client.does("enterPaperCount", "poll { paperPhase paperCounts { ballots } }", sheet([1, 0])).await;
    assert_eq!((&answer["poll"]["paperPhase"], answer["poll"]["paperCounts"].as_array().unwrap().len()), (&json!("AWAITED"), 1));
    for client in [&other.client, &keeper.client, &voter.client] {
        assert_eq!(seen(client).await, 0);
    }
    other.client.does("enterPaperCount", "poll { id }", sheet([0, 1])).await;
    assert_eq!(poll(&voter.client, &id).await["paperPhase"], "DISAGREED");
    assert_eq!((seen(&one.client).await, seen(&keeper.client).await, seen(&voter.client).await), (2, 2, 0));
    assert_eq!(keeper.client.is_refused("countPoll", json!({ "poll": id })).await, "PaperNotAgreed");
    other.client.does("enterPaperCount", "poll { id }", sheet([1, 0])).await;
    keeper.client.does("countPoll", "poll { id }", json!({ "poll": id })).await;
    keeper.client.does("publishPoll", "poll { id }", json!({ "poll": id })).await;
    let published = poll(&district.stranger(), &id).await;
    assert_eq!((&published["paperPhase"], published["paperCounts"].as_array().unwrap().len()), (&json!("AGREED"), 0), "sums only");
    assert_eq!(seen(&keeper.client).await, 2);
    assert_eq!(published["result"]["participation"]["inPerson"]["heads"], 1);
}

#[tokio::test]
async fn a_vote_by_name_shows_to_nobody_else_before_it_is_published() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let (yes, no, silent) = (district.registers("李梅").await, district.registers("赵云").await, district.registers("王强").await);
    let more = json!({ "secret": false, "options": ["使用维修资金"], "method": { "kind": "STANCES" }, "rule": { "ruleId": "cn/residents-meeting" } });
    let id = opened(&keeper.client, &[&yes, &no, &silent], more).await;
    let vote = |stance: &str| json!({ "poll": id, "marks": { "stances": [{ "option": 1, "stance": stance }] } });
    yes.client.does("castOpenBallot", "poll { turnout { voted } }", vote("YES")).await;
    no.client.does("castOpenBallot", "poll { id }", vote("NO")).await;
    assert_eq!(yes.client.is_refused("castBallot", choose(&id, 1)).await, "AlreadyVoted");
    let roll = "query($id: ID!) { poll(id: $id) { entries(voted: true) { nodes { marks { stances { stance } } } } } }";
    let marks = async |client: &Client<'_>| {
        let answer = client.asks(roll, json!({ "id": id })).await.data()["poll"]["entries"]["nodes"].clone();
        answer.as_array().unwrap().iter().filter(|it| !it["marks"].is_null()).count()
    };
    assert_eq!(marks(&keeper.client).await, 0);
    let mine = "{ me { polls { nodes { marks { stances { stance } } } } } }";
    let own = yes.client.asks(mine, json!({})).await;
    assert_eq!(own.data()["me"]["polls"]["nodes"][0]["marks"]["stances"][0]["stance"], "YES");
    for step in ["closePoll", "countPoll", "publishPoll"] {
        keeper.client.does(step, "poll { id }", json!({ "poll": id })).await;
    }
    assert_eq!((marks(&keeper.client).await, marks(&silent.client).await), (2, 2));
    let decision = poll(&silent.client, &id).await["result"]["outcome"]["decisions"][0].clone();
    assert_eq!(decision["outcome"], "FAILED", "one of two is not more than half");
    assert_eq!(decision["counts"][0], json!({ "measure": "HEADS", "entitled": 3, "yes": 1, "no": 1, "abstain": 0 }));
    assert!(text(&decision["reason"]["zh"]).contains('✗') && text(&decision["reason"]["en"]).contains('✗'), "{decision}");
}

#[tokio::test]
async fn a_council_is_elected_from_the_call_to_the_certificate() {
    let district = District::new().await;
    let keeper = organiser(&district).await;
    let (_, council) = district.council(vec![]).await;
    let mut people = vec![];
    for name in ["李梅", "赵云", "王强", "陈静"] {
        people.push(district.registers(name).await);
    }
    let call = json!({ "council": council, "method": { "kind": "PLURALITY", "seats": 1 }, "rule": { "ruleId": RULE },
        // Within the life of an access token.
        "nominationsUntil": district.in_minutes(3), "pollOpens": district.in_minutes(6), "pollCloses": district.in_minutes(9) });
    assert_eq!(people[0].client.is_refused("callElection", call.clone()).await, "NotAllowed");
    let mut wrong = call.clone();
    wrong["rule"]["ruleId"] = json!("cn/unheard-of");
    assert_eq!(keeper.client.is_refused("callElection", wrong).await, "InvalidInput");
    let mut nowhere = call.clone();
    nowhere["council"] = json!(global("Council", Uuid::nil()));
    assert_eq!(keeper.client.is_refused("callElection", nowhere).await, "UnknownCouncil");
    let election = text(&keeper.client.does("callElection", "election { id phase }", call).await["election"]["id"]);
    let about = |mut input: Value| {
        input["election"] = json!(election);
        input
    };

    people[0].client.does("nominate", "election { id }", about(json!({}))).await;
    people[0].client.does("nominate", "election { id }", about(json!({ "nominee": people[1].person }))).await;
    let put_forward = "query($id: ID!) { election(id: $id) { nominees { person { name } accepted nominatorCount } } }";
    let nominees = district.stranger().asks(put_forward, json!({ "id": election })).await.data()["election"]["nominees"].clone();
    assert_eq!(nominees[0], json!({ "person": { "name": "李梅" }, "accepted": true, "nominatorCount": 1 }));
    assert_eq!(nominees[1], json!({ "person": { "name": "赵*" }, "accepted": false, "nominatorCount": 1 }));
    assert_eq!(people[2].client.is_refused("answerNomination", about(json!({ "stands": true }))).await, "NotNominated");
    people[1].client.does("answerNomination", "election { id }", about(json!({ "stands": true }))).await;
    people[2].client.does("registerProxy", "election { proxyCount }", about(json!({ "proxy": people[3].person }))).await;

    district.waits_minutes(3);
    let prepare = about(json!({ "title": "议事会选举", "channels": "ONLINE" }));
    let id = text(&keeper.client.does("prepareElectionPoll", "poll { id }", prepare).await["poll"]["id"]);
    let lines: Vec<_> = people.iter().map(|it| json!({ "holder": { "person": it.person } })).collect();
    keeper.client.does("enterOnRoll", "poll { id }", json!({ "poll": id, "lines": lines })).await;
    district.waits_minutes(3);
    assert_eq!(keeper.client.is_refused("openPoll", json!({ "poll": id })).await, "ProxiesNotPublished");
    let proxies = "query($id: ID!) { election(id: $id) { proxies { nodes { principal { name } proxy { name } } } } }";
    assert_eq!(district.stranger().asks(proxies, json!({ "id": election })).await.code(), "REFUSED");
    keeper.client.does("publishProxies", "election { proxiesPublished }", about(json!({}))).await;
    let list = district.stranger().asks(proxies, json!({ "id": election })).await.data()["election"]["proxies"]["nodes"].clone();
    assert_eq!(list, json!([{ "principal": { "name": "王*" }, "proxy": { "name": "陈*" } }]));
    keeper.client.does("openPoll", "poll { id }", json!({ "poll": id })).await;

    let mine = "{ me { polls { nodes { id voted voter { id } } } } }";
    let entries = people[3].client.asks(mine, json!({})).await.data()["me"]["polls"]["nodes"].clone();
    let principals = entries.as_array().unwrap().iter().find(|it| it["voter"]["id"] != json!(people[3].person)).unwrap().clone();
    let ballot = json!({ "poll": id, "entry": principals["id"], "marks": { "chosen": [1] } });
    assert_eq!(people[1].client.is_refused("castBallot", ballot.clone()).await, "NotAllowed");
    people[3].client.does("castBallot", "receipt", ballot).await;
    for (voter, option) in [(0, 1), (1, 2), (3, 1)] {
        people[voter].client.does("castBallot", "receipt", choose(&id, option)).await;
    }
    assert_eq!(people[2].client.is_refused("castBallot", choose(&id, 1)).await, "AlreadyVoted");
    district.waits_minutes(3);
    for step in ["closePoll", "countPoll", "publishPoll"] {
        keeper.client.does(step, "poll { id }", json!({ "poll": id })).await;
    }
    keeper.client.does("certifyElection", "election { phase }", about(json!({}))).await;
    let fields = "query($id: ID!) { election(id: $id) { phase runOff { id } poll { id } candidates { name } conclusion { elected { name } seatsLeft voidReason
        outcome { kind reason { zh en } } } } }";
    let seen = district.stranger().asks(fields, json!({ "id": election })).await.data()["election"].clone();
    assert_eq!((&seen["phase"], &seen["poll"]["id"]), (&json!("CERTIFIED"), &json!(id)));
    assert_eq!(seen["conclusion"]["elected"], json!([{ "name": "李梅" }]));
    assert!(text(&seen["conclusion"]["outcome"]["reason"]["zh"]).contains("李梅得票 3，当选"), "{seen}");
    let run_off = about(json!({ "method": { "kind": "CHOICE" }, "rule": { "ruleId": "cn/village-election-run-off" },
        "pollOpens": district.in_minutes(20), "pollCloses": district.in_minutes(30) }));
    assert_eq!(keeper.client.is_refused("callRunOff", run_off).await, "NoSeatsLeft");
    assert_eq!(keeper.client.is_refused("voidElection", about(json!({ "reason": "无" }))).await, "ElectionIsOver");
    let listed = "query($council: ID!) { elections(filter: { council: $council, phase: CERTIFIED }) { nodes { id } } }";
    assert_eq!(
        district.stranger().asks(listed, json!({ "council": council })).await.data()["elections"]["nodes"],
        json!([{ "id": election }])
    );
}
