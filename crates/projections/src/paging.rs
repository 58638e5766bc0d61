//! Pages of a long list, by key: a page stays right while rows are added before it.
//!
//! - A cursor belongs to one ordering; any other text is refused.
//! - A cursor never holds personal data: an ordering by name keeps the row's id and looks the name up.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::values::{AreaCode, OrganisationId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, SqlitePool, query::Query, sqlite::SqliteArguments};

/// Rows of a page if the caller does not say.
pub const PAGE_DEFAULT_ROWS: u32 = 50;
/// Rows of a page, at most.
pub const PAGE_MAX_ROWS: u32 = 500;

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
    /// Rows follow.
    pub has_next: bool,
    /// Rows precede.
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
#[derive(Debug, Clone)]
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

async fn number(connection: &mut SqliteConnection, sql: String, binds: &[Bind]) -> Result<i64, QueryError> {
    use sqlx::Row;
    Ok(bind_all(sqlx::query(AssertSqlSafe(sql)), binds).fetch_one(connection).await?.try_get(0)?)
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

    async fn exists(&self, connection: &mut SqliteConnection, side: Side, place: &[Bind]) -> Result<bool, QueryError> {
        let sql = format!("SELECT EXISTS(SELECT 1 FROM {} WHERE {} AND {})", self.from, self.conditions.sql(), self.beside(side));
        let binds = [self.conditions.binds(), &self.place(place)].concat();
        Ok(number(connection, sql, &binds).await? != 0)
    }

    /// The page.
    pub(crate) async fn page<T: DeserializeOwned>(&self, pool: &SqlitePool, args: &PageArgs) -> Result<Page<T>, QueryError> {
        use sqlx::Row;
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

        let mut conditions = self.conditions.sql();
        let mut binds = self.conditions.binds().to_vec();
        for (side, place) in [(Side::After, &after), (Side::Before, &before)] {
            if let Some(place) = place {
                conditions = format!("{conditions} AND {}", self.beside(side));
                binds.extend(self.place(place));
            }
        }
        let direction = if self.sort.descending == backward { "ASC" } else { "DESC" };
        let order: Vec<_> = self.sort.columns.iter().map(|column| format!("{} {direction}", column.by)).collect();
        let kept: Vec<_> = self.sort.columns.iter().map(|column| column.kept).collect();
        let sql = format!(
            "SELECT {}, json_array({}) FROM {} WHERE {conditions} ORDER BY {} LIMIT {}",
            self.select,
            kept.join(","),
            self.from,
            order.join(","),
            count + 1
        );

        // One short transaction: page and counts are of the same moment.
        let mut transaction = pool.begin().await?;
        let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), &binds).fetch_all(&mut *transaction).await?;
        let more = rows.len() > count as usize;
        let mut edges = Vec::with_capacity(rows.len());
        for row in rows.iter().take(count as usize) {
            let kept: Vec<Value> = serde_json::from_str(row.try_get::<&str, _>(1)?)?;
            edges.push((self.encode(&kept), serde_json::from_str(row.try_get::<&str, _>(0)?)?));
        }
        if backward {
            edges.reverse();
        }
        let place = |cursor: &Cursor| self.decode(&cursor.0);
        let has_next = match (backward, edges.last(), &before) {
            (false, Some(_), None) => more,
            (_, Some((last, _)), _) => more && !backward || self.exists(&mut transaction, Side::After, &place(last)?).await?,
            (_, None, Some(before)) => self.exists(&mut transaction, Side::AtOrAfter, before).await?,
            (_, None, None) => more,
        };
        let has_previous = match (backward, edges.first(), &after) {
            (true, Some(_), None) => more,
            (_, Some((first, _)), _) => more && backward || self.exists(&mut transaction, Side::Before, &place(first)?).await?,
            (_, None, Some(after)) => self.exists(&mut transaction, Side::AtOrBefore, after).await?,
            (_, None, None) => more && backward,
        };
        let total = format!("SELECT count(*) FROM {} WHERE {}", self.from, self.conditions.sql());
        let total = if args.uncounted { 0 } else { number(&mut transaction, total, self.conditions.binds()).await? };
        transaction.rollback().await?;
        Ok(Page { edges, has_next, has_previous, total: u64::try_from(total).unwrap_or(0) })
    }
}
