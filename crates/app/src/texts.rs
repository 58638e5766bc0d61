//! Texts of documents, sealed in the log: titles, paragraphs, places, reasons, reports, answers.
//!
//! - What is written of a matter may name somebody. So each text that an event holds is sealed under a key of its own, kept in the
//!   vault under its document, and the log stores `{"sealed": {"key": …, "text": …}}` where its schema has a string. The hash
//!   chain is over what is stored.
//! - Sealing stands between the platform and the log, so rules, read models and doors meet texts as ever: [`SealedTexts`] seals
//!   what is appended and opens what is read. To seal a field of another kind, add it to [`SEALED`].
//! - A redacted text reads [`REDACTED`], as does any text where there are no keys ([`without_texts`]): no decision rests on one.
//! - Texts from before are stored in clear and stay so; they are read as they are, and can be redacted from whatever reads
//!   through the platform.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use esrs::Aggregate;
use gongyi_domain::access::redaction::{Redaction, RedactionEvent, TextPlace};
use gongyi_eventlog::{AppendError, Appended, Commit, Log, LogError, Position, Recorded, StoredAnswer, StreamId, Token, Upcasters};
use gongyi_vault::{SealedFor, SealedText, Text, TextKeys, Vault, VaultError};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

/// What stands in place of a redacted text.
pub const REDACTED: &str = "〔已隐去〕";

/// The fields of each kind of stream whose strings are sealed, wherever they stand in its events.
pub const SEALED: &[(&str, &[&str])] = &[
    ("activity", &["title", "place", "notice", "insurance", "reason"]),
    ("community_activity", &["title", "report", "reason", "name"]),
    ("council", &["reason"]),
    ("covenant", &["title", "text"]),
    ("election", &["reason"]),
    ("fund", &["reason", "basis"]),
    ("incubation", &["reason"]),
    ("meeting", &["title", "place", "text", "reason", "short_notice"]),
    ("minutes", &["text", "reason", "question"]),
    ("motion", &["title", "text", "reason", "grounds", "report", "name"]),
    ("poll", &["title", "reason"]),
    ("project", &["title", "reason", "report", "note", "purpose", "findings", "name"]),
    ("resident_issue", &["answer"]),
    ("round", &["title", "text", "reason"]),
    ("service_link", &["reason"]),
];

/// What tells a payload with sealed texts from others, without reading it.
const SIGN: &str = "{\"sealed\":{";

/// The sealed fields of a kind.
fn fields_of(kind: &str) -> Option<&'static [&'static str]> {
    SEALED.iter().find(|(it, _)| *it == kind).map(|(_, fields)| *fields)
}

