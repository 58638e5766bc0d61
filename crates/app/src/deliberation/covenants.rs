//! Residents' covenants: written down once a motion has adopted their text.
//!
//! - The text is the motion's, as it was voted on; nobody types it a second time.
//! - The motion was adopted by its own council, by the rule that the charter has for covenants, and that decision stands.
//! - One decision makes one version, or one repeal, of one covenant: the vote is claimed in the same commit.

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        claim::Purpose,
    },
    deliberation::{
        charter::Matter,
        covenant::{ADOPT_COVENANT, Adoption, Covenant, CovenantCommand, CovenantRefusal, FILE_COVENANT, REPEAL_COVENANT, REVISE_COVENANT},
        meeting::Meeting,
        text::Text,
    },
    values::{AreaCode, CouncilId, CovenantId, Day, MotionId},
};
use serde::Serialize;
use uuid::Uuid;

use super::motion::MotionCase;
use crate::{
    Command,
    rejection::{Rejection, refused},
    work::Work,
};

/// What an adopted motion says about a covenant.
struct Resolved {
    council: CouncilId,
    area: AreaCode,
    text: Text,
    adoption: Adoption,
}

impl Resolved {
    /// What the motion has resolved, if the actor may write it down; the decision is used for `covenant` from now on.
    async fn by(work: &mut Work<'_>, act: &Act, motion: MotionId, covenant: CovenantId) -> Result<Self, Rejection> {
        let MotionCase { motion: loaded, council, case } = MotionCase::load(work, motion).await?;
        work.may(act, &Subject::area(case.area.clone()))?;
        let not_adopted = || refused(CovenantRefusal::MotionNotAdopted);
        let state = loaded.inner();
        let outcome = state.outcome.filter(|it| it.adopted && it.version == state.version).ok_or_else(not_adopted)?;
        let meeting = work.load::<Meeting>(state.meeting.ok_or_else(not_adopted)?).await?.into_inner();
        let vote = meeting.votes.get(&outcome.vote);
        if case.council.require_carried(Matter::Covenant, vote).is_err() {
            return Err(refused(CovenantRefusal::NotVotedAsCovenant));
        }
        let closed = vote.and_then(|vote| vote.closed).ok_or_else(not_adopted)?;
        work.take_claim(Purpose::CovenantVote, &outcome.vote.to_string(), covenant.0).await?;
        let adoption = Adoption { motion, vote: outcome.vote, on: work.day_of(closed) };
        Ok(Self { council, area: case.area, text: state.text.clone(), adoption })
    }

    /// The motion belongs to the covenant's own council.
    async fn is_of(&self, work: &Work<'_>, covenant: CovenantId) -> Result<(), Rejection> {
        match work.load::<Covenant>(covenant).await?.inner().council {
            None => Err(refused(CovenantRefusal::UnknownCovenant)),
            Some(council) if council != self.council => Err(refused(CovenantRefusal::OtherCouncilsMotion)),
            Some(_) => Ok(()),
        }
    }
}

/// Write down the covenant that a motion adopted.
#[derive(Debug, Serialize)]
pub struct AdoptCovenant {
    /// The motion; its text is the covenant's.
    pub motion: MotionId,
    /// From which day on it holds; from the day of the decision if not said.
    pub effective: Option<Day>,
}

impl Command for AdoptCovenant {
    const ACT: &'static Act = &ADOPT_COVENANT;
    type Answer = CovenantId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CovenantId, Rejection> {
        let id = CovenantId(Uuid::now_v7());
        let Resolved { council, area, text, adoption } = Resolved::by(work, Self::ACT, self.motion, id).await?;
        let effective = self.effective.unwrap_or(adoption.on);
        work.load_and_decide::<Covenant>(id, CovenantCommand::Adopt { council, area, text, adoption, effective }).await?;
        Ok(id)
    }
}

/// Write down the next version of a covenant.
#[derive(Debug, Serialize)]
pub struct ReviseCovenant {
    /// Which.
    pub covenant: CovenantId,
    /// The motion; its text is the version's.
    pub motion: MotionId,
    /// From which day on it holds; from the day of the decision if not said.
    pub effective: Option<Day>,
}

impl Command for ReviseCovenant {
    const ACT: &'static Act = &REVISE_COVENANT;
    type Answer = CovenantId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CovenantId, Rejection> {
        let resolved = Resolved::by(work, Self::ACT, self.motion, self.covenant).await?;
        resolved.is_of(work, self.covenant).await?;
        let Resolved { text, adoption, .. } = resolved;
        let effective = self.effective.unwrap_or(adoption.on);
        work.load_and_decide::<Covenant>(self.covenant, CovenantCommand::Revise { text, adoption, effective }).await?;
        Ok(self.covenant)
    }
}

/// Write down that a motion repealed a covenant.
#[derive(Debug, Serialize)]
pub struct RepealCovenant {
    /// Which.
    pub covenant: CovenantId,
    /// The motion that says so.
    pub motion: MotionId,
    /// From which day on it does not hold any more; from the day of the decision if not said.
    pub effective: Option<Day>,
}

impl Command for RepealCovenant {
    const ACT: &'static Act = &REPEAL_COVENANT;
    type Answer = CovenantId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CovenantId, Rejection> {
        let resolved = Resolved::by(work, Self::ACT, self.motion, self.covenant).await?;
        resolved.is_of(work, self.covenant).await?;
        let effective = self.effective.unwrap_or(resolved.adoption.on);
        let repeal = CovenantCommand::Repeal { adoption: resolved.adoption, effective };
        work.load_and_decide::<Covenant>(self.covenant, repeal).await?;
        Ok(self.covenant)
    }
}

/// Write down that a version was filed (备案).
#[derive(Debug, Serialize)]
pub struct FileCovenant {
    /// Which covenant.
    pub covenant: CovenantId,
    /// Which version, from 1.
    pub version: u32,
    /// The day; today if not said.
    pub on: Option<Day>,
}

impl Command for FileCovenant {
    const ACT: &'static Act = &FILE_COVENANT;
    type Answer = CovenantId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CovenantId, Rejection> {
        let loaded = work.load::<Covenant>(self.covenant).await?;
        let area = loaded.inner().area.clone().ok_or_else(|| refused(CovenantRefusal::UnknownCovenant))?;
        work.may(Self::ACT, &Subject::area(area))?;
        let today = work.today();
        let file = CovenantCommand::File { version: self.version, on: self.on.unwrap_or(today), today };
        work.decide::<Covenant>(loaded, file).await?;
        Ok(self.covenant)
    }
}
