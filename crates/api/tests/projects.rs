//! Projects and their money through the door. Makes loud: a thread that breaks between an issue and the hours served because
//! of it, money that is paid twice or from nowhere, a resident's words shown to everybody.

use gongyi_domain::access::authority::{Role, Scope};
use serde_json::{Value, json};

use crate::{
    harness::{COMMUNITY, Client, DISTRICT, District, OTHER_STREET, Resident, STREET, area, global, text},
    motions::{Chamber, chamber},
};

pub fn evidence() -> Value {
    json!([{ "sha256": "ab".repeat(32), "name": "凭证.pdf", "mediaType": "application/pdf", "bytes": 9 }])
}

pub fn plan(grant: u64) -> Value {
    json!({
        "grant": grant, "raised": 1, "startsOn": "2026-03-01", "endsOn": "2026-12-31",
        "milestones": [{ "title": "安装", "due": "2026-06-30" }],
    })
}

fn line() -> Value {
    json!({ "year": 2026, "area": STREET })
}

pub async fn officer(district: &District) -> Client<'_> {
    district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT))).await
}

/// A fund of the district with so much for the street in 2026.
pub async fn endows(district: &District, amount: u64) -> String {
    let officer = officer(district).await;
    let fund = officer.does("establishFund", "fund { id }", json!({ "name": "社会建设创新专项资金", "area": DISTRICT })).await;
    let fund = text(&fund["fund"]["id"]);
    let appropriate = json!({ "fund": fund, "line": line(), "amount": amount, "basis": "珠香财〔2026〕1 号" });
    officer.does("appropriateBudget", "fund { id }", appropriate).await;
    fund
}

/// A project of an organisation, resolved by a council of its community.
struct Undertaking<'d> {
    chamber: Chamber<'d>,
    motion: String,
    organisation: String,
    coordinator: Resident<'d>,
    officer: Client<'d>,
    fund: String,
    project: String,
}

async fn starts<'d>(district: &'d District, chamber: Chamber<'d>, motion: String, granted: u64) -> Undertaking<'d> {
    let organisation = district.founds("扶手队", COMMUNITY, None).await;
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    let (officer, fund) = (officer(district).await, endows(district, 1_000).await);
    let start = json!({
        "motion": motion, "title": "楼道长者扶手", "area": COMMUNITY, "carrier": { "organisation": organisation }, "plan": plan(granted),
    });
    assert_eq!(coordinator.client.is_refused("startProject", start.clone()).await, "NotAllowed");
    let started = chamber.organiser.does("startProject", "project { id phase title carrier { name } }", start).await["project"].clone();
    let told = (&started["phase"], &started["title"], &started["carrier"]["name"]);
    assert_eq!(told, (&json!("UNDER_WAY"), &json!("楼道长者扶手"), &json!("扶手队")));
    let project = text(&started["id"]);
    Undertaking { chamber, motion, organisation, coordinator, officer, fund, project }
}

async fn undertaking(district: &District, granted: u64) -> Undertaking<'_> {
    let chamber = chamber(district).await;
    let motion = chamber.moves().await;
    chamber.adopts(district, &motion, 1).await;
    starts(district, chamber, motion, granted).await
}

impl Undertaking<'_> {
    fn grant(&self, amount: u64) -> Value {
        json!({ "fund": self.fund, "line": line(), "project": self.project, "amount": amount })
    }

    async fn allocates(&self, amount: u64) -> String {
        let granted = self.chamber.organiser.does("allocateGrant", "grant { id amount project { id } }", self.grant(amount)).await;
        assert_eq!((&granted["grant"]["amount"], &granted["grant"]["project"]["id"]), (&json!(amount), &json!(self.project)));
        text(&granted["grant"]["id"])
    }

    fn payment(&self, grant: &str, amount: u64) -> Value {
        json!({ "grant": grant, "amount": amount, "evidence": evidence() })
    }

    async fn shown(&self, who: &Client<'_>, fields: &str) -> Value {
        let query = format!("query($id: ID!) {{ project(id: $id) {{ {fields} }} }}");
        who.asks(&query, json!({ "id": self.project })).await.data()["project"].clone()
    }

    /// At an activity of the organisation: one's hour, attested, and another's half an hour, declared, both confirmed.
    async fn serves(&self, district: &District) -> String {
        let (activity, shift) = district.publishes(&self.organisation, 5).await;
        let (one, other) = (district.registers("李梅").await, district.registers("赵云").await);
        one.client.does("signUp", "phase", json!({ "shift": shift })).await;
        district.waits_minutes(60);
        district.operator().await.does("checkIn", "position", json!({ "shift": shift, "volunteer": one.id })).await;
        district.waits_minutes(60);
        // An access token holds for less than that.
        district.operator().await.does("checkOut", "position", json!({ "activity": activity, "volunteer": one.id })).await;
        district.carries_out_attendance().await;
        let declared = json!({
            "organisation": self.organisation, "activity": activity, "category": "ENVIRONMENT",
            "started": district.in_minutes(-60), "ended": district.in_minutes(-30),
        });
        district.stranger().signs_in(&other.phone).await.does("logService", "record { id }", declared).await;
        let coordinator = district.stranger().signs_in(&self.coordinator.phone).await;
        let logged = "query($activity: ID!) { serviceRecords(filter: { activity: $activity }) { totalCount nodes { id } } }";
        let logged = coordinator.asks(logged, json!({ "activity": activity })).await.data()["serviceRecords"].clone();
        assert_eq!(logged["totalCount"], 2);
        for record in logged["nodes"].as_array().unwrap() {
            coordinator.does("confirmService", "record { phase }", json!({ "record": record["id"] })).await;
        }
        activity
    }
}

