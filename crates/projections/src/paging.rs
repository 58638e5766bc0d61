//! Pages of a long list, by key: a page stays right while rows are added before it.
//!
//! - A cursor belongs to one ordering; any other text is refused.
//! - A cursor never holds personal data: an ordering by name keeps the row's id and looks the name up.
//! - What follows and what precedes a page is told as GraphQL Cursor Connections say: counted from the front, whether more rows
//!   of the window between `after` and `before` follow, and whether any precede the window; from the back, the other way round.
//! - Pages that are asked for at one time, as one list of each of many things, are read in one statement, see [`Together`].

use std::{collections::HashMap, error::Error, pin::Pin};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::values::{AreaCode, OrganisationId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use crate::views::Views;

/// Rows of a page if the caller does not say.
pub const PAGE_DEFAULT_ROWS: u32 = 50;
/// Rows of a page, at most.
pub const PAGE_MAX_ROWS: u32 = 500;

/// Pages that are read in one statement, at most; SQLite takes no more than 500 parts.
const PAGES_MAX_COUNT: usize = 100;

/// Which page is wanted (GraphQL Cursor Connections).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageArgs {
    /// So many from the front.
    pub first: Option<u32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the back.
    pub last: Option<u32>,
    /// Before this cursor.
    pub before: Option<String>,
    /// The whole list need not be counted: that costs more than a page of it.
    pub uncounted: bool,
}

impl PageArgs {
    /// The first `count` rows.
    pub fn first(count: u32) -> Self {
        Self { first: Some(count), ..Self::default() }
    }

    /// The last `count` rows.
    pub fn last(count: u32) -> Self {
        Self { last: Some(count), ..Self::default() }
    }
}

/// An opaque place in an ordering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows, each with its cursor, in the list's order.
    pub edges: Vec<(Cursor, T)>,
    /// Rows follow: of the window, counted from the front; of the list, counted from the back.
    pub has_next: bool,
    /// Rows precede: of the list, counted from the front; of the window, counted from the back.
    pub has_previous: bool,
    /// Rows of the whole list; 0 if they were not to be counted.
    pub total: u64,
}

impl<T> Page<T> {
    /// The same page of something made of each row.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Page<U> {
        let Self { edges, has_next, has_previous, total } = self;
        Page { edges: edges.into_iter().map(|(cursor, row)| (cursor, make(row))).collect(), has_next, has_previous, total }
    }
}

/// The page asked for does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not a cursor of this ordering.
    #[error("not a cursor of this list and order")]
    BadCursor,
    /// Both `first` and `last`.
    #[error("a page is counted from the front or from the back, not both")]
    BothEnds,
    /// More rows than a page has.
    #[error("a page has at most {most} rows")]
    TooMany {
        /// The most it has.
        most: u32,
    },
}

/// A query was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The caller's page arguments are wrong.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The storage failed.
    #[error("the views' storage failed")]
    Storage(#[from] sqlx::Error),
    /// A stored row does not fit this build.
    #[error("a row of the views does not fit")]
    Row(#[from] serde_json::Error),
    /// The pages that were read together were not read; all who asked are told.
    #[error("pages of the views were not read together")]
    Together(#[source] Box<dyn Error + Send + Sync>),
}

/// One part of an ordering.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SortColumn {
    /// What is compared; never NULL.
    pub(crate) by: &'static str,
    /// What the cursor keeps.
    pub(crate) kept: &'static str,
    /// What is compared with `by`, made of the kept value `?`.
    pub(crate) compared: &'static str,
}

impl SortColumn {
    pub(crate) const fn plain(by: &'static str) -> Self {
        Self { by, kept: by, compared: "?" }
    }
}

/// An ordering; the last column makes it total.
pub(crate) struct Sort {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<SortColumn>,
    pub(crate) descending: bool,
}

impl Sort {
    fn leading_expression(&self) -> Option<&SortColumn> {
        self.columns.first().filter(|column| column.by.contains(['(', '+']))
    }
}

/// A value of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Bind {
    Text(String),
    Int(i64),
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Conditions with their values, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    sql: Vec<String>,
    binds: Vec<Bind>,
}

