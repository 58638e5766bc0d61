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
    values::{CouncilId, ElectionId},
};

use super::{
    decision_rules::RuleInput,
    elections::{self, Election},
    poll_inputs::MethodInput,
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    fault, ids,
    outcome::{Outcome, payloads},
    scalars::Moment,
};

payloads! {
    /// What became of a command about an election.
    ElectionPayload {
        /// The election.
        election: Election,
    }
}

/// What calling an election or a recall takes.
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
    async fn command(self, door: &Door<'_>) -> Result<Result<CallElection, Refusal>, Error> {
        let council: CouncilId = match ids::named(&self.council, "council") {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let state = door.app.state::<Council>(council).await.map_err(|fault| fault::rejected(fault, door.asker.correlation))?;
        Ok(state.area.ok_or_else(|| CouncilRefusal::UnknownCouncil.into()).and_then(|area| {
            let (kind, method) = match &self.recall_of {
                Some(id) => (ElectionKind::Recall { representative: ids::named(id, "recallOf")? }, Method::Stances),
                None => (ElectionKind::Seats, self.method.as_ref().map_or(Ok(Method::Choice), MethodInput::read)?),
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

/// Who is put forward.
#[derive(InputObject)]
pub struct NominateInput {
    /// For which election.
    election: ID,
    /// Whom; oneself if not said. Whoever puts themselves forward has accepted.
    nominee: Option<ID>,
    /// By whom; oneself if not said. Who keeps the election enters what came in on paper.
    by: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Whether a nominee stands.
#[derive(InputObject)]
pub struct AnswerNominationInput {
    /// For which election.
    election: ID,
    /// Who; oneself if not said.
    nominee: Option<ID>,
    /// They stand; else they stand no more, or not at all.
    stands: bool,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who casts whose vote.
#[derive(InputObject)]
pub struct RegisterProxyInput {
    /// In which election.
    election: ID,
    /// Whose vote; one's own if not said.
    principal: Option<ID>,
    /// To whom it is given; nobody takes it back.
    proxy: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which election.
#[derive(InputObject)]
pub struct ElectionInput {
    /// Which election.
    election: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What voiding an election takes.
#[derive(InputObject)]
pub struct VoidElectionInput {
    /// Which election.
    election: ID,
    /// Why; public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What calling a run-off takes.
#[derive(InputObject)]
pub struct CallRunOffInput {
    /// Of which election.
    election: ID,
    /// How ballots are marked and counted; the places are those left.
    method: MethodInput,
    /// What decides.
    rule: RuleInput,
    /// The poll opens.
    poll_opens: Moment,
    /// The poll closes.
    poll_closes: Moment,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn election_of(id: &ID) -> Result<ElectionId, Refusal> {
    ids::named(id, "election")
}

async fn changed(door: &Door<'_>, done: Outcome<ElectionId>) -> Result<ElectionPayload, Error> {
    let election = match done.answer {
        Some(id) => elections::election(door, id).await?,
        None => None,
    };
    Ok(ElectionPayload::new(done.told, election))
}

/// The root fields that change elections.
#[derive(Default)]
pub struct ElectionMutations;

#[Object]
impl ElectionMutations {
    /// Call an election of a council's representatives, or the recall of one.
    async fn call_election(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is decided, how and when.")] input: CallElectionInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        let command = input.command(&door).await?;
        let done = door.does(command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Put somebody forward, oneself or another.
    async fn nominate(&self, ctx: &Context<'_>, #[graphql(desc = "Whom.")] input: NominateInput) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).and_then(|election| {
            let nominee = in_the_name_of(&door, input.nominee.as_ref(), "nominee")?;
            Ok(Nominate { election, nominee, by: in_the_name_of(&door, input.by.as_ref(), "by")? })
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Accept a nomination, or withdraw it.
    async fn answer_nomination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and how.")] input: AnswerNominationInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).and_then(|election| {
            let nominee = in_the_name_of(&door, input.nominee.as_ref(), "nominee")?;
            Ok(AnswerNomination { election, nominee, stands: input.stands })
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Give a vote to a proxy, who casts three others' at most and passes none on; or take it back.
    async fn register_proxy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, to whom.")] input: RegisterProxyInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).and_then(|election| {
            let principal = in_the_name_of(&door, input.principal.as_ref(), "principal")?;
            Ok(RegisterProxy { election, principal, proxy: ids::named_maybe(input.proxy.as_ref(), "proxy")? })
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Publish the list of proxies as it is. Without that the poll does not open.
    async fn publish_proxies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which election.")] input: ElectionInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).map(|election| PublishProxies { election });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Certify the result of the counted poll; if the rule says so, the election is void with that reason.
    async fn certify_election(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ElectionInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).map(|election| CertifyElection { election });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Void an election that is not certified.
    async fn void_election(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: VoidElectionInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).map(|election| VoidElection { election, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }

    /// Call a run-off for the seats an election left, between those whom its result names. Answers with the run-off.
    async fn call_run_off(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which election, how and when.")] input: CallRunOffInput,
    ) -> Result<ElectionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = election_of(&input.election).and_then(|election| {
            let (method, rule) = (input.method.read()?, input.rule.rule()?);
            Ok(CallRunOff { election, method, rule, poll_opens: input.poll_opens.0, poll_closes: input.poll_closes.0 })
        });
        let done = door.does(input.command_id.as_ref(), command).await?;
        changed(&door, done).await
    }
}
