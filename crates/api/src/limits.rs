//! How large a query may be. A refused query says which limit it exceeds.
//!
//! - A document is measured before anything else walks it, each fragment once, so that fragments that spread one
//!   another cost nothing to refuse.
//! - Every error leaves with a code.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest, NextSubscribe, NextValidation,
    },
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};
use futures::{StreamExt, stream::BoxStream};

use crate::{
    fault::{self, Code},
    settings::{
        QUERY_ALIASES_MAX_COUNT, QUERY_COMPLEXITY_MAX_FIELDS, QUERY_DEPTH_MAX_FIELDS, QUERY_DIRECTIVES_MAX_COUNT,
        QUERY_ROOT_FIELDS_MAX_COUNT, QUERY_SIZE_MAX_FIELDS,
    },
};

/// The limits, as a part of the schema.
pub(crate) struct Limits;

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Limits)
    }
}

/// How large a selection is, with its fragments written out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    fields: usize,
    top: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    fn and(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.top = self.top.saturating_add(other.top);
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }

    fn below(self) -> Self {
        Self { top: 1, depth: self.depth.saturating_add(1), fields: self.fields.saturating_add(1), ..self }
    }

    fn refused(self) -> Option<ServerError> {
        [
            ("depth", self.depth, QUERY_DEPTH_MAX_FIELDS),
            ("size", self.fields, QUERY_SIZE_MAX_FIELDS),
            ("aliases", self.aliases, QUERY_ALIASES_MAX_COUNT),
            ("rootFields", self.top, QUERY_ROOT_FIELDS_MAX_COUNT),
            ("directives", self.directives, QUERY_DIRECTIVES_MAX_COUNT),
        ]
        .into_iter()
        .find(|(_, is, max)| is > max)
        .map(|(name, _, max)| fault::limit(name, max))
    }
}

/// Measures selections, each fragment once.
struct Ruler<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    measured: HashMap<&'d str, Size>,
}

impl<'d> Ruler<'d> {
    /// The size of a selection; endless for fragments that spread themselves, which is refused as too deep.
    fn size(&mut self, selection: &'d SelectionSet) -> Size {
        let mut size = Size::default();
        for item in &selection.items {
            let inner = match &item.node {
                Selection::Field(field) => {
                    let mut inner = self.size(&field.node.selection_set.node).below();
                    inner.aliases = inner.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    inner
                }
                Selection::InlineFragment(inline) => self.size(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
            size.and(inner);
            size.directives = size.directives.saturating_add(item.node.directives().len());
        }
        size
    }

    fn fragment(&mut self, name: &'d str) -> Size {
        const ENDLESS: Size = Size { fields: usize::MAX, top: 0, depth: usize::MAX, aliases: 0, directives: 0 };
        if let Some(size) = self.measured.get(name) {
            return *size;
        }
        // An unknown fragment is the validation's to refuse.
        let Some(fragment) = self.fragments.get(name) else { return Size::default() };
        self.measured.insert(name, ENDLESS);
        let mut size = self.size(&fragment.node.selection_set.node);
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        self.measured.insert(name, size);
        size
    }
}

/// The first limit that an operation of the document exceeds.
fn exceeded(document: &ExecutableDocument) -> Option<ServerError> {
    let mut ruler = Ruler { fragments: &document.fragments, measured: HashMap::new() };
    document.operations.iter().find_map(|(_, operation)| {
        let mut size = ruler.size(&operation.node.selection_set.node);
        size.directives = size.directives.saturating_add(operation.node.directives.len());
        size.refused()
    })
}

/// The variables that a client may leave out and that have no default. async-graphql 8.0.0-rc.5 refuses a query whose cost is
/// asked by such a variable while it is left out; as null it passes, and means the same for every argument of this schema.
fn optional_variables(document: &ExecutableDocument) -> Vec<Name> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    let optional = definitions.filter(|definition| definition.node.var_type.node.nullable && definition.node.default_value.is_none());
    optional.map(|definition| definition.node.name.node.clone()).collect()
}

/// Errors of a request that was never executed are the document's; those of a field without a code of its own are its
/// arguments'.
fn with_codes(mut response: Response) -> Response {
    let executed = response.data != Value::Null;
    response.errors = response
        .errors
        .into_iter()
        .map(|error| {
            let code = if executed || !error.path.is_empty() { Code::BadInput } else { Code::ValidationFailed };
            fault::coded(error, code)
        })
        .collect();
    response
}

#[async_graphql::async_trait::async_trait]
impl Extension for Limits {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        with_codes(next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(with_codes).boxed()
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let document = request.parsed_query().map_err(|error| fault::coded(error, Code::ParseFailed))?;
        if let Some(refused) = exceeded(document) {
            return Err(refused);
        }
        let left_out = optional_variables(document);
        for name in left_out {
            request.variables.entry(name).or_insert(Value::Null);
        }
        next.run(ctx, request).await
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables).await.map_err(|error| fault::coded(error, Code::ParseFailed))
    }

    async fn validation(&self, ctx: &ExtensionContext<'_>, next: NextValidation<'_>) -> Result<ValidationResult, Vec<ServerError>> {
        let coded =
            |errors: Vec<ServerError>| errors.into_iter().map(|error| fault::coded(error, Code::ValidationFailed)).collect::<Vec<_>>();
        let result = next.run(ctx).await.map_err(coded)?;
        if result.complexity > QUERY_COMPLEXITY_MAX_FIELDS {
            return Err(vec![fault::limit("complexity", QUERY_COMPLEXITY_MAX_FIELDS)]);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    fn limit_of(query: &str) -> Option<String> {
        let error = exceeded(&parse_query(query).unwrap())?;
        Some(error.extensions.unwrap().get("limit").unwrap().to_string())
    }

    #[test]
    fn a_query_is_refused_by_the_limit_it_exceeds() {
        let many = |count: usize, field: fn(usize) -> String| (0..count).map(field).collect::<Vec<_>>().join(" ");
        assert_eq!(limit_of("{ me { signedIn } }"), None);
        assert_eq!(limit_of(&format!("{{ {} }}", many(31, |n| format!("a{n}: me {{ signedIn }}")))), Some("\"aliases\"".into()));
        assert_eq!(limit_of(&format!("{{ {} }}", many(21, |_| "me { signedIn }".into()))), Some("\"rootFields\"".into()));
        assert_eq!(
            limit_of(&format!("{{ me {{ {} }} }}", many(21, |_| "signedIn @skip(if: false)".into()))),
            Some("\"directives\"".into())
        );
        let deep = format!("{}a{}", "{ a ".repeat(17), " }".repeat(17));
        assert_eq!(limit_of(&deep), Some("\"depth\"".into()));
    }

    #[test]
    fn fragments_that_multiply_are_refused_at_once() {
        let mut query = "{ ...F0 }".to_owned();
        for n in 0..30 {
            query.push_str(&format!(" fragment F{n} on Query {{ ...F{0} ...F{0} ...F{0} ...F{0} }}", n + 1));
        }
        query.push_str(" fragment F30 on Query { me { signedIn } }");
        assert_eq!(limit_of(&query), Some("\"size\"".into()));
        let circle = "{ ...A } fragment A on Query { me { signedIn } ...B ...B } fragment B on Query { ...A ...A }";
        assert_eq!(limit_of(circle), Some("\"depth\"".into()));
    }
}
