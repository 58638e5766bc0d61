//! What changed between two versions of a text, as data that a page can print.
//!
//! - Who keeps the equal and deleted runs reads the old text, who keeps the equal and inserted ones the new: nothing is lost.
//! - Paragraphs are matched by their ids; within one, words are compared as Unicode cuts them (UAX #29): a Han character is
//!   one, a Latin word is one, a number is one.
//! - Islands of a few equal characters between larger changes are read as part of the change.

use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};

use super::text::Text;
use crate::values::ParagraphId;

/// Whether a run stands in both texts or in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// In both.
    Equal,
    /// Only in the new one.
    Insert,
    /// Only in the old one.
    Delete,
}

/// A run of characters with one fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its fate.
    pub kind: RunKind,
    /// The characters; never empty.
    pub text: String,
}

/// What became of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It says what it said.
    Kept,
    /// It says something else.
    Changed,
    /// It is new, or has moved here.
    Inserted,
    /// It is gone, or has moved elsewhere.
    Deleted,
}

/// A paragraph of either text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParagraphDifference {
    /// Its id.
    pub paragraph: ParagraphId,
    /// What became of it.
    pub fate: Fate,
    /// Its characters.
    pub runs: Vec<Run>,
}

/// What changed between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The title.
    pub title: Vec<Run>,
    /// The paragraphs of both, in reading order.
    pub paragraphs: Vec<ParagraphDifference>,
}

/// What changed from `old` to `new`.
pub fn difference(old: &Text, new: &Text) -> Difference {
    let ids = |text: &Text| text.paragraphs.iter().map(|paragraph| paragraph.id).collect::<Vec<_>>();
    let mut paragraphs = vec![];
    for op in capture_diff_slices(Algorithm::Myers, &ids(old), &ids(new)) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for (was, is) in old.paragraphs[old_index..old_index + len].iter().zip(&new.paragraphs[new_index..new_index + len]) {
                let fate = if was.text == is.text { Fate::Kept } else { Fate::Changed };
                paragraphs.push(ParagraphDifference { paragraph: was.id, fate, runs: runs(&was.text, &is.text) });
            }
        } else {
            let gone = old.paragraphs[op.old_range()].iter().map(|was| (was.id, Fate::Deleted, runs(&was.text, "")));
            let come = new.paragraphs[op.new_range()].iter().map(|is| (is.id, Fate::Inserted, runs("", &is.text)));
            paragraphs.extend(gone.chain(come).map(|(paragraph, fate, runs)| ParagraphDifference { paragraph, fate, runs }));
        }
    }
    Difference { title: runs(&old.title, &new.title), paragraphs }
}

/// A stretch that both texts share, or one that replaces another.
enum Stretch {
    Same(String),
    Edit { old: String, new: String },
}

/// The runs that lead from `old` to `new`, deletions before insertions.
pub fn runs(old: &str, new: &str) -> Vec<Run> {
    let mut stretches: Vec<Stretch> = vec![];
    for change in TextDiff::from_unicode_words(old, new).iter_all_changes() {
        let text = change.value();
        match (change.tag(), stretches.last_mut()) {
            (ChangeTag::Equal, Some(Stretch::Same(same))) => same.push_str(text),
            (ChangeTag::Equal, _) => stretches.push(Stretch::Same(text.to_owned())),
            (ChangeTag::Delete, Some(Stretch::Edit { old, .. })) => old.push_str(text),
            (ChangeTag::Delete, _) => stretches.push(Stretch::Edit { old: text.to_owned(), new: String::new() }),
            (ChangeTag::Insert, Some(Stretch::Edit { new, .. })) => new.push_str(text),
            (ChangeTag::Insert, _) => stretches.push(Stretch::Edit { old: String::new(), new: text.to_owned() }),
        }
    }
    without_islands(stretches).into_iter().flat_map(into_runs).filter(|run| !run.text.is_empty()).collect()
}

fn into_runs(stretch: Stretch) -> Vec<Run> {
    match stretch {
        Stretch::Same(text) => vec![Run { kind: RunKind::Equal, text }],
        Stretch::Edit { old, new } => vec![Run { kind: RunKind::Delete, text: old }, Run { kind: RunKind::Insert, text: new }],
    }
}

