//! The schema as it is committed, and who may do what. Makes loud: a field without an act, an act without a field, a
//! field nobody described, a schema that was not generated again.

use std::collections::{BTreeMap, BTreeSet};

use gongyi_api::{ApiSettings, Metrics};
use gongyi_domain::{
    ACTS,
    access::authority::{Act, Role, To},
};
use serde_json::Value;

/// Root fields without an act of their own: what a node is asks its own type's act; categories and skills are constants.
const FIELDS_WITHOUT_AN_ACT: [&str; 4] = ["categories", "node", "nodes", "skills"];
/// Root fields that stand under another field's act, the wider one.
const FIELDS_UNDER_ANOTHER_ACT: [(&str, &str); 26] = [
    ("organisation", "organisations"),
    ("activity", "activities"),
    ("activityPlaces", "activities"),
    ("serviceRecordChanges", "serviceRecords"),
    ("participationChanges", "serviceRecords"),
    ("council", "councils"),
    ("releaseGuest", "registerGuest"),
    ("issue", "issues"),
    ("motion", "motions"),
    ("motionChanges", "motions"),
    ("election", "elections"),
    ("poll", "polls"),
    ("ballotsByReceipt", "polls"),
    ("workingDayAfter", "workingDays"),
    ("pollProgress", "polls"),
    ("prepareCouncilPoll", "preparePoll"),
    ("prepareElectionPoll", "preparePoll"),
    ("castOpenBallot", "castBallot"),
    ("meeting", "meetings"),
    ("meetingChanges", "meetings"),
    ("covenant", "covenants"),
    ("fund", "funds"),
    ("round", "rounds"),
    ("project", "projects"),
    ("startSelectedProject", "startProject"),
    ("communityActivity", "communityActivities"),
];
/// Acts without a root field: those of the command line, the two that fields of persons ask, the one that
/// `registerVolunteer` asks for who has withdrawn, and those that drafts and fields of polls and rounds ask.
const ACTS_WITHOUT_A_FIELD: [&str; 11] = [
    "importAreas",
    "importVolunteers",
    "importOrganisations",
    "importHours",
    "importWorkingDays",
    "personalData",
    "wholeIdNumber",
    "returnVolunteer",
    "motionDrafts",
    "pollRecords",
    "roundRecords",
];

async fn introspected(query: &str) -> Value {
    let schema = gongyi_api::schema(None, &ApiSettings::default(), Metrics::default());
    let answer = schema.execute(query).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    serde_json::to_value(answer.data).unwrap()
}

async fn root_fields() -> BTreeSet<String> {
    let roots = introspected(
        "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }",
    )
    .await;
    let roots = roots["__schema"].as_object().unwrap().clone();
    roots.values().flat_map(|root| root["fields"].as_array().unwrap().clone()).map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// Relay fetches a fragment anew by `node(id:)`, and refuses a schema in which that field takes anything else.
#[tokio::test]
async fn a_node_is_asked_for_by_its_id_alone() {
    let roots = introspected("{ __schema { queryType { fields { name args { name type { kind ofType { name } } } } } } }").await;
    let fields = roots["__schema"]["queryType"]["fields"].as_array().unwrap();
    let node = fields.iter().find(|field| field["name"] == "node").unwrap();
    assert_eq!(node["args"], serde_json::json!([{ "name": "id", "type": { "kind": "NON_NULL", "ofType": { "name": "ID" } } }]));
}

#[tokio::test]
async fn every_scalar_of_the_schema_says_what_specifies_it() {
    let types = introspected("{ __schema { types { kind name specifiedByURL } } }").await;
    let scalars = types["__schema"]["types"].as_array().unwrap().iter().filter(|it| it["kind"] == "SCALAR");
    let own: Vec<_> = scalars.filter(|it| !["Boolean", "Float", "ID", "Int", "String"].contains(&it["name"].as_str().unwrap())).collect();
    assert!(own.len() >= 8, "{own:?}");
    for scalar in own {
        assert!(scalar["specifiedByURL"].as_str().is_some_and(|url| url.starts_with("https://")), "{scalar}");
    }
}

#[test]
fn the_committed_schema_is_the_built_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/schema.graphql");
    if std::env::var_os("GONGYI_GENERATE").is_some() {
        std::fs::write(file, gongyi_api::sdl()).unwrap();
    }
    assert!(std::fs::read_to_string(file).unwrap_or_default() == gongyi_api::sdl(), "run `gongyi generate` and commit what it writes");
}

#[tokio::test]
async fn every_field_has_an_act() {
    let acts: BTreeSet<_> = ACTS.iter().map(|act| act.name.to_owned()).collect();
    let under: BTreeMap<_, _> = FIELDS_UNDER_ANOTHER_ACT.into_iter().collect();
    let fields = root_fields().await;
    for field in &fields {
        let act = under.get(field.as_str()).copied().unwrap_or(field);
        let excepted = FIELDS_WITHOUT_AN_ACT.contains(&field.as_str());
        assert_ne!(acts.contains(act), excepted, "{field} must have an act, or be excepted, not both");
    }
    for act in &acts {
        let excepted = ACTS_WITHOUT_A_FIELD.contains(&act.as_str());
        assert_ne!(fields.contains(act), excepted, "{act} must have a field, or be excepted, not both");
    }
}

#[tokio::test]
async fn everything_is_described() {
    let all = introspected(
        "{ __schema { types { name description inputFields { name description } enumValues { name description }
            fields { name description args { name description } } } } }",
    )
    .await;
    let mut silent = vec![];
    let mut see = |place: String, thing: &Value| {
        if thing["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            silent.push(place);
        }
    };
    for kind in all["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        // What the specification itself brings along.
        if name.starts_with("__") || name == "ID" {
            continue;
        }
        see(name.to_owned(), kind);
        for part in ["inputFields", "enumValues", "fields"] {
            for field in kind[part].as_array().into_iter().flatten() {
                see(format!("{name}.{}", field["name"]), field);
                for arg in field["args"].as_array().into_iter().flatten() {
                    // What a mutation takes is described where the input is.
                    if (name, arg["name"].as_str()) == ("Mutation", Some("input")) {
                        continue;
                    }
                    see(format!("{name}.{}({})", field["name"], arg["name"]), arg);
                }
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

fn is_open(act: &Act, to: To) -> &'static str {
    let open = act.open_to.contains(&to)
        || act.open_to.contains(&To::Anyone)
        || act.open_to.contains(&To::Bearer) && to == To::Oneself
        || act.open_to.contains(&To::SignedIn) && !matches!(to, To::Anyone | To::Process);
    if open { "x" } else { "." }
}

#[test]
fn who_may_do_what() {
    let mut columns = vec![("anyone", To::Anyone), ("signed in", To::SignedIn), ("unproven", To::Bearer), ("oneself", To::Oneself)];
    columns.extend(Role::ALL.map(|role| (role.name(), To::Holders(role))));
    columns.push(("process", To::Process));
    let heads: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let mut matrix = format!("{:<22}{}\n", "act", heads.join("  "));
    for act in ACTS {
        let cells: Vec<_> = columns.iter().map(|(name, to)| format!("{:<width$}", is_open(act, *to), width = name.len())).collect();
        matrix.push_str(format!("{:<22}{}", act.name, cells.join("  ")).trim_end());
        matrix.push('\n');
    }
    insta::assert_snapshot!(matrix);
}
