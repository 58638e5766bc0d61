//! Amendments: changes to a text's title and paragraphs, proposed against one version of it.
//!
//! - Every change touches places; two amendments that touch one place overlap, and nobody merges them unasked.
//! - An amendment whose places were not touched since its version can be merged into any later one; the outcome is the
//!   same as making its changes, in order, in the text as it is.
//! - Insertions at one place overlap too: in which order they shall stand is not for the software to say.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{Paragraph, Text, TextRefusal, tidied};
use crate::{
    refusal::{Refusal, refusals},
    values::{ParagraphId, PersonId},
};

/// Most changes of one amendment.
pub const CHANGES_MAX_COUNT: usize = 50;
/// Most amendments to one motion.
pub const AMENDMENTS_MAX_COUNT: usize = 200;

/// One change to a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Another title.
    Retitle {
        /// The new title.
        title: String,
    },
    /// Other words in a paragraph.
    Replace {
        /// Which paragraph.
        paragraph: ParagraphId,
        /// What it shall say.
        text: String,
    },
    /// A new paragraph.
    InsertAfter {
        /// Behind which paragraph; `None` for the beginning.
        after: Option<ParagraphId>,
        /// The new paragraph's id.
        paragraph: ParagraphId,
        /// What it shall say.
        text: String,
    },
    /// A paragraph less.
    Delete {
        /// Which paragraph.
        paragraph: ParagraphId,
    },
}

/// What a change can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The title.
    Title,
    /// A paragraph.
    Paragraph(ParagraphId),
    /// The gap behind a paragraph, or before the first.
    Gap(Option<ParagraphId>),
}

impl Change {
    /// This change with its words tidied; the text that comes of it says whether they fit.
    pub fn tidied(self) -> Self {
        match self {
            Self::Retitle { title } => Self::Retitle { title: tidied(&title) },
            Self::Replace { paragraph, text } => Self::Replace { paragraph, text: tidied(&text) },
            Self::InsertAfter { after, paragraph, text } => Self::InsertAfter { after, paragraph, text: tidied(&text) },
            Self::Delete { paragraph } => Self::Delete { paragraph },
        }
    }

    /// The places this change touches. Who deletes a paragraph takes its gap away too.
    pub fn places(&self) -> Vec<Place> {
        match self {
            Self::Retitle { .. } => vec![Place::Title],
            Self::Replace { paragraph, .. } => vec![Place::Paragraph(*paragraph)],
            Self::InsertAfter { after, paragraph, .. } => vec![Place::Gap(*after), Place::Paragraph(*paragraph)],
            Self::Delete { paragraph } => vec![Place::Paragraph(*paragraph), Place::Gap(Some(*paragraph))],
        }
    }
}

/// All places that these changes touch.
pub fn places(changes: &[Change]) -> BTreeSet<Place> {
    changes.iter().flat_map(Change::places).collect()
}

/// Where an amendment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentPhase {
    /// Proposed, not decided.
    Pending,
    /// Merged into the text.
    Accepted,
    /// Turned down.
    Rejected,
    /// Taken back by its proposer.
    Withdrawn,
}

/// An amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// Who proposed it.
    pub proposer: PersonId,
    /// The version it was made for.
    pub against: u32,
    /// What it changes.
    pub changes: Vec<Change>,
    /// Where it stands.
    pub phase: AmendmentPhase,
}

refusals! {
    /// What is wrong with an amendment's changes.
    pub enum ChangeRefusal {
        /// No change, or too many.
        ChangesUnfit { most: usize }("changes", "修正案须有 1 至 {most} 处修改", "An amendment has 1 to {most} changes"),
        /// The text has no such paragraph.
        UnknownParagraph("changes", "没有此段落", "There is no such paragraph"),
        /// A new paragraph needs an id of its own.
        ParagraphExists("changes", "新段落的编号已被使用", "The id of a new paragraph is used already"),
        /// Two changes of one amendment in one place.
        ChangesCollide("changes", "同一修正案不能两次修改同一处", "An amendment changes each place once"),
        /// A change that changes nothing.
        NothingChanged("changes", "修改前后内容相同", "A change must change something"),
        /// What would come of it cannot stand; the sentence says why.
        AmendedTextUnfit { zh: String, en: String }("changes", "{zh}", "{en}"),
    }
}

impl From<TextRefusal> for ChangeRefusal {
    fn from(refusal: TextRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::AmendedTextUnfit { zh, en }
    }
}

impl Text {
    /// This text with the changes made in order; a later change may stand on a paragraph that an earlier one inserted.
    ///
    /// # Errors
    /// What is wrong with the changes, or with the text that would come of them.
    pub fn amended(&self, changes: &[Change]) -> Result<Self, ChangeRefusal> {
        if !(1..=CHANGES_MAX_COUNT).contains(&changes.len()) {
            return Err(ChangeRefusal::ChangesUnfit { most: CHANGES_MAX_COUNT });
        }
        if places(changes).len() != changes.iter().map(|change| change.places().len()).sum::<usize>() {
            return Err(ChangeRefusal::ChangesCollide);
        }
        let mut text = self.clone();
        for change in changes {
            text.make(change)?;
        }
        Ok(text.fitted()?)
    }

