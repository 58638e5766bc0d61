//! A client of the GraphQL API, as a stranger would write one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

/// Guards against an answer that never comes.
const ANSWER_HANGS_AFTER_SECONDS: u64 = 60;
/// More than any server should send; the library's own limit is less than some do.
const ANSWER_READ_MAX_BYTES: u64 = 1 << 30;
/// How often a condition is looked at, in milliseconds.
const LOOKED_AT_EVERY_MILLIS: u64 = 20;

/// One client with its own connections.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null if it is not JSON.
    pub body: Value,
    /// `X-Gongyi-Position`, if there was one.
    pub position: Option<String>,
}

impl Client {
    /// A client of the server at `base`.
    pub(crate) fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(ANSWER_HANGS_AFTER_SECONDS)))
            .build();
        Self { agent: config.new_agent(), base: base.to_owned(), token: None }
    }

    /// The same client with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::new(&self.base) }
    }

    /// The same client over connections of its own.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { token: self.token.clone(), ..Self::new(&self.base) }
    }

    /// The token, if it has one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a body and takes whatever comes back.
    ///
    /// # Errors
    /// The connection broke.
    pub fn posts(&self, body: &str, headers: &[(&str, &str)]) -> Result<Answer, ureq::Error> {
        let mut request = self.agent.post(format!("{}/graphql", self.base)).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(body)?;
        let position = response.headers().get("x-gongyi-position").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.body_mut().with_config().limit(ANSWER_READ_MAX_BYTES).read_to_string()?;
        Ok(Answer { status: response.status().as_u16(), body: serde_json::from_str(&text).unwrap_or_default(), position })
    }

    /// Fetches a path by GET.
    ///
    /// # Panics
    /// If the connection breaks.
    pub fn gets(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().expect("an answer");
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    /// The whole answer to a document.
    ///
    /// # Panics
    /// If the connection breaks.
    pub fn answer(&self, document: &str, variables: &Value) -> Answer {
        let body = json!({"query": document, "variables": variables}).to_string();
        self.posts(&body, &[]).expect("an answer")
    }

    /// The data of an answer without errors.
    ///
    /// # Panics
    /// On errors.
    pub fn asks(&self, document: &str, variables: &Value) -> Value {
        let Answer { status, mut body, .. } = self.answer(document, variables);
        assert!(status == 200 && body["errors"].is_null(), "{document}\n{variables}\n{status} {body}");
        body["data"].take()
    }

    /// The `extensions.code` of an answer that must be an error.
    ///
    /// # Panics
    /// If it is none, or one without a code.
    pub fn asks_in_vain(&self, document: &str, variables: &Value) -> String {
        let Answer { body, .. } = self.answer(document, variables);
        let code = body["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no error with a code: {body}")).to_owned()
    }

    /// Sends a command and answers its payload, refused or not. `wanted` is asked for beside position and refusal.
    ///
    /// # Panics
    /// On errors; a refusal is none.
    pub fn sends(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        self.asks(&document(mutation, wanted), &json!({ "input": input }))[mutation].take()
    }

    /// Sends a command that must not be refused.
    ///
    /// # Panics
    /// On refusals and errors.
    pub fn does(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let payload = self.sends(mutation, input, wanted);
        assert!(payload["refusal"].is_null(), "{mutation} {input} was refused: {}", payload["refusal"]);
        assert_eq!(payload["stale"], false, "{mutation} answers what it has done");
        payload
    }

    /// Sends a command that the rules must refuse, with a sentence in both languages, and answers the refusal's code.
    ///
    /// # Panics
    /// If it is not refused.
    pub fn is_refused(&self, mutation: &str, input: &Value) -> String {
        let refusal = &self.sends(mutation, input, "")["refusal"];
        let told = |language: &str| refusal[language].as_str().is_some_and(|text| !text.is_empty());
        assert!(told("zh") && told("en"), "{mutation} {input} was not refused: {refusal}");
        refusal["code"].as_str().expect("a refusal has a code").to_owned()
    }

    /// Signs in, and answers the client with its token.
    ///
    /// # Panics
    /// If the credentials are refused.
    pub fn signs_in(&self, phone: &str, password: &str) -> Self {
        let signed_in = self.tries_to_sign_in(phone, password);
        let token = signed_in["session"]["accessToken"].as_str();
        self.with_token(token.unwrap_or_else(|| panic!("not signed in: {signed_in}")))
    }

    /// The payload of a sign-in, refused or not.
    pub fn tries_to_sign_in(&self, phone: &str, password: &str) -> Value {
        let document = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken expiresIn } \
                        refusal { code field zh en } } }";
        self.asks(document, &json!({"input": {"phone": phone, "password": password}}))["signIn"].take()
    }
}

/// The document of a command.
pub fn document(mutation: &str, wanted: &str) -> String {
    let common = if mutation == "confirmServices" { "position stale" } else { "position stale unchanged refusal { code field zh en }" };
    let input = input_type(mutation);
    format!("mutation($input: {input}!) {{ {mutation}(input: $input) {{ {common} {wanted} }} }}")
}

fn input_type(mutation: &str) -> String {
    format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..])
}

/// Looks until something is there.
///
/// # Panics
/// If it never comes.
pub fn awaited<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(ANSWER_HANGS_AFTER_SECONDS), "{what} never came");
        std::thread::sleep(Duration::from_millis(LOOKED_AT_EVERY_MILLIS));
    }
}