#[tokio::test]
async fn a_project_is_granted_paid_carried_out_audited_and_reviewed() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let (organiser, officer, coordinator) = (&it.chamber.organiser, &it.officer, &it.coordinator.client);
    assert_eq!(organiser.is_refused("allocateGrant", it.grant(801)).await, "GrantBeyondPlan");
    assert_eq!(organiser.is_refused("allocateGrant", it.grant(1_001)).await, "FundOverdrawn");
    let elsewhere = district.with_role(Role::Organiser, Scope::Area(area(OTHER_STREET))).await;
    assert_eq!(elsewhere.is_refused("allocateGrant", it.grant(1)).await, "NotAllowed");
    let grant = it.allocates(600).await;

    assert_eq!(organiser.is_refused("disburseGrant", it.payment(&grant, 500)).await, "NotAllowed");
    assert_eq!(officer.is_refused("disburseGrant", it.payment(&grant, 601)).await, "GrantExceeded");
    assert_eq!(officer.is_refused("disburseGrant", json!({ "grant": grant, "amount": 500 })).await, "EvidenceMissing");
    let paid = officer.does("disburseGrant", "payment { id amount grant { paid unpaid } }", it.payment(&grant, 500)).await;
    assert_eq!(paid["payment"]["grant"], json!({ "paid": 500, "unpaid": 100 }));
    let payment = &paid["payment"]["id"];
    let returns = |amount: u64| json!({ "payment": payment, "amount": amount, "reason": "多付", "evidence": evidence() });
    assert_eq!(officer.is_refused("returnGrant", returns(501)).await, "RefundExceedsPaid");
    let back =
        officer.does("returnGrant", "payment { amount returned } fund { lines { free granted disbursed budget } }", returns(200)).await;
    assert_eq!(back["payment"], json!({ "amount": 500, "returned": 200 }));
    assert_eq!(back["fund"]["lines"], json!([{ "free": 600, "granted": 400, "disbursed": 300, "budget": 1_000 }]));
    let release = json!({ "grant": grant, "amount": 50, "reason": "预算核减" });
    assert_eq!(organiser.does("releaseGrant", "grant { amount unpaid }", release).await["grant"], json!({ "amount": 350, "unpaid": 50 }));

    let raise = json!({ "project": it.project, "source": "SELF_RAISED", "amount": 100, "note": "居民自筹" });
    coordinator.does("recordRaisedMoney", "entry { kind amount }", raise).await;
    let spend = |amount: u64| json!({ "project": it.project, "amount": amount, "purpose": "扶手", "evidence": evidence() });
    assert_eq!(coordinator.is_refused("recordExpense", spend(401)).await, "BooksOverdrawn");
    let wrong = coordinator.does("recordExpense", "entry { id kind }", spend(10)).await["entry"].clone();
    assert_eq!(wrong["kind"], "EXPENSE");
    coordinator.does("voidBookEntry", "project { spent }", json!({ "entry": wrong["id"], "reason": "重复" })).await;
    let spent = coordinator.does("recordExpense", "project { granted paid raised matched spent left }", spend(350)).await;
    assert_eq!(spent["project"], json!({ "granted": 350, "paid": 300, "raised": 100, "matched": 0, "spent": 350, "left": 50 }));

    let complete = json!({ "project": it.project, "report": "全部安装", "evidence": evidence() });
    assert_eq!(coordinator.is_refused("completeProject", complete.clone()).await, "MilestonesOpen");
    let reach = json!({ "project": it.project, "milestone": 1, "report": "已安装" });
    let reached = coordinator.does("reachMilestone", "project { milestonesReached }", reach.clone()).await;
    assert_eq!(reached["project"]["milestonesReached"], json!([1]));
    assert_eq!(coordinator.is_refused("reachMilestone", reach).await, "MilestoneIsReached");
    coordinator.does("completeProject", "project { phase completedOn }", complete.clone()).await;
    let audit = |passed: bool, findings: &str| json!({ "project": it.project, "passed": passed, "findings": findings });
    assert_eq!(coordinator.is_refused("auditProject", audit(true, "好")).await, "NotAllowed");
    let failed = officer.does("auditProject", "project { phase completedOn auditedOn }", audit(false, "缺收据")).await["project"].clone();
    assert_eq!(failed, json!({ "phase": "UNDER_WAY", "completedOn": null, "auditedOn": null }));
    coordinator.does("completeProject", "project { phase }", complete).await;
    let passed = officer.does("auditProject", "project { phase auditedOn }", audit(true, "账实相符")).await["project"].clone();
    assert_eq!(passed, json!({ "phase": "AUDITED", "auditedOn": "2026-03-02" }));

    let neighbour = district.registers("陈静").await;
    let review = json!({ "project": it.project, "rating": 5, "text": "扶手很稳" });
    neighbour.client.does("reviewProject", "project { id }", review.clone()).await;
    assert_eq!(neighbour.client.is_refused("reviewProject", review).await, "ProjectReviewedAlready");
    for (who, name, words) in [(district.stranger(), "陈*", Value::Null), (neighbour.client.clone(), "陈静", json!("扶手很稳"))] {
        let seen = it.shown(&who, "ratings { rating count } reviews { nodes { byName text } }").await;
        assert_eq!(seen["ratings"], json!([{ "rating": 5, "count": 1 }]));
        assert_eq!(seen["reviews"]["nodes"], json!([{ "byName": name, "text": words }]));
    }

    let seen = it
        .shown(
            &district.stranger(),
            "history { nodes { step milestone text plan { grant } by { kind } } } books { totalCount } all: books(includeVoid: true) { nodes { kind amount voidReason } }
             ledger { nodes { movement amount sign reason evidence { name } } } grants { id fund { name } payments { amount returned } }",
        )
        .await;
    let steps: Vec<_> = seen["history"]["nodes"].as_array().unwrap().iter().map(|it| text(&it["step"])).collect();
    assert_eq!(steps, ["STARTED", "MILESTONE_REACHED", "COMPLETED", "AUDIT_FAILED", "COMPLETED", "AUDIT_PASSED"]);
    assert_eq!((&seen["books"]["totalCount"], seen["all"]["nodes"].as_array().unwrap().len()), (&json!(2), 3));
    let moves: Vec<_> =
        seen["ledger"]["nodes"].as_array().unwrap().iter().map(|it| (text(&it["movement"]), it["amount"].clone())).collect();
    let expected = [("GRANTED", 600), ("DISBURSED", 500), ("RETURNED", 200), ("RELEASED", 50)];
    assert_eq!(moves, expected.map(|(movement, amount)| (movement.to_owned(), json!(amount))));
    assert_eq!(seen["grants"][0]["payments"], json!([{ "amount": 500, "returned": 200 }]));
}

