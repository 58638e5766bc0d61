//! Accepting a public function that others gave to one, and taking that back.

use gongyi_domain::{
    access::{
        account::{Account, AccountCommand, AccountRefusal},
        authority::{Act, Actor, Subject},
        public_function::{ACCEPT_FUNCTION, FunctionRefusal, PublicFunction, TAKE_BACK_ACCEPTANCE},
    },
    deliberation::{council::Council, poll::Poll},
    projects::round::Round,
    values::{AccountId, PersonId},
};
use serde::Serialize;

use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// The account of whoever does it for oneself.
fn own(work: &mut Work<'_>, act: &Act) -> Result<(AccountId, PersonId), Rejection> {
    let person = work.actor.person();
    work.may(act, &Subject { person, ..Subject::default() })?;
    match work.actor {
        Actor::Account { account, person, .. } => Ok((account, person)),
        Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => Err(refused(AccountRefusal::UnknownAccount)),
    }
}

async fn require_given(work: &Work<'_>, person: PersonId, function: PublicFunction) -> Result<(), Rejection> {
    let given = match function {
        PublicFunction::Seat(council) => work.load::<Council>(council).await?.inner().seats.ever(person),
        PublicFunction::Teller(poll) => work.load::<Poll>(poll).await?.inner().tellers.is_some_and(|tellers| tellers.contains(&person)),
        PublicFunction::Reviewer(round) => work.load::<Round>(round).await?.inner().reviewers.contains(&person),
    };
    if given { Ok(()) } else { Err(refused(FunctionRefusal::FunctionNotGiven)) }
}

/// Accept a public function, for oneself: from now on one is named in it.
#[derive(Debug, Serialize)]
pub struct AcceptFunction {
    /// Which.
    pub function: PublicFunction,
}

impl Command for AcceptFunction {
    const ACT: &'static Act = &ACCEPT_FUNCTION;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let (account, person) = own(work, Self::ACT)?;
        require_given(work, person, self.function).await?;
        work.load_and_decide::<Account>(account, AccountCommand::Accept(self.function)).await?;
        Ok(account)
    }
}

/// Take one's acceptance back: from now on the name is masked again.
#[derive(Debug, Serialize)]
pub struct TakeBackAcceptance {
    /// Of which function.
    pub function: PublicFunction,
}

impl Command for TakeBackAcceptance {
    const ACT: &'static Act = &TAKE_BACK_ACCEPTANCE;
    type Answer = AccountId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AccountId, Rejection> {
        let (account, _) = own(work, Self::ACT)?;
        work.load_and_decide::<Account>(account, AccountCommand::TakeBackAcceptance(self.function)).await?;
        Ok(account)
    }
}