    fn make(&mut self, change: &Change) -> Result<(), ChangeRefusal> {
        let place = |text: &Self, id| text.place(id).ok_or(ChangeRefusal::UnknownParagraph);
        match change {
            Change::Retitle { title } if *title == self.title => return Err(ChangeRefusal::NothingChanged),
            Change::Retitle { title } => self.title.clone_from(title),
            Change::Replace { paragraph, text } => {
                let at = place(self, *paragraph)?;
                if self.paragraphs[at].text == *text {
                    return Err(ChangeRefusal::NothingChanged);
                }
                self.paragraphs[at].text.clone_from(text);
            }
            Change::InsertAfter { after, paragraph, text } => {
                let at = after.map_or(Ok(0), |after| place(self, after).map(|at| at + 1))?;
                if self.place(*paragraph).is_some() {
                    return Err(ChangeRefusal::ParagraphExists);
                }
                self.paragraphs.insert(at, Paragraph { id: *paragraph, text: text.clone() });
            }
            Change::Delete { paragraph } => {
                let at = place(self, *paragraph)?;
                self.paragraphs.remove(at);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(n: u128) -> ParagraphId {
        ParagraphId(Uuid::from_u128(n))
    }

    fn text(paragraphs: &[(u128, &str)]) -> Text {
        let paragraph = |(n, text): &(u128, &str)| Paragraph { id: id(*n), text: (*text).to_owned() };
        Text { title: "停车".into(), paragraphs: paragraphs.iter().map(paragraph).collect() }
    }

    fn replace(n: u128, text: &str) -> Change {
        Change::Replace { paragraph: id(n), text: text.into() }
    }

    fn insert(after: Option<u128>, n: u128, text: &str) -> Change {
        Change::InsertAfter { after: after.map(id), paragraph: id(n), text: text.into() }
    }

    #[test]
    fn changes_are_made_in_order() {
        let changes = [
            Change::Retitle { title: "停车管理".into() },
            insert(None, 10, "总则"),
            replace(1, "每户两位"),
            Change::Delete { paragraph: id(2) },
            insert(Some(3), 11, "附则"),
            insert(Some(11), 12, "附件"),
        ];
        let amended = text(&[(1, "每户一位"), (2, "先到先得"), (3, "收费")]).amended(&changes).unwrap();
        let expected = text(&[(10, "总则"), (1, "每户两位"), (3, "收费"), (11, "附则"), (12, "附件")]);
        assert_eq!(amended, Text { title: "停车管理".into(), ..expected });
    }

    #[test]
    fn changes_without_effect_place_or_sense_are_refused() {
        let refusal = |changes: &[Change]| text(&[(1, "一"), (2, "二")]).amended(changes).unwrap_err();
        assert_eq!(refusal(&[]), ChangeRefusal::ChangesUnfit { most: 50 });
        assert_eq!(refusal(&[replace(1, "一")]), ChangeRefusal::NothingChanged);
        assert_eq!(refusal(&[Change::Retitle { title: "停车".into() }]), ChangeRefusal::NothingChanged);
        assert_eq!(refusal(&[replace(9, "九")]), ChangeRefusal::UnknownParagraph);
        assert_eq!(refusal(&[insert(Some(9), 3, "三")]), ChangeRefusal::UnknownParagraph);
        assert_eq!(refusal(&[insert(Some(1), 2, "三")]), ChangeRefusal::ParagraphExists);
        assert_eq!(refusal(&[replace(1, "甲"), replace(1, "乙")]), ChangeRefusal::ChangesCollide);
        assert_eq!(refusal(&[Change::Delete { paragraph: id(1) }, insert(Some(1), 3, "三")]), ChangeRefusal::ChangesCollide);
        assert!(matches!(refusal(&[replace(1, " ")]), ChangeRefusal::AmendedTextUnfit { .. }));
        let all = [Change::Delete { paragraph: id(1) }, Change::Delete { paragraph: id(2) }];
        assert!(matches!(refusal(&all), ChangeRefusal::AmendedTextUnfit { .. }));
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (0u128..6, "[甲乙丙]{1,3}").prop_map(|(n, text)| replace(n, &text)),
            (proptest::option::of(0u128..6), 6u128..12, "[甲乙丙]{1,3}").prop_map(|(after, n, text)| insert(after, n, &text)),
            (0u128..6).prop_map(|n| Change::Delete { paragraph: id(n) }),
            "[甲乙丙]{1,3}".prop_map(|title| Change::Retitle { title }),
        ]
    }

    proptest! {
        /// What the whole rule of overlaps rests on: without overlap the order of merging makes no difference.
        #[test]
        fn amendments_that_do_not_overlap_merge_alike_in_either_order(
            one in proptest::collection::vec(change(), 1..4),
            two in proptest::collection::vec(change(), 1..4),
        ) {
            let base = text(&[(0, "零"), (1, "一"), (2, "二"), (3, "三"), (4, "四"), (5, "五")]);
            let (Ok(with_one), Ok(with_two)) = (base.amended(&one), base.amended(&two)) else { return Ok(()) };
            if places(&one).is_disjoint(&places(&two)) {
                prop_assert_eq!(with_one.amended(&two), with_two.amended(&one));
            }
        }
    }
}
