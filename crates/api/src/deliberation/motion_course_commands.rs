//! Where a motion goes besides the vote, and what comes of it.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::deliberation::motion::{
    carrying_out as outcome,
    deciding::{self as course, ReferralAnswer},
};
use gongyi_domain::refusal::Refusal;

use super::{
    motion_commands::{MotionPayload, does},
    motion_inputs::{self as inputs, AttachmentInput, MotionReasonInput},
    motions::{self, Motion},
};
use crate::{access::personal::in_the_name_of, door::Door, ids, outcome::payloads, scalars::Date};

payloads! {
    /// What became of `answerReferral`.
    AnswerReferralPayload {
        /// The motion that was referred.
        referred: Motion,
        /// The receiving council's motion, if it took it over: a draft with its text and files.
        motion: Motion,
    }
}

/// What referring takes.
#[derive(InputObject)]
pub struct ReferMotionInput {
    /// Which motion.
    motion: ID,
    /// To which council.
    to: ID,
    /// Why, in 1 to 2000 characters. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What answering a referral takes: who moves it, or why it is declined.
#[derive(InputObject)]
pub struct AnswerReferralInput {
    /// The motion that was referred.
    motion: ID,
    /// To take it over: who moves it in the receiving council, one of its representatives.
    mover: Option<ID>,
    /// To decline: why, in 1 to 2000 characters. It is public.
    reason: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What postponing takes.
#[derive(InputObject)]
pub struct PostponeMotionInput {
    /// Which motion.
    motion: ID,
    /// To which day after today; null until further notice.
    until: Option<Date>,
    /// Why, in 1 to 2000 characters. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What merging takes.
#[derive(InputObject)]
pub struct MergeMotionsInput {
    /// The motion that ends.
    motion: ID,
    /// The motion of the same council that remains.
    into: ID,
    /// Why, in 1 to 2000 characters. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which motions are to be read together, or no longer.
#[derive(InputObject)]
pub struct RelateMotionsInput {
    /// One motion.
    motion: ID,
    /// The other.
    other: ID,
    /// To be read together; false: no longer.
    #[graphql(default = true)]
    related: bool,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What annulling takes.
#[derive(InputObject)]
pub struct AnnulDecisionInput {
    /// Of which motion.
    motion: ID,
    /// The vote that made the decision.
    vote: ID,
    /// Why, in 1 to 2000 characters. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What reconsidering takes.
#[derive(InputObject)]
pub struct ReconsiderMotionInput {
    /// Which motion.
    motion: ID,
    /// Who moves so, a representative: oneself if not said.
    by: Option<ID>,
    /// Why, in 1 to 2000 characters. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What reporting takes.
#[derive(InputObject)]
pub struct ReportProgressInput {
    /// On which motion.
    motion: ID,
    /// How far it is carried out, 0 to 100. It may fall.
    percent: u8,
    /// What was done, in 1 to 2000 characters. It is public.
    report: String,
    /// Files that show it, 20 at most.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What completing takes.
#[derive(InputObject)]
pub struct CompleteMotionInput {
    /// Which motion.
    motion: ID,
    /// What came of it, in 1 to 2000 characters. It is public.
    report: String,
    /// Files that show it, 20 at most.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What reviewing takes.
#[derive(InputObject)]
pub struct ReviewMotionInput {
    /// Which motion.
    motion: ID,
    /// 1 to 5.
    rating: u8,
    /// In one's own words, at most 1000 characters; stored sealed.
    text: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl AnswerReferralInput {
    fn command(self) -> Result<course::AnswerReferral, Refusal> {
        let motion = inputs::motion(&self.motion)?;
        let answer = match (self.mover, self.reason) {
            (Some(mover), None) => ReferralAnswer::TakeOver { mover: ids::named(&mover, "mover")? },
            (None, Some(reason)) => ReferralAnswer::Decline { reason },
            (Some(_), Some(_)) | (None, None) => {
                return Err(Refusal {
                    code: "InvalidInput",
                    field: Some("mover"),
                    zh: "接收须指明提案人，不接收须说明理由，二者择一".to_owned(),
                    en: "Name either who moves it, to take it over, or a reason, to decline".to_owned(),
                });
            }
        };
        Ok(course::AnswerReferral { motion, answer })
    }
}

/// The root fields that change where motions go, and tell what comes of them.
#[derive(Default)]
pub struct MotionCourseMutations;

#[Object]
impl MotionCourseMutations {
    /// Refer a motion to another council.
    async fn refer_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, where to and why.")] input: ReferMotionInput,
    ) -> Result<MotionPayload, Error> {
        let ReferMotionInput { motion, to, reason, command_id } = input;
        let command = inputs::motion(&motion).and_then(|motion| Ok(course::ReferMotion { motion, to: ids::named(&to, "to")?, reason }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// For the receiving council: take over what was referred, as a draft of a motion of its own, or decline to.
    async fn answer_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and who moves it or why not.")] input: AnswerReferralInput,
    ) -> Result<AnswerReferralPayload, Error> {
        let door = Door::of(ctx)?;
        let (command_id, referred) = (input.command_id.clone(), inputs::motion(&input.motion));
        let done = door.does(command_id.as_ref(), input.command()).await?;
        let (referred, made) = match (done.answer, referred) {
            (Some(made), Ok(referred)) => {
                let made = match made {
                    Some(id) => motions::motion(&door, id).await?,
                    None => None,
                };
                (motions::motion(&door, referred).await?, made)
            }
            (Some(_), Err(_)) | (None, _) => (None, None),
        };
        Ok(AnswerReferralPayload::new(done.told, referred, made))
    }

    /// Postpone a motion.
    async fn postpone_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, until when and why.")] input: PostponeMotionInput,
    ) -> Result<MotionPayload, Error> {
        let PostponeMotionInput { motion, until, reason, command_id } = input;
        let command = inputs::motion(&motion).map(|motion| course::PostponeMotion { motion, until: until.map(|it| it.0), reason });
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Merge a motion into another of its council, for good. Answers with the one that remains.
    async fn merge_motions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: MergeMotionsInput,
    ) -> Result<MotionPayload, Error> {
        let MergeMotionsInput { motion, into, reason, command_id } = input;
        let command =
            inputs::motion(&motion).and_then(|motion| Ok(course::MergeMotions { motion, into: ids::named(&into, "into")?, reason }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Say of two motions that they are to be read together, or no longer.
    async fn relate_motions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RelateMotionsInput,
    ) -> Result<MotionPayload, Error> {
        let RelateMotionsInput { motion, other, related, command_id } = input;
        let command =
            inputs::motion(&motion).and_then(|motion| Ok(course::RelateMotions { motion, other: ids::named(&other, "other")?, related }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Annul a decision, as when the vote was not held as it must be: the motion is before the council again.
    async fn annul_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: AnnulDecisionInput,
    ) -> Result<MotionPayload, Error> {
        let AnnulDecisionInput { motion, vote, reason, command_id } = input;
        let command =
            inputs::motion(&motion).and_then(|motion| Ok(course::AnnulDecision { motion, vote: ids::named(&vote, "vote")?, reason }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Take up again what was decided (复议): the motion is before the council again.
    async fn reconsider_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, who and why.")] input: ReconsiderMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let ReconsiderMotionInput { motion, by, reason, command_id } = input;
        let command = inputs::motion(&motion)
            .and_then(|motion| Ok(course::ReconsiderMotion { motion, by: in_the_name_of(&door, by.as_ref(), "by")?, reason }));
        does(&door, command_id.as_ref(), command).await
    }

    /// Report how far a motion is carried out.
    async fn report_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how far.")] input: ReportProgressInput,
    ) -> Result<MotionPayload, Error> {
        let ReportProgressInput { motion, percent, report, evidence, command_id } = input;
        let command = inputs::motion(&motion)
            .and_then(|motion| Ok(outcome::ReportProgress { motion, percent, report, evidence: inputs::attachments(evidence)? }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Report that a motion is carried out.
    async fn complete_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and what came of it.")] input: CompleteMotionInput,
    ) -> Result<MotionPayload, Error> {
        let CompleteMotionInput { motion, report, evidence, command_id } = input;
        let command = inputs::motion(&motion)
            .and_then(|motion| Ok(outcome::CompleteMotion { motion, report, evidence: inputs::attachments(evidence)? }));
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Take a completion back; residents review again what comes next.
    async fn revoke_completion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: MotionReasonInput,
    ) -> Result<MotionPayload, Error> {
        let MotionReasonInput { motion, reason, command_id } = input;
        let command = inputs::motion(&motion).map(|motion| outcome::RevokeCompletion { motion, reason });
        does(&Door::of(ctx)?, command_id.as_ref(), command).await
    }

    /// Say how well a motion was carried out: residents of the council's area, once, for themselves.
    async fn review_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how well.")] input: ReviewMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let ReviewMotionInput { motion, rating, text, command_id } = input;
        let command = inputs::motion(&motion)
            .and_then(|motion| Ok(outcome::ReviewMotion { motion, by: in_the_name_of(&door, None, "by")?, rating, text }));
        does(&door, command_id.as_ref(), command).await
    }
}
