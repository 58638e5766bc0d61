//! Councils and residents' issues. Makes loud: a name that anybody reads, an issue shown before it was screened, a
//! charter that is not shown as it was given.

use serde_json::{Value, json};

use crate::harness::{COMMUNITY, District, STREET, text};

const MANDATE: (&str, &str) = ("香洲区民政局", "批复");

impl District {
    async fn establishes(&self) -> String {
        let (authority, reason) = MANDATE;
        let charter = json!({
            "seats": 3, "issues": { "raisedBy": "RESIDENTS", "endorsementsNeeded": 1 }, "absences": null,
            "matters": [{ "matter": "GRAVE", "secrecy": "SECRET", "rule": { "statute": { "id": "cn/villagers-representatives" } } }],
        });
        let input =
            json!({ "area": COMMUNITY, "name": "议事会", "charter": charter, "mandate": { "authority": authority, "reason": reason } });
        text(&self.operator().await.does("establishCouncil", "council { id }", input).await["council"]["id"])
    }
}

#[tokio::test]
async fn a_council_is_shown_with_charters_representatives_and_guests() {
    let district = District::new().await;
    let council = district.establishes().await;
    let (zhang, lawyer) = (district.registers("张三").await, district.registers("赵律师").await);
    let operator = district.operator().await;
    let keeper = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let seat = json!({ "council": council, "people": [zhang.person], "source": { "transition": { "source": "名册" } } });
    assert_eq!(zhang.client.is_refused("seatRepresentatives", seat.clone()).await, "NotAllowed");
    operator.does("seatRepresentatives", "council { seatsFilled entitled }", seat.clone()).await;
    assert_eq!(operator.is_refused("seatRepresentatives", seat).await, "HoldsASeat");
    let named = async || {
        let ask = "query($id: ID!) { council(id: $id) { representatives { nodes { person name } } } }";
        district.stranger().asks(ask, json!({ "id": council })).await.data()["council"]["representatives"]["nodes"][0].clone()
    };
    let (masked, told) = (json!({ "person": null, "name": "张*" }), json!({ "person": zhang.person, "name": "张三" }));
    assert_eq!(named().await, masked, "nobody asked who was seated");
    let function = json!({ "council": council });
    assert_eq!(lawyer.client.is_refused("acceptFunction", function.clone()).await, "FunctionNotGiven");
    assert_eq!(operator.is_refused("acceptFunction", function.clone()).await, "NotAllowed");
    zhang.client.does("acceptFunction", "account { id }", function.clone()).await;
    assert_eq!(zhang.client.is_refused("acceptFunction", function.clone()).await, "FunctionAlreadyAccepted");
    assert_eq!(named().await, told);
    zhang.client.does("takeBackAcceptance", "account { id }", function.clone()).await;
    assert_eq!(named().await, masked);
    zhang.client.does("acceptFunction", "account { id }", function).await;
    keeper.client.does("registerGuest", "council { id }", json!({ "council": council, "person": lawyer.person, "kind": "LAWYER" })).await;
    let (authority, reason) = MANDATE;
    let mandate = json!({ "authority": { "authority": authority, "reason": reason } });
    let amend = json!({ "council": council, "against": 1, "charter": { "seats": 5 }, "mandate": mandate });
    operator.does("amendCharter", "council { charter { version seats } }", amend.clone()).await;
    assert_eq!(operator.is_refused("amendCharter", amend).await, "CharterOutdated");
    let ask = "query($id: ID!) { council(id: $id) { name iSit seatsFilled
        charter { version mandate { authority } quorum { reach share } absences { limit } }
        charters { version seats absences { limit } matters { matter secrecy rule { id majority { of threshold { reach share } } } } }
        representatives { totalCount nodes { person name from until source document ending } } guests { kind name } } }";
    let stranger = district.stranger().asks(ask, json!({ "id": council })).await.data()["council"].clone();
    assert_eq!((&stranger["seatsFilled"], &stranger["iSit"], &stranger["charter"]["version"]), (&json!(1), &json!(false), &json!(2)));
    assert_eq!(stranger["charter"]["quorum"], json!({ "reach": "MORE_THAN", "share": "1/2" }));
    assert_eq!((&stranger["charters"][0]["absences"], &stranger["charters"][1]["absences"]["limit"]), (&json!(null), &json!(3)));
    let grave = stranger["charters"][0]["matters"].as_array().unwrap().iter().find(|it| it["matter"] == "GRAVE").unwrap().clone();
    assert_eq!((&grave["secrecy"], &grave["rule"]["id"]), (&json!("SECRET"), &json!("cn/villagers-representatives")));
    let seated = json!({ "person": zhang.person, "name": "张三", "from": "2026-03-02", "until": "2029-03-01", "source": "TRANSITION",
        "document": "名册", "ending": null });
    assert_eq!(stranger["representatives"], json!({ "totalCount": 1, "nodes": [seated] }));
    assert_eq!(stranger["guests"], json!([{ "kind": "LAWYER", "name": "赵*" }]));
    let itself = zhang.client.asks(ask, json!({ "id": council })).await.data()["council"].clone();
    assert_eq!((&itself["iSit"], &itself["representatives"]["nodes"][0]["name"]), (&json!(true), &json!("张三")));
    let kept = keeper.client.asks(ask, json!({ "id": council })).await.data()["council"].clone();
    assert_eq!(kept["guests"][0]["name"], "赵律师");
    let list = |filter: serde_json::Value| json!({ "filter": filter });
    let councils = "query($filter: CouncilFilter) { councils(filter: $filter) { totalCount nodes { id } } }";
    let found = |filter| async { district.stranger().asks(councils, list(filter)).await.data()["councils"]["totalCount"].clone() };
    assert_eq!(found(json!({ "area": STREET })).await, 1);
    assert_eq!(found(json!({ "area": STREET, "dissolved": true })).await, 0);
    assert_eq!(found(json!({ "area": "440402002" })).await, 0);
    let unknown = json!({ "id": "Q291bmNpbDowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=" });
    assert_eq!(district.stranger().asks(ask, unknown).await.data()["council"], json!(null));
}

