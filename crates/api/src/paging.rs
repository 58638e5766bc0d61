//! Pages as GraphQL Cursor Connections: `first` and `after`, or `last` and `before`.

use std::borrow::Cow;

use async_graphql::{
    Context, Error, Object, OutputType, TypeName,
    connection::{Edge, EmptyFields, PageInfo},
};
use gongyi_projections::{Page, PageArgs};

use crate::{
    fault::{self, Code},
    list::List,
    settings::{PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS},
};

/// A page of a list.
pub struct Paged<T: OutputType> {
    edges: Vec<Edge<String, T, EmptyFields>>,
    has_next: bool,
    has_previous: bool,
    total: u64,
}

impl<T: OutputType> TypeName for Paged<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list, in the list's order.
#[Object(name_type)]
impl<T: OutputType + 'static> Paged<T> {
    /// What is on the page, each with its cursor.
    fn edges(&self) -> List<&Edge<String, T, EmptyFields>> {
        self.edges.iter().collect()
    }
    /// What is on the page, without cursors.
    fn nodes(&self) -> List<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
    /// Where the page lies in the list.
    fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }
    /// How many there are in the whole list.
    fn total_count(&self) -> u64 {
        self.total
    }
}

/// The page that `first`, `after`, `last` and `before` ask for; the list is counted where the query says so.
pub(crate) fn asked(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<PageArgs, Error> {
    if first.is_some() && last.is_some() {
        return Err(fault::error(Code::BadInput, "a page is counted from the front or from the back, not both"));
    }
    let (first, last) = (rows(first)?, rows(last)?);
    let first = if last.is_none() { first.or(Some(PAGE_DEFAULT_ROWS)) } else { None };
    let uncounted = !ctx.look_ahead().field("totalCount").exists();
    Ok(PageArgs { first, after, last, before, uncounted })
}

fn rows(count: Option<i32>) -> Result<Option<u32>, Error> {
    match count.map(u32::try_from) {
        None => Ok(None),
        Some(Ok(rows)) if rows <= PAGE_MAX_ROWS => Ok(Some(rows)),
        Some(Ok(_)) => Err(fault::limit_of_field("pageSize", PAGE_MAX_ROWS as usize)),
        Some(Err(_)) => Err(fault::error(Code::BadInput, "a page has no negative number of rows")),
    }
}

/// What a page costs: its rows.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first.or(last).and_then(|rows| usize::try_from(rows).ok()).unwrap_or(PAGE_DEFAULT_ROWS as usize);
    1 + rows.min(PAGE_MAX_ROWS as usize + 1) * child
}

/// A page of rows as a page of what is shown of each.
pub(crate) fn paged<R, T: OutputType>(page: Page<R>, show: impl Fn(R) -> T) -> Paged<T> {
    let Page { edges, has_next, has_previous, total } = page;
    let edges = edges.into_iter().map(|(cursor, row)| Edge::new(cursor.0, show(row))).collect();
    Paged { edges, has_next, has_previous, total }
}
