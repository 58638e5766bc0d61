//! Walks over everything that the schema itself says is there: queries for every root field, an input for every mutation,
//! and below each answer every field to a bounded depth. A new field, argument or mutation is walked over without anybody
//! remembering.

use std::collections::{HashMap, HashSet};

use gongyi_api::{ApiSettings, Metrics};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::harness::{Answer, COMMUNITY, Client};

/// The walks go deeper where this is set: by `make soak`.
const SOAK: &str = "GONGYI_SOAK";
/// Objects below one another that are looked into, connections not counted.
const DEPTH_MAX_OBJECTS: usize = 1;
/// The same with [`SOAK`].
const DEPTH_SOAK_MAX_OBJECTS: usize = 2;
/// How often one query is sent again without the fields that were refused or left out for what they cost.
const RETRIES_MAX: usize = 12;
/// So many lists of arguments are tried in one query before those that have an answer are walked below.
const PROBES: usize = 8;
/// How often an input is mended by what its refusal says.
const MENDS_MAX: usize = 8;

const TYPE: &str = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";

/// A type as it is referred to.
#[derive(Clone)]
struct Ref(Value);

impl Ref {
    fn name(&self) -> String {
        let mut it = &self.0;
        while !it["ofType"].is_null() {
            it = &it["ofType"];
        }
        it["name"].as_str().unwrap().to_owned()
    }
    fn required(&self) -> bool {
        self.0["kind"] == "NON_NULL"
    }
    fn list(&self) -> bool {
        self.0["kind"] == "LIST" || self.required() && self.0["ofType"]["kind"] == "LIST"
    }
}

struct Part {
    name: String,
    kind: Ref,
    args: Vec<Part>,
}

#[derive(Default)]
struct Kind {
    kind: String,
    fields: Vec<Part>,
    inputs: Vec<Part>,
    values: Vec<String>,
    possible: Vec<String>,
    one_of: bool,
}

/// What the schema says, and the ids that it may be asked with.
pub struct Walker {
    kinds: HashMap<String, Kind>,
    /// By the type that an id says it is of.
    pub ids: HashMap<String, Vec<String>>,
    /// A day to come, a moment to come.
    pub moment: String,
}

fn parts(of: &Value) -> Vec<Part> {
    let part = |it: &Value| Part { name: it["name"].as_str().unwrap().to_owned(), kind: Ref(it["type"].clone()), args: parts(&it["args"]) };
    of.as_array().into_iter().flatten().map(part).collect()
}

/// An answer, where it came from.
pub struct Seen {
    pub way: String,
    pub text: String,
}

