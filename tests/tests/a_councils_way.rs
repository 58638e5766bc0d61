//! A council's way over HTTP, from its election by secret ballot to what residents say of a motion that was carried out.
//! The silent failures made loud here: a vote that passes on a plurality, a vote taken without a quorum, a wrong result
//! that is overwritten instead of annulled, a text that was not the one voted on, figures that forget who took part.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use chrono::{DateTime, Duration, Utc};
use gongyi_tests::{
    Client, District, awaited,
    district::{TEAM_AREA, Volunteer, at, now},
    people::somebody,
};
use serde_json::{Value, json};

const SEATS: usize = 5;

fn id(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("an id, not {value}")).to_owned()
}

/// What a client may do from a moment on.
fn from_then_on(client: &Client, mutation: &str, input: &Value) {
    awaited(mutation, || client.sends(mutation, input, "")["refusal"].is_null().then_some(()));
}

/// A volunteer with a role in an area.
fn holder(district: &District, role: &str, area: &str) -> Volunteer {
    let volunteer = district.registers(&somebody());
    let me = volunteer.client.asks("{ me { account { id } } }", &json!({}));
    let role = json!({"account": me["me"]["account"]["id"], "role": role, "area": area});
    district.operator.does("grantRole", &role, "account { id }");
    volunteer
}

struct Story {
    district: District,
    organiser: Volunteer,
    /// Five who stand, and one who only votes.
    residents: Vec<Volunteer>,
    council: String,
}

impl Story {
    fn begins() -> Self {
        let district = District::new();
        let organiser = holder(&district, "ORGANISER", TEAM_AREA);
        let residents = (0..=SEATS).map(|_| district.registers(&somebody())).collect();
        let input = json!({
            "area": TEAM_AREA, "name": "社区议事会", "charter": {"seats": SEATS, "secondsNeeded": 2, "noticeDays": 0},
            "mandate": {"authority": "香洲区民政局", "reason": "设立"},
        });
        let council = id(&district.operator.does("establishCouncil", &input, "council { id }")["council"]["id"]);
        Self { district, organiser, residents, council }
    }

    fn representatives(&self) -> &[Volunteer] {
        &self.residents[..SEATS]
    }

    fn election(&self, nominations: DateTime<Utc>, opens: DateTime<Utc>, closes: DateTime<Utc>) -> String {
        let input = json!({
            "council": self.council, "method": {"kind": "PLURALITY", "seats": SEATS}, "rule": {"ruleId": "cn/village-election-tie"},
            "nominationsUntil": at(nominations), "pollOpens": at(opens), "pollCloses": at(closes),
        });
        id(&self.organiser.client.does("callElection", &input, "election { id }")["election"]["id"])
    }

    /// Everybody votes for all five, in secret.
    fn elects(&self) -> (String, String) {
        let (keeper, began) = (&self.organiser.client, now());
        let seconds = |count| began + Duration::seconds(count);
        let election = self.election(seconds(8), seconds(9), seconds(24));
        for candidate in self.representatives() {
            candidate.client.does("nominate", &json!({"election": election}), "");
        }
        let prepare = json!({"election": election, "title": "议事会选举", "channels": "ONLINE"});
        let poll = awaited("the nominations' end", || {
            let payload = keeper.sends("prepareElectionPoll", &prepare, "poll { id }");
            payload["refusal"].is_null().then(|| id(&payload["poll"]["id"]))
        });
        let lines: Vec<_> = self.residents.iter().map(|it| json!({"holder": {"person": it.person}})).collect();
        keeper.does("enterOnRoll", &json!({"poll": poll, "lines": lines}), "");
        keeper.does("publishProxies", &json!({"election": election}), "");
        from_then_on(keeper, "openPoll", &json!({"poll": poll}));
        let ballot = json!({"poll": poll, "marks": {"chosen": [1, 2, 3, 4, 5]}});
        for voter in &self.residents {
            voter.client.does("castBallot", &ballot, "receipt");
            assert_eq!(voter.client.is_refused("castBallot", &ballot), "AlreadyVoted");
        }
        from_then_on(keeper, "closePoll", &json!({"poll": poll}));
        for step in ["countPoll", "publishPoll"] {
            keeper.does(step, &json!({"poll": poll}), "");
        }
        keeper.does("certifyElection", &json!({"election": election}), "");
        (election, poll)
    }

