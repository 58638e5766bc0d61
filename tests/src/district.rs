//! A small district over HTTP: areas and teams as imported, a server, its operator, a team's coordinator, volunteers.

use std::time::SystemTime;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde_json::{Value, json};

use crate::{
    Client, TestFolder, TestServer,
    people::{Somebody, somebody},
};

pub use gongyi_testing::people::PASSWORD;
/// The team the coordinator runs.
pub const TEAM: &str = "1号志愿服务队";
/// The area that team is in.
pub const TEAM_AREA: &str = gongyi_testing::places::COMMUNITY;

/// A district with a server.
#[derive(Debug)]
pub struct District {
    /// Its data folder.
    pub folder: TestFolder,
    /// Its server.
    pub server: TestServer,
    /// The built-in operator.
    pub operator: Client,
    /// The id of [`TEAM`].
    pub team: String,
}

/// Somebody registered.
#[derive(Debug, Clone)]
pub struct Volunteer {
    /// As invented.
    pub who: Somebody,
    /// The volunteer's id.
    pub id: String,
    /// The person's id.
    pub person: String,
    /// The client, signed in; a stranger's until then.
    pub client: Client,
}

/// An activity with one shift.
#[derive(Debug, Clone)]
pub struct Published {
    /// The activity's id.
    pub activity: String,
    /// The shift's id.
    pub shift: String,
}

impl Default for District {
    fn default() -> Self {
        Self::new()
    }
}

impl District {
    /// A fresh one.
    pub fn new() -> Self {
        Self::of(TestFolder::with_teams())
    }

    /// Serves a folder that has areas and teams.
    pub fn of(folder: TestFolder) -> Self {
        let server = TestServer::serves(&folder);
        let operator = server.operator(&folder);
        let team = team(&operator, &folder.head());
        Self { folder, server, operator, team }
    }

    /// The same district served anew, after `end` has ended the old server.
    pub fn is_served_anew(self, end: fn(TestServer) -> crate::Ran) -> Self {
        let Self { folder, server, .. } = self;
        let _ = end(server);
        Self::of(folder)
    }

    /// A stranger registers, joins the team and signs in.
    pub fn registers(&self, who: &Somebody) -> Volunteer {
        let mut input = registration(who);
        input["password"] = json!(PASSWORD);
        input["organisation"] = json!(self.team);
        let id = registered(&self.server.stranger(), &input);
        known(&self.server.stranger().signs_in(&who.phone, PASSWORD), who, id)
    }

    /// The operator registers somebody without an account, as a member of the team.
    pub fn enters(&self, who: &Somebody) -> Volunteer {
        let mut input = registration(who);
        input["organisation"] = json!(self.team);
        let id = registered(&self.operator, &input);
        known(&self.operator, who, id)
    }

    /// A volunteer whom the operator has made the team's coordinator.
    pub fn coordinator(&self) -> Volunteer {
        let volunteer = self.registers(&somebody());
        let me = volunteer.client.asks("{ me { account { id } } }", &json!({}));
        let grant = json!({"account": me["me"]["account"]["id"], "role": "COORDINATOR", "organisation": self.team});
        let granted = self.operator.does("grantRole", &grant, "account { grants { role } }");
        assert_eq!(granted["account"]["grants"][0]["role"], "COORDINATOR");
        volunteer
    }

    /// Publishes an activity of the team, whose only shift starts in twenty minutes, so that check-in is open.
    pub fn publishes(&self, by: &Client, capacity: u32) -> Published {
        self.publishes_at(by, capacity, now() + Duration::minutes(20))
    }