#[tokio::test]
async fn nothing_is_paid_to_a_cancelled_project_and_no_money_is_lost() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let grant = it.allocates(600).await;
    let cancel = json!({ "project": it.project, "reason": "选址变更" });
    assert_eq!(it.chamber.organiser.does("cancelProject", "project { phase }", cancel).await["project"]["phase"], "CANCELLED");
    assert_eq!(it.officer.is_refused("disburseGrant", it.payment(&grant, 1)).await, "ProjectPhaseUnfit");
    assert_eq!(it.chamber.organiser.is_refused("allocateGrant", it.grant(1)).await, "ProjectPhaseUnfit");
    let close = json!({ "fund": it.fund, "year": 2026 });
    it.officer.does("closeFundYear", "fund { id }", close.clone()).await;
    assert_eq!(it.officer.is_refused("closeFundYear", close).await, "FundYearIsClosed");
    let release = json!({ "grant": grant, "amount": 600, "reason": "项目取消" });
    it.officer.does("releaseGrant", "grant { amount }", release.clone()).await;
    assert_eq!(it.officer.is_refused("releaseGrant", release).await, "GrantExceeded");
    let carry = json!({ "fund": it.fund, "line": line(), "to": 2027, "amount": 900 });
    it.officer.does("carryOverBalance", "fund { id }", carry).await;
    let lapse = json!({ "fund": it.fund, "line": line(), "amount": 100, "reason": "收回国库" });
    let lines = it
        .officer
        .does("lapseBalance", "fund { lines { year closed free } ledger(last: 1) { nodes { movement } totalCount } }", lapse)
        .await;
    let expected = json!([{ "year": 2026, "closed": true, "free": 0 }, { "year": 2027, "closed": false, "free": 900 }]);
    assert_eq!(lines["fund"]["lines"], expected);
    assert_eq!(lines["fund"]["ledger"], json!({ "nodes": [{ "movement": "LAPSED" }], "totalCount": 6 }));
    assert_eq!(it.officer.is_refused("closeFund", json!({ "fund": it.fund })).await, "FundNotSettled");
    let withdraw = json!({ "fund": it.fund, "line": { "year": 2027, "area": STREET }, "amount": 901, "reason": "调减" });
    assert_eq!(it.officer.is_refused("withdrawBudget", withdraw).await, "FundOverdrawn");
    let unknown = json!({ "grant": global("ProjectGrant", "x"), "amount": 1, "reason": "无" });
    assert_eq!(it.officer.is_refused("releaseGrant", unknown).await, "InvalidInput");
}

