//! A resident's issue (居民议题): what somebody outside the council wants it to deal with.
//!
//! - One endorsement a person; who raised it does not endorse it. Those count who live in the council's area when it is counted.
//! - Screened, and endorsed by as many as the charter asks for, it is before the council: told in the same commit as the
//!   screening or endorsement that made it so. What is before the council is not withdrawn by one person any more.
//! - Nobody screens their own issue; who is turned away is told why.
//! - It becomes a motion or is answered; none is closed without an answer. A representative may make it a motion before it
//!   has enough endorsements; that motion then needs seconds like any other.
//!
//! Title and text are a resident's own words and may tell of the resident: they are sealed under the resident's key and
//! go when the resident is erased. What a council made of it, its motion or its answer, stays.

use std::collections::BTreeSet;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    charter::Raisers,
    motion_category::MotionCategory,
    text::{Prose, REASON_MAX_CHARS},
};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{AreaCode, CouncilId, MotionId, PersonId, Sealed},
};

/// Longest title, in characters; counted before it is sealed.
pub const ISSUE_TITLE_MAX_CHARS: usize = 120;
/// Longest text or reason, in characters; counted before it is sealed.
pub const ISSUE_TEXT_MAX_CHARS: usize = 4_000;
/// Most endorsements of one issue; they stand in its stream.
pub const ENDORSEMENTS_MAX_COUNT: usize = 5_000;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Raise an issue; an organiser may write down for a resident what was said.
pub const RAISE_ISSUE: Act =
    Act { name: "raiseIssue", open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)] };
/// Endorse it: for oneself only.
pub const ENDORSE_ISSUE: Act = Act { name: "endorseIssue", open_to: &[To::Oneself] };
/// Take one's endorsement back.
pub const WITHDRAW_ENDORSEMENT: Act = Act { name: "withdrawEndorsement", open_to: &[To::Oneself] };
/// Withdraw one's issue.
pub const WITHDRAW_ISSUE: Act =
    Act { name: "withdrawIssue", open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)] };
/// Admit it.
pub const ADMIT_ISSUE: Act = Act { name: "admitIssue", open_to: KEEPERS };
/// Turn it away.
pub const TURN_ISSUE_AWAY: Act = Act { name: "turnIssueAway", open_to: KEEPERS };
/// Make it a motion; asked beside the act of drafting one.
pub const TAKE_UP_ISSUE: Act =
    Act { name: "takeUpIssue", open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)] };
/// Answer it.
pub const ANSWER_ISSUE: Act = Act { name: "answerIssue", open_to: KEEPERS };
/// Close it.
pub const CLOSE_ISSUE: Act = Act { name: "closeIssue", open_to: KEEPERS };
/// Read issues; those admitted are public.
pub const ISSUES: Act = Act { name: "issues", open_to: &[To::Anyone] };

/// Where an issue stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuePhase {
    /// Not raised.
    #[default]
    Unknown,
    /// Raised, not screened.
    Raised,
    /// Screened, gathering endorsements.
    Admitted,
    /// Before the council.
    Qualified,
    /// A motion was made of it.
    TakenUp,
    /// Answered.
    Answered,
    /// Not admitted, for good.
    TurnedAway,
    /// Withdrawn by who raised it, for good.
    Withdrawn,
    /// Closed for good.
    Closed,
}

impl IssuePhase {
    /// Its name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Unknown => "不存在",
            Self::Raised => "待审核",
            Self::Admitted => "征集附议中",
            Self::Qualified => "已提交议事会",
            Self::TakenUp => "已立案",
            Self::Answered => "已答复",
            Self::TurnedAway => "未受理",
            Self::Withdrawn => "已撤回",
            Self::Closed => "已办结",
        }
    }

    /// Its name in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Raised => "waiting to be screened",
            Self::Admitted => "gathering endorsements",
            Self::Qualified => "before the council",
            Self::TakenUp => "taken up as a motion",
            Self::Answered => "answered",
            Self::TurnedAway => "turned away",
            Self::Withdrawn => "withdrawn",
            Self::Closed => "closed",
        }
    }
}

