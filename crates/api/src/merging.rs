//! Fields of one response name are one field, executed once, with their selections merged: CollectFields and
//! MergeSelectionSets of the GraphQL specification (October 2021, 6.3.2 and 6.4.3).
//!
//! - async-graphql 8.0.0-rc.5 executes each of them and merges what they answer
//!   (<https://github.com/async-graphql/async-graphql/issues/1840> tells one consequence): a mutation that a client library
//!   has spread over fragments would be done twice, and two pages read at different moments would be put together as one.
//! - It expects a document that is valid as it was sent. What comes out needs no fragments but those that narrow an interface.
//! - Two fields of one response name that differ in name or arguments are refused (5.3.2), in merged selections too, and
//!   whether they are skipped or not.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationDefinition, OperationType,
        Selection, SelectionSet, TypeCondition,
    },
    registry::{MetaTypeName, Registry},
};

/// What merging asks about types.
pub(crate) trait Types {
    /// The type that an operation begins at.
    fn root(&self, operation: OperationType) -> Option<&str>;
    /// The named type of what a field answers.
    fn answered(&self, on: &str, field: &str) -> Option<&str>;
    /// Whether whatever is a `narrow` is a `wide` too.
    fn is_always(&self, narrow: &str, wide: &str) -> bool;
}

impl Types for Registry {
    fn root(&self, operation: OperationType) -> Option<&str> {
        match operation {
            OperationType::Query => Some(&self.query_type),
            OperationType::Mutation => self.mutation_type.as_deref(),
            OperationType::Subscription => self.subscription_type.as_deref(),
        }
    }

    fn answered(&self, on: &str, field: &str) -> Option<&str> {
        let field = self.types.get(on)?.field_by_name(field)?;
        Some(MetaTypeName::concrete_typename(&field.ty))
    }

    fn is_always(&self, narrow: &str, wide: &str) -> bool {
        narrow == wide || self.implements.get(narrow).is_some_and(|interfaces| interfaces.contains(wide))
    }
}

/// Whether there is nothing to merge: no fragments, and no response name twice in a selection.
pub(crate) fn is_merged(document: &ExecutableDocument) -> bool {
    fn each_once(set: &SelectionSet) -> bool {
        let mut names = HashSet::new();
        set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => names.insert(&field.node.response_key().node) && each_once(&field.node.selection_set.node),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        })
    }
    document.fragments.is_empty() && document.operations.iter().all(|(_, operation)| each_once(&operation.node.selection_set.node))
}

/// The document with the one operation that is asked for, merged, and without conditions: they were looked up in
/// `variables`, where defaults are filled in. As it is where there is no such operation.
///
/// # Errors
/// Fields that differ share a response name.
pub(crate) fn merged(
    document: &ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
    types: &impl Types,
) -> Result<ExecutableDocument, ServerError> {
    let mut operations = document.operations.iter();
    let asked = match name {
        Some(name) => operations.find(|(it, _)| it.is_some_and(|it| it.as_str() == name)),
        None => operations.next().filter(|_| document.operations.iter().len() == 1),
    };
    let Some((name, operation)) = asked else { return Ok(document.clone()) };
    let Some(root) = types.root(operation.node.ty) else { return Ok(document.clone()) };
    let merging = Merging { types, fragments: &document.fragments, variables };
    let set = &operation.node.selection_set;
    let merged = merging.merged(root, &[Source { set: &set.node, included: true }])?;
    let used = used_variables(&merged);
    let definitions = operation.node.variable_definitions.iter().filter(|definition| used.contains(&definition.node.name.node));
    let operation = OperationDefinition {
        variable_definitions: definitions.cloned().collect(),
        selection_set: Positioned::new(merged, set.pos),
        ..operation.node.clone()
    };
    let operation = Positioned::new(operation, set.pos);
    let operations = match name {
        Some(name) => DocumentOperations::Multiple(HashMap::from([(name.clone(), operation)])),
        None => DocumentOperations::Single(operation),
    };
    Ok(ExecutableDocument { operations, fragments: HashMap::new() })
}

/// The variables that are still asked for once conditions and repetitions are gone.
fn used_variables(set: &SelectionSet) -> HashSet<Name> {
    fn collect(set: &SelectionSet, used: &mut HashSet<Name>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    for (_, value) in &field.node.arguments {
                        let noted = value.node.clone().into_const_with(|name| {
                            used.insert(name);
                            Ok::<_, std::convert::Infallible>(Value::Null)
                        });
                        drop(noted);
                    }
                    collect(&field.node.selection_set.node, used);
                }
                Selection::InlineFragment(inline) => collect(&inline.node.selection_set.node, used),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    let mut used = HashSet::new();
    collect(set, &mut used);
    used
}

/// A selection on its way into a merged one, and whether the conditions above it hold.
#[derive(Clone, Copy)]
struct Source<'d> {
    set: &'d SelectionSet,
    included: bool,
}

/// A field on its way, and whether its conditions hold.
#[derive(Clone, Copy)]
struct Met<'d> {
    field: &'d Positioned<Field>,
    included: bool,
}

/// What is met on objects of one type, in the order in which it is met first.
#[derive(Default)]
struct Collected<'d> {
    order: Vec<Key<'d>>,
    fields: HashMap<&'d str, Vec<Met<'d>>>,
    narrower: HashMap<&'d str, Vec<Source<'d>>>,
}

#[derive(Clone, Copy)]
enum Key<'d> {
    /// The field of a response name.
    Named(&'d str),
    /// What is asked of this type alone.
    On(&'d str),
}

impl<'d> Collected<'d> {
    fn meets(&mut self, met: Met<'d>) {
        let name = met.field.node.response_key().node.as_str();
        let same = self.fields.entry(name).or_default();
        if same.is_empty() {
            self.order.push(Key::Named(name));
        }
        same.push(met);
    }

    fn narrows(&mut self, on: &'d str, source: Source<'d>) {
        let same = self.narrower.entry(on).or_default();
        if same.is_empty() {
            self.order.push(Key::On(on));
        }
        same.push(source);
    }
}

struct Merging<'d, T> {
    types: &'d T,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'d Variables,
}

