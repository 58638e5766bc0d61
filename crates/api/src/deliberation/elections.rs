//! Elections and recalls of representatives. Their polls are prepared, opened and counted as all polls are.
//!
//! - Who stands does so under their name; who was put forward and has not answered yet is masked.
//! - The list of proxies is for everybody once it is published, as the law has it.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_app::deliberation::elections::{
    AnswerNomination, CallElection, CallRunOff, CertifyElection, Nominate, PublishProxies, RegisterProxy, VoidElection,
};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::{
        ballot::Method,
        council::{Council, CouncilRefusal},
        election::{ELECTIONS, ElectionEvent, ElectionPhase as Stored, ElectionRefusal, Nominee as Named},
        election_terms::{CandidateOrder as Order, ElectionKind as Kind, ElectionTerms, VoidReason as Why},
        poll::POLL_RECORDS,
        poll_terms::BallotOption,
    },
    refusal::Refusal,
    values::{CouncilId, ElectionId, PersonId},
};
use gongyi_projections::{ElectionFilter as Filter, ElectionRow, ProxyRow};

use super::{
    decision_rules::{DecisionRule, RuleInput},
    poll::{
        self, Options, Poll, PollPerson,
        outcome::PollOutcome,
        preparing::{MethodInput, VotingMethod},
    },
};
use crate::{
    access::areas::{self, Area},
    door::Door,
    fault, ids,
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Moment, Position},
    table::{Oneself, Payload, mutations},
};

phase! {
    /// How far an election has come.
    ElectionPhase of Stored {
        /// Nominations and proxies come in.
        Called,
        /// The candidates are fixed.
        PollAttached,
        /// The electorate is fixed: the poll was opened.
        Frozen,
        /// The result stands.
        Certified,
        /// It counts for nothing.
        Voided,
    }
}

/// What an election decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ElectionKind {
    /// Who sits in the council.
    Seats,
    /// 另行选举: who fills the seats that an election left.
    RunOff,
    /// 罢免: whether a representative stays.
    Recall,
}

/// In which order candidates stand on the ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Order")]
pub enum CandidateOrder {
    /// As they were put forward.
    Nomination,
    /// 按姓氏笔画为序: by the strokes of their surnames in the mainland's form, how many and then of which kinds.
    SurnameStrokes,
}

/// Why an election is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VoidReason {
    /// Too few of the roll voted.
    TooFewVoted,
    /// The counts contradict each other, as more ballots than voters.
    CountsContradict,
    /// The ballots are not as many as the participations.
    BallotsMissing,
    /// As was decided, with a reason.
    Decided,
}

/// Somebody put forward.
#[derive(SimpleObject)]
pub struct Nominee {
    /// Who.
    person: PollPerson,
    /// They stand.
    accepted: bool,
    /// How many put them forward.
    nominator_count: usize,
}

/// A proxy.
pub struct ElectionProxy(ProxyRow);

/// Whose vote is cast by whom.
#[Object]
impl ElectionProxy {
    /// Whose vote.
    fn principal(&self) -> PollPerson {
        PollPerson::resident(self.0.principal)
    }
    /// Who casts it.
    fn proxy(&self) -> PollPerson {
        PollPerson::resident(self.0.proxy)
    }
}

/// What became of an election.
pub struct ElectionConclusion {
    event: ElectionEvent,
    at: gongyi_domain::values::Instant,
    options: Options,
}

impl ElectionConclusion {
    fn people(&self, of: &[PersonId]) -> List<PollPerson> {
        of.iter().map(|person| PollPerson(self.options.met(*person))).collect()
    }

    fn void(&self) -> Option<&Why> {
        if let ElectionEvent::ElectionVoided { reason, .. } = &self.event { Some(reason) } else { None }
    }
}

