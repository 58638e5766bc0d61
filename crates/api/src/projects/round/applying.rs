//! Applying in rounds: applications, what reviewers say of them, what became of them.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_app::projects::round::applying::{
    ApplyInRound, AppointReviewer, CloseApplications, DeclareConflict, FormExclusiveGroup, ScoreApplication, ScreenApplication,
    WithdrawApplication,
};
use gongyi_domain::{
    access::authority::Subject,
    projects::{
        round::{
            ROUND_RECORDS, Round as StoredRound,
            terms::{ApplicationPhase as Stored, ConflictGround as StoredGround, RoundPhase, RoundTerms},
        },
        selection::Support as StoredSupport,
    },
    values::{ApplicationId, PersonId, RoundId},
};
use gongyi_projections::{RoundApplicationRow, RoundRow, RoundScoreRow};

use super::{
    Round, RoundPayload,
    calling::Support,
    round,
    selecting::{self, SelectionStep},
};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    door::Door,
    ids::{self, ApplicationKey},
    list::List,
    loaders::{ApplicationIn, ScoresOf},
    outcome::payloads,
    projects::{
        applicants::{Applicant, ApplicantInput},
        project::{self, Project},
    },
    scalars::{Area as AreaCode, Date, Moment, Money},
    table::{Oneself, mutations, wires},
};

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum ApplicationPhase {
    /// 待审核: not screened.
    Submitted,
    /// 入围: screened and in.
    Eligible,
    /// 未入围: screened and out.
    Ineligible,
    /// 已撤回: withdrawn by who applied.
    Withdrawn,
    /// 入选: selected.
    Funded,
    /// 备选: on the reserve list.
    Reserve,
    /// 未入选: eligible and neither selected nor in reserve.
    NotSelected,
    /// 放弃: selected, and declined by who applied.
    Declined,
    /// 已立项: its project was started.
    Started,
}

/// Why a reviewer does not score an application (回避).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredGround")]
pub enum ConflictGround {
    /// Belongs to who applies.
    Membership,
    /// Related to somebody there.
    Kinship,
    /// Employed there, or was.
    Employment,
    /// Gains or loses by it.
    Finances,
    /// Something else.
    Other,
}

wires! {
    ConflictGround => StoredGround = |it| it.into();
}

/// What one reviewer says.
pub struct RoundScore(RoundScoreRow);

impl RoundScore {
    fn met(&self) -> Met {
        Met::in_public(self.0.reviewer, PublicFunction::Reviewer(self.0.round))
    }
}

/// What one reviewer says of one application.
#[Object]
impl RoundScore {
    /// The reviewer, by the person's id; null where the name is masked.
    async fn reviewer(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.met().id(&Door::of(ctx)?).await
    }
    /// The reviewer's name, once the reviewer has accepted; null once erased.
    async fn reviewer_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.met().name(&Door::of(ctx)?).await
    }
    /// The points by criterion; null if none count.
    fn points(&self) -> Option<Vec<u16>> {
        self.0.points.clone()
    }
    /// Why the reviewer does not score it, if so.
    fn conflict(&self) -> Option<ConflictGround> {
        self.0.conflict.map(ConflictGround::from)
    }
    /// When it was said.
    fn at(&self) -> Moment {
        Moment(self.0.at)
    }
}

/// An application.
pub struct RoundApplication(pub(crate) RoundApplicationRow);

impl RoundApplication {
    async fn round_row(&self, door: &Door<'_>) -> Result<Option<RoundRow>, Error> {
        door.load(self.0.round).await
    }

    async fn scores_given(&self, door: &Door<'_>) -> Result<Vec<RoundScoreRow>, Error> {
        Ok(door.load(ScoresOf(self.0.round, self.0.application)).await?.unwrap_or_default())
    }
}

/// The points of all scores that count, of those there could be.
fn points(terms: &RoundTerms, application: ApplicationId, scores: &[RoundScoreRow]) -> StoredSupport {
    let given = scores.iter().filter_map(|score| Some((score.reviewer, score.points.clone()?))).collect();
    StoredRound { scores: BTreeMap::from([(application, given)]), ..StoredRound::default() }.points(terms, application)
}

