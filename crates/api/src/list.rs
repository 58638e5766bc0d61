//! Lists in answers.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
    resolver_utils::resolve_list,
};
use futures::future::BoxFuture;

/// A list in an answer, `[T!]!`. async-graphql joins the items of a `Vec` by code of its own for each type of item; here the
/// items of all lists are one type, which spares the compiler thousands of functions.
pub struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: OutputType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }
    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let items: Vec<Item<'_>> = self.0.iter().map(|item| Item(item)).collect();
        let count = items.len();
        resolve_list(ctx, field, items, Some(count)).await
    }
}

/// An item of whichever list.
struct Item<'a>(&'a dyn Resolved);

trait Resolved: Send + Sync {
    fn resolved<'a>(&'a self, ctx: &'a ContextSelectionSet<'_>, field: &'a Positioned<Field>) -> BoxFuture<'a, ServerResult<Value>>;
}

impl<T: OutputType> Resolved for T {
    fn resolved<'a>(&'a self, ctx: &'a ContextSelectionSet<'_>, field: &'a Positioned<Field>) -> BoxFuture<'a, ServerResult<Value>> {
        Box::pin(OutputType::resolve(self, ctx, field))
    }
}

/// The registry never meets it: a [`List`] is registered as what its items are.
impl OutputType for Item<'_> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Item")
    }
    fn create_type_info(_: &mut Registry) -> String {
        Self::qualified_type_name()
    }
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolved(ctx, field).await
    }
}
