//! What keeps an organisation or a council from being dissolved: what it has begun and not brought to an end. It is told
//! before, for nothing that people have signed up for, were invited to or are voting in ends without a word.

use crate::refusal::refusals;

/// What is not over yet, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Activities that are open and to come, or at which somebody is still in.
    pub activities: u64,
    /// Meetings that are convened, running or adjourned.
    pub meetings: u64,
    /// Elections that are neither certified nor void.
    pub elections: u64,
    /// Polls that are neither published nor void.
    pub polls: u64,
    /// Projects under way that it carries out.
    pub projects: u64,
}

refusals! {
    /// Why a dissolution is refused.
    pub enum DissolutionRefusal {
        /// Something is not over; the sentence says what.
        UnfinishedBusiness { zh: String, en: String }("", "尚有未了事项：{zh}；请先办结或取消", "It is not done with {en}; finish or cancel them first"),
    }
}

impl Unfinished {
    /// Nothing is left.
    ///
    /// # Errors
    /// [`DissolutionRefusal::UnfinishedBusiness`], which counts what is left.
    pub fn require_none(&self) -> Result<(), DissolutionRefusal> {
        let Self { activities, meetings, elections, polls, projects } = *self;
        let kinds = [
            (activities, "项活动", "activities"),
            (meetings, "次会议", "meetings"),
            (elections, "次选举", "elections"),
            (polls, "次投票", "polls"),
            (projects, "个项目", "projects"),
        ];
        let left = || kinds.iter().filter(|(count, ..)| *count > 0);
        if left().next().is_none() {
            return Ok(());
        }
        let zh: Vec<_> = left().map(|(count, zh, _)| format!("{count} {zh}")).collect();
        let en: Vec<_> = left().map(|(count, _, en)| format!("{count} {en}")).collect();
        Err(DissolutionRefusal::UnfinishedBusiness { zh: zh.join("、"), en: en.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    #[test]
    fn what_is_left_is_counted_by_kind() {
        assert_eq!(Unfinished::default().require_none(), Ok(()));
        let refusal = Unfinished { activities: 2, polls: 1, ..Unfinished::default() }.require_none().unwrap_err();
        let Refusal { code, zh, en, .. } = refusal.into();
        assert_eq!(code, "UnfinishedBusiness");
        assert_eq!(zh, "尚有未了事项：2 项活动、1 次投票；请先办结或取消");
        assert_eq!(en, "It is not done with 2 activities, 1 polls; finish or cancel them first");
    }
}
