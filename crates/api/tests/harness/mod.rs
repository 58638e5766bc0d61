//! A district behind its GraphQL door: a log in memory, a vault and views in a fresh folder, a clock that the test
//! moves, and clients who ask.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;
use gongyi_api::{ApiSettings, POSITION_HEADER};
use gongyi_app::{
    App, access::areas::ListArea, access::tokens::operator_token, clock::SharedClock, personal::VaultOpener, processes::AttendanceToLedger,
};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope},
    values::{AreaCode, Instant},
};
use gongyi_eventlog::{Log, MemoryLog, Upcasters};
use gongyi_projections::{ViewOptions, Views};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use tower::ServiceExt;
use uuid::Uuid;

/// The district, a street with a community in it, and another street.
pub const DISTRICT: &str = "440402";
pub const STREET: &str = "440402001";
pub const COMMUNITY: &str = "440402001001";
pub const OTHER_STREET: &str = "440402002";
const AREAS: [(&str, &str); 4] = [(DISTRICT, "香洲区"), (STREET, "翠香街道"), (COMMUNITY, "紫荆社区"), (OTHER_STREET, "梅华街道")];
/// A Monday, nine in the morning in Zhuhai.
const BEGINNING: &str = "2026-03-02T01:00:00Z";
pub const PASSWORD: &str = "correct horse 公益";

pub fn area(code: &str) -> AreaCode {
    code.parse().unwrap()
}

/// An ID number that was never given out: an invented region, a right check character.
pub fn id_number(birth: &str, sequence: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("440499{}{sequence:03}", birth.replace('-', ""));
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

pub struct District {
    pub app: App,
    pub router: Router,
    clock: Arc<AtomicI64>,
    invented: AtomicU32,
    runner: std::sync::Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
    _folder: TempDir,
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
        let vault = Vault::open(folder.path().join(VAULT_FILE), KeyEncryptionKey::generate()).await.unwrap();
        let upcasters = Arc::new(Upcasters::new());
        let opener = Arc::new(VaultOpener(vault.clone()));
        let options = ViewOptions { time_zone: Shanghai, ..ViewOptions::default() };
        let views = Views::open(folder.path(), log.clone(), upcasters.clone(), opener, options).await.unwrap();
        let clock = Arc::new(AtomicI64::new(BEGINNING.parse::<DateTime<Utc>>().unwrap().timestamp_micros()));
        let hands = clock.clone();
        let told: SharedClock = Arc::new(move || DateTime::from_timestamp_micros(hands.load(Ordering::SeqCst)).unwrap());
        let app = App::new(log, vault, views, upcasters, told, Shanghai);
        let router = gongyi_api::router(app.clone(), settings);
        let district = Self { app, router, clock, invented: AtomicU32::new(0), runner: std::sync::Mutex::default(), _folder: folder };
        district.resumes_views();
        let grant = Grant { role: Role::Operator, scope: Scope::Everywhere };
        for (code, name) in AREAS {
            let request = district.app.request(Actor::Operator(grant.clone()));
            district.app.dispatch(&request, &ListArea { code: area(code), name: name.to_owned() }).await.unwrap();
        }
        district
    }

    /// The read models stand still from now on.
    pub async fn pauses_views(&self) {
        let runner = self.runner.lock().unwrap().take();
        if let Some((stop, task)) = runner {
            let _ = stop.send(());
            task.await.unwrap();
        }
    }

    /// The read models go on.
    pub fn resumes_views(&self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let views = self.app.views().clone();
        let task = tokio::spawn(async move { views.run(async { drop(stopped.await) }).await.unwrap() });
        *self.runner.lock().unwrap() = Some((stop, task));
    }

    /// Who was checked out has a service record.
    pub async fn carries_out_attendance(&self) {
        self.app.catch_up(&AttendanceToLedger).await.unwrap();
        self.views_reach_the_head().await;
    }

    /// Whoever asks from now on, without a position, sees everything that was appended.
    pub async fn views_reach_the_head(&self) {
        let head = self.app.log().head().await.unwrap().position;
        self.app.views().wait_for(head, Duration::from_secs(10)).await.unwrap();
    }

    pub fn waits_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    /// So many minutes from now, as a client writes it.
    pub fn in_minutes(&self, minutes: i64) -> String {
        let at: Instant = self.app.now() + TimeDelta::minutes(minutes);
        at.to_rfc3339()
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
        let number = self.invented.fetch_add(1, Ordering::SeqCst);
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