#[tokio::test]
async fn nothing_is_dated_before_what_it_takes_back_or_outside_its_year() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let (organiser, officer, coordinator) = (&it.chamber.organiser, &it.officer, &it.coordinator.client);
    let on = |mut input: Value, day: &str| {
        input["on"] = json!(day);
        input
    };
    assert_eq!(organiser.is_refused("allocateGrant", on(it.grant(600), "2026-02-28")).await, "MoneyMovedTooEarly");
    assert_eq!(organiser.is_refused("allocateGrant", on(it.grant(600), "2026-03-03")).await, "MoneyMovedInFuture");
    let next = json!({ "fund": it.fund, "line": { "year": 2025, "area": STREET }, "project": it.project, "amount": 1 });
    assert_eq!(organiser.is_refused("allocateGrant", next).await, "GrantOutsideYear");
    let grant = it.allocates(600).await;
    let release = json!({ "grant": grant, "amount": 100, "reason": "核减" });
    assert_eq!(organiser.is_refused("releaseGrant", on(release.clone(), "2026-03-01")).await, "MoneyMovedTooEarly");
    assert_eq!(officer.is_refused("disburseGrant", on(it.payment(&grant, 100), "2026-03-01")).await, "MoneyMovedTooEarly");
    let paid = officer.does("disburseGrant", "payment { id }", it.payment(&grant, 100)).await["payment"]["id"].clone();
    let back = json!({ "payment": paid, "amount": 1, "reason": "多付", "evidence": evidence() });
    assert_eq!(officer.is_refused("returnGrant", on(back, "2026-03-01")).await, "MoneyMovedTooEarly");
    let raise = json!({ "project": it.project, "source": "SELF_RAISED", "amount": 100, "note": "居民自筹" });
    assert_eq!(coordinator.is_refused("recordRaisedMoney", on(raise.clone(), "2026-02-28")).await, "BookedTooEarly");
    coordinator.does("recordRaisedMoney", "entry { id }", on(raise, "2026-03-01")).await;
    let spend = json!({ "project": it.project, "amount": 10, "purpose": "扶手", "evidence": evidence() });
    assert_eq!(coordinator.is_refused("recordExpense", on(spend.clone(), "2026-02-28")).await, "BookedTooEarly");
    let spent = coordinator.does("recordExpense", "entry { id }", spend).await["entry"]["id"].clone();
    let refund = json!({ "expense": spent, "amount": 1, "note": "退货", "evidence": evidence() });
    assert_eq!(coordinator.is_refused("recordRefund", on(refund, "2026-03-01")).await, "BookedTooEarly");
    organiser.does("releaseGrant", "grant { amount }", release).await;
}

#[tokio::test]
async fn what_moves_after_audit_or_cancellation_is_booked() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let (officer, coordinator) = (&it.officer, &it.coordinator.client);
    let grant = it.allocates(600).await;
    officer.does("disburseGrant", "payment { id }", it.payment(&grant, 500)).await;
    let spend = |amount: u64| json!({ "project": it.project, "amount": amount, "purpose": "扶手", "evidence": evidence() });
    let audited = coordinator.does("recordExpense", "entry { id }", spend(500)).await["entry"]["id"].clone();
    coordinator.does("reachMilestone", "project { id }", json!({ "project": it.project, "milestone": 1, "report": "已安装" })).await;
    coordinator.does("completeProject", "project { id }", json!({ "project": it.project, "report": "全部安装" })).await;
    officer.does("auditProject", "project { phase }", json!({ "project": it.project, "passed": true, "findings": "清楚" })).await;
    officer.does("disburseGrant", "payment { id }", it.payment(&grant, 100)).await;
    let spent = coordinator.does("recordExpense", "entry { id } project { spent left }", spend(100)).await;
    assert_eq!(spent["project"], json!({ "spent": 600, "left": 0 }));
    let void = |entry: &Value| json!({ "entry": entry, "reason": "重复" });
    assert_eq!(coordinator.is_refused("voidBookEntry", void(&audited)).await, "BookEntryAudited");
    coordinator.does("voidBookEntry", "project { left }", void(&spent["entry"]["id"])).await;
}

