//! A community benefit activity (公益活动): begun by a representative, or held for a project, and whom it reached.
//!
//! - It names the representative with the seat held when it was begun, or the project it is for, or both: so what
//!   representatives begin, and what projects do, is counted from the same events.
//! - It is held once, on a day that has come; person-times are told then and corrected with a reason.
//! - Held, it is not cancelled any more: what should not count is voided.
//!
//! Volunteers' sign-ups and hours are volunteering's own; a [`service_link`](super::service_link) joins them to it.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    attachment::{self, Attachment, AttachmentRefusal},
    event::DomainEvent,
    prose::{Line, Prose, REASON_MAX_CHARS},
    refusal::{Refusal, refusals},
    values::{AreaCode, CouncilId, Day, PersonId, ProjectId},
};

/// Longest title, in characters.
pub const COMMUNITY_ACTIVITY_TITLE_MAX_CHARS: usize = 120;
/// Most person-times of one activity.
pub const PERSON_TIMES_MAX: u32 = 1_000_000;

/// In one's own name, or written down by an organiser.
const BEGINNERS: &[To] = &[To::Oneself, To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Begin an activity: a representative, or who carries out its project.
pub const BEGIN_COMMUNITY_ACTIVITY: Act = Act { name: "beginCommunityActivity", open_to: BEGINNERS };
/// Report that it was held, and how many it reached.
pub const HOLD_COMMUNITY_ACTIVITY: Act = Act { name: "holdCommunityActivity", open_to: BEGINNERS };
/// Correct how many it reached.
pub const CORRECT_PERSON_TIMES: Act = Act { name: "correctPersonTimes", open_to: KEEPERS };
/// Cancel it before it is held.
pub const CANCEL_COMMUNITY_ACTIVITY: Act = Act { name: "cancelCommunityActivity", open_to: BEGINNERS };
/// Void what was reported.
pub const VOID_COMMUNITY_ACTIVITY: Act = Act { name: "voidCommunityActivity", open_to: KEEPERS };
/// Read activities; they are public, as representatives' names are.
pub const COMMUNITY_ACTIVITIES: Act = Act { name: "communityActivities", open_to: &[To::Anyone] };

/// Where an activity stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityActivityPhase {
    /// Not begun.
    #[default]
    Unknown,
    /// Being prepared.
    Begun,
    /// Held.
    Held,
    /// Cancelled before it was held.
    Cancelled,
    /// Counts for nothing.
    Voided,
}

/// A representative and the council of the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Beginner {
    /// The representative.
    pub person: PersonId,
    /// The council.
    pub council: CouncilId,
}

/// An activity's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityActivity {
    /// Where it stands.
    pub phase: CommunityActivityPhase,
    /// The representative who began it.
    pub begun_by: Option<Beginner>,
    /// The project it is for.
    pub project: Option<ProjectId>,
    /// Its title.
    pub title: String,
    /// Where.
    pub area: Option<AreaCode>,
    /// When it was held.
    pub held_on: Option<Day>,
    /// How many it reached, each time a person came.
    pub person_times: u32,
}

