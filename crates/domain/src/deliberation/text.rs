//! A text that is deliberated on: a title and paragraphs, each with an id that it keeps through all versions.
//!
//! - Between one and [`PARAGRAPHS_MAX_COUNT`] paragraphs with different ids; none is blank.
//! - The title is a [`Line`], a paragraph [`Prose`]: what is printed is what is stored.
//! - It is public, under its movers' names; what is said about a person does not belong in it.

pub use crate::prose::{Line, Prose, REASON_MAX_CHARS, tidied};
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
        /// The title is no line, or too long.
        TitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行，不含控制字符", "A title has 1 to {most} printable characters in one line"),
        /// No paragraph, too many, or one id twice.
        ParagraphsUnfit { most: usize }("paragraphs", "须有 1 至 {most} 个互不相同的段落", "There are 1 to {most} different paragraphs"),
        /// A paragraph is empty, too long or not printable.
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

    /// This text as it can stand: parsed, part by part.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn fitted(mut self) -> Result<Self, TextRefusal> {
        self.title = Line::parse(&self.title, TITLE_MAX_CHARS, |most| TextRefusal::TitleUnfit { most })?.into();
        let mut ids: Vec<_> = self.paragraphs.iter().map(|paragraph| paragraph.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != self.paragraphs.len() || !(1..=PARAGRAPHS_MAX_COUNT).contains(&ids.len()) {
            return Err(TextRefusal::ParagraphsUnfit { most: PARAGRAPHS_MAX_COUNT });
        }
        for paragraph in &mut self.paragraphs {
            paragraph.text = Prose::parse(&paragraph.text, PARAGRAPH_MAX_CHARS, |most| TextRefusal::ParagraphUnfit { most })?.into();
        }
        // So many paragraphs of so many characters: this sum cannot overflow.
        if self.paragraphs.iter().map(|paragraph| paragraph.text.chars().count()).sum::<usize>() > TEXT_MAX_CHARS {
            return Err(TextRefusal::TextTooLong { most: TEXT_MAX_CHARS });
        }
        Ok(self)
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
    fn a_text_is_stored_as_it_was_parsed_and_a_clean_one_as_it_is() {
        let pasted = text(" 停车\n", &[(1, " 第一行\r\n\t第二行\rcafe\u{301} \n")]).fitted().unwrap();
        assert_eq!(pasted, text("停车", &[(1, "第一行\n 第二行\ncafé")]));
        assert_eq!(pasted.clone().fitted(), Ok(pasted));
    }

    #[test]
    fn blank_doubled_endless_and_unprintable_texts_are_refused() {
        assert!(text("停车", &[(1, "每户一位。\n先到先得。")]).fitted().is_ok());
        assert_eq!(text(" ", &[(1, "一")]).fitted(), Err(TextRefusal::TitleUnfit { most: 120 }));
        assert_eq!(text("停\n车", &[(1, "一")]).fitted(), Err(TextRefusal::TitleUnfit { most: 120 }));
        assert_eq!(text("停车", &[]).fitted(), Err(TextRefusal::ParagraphsUnfit { most: 200 }));
        assert_eq!(text("停车", &[(1, "一"), (1, "二")]).fitted(), Err(TextRefusal::ParagraphsUnfit { most: 200 }));
        for wrong in ["", "\u{3000}", "一\u{7}", "一\u{202e}二", "\u{200b}", &"长".repeat(2_001)] {
            assert_eq!(text("停车", &[(1, wrong)]).fitted(), Err(TextRefusal::ParagraphUnfit { most: 2_000 }));
        }
        let long = "长".repeat(2_000);
        let paragraphs: Vec<_> = (0..11).map(|id| (id, long.as_str())).collect();
        assert!(text("停车", &paragraphs[..10]).fitted().is_ok());
        assert_eq!(text("停车", &paragraphs).fitted(), Err(TextRefusal::TextTooLong { most: 20_000 }));
    }
}
