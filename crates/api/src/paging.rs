//! Pages as GraphQL Cursor Connections: `first` and `after`, or `last` and `before`.

use async_graphql::{
    Error, OutputType, SimpleObject,
    connection::{Connection, Edge},
};
use gongyi_projections::{Page, PageArgs};

use crate::{
    fault::{self, Code},
    settings::{PAGE_DEFAULT_ROWS, PAGE_MAX_ROWS},
};

/// What a page knows about the whole list.
#[derive(SimpleObject)]
pub struct Totals {
    /// How many there are in the whole list.
    total_count: u64,
}

/// A page of a list.
pub(crate) type Paged<T> = Connection<String, T, Totals>;

/// The page that `first`, `after`, `last` and `before` ask for.
pub(crate) fn asked(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Result<PageArgs, Error> {
    if first.is_some() && last.is_some() {
        return Err(fault::error(Code::BadInput, "a page is counted from the front or from the back, not both"));
    }
    let (first, last) = (rows(first)?, rows(last)?);
    let first = if last.is_none() { first.or(Some(PAGE_DEFAULT_ROWS)) } else { None };
    Ok(PageArgs { first, after, last, before })
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
    let totals = Totals { total_count: page.total };
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, totals);
    connection.edges = page.edges.into_iter().map(|(cursor, row)| Edge::new(cursor.0, show(row))).collect();
    connection
}
