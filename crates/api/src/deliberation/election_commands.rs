//! What changes elections. Their polls are prepared, opened and counted by `poll_commands`.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::deliberation::elections::{
    AnswerNomination, CallElection, CallRunOff, CertifyElection, Nominate, PublishProxies, RegisterProxy, VoidElection,
};
use gongyi_domain::{
    deliberation::{
        ballot::Method,
        council::{Council, CouncilRefusal},
        election_terms::{ElectionKind, ElectionTerms},
    },
    refusal::Refusal,
    values::{CouncilId, ElectionId, PersonId},
};

use super::{
    decision_rules::RuleInput,
    elections::{self, Election},
    poll_inputs::MethodInput,
};
use crate::{
    door::Door,
    fault, ids,
    outcome::payloads,
    scalars::Moment,
    table::{Oneself, Payload, mutations},
};

payloads! {
    /// An election, after a command.
    ElectionPayload(ElectionId) {
        /// The election.
        election: Election = |door, id| elections::election(door, *id),
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
                Some(id) => (ElectionKind::Recall { representative: ids::named(id, "recallOf")? }, Method::Stances),
                None => (ElectionKind::Seats, self.method.map_or(Ok(Method::Choice), MethodInput::method)?),
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