impl Conditions {
    /// Adds a condition that holds.
    pub(crate) fn plain(&mut self, sql: &str) {
        self.sql.push(sql.to_owned());
    }

    /// Adds a condition with one `?`.
    pub(crate) fn with(&mut self, sql: &str, value: impl Into<Bind>) {
        self.sql.push(sql.to_owned());
        self.binds.push(value.into());
    }

    /// Adds a condition with one `?`, if there is a value.
    pub(crate) fn maybe<T: Into<Bind>>(&mut self, sql: &str, value: Option<T>) {
        if let Some(value) = value {
            self.with(sql, value);
        }
    }

    /// `column` is the organisation; or, asked for, one below it.
    pub(crate) fn in_organisation(&mut self, column: &str, organisation: Option<OrganisationId>, include_below: bool) {
        let below = "WITH RECURSIVE below(id) AS (
            SELECT ? UNION SELECT o.id FROM organisations o JOIN below ON o.parent=below.id) SELECT id FROM below";
        let sql = if include_below { format!("{column} IN ({below})") } else { format!("{column}=?") };
        self.maybe(&sql, organisation.map(|id| id.to_string()));
    }

    /// Adds a condition with as many `?` as there are values.
    pub(crate) fn holds(&mut self, sql: String, values: Vec<Bind>) {
        self.sql.push(sql);
        self.binds.extend(values);
    }

    /// `column` lies in the area: a range that an index serves.
    pub(crate) fn in_area(&mut self, column: &str, area: Option<&AreaCode>) {
        if let Some(area) = area {
            self.sql.push(format!("{column}>=? AND {column}<?"));
            // ':' is the character after '9'.
            self.binds.extend([Bind::Text(area.to_string()), Bind::Text(format!("{area}:"))]);
        }
    }

    pub(crate) fn sql(&self) -> String {
        if self.sql.is_empty() { "true".to_owned() } else { self.sql.join(" AND ") }
    }

    pub(crate) fn binds(&self) -> &[Bind] {
        &self.binds
    }
}

/// A list that can be paged through.
pub(crate) struct Listing {
    /// `json_array(…)` of a row.
    pub(crate) select: String,
    /// Tables with their joins.
    pub(crate) from: &'static str,
    pub(crate) conditions: Conditions,
    pub(crate) sort: Sort,
}

type BoundQuery<'q> = Query<'q, Sqlite, SqliteArguments>;

pub(crate) fn bind_all<'q>(mut query: BoundQuery<'q>, binds: &[Bind]) -> BoundQuery<'q> {
    for bind in binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Int(number) => query.bind(*number),
        };
    }
    query
}

/// Rows of `select … from … where conditions`, read from JSON.
pub(crate) async fn fetch<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    sql: String,
    binds: &[Bind],
) -> Result<Vec<T>, QueryError> {
    use sqlx::Row;
    let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), binds).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(0)?)?)).collect()
}

/// A statement with its values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Statement {
    sql: String,
    binds: Vec<Bind>,
}

/// A page as it is asked for: what [`Views::pages`] reads, alone or together with others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageQuery {
    rows: Statement,
    /// Whether the list goes on outside the window, on the side that is not counted.
    outside: Option<Statement>,
    total: Option<Statement>,
    count: usize,
    backward: bool,
}

/// A page as it is read.
#[derive(Debug, Clone, Default)]
pub struct PageAnswer {
    /// Each row with what its cursor keeps, both as JSON.
    rows: Vec<(String, String)>,
    /// More rows of the window follow on the side that is counted.
    more: bool,
    outside: bool,
    total: u64,
}

/// Who reads pages that are asked for at one time together: a list of each of many things in one statement.
pub trait Together: Send + Sync {
    /// The page, read with whatever else is asked for now.
    fn page(&self, asked: PageQuery) -> Pin<Box<dyn Future<Output = Result<PageAnswer, QueryError>> + Send + '_>>;
}

/// One statement of several, each of whose rows ends with its place among them.
fn union<'a>(statements: impl Iterator<Item = (usize, &'a Statement)>) -> Statement {
    let (mut parts, mut binds) = (vec![], vec![]);
    for (nth, statement) in statements {
        parts.push(format!("SELECT *, {nth} FROM ({})", statement.sql));
        binds.extend(statement.binds.iter().cloned());
    }
    Statement { sql: parts.join(" UNION ALL "), binds }
}