/// An issue's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentIssue {
    /// Where it stands.
    pub phase: IssuePhase,
    /// The council it is raised to.
    pub council: Option<CouncilId>,
    /// The area it is about.
    pub area: Option<AreaCode>,
    /// Who raised it.
    pub raised_by: Option<PersonId>,
    /// What it is about.
    pub category: Option<MotionCategory>,
    /// Who endorses it.
    pub endorsers: BTreeSet<PersonId>,
    /// The motion made of it.
    pub motion: Option<MotionId>,
}

/// What may be asked of an issue.
#[derive(Debug, Clone)]
pub enum ResidentIssueCommand {
    /// Raise it.
    Raise {
        /// The council it is raised to.
        council: CouncilId,
        /// The area it is about.
        area: AreaCode,
        /// Who raises it.
        raised_by: PersonId,
        /// What it is about.
        category: MotionCategory,
        /// Its title.
        title: Sealed,
        /// What it says.
        text: Sealed,
    },
    /// Endorse it.
    Endorse {
        /// Who.
        person: PersonId,
        /// Those who endorsed it and live in the council's area now.
        at_home: BTreeSet<PersonId>,
        /// How many endorsements the charter asks for.
        needed: u32,
    },
    /// Take one's endorsement back.
    WithdrawEndorsement {
        /// Who.
        person: PersonId,
    },
    /// Withdraw it.
    Withdraw {
        /// In whose name.
        by: PersonId,
    },
    /// Admit it.
    Admit {
        /// The person who screens, if it is one.
        screener: Option<PersonId>,
        /// Those who endorsed it and live in the council's area now.
        at_home: BTreeSet<PersonId>,
        /// How many endorsements the charter asks for.
        needed: u32,
    },
    /// Turn it away.
    TurnAway {
        /// The person who screens, if it is one.
        screener: Option<PersonId>,
        /// Why; sealed for who raised it.
        reason: Sealed,
    },
    /// Make it a motion: in the same commit as the motion's draft, which names this issue as its origin.
    TakeUp {
        /// The motion.
        motion: MotionId,
    },
    /// Answer it.
    Answer {
        /// What the council says, and why; public, about the matter and not about a person.
        answer: String,
    },
    /// Close it.
    Close,
}

/// What happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResidentIssueEvent {
    /// Raised.
    IssueRaised {
        /// The council it is raised to.
        council: CouncilId,
        /// The area it is about.
        area: AreaCode,
        /// Who raised it.
        raised_by: PersonId,
        /// What it is about.
        category: MotionCategory,
        /// Its title.
        title: Sealed,
        /// What it says.
        text: Sealed,
    },
    /// Endorsed.
    IssueEndorsed {
        /// By whom.
        person: PersonId,
    },
    /// An endorsement was taken back.
    EndorsementWithdrawn {
        /// Whose.
        person: PersonId,
    },
    /// Withdrawn for good.
    IssueWithdrawn {},
    /// Admitted.
    IssueAdmitted {},
    /// Turned away for good.
    IssueTurnedAway {
        /// Why.
        reason: Sealed,
    },
    /// It is before the council.
    IssueQualified {
        /// How many endorse it.
        endorsements: u32,
        /// How many the charter asked for.
        needed: u32,
    },
    /// A motion was made of it.
    IssueTakenUp {
        /// The motion.
        motion: MotionId,
    },
    /// Answered.
    IssueAnswered {
        /// What the council says, and why.
        answer: String,
    },
    /// Closed for good.
    IssueClosed {},
}
impl DomainEvent for ResidentIssueEvent {}

