//! A text that is deliberated on: a title and paragraphs, each with an id that it keeps through all versions.
//!
//! - Between one and [`PARAGRAPHS_MAX_COUNT`] paragraphs with different ids; none is blank.
//! - What is printed is what is stored: no control characters, nothing that turns the direction of reading.
//! - It is public, under its movers' names; what is said about a person does not belong in it.

pub use crate::prose::{REASON_MAX_CHARS, is_line, is_prose, is_written, tidied};
use crate::{refusal::refusals, values::ParagraphId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest title, in characters.
pub const TITLE_MAX_CHARS: usize = 120;
/// Longest paragraph, in characters.
pub const PARAGRAPH_MAX_CHARS: usize = 2_000;
/// Most paragraphs of one text.
pub const PARAGRAPHS_MAX_COUNT: usize = 200;
/// Longest text, all paragraphs together, in characters.
pub const TEXT_MAX_CHARS: usize = 20_000;

/// One paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Paragraph {
    /// Its id.
    pub id: ParagraphId,
    /// What it says.
    pub text: String,
}

/// A title and paragraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// Title.
    pub title: String,
    /// Paragraphs, in order.
    pub paragraphs: Vec<Paragraph>,
}

refusals! {
    /// What is wrong with a text.
    pub enum TextRefusal {
        /// A title of 1 to 120 characters in one line.
        TitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行，不含控制字符", "A title has 1 to {most} printable characters in one line"),
        /// Between 1 and 200 paragraphs with different ids.
        ParagraphsUnfit { most: usize }("paragraphs", "须有 1 至 {most} 个互不相同的段落", "There are 1 to {most} different paragraphs"),
        /// A paragraph of 1 to 2000 characters.
        ParagraphUnfit { most: usize }("paragraphs", "每段须为 1 至 {most} 字，不含控制字符", "A paragraph has 1 to {most} printable characters"),
        /// Too long altogether.
        TextTooLong { most: usize }("paragraphs", "全文不能超过 {most} 字", "The whole text has at most {most} characters"),
    }
}

impl Text {
    /// Where the paragraph stands.
    pub fn place(&self, id: ParagraphId) -> Option<usize> {
        self.paragraphs.iter().position(|paragraph| paragraph.id == id)
    }

    /// Whether this text can stand.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn require_fit(&self) -> Result<(), TextRefusal> {
        if !is_line(&self.title, TITLE_MAX_CHARS) {
            return Err(TextRefusal::TitleUnfit { most: TITLE_MAX_CHARS });
        }
        let mut ids: Vec<_> = self.paragraphs.iter().map(|paragraph| paragraph.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != self.paragraphs.len() || !(1..=PARAGRAPHS_MAX_COUNT).contains(&ids.len()) {
            return Err(TextRefusal::ParagraphsUnfit { most: PARAGRAPHS_MAX_COUNT });
        }
        if !self.paragraphs.iter().all(|paragraph| is_prose(&paragraph.text, PARAGRAPH_MAX_CHARS)) {
            return Err(TextRefusal::ParagraphUnfit { most: PARAGRAPH_MAX_CHARS });
        }
        // At most 200 times 2000: this sum cannot overflow.
        if self.paragraphs.iter().map(|paragraph| paragraph.text.chars().count()).sum::<usize>() > TEXT_MAX_CHARS {
            return Err(TextRefusal::TextTooLong { most: TEXT_MAX_CHARS });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn text(title: &str, paragraphs: &[(u128, &str)]) -> Text {
        let paragraph = |(id, text): &(u128, &str)| Paragraph { id: ParagraphId(Uuid::from_u128(*id)), text: (*text).to_owned() };
        Text { title: title.to_owned(), paragraphs: paragraphs.iter().map(paragraph).collect() }
    }

    #[test]
    fn what_is_pasted_is_tidied_and_then_fits() {
        let pasted = " 第一行\r\n\t第二行\rcafe\u{301} \n";
        assert!(!is_prose(pasted, 100));
        assert_eq!(tidied(pasted), "第一行\n 第二行\ncafé");
        assert!(is_prose(&tidied(pasted), 100));
        assert_eq!(tidied(&tidied(pasted)), tidied(pasted));
    }

    #[test]
    fn blank_doubled_endless_and_unprintable_texts_are_refused() {
        assert_eq!(text("停车", &[(1, "每户一位。\n先到先得。")]).require_fit(), Ok(()));
        assert_eq!(text(" ", &[(1, "一")]).require_fit(), Err(TextRefusal::TitleUnfit { most: 120 }));
        assert_eq!(text("停\n车", &[(1, "一")]).require_fit(), Err(TextRefusal::TitleUnfit { most: 120 }));
        assert_eq!(text("停车", &[]).require_fit(), Err(TextRefusal::ParagraphsUnfit { most: 200 }));
        assert_eq!(text("停车", &[(1, "一"), (1, "二")]).require_fit(), Err(TextRefusal::ParagraphsUnfit { most: 200 }));
        for wrong in ["", "\u{3000}", "一\u{7}", "一\u{202e}二", &"长".repeat(2_001)] {
            assert_eq!(text("停车", &[(1, wrong)]).require_fit(), Err(TextRefusal::ParagraphUnfit { most: 2_000 }));
        }
        let long = "长".repeat(2_000);
        let paragraphs: Vec<_> = (0..11).map(|id| (id, long.as_str())).collect();
        assert_eq!(text("停车", &paragraphs[..10]).require_fit(), Ok(()));
        assert_eq!(text("停车", &paragraphs).require_fit(), Err(TextRefusal::TextTooLong { most: 20_000 }));
    }
}