#[tokio::test]
async fn a_suppliers_refund_after_the_cancellation_goes_back_to_the_fund() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let (officer, coordinator) = (&it.officer, &it.coordinator.client);
    let grant = it.allocates(600).await;
    let payment = officer.does("disburseGrant", "payment { id }", it.payment(&grant, 500)).await["payment"]["id"].clone();
    let spend = json!({ "project": it.project, "amount": 500, "purpose": "扶手", "evidence": evidence() });
    let expense = coordinator.does("recordExpense", "entry { id }", spend).await["entry"]["id"].clone();
    let cancel = json!({ "project": it.project, "reason": "选址变更" });
    it.chamber.organiser.does("cancelProject", "project { phase }", cancel).await;
    let back = json!({ "payment": payment, "amount": 300, "reason": "供应商退款", "evidence": evidence() });
    assert_eq!(officer.is_refused("returnGrant", back.clone()).await, "BooksOverdrawn");
    let refund = |amount: u64| json!({ "expense": expense, "amount": amount, "note": "供应商退款", "evidence": evidence() });
    assert_eq!(district.stranger().is_refused("recordRefund", refund(1)).await, "SignInRequired");
    assert_eq!(coordinator.is_refused("recordRefund", refund(501)).await, "RefundExceedsExpense");
    let told = coordinator.does("recordRefund", "entry { kind amount refundsId } project { spent left }", refund(300)).await;
    assert_eq!(told["entry"], json!({ "kind": "REFUND", "amount": 300, "refundsId": expense }));
    assert_eq!(told["project"], json!({ "spent": 200, "left": 300 }));
    let returned = officer.does("returnGrant", "payment { returned } fund { lines { free } }", back).await;
    assert_eq!((&returned["payment"]["returned"], &returned["fund"]["lines"][0]["free"]), (&json!(300), &json!(700)));
}

/// Nested lists of several owners are each owner's own, whatever the window.
#[tokio::test]
async fn connections_of_several_funds_are_each_funds_own() {
    let district = District::new().await;
    let funds = [endows(&district, 100).await, endows(&district, 200).await, endows(&district, 300).await];
    let officer = officer(&district).await;
    for (amount, fund) in [(5, &funds[1]), (7, &funds[1]), (9, &funds[2])] {
        let more = json!({ "fund": fund, "line": { "year": 2026, "area": OTHER_STREET }, "amount": amount, "basis": "追加" });
        officer.does("appropriateBudget", "fund { id }", more).await;
    }
    let ask = "query($ids: [ID!]!, $first: Int, $after: String, $last: Int) { nodes(ids: $ids) { ... on Fund {
        lines { budget } grants { totalCount } rounds { totalCount }
        ledger(first: $first, after: $after, last: $last) { totalCount nodes { amount } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }";
    let asks = async |window: Value| {
        let mut variables = window;
        variables["ids"] = json!(funds);
        district.stranger().asks(ask, variables).await.data()["nodes"].clone()
    };
    let ledger = |nodes: &Value, which: usize| {
        let ledger = &nodes[which]["ledger"];
        let amounts: Vec<_> = ledger["nodes"].as_array().unwrap().iter().map(|it| it["amount"].as_u64().unwrap()).collect();
        let told = |name: &str| ledger["pageInfo"][name].as_bool().unwrap();
        (ledger["totalCount"].as_u64().unwrap(), amounts, told("hasPreviousPage"), told("hasNextPage"))
    };
    let all = asks(json!({})).await;
    assert_eq!(all[1]["lines"], json!([{ "budget": 200 }, { "budget": 12 }]));
    assert_eq!((&all[0]["grants"]["totalCount"], &all[0]["rounds"]["totalCount"]), (&json!(0), &json!(0)));
    assert_eq!([0, 1, 2].map(|which| ledger(&all, which).1), [vec![100], vec![200, 5, 7], vec![300, 9]]);
    let first = asks(json!({ "first": 2 })).await;
    assert_eq!(ledger(&first, 0), (1, vec![100], false, false));
    assert_eq!(ledger(&first, 1), (3, vec![200, 5], false, true));
    assert_eq!(ledger(&first, 2), (2, vec![300, 9], false, false));
    let rest = asks(json!({ "first": 2, "after": first[1]["ledger"]["pageInfo"]["endCursor"] })).await;
    assert_eq!(ledger(&rest, 1), (3, vec![7], true, false));
    let last = asks(json!({ "last": 1 })).await;
    assert_eq!(
        [0, 1, 2].map(|which| ledger(&last, which)),
        [(1, vec![100], false, false), (3, vec![7], true, false), (2, vec![9], true, false)]
    );
    let wrong = district.stranger().asks(ask, json!({ "ids": funds, "first": 1, "after": "nonsense" })).await;
    assert_eq!(wrong.code(), "BAD_INPUT");
}

#[tokio::test]
async fn sending_a_grant_twice_grants_once() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    let mut grant = it.grant(600);
    grant["commandId"] = json!(uuid::Uuid::now_v7());
    let first = it.chamber.organiser.does("allocateGrant", "grant { id } unchanged", grant.clone()).await;
    let again = it.chamber.organiser.does("allocateGrant", "grant { id amount } unchanged", grant).await;
    assert_eq!((&again["grant"]["id"], &again["unchanged"]), (&first["grant"]["id"], &json!(true)));
    assert_eq!(it.shown(&district.stranger(), "granted").await["granted"], 600);
    let node = "query($id: ID!) { node(id: $id) { id ... on ProjectGrant { amount fund { name } } } }";
    let node = district.stranger().asks(node, json!({ "id": first["grant"]["id"] })).await.data()["node"].clone();
    assert_eq!((&node["amount"], &node["fund"]["name"]), (&json!(600), &json!("社会建设创新专项资金")));
}