refusals! {
    /// Why an issue says no.
    pub enum ResidentIssueRefusal {
        /// Nothing of this id.
        UnknownIssue("issue", "没有此居民议题", "There is no such issue"),
        /// Raised already.
        IssueExists("issue", "该居民议题已提出", "This issue is raised already"),
        /// Its phase does not allow it.
        IssuePhaseUnfit { zh: &'static str, en: &'static str }("issue", "该居民议题{zh}，不能这样操作", "The issue is {en}; this cannot be done now"),
        /// Endorsed by the same person.
        AlreadyEndorsed("person", "您已附议", "The person has endorsed it already"),
        /// Not endorsed by this person.
        NotEndorsed("person", "您尚未附议", "The person has not endorsed it"),
        /// Endorsed by who raised it.
        OwnEndorsement("person", "不能附议本人提出的议题", "Nobody endorses their own issue"),
        /// As many as the stream takes.
        EndorsementsFull { most: usize }("issue", "附议人数已达上限 {most}", "An issue takes at most {most} endorsements"),
        /// Withdrawn by somebody else.
        NotOwnIssue("issue", "只有提出人可以撤回", "Only who raised it withdraws it"),
        /// Screened by who raised it.
        OwnIssueScreened("issue", "不能审核本人提出的议题", "Nobody screens their own issue"),
        /// The charter gives somebody else the right to raise issues.
        NotARaiser("raisedBy", "按章程，此人不能向本议事会提出议题", "The council's charter does not let this person raise issues"),
        /// At home elsewhere.
        EndorserFromElsewhere("person", "只有本区域居民可以附议", "Only residents of the council's area endorse its issues"),
        /// Outside the council's area.
        IssueAreaUnfit("area", "议题所涉区域须在议事会辖区之内", "The area lies outside the council's"),
        /// The title is no line, or too long.
        IssueTitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// No text, or too long a one.
        IssueTextUnfit { most: usize }("text", "内容须为 1 至 {most} 字", "A text has 1 to {most} printable characters"),
        /// No reason, or too long a one.
        TurningAwayUnfit { most: usize }("reason", "理由须为 1 至 {most} 字", "A reason has 1 to {most} printable characters"),
        /// No answer, or too long a one.
        AnswerUnfit { most: usize }("answer", "答复须为 1 至 {most} 字", "An answer has 1 to {most} characters"),
    }
}

use ResidentIssueEvent as E;
use ResidentIssueRefusal as R;
type Decision = Result<Vec<E>, R>;

impl ResidentIssue {
    fn require(&self, phases: &[IssuePhase]) -> Result<(), R> {
        match self.phase {
            IssuePhase::Unknown => Err(R::UnknownIssue),
            phase if phases.contains(&phase) => Ok(()),
            phase => Err(R::IssuePhaseUnfit { zh: phase.zh(), en: phase.en() }),
        }
    }

    /// Somebody may raise issues: `sits` in the council, is `at_home` in its area.
    ///
    /// # Errors
    /// Whom the charter does not let.
    pub fn require_raiser(raisers: Raisers, sits: bool, at_home: bool) -> Result<(), R> {
        let may = match raisers {
            Raisers::Representatives => sits,
            Raisers::Residents => sits || at_home,
            Raisers::Anyone => true,
        };
        if may { Ok(()) } else { Err(R::NotARaiser) }
    }

    fn require_other_screener(&self, screener: Option<PersonId>) -> Result<(), R> {
        if screener.is_some() && screener == self.raised_by { Err(R::OwnIssueScreened) } else { Ok(()) }
    }

    /// Those who endorse it and still live in the council's area: who has moved away counts here no more.
    pub fn endorsers_at_home(&self, at_home: &BTreeSet<PersonId>) -> usize {
        self.endorsers.intersection(at_home).count()
    }

    fn endorse(&self, person: PersonId, at_home: &BTreeSet<PersonId>, needed: u32) -> Decision {
        self.require(&[IssuePhase::Raised, IssuePhase::Admitted, IssuePhase::Qualified])?;
        if self.raised_by == Some(person) {
            return Err(R::OwnEndorsement);
        }
        if self.endorsers.contains(&person) {
            return Err(R::AlreadyEndorsed);
        }
        if self.endorsers.len() >= ENDORSEMENTS_MAX_COUNT {
            return Err(R::EndorsementsFull { most: ENDORSEMENTS_MAX_COUNT });
        }
        let mut events = vec![E::IssueEndorsed { person }];
        if self.phase == IssuePhase::Admitted {
            events.extend(qualified(self.endorsers_at_home(at_home) + 1, needed));
        }
        Ok(events)
    }
}

/// The event that tells of enough endorsements, if they are.
fn qualified(endorsements: usize, needed: u32) -> Option<E> {
    let endorsements = u32::try_from(endorsements).ok()?;
    (endorsements >= needed).then_some(E::IssueQualified { endorsements, needed })
}