    /// Publishes an activity of the team with one shift of two hours.
    pub fn publishes_at(&self, by: &Client, capacity: u32, starts: DateTime<Utc>) -> Published {
        let details = json!({
            "title": "海滩清洁", "category": "ENVIRONMENT", "place": "情侣路", "area": TEAM_AREA,
            "shifts": [{"starts": at(starts), "ends": at(starts + Duration::hours(2)), "capacity": capacity}],
            "signUpOpens": at(now() - Duration::days(1)), "signUpCloses": at(starts + Duration::hours(2)),
        });
        let wanted = "activity { id phase shifts { id capacity free } }";
        let published = by.does("publishActivity", &json!({"organisation": self.team, "details": details}), wanted);
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        Published { activity: text(&published["activity"]["id"]), shift: text(&published["activity"]["shifts"][0]["id"]) }
    }

    /// The figures of service in the team's area today and before, over HTTP.
    pub fn figures(&self) -> Value {
        let document = "query($area: AreaCode) { participation(area: $area, from: \"2000-01-01\", to: \"2100-01-01\") \
                        { total { attestedMinutes declaredMinutes records volunteers } } }";
        self.operator.asks(document, &json!({"area": gongyi_testing::places::DISTRICT}))["participation"]["total"].take()
    }
}

/// What registering somebody takes.
pub fn registration(who: &Somebody) -> Value {
    json!({"name": who.name, "idNumber": who.id_number, "phone": who.phone, "homeArea": TEAM_AREA})
}

fn registered(by: &Client, input: &Value) -> String {
    by.does("registerVolunteer", input, "volunteer { id }")["volunteer"]["id"].as_str().expect("an id").to_owned()
}

/// Somebody registered, as oneself or the operator knows them: the person's id is nobody else's to see.
fn known(by: &Client, who: &Somebody, id: String) -> Volunteer {
    let seen = by.asks("query($id: ID!) { volunteer(id: $id) { person } }", &json!({"id": id}));
    let person = seen["volunteer"]["person"].as_str().expect("an id").to_owned();
    Volunteer { who: who.clone(), id, person, client: by.clone() }
}

/// The id of [`TEAM`], once the server has read the log as far as `position`.
fn team(by: &Client, position: &str) -> String {
    let document = "query($name: String, $position: Position) \
                    { organisations(filter: {nameContains: $name}, first: 50, position: $position) { nodes { id name } } }";
    let found = by.asks(document, &json!({"name": TEAM, "position": position}));
    let nodes = found["organisations"]["nodes"].as_array().expect("a list");
    let team = nodes.iter().find(|node| node["name"] == TEAM).expect("the team was imported");
    team["id"].as_str().expect("an id").to_owned()
}

impl Volunteer {
    /// Logs hours of an hour each, the `nth` day before today from nine o'clock UTC; declared, for they are typed in.
    pub fn logs(&self, by: &Client, team: &str, nth_day: i64) -> Value {
        let started = now().date_naive().and_hms_opt(1, 0, 0).expect("a time").and_utc() - Duration::days(nth_day);
        let input = json!({
            "volunteer": self.id, "organisation": team, "category": "ENVIRONMENT", "content": "清洁海滩",
            "started": at(started), "ended": at(started + Duration::hours(1)),
        });
        by.does("logService", &input, RECORD)["record"].take()
    }

    /// The volunteer's service records, as `by` sees them.
    pub fn records(&self, by: &Client) -> Vec<Value> {
        let document =
            format!("query($id: ID!) {{ volunteer(id: $id) {{ serviceRecords(first: 100) {{ nodes {{ {RECORD_FIELDS} }} }} }} }}");
        let found = by.asks(&document, &json!({"id": self.id}));
        found["volunteer"]["serviceRecords"]["nodes"].as_array().expect("a list").clone()
    }
}

/// What is asked of a service record.
pub const RECORD_FIELDS: &str = "id phase evidence source minutes disputed category started ended content \
                                 loggedBy { kind name } decidedBy { kind name } level";
/// The same in a payload.
pub const RECORD: &str = "record { id phase evidence source minutes disputed category started ended content \
                          loggedBy { kind name } decidedBy { kind name } level }";

/// Now, to the second.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "a test plays the world outside, where it is now")]
    let now = SystemTime::now();
    DateTime::<Utc>::from(now).trunc_subsecs(0)
}

/// A moment as the API reads it.
pub fn at(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
