//! A district behind its GraphQL door: a log in memory, a vault and views in a fresh folder, a clock that the test
//! moves, and clients who ask.

use std::{fmt::Display, net::SocketAddr, ops::Deref, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use gongyi_api::{ApiSettings, POSITION_HEADER};
use gongyi_app::{access::tokens::operator_token, processes::AttendanceToLedger};
use gongyi_domain::{
    access::authority::{Grant, Role, Scope},
    deliberation::charter::CharterTerms,
    values::{CouncilId, PersonId},
};
use gongyi_eventlog::{Log, MemoryLog};
use gongyi_testing::{Hands, Platform, opened, places::AREAS};
use gongyi_vault::KeyEncryptionKey;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

pub use gongyi_testing::{
    area,
    people::{PASSWORD, id_number},
    places::{COMMUNITY, DISTRICT, OTHER_STREET, STREET},
};

pub struct District {
    platform: Platform,
    pub router: Router,
    _folder: TempDir,
}

impl Deref for District {
    type Target = Platform;
    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl District {
    pub async fn new() -> Self {
        Self::with(ApiSettings::default()).await
    }

    pub async fn with(settings: ApiSettings) -> Self {
        Self::on(Arc::new(MemoryLog::new(Uuid::now_v7())), settings).await
    }

    /// A district whose events go to this log.
    pub async fn on(log: Arc<dyn Log>, settings: ApiSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands::default();
        let app = opened(log, folder.path(), &KeyEncryptionKey::generate(), &hands).await;
        let router = gongyi_api::router(app.clone(), settings);
        let district = Self { platform: Platform::running(app, hands, 0), router, _folder: folder };
        district.lists_areas(&AREAS[..4]).await;
        district
    }

    /// Who was checked out has a service record.
    pub async fn carries_out_attendance(&self) {
        self.app.catch_up(&AttendanceToLedger).await.unwrap();
        self.settles().await;
    }

    /// A council of nine seats in the community under the model charter, with these representatives: its id, and that of its
    /// node.
    pub async fn council(&self, people: Vec<PersonId>) -> (CouncilId, String) {
        let id = self.establishes_council(COMMUNITY, CharterTerms::model(9), people).await;
        (id, global("Council", id))
    }

    /// So many minutes from now, as a client writes it.
    pub fn in_minutes(&self, minutes: i64) -> String {
        self.platform.in_minutes(minutes).to_rfc3339()
    }

    pub fn stranger(&self) -> Client<'_> {
        Client { district: self, token: None, must_see: None }
    }

    pub async fn operator(&self) -> Client<'_> {
        self.with_role(Role::Operator, Scope::Everywhere).await
    }

    pub async fn with_role(&self, role: Role, scope: Scope) -> Client<'_> {
        let token = operator_token(self.app.vault(), Grant { role, scope }, self.app.now(), 3_600).await.unwrap();
        Client { token: Some(token), ..self.stranger() }
    }

    /// Somebody who registers in the community and signs in.
    pub async fn registers(&self, name: &str) -> Resident<'_> {
        self.registers_in(COMMUNITY, name).await
    }

    /// Somebody who registers as at home there and signs in.
    pub async fn registers_in(&self, home: &str, name: &str) -> Resident<'_> {
        self.registers_born("1980-01-02", home, name).await
    }

    /// Somebody born on this day who registers as at home there and signs in.
    pub async fn registers_born(&self, birth: &str, home: &str, name: &str) -> Resident<'_> {
        let number = self.invents();
        let phone = format!("1990121{number:04}");
        let input = json!({ "name": name, "idNumber": id_number(birth, number), "phone": phone, "homeArea": home, "password": PASSWORD });
        let id = text(&self.stranger().does("registerVolunteer", "volunteer { id }", input).await["volunteer"]["id"]);
        let client = self.stranger().signs_in(&phone).await;
        let person = text(&client.asks("{ me { volunteer { person } } }", json!({})).await.data()["me"]["volunteer"]["person"]);
        Resident { client, id, person, phone }
    }

    /// Somebody registered who holds this role.
    pub async fn registers_with(&self, name: &str, role: &str, place: Value) -> Resident<'_> {
        let resident = self.registers(name).await;
        let account = resident.client.asks("{ me { account { id } } }", json!({})).await.data()["me"]["account"]["id"].clone();
        let mut input = json!({ "account": account, "role": role });
        input.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        self.operator().await.does("grantRole", "account { id }", input).await;
        resident
    }

    pub async fn founds(&self, name: &str, area: &str, parent: Option<&str>) -> String {
        let input = json!({ "kind": "GROUP", "name": name, "area": area, "parent": parent });
        text(&self.operator().await.does("foundOrganisation", "organisation { id }", input).await["organisation"]["id"])
    }

    /// An activity that starts in an hour and lasts one, with its one shift.
    pub async fn publishes(&self, organisation: &str, capacity: u32) -> (String, String) {
        let details = json!({
            "title": "周末净滩", "category": "ENVIRONMENT", "place": "情侣路", "area": STREET,
            "shifts": [{ "starts": self.in_minutes(60), "ends": self.in_minutes(120), "capacity": capacity }],
            "signUpOpens": self.in_minutes(-1), "signUpCloses": self.in_minutes(90),
        });
        let input = json!({ "organisation": organisation, "details": details });
        let answer = self.operator().await.does("publishActivity", "activity { id shifts { id } }", input).await;
        (text(&answer["activity"]["id"]), text(&answer["activity"]["shifts"][0]["id"]))
    }

    /// The router on a port of its own.
    pub async fn serves(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        address
    }
}