/// What became of an election: a certificate, or why it is void.
#[Object]
impl ElectionConclusion {
    /// When it was certified or voided.
    fn at(&self) -> Moment {
        Moment(self.at)
    }
    /// Who is elected; nobody in a recall.
    fn elected(&self) -> List<PollPerson> {
        let elected: &[PersonId] = if let ElectionEvent::ElectionCertified { elected, .. } = &self.event { elected } else { &[] };
        self.people(elected)
    }
    /// In a recall: the representative is recalled.
    fn recalled(&self) -> Option<bool> {
        if let ElectionEvent::ElectionCertified { recalled, .. } = &self.event { *recalled } else { None }
    }
    /// Seats without anybody.
    fn seats_left(&self) -> Option<u16> {
        if let ElectionEvent::ElectionCertified { seats_left, .. } = &self.event { Some(*seats_left) } else { None }
    }
    /// Who would stand in a run-off for them.
    fn run_off_candidates(&self) -> List<PollPerson> {
        let run_off: &[PersonId] = if let ElectionEvent::ElectionCertified { run_off, .. } = &self.event { run_off } else { &[] };
        self.people(run_off)
    }
    /// Why it is void; null if it is not.
    fn void_reason(&self) -> Option<VoidReason> {
        self.void().map(|why| match why {
            Why::TooFewVoted => VoidReason::TooFewVoted,
            Why::CountsContradict => VoidReason::CountsContradict,
            Why::BallotsMissing => VoidReason::BallotsMissing,
            Why::Decided { .. } => VoidReason::Decided,
        })
    }
    /// The reason that was given, if it was voided by decision.
    fn void_text(&self) -> Option<&str> {
        self.void().and_then(|why| match why {
            Why::Decided { reason } => Some(reason.as_str()),
            Why::TooFewVoted | Why::CountsContradict | Why::BallotsMissing => None,
        })
    }
    /// What the rule made of the poll, with the printed reason.
    fn outcome(&self) -> Option<PollOutcome> {
        let outcome = match &self.event {
            ElectionEvent::ElectionCertified { outcome, .. } => Some(outcome),
            ElectionEvent::ElectionVoided { outcome, .. } => outcome.as_ref(),
            ElectionEvent::ElectionCalled { .. }
            | ElectionEvent::NomineePutForward { .. }
            | ElectionEvent::NominationAccepted { .. }
            | ElectionEvent::NominationWithdrawn { .. }
            | ElectionEvent::ProxyRegistered { .. }
            | ElectionEvent::ProxyRevoked { .. }
            | ElectionEvent::ProxiesPublished { .. }
            | ElectionEvent::PollAttached { .. }
            | ElectionEvent::ElectorateFrozen { .. }
            | ElectionEvent::RunOffCalled { .. } => None,
        };
        outcome.map(|outcome| PollOutcome { outcome: outcome.clone(), options: self.options.clone() })
    }
}

/// An election.
pub struct Election(pub(crate) ElectionRow);

impl Election {
    fn terms(&self, door: &Door<'_>) -> Result<&ElectionTerms, Error> {
        self.0.state.terms().map_err(|refusal| door.internal(&refusal))
    }

    /// The candidates as options of a ballot.
    fn options(&self, door: &Door<'_>) -> Result<Options, Error> {
        let terms = self.terms(door)?;
        let (is_recall, seats) = (matches!(terms.kind, Kind::Recall { .. }), terms.method.seats());
        let of = self.0.state.candidates().into_iter().map(BallotOption::Nominee).collect();
        Ok(Options { of, seats, recalled_from: is_recall.then_some(self.0.council) })
    }
}