impl Aggregate for ResidentIssue {
    const NAME: &'static str = "resident_issue";
    type State = Self;
    type Command = ResidentIssueCommand;
    type Event = E;
    type Error = R;

    fn handle_command(issue: &Self, command: ResidentIssueCommand) -> Decision {
        match command {
            ResidentIssueCommand::Raise { .. } if issue.phase != IssuePhase::Unknown => Err(R::IssueExists),
            ResidentIssueCommand::Raise { council, area, raised_by, category, title, text } => {
                Ok(vec![E::IssueRaised { council, area, raised_by, category, title, text }])
            }
            ResidentIssueCommand::Endorse { person, at_home, needed } => issue.endorse(person, &at_home, needed),
            ResidentIssueCommand::WithdrawEndorsement { person } => {
                issue.require(&[IssuePhase::Raised, IssuePhase::Admitted, IssuePhase::Qualified])?;
                let endorsed = issue.endorsers.contains(&person);
                if endorsed { Ok(vec![E::EndorsementWithdrawn { person }]) } else { Err(R::NotEndorsed) }
            }
            ResidentIssueCommand::Withdraw { by } => {
                issue.require(&[IssuePhase::Raised, IssuePhase::Admitted])?;
                if issue.raised_by == Some(by) { Ok(vec![E::IssueWithdrawn {}]) } else { Err(R::NotOwnIssue) }
            }
            ResidentIssueCommand::Admit { screener, at_home, needed } => {
                issue.require(&[IssuePhase::Raised])?;
                issue.require_other_screener(screener)?;
                Ok([E::IssueAdmitted {}].into_iter().chain(qualified(issue.endorsers_at_home(&at_home), needed)).collect())
            }
            ResidentIssueCommand::TurnAway { screener, reason } => {
                issue.require(&[IssuePhase::Raised])?;
                issue.require_other_screener(screener)?;
                Ok(vec![E::IssueTurnedAway { reason }])
            }
            ResidentIssueCommand::TakeUp { motion } => {
                issue.require(&[IssuePhase::Admitted, IssuePhase::Qualified])?;
                Ok(vec![E::IssueTakenUp { motion }])
            }
            ResidentIssueCommand::Answer { answer } => {
                issue.require(&[IssuePhase::Admitted, IssuePhase::Qualified, IssuePhase::TakenUp])?;
                let answer = Prose::parse(&answer, REASON_MAX_CHARS, |most| R::AnswerUnfit { most })?;
                Ok(vec![E::IssueAnswered { answer: answer.into() }])
            }
            ResidentIssueCommand::Close => {
                issue.require(&[IssuePhase::Answered])?;
                Ok(vec![E::IssueClosed {}])
            }
        }
    }

    fn apply_event(mut issue: Self, event: E) -> Self {
        match event {
            E::IssueRaised { council, area, raised_by, category, .. } => {
                issue = Self {
                    phase: IssuePhase::Raised,
                    council: Some(council),
                    area: Some(area),
                    raised_by: Some(raised_by),
                    category: Some(category),
                    ..Self::default()
                };
            }
            E::IssueEndorsed { person } => {
                issue.endorsers.insert(person);
            }
            E::EndorsementWithdrawn { person } => {
                issue.endorsers.remove(&person);
            }
            E::IssueWithdrawn {} => issue.phase = IssuePhase::Withdrawn,
            E::IssueAdmitted {} => issue.phase = IssuePhase::Admitted,
            E::IssueTurnedAway { .. } => issue.phase = IssuePhase::TurnedAway,
            E::IssueQualified { .. } => issue.phase = IssuePhase::Qualified,
            E::IssueTakenUp { motion } => {
                issue.phase = IssuePhase::TakenUp;
                issue.motion = Some(motion);
            }
            E::IssueAnswered { .. } => issue.phase = IssuePhase::Answered,
            E::IssueClosed {} => issue.phase = IssuePhase::Closed,
        }
        issue
    }
}

#[cfg(test)]
#[path = "issue_tests.rs"]
mod tests;