/// The numbers that a statement of a union tells, by place.
async fn numbers<'a>(
    connection: &mut SqliteConnection,
    statements: impl Iterator<Item = (usize, &'a Statement)>,
) -> Result<HashMap<i64, i64>, QueryError> {
    use sqlx::Row;
    let Statement { sql, binds } = union(statements);
    if sql.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), &binds).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(1)?, row.try_get(0)?))).collect()
}

impl Views {
    /// These pages, in the order they are asked for: each part of them in one statement, all of one moment.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn pages(&self, asked: &[PageQuery]) -> Result<Vec<PageAnswer>, QueryError> {
        let mut answers = Vec::with_capacity(asked.len());
        for asked in asked.chunks(PAGES_MAX_COUNT) {
            answers.extend(self.some_pages(asked).await?);
        }
        Ok(answers)
    }

    async fn some_pages(&self, asked: &[PageQuery]) -> Result<Vec<PageAnswer>, QueryError> {
        use sqlx::Row;
        // One short transaction: pages and counts are of the same moment.
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        let Statement { sql, binds } = union(asked.iter().map(|it| &it.rows).enumerate());
        let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), &binds).fetch_all(&mut *transaction).await?;
        let of = |part: fn(&PageQuery) -> Option<&Statement>| asked.iter().enumerate().filter_map(move |(nth, it)| Some((nth, part(it)?)));
        let outside = numbers(&mut transaction, of(|it| it.outside.as_ref())).await?;
        let totals = numbers(&mut transaction, of(|it| it.total.as_ref())).await?;
        transaction.rollback().await?;

        let mut answers: Vec<_> = (0..)
            .zip(asked)
            .map(|(nth, _)| PageAnswer {
                outside: outside.get(&nth).is_some_and(|found| *found != 0),
                total: totals.get(&nth).and_then(|rows| u64::try_from(*rows).ok()).unwrap_or(0),
                ..PageAnswer::default()
            })
            .collect();
        for row in &rows {
            let nth = usize::try_from(row.try_get::<i64, _>(2)?).unwrap_or(usize::MAX);
            let Some((answer, asked)) = answers.get_mut(nth).zip(asked.get(nth)) else { continue };
            if answer.rows.len() < asked.count {
                answer.rows.push((row.try_get(1)?, row.try_get(0)?));
            } else {
                answer.more = true;
            }
        }
        Ok(answers)
    }
}

/// Which side of a place.
#[derive(Clone, Copy)]
enum Side {
    After,
    AtOrBefore,
    Before,
    AtOrAfter,
}

impl Listing {
    fn encode(&self, kept: &[Value]) -> Cursor {
        let mut parts = vec![Value::from(self.tag())];
        parts.extend_from_slice(kept);
        Cursor(URL_SAFE_NO_PAD.encode(Value::from(parts).to_string()))
    }

    fn tag(&self) -> String {
        format!("{}{}", self.sort.name, if self.sort.descending { "-" } else { "+" })
    }

