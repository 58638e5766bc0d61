//! Every SQL text in the sources, prepared against the schema that the migrations make. The silent failure made loud: a column
//! that was renamed, or a slip in a statement of a rare path, which the first user who takes that path would find.
//!
//! Sources are read token by token, whatever a text is handed to - sqlx itself, a constant, `fetch`, `format!`: each string that
//! begins as SQL does is a statement, so that a new one cannot be left out. SQLite prepares it and runs nothing. A hole that
//! `format!` fills gets the file's constant of that name or else a 1, which fits columns and conditions. What does not stand
//! alone even so is listed here.
//!
//! (sqlx's `query!` would check while compiling. It wants a prepared answer committed for every statement and knows rows as
//! tuples of columns; most here come as one JSON value, and many statements have a part that only the caller knows.)
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use gongyi_tests::{repository, rust_files};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

/// Each crate that sees SQL, with its migrations and how many statements are to be found at least.
const CRATES: [(&str, &[&str], usize); 3] =
    [("projections", &["views"], 70), ("eventlog", &["log-sqlite"], 15), ("vault", &["vault-sqlite", "ballots-sqlite"], 50)];

/// How a statement of SQLite begins.
const VERBS: &str = "ALTER ANALYZE ATTACH BEGIN COMMIT CREATE DELETE DETACH DROP EXPLAIN INSERT PRAGMA REINDEX RELEASE REPLACE ROLLBACK \
                     SAVEPOINT SELECT UPDATE VACUUM VALUES WITH";

/// Texts that stand alone only with what is put before and after them: how they begin, before, after.
const PARTS: [(&str, &str, &str); 9] = [
    ("INSERT INTO checkpoints (", "", "VALUES (?,?,?,?,?)"),
    ("INSERT INTO commits (", "", "SELECT * FROM (VALUES (?,?,?,?,?,?,?,?,?,?,?,?))"),
    ("INSERT INTO events (", "", "SELECT * FROM (VALUES (?,?,?,?,?,?,?,?))"),
    ("INSERT INTO pending SELECT ?1, n,", "WITH numbers (n) AS (SELECT 1)", ""),
    ("INSERT INTO ballot SELECT ?1, n,", "WITH numbers (n) AS (SELECT 1)", ""),
    ("WITH RECURSIVE numbers (n) AS", "", "SELECT n FROM numbers"),
    ("SELECT l.project, l.activity FROM service_links l", "WITH asked (id) AS (SELECT 1)", ""),
    ("SELECT c.id, l.activity FROM community_activities c", "WITH asked (id) AS (SELECT 1)", ""),
    ("SELECT id, id FROM asked", "WITH asked (id) AS (SELECT 1)", ""),
];

/// Texts that only the code around them completes: how they begin, and what runs them.
const COMPOSED: [(&str, &str); 19] = [
    ("SELECT", "the log's columns are a macro; the log's contract tests ask for streams, events and commits"),
    ("SELECT EXISTS(SELECT 1 FROM {} WHERE {conditions})", "a page of a list; tests turn pages"),
    ("SELECT {}, json_array({}) FROM {} WHERE {conditions}", "a page of a list; tests turn pages"),
    ("SELECT count(*) FROM {} WHERE {conditions}", "the length of a list; tests ask for it"),
    ("SELECT *, {nth} FROM ({})", "pages of several lists; tests turn pages"),
    ("SELECT json_group_array({}) FROM {values} j", "a fold's rows; tests run every fold"),
    ("DELETE FROM {} WHERE ({}) IN", "a fold's rows; tests run every fold"),
    ("DELETE FROM {table}", "every table in turn; tests of redactions fold everything anew"),
    ("UPDATE SET {} WHERE excluded.position", "a fold's rows; tests run every fold"),
    ("INSERT OR FAIL INTO {}({}) VALUES", "a fold's rows; tests run every fold"),
    ("DROP INDEX {name}", "an index by the name it has; every rebuild drops it"),
    ("WITH asked(id) AS (SELECT value FROM json_each(?)), linked", "hours of a project; tests ask for each kind"),
    ("SELECT json_array(area,category,sum(records),sum(minutes)) FROM {table}", "service by day or month; tests ask for both"),
    ("SELECT 1 FROM former_counts b WHERE b.record=r.record", "a condition on the records; tests ask what has changed"),
    ("SELECT json_group_array(json_array(json_array(a,m,c,o,p)", "participation; tests ask for every grouping"),
    ("SELECT json_array(json_array(a,m,c,o,p),sum(attested_minutes)", "participation; tests ask for every grouping"),
    ("SELECT json_array(json_array(a,m,c,o,p),json_group_array", "participation; tests ask for every grouping"),
    ("SELECT json_array(json_array(a,m,c,o,p), sum(deed='held')", "participation; tests ask for every grouping"),
    ("SELECT json_array(json_array(a,m,c,o,p),sum(votes))", "participation; tests ask for every grouping"),
];

/// How the first string of some tokens is used.
#[derive(Clone, Copy, PartialEq)]
enum First {
    /// As any other.
    Plain,
    /// `format!` fills its holes.
    Format,
    /// sqlx gets it as it stands.
    Asked,
}