    /// A motion with two seconds, amended: version 2.
    fn moves(&self) -> String {
        let [mover, second, third, ..] = self.representatives() else { panic!("five are seated") };
        let paragraphs = json!([{"text": "在东门装十盏灯"}, {"text": "一年内完成"}]);
        let draft =
            json!({"council": self.council, "category": "PUBLIC_FACILITIES", "text": {"title": "增设路灯", "paragraphs": paragraphs}});
        let drafted = mover.client.does("draftMotion", &draft, "motion { id text { paragraphs { id } } }");
        let motion = id(&drafted["motion"]["id"]);
        mover.client.does("submitMotion", &json!({"motion": motion}), "");
        assert_eq!(self.residents[SEATS].client.is_refused("secondMotion", &json!({"motion": motion})), "NotAllowed");
        assert_eq!(self.organiser.client.is_refused("acceptMotion", &json!({"motion": motion})), "MotionPhaseUnfit");
        for who in [second, third] {
            who.client.does("secondMotion", &json!({"motion": motion}), "");
        }
        self.organiser.client.does("acceptMotion", &json!({"motion": motion}), "");
        let change = json!({"replace": {"paragraph": drafted["motion"]["text"]["paragraphs"][0]["id"], "text": "在东门装二十盏灯"}});
        let propose = json!({"motion": motion, "against": 1, "changes": [change], "grounds": "更亮"});
        let proposed = second.client.does("proposeAmendment", &propose, "amendment { id }");
        let accepted = json!({"amendment": proposed["amendment"]["id"]});
        let merged = self.organiser.client.does("acceptAmendment", &accepted, "motion { version }");
        assert_eq!(merged["motion"]["version"], 2);
        motion
    }

    fn convenes(&self, motion: &str) -> (String, String) {
        let notice = json!({"title": "三月例会", "place": "社区活动室", "starts": at(now() + Duration::minutes(5)), "ends": at(now() + Duration::hours(2))});
        let input = json!({"council": self.council, "notice": notice, "agenda": [{"title": "增设路灯", "motion": motion}]});
        let convened = self.organiser.client.does("conveneMeeting", &input, "meeting { id agenda { id } }");
        (id(&convened["meeting"]["id"]), id(&convened["meeting"]["agenda"][0]["id"]))
    }

    fn passes(&self, meeting: &str, who: &Volunteer, passage: &str) -> Value {
        let input = json!({"meeting": meeting, "person": who.person, "passage": passage});
        self.organiser.client.does("recordPresence", &input, "meeting { quorum { present entitled reached } }")["meeting"]["quorum"].take()
    }

    /// Asks for a vote on version 2, and lets these choose; returns the vote as everybody sees it once it is closed.
    fn votes(&self, meeting: &str, item: &str, repeats: Option<&str>, choices: &[&str]) -> Value {
        let keeper = &self.organiser.client;
        let open = json!({"item": item, "question": "是否同意增设路灯？", "matter": "ORDINARY", "kind": "BY_NAME", "version": 2, "repeats": repeats});
        let vote = id(&keeper.does("openVote", &open, "voteId")["voteId"]);
        for (who, choice) in self.representatives().iter().zip(choices) {
            who.client.does("castMeetingBallot", &json!({"meeting": meeting, "vote": vote, "choice": choice}), "");
        }
        keeper.does("closeVote", &json!({"meeting": meeting, "vote": vote}), "");
        let fields = "query($id: ID!) { meeting(id: $id) { votes { id phase choices { choice } motion { id phase }
            decision { outcome counts { entitled yes no abstain } rule { id version } reason { zh en } } } } }";
        let seen = self.district.server.stranger().asks(fields, &json!({"id": meeting}));
        let votes = seen["meeting"]["votes"].as_array().unwrap();
        votes.iter().find(|it| it["id"] == json!(vote)).unwrap().clone()
    }
}