/// Shows every text of a payload, with where it stands: a string, or what is stored of a sealed one.
fn each_text(fields: &[&str], payload: &mut Value, see: &mut impl FnMut(&str, &mut Value)) {
    fn walk(fields: &[&str], at: &mut String, value: &mut Value, see: &mut impl FnMut(&str, &mut Value)) {
        let length = at.len();
        match value {
            // What is sealed for a person has that person's key.
            Value::Object(map) if map.len() == 2 && map.contains_key("of") && map.contains_key("text") => {}
            Value::Object(map) => {
                for (name, value) in map {
                    at.push('/');
                    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    if fields.contains(&name.as_str()) && (value.is_string() || sealed(value).is_some()) {
                        see(at, value);
                    } else {
                        walk(fields, at, value, see);
                    }
                    at.truncate(length);
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    at.push('/');
                    at.push_str(&index.to_string());
                    walk(fields, at, value, see);
                    at.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(fields, &mut String::new(), payload, see);
}

/// A text as it is stored, if it is a sealed one.
fn sealed(value: &Value) -> Option<SealedText> {
    let sealed = value.as_object().filter(|it| it.len() == 1)?.get("sealed")?;
    let key = sealed.get("key")?.as_str()?.parse().ok()?;
    Some(SealedText { key, text: sealed.get("text")?.as_str()?.to_owned() })
}

fn place<'a>(stream: &'a StreamId, event_type: &'a str, field: &'a str) -> SealedFor<'a> {
    SealedFor { stream_kind: &stream.kind, stream_id: stream.id, event_type, field }
}

/// The event with its sealed texts as [`REDACTED`]: for who has no keys and needs no text.
pub fn without_texts(mut event: Recorded) -> Recorded {
    if event.payload.contains(SIGN)
        && let Some(fields) = fields_of(&event.stream.kind)
        && let Ok(mut payload) = serde_json::from_str(&event.payload)
    {
        each_text(fields, &mut payload, &mut |_, text| {
            if !text.is_string() {
                *text = json!(REDACTED);
            }
        });
        event.payload = payload.to_string();
    }
    event
}

/// A text of a document, as somebody finds it in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundText {
    /// Where it stands.
    pub place: TextPlace,
    /// The document.
    pub stream: StreamId,
    /// The event's type.
    pub event_type: String,
    /// What it says.
    pub text: String,
    /// It is sealed: redacted, nothing of it is left.
    pub sealed: bool,
}

/// A log whose texts are sealed. A clone is the same one.
#[derive(Clone)]
pub struct SealedTexts {
    inner: Arc<dyn Log>,
    vault: Vault,
    /// Paths of redacted texts, by the position of their events.
    redacted: Arc<RwLock<HashMap<Position, HashSet<String>>>>,
}

impl SealedTexts {
    /// Seals and opens texts of a log.
    pub fn over(log: Arc<dyn Log>, vault: Vault) -> Self {
        Self { inner: log, vault, redacted: Arc::default() }
    }

    /// The log, with its texts.
    pub fn log(&self) -> Arc<dyn Log> {
        Arc::new(self.clone())
    }

    /// Takes redactions that the log has: their texts are shown no more, and their keys are destroyed if a crash came between.
    /// To be called with all of them before anything is read.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub async fn take_redactions(&self, redactions: &[Uuid]) -> Result<(), LogError> {
        for redaction in redactions {
            for event in self.inner.read_stream(&StreamId::of::<Redaction>(*redaction), 0).await? {
                let RedactionEvent::TextsRedacted { texts } = redaction_of(&event)?;
                self.redact(&texts);
                self.destroy(&texts).await?;
            }
        }
        Ok(())
    }

    fn redact(&self, texts: &[TextPlace]) {
        let mut redacted = self.redacted.write().unwrap_or_else(PoisonError::into_inner);
        for TextPlace { position, path } in texts {
            redacted.entry(*position).or_default().insert(path.clone());
        }
    }

    fn unredact(&self, texts: &[TextPlace]) {
        let mut redacted = self.redacted.write().unwrap_or_else(PoisonError::into_inner);
        for TextPlace { position, path } in texts {
            if let Some(paths) = redacted.get_mut(position) {
                paths.remove(path);
            }
        }
    }

    fn is_redacted(&self, position: Position, path: Option<&str>) -> bool {
        let redacted = self.redacted.read().unwrap_or_else(PoisonError::into_inner);
        redacted.get(&position).is_some_and(|paths| path.is_none_or(|path| paths.contains(path)))
    }

    /// Destroys the keys of texts, as far as they have any.
    async fn destroy(&self, texts: &[TextPlace]) -> Result<(), LogError> {
        let mut keys = vec![];
        for TextPlace { position, path } in texts {
            let event = self.inner.read_after(position.saturating_sub(1), 1).await?.into_iter().find(|it| it.position == *position);
            let payload = event.and_then(|event| serde_json::from_str::<Value>(&event.payload).ok());
            keys.extend(payload.as_ref().and_then(|payload| payload.pointer(path)).and_then(sealed).map(|it| it.key));
        }
        let held = self.vault.text_keys(&keys).await.map_err(fault)?.held();
        if held.is_empty() {
            return Ok(());
        }
        self.vault.destroy_text_keys(&held).await.map(drop).map_err(fault)
    }

    /// Seals the texts of a commit; tells their keys.
    async fn seal(&self, commit: &mut Commit) -> Result<Vec<Uuid>, VaultError> {
        let mut payloads = vec![];
        let mut texts = vec![];
        for (at, (stream, event)) in commit.events.iter().enumerate() {
            let Some(fields) = fields_of(&stream.kind) else { continue };
            let Ok(mut payload) = serde_json::from_str::<Value>(&event.payload) else { continue };
            each_text(fields, &mut payload, &mut |path, text| {
                if let Value::String(text) = text {
                    texts.push((at, path.to_owned(), text.clone()));
                }
            });
            payloads.push((at, payload));
        }
        if texts.is_empty() {
            return Ok(vec![]);
        }
        let to_seal: Vec<_> = texts
            .iter()
            .map(|(at, path, text)| {
                let (stream, event) = &commit.events[*at];
                Text { place: place(stream, &event.event_type, path), text: text.clone() }
            })
            .collect();
        let sealed = self.vault.seal_texts(&to_seal).await?;
        drop(to_seal);
        let keys = sealed.iter().map(|it| it.key).collect();
        for ((at, path, _), SealedText { key, text }) in texts.into_iter().zip(sealed) {
            let payload = payloads.iter_mut().find(|(it, _)| *it == at).and_then(|(_, payload)| payload.pointer_mut(&path));
            if let Some(place) = payload {
                *place = json!({"sealed": {"key": key, "text": text}});
            }
        }
        for (at, payload) in payloads {
            commit.events[at].1.payload = payload.to_string();
        }
        Ok(keys)
    }

    /// Opens the texts of events.
    async fn open(&self, mut events: Vec<Recorded>) -> Result<Vec<Recorded>, LogError> {
        let mut payloads = vec![];
        let mut keys = vec![];
        for (at, event) in events.iter().enumerate() {
            let concerned = event.payload.contains(SIGN) || self.is_redacted(event.position, None);
            let Some(fields) = fields_of(&event.stream.kind).filter(|_| concerned) else { continue };
            // What is no JSON is told by who decodes it.
            let Ok(mut payload) = serde_json::from_str::<Value>(&event.payload) else { continue };
            each_text(fields, &mut payload, &mut |_, text| keys.extend(sealed(text).map(|it| it.key)));
            payloads.push((at, fields, payload));
        }
        if payloads.is_empty() {
            return Ok(events);
        }
        let keys = self.vault.text_keys(&keys).await.map_err(fault)?;
        for (at, fields, mut payload) in payloads {
            let event = &mut events[at];
            each_text(fields, &mut payload, &mut |path, text| {
                if self.is_redacted(event.position, Some(path)) {
                    *text = json!(REDACTED);
                } else if let Some(sealed) = sealed(text) {
                    *text = json!(opened(&keys, &sealed, &place(&event.stream, &event.event_type, path), event.position));
                }
            });
            event.payload = payload.to_string();
        }
        Ok(events)
    }

    /// Every text of these events that is not redacted, in clear, with where it stands.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub async fn texts_after(&self, position: Position, limit: usize) -> Result<(Position, Vec<FoundText>), LogError> {
        let stored = self.inner.read_after(position, limit).await?;
        let Some(last) = stored.last().map(|event| event.position) else { return Ok((position, vec![])) };
        let was_sealed: HashMap<Position, Value> = stored
            .iter()
            .filter(|event| event.payload.contains(SIGN))
            .filter_map(|event| Some((event.position, serde_json::from_str(&event.payload).ok()?)))
            .collect();
        let mut found = vec![];
        for event in self.open(stored).await? {
            let Some(fields) = fields_of(&event.stream.kind) else { continue };
            let Ok(mut payload) = serde_json::from_str::<Value>(&event.payload) else { continue };
            each_text(fields, &mut payload, &mut |path, text| {
                let Some(text) = text.as_str().filter(|text| *text != REDACTED) else { return };
                let sealed = was_sealed.get(&event.position).and_then(|it| it.pointer(path)).is_some_and(|it| !it.is_string());
                found.push(FoundText {
                    place: TextPlace { position: event.position, path: path.to_owned() },
                    stream: event.stream.clone(),
                    event_type: event.event_type.clone(),
                    text: text.to_owned(),
                    sealed,
                });
            });
        }
        Ok((last, found))
    }
}

