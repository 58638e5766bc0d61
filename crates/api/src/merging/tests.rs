//! Random documents are evaluated as the specification says, and once more after merging, where nothing may stand twice.

use std::collections::BTreeMap;

use async_graphql::parser::parse_query;
use proptest::prelude::*;

use super::*;

/// `Q { s, t, p: P, n(of): N }`, `P: N { id, s, p: P, q: Q }`, `R: N { id, t, q: Q }`, `N { id }`. The other roots are `Q` too.
struct Small;

impl Types for Small {
    fn root(&self, _: OperationType) -> Option<&str> {
        Some("Q")
    }

    fn answered(&self, on: &str, field: &str) -> Option<&str> {
        match (on, field) {
            ("Q" | "P", "p") => Some("P"),
            ("Q", "n") => Some("N"),
            ("P" | "R", "q") => Some("Q"),
            _ => None,
        }
    }

    fn is_always(&self, narrow: &str, wide: &str) -> bool {
        narrow == wide || wide == "N" && ["P", "R"].contains(&narrow)
    }
}

fn variables() -> Variables {
    Variables::from_json(serde_json::json!({ "yes": true, "no": false }))
}

fn merge(text: &str) -> Result<String, String> {
    let document = parse_query(text).map_err(|error| error.to_string())?;
    let merged = merged(&document, None, &variables(), &Small).map_err(|error| error.message)?;
    assert!(merged.fragments.is_empty());
    let (_, operation) = merged.operations.iter().next().unwrap();
    Ok(printed(&operation.node.selection_set.node))
}

fn printed(set: &SelectionSet) -> String {
    let item = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => {
            let arguments: String = field.node.arguments.iter().map(|(name, value)| format!("({name}:{value})")).collect();
            let alias = field.node.alias.as_ref().map_or(String::new(), |alias| format!("{alias}:"));
            format!("{alias}{}{arguments}{}", field.node.name, printed(&field.node.selection_set.node))
        }
        Selection::InlineFragment(inline) => {
            let on = inline.node.type_condition.as_ref().map_or(String::new(), |on| format!("on {}", on.node.on));
            format!("...{on}{}", printed(&inline.node.selection_set.node))
        }
        Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name),
    };
    if set.items.is_empty() { String::new() } else { format!("{{{}}}", set.items.iter().map(item).collect::<Vec<_>>().join(" ")) }
}

#[test]
fn a_response_name_stands_once() {
    for (sent, merged) in [
        ("{ s s }", "{s}"),
        ("{ p { s } ...F } fragment F on Q { p { id } s }", "{p{s id} s}"),
        ("{ ...F ...F } fragment F on Q { ... { ...G } } fragment G on Q { p { p { s } } p { p { id } s } }", "{p{p{s id} s}}"),
        ("{ a: s b: s a: s }", "{a:s b:s}"),
        (
            "{ n(of: 1) { id ... on P { id s } ...R __typename } } fragment R on R { id t q { s } q { t } }",
            "{n(of:1){id ...on P{s} ...on R{t q{s t}} __typename}}",
        ),
        ("{ n(of: 1) { ... on P { s } ... on P { p { id } } ... on N { id } } }", "{n(of:1){...on P{s p{id}} id}}"),
        ("{ p { ... on N { id } id } }", "{p{id}}"),
    ] {
        assert_eq!(merge(sent).as_deref(), Ok(merged), "{sent}");
    }
}

#[test]
fn a_field_is_left_out_only_if_it_is_wherever_it_stands() {
    for (sent, merged) in [
        ("{ s @skip(if: true) s }", "{s}"),
        ("{ s s @include(if: false) t @skip(if: true) }", "{s}"),
        (
            "query($yes: Boolean!, $no: Boolean!) { p @skip(if: $yes) { s } p @include(if: $yes) { id } p @skip(if: $no) { p { s } } }",
            "{p{id p{s}}}",
        ),
        ("{ ...F @include(if: false) ... @skip(if: true) { t } s } fragment F on Q { p { id } }", "{s}"),
        ("{ p { s @skip(if: true) } }", "{p{__typename}}"),
        ("{ s @skip(if: false) @include(if: true) t @skip(if: false) @include(if: false) }", "{s}"),
    ] {
        assert_eq!(merge(sent).as_deref(), Ok(merged), "{sent}");
    }
}