/// What a source says of SQL.
#[derive(Default)]
struct Source {
    /// Line, text, and how it is used.
    texts: Vec<(usize, String, First)>,
    /// Constants that are strings.
    constants: BTreeMap<String, String>,
}

impl Source {
    /// Reads tokens, but no attributes, which doc comments are too, and no tests.
    fn read(&mut self, tokens: TokenStream, first: First) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: Option<usize>, text: &str| at.is_some_and(|at| tokens[at].to_string() == text);
        let (mut asks, mut constant, mut in_test) = (false, None, false);
        for (at, token) in tokens.iter().enumerate() {
            let (before, second) = (at.checked_sub(1), at.checked_sub(2));
            match token {
                TokenTree::Ident(word) => {
                    let word = word.to_string();
                    asks |= word.starts_with("query") || word == "raw_sql";
                    if is(before, "const") {
                        constant = Some(word);
                    }
                }
                TokenTree::Group(group) if is(before, "#") || is(before, "!") && is(second, "#") => {
                    in_test |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                }
                TokenTree::Group(group) if in_test => in_test = group.delimiter() != Delimiter::Brace,
                TokenTree::Group(group) => {
                    let is_format = is(before, "!") && is(second, "format");
                    let first = if is_format { First::Format } else { First::Plain };
                    self.read(group.stream(), if std::mem::take(&mut asks) { First::Asked } else { first });
                }
                TokenTree::Literal(literal) => {
                    let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else { continue };
                    if let Some(name) = constant.take() {
                        self.constants.insert(name, text.value());
                    }
                    let first = if at == 0 { first } else { First::Plain };
                    self.texts.push((literal.span().start().line, text.value(), first));
                }
                TokenTree::Punct(punct) => match punct.as_char() {
                    ';' => (asks, constant, in_test) = (false, None, false),
                    '.' | '=' => asks = false,
                    _ => {}
                },
            }
        }
    }

    /// A text with its holes filled.
    fn filled(&self, template: &str) -> String {
        let (mut filled, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, after) = after.split_once('}').expect("format! has checked it");
            filled.push_str(before);
            filled.push_str(self.constants.get(hole).map_or("1", String::as_str));
            rest = after;
        }
        filled + rest
    }
}

/// Words with one space between.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a listed text is this one: what it begins with, or, if it is a single word, all of it.
fn is_listed(text: &str, begins: &str) -> bool {
    if begins.contains(' ') { text.starts_with(begins) } else { text == begins }
}

async fn schemas(folders: &[&str]) -> Vec<SqliteConnection> {
    let mut schemas = vec![];
    for folder in folders {
        // What copies from one file into another calls that one `source`.
        let made = tempfile::tempdir().unwrap();
        let file = made.path().join("schema.db");
        let mut schema = SqliteConnectOptions::new().filename(&file).create_if_missing(true).connect().await.unwrap();
        Migrator::new(repository().join("migrations").join(folder)).await.unwrap().run(&mut schema).await.unwrap();
        sqlx::query("ATTACH ? AS source").bind(file.to_string_lossy()).execute(&mut schema).await.unwrap();
        schemas.push(schema);
    }
    schemas
}

/// Why no schema takes the statement, if none does.
async fn refusal(schemas: &mut [SqliteConnection], sql: &str) -> Option<String> {
    let mut why = None;
    for schema in schemas {
        match schema.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await {
            Ok(_) => return None,
            Err(error) => why = why.or(Some(error.to_string())),
        }
    }
    why
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    let mut met = BTreeSet::new();
    for (name, folders, at_least) in CRATES {
        let mut schemas = schemas(folders).await;
        let mut prepared = 0;
        for path in rust_files(&format!("crates/{name}/src")).into_iter().filter(|path| !path.to_string_lossy().ends_with("_tests.rs")) {
            let mut source = Source::default();
            source.read(fs::read_to_string(&path).unwrap().parse().unwrap(), First::Plain);
            for (line, text, first) in &source.texts {
                let text = words(text);
                let verb = text.split([' ', '(', ';']).next().unwrap_or_default();
                if *first != First::Asked && !VERBS.split(' ').any(|it| it == verb) {
                    continue;
                }
                let at = format!("{}:{line}", path.strip_prefix(repository()).unwrap().display());
                if let Some((begins, _)) = COMPOSED.iter().find(|(begins, _)| is_listed(&text, begins)) {
                    met.insert(*begins);
                    continue;
                }
                let mut sql = if *first == First::Format { source.filled(&text) } else { text.clone() };
                if let Some((begins, before, after)) = PARTS.iter().find(|(begins, ..)| is_listed(&text, begins)) {
                    met.insert(*begins);
                    sql = format!("{before} {sql} {after}");
                }
                let refused = refusal(&mut schemas, &sql).await;
                assert_eq!(refused, None, "{at}: mend it, or say in PARTS or COMPOSED why it does not stand alone:\n{sql}");
                prepared += 1;
            }
        }
        assert!(prepared >= at_least, "{name}: only {prepared} statements were found");
    }
    let listed: BTreeSet<&str> = PARTS.iter().map(|(begins, ..)| *begins).chain(COMPOSED.iter().map(|(begins, _)| *begins)).collect();
    assert_eq!(met, listed, "what is listed and stands nowhere any more can go");
}
