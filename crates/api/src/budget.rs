//! What one execution may take: bytes of its answer, and time, also where it never waits.
//!
//! - Both are looked at with every field. Where one is used up, the whole execution is dropped, with all that it holds;
//!   fields that merely failed would go on as nulls and errors.
//! - Each item of a subscription is an execution of its own.
//! - A command that has begun runs in a task of its own and is done all the same.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo},
};
use futures::{FutureExt, future};
use tokio::sync::Notify;

use crate::{
    fault::{self, Code},
    settings::ApiSettings,
};

/// The budget of every execution, as a part of the schema.
pub(crate) struct Budget {
    bytes: usize,
    time: Duration,
}

impl Budget {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        Self { bytes: settings.answer_bytes, time: settings.request_time }
    }
}

impl ExtensionFactory for Budget {
    fn create(&self) -> Arc<dyn Extension> {
        let Self { bytes, time } = *self;
        Arc::new(Spending { bytes, time, spent: Mutex::new(Spent { since: Instant::now(), bytes: 0, over: None }), is_over: Notify::new() })
    }
}

/// A request took too long.
pub(crate) fn too_long(time: Duration) -> ServerError {
    fault::server_error(Code::Timeout, format!("this took longer than {} s", time.as_secs_f64()))
}

/// An answer is too large; it was executed up to there.
pub(crate) fn too_large(bytes: usize, path: Vec<PathSegment>) -> ServerError {
    ServerError { path, ..fault::limit("answerBytes", bytes) }
}

/// What an execution has taken so far.
struct Spending {
    bytes: usize,
    time: Duration,
    spent: Mutex<Spent>,
    is_over: Notify,
}

struct Spent {
    since: Instant,
    bytes: usize,
    over: Option<ServerError>,
}

impl Spending {
    /// Takes so many bytes more; whether the budget holds.
    fn takes(&self, bytes: usize, at: &QueryPathNode<'_>) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.over.is_some() {
            return false;
        }
        spent.bytes = spent.bytes.saturating_add(bytes);
        if spent.bytes > self.bytes {
            spent.over = Some(too_large(self.bytes, path(at)));
        } else if spent.since.elapsed() > self.time {
            spent.over = Some(too_long(self.time));
        } else {
            return true;
        }
        self.is_over.notify_one();
        false
    }

    fn begins(&self) {
        // An execution that failed by itself at the same moment has left this.
        let _told = self.is_over.notified().now_or_never();
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) = Spent { since: Instant::now(), bytes: 0, over: None };
    }

    fn over(&self) -> Option<ServerError> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).over.take()
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let upwards = std::iter::successors(Some(node), |node| node.parent).map(|node| match node.segment {
        QueryPathSegment::Index(index) => PathSegment::Index(index),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    });
    let mut path: Vec<_> = upwards.collect();
    path.reverse();
    path
}

/// About as many bytes as a field or an item takes in JSON, less what is in it and was weighed by itself.
fn weight(node: &QueryPathNode<'_>, value: &Value) -> usize {
    let name = match node.segment {
        QueryPathSegment::Name(name) => name.len() + "\"\":,".len(),
        QueryPathSegment::Index(_) => ",".len(),
    };
    let value = match value {
        Value::String(text) => text.len() + "\"\"".len(),
        Value::Enum(name) => name.len() + "\"\"".len(),
        Value::Null | Value::Number(_) | Value::Boolean(_) => "null".len(),
        Value::Binary(bytes) => bytes.len(),
        Value::List(_) | Value::Object(_) => "{}".len(),
    };
    name + value
}

#[async_graphql::async_trait::async_trait]
impl Extension for Spending {
    async fn execute(&self, ctx: &ExtensionContext<'_>, operation_name: Option<&str>, next: NextExecute<'_>) -> Response {
        self.begins();
        let answer = tokio::select! {
            biased;
            answer = next.run(ctx, operation_name) => answer,
            () = self.is_over.notified() => Response::new(Value::Null),
        };
        match self.over() {
            Some(error) => Response::from_errors(vec![error]),
            None => answer,
        }
    }

    async fn resolve(&self, ctx: &ExtensionContext<'_>, info: ResolveInfo<'_>, next: NextResolve<'_>) -> ServerResult<Option<Value>> {
        let node = info.path_node;
        if !self.takes(0, node) {
            // `execute` drops this, and all that runs beside it.
            return future::pending().await;
        }
        let value = next.run(ctx, info).await?;
        if !self.takes(value.as_ref().map_or(0, |value| weight(node, value)), node) {
            return future::pending().await;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_weighs_about_what_it_takes_in_json() {
        let node = |segment| QueryPathNode { parent: None, segment };
        let name = node(QueryPathSegment::Name("title"));
        for (value, more) in [(Value::from("周末净滩"), 0), (Value::Null, 0), (Value::from(7), 3), (Value::Boolean(true), 0)] {
            let written = format!("\"title\":{},", serde_json::to_string(&value).unwrap());
            assert_eq!(weight(&name, &value), written.len() + more, "{written}");
        }
        assert_eq!(weight(&node(QueryPathSegment::Index(3)), &Value::from("a")), "\"a\",".len());
    }
}
