//! Selecting: ballots, selections with a reason for each candidate, objections to them.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_app::projects::round::selecting::{
    AnnounceSelection, DeclineAward, ObjectToSelection, PrepareBallot, SelectProjects, SettleObjection,
};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::decision::Wording as StoredWording,
    projects::{
        round::ROUND_RECORDS,
        selection::{Reason, Step},
    },
    values::{ApplicationId, Cents, PollId, RoundId},
};
use gongyi_projections::{ObjectionPhase as StoredPhase, RoundObjectionRow, RoundSelectionRow};

use super::{
    Round, RoundPayload,
    applying::{self, RoundApplication, RoundApplicationPayload},
    calling::{SelectionRule, Support},
    round,
};
use crate::{
    access::personal::{Met, Named},
    deliberation::decision_rules::Wording,
    door::Door,
    ids::{self, ApplicationKey, ObjectionKey},
    list::List,
    loaders::SelectionsOf,
    outcome::payloads,
    paging,
    scalars::{Date, Moment, Money},
    table::mutations,
};

fn money(cents: u64) -> Money {
    Money(Cents::try_new(cents).unwrap_or(Cents::MAX))
}

/// Why a candidate is funded or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SelectionReason {
    /// Funded: it fits.
    Fits,
    /// Funded: its supporters pay for it.
    Shared,
    /// Not funded: it costs more than was left.
    TooExpensive,
    /// Not funded: another one, with more support, did not fit and ended the selection.
    AfterEnd,
    /// Not funded: its supporters have less left than it costs.
    SharesTooSmall,
    /// Not funded: another one of its group is.
    Excluded,
    /// Not funded: less support than the rule asks for.
    BelowThreshold,
    /// Not funded: no support at all.
    NoSupport,
}

/// A step of a selection.
pub struct SelectionStep {
    of: Arc<RoundSelectionRow>,
    step: Step,
}

/// What became of one candidate, and why.
#[Object]
impl SelectionStep {
    /// The candidate's number, from 1.
    fn number(&self) -> u16 {
        self.step.candidate
    }
    /// The application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Option<RoundApplication>, Error> {
        self.candidate(ctx, Some(self.step.candidate)).await
    }
    /// What it costs.
    fn cost(&self) -> Money {
        money(self.step.cost)
    }
    /// What speaks for it.
    fn support(&self) -> Support {
        self.step.support.into()
    }
    /// Whether it is funded.
    fn funded(&self) -> bool {
        self.step.reason.is_funded()
    }
    /// Why, for programs.
    fn reason(&self) -> SelectionReason {
        match &self.step.reason {
            Reason::Fits { .. } => SelectionReason::Fits,
            Reason::Shared { .. } => SelectionReason::Shared,
            Reason::TooExpensive { .. } => SelectionReason::TooExpensive,
            Reason::AfterEnd { .. } => SelectionReason::AfterEnd,
            Reason::SharesTooSmall { .. } => SelectionReason::SharesTooSmall,
            Reason::Excluded { .. } => SelectionReason::Excluded,
            Reason::BelowThreshold { .. } => SelectionReason::BelowThreshold,
            Reason::NoSupport => SelectionReason::NoSupport,
        }
    }
    /// Why, for people.
    fn wording(&self) -> Wording {
        Wording::from(StoredWording { zh: self.step.zh(), en: self.step.en() })
    }
    /// What was left then: of the budget, or with its supporters.
    fn left(&self) -> Option<Money> {
        match &self.step.reason {
            Reason::Fits { left } | Reason::TooExpensive { left } | Reason::SharesTooSmall { left } => Some(money(*left)),
            Reason::Shared { .. }
            | Reason::AfterEnd { .. }
            | Reason::Excluded { .. }
            | Reason::BelowThreshold { .. }
            | Reason::NoSupport => None,
        }
    }
    /// What each of its supporters pays at most, where they pay for it.
    fn payment(&self) -> Option<Money> {
        match &self.step.reason {
            Reason::Shared { payment, .. } => Some(money(*payment)),
            Reason::Fits { .. }
            | Reason::TooExpensive { .. }
            | Reason::AfterEnd { .. }
            | Reason::SharesTooSmall { .. }
            | Reason::Excluded { .. }
            | Reason::BelowThreshold { .. }
            | Reason::NoSupport => None,
        }
    }
    /// The application that ended the selection before it, or that excludes it.
    async fn because_of(&self, ctx: &Context<'_>) -> Result<Option<RoundApplication>, Error> {
        let number = match &self.step.reason {
            Reason::AfterEnd { ended_by: number } | Reason::Excluded { by: number } => Some(*number),
            Reason::Fits { .. }
            | Reason::Shared { .. }
            | Reason::TooExpensive { .. }
            | Reason::SharesTooSmall { .. }
            | Reason::BelowThreshold { .. }
            | Reason::NoSupport => None,
        };
        self.candidate(ctx, number).await
    }
}