#[test]
fn what_differs_under_one_name_is_refused_however_deep_and_even_if_it_is_skipped() {
    for sent in [
        "{ n(of: 1) { id } n(of: 2) { id } }",
        "{ s: t s }",
        "{ n(of: 1) { id } ... on Q { n { id } } }",
        "{ p { p { a: s } } ...F } fragment F on Q { p { p { a: id } } }",
        "{ s a: t @skip(if: true) a: s @skip(if: true) }",
        "{ p @skip(if: true) { a: s } p { a: id } }",
        "{ n(of: 1) { a: id ... on P { a: s } } }",
        "query($yes: Boolean) { n(of: $yes) { id } n(of: true) { id } }",
    ] {
        assert!(merge(sent).is_err_and(|error| error.contains("conflict")), "{sent}");
    }
    for sent in [
        "{ n(of: 1) { ... on P { a: s } ... on R { a: t } } }",
        "{ n(of: {a: 1, b: [2]}) { id } n(of: {b: [2], a: 1}) { id } }",
        "query($yes: Boolean) { n(of: $yes) { id } n(of: $yes) { id } }",
    ] {
        assert!(merge(sent).is_ok(), "{sent}");
    }
}

#[test]
fn variables_that_nothing_asks_for_any_more_are_not_declared() {
    let text = "query($yes: Boolean!, $no: Boolean!) { n(of: [{a: $no}]) { id } s @skip(if: $yes) s }";
    let document = merged(&parse_query(text).unwrap(), None, &variables(), &Small).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let declared: Vec<_> = operation.node.variable_definitions.iter().map(|it| it.node.name.node.as_str()).collect();
    assert_eq!(declared, ["no"]);
}

#[test]
fn only_the_operation_that_is_asked_for_is_left() {
    let document = parse_query("query A { s s } query B { t t }").unwrap();
    let named = merged(&document, Some("B"), &variables(), &Small).unwrap();
    let left: Vec<_> =
        named.operations.iter().map(|(name, operation)| (name.map(Name::as_str), printed(&operation.node.selection_set.node))).collect();
    assert_eq!(left, [(Some("B"), "{t}".to_owned())]);
    assert_eq!(merged(&document, None, &variables(), &Small).unwrap().operations.iter().len(), 2, "which one is not said");
}

/// What a document answers: a leaf tells by which field and arguments it was asked for.
#[derive(Debug, PartialEq)]
enum Told {
    Leaf(String),
    Object(BTreeMap<String, Told>),
}

/// Evaluates as the specification says, `P` standing for every `N`.
struct Reference<'d>(Merging<'d, Small>);

impl<'d> Reference<'d> {
    fn collect(&self, on: &str, set: &'d SelectionSet, groups: &mut Vec<(&'d str, Vec<&'d Field>)>) {
        for item in &set.items {
            if self.0.is_left_out(item.node.directives()) {
                continue;
            }
            let (condition, set) = match &item.node {
                Selection::Field(field) => {
                    let name = field.node.response_key().node.as_str();
                    match groups.iter_mut().find(|(it, _)| *it == name) {
                        Some((_, group)) => group.push(&field.node),
                        None => groups.push((name, vec![&field.node])),
                    }
                    continue;
                }
                Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.0.fragments[&spread.node.fragment_name.node].node;
                    (Some(&fragment.type_condition), &fragment.selection_set.node)
                }
            };
            if condition.is_none_or(|condition| Small.is_always(on, condition.node.on.node.as_str())) {
                self.collect(on, set, groups);
            }
        }
    }

    fn object(&self, on: &str, sets: &[&'d SelectionSet], once: bool) -> Told {
        let mut groups = vec![];
        sets.iter().for_each(|set| self.collect(on, set, &mut groups));
        let told = groups.into_iter().map(|(name, fields)| {
            assert!(!once || fields.len() == 1, "{name} stands twice after merging");
            let arguments: Vec<_> = fields[0].arguments.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            let told = match Small.answered(on, fields[0].name.node.as_str()) {
                Some(answered) => {
                    let concrete = if answered == "N" { "P" } else { answered };
                    self.object(concrete, &fields.iter().map(|field| &field.selection_set.node).collect::<Vec<_>>(), once)
                }
                None => Told::Leaf(format!("{on}.{}{arguments:?}", fields[0].name)),
            };
            (name.to_owned(), told)
        });
        Told::Object(told.collect())
    }
}

