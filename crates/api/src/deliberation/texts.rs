//! Texts that are deliberated on, and what changed between two of them.

use async_graphql::{Enum, ID, SimpleObject};
use gongyi_domain::deliberation::{
    difference::{self, Fate, RunKind},
    text::{Paragraph as StoredParagraph, Text as StoredText},
};

use crate::{ids, list::List};

/// What a difference costs in a query, in fields: it compares two texts character by character.
pub(crate) const DIFFERENCE_COST_FIELDS: usize = 200;

/// A title and paragraphs.
#[derive(SimpleObject)]
pub struct Text {
    /// The title.
    title: String,
    /// The paragraphs, in order.
    paragraphs: List<Paragraph>,
}

/// A paragraph; it keeps its id through all versions of the text.
#[derive(SimpleObject)]
pub struct Paragraph {
    /// Its id, which amendments name.
    id: ID,
    /// What it says.
    text: String,
}

impl From<&StoredText> for Text {
    fn from(text: &StoredText) -> Self {
        let paragraph = |it: &StoredParagraph| Paragraph { id: ids::id(&it.id), text: it.text.clone() };
        Self { title: text.title.clone(), paragraphs: text.paragraphs.iter().map(paragraph).collect() }
    }
}

/// Whether a run of characters stands in both texts or in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RunKind", name = "RunKind")]
pub enum Kind {
    /// In both.
    Equal,
    /// Only in the new one.
    Insert,
    /// Only in the old one.
    Delete,
}

/// What became of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Fate")]
pub enum ParagraphFate {
    /// It says what it said.
    Kept,
    /// It says something else.
    Changed,
    /// It is new, or has moved here.
    Inserted,
    /// It is gone, or has moved elsewhere.
    Deleted,
}

/// A run of characters with one fate.
#[derive(SimpleObject)]
pub struct Run {
    /// Its fate.
    kind: Kind,
    /// The characters; never empty.
    text: String,
}

/// What became of a paragraph of either text.
#[derive(SimpleObject)]
pub struct ParagraphDifference {
    /// The paragraph's id.
    paragraph: ID,
    /// What became of it.
    fate: ParagraphFate,
    /// Its characters.
    runs: List<Run>,
}

/// What changed between two texts: who reads the equal and deleted runs reads the old one, who reads the equal and
/// inserted ones the new.
#[derive(SimpleObject)]
pub struct TextDifference {
    /// The title.
    title: List<Run>,
    /// The paragraphs of both, in reading order.
    paragraphs: List<ParagraphDifference>,
}

fn runs(runs: Vec<difference::Run>) -> List<Run> {
    runs.into_iter().map(|run| Run { kind: run.kind.into(), text: run.text }).collect()
}

/// What changed from one text to another.
pub(crate) fn difference_between(old: &StoredText, new: &StoredText) -> TextDifference {
    let difference::Difference { title, paragraphs } = difference::difference(old, new);
    let paragraph = |it: difference::ParagraphDifference| ParagraphDifference {
        paragraph: ids::id(&it.paragraph),
        fate: it.fate.into(),
        runs: runs(it.runs),
    };
    TextDifference { title: runs(title), paragraphs: paragraphs.into_iter().map(paragraph).collect() }
}