impl SelectionStep {
    async fn candidate(&self, ctx: &Context<'_>, number: Option<u16>) -> Result<Option<RoundApplication>, Error> {
        let place = number.and_then(|number| usize::from(number).checked_sub(1));
        match place.and_then(|place| self.of.candidates.get(place).copied()) {
            Some(application) => applying::application(&Door::of(ctx)?, ApplicationKey { round: self.of.round, application }).await,
            None => Ok(None),
        }
    }
}

/// A selection.
pub struct RoundSelection(Arc<RoundSelectionRow>);

impl RoundSelection {
    fn step(&self, step: &Step) -> SelectionStep {
        SelectionStep { of: Arc::clone(&self.0), step: step.clone() }
    }
}

/// A selection: it follows from scores or ballots by the rule alone, and says why of each candidate.
#[Object]
impl RoundSelection {
    /// The day.
    fn selected_on(&self) -> Date {
        Date(self.0.selected_on)
    }
    /// The rule.
    fn rule(&self) -> SelectionRule {
        SelectionRule(self.0.selection.rule)
    }
    /// The budget.
    fn budget(&self) -> Money {
        money(self.0.selection.budget)
    }
    /// What the funded ones cost together.
    fn spent(&self) -> Money {
        money(self.0.selection.spent())
    }
    /// The last share of everybody, rounded down, by the Method of Equal Shares.
    fn share(&self) -> Option<Money> {
        self.0.selection.share.map(money)
    }
    /// What became of every candidate, in the order in which they were decided on; 500 at most.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn steps(&self) -> List<SelectionStep> {
        self.0.selection.steps.iter().map(|step| self.step(step)).collect()
    }
    /// The id of the objection that annulled it; null if it stands.
    fn annulled_by(&self) -> Option<ID> {
        self.0.annulled_by.map(|objection| ids::id(&ObjectionKey { round: self.0.round, objection }))
    }
}

/// All selections of a round, oldest first.
pub(crate) async fn of_round(door: &Door<'_>, round: RoundId) -> Result<Vec<RoundSelection>, Error> {
    let rows = door.load(SelectionsOf(round)).await?.unwrap_or_default();
    Ok(rows.into_iter().map(|row| RoundSelection(Arc::new(row))).collect())
}

/// The selection of a round that stands.
pub(crate) async fn standing(door: &Door<'_>, round: RoundId) -> Result<Option<RoundSelection>, Error> {
    Ok(of_round(door, round).await?.into_iter().find(|it| it.0.annulled_by.is_none()))
}

/// What became of an application in the selection that stands.
pub(crate) async fn step_of(door: &Door<'_>, round: RoundId, application: ApplicationId) -> Result<Option<SelectionStep>, Error> {
    let Some(selection) = standing(door, round).await? else { return Ok(None) };
    let Some(place) = selection.0.candidates.iter().position(|it| *it == application) else { return Ok(None) };
    let found = selection.0.selection.steps.iter().find(|step| usize::from(step.candidate) == place + 1);
    Ok(found.map(|step| selection.step(step)))
}