const THREAD: &str = "query($id: ID!) { issue(id: $id) { title motions { id number decision { adopted } projects(first: 2) { nodes {
    title granted paid left grants { amount fund { name } } ratings { rating count } served { attestedMinutes declaredMinutes records volunteers }
    communityActivities(first: 2) { nodes { title personTimes heldOn begunByName served { attestedMinutes declaredMinutes }
        serviceLinks(first: 2) { nodes { activity { title } served { attestedMinutes } records(first: 5) { nodes { id minutes evidence } } } } } }
    } } } } }";
const BACK: &str = "query($id: ID!) { node(id: $id) { ... on ServiceRecord { minutes activity { title serviceFor {
    communityActivity { title project { title motion { number issues { title } } } } project { title } } } } } }";

#[tokio::test]
async fn the_thread_runs_from_an_issue_to_the_hours_and_back() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let (resident, neighbour) = (district.registers("陈静").await, district.registers("周明").await);
    let raise =
        json!({ "council": global("Council", chamber.council), "category": "SANITATION", "title": "老人上楼难", "text": "没有扶手" });
    let issue = text(&resident.client.does("raiseIssue", "issue { id }", raise).await["issue"]["id"]);
    chamber.organiser.does("admitIssue", "issue { phase }", json!({ "issue": issue })).await;
    neighbour.client.does("endorseIssue", "issue { phase }", json!({ "issue": issue })).await;
    let take_up = json!({ "issue": issue, "title": "加装扶手", "paragraphs": ["在三栋楼道加装扶手。"] });
    let motion = text(&chamber.people[0].client.does("takeUpIssue", "motion", take_up).await["motion"]);
    chamber.submits(&motion).await;
    chamber.adopts(&district, &motion, 1).await;
    let it = starts(&district, chamber, motion, 800).await;
    let grant = it.allocates(600).await;
    it.officer.does("disburseGrant", "payment { id }", it.payment(&grant, 500)).await;

    let representative = &it.chamber.people[0].client;
    let council = global("Council", it.chamber.council);
    let begin = json!({ "council": council, "project": it.project, "title": "扶手安装日", "area": COMMUNITY });
    assert_eq!(resident.client.is_refused("beginCommunityActivity", begin.clone()).await, "BeginnerNotSeated");
    let begun = representative.does("beginCommunityActivity", "communityActivity { id phase }", begin).await["communityActivity"].clone();
    let held = json!({ "communityActivity": begun["id"], "personTimes": 80, "report": "安装三栋" });
    representative.does("holdCommunityActivity", "communityActivity { phase }", held).await;
    let correct = json!({ "communityActivity": begun["id"], "personTimes": 78, "reason": "重复计入" });
    let fields = "communityActivity { personTimes corrections { was became reason } }";
    let corrected = it.chamber.organiser.does("correctPersonTimes", fields, correct).await["communityActivity"].clone();
    assert_eq!(corrected, json!({ "personTimes": 78, "corrections": [{ "was": 80, "became": 78, "reason": "重复计入" }] }));

    let activity = it.serves(&district).await;
    let coordinator = district.stranger().signs_in(&it.coordinator.phone).await;
    let link = json!({ "activity": activity, "purpose": { "project": it.project } });
    coordinator.does("linkService", "link { project { title } }", link.clone()).await;
    assert_eq!(coordinator.is_refused("linkService", link).await, "ServiceIsLinked");
    let unlink = json!({ "activity": activity, "reason": "应关联到活动" });
    assert_eq!(coordinator.does("unlinkService", "link { linkedAt } activity { id }", unlink).await["link"], Value::Null);
    let link = json!({ "activity": activity, "purpose": { "communityActivity": begun["id"] } });
    let linked = coordinator
        .does("linkService", "link { communityActivity { id } served { records } } activity { serviceFor { linkedAt } }", link)
        .await;
    assert_eq!((&linked["link"]["communityActivity"]["id"], &linked["link"]["served"]["records"]), (&begun["id"], &json!(2)));

    let thread = coordinator.asks(THREAD, json!({ "id": issue })).await.data()["issue"].clone();
    assert_eq!((&thread["title"], &thread["motions"][0]["id"]), (&json!("老人上楼难"), &json!(it.motion)));
    assert_eq!(thread["motions"][0]["decision"]["adopted"], true);
    let project = &thread["motions"][0]["projects"]["nodes"][0];
    assert_eq!((&project["title"], &project["granted"], &project["paid"]), (&json!("楼道长者扶手"), &json!(600), &json!(500)));
    let served = json!({ "attestedMinutes": 60, "declaredMinutes": 30, "records": 2, "volunteers": 2 });
    assert_eq!(project["served"], served, "attested and declared minutes are never added up");
    let community_activity = &project["communityActivities"]["nodes"][0];
    assert_eq!((&community_activity["begunByName"], &community_activity["personTimes"]), (&json!("张建国"), &json!(78)));
    assert_eq!(community_activity["served"], json!({ "attestedMinutes": 60, "declaredMinutes": 30 }));
    let records = community_activity["serviceLinks"]["nodes"][0]["records"]["nodes"].clone();
    assert_eq!(records.as_array().unwrap().len(), 2);

    let back = coordinator.asks(BACK, json!({ "id": records[0]["id"] })).await.data()["node"].clone();
    let purpose = &back["activity"]["serviceFor"]["communityActivity"];
    assert_eq!((&purpose["title"], &purpose["project"]["title"]), (&json!("扶手安装日"), &json!("楼道长者扶手")));
    assert_eq!(purpose["project"]["motion"], json!({ "number": "2026-001", "issues": [{ "title": "老人上楼难" }] }));

    // Whose hours they are shows to the staff alone; how many there are, to everybody.
    let public = THREAD.replace("records(first: 5) { nodes { id minutes evidence } }", "linkedAt");
    let seen = district.stranger().asks(&public, json!({ "id": issue })).await.data()["issue"].clone();
    assert_eq!(seen["motions"][0]["projects"]["nodes"][0]["served"], served);
    assert_eq!(district.stranger().asks(THREAD, json!({ "id": issue })).await.code(), "UNAUTHENTICATED");
    let hours = "query($id: ID!) { communityActivity(id: $id) { serviceLinks { nodes { activity { id serviceFor { communityActivity { id } } } } } council { communityActivities { nodes { id } } projects { nodes { id } } } } }";
    let seen = district.stranger().asks(hours, json!({ "id": begun["id"] })).await.data()["communityActivity"].clone();
    assert_eq!(
        seen["council"],
        json!({ "communityActivities": { "nodes": [{ "id": begun["id"] }] }, "projects": { "nodes": [{ "id": it.project }] } })
    );
    assert_eq!(seen["serviceLinks"]["nodes"][0]["activity"]["id"], activity);
}