    fn decode(&self, cursor: &str) -> Result<Vec<Bind>, PageError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| PageError::BadCursor)?;
        let parts: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| PageError::BadCursor)?;
        match parts.split_first() {
            Some((tag, kept)) if tag.as_str() == Some(&self.tag()) && kept.len() == self.sort.columns.len() => kept
                .iter()
                .map(|value| match value {
                    Value::String(text) => Ok(Bind::Text(text.clone())),
                    Value::Number(number) => number.as_i64().map(Bind::Int).ok_or(PageError::BadCursor),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(PageError::BadCursor),
                })
                .collect(),
            Some(_) | None => Err(PageError::BadCursor),
        }
    }

    fn beside(&self, side: Side) -> String {
        let operator = match (side, self.sort.descending) {
            (Side::After, false) | (Side::Before, true) => ">",
            (Side::Before, false) | (Side::After, true) => "<",
            (Side::AtOrAfter, false) | (Side::AtOrBefore, true) => ">=",
            (Side::AtOrBefore, false) | (Side::AtOrAfter, true) => "<=",
        };
        let columns: Vec<_> = self.sort.columns.iter().map(|column| column.by).collect();
        let values: Vec<_> = self.sort.columns.iter().map(|column| column.compared).collect();
        let place = format!("({}){operator}({})", columns.join(","), values.join(","));
        match self.sort.leading_expression() {
            // SQLite finds a place in an index on an expression by the expression alone.
            Some(SortColumn { by, compared, .. }) => format!("{by}{}={compared} AND {place}", &operator[..1]),
            None => place,
        }
    }

    /// The values of [`Self::beside`].
    fn place(&self, kept: &[Bind]) -> Vec<Bind> {
        let doubled = self.sort.leading_expression().and(kept.first());
        doubled.into_iter().chain(kept).cloned().collect()
    }

    /// What the page that is asked for is, as statements.
    fn query(&self, args: &PageArgs) -> Result<PageQuery, QueryError> {
        if args.first.is_some() && args.last.is_some() {
            return Err(PageError::BothEnds.into());
        }
        let backward = args.last.is_some();
        let count = args.first.or(args.last).unwrap_or(PAGE_DEFAULT_ROWS);
        if count > PAGE_MAX_ROWS {
            return Err(PageError::TooMany { most: PAGE_MAX_ROWS }.into());
        }
        let after = args.after.as_deref().map(|cursor| self.decode(cursor)).transpose()?;
        let before = args.before.as_deref().map(|cursor| self.decode(cursor)).transpose()?;

        let direction = if self.sort.descending == backward { "ASC" } else { "DESC" };
        let order: Vec<_> = self.sort.columns.iter().map(|column| format!("{} {direction}", column.by)).collect();
        let kept: Vec<_> = self.sort.columns.iter().map(|column| column.kept).collect();
        let (conditions, binds) = self.within([(Side::After, after.as_deref()), (Side::Before, before.as_deref())]);
        let sql = format!(
            "SELECT {}, json_array({}) FROM {} WHERE {conditions} ORDER BY {} LIMIT {}",
            self.select,
            kept.join(","),
            self.from,
            order.join(","),
            count + 1
        );
        let rows = Statement { sql, binds };
        // The row at a cursor lies outside the window, too, if it is there still.
        let side = if backward { (Side::AtOrAfter, before.as_deref()) } else { (Side::AtOrBefore, after.as_deref()) };
        let outside = side.1.map(|_| {
            let (conditions, binds) = self.within([side]);
            Statement { sql: format!("SELECT EXISTS(SELECT 1 FROM {} WHERE {conditions})", self.from), binds }
        });
        let total = (!args.uncounted).then(|| {
            let (conditions, binds) = self.within([]);
            Statement { sql: format!("SELECT count(*) FROM {} WHERE {conditions}", self.from), binds }
        });
        Ok(PageQuery { rows, outside, total, count: count as usize, backward })
    }

    /// The list's conditions and those of places in it, with their values.
    fn within<'b>(&self, sides: impl IntoIterator<Item = (Side, Option<&'b [Bind]>)>) -> (String, Vec<Bind>) {
        let (mut conditions, mut binds) = (self.conditions.sql(), self.conditions.binds().to_vec());
        for (side, place) in sides {
            if let Some(place) = place {
                conditions = format!("{conditions} AND {}", self.beside(side));
                binds.extend(self.place(place));
            }
        }
        (conditions, binds)
    }

    /// The page.
    pub(crate) async fn page<T: DeserializeOwned>(&self, views: &Views, args: &PageArgs) -> Result<Page<T>, QueryError> {
        let asked = self.query(args)?;
        let backward = asked.backward;
        let answer = match views.read_together() {
            Some(together) => together.page(asked).await?,
            None => views.pages(&[asked]).await?.pop().unwrap_or_default(),
        };
        let PageAnswer { rows, more, outside, total } = answer;
        let mut edges = Vec::with_capacity(rows.len());
        for (kept, row) in rows {
            let kept: Vec<Value> = serde_json::from_str(&kept)?;
            edges.push((self.encode(&kept), serde_json::from_str(&row)?));
        }
        if backward {
            edges.reverse();
        }
        let (has_next, has_previous) = if backward { (outside, more) } else { (more, outside) };
        Ok(Page { edges, has_next, has_previous, total })
    }
}
