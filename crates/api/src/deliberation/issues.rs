//! Residents' issues.
//!
//! - Those admitted once are public. Others are shown to who raised them and to those who may admit them, and so is
//!   why one was turned away. Whoever endorses one that is not admitted yet sees what they endorse.
//! - Who raised one is shown by the person's id, the name as a representative's is.

use std::future::ready;

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::deliberation::issues::{
    AdmitIssue, AnswerIssue, CloseIssue, EndorseIssue, RaiseIssue, TakeUpIssue, TakenUp, TurnIssueAway, WithdrawEndorsement, WithdrawIssue,
};
use gongyi_domain::{
    access::authority::{Scope, Subject, To},
    deliberation::issue::{ADMIT_ISSUE, ISSUES, IssuePhase as Stored},
    values::{CouncilId, ResidentIssueId},
};
use gongyi_projections::{IssueFilter as Filter, IssueRow, UnadmittedSeen};

use super::{
    councils::{self, Council},
    motion::Motion,
    motion_categories::MotionCategory,
    threads,
};
use crate::{
    access::{
        agents::Agent,
        personal::{Met, Named, is_own_doing},
    },
    door::Door,
    ids,
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Moment, Position},
    table::{Oneself, mutations},
};

phase! {
    /// Where an issue stands.
    IssuePhase of Stored {
        /// 待审核: raised, not screened.
        Raised,
        /// 征集附议中: screened, gathering endorsements.
        Admitted,
        /// 已提交议事会: before the council.
        Qualified,
        /// 已立案: a motion was made of it.
        TakenUp,
        /// 已答复: answered.
        Answered,
        /// 未受理: not admitted, for good.
        TurnedAway,
        /// 已撤回: withdrawn by who raised it, for good.
        Withdrawn,
        /// 已办结: closed for good.
        Closed,
    }
}

/// Whether the asker raised it or may admit it.
fn sees_unadmitted(door: &Door<'_>, row: &IssueRow) -> bool {
    door.is(row.raised_by) || door.allowed(&ADMIT_ISSUE, &Subject::area(row.area.clone()))
}

/// What a list shows the asker of what was never admitted: as [`sees_unadmitted`].
fn unadmitted_seen(door: &Door<'_>) -> UnadmittedSeen {
    let mut seen = UnadmittedSeen { person: door.actor().person(), ..UnadmittedSeen::default() };
    for grant in door.actor().grants() {
        if ADMIT_ISSUE.open_to.contains(&To::Holders(grant.role)) {
            match &grant.scope {
                Scope::Everywhere => seen.everywhere = true,
                Scope::Area(area) => seen.areas.push(area.clone()),
                Scope::Organisation(_) => {}
            }
        }
    }
    seen
}

/// A resident's issue.
pub struct ResidentIssue(pub(crate) IssueRow);

/// What a resident wants the council to deal with (居民议题).
#[Object]
impl ResidentIssue {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The council it is raised to.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        councils::council(&Door::of(ctx)?, self.0.council).await
    }
    /// The code of the area it is about.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// What it is about.
    fn category(&self) -> MotionCategory {
        self.0.category.into()
    }
    /// Its title; null once who raised it was erased.
    fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }
    /// What it says; null once who raised it was erased.
    fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }
    /// Who raised it, by the person's id; null where the name is masked.
    async fn raised_by(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Met::as_resident(self.0.raised_by).id(&Door::of(ctx)?).await
    }
    /// The name of who raised it; masked, `张*`, for those who may not see personal data; null once erased.
    async fn raised_by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Met::as_resident(self.0.raised_by).name(&Door::of(ctx)?).await
    }
    /// Who wrote it down, where that was not who raised it: the words are theirs, on behalf of who raised it.
    fn entered_by(&self) -> Option<Agent> {
        let own = is_own_doing(&self.0.entered_by, self.0.raised_by);
        (!own).then(|| Agent(self.0.entered_by.clone()))
    }
    /// When it was raised.
    fn raised_at(&self) -> Moment {
        Moment(self.0.raised_at)
    }
    /// When anything of it changed last.
    fn changed_at(&self) -> Moment {
        Moment(self.0.changed_at)
    }
    /// Where it stands.
    fn phase(&self) -> IssuePhase {
        self.0.phase.into()
    }
    /// How many endorse it.
    fn endorsements(&self) -> u32 {
        self.0.endorsements
    }
    /// How many endorsements put it before the council: as the charter said then, or says now.
    async fn endorsements_needed(&self, ctx: &Context<'_>) -> Result<Option<u32>, Error> {
        if self.0.needed.is_some() {
            return Ok(self.0.needed);
        }
        let council = Door::of(ctx)?.load(self.0.council).await?;
        Ok(council.and_then(|row| row.state.charters.last().map(|charter| charter.issues.endorsements_needed)))
    }
    /// Whether the asker endorses it; null for who is no registered person.
    async fn i_endorse(&self, ctx: &Context<'_>) -> Result<Option<bool>, Error> {
        let door = Door::of(ctx)?;
        match door.actor().person() {
            Some(person) => door.read(door.app.views().endorses(self.0.id, person).await).map(Some),
            None => Ok(None),
        }
    }
    /// The motion made of it.
    fn motion(&self) -> Option<ID> {
        self.0.motion.as_ref().map(ids::id)
    }
    /// What came of it: the motion made of it, and those it was merged into or taken over as, as far as the asker may read
    /// them.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn motions(&self, ctx: &Context<'_>) -> Result<List<Motion>, Error> {
        threads::motions_from(&Door::of(ctx)?, self.0.motion).await
    }
    /// What the council answered.
    fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }
    /// Why it was turned away; for who raised it and those who screen.
    fn reason(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let sees = sees_unadmitted(&Door::of(ctx)?, &self.0);
        Ok(self.0.reason.as_deref().filter(|_| sees))
    }
}