/// Joins two edits where the shared stretch between them is no longer than either: what a reader takes for one change.
/// (The rule of diff-match-patch's semantic cleanup, which the diff library has for lines only.)
fn without_islands(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let size = |old: &str, new: &str| old.chars().count().max(new.chars().count());
    let mut kept: Vec<Stretch> = vec![];
    for stretch in stretches {
        kept.push(stretch);
        while let [.., Stretch::Edit { old: old_a, new: new_a }, Stretch::Same(island), Stretch::Edit { old: old_b, new: new_b }] =
            kept.as_slice()
        {
            if island.chars().count() > size(old_a, new_a).min(size(old_b, new_b)) {
                break;
            }
            let joined = Stretch::Edit { old: [old_a, island, old_b].map(String::as_str).concat(), new: format!("{new_a}{island}{new_b}") };
            kept.truncate(kept.len() - 3);
            kept.push(joined);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliberation::text::Paragraph;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn shown(old: &str, new: &str) -> String {
        let show = |run: Run| match run.kind {
            RunKind::Equal => run.text,
            RunKind::Insert => format!("{{+{}+}}", run.text),
            RunKind::Delete => format!("[-{}-]", run.text),
        };
        runs(old, new).into_iter().map(show).collect()
    }

    fn side(runs: &[Run], left_out: RunKind) -> String {
        runs.iter().filter(|run| run.kind != left_out).map(|run| run.text.as_str()).collect()
    }

    #[test]
    fn chinese_is_compared_by_character_and_numbers_whole() {
        assert_eq!(shown("每周一清运垃圾", "每周二清运垃圾"), "每周[-一-]{+二+}清运垃圾");
        assert_eq!(shown("预算 1500 元", "预算 2500 元"), "预算 [-1500-]{+2500+} 元");
        assert_eq!(shown("禁止停车。", "禁止停放电动车。"), "禁止停{+放电动+}车。");
        assert_eq!(shown("一样", "一样"), "一样");
        assert_eq!(shown("", "新"), "{+新+}");
        assert_eq!(shown("", ""), "");
    }

    #[test]
    fn islands_between_changes_are_read_as_part_of_them() {
        assert_eq!(shown("由物业公司的经理负责", "由居委会的主任负责"), "由[-物业公司的经理-]{+居委会的主任+}负责");
        assert_eq!(shown("甲，乙，丙，丁到场", "戊，乙，丙，己到场"), "[-甲-]{+戊+}，乙，丙，[-丁-]{+己+}到场");
    }

    #[test]
    fn a_moved_paragraph_is_told_as_gone_and_come() {
        let paragraph = |n: u128| Paragraph { id: ParagraphId(Uuid::from_u128(n)), text: format!("第 {n} 条") };
        let text = |ids: &[u128]| Text { title: "公约".into(), paragraphs: ids.iter().copied().map(paragraph).collect() };
        let fates = |from: &[u128], to: &[u128]| {
            difference(&text(from), &text(to)).paragraphs.iter().map(|it| (it.paragraph.0.as_u128(), it.fate)).collect::<Vec<_>>()
        };
        assert_eq!(fates(&[1, 2], &[1, 2]), [(1, Fate::Kept), (2, Fate::Kept)]);
        assert_eq!(fates(&[1, 2], &[1, 3, 2]), [(1, Fate::Kept), (3, Fate::Inserted), (2, Fate::Kept)]);
        let moved = fates(&[1, 2], &[2, 1]);
        assert_eq!(moved.iter().filter(|(_, fate)| *fate == Fate::Deleted).count(), 1);
        assert_eq!(moved.iter().filter(|(_, fate)| *fate == Fate::Inserted).count(), 1);
    }

    fn texts() -> impl Strategy<Value = Text> {
        let paragraph = (0u128..8, "[一二三四五的，。0-9a-c e\u{301}\n]{0,24}");
        (proptest::collection::vec(paragraph, 0..8), "[一二三]{0,6}").prop_map(|(paragraphs, title)| {
            let mut seen = std::collections::BTreeSet::new();
            let fresh = paragraphs.into_iter().filter(|(id, _)| seen.insert(*id)).collect::<Vec<_>>();
            let paragraphs = fresh.into_iter().map(|(id, text)| Paragraph { id: ParagraphId(Uuid::from_u128(id)), text }).collect();
            Text { title, paragraphs }
        })
    }

    proptest! {
        #[test]
        fn a_difference_holds_both_texts(old in texts(), new in texts()) {
            let told = difference(&old, &new);
            let read = |left_out: Fate, runs_left_out: RunKind| Text {
                title: side(&told.title, runs_left_out),
                paragraphs: told.paragraphs.iter().filter(|it| it.fate != left_out)
                    .map(|it| Paragraph { id: it.paragraph, text: side(&it.runs, runs_left_out) }).collect(),
            };
            prop_assert_eq!(read(Fate::Inserted, RunKind::Insert), old);
            prop_assert_eq!(read(Fate::Deleted, RunKind::Delete), new);
            for it in &told.paragraphs {
                prop_assert!(it.runs.iter().all(|run| !run.text.is_empty()));
                prop_assert!(it.runs.windows(2).all(|pair| pair[0].kind != pair[1].kind), "runs are as long as can be: {:?}", it.runs);
                prop_assert_eq!(it.fate == Fate::Kept, it.runs.iter().all(|run| run.kind == RunKind::Equal) && !matches!(it.fate, Fate::Inserted | Fate::Deleted));
            }
        }
    }
}