/// The id of a node.
pub fn global(kind: &str, id: impl Display) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}

/// What a node's id names.
pub fn uuid(id: &str) -> Uuid {
    let text = String::from_utf8(STANDARD.decode(id).unwrap()).unwrap();
    text.split_once(':').unwrap().1.parse().unwrap()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Who asks.
#[derive(Clone)]
pub struct Client<'d> {
    district: &'d District,
    pub token: Option<String>,
    pub must_see: Option<String>,
}

/// Somebody registered.
pub struct Resident<'d> {
    pub client: Client<'d>,
    pub id: String,
    pub person: String,
    pub phone: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        &self.body["data"]
    }

    /// The first error's code.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no error: {}", self.body))
    }

    pub fn position(&self) -> String {
        self.headers[POSITION_HEADER].to_str().unwrap().to_owned()
    }
}

impl Client<'_> {
    pub async fn sends(&self, request: Request<Body>) -> Answer {
        let response = self.district.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn asks(&self, query: &str, variables: Value) -> Answer {
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        request = request.header(header::ACCEPT, "application/graphql-response+json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(position) = &self.must_see {
            request = request.header(POSITION_HEADER, position);
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.sends(request.body(Body::from(body)).unwrap()).await
    }

    /// A mutation's payload, refused or not.
    pub async fn tries(&self, mutation: &str, fields: &str, input: Value) -> Value {
        let capital = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!("mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}");
        self.asks(&query, json!({ "input": input })).await.data()[mutation].clone()
    }

    /// A mutation's payload; it was done.
    pub async fn does(&self, mutation: &str, fields: &str, input: Value) -> Value {
        let payload = self.tries(mutation, &format!("{fields} refusal {{ code field en }}"), input).await;
        assert_eq!(payload["refusal"], Value::Null, "{mutation}");
        payload
    }

    /// The code of a mutation's refusal.
    pub async fn is_refused(&self, mutation: &str, input: Value) -> String {
        text(&self.tries(mutation, "refusal { code zh en field }", input).await["refusal"]["code"])
    }

    pub async fn signs_in(&self, phone: &str) -> Self {
        let session = self.does("signIn", "session { accessToken }", json!({ "phone": phone, "password": PASSWORD })).await;
        Self { token: Some(text(&session["session"]["accessToken"])), ..self.clone() }
    }

    pub fn having_seen(&self, position: &str) -> Self {
        Self { must_see: Some(position.to_owned()), ..self.clone() }
    }
}