impl Walker {
    pub async fn new(moment: String) -> Self {
        let schema = gongyi_api::schema(None, &ApiSettings::default(), Metrics::default());
        let query = format!(
            "{{ __schema {{ types {{ kind name isOneOf inputFields {{ name type {{ {TYPE} }} }} enumValues {{ name }} possibleTypes {{ name }}
                fields {{ name type {{ {TYPE} }} args {{ name type {{ {TYPE} }} }} }} }} }} }}"
        );
        let answer = schema.execute(query.as_str()).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let answer = serde_json::to_value(answer.data).unwrap();
        let names = |of: &Value| of.as_array().into_iter().flatten().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        let kinds = answer["__schema"]["types"].as_array().unwrap().iter().map(|it| {
            let name = it["name"].as_str().unwrap().to_owned();
            let kind = Kind {
                kind: it["kind"].as_str().unwrap().to_owned(),
                fields: parts(&it["fields"]),
                inputs: parts(&it["inputFields"]),
                values: names(&it["enumValues"]),
                possible: names(&it["possibleTypes"]),
                one_of: it["isOneOf"] == true,
            };
            (name, kind)
        });
        Self { kinds: kinds.collect(), ids: HashMap::new(), moment }
    }

    pub fn knows(&mut self, kind: &str, id: &str) {
        self.ids.entry(kind.to_owned()).or_default().push(id.to_owned());
    }

    pub fn mutations(&self) -> Vec<String> {
        self.kinds["Mutation"].fields.iter().map(|field| field.name.clone()).collect()
    }

    fn leaf(&self, kind: &str) -> bool {
        matches!(self.kinds[kind].kind.as_str(), "SCALAR" | "ENUM")
    }

    /// Everything below a type as a selection; no type twice on a way, nothing that needs an argument, nothing left out
    /// before.
    fn below(&self, kind: &str, depth: usize, way: &mut Vec<String>, without: &HashSet<(String, String)>) -> String {
        let of = &self.kinds[kind];
        way.push(kind.to_owned());
        let mut text = String::new();
        for field in &of.fields {
            let next = field.kind.name();
            let connection = kind.ends_with("Connection");
            if without.contains(&(kind.to_owned(), field.name.clone()))
                || field.args.iter().any(|arg| arg.kind.required())
                || connection && field.name != "nodes"
            {
                continue;
            }
            let page = if field.args.iter().any(|arg| arg.name == "first") { "(first: 2)" } else { "" };
            if self.leaf(&next) {
                text.push_str(&format!("{} ", field.name));
            } else if !way.contains(&next) && (depth > 0 || connection) {
                let rest = depth - usize::from(!connection && !next.ends_with("Connection") && depth > 0);
                let inner = self.below(&next, rest, way, without);
                if !inner.is_empty() {
                    text.push_str(&format!("{}{page} {{ {inner}}} ", field.name));
                }
            }
        }
        way.pop();
        text
    }

    /// The type and field that an error's path ends in, below a root.
    fn at(&self, root: &str, path: &Value) -> Option<(String, String)> {
        let (mut kind, mut last) = (root.to_owned(), None);
        for name in path.as_array()?.iter().filter_map(Value::as_str) {
            let candidates = if self.kinds[&kind].kind == "INTERFACE" { self.kinds[&kind].possible.clone() } else { vec![kind.clone()] };
            let (of, field) =
                candidates.iter().find_map(|of| Some((of, self.kinds[of].fields.iter().find(|field| field.name == name)?)))?;
            last = Some((of.clone(), name.to_owned()));
            kind = field.kind.name();
        }
        last
    }

    /// Asks for one root field with everything below it; what the whole costs too much for is asked for a field at a time.
    pub async fn asks(&self, by: &Client<'_>, operation: &str, field: &str, args: &str, variables: &Value, seen: &mut Vec<Seen>) {
        let root = if operation == "query" { "Query" } else { "Mutation" };
        let kind = self.kinds[root].fields.iter().find(|it| it.name == field).unwrap().kind.name();
        let declared = variables.as_object().unwrap().keys().next().map(|_| {
            let input = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
            format!("($input: {input}!)")
        });
        let head = format!("{operation}{} {{ {field}{args}", declared.unwrap_or_default());
        let depth = if std::env::var_os(SOAK).is_some() { DEPTH_SOAK_MAX_OBJECTS } else { DEPTH_MAX_OBJECTS };
        let mut waiting = vec![(head, kind, depth, 1_usize)];
        while let Some((head, kind, depth, open)) = waiting.pop() {
            if self.kinds[&kind].kind == "INTERFACE" {
                let named = by.asks(&format!("{head} {{ __typename }}{}", " }".repeat(open)), variables.clone()).await;
                let is = named.body["data"].to_string();
                for name in self.kinds[&kind].possible.iter().filter(|name| is.contains(&format!("\"{name}\""))) {
                    waiting.push((format!("{head} {{ ... on {name}"), name.clone(), depth, open + 1));
                }
                continue;
            }
            let mut without = HashSet::new();
            for _ in 0..RETRIES_MAX {
                let selection = if self.leaf(&kind) {
                    String::new()
                } else {
                    let selection = self.below(&kind, depth, &mut vec![], &without);
                    if selection.is_empty() {
                        break;
                    }
                    format!(" {{ {selection}}}")
                };
                let query = format!("{head}{selection}{}", " }".repeat(open));
                let answer = by.asks(&query, variables.clone()).await;
                if too_large(&answer) && depth > 0 {
                    // The leaves now, each object on its own later.
                    for child in self.kinds[&kind].fields.iter().filter(|it| !self.leaf(&it.kind.name())) {
                        if child.args.iter().all(|arg| !arg.kind.required()) && (!kind.ends_with("Connection") || child.name == "nodes") {
                            let page = if child.args.iter().any(|arg| arg.name == "first") { "(first: 2)" } else { "" };
                            let next = child.kind.name();
                            let rest = depth - usize::from(!next.ends_with("Connection") && !kind.ends_with("Connection"));
                            waiting.push((format!("{head} {{ {}{page}", child.name), next, rest, open + 1));
                        }
                        without.insert((kind.clone(), child.name.clone()));
                    }
                    continue;
                }
                seen.push(Seen { way: format!("{head}…"), text: answer.body["data"].to_string() });
                let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
                let refused: Vec<_> = errors.iter().filter_map(|error| self.at(root, &error["path"])).collect();
                let before = without.len();
                without.extend(refused.into_iter().filter(|(of, _)| of != root));
                if without.len() == before {
                    break;
                }
            }
        }
    }

    /// Every field at the root of a query, with every id for every argument that takes one.
    pub async fn reads(&self, by: &Client<'_>, seen: &mut Vec<Seen>) {
        for field in &self.kinds["Query"].fields {
            for args in self.answered(by, field).await {
                self.asks(by, "query", &field.name, &args, &json!({}), seen).await;
            }
        }
    }

    /// The lists of arguments to which a root field has an answer: an id of another type has none, and most are of another.
    async fn answered(&self, by: &Client<'_>, field: &Part) -> Vec<String> {
        let kind = field.kind.name();
        let below = match &kind {
            _ if self.leaf(&kind) => "",
            _ if kind.ends_with("Connection") => "{ nodes { __typename } }",
            _ => "{ __typename }",
        };
        let lists = self.argument_lists(field);
        let mut waiting: Vec<_> = lists.chunks(PROBES).collect();
        let mut answered = vec![];
        while let Some(some) = waiting.pop() {
            let probes: Vec<_> = some.iter().enumerate().map(|(at, args)| format!("it{at}: {}{args} {below}", field.name)).collect();
            let data = by.asks(&format!("{{ {} }}", probes.join(" ")), json!({})).await.body["data"].take();
            if data.is_null() && some.len() > 1 {
                // One that may not be null was refused, and the others with it.
                waiting.extend(some.chunks(1));
                continue;
            }
            for (at, args) in some.iter().enumerate() {
                let it = &data[format!("it{at}")];
                if !it.is_null() && it["nodes"].as_array().is_none_or(|nodes| !nodes.is_empty()) {
                    answered.push(args.clone());
                }
            }
        }
        answered
    }

    fn argument_lists(&self, field: &Part) -> Vec<String> {
        let mut fixed = vec![];
        let mut open: Option<String> = None;
        for arg in field.args.iter().filter(|arg| arg.kind.required()) {
            match arg.kind.name().as_str() {
                "ID" if arg.kind.list() => {
                    let all: Vec<_> = self.all_ids().map(|id| format!("{id:?}")).take(60).collect();
                    fixed.push(format!("{}: [{}]", arg.name, all.join(",")));
                }
                "ID" => open = Some(arg.name.clone()),
                other => fixed.push(format!("{}: {}", arg.name, self.literal(other, &arg.name))),
            }
        }
        let list = |more: &[String]| {
            let all: Vec<_> = fixed.iter().chain(more).cloned().collect();
            if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
        };
        if let Some(open) = open {
            return self.all_ids().map(|id| list(&[format!("{open}: {id:?}")])).collect();
        }
        let mut lists = vec![list(&[])];
        for arg in field.args.iter().filter(|arg| !arg.kind.required()) {
            let kind = arg.kind.name();
            if kind == "ID" {
                lists.extend(self.all_ids().map(|id| list(&[format!("{}: {id:?}", arg.name)])));
            } else if kind == "AreaCode" {
                lists.push(list(&[format!("{}: {:?}", arg.name, &COMMUNITY[..9])]));
            }
            for inner in &self.kinds[&kind].inputs {
                match inner.kind.name().as_str() {
                    "ID" if !inner.kind.list() => {
                        lists.extend(self.all_ids().map(|id| list(&[format!("{}: {{ {}: {id:?} }}", arg.name, inner.name)])));
                    }
                    "AreaCode" => lists.push(list(&[format!("{}: {{ {}: {:?} }}", arg.name, inner.name, &COMMUNITY[..9])])),
                    _ => {}
                }
            }
        }
        lists
    }

    fn all_ids(&self) -> impl Iterator<Item = &String> {
        self.ids.values().flatten()
    }

    fn literal(&self, kind: &str, name: &str) -> String {
        match self.value(kind, name, 0) {
            Value::String(text) if self.kinds[kind].kind == "ENUM" => text,
            other => other.to_string(),
        }
    }

    /// Something of a type.
    fn value(&self, kind: &str, name: &str, depth: usize) -> Value {
        let of = &self.kinds[kind];
        match (of.kind.as_str(), kind) {
            ("ENUM", _) => json!(of.values[0]),
            ("INPUT_OBJECT", _) if depth > 5 => json!({}),
            ("INPUT_OBJECT", _) => self.object(kind, depth),
            (_, "ID") => json!(self.ids["Person"][0]),
            (_, "Int" | "UInt" | "Cents" | "Amount") => json!(1),
            (_, "Boolean") => json!(true),
            (_, "AreaCode") => json!(COMMUNITY),
            (_, "Date") => json!("2026-03-02"),
            (_, "DateTime") => json!(self.moment),
            (_, "Fraction") => json!("1/2"),
            _ if name.ends_with("until") || name.ends_with("To") => json!("2026-12-31"),
            _ => json!("说明"),
        }
    }

    fn object(&self, kind: &str, depth: usize) -> Value {
        let of = &self.kinds[kind];
        let take = if of.one_of { 1 } else { of.inputs.len() };
        let mut object = Map::new();
        for part in of.inputs.iter().take(take) {
            let inner = part.kind.name();
            if part.name == "commandId" {
                object.insert(part.name.clone(), json!(Uuid::now_v7()));
            } else if of.one_of || part.kind.required() || inner == "ID" {
                let value = self.value(&inner, &part.name, depth + 1);
                object.insert(part.name.clone(), if part.kind.list() { json!([value]) } else { value });
            }
        }
        Value::Object(object)
    }

    /// Tries a mutation and walks over what is answered; why not, if it was not done.
    pub async fn does(&self, by: &Client<'_>, mutation: &str, seen: &mut Vec<Seen>) -> Option<String> {
        let (why_not, input) = self.tries(by, mutation).await?;
        if why_not.is_none() {
            self.asks(by, "mutation", mutation, "(input: $input)", &json!({ "input": input }), seen).await;
        }
        why_not
    }

    /// Tries a mutation: every id is the victim's until the refusal says of what type it must be, and what is optional is
    /// left out one by one where it is refused. Why not, if it was not done, and the input; `None` for one that takes none.
    pub async fn tries(&self, by: &Client<'_>, mutation: &str) -> Option<(Option<String>, Value)> {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let of = self.kinds.get(&kind)?;
        let mut input = self.object(&kind, 0);
        let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ refusal {{ code field en }} }} }}");
        let mut last = None;
        for _ in 0..MENDS_MAX {
            let answer = by.asks(&query, json!({ "input": input })).await;
            if answer.body.get("errors").is_some() {
                return Some((Some(answer.code().to_owned()), input));
            }
            let refusal = &answer.body["data"][mutation]["refusal"];
            last = refusal["code"].as_str().map(str::to_owned);
            let (Some(field), Some(said)) = (refusal["field"].as_str(), refusal["en"].as_str()) else { break };
            let optional = of.inputs.iter().any(|part| part.name == field && !part.kind.required());
            if let Some(id) = said.strip_prefix("This is not the id of a ").and_then(|kind| self.ids.get(kind)?.first()) {
                replace(&mut input[field], id);
            } else if optional && !input[field].is_null() && !matches!(field, "person" | "volunteer") {
                input.as_object_mut().unwrap().remove(field);
            } else {
                break;
            }
            input["commandId"] = json!(Uuid::now_v7());
        }
        Some((last, input))
    }
}

/// Every id within a value.
fn replace(value: &mut Value, id: &str) {
    match value {
        Value::String(text) if !text.is_empty() => *text = id.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, id)),
        Value::Object(fields) => {
            fields.values_mut().filter(|it| it.as_str().is_none_or(|it| it.ends_with('='))).for_each(|it| replace(it, id))
        }
        _ => {}
    }
}

fn too_large(answer: &Answer) -> bool {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .any(|error| error["extensions"]["code"] == "LIMIT_EXCEEDED" || error["message"].as_str().is_some_and(|it| it.contains("complex")))
}
