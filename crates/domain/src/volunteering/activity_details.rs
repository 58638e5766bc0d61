//! What an activity is, as it is published and amended: title, place, shifts, conditions.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{category::Category, skill::Skill};
use crate::{
    prose::{Line, Prose},
    refusal::refusals,
    values::{AreaCode, Instant, Minutes, ShiftId},
};

/// Longest title, in characters.
pub const TITLE_MAX_CHARS: usize = 120;
/// Longest place or notice, in characters.
pub const NOTICE_MAX_CHARS: usize = 2_000;
/// Most shifts of one activity.
pub const SHIFTS_MAX_COUNT: usize = 100;
/// Most places of one shift.
pub const CAPACITY_MAX_PLACES: u32 = 10_000;
/// Longest shift, in minutes: a service record may not be longer.
pub const SHIFT_MAX_MINUTES: u32 = 24 * 60;
/// The same in hours, as refusals tell it.
pub(super) const SHIFT_MAX_HOURS: u32 = SHIFT_MAX_MINUTES / 60;
/// Highest minimum age, in years.
pub const MINIMUM_AGE_MAX_YEARS: u32 = 80;

/// One shift of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shift {
    /// Its id.
    pub id: ShiftId,
    /// When it starts.
    pub starts: Instant,
    /// When it ends.
    pub ends: Instant,
    /// How many can take part.
    pub capacity: u32,
}

/// What is said where an activity is dangerous; both are needed then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// The dangers and what to do about them.
    pub notice: String,
    /// The insurance that covers the volunteers (志愿服务条例 art. 16).
    pub insurance: String,
}

/// Everything that is published about an activity and may be amended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Details {
    /// Title.
    pub title: String,
    /// Category.
    pub category: Category,
    /// Where to meet.
    pub place: String,
    /// The area it counts in.
    pub area: AreaCode,
    /// Its shifts.
    pub shifts: Vec<Shift>,
    /// The least age on the day of the shift, in years; 0 for none.
    pub minimum_age: u32,
    /// What a volunteer must be able to do, all of it.
    pub required_skills: BTreeSet<Skill>,
    /// What is said where it is dangerous.
    pub risk: Option<Risk>,
    /// From when on one may sign up.
    pub sign_up_opens: Instant,
    /// Until when one may sign up.
    pub sign_up_closes: Instant,
    /// Withdrawal is possible until this many minutes before the shift starts.
    pub withdrawal_minutes: Minutes,
}

refusals! {
    /// What is wrong with an activity's details.
    pub enum DetailsRefusal {
        /// The title is no line, or too long.
        TitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// No place, or too long a one.
        PlaceUnfit { most: usize }("place", "地点须为 1 至 {most} 字", "A place has 1 to {most} characters"),
        /// No shift, too many, or one id twice.
        ShiftsUnfit { most: usize }("shifts", "须有 1 至 {most} 个互不相同的班次", "There are 1 to {most} different shifts"),
        /// A shift ends before its start, or is too long.
        ShiftSpanUnfit("shifts", "班次须在开始之后 {SHIFT_MAX_HOURS} 小时内结束", "A shift ends after its start and within {SHIFT_MAX_HOURS} hours"),
        /// No place, or too many.
        CapacityUnfit { most: u32 }("shifts", "名额须为 1 至 {most}", "A shift has 1 to {most} places"),
        /// New shifts lie in the future.
        ShiftInPast("shifts", "新班次不能早于现在", "A new shift cannot start in the past"),
        /// Sign-up opens before it closes.
        SignUpWindowUnfit("signUpCloses", "报名截止须晚于报名开始", "Sign-up closes after it opens"),
        /// Too high a minimum age.
        MinimumAgeUnfit { most: u32 }("minimumAge", "最低年龄须为 0 至 {most} 岁", "The minimum age is 0 to {most}"),
        /// Dangerous activities need a notice and an insurance.
        RiskIncomplete { most: usize }("risk", "有风险的活动须同时说明风险和保险，各 1 至 {most} 字", "A dangerous activity needs both a risk notice and an insurance, of 1 to {most} characters each"),
    }
}

impl Details {
    /// These details as they are published at `now`; shifts known to `published` may have started.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn fitted(mut self, published: &[Shift], now: Instant) -> Result<Self, DetailsRefusal> {
        use DetailsRefusal as R;
        let check = |fits: bool, refusal: R| if fits { Ok(()) } else { Err(refusal) };
        self.title = Line::parse(&self.title, TITLE_MAX_CHARS, |most| R::TitleUnfit { most })?.into();
        self.place = Prose::parse(&self.place, NOTICE_MAX_CHARS, |most| R::PlaceUnfit { most })?.into();
        let mut ids: Vec<_> = self.shifts.iter().map(|shift| shift.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let distinct = ids.len() == self.shifts.len() && (1..=SHIFTS_MAX_COUNT).contains(&ids.len());
        check(distinct, R::ShiftsUnfit { most: SHIFTS_MAX_COUNT })?;
        for shift in &self.shifts {
            let span = Minutes::between(shift.starts, shift.ends);
            check(span.is_some_and(|minutes| minutes.0 <= SHIFT_MAX_MINUTES), R::ShiftSpanUnfit)?;
            check((1..=CAPACITY_MAX_PLACES).contains(&shift.capacity), R::CapacityUnfit { most: CAPACITY_MAX_PLACES })?;
            let known = published.iter().any(|old| old.id == shift.id && old.starts == shift.starts);
            check(known || shift.starts >= now, R::ShiftInPast)?;
        }
        check(self.sign_up_opens < self.sign_up_closes, R::SignUpWindowUnfit)?;
        check(self.minimum_age <= MINIMUM_AGE_MAX_YEARS, R::MinimumAgeUnfit { most: MINIMUM_AGE_MAX_YEARS })?;
        for text in self.risk.iter_mut().flat_map(|risk| [&mut risk.notice, &mut risk.insurance]) {
            *text = Prose::parse(text, NOTICE_MAX_CHARS, |most| R::RiskIncomplete { most })?.into();
        }
        Ok(self)
    }
}