fn opened(keys: &TextKeys, sealed: &SealedText, place: &SealedFor<'_>, position: Position) -> String {
    match keys.open(sealed, place) {
        Ok(Some(text)) => text,
        Ok(None) => REDACTED.to_owned(),
        Err(error) => {
            // No reason to stop everybody's view; said loudly.
            tracing::error!(position, field = place.field, %error, "a text of a document does not open");
            REDACTED.to_owned()
        }
    }
}

fn redaction_of(event: &Recorded) -> Result<RedactionEvent, LogError> {
    let damaged = |_| LogError::Damaged { position: event.position, what: "a redaction" };
    Upcasters::new().decode::<RedactionEvent>(event).map_err(damaged)
}

fn fault(error: VaultError) -> LogError {
    LogError::Storage(Arc::new(error))
}

#[async_trait]
impl Log for SealedTexts {
    async fn append(&self, mut commit: Commit) -> Result<Appended, AppendError> {
        let storage = |error: VaultError| AppendError::Storage(Arc::new(error));
        // Whoever is told of the redaction reads its texts no more.
        let mut redacted = vec![];
        for (_, event) in commit.events.iter().filter(|(stream, _)| stream.kind == Redaction::NAME) {
            if let Ok(RedactionEvent::TextsRedacted { texts }) =
                gongyi_domain::event::DomainEvent::decode(&event.event_type, &event.payload)
            {
                redacted.extend(texts);
            }
        }
        self.redact(&redacted);
        let keys = self.seal(&mut commit).await.map_err(storage)?;
        let appended = self.inner.append(commit).await;
        match &appended {
            Ok(appended) if !appended.replayed => {
                if !redacted.is_empty() && self.destroy(&redacted).await.is_err() {
                    tracing::warn!("keys of redacted texts are still there; they are destroyed at the next start");
                }
            }
            // Whether it was written is unknown: what it would need stays.
            Err(AppendError::Storage(_) | AppendError::Closed) => {}
            Ok(_) => drop_keys(&self.vault, &keys).await,
            Err(_) => {
                self.unredact(&redacted);
                drop_keys(&self.vault, &keys).await;
            }
        }
        appended
    }

    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError> {
        self.inner.answer(actor, command_id).await
    }

    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError> {
        self.open(self.inner.read_stream(stream, after_version).await?).await
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError> {
        self.open(self.inner.read_streams(streams).await?).await
    }

    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        self.open(self.inner.read_after(position, limit).await?).await
    }

    async fn head(&self) -> Result<Token, LogError> {
        self.inner.head().await
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.inner.watch()
    }

    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError> {
        self.inner.token_at(position).await
    }
}

/// Keys of a commit that is not in the log: nobody has seen what they sealed.
async fn drop_keys(vault: &Vault, keys: &[Uuid]) {
    if let Err(error) = vault.drop_text_keys(keys).await {
        tracing::warn!(%error, "keys of texts that were not written stay in the vault");
    }
}
