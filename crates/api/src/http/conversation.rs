//! What is said over one socket beyond what the library keeps track of: which operations run, and which were never begun.
//!
//! - An operation's id is taken until it is over; a second one under it ends the conversation (`graphql-transport-ws`, 4409).
//! - An operation that could not be executed is answered by `error`, which ends it; async-graphql would say `next` and
//!   `complete`, as if it had been.

use std::{
    any::TypeId,
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_graphql::{
    Request as Query, Response as Answer, ServerError,
    http::{ClientMessage, WebSocketProtocols as Protocols},
};
use serde::Deserialize;
use serde_json::json;

use crate::{execution::was_executed, settings::REQUEST_BODY_MAX_BYTES};

/// Close codes: of WebSocket itself (RFC 6455), and of `graphql-transport-ws`.
const TOO_LARGE: u16 = 1009;
const SUBSCRIBER_EXISTS: u16 = 4409;

/// One socket's.
#[derive(Clone, Default)]
pub(super) struct Conversation(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    running: HashSet<String>,
    refused: HashMap<String, Vec<ServerError>>,
    over: Option<(u16, String)>,
}

/// The id that an operation was sent under.
struct OperationId(String);

/// An operation that runs, until this value goes.
pub(super) struct Running {
    conversation: Conversation,
    id: Option<String>,
    has_begun: bool,
}

impl Conversation {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message as it was sent; `None` for one that ends the conversation.
    pub(super) fn hears(&self, message: &[u8]) -> Option<serde_json::Result<ClientMessage>> {
        let mut said = self.said();
        if message.len() > REQUEST_BODY_MAX_BYTES {
            said.over = Some((TOO_LARGE, "the message is too large".to_owned()));
            return None;
        }
        let mut message = ClientMessage::from_bytes(message);
        if let Ok(ClientMessage::Start { id, payload }) = &mut message {
            if !said.running.insert(id.clone()) {
                said.over = Some((SUBSCRIBER_EXISTS, format!("Subscriber for {id} already exists")));
                return None;
            }
            payload.data.insert(OperationId(id.clone()));
        }
        Some(message)
    }

    /// With which code and words it has ended, if it has by itself.
    pub(super) fn over(&self) -> Option<(u16, String)> {
        self.said().over.take()
    }

    /// The operation that a request begins.
    pub(super) fn runs(&self, query: &Query) -> Running {
        let id = query.data.get(&TypeId::of::<OperationId>()).and_then(|id| id.downcast_ref::<OperationId>());
        Running { conversation: self.clone(), id: id.map(|id| id.0.clone()), has_begun: false }
    }

    /// What is said instead of `text`, which the library would say.
    pub(super) fn says(&self, text: String, protocol: Protocols) -> String {
        #[derive(Deserialize)]
        struct Ended {
            r#type: String,
            id: Option<String>,
        }
        let mut said = self.said();
        if said.refused.is_empty() {
            return text;
        }
        let Ok(Ended { r#type, id: Some(id) }) = serde_json::from_str(&text) else { return text };
        if r#type != "complete" {
            return text;
        }
        match (said.refused.remove(&id), protocol) {
            (None, _) => text,
            (Some(errors), Protocols::GraphQLWS) => json!({ "type": "error", "id": id, "payload": errors }).to_string(),
            (Some(errors), Protocols::SubscriptionsTransportWS) => {
                json!({ "type": "error", "id": id, "payload": errors.first() }).to_string()
            }
        }
    }
}

impl Running {
    /// An answer as it is told; `None` where the operation was never executed and [`Conversation::says`] says so.
    pub(super) fn told(&mut self, answer: Answer) -> Option<Answer> {
        let is_refused = !self.has_begun && !was_executed(&answer);
        self.has_begun = true;
        match &self.id {
            Some(id) if is_refused => {
                self.conversation.said().refused.insert(id.clone(), answer.errors);
                None
            }
            Some(_) | None => Some(answer),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.conversation.said().running.remove(id);
        }
    }
}