#[tokio::test]
async fn a_councils_poll_takes_its_rule_from_the_charter() {
    let district = District::new().await;
    let council = district.establishes().await;
    let keeper = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let poll = json!({ "council": council, "matter": "GRAVE", "title": "合并社区", "options": ["同意"], "method": { "kind": "STANCES" },
        "channels": "ONLINE" });
    let wanted = "poll { id phase matter councilMatter council { id } secret receipts areaCode rule { id } }";
    let prepared = keeper.client.does("prepareCouncilPoll", wanted, poll.clone()).await["poll"].clone();
    assert_eq!((&prepared["matter"], &prepared["councilMatter"]), (&json!("COUNCIL"), &json!("GRAVE")));
    assert_eq!((&prepared["council"]["id"], &prepared["areaCode"]), (&json!(council), &json!(COMMUNITY)));
    assert_eq!((&prepared["secret"], &prepared["receipts"]), (&json!(true), &json!(false)), "as the charter has it for grave matters");
    assert_eq!(prepared["rule"]["id"], "cn/villagers-representatives");
    let refused = keeper.client.is_refused("openPoll", json!({ "poll": prepared["id"] })).await;
    assert_eq!(refused, "RollEmpty", "nobody sits, so nobody is on the roll");
    assert_eq!(district.stranger().is_refused("prepareCouncilPoll", poll).await, "SignInRequired");
}

#[tokio::test]
async fn an_issue_is_public_from_its_admission_on() {
    let district = District::new().await;
    let council = district.establishes().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let keeper = district.registers_with("王强", "ORGANISER", json!({ "area": STREET })).await;
    let raise = json!({ "council": council, "category": "SANITATION", "title": "楼道堆物", "text": "长期堆放杂物" });
    let raised = zhang.client.does("raiseIssue", "issue { id phase title raisedByName endorsementsNeeded iEndorse }", raise).await;
    let issue = text(&raised["issue"]["id"]);
    assert_eq!((&raised["issue"]["raisedByName"], &raised["issue"]["endorsementsNeeded"]), (&json!("张三"), &json!(1)));
    let ask = "query($id: ID!) { issue(id: $id) { phase title text raisedByName endorsements iEndorse }
        node(id: $id) { id } issues(filter: { phases: [RAISED, ADMITTED, QUALIFIED] }) { totalCount } }";
    let variables = json!({ "id": issue });
    for who in [&zhang.client, &keeper.client] {
        let shown = who.asks(ask, variables.clone()).await.data().clone();
        assert_eq!((&shown["issue"]["text"], &shown["issues"]["totalCount"]), (&json!("长期堆放杂物"), &json!(1)));
    }
    for who in [&li.client, &district.stranger()] {
        let shown = who.asks(ask, variables.clone()).await.data().clone();
        assert_eq!(shown, json!({ "issue": null, "node": null, "issues": { "totalCount": 0 } }));
    }
    assert_eq!(li.client.is_refused("admitIssue", json!({ "issue": issue })).await, "NotAllowed");
    // Who endorses one that was shown to them in some other way sees what they endorse, as long as they do.
    let wang = district.registers("王芳").await;
    let raised = json!({ "phase": "RAISED", "iEndorse": true, "text": "长期堆放杂物" });
    assert_eq!(wang.client.does("endorseIssue", "issue { phase iEndorse text }", json!({ "issue": issue })).await["issue"], raised);
    assert_eq!(wang.client.asks(ask, variables.clone()).await.data()["issue"]["text"], "长期堆放杂物");
    assert_eq!(wang.client.does("withdrawEndorsement", "issue { id }", json!({ "issue": issue })).await["issue"], Value::Null);
    assert_eq!(wang.client.asks(ask, variables.clone()).await.data()["issue"], Value::Null);
    keeper.client.does("admitIssue", "issue { phase }", json!({ "issue": issue })).await;
    let endorsed = li.client.does("endorseIssue", "issue { phase iEndorse raisedByName }", json!({ "issue": issue })).await;
    assert_eq!(endorsed["issue"], json!({ "phase": "QUALIFIED", "iEndorse": true, "raisedByName": "张*" }));
    assert_eq!(li.client.is_refused("endorseIssue", json!({ "issue": issue })).await, "AlreadyEndorsed");
    let shown = district.stranger().asks(ask, variables).await.data().clone();
    assert_eq!((&shown["issue"]["title"], &shown["issue"]["iEndorse"]), (&json!("楼道堆物"), &json!(null)));
    assert_eq!(district.operator().await.is_refused("endorseIssue", json!({ "issue": issue })).await, "InvalidInput");
}
