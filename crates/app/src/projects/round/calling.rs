//! Calling a round, and calling it off.

use gongyi_domain::{
    access::authority::{Act, Subject},
    projects::{
        fund::Fund,
        round::{CALL_ROUND, CANCEL_ROUND, Round, RoundCommand, terms::RoundTerms},
    },
    values::RoundId,
};
use serde::Serialize;
use uuid::Uuid;

use super::kept;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// Call a round.
#[derive(Debug, Serialize)]
pub struct CallRound {
    /// What it is.
    pub terms: RoundTerms,
}

impl Command for CallRound {
    const ACT: &'static Act = &CALL_ROUND;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.terms.area.clone()))?;
        work.require_area(&self.terms.area).await?;
        work.load::<Fund>(self.terms.fund).await?.inner().require_working().map_err(refused)?;
        let id = RoundId(Uuid::now_v7());
        let command = RoundCommand::Call { terms: self.terms.clone(), today: work.today() };
        work.load_and_decide::<Round>(id, command).await?;
        Ok(id)
    }
}

/// Cancel a round for good.
#[derive(Debug, Serialize)]
pub struct CancelRound {
    /// Which.
    pub round: RoundId,
    /// Why.
    pub reason: String,
}

impl Command for CancelRound {
    const ACT: &'static Act = &CANCEL_ROUND;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        work.decide::<Round>(round, RoundCommand::Cancel { reason: self.reason.clone() }).await?;
        Ok(self.round)
    }
}