impl<'d, T: Types> Merging<'d, T> {
    fn merged(&self, on: &str, sources: &[Source<'d>]) -> Result<SelectionSet, ServerError> {
        self.written(on, &self.collected(on, sources), None)
    }

    fn collected(&self, on: &str, sources: &[Source<'d>]) -> Collected<'d> {
        let mut collected = Collected::default();
        sources.iter().for_each(|source| self.collect(on, *source, &mut collected));
        collected
    }

    fn collect(&self, on: &str, source: Source<'d>, collected: &mut Collected<'d>) {
        for item in &source.set.items {
            let included = source.included && !self.is_left_out(item.node.directives());
            let (condition, set) = match &item.node {
                Selection::Field(field) => {
                    collected.meets(Met { field, included });
                    continue;
                }
                Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set),
                Selection::FragmentSpread(spread) => match self.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set),
                    None => continue,
                },
            };
            let source = Source { set: &set.node, included };
            match condition.map(|condition| condition.node.on.node.as_str()) {
                Some(narrower) if !self.types.is_always(on, narrower) => collected.narrows(narrower, source),
                Some(_) | None => self.collect(on, source, collected),
            }
        }
    }

    /// Whether `@skip` or `@include` says so.
    fn is_left_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let leaves_out = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.get_argument("if").map(|value| value.node.clone());
            let holds = condition.and_then(|value| value.into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok());
            (holds == Some(Value::Boolean(true))) == leaves_out
        })
    }

    /// What was met, each once. `wider` was met on whatever the objects are of besides, and is asked there.
    fn written(&self, on: &str, collected: &Collected<'d>, wider: Option<&Collected<'d>>) -> Result<SelectionSet, ServerError> {
        let mut items = vec![];
        for key in &collected.order {
            match *key {
                Key::Named(name) => items.extend(self.field(on, name, collected, wider)?),
                Key::On(narrower) => {
                    let sources = &collected.narrower[narrower];
                    let set = self.written(narrower, &self.collected(narrower, sources), Some(collected))?;
                    if !set.items.is_empty() {
                        items.push(at_start(Selection::InlineFragment(at_start(InlineFragment {
                            type_condition: Some(at_start(TypeCondition { on: at_start(Name::new(narrower)) })),
                            directives: vec![],
                            selection_set: at_start(set),
                        }))));
                    }
                }
            }
        }
        Ok(SelectionSet { items })
    }

    fn field(
        &self,
        on: &str,
        name: &str,
        collected: &Collected<'d>,
        wider: Option<&Collected<'d>>,
    ) -> Result<Option<Positioned<Selection>>, ServerError> {
        let same = &collected.fields[name];
        let above = wider.and_then(|wider| wider.fields.get(name)).map_or(&[][..], Vec::as_slice);
        let first = same[0].field;
        if let Some(other) = same.iter().chain(above).find(|other| differ(first, other.field)) {
            return Err(conflict(name, first, other.field));
        }
        let sources: Vec<_> = same.iter().map(|met| Source { set: &met.field.node.selection_set.node, included: met.included }).collect();
        let inner = self.types.answered(on, &first.node.name.node).unwrap_or_default();
        // Merged even if nothing of it is included: what differs in it is refused all the same.
        let mut set = self.merged(inner, &sources)?;
        let Some(met) = same.iter().find(|met| met.included) else { return Ok(None) };
        let is_leaf = met.field.node.selection_set.node.items.is_empty();
        // An interface of this schema has leaves only, so nothing that costs is asked both of it and of a type.
        if is_leaf && above.iter().any(|met| met.included) {
            return Ok(None);
        }
        if !is_leaf && set.items.is_empty() {
            set.items.push(nothing());
        }
        let selection_set = Positioned::new(set, met.field.node.selection_set.pos);
        let field = Field { directives: vec![], selection_set, ..met.field.node.clone() };
        Ok(Some(Positioned::new(Selection::Field(Positioned::new(field, met.field.pos)), met.field.pos)))
    }
}

fn at_start<N>(node: N) -> Positioned<N> {
    Positioned::new(node, Pos::default())
}

/// What stands where everything is left out: a selection may not be empty.
fn nothing() -> Positioned<Selection> {
    let condition = (at_start(Name::new("if")), at_start(Value::Boolean(true).into_value()));
    let skip = Directive { name: at_start(Name::new("skip")), arguments: vec![condition] };
    at_start(Selection::Field(at_start(Field {
        alias: None,
        name: at_start(Name::new("__typename")),
        arguments: vec![],
        directives: vec![at_start(skip)],
        selection_set: at_start(SelectionSet::default()),
    })))
}

fn differ(one: &Positioned<Field>, other: &Positioned<Field>) -> bool {
    let (one, other) = (&one.node, &other.node);
    let same_argument = |(name, value): &(Positioned<Name>, _)| other.get_argument(&name.node) == Some(value);
    one.name.node != other.name.node || one.arguments.len() != other.arguments.len() || !one.arguments.iter().all(same_argument)
}

fn conflict(name: &str, one: &Positioned<Field>, other: &Positioned<Field>) -> ServerError {
    let mut error = ServerError::new(
        format!(
            "Fields \"{name}\" conflict: their names or arguments differ. Use different aliases to fetch both if this was intentional."
        ),
        Some(one.pos),
    );
    error.locations.push(other.pos);
    error
}

#[cfg(test)]
mod tests;