/// An issue, for whoever may read it; one that the asker may not see is as none.
pub(crate) async fn issue_node(door: &Door<'_>, id: ResidentIssueId) -> Result<Option<ResidentIssue>, Error> {
    door.may(&ISSUES, &Subject::default())?;
    let Some(row) = door.load(id).await? else { return Ok(None) };
    let sees = row.admitted || sees_unadmitted(door, &row) || endorses(door, id).await?;
    Ok(sees.then_some(ResidentIssue(row)))
}

async fn endorses(door: &Door<'_>, id: ResidentIssueId) -> Result<bool, Error> {
    match door.actor().person() {
        Some(person) => door.read(door.app.views().endorses(id, person).await),
        None => Ok(false),
    }
}

/// Which issues.
#[derive(Default, InputObject)]
pub struct IssueFilter {
    /// Raised to this council.
    council: Option<ID>,
    /// About this area or one within it.
    area: Option<AreaCode>,
    /// That stand in one of these ways; any if empty.
    #[graphql(default)]
    phases: Vec<IssuePhase>,
    /// Of this category.
    category: Option<MotionCategory>,
    /// Raised by this person; only for oneself and those who may see personal data of that person.
    raised_by: Option<ID>,
}

/// The root fields about issues.
#[derive(Default)]
pub struct IssueQueries;

#[Object]
impl IssueQueries {
    /// Issues, by the time of raising. Those admitted are open to everybody; others to who raised them and those who
    /// screen.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn issues(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which issues.")] filter: Option<IssueFilter>,
        #[graphql(desc = "The last first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<ResidentIssue>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let filter = filter.unwrap_or_default();
        door.may(&ISSUES, &Subject::default())?;
        let raised_by = filter.raised_by.as_ref().map(ids::asked).transpose()?;
        if let Some(person) = raised_by {
            // Else a name known from elsewhere would be joined to an issue that shows none.
            door.require_sight_of(person).await?;
        }
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            council: filter.council.as_ref().map(ids::asked).transpose()?,
            area: filter.area.map(|it| it.0),
            phases: filter.phases.into_iter().map(Stored::from).collect(),
            category: filter.category.map(Into::into),
            raised_by,
            unadmitted: unadmitted_seen(&door),
        };
        let page = door.read(door.app.views().issues(&filter, descending.unwrap_or_default(), &page).await)?;
        Ok(paging::paged(page, ResidentIssue))
    }

    /// One issue; null if there is none, or none that the asker may see.
    async fn issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<ResidentIssue>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        issue_node(&door, ids::asked(&id)?).await
    }
}

payloads! {
    /// A resident's issue, after a command.
    IssuePayload(ResidentIssueId) {
        /// The issue.
        issue: ResidentIssue = |door, id| issue_node(door, *id),
    }
    /// A resident's issue that a motion was made of.
    TakenUpIssuePayload(TakenUp) {
        /// The issue.
        issue: ResidentIssue = |door, taken_up| issue_node(door, taken_up.issue),
        /// The motion made of it.
        motion: ID = |_door, taken_up| ready(Ok::<_, Error>(Some(ids::id(&taken_up.motion)))),
    }
}

mutations! {
    /// The root fields that change issues.
    pub struct IssueMutations;

    /// Raise an issue to a council, or write down for a resident what was said.
    RaiseIssue -> IssuePayload {
        /// To which council.
        council: CouncilId,
        /// The area it is about, the council's or one within it; the council's if not said.
        area: Option<AreaCode>,
        /// In whose name; one's own if not said.
        raised_by: Oneself,
        /// What it is about.
        category: MotionCategory,
        /// Its title.
        title: String,
        /// What it says.
        text: String,
    }

    /// Endorse an issue, for oneself.
    EndorseIssue -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
    } for person

    /// Take one's endorsement back.
    WithdrawEndorsement -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
    } for person

    /// Withdraw an issue that is not before the council yet.
    WithdrawIssue -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
        /// In whose name; one's own if not said.
        by: Oneself,
    }

    /// Admit an issue: it is public and gathers endorsements.
    AdmitIssue -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
    }

    /// Turn an issue away for good.
    TurnIssueAway -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
        /// Why; told to who raised it.
        reason: String,
    }

    /// Make an issue a motion: its draft, moved by a representative.
    TakeUpIssue -> TakenUpIssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
        /// The representative who moves it; oneself if not said.
        mover: Oneself,
        /// What the motion is called.
        title: String,
        /// What it says, by paragraphs.
        paragraphs: Vec<String>,
    }

    /// Answer an issue, in public.
    AnswerIssue -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
        /// What the council says, and why; about the matter, not about a person.
        answer: String,
    }

    /// Close an issue that was answered.
    CloseIssue -> IssuePayload {
        /// Which issue.
        issue: ResidentIssueId,
    }
}