/// An application in a round. Applications are public; who gave which points is not.
#[Object]
impl RoundApplication {
    /// The global id; it names the round too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&ApplicationKey { round: self.0.round, application: self.0.application })
    }
    /// The round.
    async fn round(&self, ctx: &Context<'_>) -> Result<Option<Round>, Error> {
        round(&Door::of(ctx)?, self.0.round).await
    }
    /// Its place in the order in which they came in, from 1.
    fn place(&self) -> u32 {
        self.0.place
    }
    /// Who applies.
    fn applicant(&self) -> Applicant {
        Applicant { organisation: self.0.organisation, council: self.0.council }
    }
    /// Who wrote it, by the person's id; null where the name is masked.
    async fn written_by(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Met::as_resident(self.0.author).id(&Door::of(ctx)?).await
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn written_by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Met::as_resident(self.0.author).name(&Door::of(ctx)?).await
    }
    /// Its title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// What is to be done.
    fn text(&self) -> &str {
        &self.0.text
    }
    /// The code of the area where it is to be done.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Where it is to be done.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// What it asks for.
    fn ask(&self) -> Money {
        Money(self.0.ask)
    }
    /// The day it came in.
    fn submitted_on(&self) -> Date {
        Date(self.0.submitted_on)
    }
    /// Where it stands.
    fn phase(&self) -> ApplicationPhase {
        self.0.phase.into()
    }
    /// Why it was let in or not; null until it is screened.
    fn screening(&self) -> Option<&str> {
        self.0.screening.as_deref()
    }
    /// The number of its group: of those of one group at most one is selected.
    fn exclusive_group(&self) -> Option<u16> {
        self.0.exclusive_group
    }
    /// Why those of its group exclude each other.
    fn group_reason(&self) -> Option<&str> {
        self.0.group_reason.as_deref()
    }
    /// The points that its reviewers gave it of those they could; null until there is a selection, but for those who may read
    /// the round's records.
    async fn points(&self, ctx: &Context<'_>) -> Result<Option<Support>, Error> {
        let door = Door::of(ctx)?;
        let Some(round) = self.round_row(&door).await? else { return Ok(None) };
        let told = matches!(round.phase, RoundPhase::Selected | RoundPhase::Announced)
            || door.allowed(&ROUND_RECORDS, &Subject::area(round.area.clone()));
        let scores = if told { self.scores_given(&door).await? } else { vec![] };
        Ok((!scores.is_empty()).then(|| Support::from(points(&round.terms, self.0.application, &scores))))
    }
    /// What each reviewer said; for those who may read the round's records. A reviewer reads their own.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn scores(&self, ctx: &Context<'_>) -> Result<List<RoundScore>, Error> {
        let door = Door::of(ctx)?;
        let round = self.round_row(&door).await?;
        let subject = Subject { area: round.as_ref().map(|row| row.area.clone()), ..Subject::default() };
        let reviews = round.is_some_and(|row| row.reviewers.iter().any(|reviewer| door.is(*reviewer)));
        let all = door.allowed(&ROUND_RECORDS, &subject);
        if !all && !reviews {
            door.may(&ROUND_RECORDS, &subject)?;
        }
        let scores = self.scores_given(&door).await?;
        Ok(scores.into_iter().filter(|score| all || door.is(score.reviewer)).map(RoundScore).collect())
    }
    /// What became of it in the selection that stands, and why; null if it was not selected from.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<SelectionStep>, Error> {
        selecting::step_of(&Door::of(ctx)?, self.0.round, self.0.application).await
    }
    /// Its place on the reserve list, from 1; null if it is not there.
    async fn reserve_place(&self, ctx: &Context<'_>) -> Result<Option<usize>, Error> {
        let round = self.round_row(&Door::of(ctx)?).await?;
        Ok(round.and_then(|row| row.reserve.iter().position(|it| *it == self.0.application)).map(|place| place + 1))
    }
    /// Why the award was declined, if it was.
    fn declined(&self) -> Option<&str> {
        self.0.declined.as_deref()
    }
    /// The project that was made of it.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>, Error> {
        match self.0.project {
            Some(id) => project::project(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
}

/// An application; they are public.
pub(crate) async fn application(door: &Door<'_>, key: ApplicationKey) -> Result<Option<RoundApplication>, Error> {
    Ok(door.load(ApplicationIn(key.round, key.application)).await?.map(RoundApplication))
}

payloads! {
    /// An application in a round, after a command.
    RoundApplicationPayload(ApplicationKey) {
        /// The application.
        application: RoundApplication = |door, key| application(door, *key),
        /// The round.
        round: Round = |door, key| round(door, key.round),
    }
}

mutations! {
    /// The root fields that change applications and review them.
    pub struct RoundApplyingMutations;

    /// Apply in a round.
    ApplyInRound -> RoundApplicationPayload {
        /// In which round.
        round: RoundId,
        /// Who applies.
        applicant: ApplicantInput,
        /// Who writes it; oneself if not said.
        by: Oneself,
        /// Its title.
        title: String,
        /// What is to be done.
        text: String,
        /// Where: within the round's area.
        area: AreaCode,
        /// What it asks for.
        ask: Money,
    } = ApplyInRound { round, applicant, by, title, text, area, ask }, move |application| ApplicationKey { round, application };

    /// Withdraw an application that does not stand on a ballot.
    WithdrawApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
    } = WithdrawApplication { round: application.round, application: application.application }, move |_| application;

    /// Close a round for applications, when their last day is over.
    CloseApplications -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Screen an application; not one's own.
    ScreenApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// Whether it is in.
        eligible: bool,
        /// Why; it is public.
        reason: String,
    } = ScreenApplication { round: application.round, application: application.application, eligible, reason }, move |_| application;

    /// Say that of some applications at most one is selected.
    FormExclusiveGroup -> RoundPayload {
        /// In which round.
        round: RoundId,
        /// Its applications, two or more.
        applications: Vec<ApplicationKey>,
        /// Why; it is public.
        reason: String,
    } = FormExclusiveGroup {
        round,
        // One of another round is none of this one's: the round refuses it.
        applications: applications.into_iter().map(|key| key.application).collect(),
        reason,
    };

    /// Appoint a reviewer.
    AppointReviewer -> RoundPayload {
        /// In which round.
        round: RoundId,
        /// Whom, by the person's id.
        reviewer: PersonId,
    }

    /// Declare a reviewer's conflict of interest: a score given before counts for nothing.
    DeclareConflict -> RoundApplicationPayload {
        /// With which application.
        application: ApplicationKey,
        /// Whose; one's own if not said.
        reviewer: Oneself,
        /// Why.
        ground: ConflictGround,
    } = DeclareConflict { round: application.round, reviewer, application: application.application, ground }, move |_| application;

    /// Give an application points, for oneself, in place of those given before.
    ScoreApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// One number for each criterion, in their order.
        points: Vec<u16>,
    } for reviewer
        = ScoreApplication { round: application.round, reviewer, application: application.application, points }, move |_| application;
}
