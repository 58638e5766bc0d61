//! How a request is executed, whichever door it came through: validated as it was sent, then executed with its fields merged.
//!
//! - A document that needs no merging is executed at once. Any other is rehearsed first: the library validates it and stops
//!   there, and what is merged of it is what is executed.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Data, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation},
    parser::types::ExecutableDocument,
};
use futures::{FutureExt, StreamExt, future, stream, stream::BoxStream};

use crate::{
    merging::{is_merged, merged},
    schema::Schema,
};

/// Answers a query or a mutation.
pub(crate) async fn executed(schema: &Schema, mut request: Request) -> Response {
    match merge(schema, &mut request).await {
        Ok(()) => schema.execute(request).await,
        Err(refused) => refused,
    }
}

/// Answers a subscription, or whatever else is asked, as it happens.
pub(crate) fn streamed(schema: Schema, mut request: Request, session: Arc<Data>) -> BoxStream<'static, Response> {
    let merging = async move {
        match merge(&schema, &mut request).await {
            Ok(()) => schema.execute_stream_with_session_data(request, session),
            Err(refused) => stream::once(future::ready(refused)).boxed(),
        }
    };
    merging.into_stream().flatten().boxed()
}

/// Whether an answer is one of an execution, and not of a request that was refused before.
pub(crate) fn was_executed(answer: &Response) -> bool {
    answer.data != Value::Null || answer.errors.iter().any(|error| !error.path.is_empty())
}

/// Puts the merged document into the request; leaves one that cannot be read to the execution, which says so.
async fn merge(schema: &Schema, request: &mut Request) -> Result<(), Response> {
    let document = match request.parsed_query() {
        Ok(document) if !is_merged(document) => document.clone(),
        Ok(_) | Err(_) => return Ok(()),
    };
    let rehearsal = Arc::new(Rehearsal { operation: request.operation_name.clone(), ..Rehearsal::default() });
    let mut rehearsed = Request::new("").variables(request.variables.clone()).data(rehearsal.clone());
    rehearsed.operation_name.clone_from(&request.operation_name);
    rehearsed.set_parsed_query(document);
    let answer = schema.execute(rehearsed).await;
    if answer.is_err() {
        return Err(answer);
    }
    if let Some(merged) = rehearsal.merged.get() {
        request.set_parsed_query(merged.clone());
    }
    Ok(())
}

fn is_conflict(error: &ServerError) -> bool {
    error.message.starts_with("Fields \"") && error.message.contains("conflict because")
}

/// A request that is validated, merged and not executed.
#[derive(Default)]
struct Rehearsal {
    operation: Option<String>,
    sent: OnceLock<(ExecutableDocument, Variables)>,
    merged: OnceLock<ExecutableDocument>,
}

/// Whether a request is not to be executed.
pub(crate) fn is_rehearsed(ctx: &ExtensionContext<'_>) -> bool {
    ctx.data_opt::<Arc<Rehearsal>>().is_some()
}

/// Stops rehearsals where execution would begin.
pub(crate) struct Rehearsing;

impl ExtensionFactory for Rehearsing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Rehearsing)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Rehearsing {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        if let Some(rehearsal) = ctx.data_opt::<Arc<Rehearsal>>() {
            rehearsal.sent.get_or_init(|| (document.clone(), variables.clone()));
        }
        Ok(document)
    }

    async fn validation(&self, ctx: &ExtensionContext<'_>, next: NextValidation<'_>) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await;
        let Some(rehearsal) = ctx.data_opt::<Arc<Rehearsal>>() else { return result };
        let Some((document, variables)) = rehearsal.sent.get() else { return result };
        let merge = || merged(document, rehearsal.operation.as_deref(), variables, &ctx.schema_env.registry);
        match result {
            Ok(result) => {
                let merged = merge().map_err(|conflict| vec![conflict])?;
                rehearsal.merged.get_or_init(|| merged);
                Ok(result)
            }
            // The library names the argument in which the fields differ as if it were the field.
            Err(errors) if errors.iter().all(is_conflict) => Err(merge().err().map_or(errors, |conflict| vec![conflict])),
            Err(errors) => Err(errors),
        }
    }

    async fn execute(&self, ctx: &ExtensionContext<'_>, operation_name: Option<&str>, next: NextExecute<'_>) -> Response {
        if is_rehearsed(ctx) {
            return Response::new(Value::Null);
        }
        next.run(ctx, operation_name).await
    }
}