/// An election of representatives, its run-off, or a representative's recall: from the call to the certificate.
#[Object]
impl Election {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The id of the council it is for.
    fn council_id(&self) -> ID {
        ids::id(&self.0.council)
    }
    /// The code of the area it is held in.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area it is held in.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// How far it has come.
    fn phase(&self) -> ElectionPhase {
        self.0.phase.into()
    }
    /// What it decides.
    fn kind(&self, ctx: &Context<'_>) -> Result<ElectionKind, Error> {
        Ok(match self.terms(&Door::of(ctx)?)?.kind {
            Kind::Seats => ElectionKind::Seats,
            Kind::RunOff { .. } => ElectionKind::RunOff,
            Kind::Recall { .. } => ElectionKind::Recall,
        })
    }
    /// The election whose seats a run-off fills.
    async fn run_off_of(&self, ctx: &Context<'_>) -> Result<Option<Election>, Error> {
        let door = Door::of(ctx)?;
        match self.terms(&door)?.kind {
            Kind::RunOff { of } => election(&door, of).await,
            Kind::Seats | Kind::Recall { .. } => Ok(None),
        }
    }
    /// Seats to fill; 1 in a recall.
    fn seats(&self, ctx: &Context<'_>) -> Result<u16, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.seats)
    }
    /// How ballots are marked and counted.
    fn method(&self, ctx: &Context<'_>) -> Result<VotingMethod, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.method.into())
    }
    /// What decides.
    fn rule(&self, ctx: &Context<'_>) -> Result<DecisionRule, Error> {
        Ok(DecisionRule::from(self.terms(&Door::of(ctx)?)?.rule.clone()))
    }
    /// In which order candidates stand on the ballot.
    fn candidate_order(&self, ctx: &Context<'_>) -> Result<CandidateOrder, Error> {
        Ok(self.terms(&Door::of(ctx)?)?.candidate_order.into())
    }
    /// When it was called.
    fn called_at(&self) -> Moment {
        Moment(self.0.called_at)
    }
    /// Nominations come in until then.
    fn nominations_until(&self, ctx: &Context<'_>) -> Result<Moment, Error> {
        Ok(Moment(self.terms(&Door::of(ctx)?)?.nominations_until))
    }
    /// The poll opens.
    fn poll_opens(&self, ctx: &Context<'_>) -> Result<Moment, Error> {
        Ok(Moment(self.terms(&Door::of(ctx)?)?.poll_opens))
    }
    /// The poll closes.
    fn poll_closes(&self, ctx: &Context<'_>) -> Result<Moment, Error> {
        Ok(Moment(self.terms(&Door::of(ctx)?)?.poll_closes))
    }
    /// Who was put forward, in that order, or, once the poll is prepared, in the ballot's; in a recall, whom it is about.
    fn nominees(&self, ctx: &Context<'_>) -> Result<List<Nominee>, Error> {
        let options = self.options(&Door::of(ctx)?)?;
        let told = |nominee: &Named| Nominee {
            // Named once they have accepted.
            person: if nominee.accepted { PollPerson(options.met(nominee.person)) } else { PollPerson::resident(nominee.person) },
            accepted: nominee.accepted,
            nominator_count: nominee.nominators.len(),
        };
        Ok(self.0.state.nominees.iter().map(told).collect())
    }
    /// Who stands: as they were put forward until the poll is prepared, then in the ballot's order.
    fn candidates(&self, ctx: &Context<'_>) -> Result<List<PollPerson>, Error> {
        let options = self.options(&Door::of(ctx)?)?;
        Ok(self.0.state.candidates().into_iter().map(|person| PollPerson(options.met(person))).collect())
    }
    /// How many votes are cast by proxies.
    fn proxy_count(&self) -> usize {
        self.0.state.proxies.len()
    }
    /// The list of proxies was published as it is now.
    fn proxies_published(&self) -> bool {
        self.0.state.proxies_published
    }
    /// Whose vote is cast by whom: for everybody once the list is published, before that for who keeps the election.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn proxies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ElectionProxy>, Error> {
        let door = Door::of(ctx)?;
        if !self.0.state.proxies_published && !door.allowed(&POLL_RECORDS, &Subject::area(self.0.area.clone())) {
            return Err(fault::refused(ElectionRefusal::ProxiesNotPublished));
        }
        let page = paging::asked(ctx, first, after, last, before)?;
        let page = door.read(door.lists().proxies_of_election(self.0.id, &page).await)?;
        Ok(paging::paged(page, ElectionProxy))
    }
    /// Its poll.
    async fn poll(&self, ctx: &Context<'_>) -> Result<Option<Poll>, Error> {
        match self.0.poll {
            Some(id) => poll::poll(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// What became of it; null while that is open.
    fn conclusion(&self, ctx: &Context<'_>) -> Result<Option<ElectionConclusion>, Error> {
        let options = self.options(&Door::of(ctx)?)?;
        let concluded = self.0.conclusion.clone().zip(self.0.concluded_at);
        Ok(concluded.map(|(event, at)| ElectionConclusion { event, at, options }))
    }
    /// The run-off for the seats it left.
    async fn run_off(&self, ctx: &Context<'_>) -> Result<Option<Election>, Error> {
        match self.0.state.run_off {
            Some(id) => election(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
}

/// An election; they are public.
pub(crate) async fn election(door: &Door<'_>, id: ElectionId) -> Result<Option<Election>, Error> {
    Ok(door.load(id).await?.map(Election))
}

/// Which elections.
#[derive(Default, InputObject)]
pub struct ElectionFilter {
    /// For this council.
    council: Option<ID>,
    /// Held in this area or within it.
    area: Option<AreaCode>,
    /// That have come this far.
    phase: Option<ElectionPhase>,
}

/// The root fields about elections.
#[derive(Default)]
pub struct ElectionQueries;

#[Object]
impl ElectionQueries {
    /// Elections, the last called first. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn elections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which elections.")] filter: Option<ElectionFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Election>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ELECTIONS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let ElectionFilter { council, area, phase } = filter.unwrap_or_default();
        let filter =
            Filter { council: council.as_ref().map(ids::asked).transpose()?, area: area.map(|it| it.0), phase: phase.map(Stored::from) };
        Ok(paging::paged(door.read(door.app.views().elections(&filter, &page).await)?, Election))
    }

    /// One election; null if there is none. Open to everybody.
    async fn election(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Election>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&ELECTIONS, &Subject::default())?;
        election(&door, ids::asked(&id)?).await
    }
}

payloads! {
    /// An election, after a command.
    ElectionPayload(ElectionId) {
        /// The election.
        election: Election = |door, id| election(door, *id),
    }
}

/// Call an election of a council's representatives, or the recall of one.
#[derive(InputObject)]
pub struct CallElectionInput {
    /// For which council.
    council: ID,
    /// In a recall: which representative, a person's id.
    recall_of: Option<ID>,
    /// How ballots are marked and counted, with the seats to fill; one mark for one seat if not said. A recall is by yes
    /// and no.
    method: Option<MethodInput>,
    /// What decides.
    rule: RuleInput,
    /// Nominations come in until then; until the poll opens if not said.
    nominations_until: Option<Moment>,
    /// The poll opens.
    poll_opens: Moment,
    /// The poll closes.
    poll_closes: Moment,
    /// In which order candidates stand on the ballot; as they were put forward if not said. A run-off keeps it.
    candidate_order: Option<CandidateOrder>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl CallElectionInput {
    /// The command; the election is held in the area of its council.
    async fn command(self, door: &Door<'_>) -> Result<Result<CallElection, Refusal>, Error> {
        let council: CouncilId = match ids::named(&self.council, "council") {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let state = door.app.state::<Council>(council).await.map_err(|fault| fault::rejected(fault, door.asker.correlation))?;
        Ok(state.area.ok_or_else(|| CouncilRefusal::UnknownCouncil.into()).and_then(|area| {
            let (kind, method) = match &self.recall_of {
                Some(id) => (Kind::Recall { representative: ids::named(id, "recallOf")? }, Method::Stances),
                None => (Kind::Seats, self.method.map_or(Ok(Method::Choice), MethodInput::method)?),
            };
            let terms = ElectionTerms {
                council,
                area,
                kind,
                seats: if self.recall_of.is_some() { 1 } else { method.seats() },
                method,
                rule: self.rule.rule()?,
                nominations_until: self.nominations_until.as_ref().unwrap_or(&self.poll_opens).0,
                poll_opens: self.poll_opens.0,
                poll_closes: self.poll_closes.0,
                candidate_order: self.candidate_order.map(Order::from).unwrap_or_default(),
            };
            Ok(CallElection { terms })
        }))
    }
}

/// The root field that calls elections: in the area of a council, which is looked up.
#[derive(Default)]
pub struct ElectionCallMutations;

#[Object]
impl ElectionCallMutations {
    /// Call an election of a council's representatives, or the recall of one.
    async fn call_election(&self, ctx: &Context<'_>, input: CallElectionInput) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = input.command(&door).await?;
        let done = door.does(command_id.as_ref(), command).await?;
        ElectionPayload::shown(&door, done.told, done.answer).await
    }
}

mutations! {
    /// The root fields that change elections.
    pub struct ElectionMutations;

    /// Put somebody forward, oneself or another.
    Nominate -> ElectionPayload {
        /// For which election.
        election: ElectionId,
        /// Whom; oneself if not said. Whoever puts themselves forward has accepted.
        nominee: Oneself,
        /// By whom; oneself if not said. Who keeps the election enters what came in on paper.
        by: Oneself,
    }

    /// Accept a nomination, or withdraw it.
    AnswerNomination -> ElectionPayload {
        /// For which election.
        election: ElectionId,
        /// Who; oneself if not said.
        nominee: Oneself,
        /// They stand; else they stand no more, or not at all.
        stands: bool,
    }

    /// Give a vote to a proxy, who casts three others' at most and passes none on; or take it back.
    RegisterProxy -> ElectionPayload {
        /// In which election.
        election: ElectionId,
        /// Whose vote; one's own if not said.
        principal: Oneself,
        /// To whom it is given; nobody takes it back.
        proxy: Option<PersonId>,
    }

    /// Publish the list of proxies as it is. Without that the poll does not open.
    PublishProxies -> ElectionPayload {
        /// Which election.
        election: ElectionId,
    }

    /// Certify the result of the counted poll; if the rule says so, the election is void with that reason.
    CertifyElection -> ElectionPayload {
        /// Which election.
        election: ElectionId,
    }

    /// Void an election that is not certified.
    VoidElection -> ElectionPayload {
        /// Which election.
        election: ElectionId,
        /// Why; public.
        reason: String,
    }

    /// Call a run-off for the seats an election left, between those whom its result names. Answers with the run-off.
    CallRunOff -> ElectionPayload {
        /// Of which election.
        election: ElectionId,
        /// How ballots are marked and counted; the places are those left.
        method: MethodInput,
        /// What decides.
        rule: RuleInput,
        /// The poll opens.
        poll_opens: Moment,
        /// The poll closes.
        poll_closes: Moment,
    }
}
