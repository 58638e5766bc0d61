//! A meeting's agenda (议程): a tree of items, some of which deal with a motion.
//!
//! - Items are listed as they are dealt with: a part comes after the item it belongs to.
//! - An id stands once, and so does a motion.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    prose::Line,
    refusal::refusals,
    values::{AgendaItemId, MotionId},
};

/// Items of an agenda, at most.
pub const AGENDA_MAX_ITEMS: usize = 200;
/// Levels of the tree, at most.
pub const AGENDA_MAX_DEPTH: usize = 4;
/// Title of an item, at most, in characters.
pub const AGENDA_TITLE_MAX_CHARS: usize = 200;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaItem {
    /// Its id.
    pub id: AgendaItemId,
    /// The item it is a part of.
    pub part_of: Option<AgendaItemId>,
    /// What is dealt with.
    pub title: String,
    /// The motion that is dealt with, if one is.
    pub motion: Option<MotionId>,
}

/// The items in the order in which they are dealt with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Agenda(Vec<AgendaItem>);

refusals! {
    /// Why an agenda says no.
    pub enum AgendaRefusal {
        /// Nothing on it.
        AgendaEmpty("agenda", "议程不能为空", "The agenda has no item"),
        /// Too many items.
        AgendaTooLong { most: usize }("agenda", "议程最多 {most} 项", "An agenda has at most {most} items"),
        /// Too deep a tree.
        AgendaTooDeep { most: usize }("agenda", "议程最多 {most} 级", "An agenda has at most {most} levels"),
        /// A title is no line, or too long.
        AgendaTitleUnfit { most: usize }("agenda", "议程标题须为 1 至 {most} 个字符", "An item's title has 1 to {most} characters"),
        /// An item stands twice.
        AgendaItemTwice("agenda", "议程项重复", "An item stands on the agenda twice"),
        /// A motion stands twice.
        MotionTwice("agenda", "同一议案在议程中出现两次", "A motion stands on the agenda twice"),
        /// A part stands before what it belongs to, or that is not there.
        PartMisplaced("agenda", "子项须排在所属议程项之后", "A part comes after the item it belongs to"),
    }
}

impl Agenda {
    /// The agenda of these items.
    ///
    /// # Errors
    /// See [`AgendaRefusal`].
    pub fn try_new(mut items: Vec<AgendaItem>) -> Result<Self, AgendaRefusal> {
        if items.is_empty() {
            return Err(AgendaRefusal::AgendaEmpty);
        }
        if items.len() > AGENDA_MAX_ITEMS {
            return Err(AgendaRefusal::AgendaTooLong { most: AGENDA_MAX_ITEMS });
        }
        let (mut depths, mut motions) = (std::collections::HashMap::new(), HashSet::new());
        for item in &mut items {
            item.title = Line::parse(&item.title, AGENDA_TITLE_MAX_CHARS, |most| AgendaRefusal::AgendaTitleUnfit { most })?.into();
            let depth = match item.part_of {
                None => 1,
                Some(whole) => depths.get(&whole).ok_or(AgendaRefusal::PartMisplaced)? + 1,
            };
            if depth > AGENDA_MAX_DEPTH {
                return Err(AgendaRefusal::AgendaTooDeep { most: AGENDA_MAX_DEPTH });
            }
            if depths.insert(item.id, depth).is_some() {
                return Err(AgendaRefusal::AgendaItemTwice);
            }
            if item.motion.is_some_and(|motion| !motions.insert(motion)) {
                return Err(AgendaRefusal::MotionTwice);
            }
        }
        Ok(Self(items))
    }

    /// The items in order.
    pub fn items(&self) -> &[AgendaItem] {
        &self.0
    }

    /// The motions that are dealt with, in order.
    pub fn motions(&self) -> impl Iterator<Item = MotionId> {
        self.0.iter().filter_map(|item| item.motion)
    }

    /// The item of this id.
    pub fn item(&self, id: AgendaItemId) -> Option<&AgendaItem> {
        self.0.iter().find(|item| item.id == id)
    }

    /// Number of an item as printed, `2.1`; `None` for an item that is not on the agenda.
    pub fn number(&self, id: AgendaItemId) -> Option<String> {
        let item = self.item(id)?;
        let place = self.0.iter().filter(|it| it.part_of == item.part_of).position(|it| it.id == id)? + 1;
        Some(match item.part_of.and_then(|whole| self.number(whole)) {
            Some(whole) => format!("{whole}.{place}"),
            None => place.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> AgendaItemId {
        AgendaItemId(Uuid::from_u128(n))
    }

    fn item(n: u128, part_of: Option<u128>) -> AgendaItem {
        AgendaItem { id: id(n), part_of: part_of.map(id), title: format!("第{n}项"), motion: None }
    }

    #[test]
    fn items_are_numbered_by_their_place_in_the_tree() {
        let agenda = Agenda::try_new(vec![item(1, None), item(2, None), item(3, Some(2)), item(4, Some(2)), item(5, Some(4))]).unwrap();
        let number = |n| agenda.number(id(n));
        assert_eq!(number(2).as_deref(), Some("2"));
        assert_eq!(number(4).as_deref(), Some("2.2"));
        assert_eq!(number(5).as_deref(), Some("2.2.1"));
        assert_eq!(number(9), None);
    }

    #[test]
    fn a_part_before_its_whole_or_of_nothing_is_refused() {
        assert_eq!(Agenda::try_new(vec![item(3, Some(2)), item(2, None)]), Err(AgendaRefusal::PartMisplaced));
        assert_eq!(Agenda::try_new(vec![item(1, Some(1))]), Err(AgendaRefusal::PartMisplaced));
    }

    #[test]
    fn twice_the_same_is_refused() {
        assert_eq!(Agenda::try_new(vec![item(1, None), item(1, None)]), Err(AgendaRefusal::AgendaItemTwice));
        let motion = Some(MotionId(Uuid::from_u128(7)));
        let about = |n| AgendaItem { motion, ..item(n, None) };
        assert_eq!(Agenda::try_new(vec![about(1), about(2)]), Err(AgendaRefusal::MotionTwice));
    }

    #[test]
    fn emptiness_length_depth_and_titles_have_limits() {
        assert_eq!(Agenda::try_new(vec![]), Err(AgendaRefusal::AgendaEmpty));
        let many = (0..=AGENDA_MAX_ITEMS as u128).map(|n| item(n, None)).collect();
        assert_eq!(Agenda::try_new(many), Err(AgendaRefusal::AgendaTooLong { most: AGENDA_MAX_ITEMS }));
        let deep = (1..=5).map(|n| item(n, (n > 1).then(|| n - 1))).collect();
        assert_eq!(Agenda::try_new(deep), Err(AgendaRefusal::AgendaTooDeep { most: AGENDA_MAX_DEPTH }));
        let blank = AgendaItem { title: "　 ".into(), ..item(1, None) };
        assert_eq!(Agenda::try_new(vec![blank]), Err(AgendaRefusal::AgendaTitleUnfit { most: AGENDA_TITLE_MAX_CHARS }));
    }
}