#[tokio::test]
async fn projects_and_activities_are_found_by_what_one_knows_of_them() {
    let district = District::new().await;
    let it = undertaking(&district, 800).await;
    it.allocates(1).await;
    let (council, organisation) = (global("Council", it.chamber.council), it.organisation.clone());
    let list = "query($filter: ProjectFilter, $sort: ProjectSort!) { projects(filter: $filter, sort: $sort, first: 1) { totalCount nodes { id } pageInfo { hasNextPage } } }";
    for filter in [
        json!({}),
        json!({ "area": STREET, "phases": ["UNDER_WAY"] }),
        json!({ "motion": it.motion }),
        json!({ "resolvedBy": council }),
        json!({ "organisation": organisation }),
        json!({ "fund": it.fund }),
        json!({ "endsBefore": "2027-01-01", "titleContains": "扶手" }),
    ] {
        for sort in ["STARTED_AT", "CHANGED_AT", "ENDS_ON", "TITLE"] {
            let page = district.stranger().asks(list, json!({ "filter": filter, "sort": sort })).await.data()["projects"].clone();
            assert_eq!(page, json!({ "totalCount": 1, "nodes": [{ "id": it.project }], "pageInfo": { "hasNextPage": false } }), "{filter}");
        }
    }
    for filter in [
        json!({ "area": OTHER_STREET }),
        json!({ "phases": ["AUDITED"] }),
        json!({ "council": council }),
        json!({ "endsBefore": "2026-12-31" }),
    ] {
        let page = district.stranger().asks(list, json!({ "filter": filter, "sort": "TITLE" })).await.data()["projects"].clone();
        assert_eq!(page["totalCount"], 0, "{filter}");
    }
    let node = "query($id: ID!) { node(id: $id) { id ... on Project { title motion { projects { nodes { id } } } plan { milestones { number title due } } } } }";
    let node = district.stranger().asks(node, json!({ "id": it.project })).await.data()["node"].clone();
    assert_eq!(node["motion"]["projects"]["nodes"], json!([{ "id": it.project }]));
    assert_eq!(node["plan"]["milestones"], json!([{ "number": 1, "title": "安装", "due": "2026-06-30" }]));

    let coordinator = &it.coordinator.client;
    let begin = json!({ "project": it.project, "title": "样板安装", "area": COMMUNITY });
    let begun = coordinator.does("beginCommunityActivity", "communityActivity { id begunBy }", begin).await["communityActivity"].clone();
    assert_eq!(begun["begunBy"], Value::Null);
    let cancel = json!({ "communityActivity": begun["id"], "reason": "下雨" });
    let cancelled = coordinator.does("cancelCommunityActivity", "communityActivity { phase reason }", cancel).await;
    assert_eq!(cancelled["communityActivity"], json!({ "phase": "CANCELLED", "reason": "下雨" }));
    let list =
        "query($filter: CommunityActivityFilter) { communityActivities(filter: $filter, sort: HELD_ON, descending: true) { totalCount } }";
    for (filter, count) in [
        (json!({ "project": it.project, "phases": ["CANCELLED"] }), 1),
        (json!({ "heldFrom": "2026-01-01" }), 0),
        (json!({ "council": council }), 0),
    ] {
        let page = district.stranger().asks(list, json!({ "filter": filter })).await.data()["communityActivities"].clone();
        assert_eq!(page["totalCount"], count, "{filter}");
    }
}

