//! How a motion is decided, and where else it goes: to another council, to a later day, into another motion.

use async_graphql::{Context, Error, Object};
use gongyi_app::deliberation::motion::deciding::{
    AnnulDecision, AnswerReferral, MergeMotions, PostponeMotion, ReconsiderMotion, ReferMotion, ReferralAnswer, RelateMotions,
};
use gongyi_domain::{
    deliberation::motion::Outcome,
    refusal::Refusal,
    values::{CouncilId, MotionId, PersonId, VoteId},
};

use super::{Motion, MotionPayload};
use crate::{
    deliberation::{
        meeting::voting::{self, Vote},
        texts::Text,
    },
    door::Door,
    loaders::TextAt,
    outcome::payloads,
    scalars::Date,
    table::{Oneself, mutations},
};

/// The decision on a motion.
pub struct MotionDecision {
    pub(super) motion: MotionId,
    pub(super) outcome: Outcome,
}

/// How a motion was decided, as far as that stands.
#[Object]
impl MotionDecision {
    /// Adopted, else rejected.
    fn adopted(&self) -> bool {
        self.outcome.adopted
    }
    /// The vote that decided it: rule, counts and reason.
    async fn vote(&self, ctx: &Context<'_>) -> Result<Option<Vote>, Error> {
        voting::of_id(&Door::of(ctx)?, self.outcome.vote).await
    }
    /// The version that was voted on.
    fn version(&self) -> u32 {
        self.outcome.version
    }
    /// The text that was voted on.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<Text>, Error> {
        let row = Door::of(ctx)?.load(TextAt(self.motion, self.outcome.version)).await?;
        Ok(row.map(|row| Text::from(&row.text)))
    }
}

/// A motion that was referred, and what the receiving council made of it.
pub(crate) struct Referral {
    referred: MotionId,
    made: Option<MotionId>,
}

payloads! {
    /// A referral, after its answer.
    ReferralPayload(Referral) {
        /// The motion that was referred.
        referred: Motion = |door, referral| super::motion(door, referral.referred),
        /// The receiving council's motion, if it took it over: a draft with its text and files.
        motion: Motion = |door, referral| super::motion_maybe(door, referral.made),
    }
}

/// Who moves it, to take it over; or why not.
fn referral_answer(mover: Option<PersonId>, reason: Option<String>) -> Result<ReferralAnswer, Refusal> {
    match (mover, reason) {
        (Some(mover), None) => Ok(ReferralAnswer::TakeOver { mover }),
        (None, Some(reason)) => Ok(ReferralAnswer::Decline { reason }),
        (Some(_), Some(_)) | (None, None) => Err(Refusal {
            code: "InvalidInput",
            field: Some("mover"),
            zh: "接收须指明提案人，不接收须说明理由，二者择一".to_owned(),
            en: "Name either who moves it, to take it over, or a reason, to decline".to_owned(),
        }),
    }
}

mutations! {
    /// The root fields that change where motions go.
    pub struct DecidingMutations;

    /// Refer a motion to another council.
    ReferMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// To which council.
        to: CouncilId,
        /// Why, in 1 to 2000 characters. It is public.
        reason: String,
    }

    /// For the receiving council: take over what was referred, as a draft of a motion of its own, or decline to.
    AnswerReferral -> ReferralPayload {
        /// The motion that was referred.
        motion: MotionId,
        /// To take it over: who moves it in the receiving council, one of its representatives.
        mover: Option<PersonId>,
        /// To decline: why, in 1 to 2000 characters. It is public.
        reason: Option<String>,
    } = AnswerReferral { motion, answer: referral_answer(mover, reason)? }, move |made| Referral { referred: motion, made };

    /// Postpone a motion.
    PostponeMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// To which day after today; null until further notice.
        until: Option<Date>,
        /// Why, in 1 to 2000 characters. It is public.
        reason: String,
    }

    /// Merge a motion into another of its council, for good. Answers with the one that remains.
    MergeMotions -> MotionPayload {
        /// The motion that ends.
        motion: MotionId,
        /// The motion of the same council that remains.
        into: MotionId,
        /// Why, in 1 to 2000 characters. It is public.
        reason: String,
    }

    /// Say of two motions that they are to be read together, or no longer.
    RelateMotions -> MotionPayload {
        /// One motion.
        motion: MotionId,
        /// The other.
        other: MotionId,
        /// To be read together; false: no longer.
        #[graphql(default = true)]
        related: bool,
    }

    /// Annul a decision, as when the vote was not held as it must be: the motion is before the council again.
    AnnulDecision -> MotionPayload {
        /// Of which motion.
        motion: MotionId,
        /// The vote that made the decision.
        vote: VoteId,
        /// Why, in 1 to 2000 characters. It is public.
        reason: String,
    }

    /// Take up again what was decided (复议): the motion is before the council again.
    ReconsiderMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// Who moves so, a representative: oneself if not said.
        by: Oneself,
        /// Why, in 1 to 2000 characters. It is public.
        reason: String,
    }
}