fn told(document: &ExecutableDocument, once: bool) -> Told {
    let variables = variables();
    let reference = Reference(Merging { types: &Small, fragments: &document.fragments, variables: &variables });
    let (_, operation) = document.operations.iter().next().unwrap();
    reference.object("Q", &[&operation.node.selection_set.node], once)
}

/// Writes a valid document without conflicts by what chance says.
struct Writer<'c> {
    chance: &'c [u8],
    text: String,
}

/// Fragments and the types they are on; each spreads later ones only.
const FRAGMENTS: [(&str, &str); 5] = [("A", "Q"), ("B", "P"), ("C", "N"), ("D", "Q"), ("E", "P")];

impl Writer<'_> {
    fn chance(&mut self, of: u8) -> u8 {
        let Some((first, rest)) = self.chance.split_first() else { return 0 };
        self.chance = rest;
        first % of
    }

    fn condition(&mut self) {
        let conditions = [
            "",
            "",
            "",
            " @skip(if: $yes)",
            " @skip(if: $no)",
            " @include(if: $no)",
            " @include(if: true)",
            " @skip(if: false) @include(if: $yes)",
        ];
        let chosen = self.chance(8);
        self.text.push_str(conditions[usize::from(chosen)]);
    }

    fn set(&mut self, on: &str, depth: usize, after: usize) {
        self.text.push_str(" {");
        let fields: &[&str] = match on {
            "Q" => &["s", "a: s", "t", "p", "n(of: [1])", "b: n"],
            "P" => &["id", "s", "p", "q", "a: p"],
            "R" => &["id", "t", "q", "a: q"],
            _ => &["id", "a: id"],
        };
        for _ in 0..=self.chance(4) {
            self.text.push(' ');
            let leaf = if on == "Q" { "s" } else { "id" };
            match self.chance(6) {
                0..=3 if depth > 0 => {
                    let field = fields[usize::from(self.chance(fields.len() as u8))];
                    self.text.push_str(field);
                    self.condition();
                    let name = field.split(": ").last().unwrap().split('(').next().unwrap();
                    if let Some(answered) = Small.answered(on, name) {
                        self.set(answered, depth - 1, after);
                    }
                }
                4 if depth > 0 => {
                    let conditions: &[&str] = match on {
                        "P" => &["", "on P", "on N"],
                        "N" => &["", "on P", "on R", "on N"],
                        "R" => &["on R"],
                        _ => &["", "on Q"],
                    };
                    let condition = conditions[usize::from(self.chance(conditions.len() as u8))];
                    self.text.push_str("... ");
                    self.text.push_str(condition);
                    self.condition();
                    self.set(condition.strip_prefix("on ").unwrap_or(on), depth - 1, after);
                }
                5 => {
                    let fits = |of: &str| Small.is_always(on, of) || Small.is_always(of, on);
                    let fitting: Vec<_> = FRAGMENTS[after..].iter().filter(|(_, of)| fits(of)).collect();
                    let Some((name, _)) = fitting.get(usize::from(self.chance(3))) else {
                        self.text.push_str(leaf);
                        continue;
                    };
                    self.text.push_str("...");
                    self.text.push_str(name);
                    self.condition();
                }
                _ => self.text.push_str(leaf),
            }
        }
        self.text.push_str(" }");
    }

    fn document(chance: &[u8]) -> String {
        let mut writer = Writer { chance, text: "query($yes: Boolean!, $no: Boolean!)".to_owned() };
        writer.set("Q", 4, 0);
        for (index, (name, on)) in FRAGMENTS.iter().enumerate() {
            writer.text.push_str(&format!(" fragment {name} on {on}"));
            writer.set(on, 3, index + 1);
        }
        writer.text
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn merging_changes_no_answer_and_leaves_nothing_twice(chance in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = Writer::document(&chance);
        let sent = parse_query(&text).unwrap();
        // `a` is another field on an interface than on a type of it, here and there: that is refused.
        if let Ok(merged) = merged(&sent, None, &variables(), &Small) {
            prop_assert_eq!(told(&sent, false), told(&merged, true), "{}", text);
        }
    }
}