#[tokio::test]
async fn a_self_organisation_is_incubated_registered_and_let_go() {
    let district = District::new().await;
    let chamber = chamber(&district).await;
    let motion = chamber.moves().await;
    let council = global("Council", chamber.council);
    let incubate = json!({ "name": "合唱队", "area": COMMUNITY, "council": council, "motion": motion });
    assert_eq!(chamber.organiser.is_refused("incubateSelfOrganisation", incubate.clone()).await, "MotionPhaseUnfit");
    chamber.adopts(&district, &motion, 1).await;
    assert_eq!(chamber.people[0].client.is_refused("incubateSelfOrganisation", incubate.clone()).await, "NotAllowed");
    let fields = "selfOrganisation { id phase organisation { id name kind } motion { selfOrganisations { totalCount } } }";
    let made = chamber.organiser.does("incubateSelfOrganisation", fields, incubate.clone()).await["selfOrganisation"].clone();
    assert_eq!((&made["phase"], &made["organisation"]["kind"]), (&json!("INCUBATING"), &json!("SELF_ORGANISATION")));
    assert_eq!(made["motion"]["selfOrganisations"]["totalCount"], 1);
    assert_eq!(chamber.organiser.is_refused("incubateSelfOrganisation", incubate).await, "OrganisationNameTaken");
    let organisation = &made["organisation"]["id"];
    let register = json!({ "organisation": organisation, "number": "香社备 12 号" });
    let registered =
        chamber.organiser.does("registerSelfOrganisation", "selfOrganisation { phase registration registeredOn }", register.clone()).await;
    assert_eq!(
        registered["selfOrganisation"],
        json!({ "phase": "REGISTERED", "registration": "香社备 12 号", "registeredOn": "2026-03-02" })
    );
    assert_eq!(chamber.organiser.is_refused("registerSelfOrganisation", register).await, "AlreadyRegistered");
    let end = json!({ "organisation": organisation, "reason": "独立运作" });
    chamber.organiser.does("endIncubation", "selfOrganisation { phase }", end.clone()).await;
    assert_eq!(chamber.organiser.is_refused("endIncubation", end).await, "IncubationIsOver");
    let query = "query($id: ID!, $council: ID!) { node(id: $id) { ... on SelfOrganisation { endReason organisation { selfOrganisation { endedOn } } } }
        selfOrganisations(filter: { area: \"440402\", council: $council, phases: [ENDED] }) { totalCount nodes { id } } }";
    let seen = district.stranger().asks(query, json!({ "id": made["id"], "council": council })).await.data().clone();
    assert_eq!(seen["node"], json!({ "endReason": "独立运作", "organisation": { "selfOrganisation": { "endedOn": "2026-03-02" } } }));
    assert_eq!(seen["selfOrganisations"], json!({ "totalCount": 1, "nodes": [{ "id": made["id"] }] }));
}

#[tokio::test]
async fn an_office_starts_a_project_on_its_own_decision_and_says_why() {
    let district = District::new().await;
    let (officer, organisation) = (officer(&district).await, district.founds("抢修队", COMMUNITY, None).await);
    let coordinator = district.registers_with("王强", "COORDINATOR", json!({ "organisation": organisation })).await;
    let start = json!({
        "office": { "authority": "翠香街道办事处", "reason": "抢修批复〔2026〕3 号" }, "title": "护坡抢修", "area": COMMUNITY,
        "carrier": { "organisation": organisation }, "plan": plan(100),
    });
    assert_eq!(coordinator.client.is_refused("startProject", start.clone()).await, "NotAllowed");
    let mut unsaid = start.clone();
    unsaid["office"]["reason"] = json!(" ");
    assert_eq!(officer.is_refused("startProject", unsaid.clone()).await, "OfficeUnfit");
    unsaid["office"] = Value::Null;
    assert_eq!(officer.is_refused("startProject", unsaid).await, "InvalidInput");
    let fields = "project { title office officeReason motion { id } round { id } }";
    let started = officer.does("startProject", fields, start).await["project"].clone();
    let office =
        json!({ "title": "护坡抢修", "office": "翠香街道办事处", "officeReason": "抢修批复〔2026〕3 号", "motion": null, "round": null });
    assert_eq!(started, office);
}