/// What may be asked of an activity.
#[derive(Debug, Clone)]
pub enum CommunityActivityCommand {
    /// Begin it.
    Begin {
        /// The representative; that the seat is held today is asked in the same commit.
        begun_by: Option<Beginner>,
        /// The project it is for.
        project: Option<ProjectId>,
        /// Its title.
        title: String,
        /// Where.
        area: AreaCode,
    },
    /// It was held.
    Hold {
        /// When.
        on: Day,
        /// Today.
        today: Day,
        /// How many it reached.
        person_times: u32,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Another number is right.
    CorrectPersonTimes {
        /// How many it reached.
        person_times: u32,
        /// Why.
        reason: String,
    },
    /// It will not be held.
    Cancel {
        /// Why.
        reason: String,
    },
    /// It counts for nothing.
    Void {
        /// Why.
        reason: String,
    },
}

/// What happened to an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CommunityActivityEvent {
    /// Begun.
    CommunityActivityBegun {
        /// The representative who began it.
        begun_by: Option<Beginner>,
        /// The project it is for.
        project: Option<ProjectId>,
        /// Its title.
        title: String,
        /// Where.
        area: AreaCode,
    },
    /// Held.
    CommunityActivityHeld {
        /// When.
        on: Day,
        /// How many it reached.
        person_times: u32,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// The number was corrected.
    PersonTimesCorrected {
        /// What was told before.
        from: u32,
        /// How many it reached.
        person_times: u32,
        /// Why.
        reason: String,
    },
    /// Cancelled.
    CommunityActivityCancelled {
        /// Why.
        reason: String,
    },
    /// Voided.
    CommunityActivityVoided {
        /// Why.
        reason: String,
    },
}
impl DomainEvent for CommunityActivityEvent {}

refusals! {
    /// Why an activity is refused.
    pub enum CommunityActivityRefusal {
        /// Nothing of this id.
        UnknownCommunityActivity("communityActivity", "没有此公益活动", "There is no such community activity"),
        /// Begun already.
        CommunityActivityExists("communityActivity", "该公益活动已登记", "This community activity is begun already"),
        /// Neither a representative nor a project.
        NobodyBegan("begunBy", "公益活动须由议事代表发起或属于某个项目", "An activity is begun by a representative or belongs to a project"),
        /// No seat in the council.
        BeginnerNotSeated("begunBy", "发起人不是该议事会现任代表", "Who began it holds no seat in this council"),
        /// Neither in the council's area nor in the project's.
        CommunityActivityElsewhere("area", "活动区域须在议事会或项目区域之内", "The activity's area lies outside the council's or the project's"),
        /// Not before it is held, or not after.
        CommunityActivityPhaseUnfit("communityActivity", "该公益活动当前状态不能这样操作", "This cannot be done with the activity as it stands"),
        /// The title is no line, or too long.
        CommunityActivityTitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// It is held today or was before.
        HeldInFuture("on", "举办日期不能晚于今天", "An activity is not reported before it is held"),
        /// Nobody, or too many.
        PersonTimesUnfit { most: u32 }("personTimes", "服务人次须为 1 至 {most}", "Person-times are 1 to {most}"),
        /// The same number.
        PersonTimesUnchanged("personTimes", "人次没有变化", "This is what was told before"),
        /// Words are missing or too many.
        CommunityActivityReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why or what in 1 to {most} characters"),
        /// A file is wrong; the sentence says how.
        CommunityActivityEvidenceUnfit { zh: String, en: String }("evidence", "{zh}", "{en}"),
    }
}

impl From<AttachmentRefusal> for CommunityActivityRefusal {
    fn from(refusal: AttachmentRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::CommunityActivityEvidenceUnfit { zh, en }
    }
}

use CommunityActivityCommand as C;
use CommunityActivityEvent as E;
use CommunityActivityPhase as P;
use CommunityActivityRefusal as R;

fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

/// A reason or report as it is stored.
fn written(text: &str) -> Result<String, R> {
    Prose::parse(text, REASON_MAX_CHARS, |most| R::CommunityActivityReasonUnfit { most }).map(String::from)
}

fn require_person_times(person_times: u32) -> Result<(), R> {
    check((1..=PERSON_TIMES_MAX).contains(&person_times), R::PersonTimesUnfit { most: PERSON_TIMES_MAX })
}

impl CommunityActivity {
    fn require(&self, phase: P) -> Result<(), R> {
        check(self.phase != P::Unknown, R::UnknownCommunityActivity)?;
        check(self.phase == phase, R::CommunityActivityPhaseUnfit)
    }

    /// It was begun and counts: what hours may be linked with.
    ///
    /// # Errors
    /// Unknown, cancelled and voided activities.
    pub fn require_live(&self) -> Result<(), R> {
        check(self.phase != P::Unknown, R::UnknownCommunityActivity)?;
        check(matches!(self.phase, P::Begun | P::Held), R::CommunityActivityPhaseUnfit)
    }
}

impl Aggregate for CommunityActivity {
    const NAME: &'static str = "community_activity";
    type State = Self;
    type Command = CommunityActivityCommand;
    type Event = E;
    type Error = R;