/// Where an objection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredPhase")]
pub enum ObjectionPhase {
    /// Not settled.
    Open,
    /// It was right: the selection is annulled.
    Upheld,
    /// It was not.
    Dismissed,
}

/// An objection.
pub struct RoundObjection(pub(crate) RoundObjectionRow);

/// An objection against a selection: for who raised it, and those who may read a round's records.
#[Object]
impl RoundObjection {
    /// The global id; it names the round too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&ObjectionKey { round: self.0.round, objection: self.0.objection })
    }
    /// Who raised it, by the person's id; null where the name is masked.
    async fn raised_by(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Met::as_resident(self.0.person).id(&Door::of(ctx)?).await
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn raised_by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Met::as_resident(self.0.person).name(&Door::of(ctx)?).await
    }
    /// The day.
    fn raised_on(&self) -> Date {
        Date(self.0.raised_on)
    }
    /// Against what, and why; null for those who may not see personal data, and once erased.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let (sight, _) = Met::as_resident(self.0.person).seen(&Door::of(ctx)?).await?;
        Ok(sight.text(self.0.text.as_deref()))
    }
    /// Where it stands.
    fn phase(&self) -> ObjectionPhase {
        self.0.phase.into()
    }
    /// Why it was settled so.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// When it was settled.
    fn settled_at(&self) -> Option<Moment> {
        self.0.settled_at.map(Moment)
    }
}

/// An objection, for who raised it and those who may read a round's records.
pub(crate) async fn objection_node(door: &Door<'_>, key: ObjectionKey) -> Result<Option<RoundObjection>, Error> {
    let found = door.read(door.app.views().round_objection(key.round, key.objection).await)?;
    if found.as_ref().is_some_and(|row| door.is(row.person)) {
        return Ok(found.map(RoundObjection));
    }
    let area = door.load(key.round).await?.map(|row| row.area);
    door.may(&ROUND_RECORDS, &Subject { area, ..Subject::default() })?;
    Ok(found.map(RoundObjection))
}

payloads! {
    /// An objection against a selection, after a command.
    RoundObjectionPayload(ObjectionKey) {
        /// The objection.
        objection: RoundObjection = |door, key| objection_node(door, *key),
        /// The round.
        round: Round = |door, key| round(door, key.round),
    }
}

mutations! {
    /// The root fields that select projects.
    pub struct RoundSelectingMutations;

    /// Put the applications of a round to the residents' ballots: from then on they stay as they are.
    PrepareBallot -> RoundPayload {
        /// Which round.
        round: RoundId,
        /// The poll, prepared with an option for each application that is in.
        poll: PollId,
        /// The applications, in the order of the poll's options.
        options: Vec<ApplicationKey>,
    } = PrepareBallot { round, poll, options: options.into_iter().map(|key| key.application).collect() };

    /// Select the projects of a round: by scores or by published ballots, by its rule alone.
    SelectProjects -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Object to a selection, for oneself: as a resident of the round's area, or as who applied.
    ObjectToSelection -> RoundObjectionPayload {
        /// Of which round.
        round: RoundId,
        /// Against what, and why; kept sealed.
        text: String,
    } for by = ObjectToSelection { round, by, text }, move |objection| ObjectionKey { round, objection };

    /// Settle an objection; one that is right annuls the selection.
    SettleObjection -> RoundPayload {
        /// Which objection.
        objection: ObjectionKey,
        /// Whether it is right: then the selection is annulled.
        upheld: bool,
        /// Why.
        reason: String,
    } = SettleObjection { round: objection.round, objection: objection.objection, upheld, reason };

    /// Announce a selection, when the days for objections are over and all are settled.
    AnnounceSelection -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Decline what was awarded: the reserve moves up in its order.
    DeclineAward -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// Why; it is public.
        reason: String,
    } = DeclineAward { round: application.round, application: application.application, reason }, move |_| application;
}
