//! How large a query may be. A refused query says which limit it exceeds.
//!
//! - A document is measured before anything else walks it, each fragment once, so that fragments that spread one
//!   another cost nothing to refuse.
//! - It is measured as it was sent; what it costs is asked once its fields are merged.
//! - Every error leaves with a code.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest, NextSubscribe, NextValidation,
    },
    parser::types::{ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet},
};
use futures::{StreamExt, stream::BoxStream};

use crate::{
    execution,
    fault::{self, Code},
    merging::is_merged,
    settings::{
        INTROSPECTION_DEPTH_MAX_LISTS, QUERY_ALIASES_MAX_COUNT, QUERY_COMPLEXITY_MAX_FIELDS, QUERY_DEPTH_MAX_FIELDS,
        QUERY_DIRECTIVES_MAX_COUNT, QUERY_NESTING_MAX_LEVELS, QUERY_ROOT_FIELDS_MAX_COUNT, QUERY_SIZE_MAX_FIELDS,
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
    /// Lists of types' parts within one another.
    lists: usize,
    /// The same in introspection.
    introspected: usize,
    schemas: usize,
    types: usize,
}

/// The lists that lead from a type to other types, each of which has such lists again; arguments and values end there.
const LISTS_OF_TYPES: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

impl Size {
    fn and(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.top = self.top.saturating_add(other.top);
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.lists = self.lists.max(other.lists);
        self.introspected = self.introspected.max(other.introspected);
        self.schemas = self.schemas.saturating_add(other.schemas);
        self.types = self.types.saturating_add(other.types);
    }

    /// Of a field that selects this.
    fn below(self, field: &str) -> Self {
        let mut size = Self { top: 1, depth: self.depth.saturating_add(1), fields: self.fields.saturating_add(1), ..self };
        if LISTS_OF_TYPES.contains(&field) {
            size.lists = size.lists.saturating_add(1);
        }
        let begins = [(&mut size.schemas, "__schema"), (&mut size.types, "__type")].into_iter().find(|(_, name)| *name == field);
        if let Some((count, _)) = begins {
            *count = 1;
            size.introspected = size.lists;
        }
        size
    }

    fn refused(self) -> Option<ServerError> {
        [
            ("depth", self.depth, QUERY_DEPTH_MAX_FIELDS),
            ("size", self.fields, QUERY_SIZE_MAX_FIELDS),
            ("aliases", self.aliases, QUERY_ALIASES_MAX_COUNT),
            ("rootFields", self.top, QUERY_ROOT_FIELDS_MAX_COUNT),
            ("directives", self.directives, QUERY_DIRECTIVES_MAX_COUNT),
            ("introspectionDepth", self.introspected, INTROSPECTION_DEPTH_MAX_LISTS),
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

/// Of fragments that spread themselves.
const ENDLESS: Size = Size { depth: usize::MAX, ..NESTED };
/// Of what stands in too many others.
const NESTED: Size =
    Size { fields: usize::MAX, top: 0, depth: 0, aliases: 0, directives: 0, lists: 0, introspected: 0, schemas: 0, types: 0 };

impl<'d> Ruler<'d> {
    /// The size of a selection that stands in so many others, fields' and fragments'; endless where that are too many, and for
    /// fragments that spread themselves.
    fn size(&mut self, selection: &'d SelectionSet, within: usize) -> Size {
        if within > QUERY_NESTING_MAX_LEVELS {
            return NESTED;
        }
        let mut size = Size::default();
        for item in &selection.items {
            let inner = match &item.node {
                Selection::Field(field) => {
                    let mut inner = self.size(&field.node.selection_set.node, within + 1).below(field.node.name.node.as_str());
                    inner.aliases = inner.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    inner
                }
                Selection::InlineFragment(inline) => self.size(&inline.node.selection_set.node, within + 1),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, within + 1),
            };
            size.and(inner);
            size.directives = size.directives.saturating_add(item.node.directives().len());
        }
        size
    }

    fn fragment(&mut self, name: &'d str, within: usize) -> Size {
        if let Some(size) = self.measured.get(name) {
            return *size;
        }
        // An unknown fragment is the validation's to refuse; it counts, for fragments that spread it may multiply too.
        let Some(fragment) = self.fragments.get(name) else { return Size { fields: 1, ..Size::default() } };
        self.measured.insert(name, ENDLESS);
        let mut size = self.size(&fragment.node.selection_set.node, within);
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        self.measured.insert(name, size);
        size
    }
}

/// The first limit that an operation of the document exceeds, or a fragment, spread or not: the validation follows each.
fn exceeded(document: &ExecutableDocument) -> Option<ServerError> {
    measured(document, |size| size.refused())
}

/// Introspection that an operation asks for more than once. What is merged may have stood twice.
fn introspected_again(document: &ExecutableDocument) -> Option<ServerError> {
    let again = |size: Size| (size.schemas > 1 || size.types > 1).then(|| fault::limit("introspections", 1));
    measured(document, again)
}

/// A subscription of more than one event stream, or of none: it has one root field, and that is no introspection (5.2.3.1 of
/// the specification). Asked of a document whose fields are merged.
fn subscribed_together(document: &ExecutableDocument) -> Option<ServerError> {
    document.operations.iter().filter(|(_, operation)| operation.node.ty == OperationType::Subscription).find_map(|(name, operation)| {
        let items = &operation.node.selection_set.node.items;
        let introspects = |item: &Positioned<Selection>| match &item.node {
            Selection::Field(field) => field.node.name.node.starts_with("__"),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        };
        let beyond = items.iter().find(|item| introspects(item)).or_else(|| items.get(1))?;
        let what = name.map_or("A subscription".to_owned(), |name| format!("Subscription \"{name}\""));
        let message = format!("{what} must select one field at its root, and no introspection field.");
        Some(fault::coded(ServerError::new(message, Some(beyond.pos)), Code::ValidationFailed))
    })
}

fn measured(document: &ExecutableDocument, refused: impl Fn(Size) -> Option<ServerError>) -> Option<ServerError> {
    let mut ruler = Ruler { fragments: &document.fragments, measured: HashMap::new() };
    let of_operations = document.operations.iter().find_map(|(_, operation)| {
        let mut size = ruler.size(&operation.node.selection_set.node, 0);
        size.directives = size.directives.saturating_add(operation.node.directives.len());
        refused(size)
    });
    of_operations.or_else(|| document.fragments.keys().find_map(|name| refused(ruler.fragment(name, 0))))
}

/// The variables that a client may leave out, with their defaults or null. async-graphql 8.0.0-rc.5 refuses a query whose cost
/// is asked by such a variable while it is left out, and takes a condition's for false; as null one passes, and means the same
/// for every argument of this schema.
fn optional_variables(document: &ExecutableDocument) -> Vec<(Name, Value)> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    definitions.filter_map(|it| Some((it.node.name.node.clone(), it.node.default_value()?.clone()))).collect()
}

/// Errors of a request that was never executed are the document's; those of a field without a code of its own are its
/// arguments'.
fn with_codes(mut response: Response) -> Response {
    let executed = response.data != Value::Null;
    response.errors = response
        .errors
        .into_iter()
        .map(|mut error| {
            // The library says so little of a number that is negative, broken or too large.
            error.message = error.message.replace("Invalid number", "not a whole number that this field takes; most are not negative");
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
        if let Some(refused) = is_merged(document).then(|| introspected_again(document)).flatten() {
            return Err(refused);
        }
        if let Some(refused) = is_merged(document).then(|| subscribed_together(document)).flatten() {
            return Err(refused);
        }
        let left_out = optional_variables(document);
        for (name, value) in left_out {
            request.variables.entry(name).or_insert(value);
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
        // What is not merged yet costs too much where a field is repeated, and too little where a fragment narrows an interface.
        if result.complexity > QUERY_COMPLEXITY_MAX_FIELDS && !execution::is_rehearsed(ctx) {
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
    fn introspection_goes_so_deep_and_no_further() {
        let within = |inner: &str| limit_of(&format!("{{ __schema {{ types {{ {inner} }} }} }}"));
        assert_eq!(within("fields { args { type { ofType { ofType { name } } } } type { fields { name } } }"), None);
        assert_eq!(within("fields { type { fields { type { possibleTypes { name } } } } }"), Some("\"introspectionDepth\"".into()));
        let spread = "query { __type(name: \"A\") { ...F } } fragment F on __Type { interfaces { ...G } } fragment G on __Type { fields { type { inputFields { name } } } }";
        assert_eq!(limit_of(spread), Some("\"introspectionDepth\"".into()));
        assert_eq!(limit_of("{ me { fields { fields { fields { name } } } } }"), None, "such a name may be anybody's");
    }

    #[test]
    fn introspection_is_asked_for_once() {
        let again = |query: &str| introspected_again(&parse_query(query).unwrap()).is_some();
        assert!(!again("{ __schema { types { name } } __type(name: \"A\") { name } }"));
        assert!(again("{ a: __schema { types { name } } b: __schema { types { name } } }"));
        assert!(again("{ a: __type(name: \"A\") { name } b: __type(name: \"B\") { name } }"));
        assert!(!again("query A { __schema { types { name } } } query B { __schema { types { name } } }"), "an operation each");
    }

    #[test]
    fn a_subscription_is_of_one_root_field() {
        let refused = |query: &str| subscribed_together(&parse_query(query).unwrap()).map(|error| error.locations[0].column);
        assert_eq!(refused("subscription { a { id } }"), None);
        assert_eq!(refused("subscription { a { id } b { id } }"), Some(25));
        assert_eq!(refused("subscription { __typename }"), Some(16));
        assert_eq!(refused("subscription { a { __typename } }"), None);
        assert_eq!(refused("query A { a b } subscription B { a }"), None);
        assert_eq!(refused("query A { a } subscription B { a b }"), Some(34));
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
        let mut unknown = "{ ...F0 }".to_owned();
        (0..30).for_each(|n| unknown.push_str(&format!(" fragment F{n} on Query {{ ...F{0} ...F{0} }}", n + 1)));
        assert_eq!(limit_of(&unknown), Some("\"size\"".into()), "also if the last one is missing");
        let chain = |many: usize| (0..many).map(|n| format!(" fragment F{n} on Query {{ ...F{} }}", n + 1)).collect::<String>();
        for spread in ["{ ...F0 }", "{ me { signedIn } }"] {
            let query = format!("{spread} {} fragment F8000 on Query {{ me {{ signedIn }} }}", chain(8_000));
            assert_eq!(limit_of(&query), Some("\"size\"".into()), "however long the way down is");
        }
    }
}