    fn handle_command(activity: &Self, command: CommunityActivityCommand) -> Result<Vec<E>, R> {
        let event = match command {
            C::Begin { begun_by, project, title, area } => {
                check(activity.phase == P::Unknown, R::CommunityActivityExists)?;
                check(begun_by.is_some() || project.is_some(), R::NobodyBegan)?;
                let unfit = |most| R::CommunityActivityTitleUnfit { most };
                let title = Line::parse(&title, COMMUNITY_ACTIVITY_TITLE_MAX_CHARS, unfit)?.into();
                E::CommunityActivityBegun { begun_by, project, title, area }
            }
            C::Hold { on, today, person_times, report, evidence } => {
                activity.require(P::Begun)?;
                check(on <= today, R::HeldInFuture)?;
                require_person_times(person_times)?;
                let (report, evidence) = (written(&report)?, attachment::fitted(evidence)?);
                E::CommunityActivityHeld { on, person_times, report, evidence }
            }
            C::CorrectPersonTimes { person_times, reason } => {
                activity.require(P::Held)?;
                require_person_times(person_times)?;
                let reason = written(&reason)?;
                check(person_times != activity.person_times, R::PersonTimesUnchanged)?;
                E::PersonTimesCorrected { from: activity.person_times, person_times, reason }
            }
            C::Cancel { reason } => {
                activity.require(P::Begun)?;
                E::CommunityActivityCancelled { reason: written(&reason)? }
            }
            C::Void { reason } => {
                activity.require(P::Held)?;
                E::CommunityActivityVoided { reason: written(&reason)? }
            }
        };
        Ok(vec![event])
    }

    fn apply_event(mut activity: Self, event: E) -> Self {
        match event {
            E::CommunityActivityBegun { begun_by, project, title, area } => {
                return Self { phase: P::Begun, begun_by, project, title, area: Some(area), ..activity };
            }
            E::CommunityActivityHeld { on, person_times, .. } => {
                (activity.phase, activity.held_on, activity.person_times) = (P::Held, Some(on), person_times);
            }
            E::PersonTimesCorrected { person_times, .. } => activity.person_times = person_times,
            E::CommunityActivityCancelled { .. } => activity.phase = P::Cancelled,
            E::CommunityActivityVoided { .. } => activity.phase = P::Voided,
        }
        activity
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::scenario::given;

    fn begins(begun_by: Option<Beginner>, project: Option<ProjectId>) -> C {
        C::Begin { begun_by, project, title: "楼道清洁日".into(), area: "440402001001".parse().unwrap() }
    }

    fn representative() -> Option<Beginner> {
        Some(Beginner { person: PersonId(Uuid::from_u128(1)), council: CouncilId(Uuid::from_u128(2)) })
    }

    fn holds(on: &str, person_times: u32) -> C {
        let (on, today) = (on.parse().unwrap(), "2022-03-05".parse().unwrap());
        C::Hold { on, today, person_times, report: "清理三栋楼道".into(), evidence: vec![] }
    }

    #[test]
    fn begun_held_and_corrected() {
        let begun = given::<CommunityActivity>([]).and(begins(representative(), None));
        begun.when(holds("2022-03-06", 80)).then_refused(R::HeldInFuture);
        begun.when(holds("2022-03-05", 0)).then_refused(R::PersonTimesUnfit { most: PERSON_TIMES_MAX });
        let held = begun.and(holds("2022-03-05", 80));
        assert_eq!((held.held_on, held.person_times), (Some("2022-03-05".parse().unwrap()), 80));
        let corrects = |person_times| C::CorrectPersonTimes { person_times, reason: "重复计入".into() };
        held.when(corrects(80)).then_refused(R::PersonTimesUnchanged);
        assert_eq!(held.and(corrects(78)).person_times, 78);
    }

    #[test]
    fn the_repeat_and_the_unknown_are_refused() {
        given::<CommunityActivity>([]).when(holds("2022-03-05", 80)).then_refused(R::UnknownCommunityActivity);
        let begun = given::<CommunityActivity>([]).and(begins(None, Some(ProjectId(Uuid::from_u128(3)))));
        begun.when(begins(representative(), None)).then_refused(R::CommunityActivityExists);
        let held = begun.and(holds("2022-03-05", 80));
        held.when(holds("2022-03-05", 80)).then_refused(R::CommunityActivityPhaseUnfit);
        held.when(C::Cancel { reason: "下雨".into() }).then_refused(R::CommunityActivityPhaseUnfit);
        let voided = held.and(C::Void { reason: "登记错误".into() });
        assert_eq!((voided.phase, voided.require_live()), (P::Voided, Err(R::CommunityActivityPhaseUnfit)));
    }

    #[test]
    fn somebody_begins_it() {
        given::<CommunityActivity>([]).when(begins(None, None)).then_refused(R::NobodyBegan);
    }
}