#[test]
fn a_council_is_elected_and_what_it_resolves_is_carried_out() {
    let story = Story::begins();
    let (election, poll) = story.elects();
    let stranger = story.district.server.stranger();
    let keeper = &story.organiser.client;

    // Elected in secret, certified with the reason, and seated.
    let seen = stranger.asks(
        "query($id: ID!) { election(id: $id) { phase conclusion { elected { id name } seatsLeft outcome { valid reason { zh en } } } } }",
        &json!({"id": election}),
    );
    let conclusion = &seen["election"]["conclusion"];
    assert_eq!((&seen["election"]["phase"], conclusion["elected"].as_array().unwrap().len()), (&json!("CERTIFIED"), SEATS));
    assert_eq!((&conclusion["outcome"]["valid"], &conclusion["seatsLeft"]), (&json!(true), &json!(0)));
    assert!(conclusion["outcome"]["reason"]["zh"].as_str().unwrap().contains("得票 6，当选"), "{conclusion}");
    let seen = stranger.asks("query($id: ID!) { council(id: $id) { seatsFilled } }", &json!({"id": story.council}));
    assert_eq!(seen["council"]["seatsFilled"], SEATS);
    let published = stranger.asks("query($id: ID!) { poll(id: $id) { ballots { totalCount } } }", &json!({"id": poll}));
    assert_eq!(published["poll"]["ballots"]["totalCount"], SEATS + 1);

    let motion = story.moves();
    let (meeting, item) = story.convenes(&motion);
    let motion_is = |phase: &str| {
        let seen = stranger.asks("query($id: ID!) { motion(id: $id) { phase } }", &json!({"id": motion}));
        assert_eq!(seen["motion"]["phase"], phase);
    };
    motion_is("SCHEDULED");

    // Three of five are a quorum; it is lost and regained.
    let representatives = story.representatives();
    let open = json!({"meeting": meeting});
    story.passes(&meeting, &representatives[0], "CAME");
    story.passes(&meeting, &representatives[1], "CAME");
    assert_eq!(keeper.is_refused("openMeeting", &open), "NoQuorum");
    story.passes(&meeting, &representatives[2], "CAME");
    let opened = keeper.does("openMeeting", &open, "meeting { quorum { present entitled reached } }");
    assert_eq!(opened["meeting"]["quorum"], json!({"present": 3, "entitled": 5, "reached": true}));
    keeper.does("takeUpItem", &json!({"item": item}), "");
    assert_eq!(story.passes(&meeting, &representatives[2], "WENT"), json!({"present": 2, "entitled": 5, "reached": false}));
    let ask = json!({"item": item, "question": "是否同意？", "matter": "ORDINARY", "kind": "BY_NAME", "version": 2});
    assert_eq!(keeper.is_refused("openVote", &ask), "NoQuorum");
    story.passes(&meeting, &representatives[2], "CAME");
    assert_eq!(story.passes(&meeting, &representatives[3], "CAME"), json!({"present": 4, "entitled": 5, "reached": true}));
    let old = json!({"item": item, "question": "是否同意？", "matter": "ORDINARY", "kind": "BY_NAME", "version": 1});
    assert_eq!(keeper.is_refused("openVote", &old), "VersionOutdated");

    // Two of four are for it, more than against: not more than half of those present.
    let failed = story.votes(&meeting, &item, None, &["YES", "YES", "NO", "ABSTAIN"]);
    assert_eq!((&failed["phase"], &failed["decision"]["outcome"]), (&json!("CLOSED"), &json!("FAILED")));
    assert_eq!(failed["decision"]["counts"][0], json!({"entitled": 5, "yes": 2, "no": 1, "abstain": 1}));
    let (zh, en) = (&failed["decision"]["reason"]["zh"], &failed["decision"]["reason"]["en"]);
    assert_eq!(en, "present 4 of 5, more than half ✓; yes 2 of 4, not more than half ✗");
    assert!(zh.as_str().unwrap().ends_with('✗'), "{zh}");
    motion_is("REJECTED");

    // It was a slip: annulled with the reason by the district, and taken anew. The first vote stays for everybody to see.
    let vote = id(&failed["id"]);
    let annul = json!({"meeting": meeting, "vote": vote, "reason": "一名代表误投"});
    assert_eq!(keeper.is_refused("annulVote", &annul), "NotAllowed");
    holder(&story.district, "DISTRICT_OFFICER", "440402").client.does("annulVote", &annul, "");
    motion_is("SCHEDULED");
    let passed = story.votes(&meeting, &item, Some(&vote), &["YES", "YES", "YES", "ABSTAIN"]);
    assert_eq!(passed["decision"]["outcome"], "CARRIED");
    assert_eq!(passed["decision"]["reason"]["en"], "present 4 of 5, more than half ✓; yes 3 of 4, more than half ✓");
    assert_eq!(passed["motion"], json!({"id": motion, "phase": "ADOPTED"}));
    assert_eq!(keeper.is_refused("openVote", &ask), "DecidedAlready");
    let votes = stranger
        .asks("query($id: ID!) { meeting(id: $id) { votes { phase annulled decision { outcome } } course { step } } }", &open_id(&meeting));
    assert_eq!(
        votes["meeting"]["votes"],
        json!([
            {"phase": "ANNULLED", "annulled": "一名代表误投", "decision": null},
            {"phase": "CLOSED", "annulled": null, "decision": {"outcome": "CARRIED"}},
        ])
    );
    let steps: Vec<_> = votes["meeting"]["course"].as_array().unwrap().iter().map(|it| id(&it["step"])).collect();
    assert_eq!(steps, ["OPENED", "QUORUM_LOST", "QUORUM_REACHED"]);

    // Minutes, from the events.
    keeper.does("closeMeeting", &open, "");
    keeper.does("draftMinutes", &open, "");
    keeper.does("approveMinutes", &json!({"meeting": meeting, "revision": 1}), "");
    keeper.does("publishMinutes", &open, "");
    let minutes = stranger
        .asks("query($id: ID!) { meeting(id: $id) { minutes { publishedText resolutions { question carried } } } }", &open_id(&meeting));
    assert_eq!(minutes["meeting"]["minutes"]["resolutions"], json!([{"question": "是否同意增设路灯？", "carried": true}]));
    assert!(minutes["meeting"]["minutes"]["publishedText"].as_str().unwrap().contains("增设路灯"));

    // Carried out, and reviewed by a resident who does not sit in the council.
    keeper.does("reportProgress", &json!({"motion": motion, "percent": 60, "report": "已装十二盏"}), "");
    motion_is("IMPLEMENTING");
    keeper.does("completeMotion", &json!({"motion": motion, "report": "二十盏全亮"}), "");
    story.residents[SEATS].client.does("reviewMotion", &json!({"motion": motion, "rating": 5, "text": "亮多了"}), "");
    motion_is("REVIEWED");
    let told = stranger.asks(
        "query($id: ID!) { motion(id: $id) { percent text { paragraphs { text } } decision { adopted version } ratings { rating count } } }",
        &json!({"id": motion}),
    );
    assert_eq!(told["motion"]["text"]["paragraphs"][0]["text"], "在东门装二十盏灯");
    assert_eq!(told["motion"]["decision"], json!({"adopted": true, "version": 2}));
    assert_eq!((&told["motion"]["percent"], &told["motion"]["ratings"]), (&json!(100), &json!([{"rating": 5, "count": 1}])));

    // Who took part: both votes by name of four, the ballots of six.
    let ask = "query($area: AreaCode, $person: ID) { participation(area: $area, person: $person, from: \"2000-01-01\", to: \"2100-01-01\")
        { total { deliberation { meetings attendances motions seconds votes } } } }";
    let figures = |person: Option<&str>| {
        let found = story.district.operator.asks(ask, &json!({"area": "440402", "person": person}));
        found["participation"]["total"]["deliberation"].clone()
    };
    assert_eq!(figures(None), json!({"meetings": 1, "attendances": 4, "motions": 1, "seconds": 2, "votes": 14}));
    let second = json!({"meetings": 0, "attendances": 1, "motions": 0, "seconds": 1, "votes": 3});
    assert_eq!(figures(Some(&representatives[1].person)), second);

    let own = representatives[3].client.asks("{ me { meetingBallots { nodes { choice vote { id motion { id } } } } } }", &json!({}));
    let choices: Vec<_> = own["me"]["meetingBallots"]["nodes"].as_array().unwrap().iter().map(|it| id(&it["choice"])).collect();
    assert_eq!(choices, ["ABSTAIN", "ABSTAIN"]);
    let seconded = stranger.asks(
        "query($council: ID, $person: ID) { motions(filter: {council: $council, seconder: $person}) { nodes { id } } }",
        &json!({"council": story.council, "person": representatives[1].person}),
    );
    assert_eq!(seconded["motions"]["nodes"], json!([{"id": motion}]));

    let district = story.district;
    district.server.stops();
    let verified = district.folder.runs(["verify", "--decisions"]).exited(0);
    assert!(!verified.stdout.is_empty(), "it says what it has found");
}

fn open_id(meeting: &str) -> Value {
    json!({"id": meeting})
}
