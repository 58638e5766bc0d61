//! Drafting, submitting, seconding, screening and amending motions.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    Command,
    deliberation::motion::{
        amending as amendments,
        drafting::{self as commands, DraftMotion},
    },
};
use gongyi_domain::{
    refusal::Refusal,
    values::{AmendmentId, MotionId},
};

use super::{
    motion_categories::MotionCategory,
    motion_inputs::{self as inputs, AttachmentInput, MotionInput, MotionReasonInput, TextChangeInput, TextInput},
    motion_parts::Amendment,
    motions::{self, Motion},
};
use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids::{self, AmendmentKey},
    outcome::payloads,
};

payloads! {
    /// What became of a command about a motion.
    MotionPayload {
        /// The motion.
        motion: Motion,
    }
    /// What became of a command about an amendment.
    AmendmentPayload {
        /// The amendment.
        amendment: Amendment,
        /// The motion.
        motion: Motion,
    }
}

/// Does a command that answers with the motion it changed.
pub(crate) async fn does<C>(door: &Door<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<MotionPayload, Error>
where
    C: Command<Answer = MotionId> + Send + 'static,
{
    let done = door.does(command_id, command).await?;
    let motion = match done.answer {
        Some(id) => motions::motion(door, id).await?,
        None => None,
    };
    Ok(MotionPayload::new(done.told, motion))
}

/// Does a command that answers with the amendment it changed.
async fn amends<C>(
    door: &Door<'_>,
    command_id: Option<&ID>,
    motion: Result<MotionId, Refusal>,
    command: Result<C, Refusal>,
) -> Result<AmendmentPayload, Error>
where
    C: Command<Answer = AmendmentId> + Send + 'static,
{
    let done = door.does(command_id, command).await?;
    let (amendment, motion) = match (done.answer, motion) {
        (Some(id), Ok(motion)) => {
            let amendment = door.read(door.app.views().motion_amendment(motion, id).await)?;
            (amendment.map(Amendment), motions::motion(door, motion).await?)
        }
        (Some(_), Err(_)) | (None, _) => (None, None),
    };
    Ok(AmendmentPayload::new(done.told, amendment, motion))
}

/// What drafting takes.
#[derive(InputObject)]
pub struct DraftMotionInput {
    /// For which council.
    council: ID,
    /// Who moves it, a representative: oneself if not said.
    mover: Option<ID>,
    /// What it is about.
    category: MotionCategory,
    /// What it says.
    text: TextInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What rewriting a draft takes.
#[derive(InputObject)]
pub struct ReviseMotionInput {
    /// Which motion.
    motion: ID,
    /// In whose name: one of its movers, oneself if not said.
    by: Option<ID>,
    /// The version one has read: the last.
    against: u32,
    /// What it is about.
    category: MotionCategory,
    /// What it says.
    text: TextInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What attaching takes.
#[derive(InputObject)]
pub struct AttachToMotionInput {
    /// To which motion.
    motion: ID,
    /// In whose name: one of its movers, oneself if not said.
    by: Option<ID>,
    /// The file.
    attachment: AttachmentInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What detaching takes.
#[derive(InputObject)]
pub struct DetachFromMotionInput {
    /// From which motion.
    motion: ID,
    /// In whose name: one of its movers, oneself if not said.
    by: Option<ID>,
    /// The file's SHA-256.
    sha256: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What taking in takes.
#[derive(InputObject)]
pub struct AcceptMotionInput {
    /// Which motion.
    motion: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What proposing takes.
#[derive(InputObject)]
pub struct ProposeAmendmentInput {
    /// To which motion.
    motion: ID,
    /// Who proposes it, a representative: oneself if not said.
    by: Option<ID>,
    /// The version it is made for: the last.
    against: u32,
    /// What it changes, in order, 1 to 50 changes.
    changes: Vec<TextChangeInput>,
    /// What for, at most 2000 characters. It is public.
    grounds: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What revising takes; it replaces all that was proposed.
#[derive(InputObject)]
pub struct ReviseAmendmentInput {
    /// Which amendment.
    amendment: ID,
    /// Its proposer: oneself if not said.
    by: Option<ID>,
    /// The version it is made for: the last.
    against: u32,
    /// What it changes, in order, 1 to 50 changes.
    changes: Vec<TextChangeInput>,
    /// What for, at most 2000 characters. It is public.
    grounds: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What withdrawing an amendment takes.
#[derive(InputObject)]
pub struct WithdrawAmendmentInput {
    /// Which amendment.
    amendment: ID,
    /// Its proposer: oneself if not said.
    by: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What accepting an amendment takes.
#[derive(InputObject)]
pub struct AcceptAmendmentInput {
    /// Which amendment.
    amendment: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What turning an amendment down takes.
#[derive(InputObject)]
pub struct RejectAmendmentInput {
    /// Which amendment.
    amendment: ID,
    /// Why, in 1 to 2000 characters: about the matter, not about a person. It is public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn key(id: &ID) -> Result<AmendmentKey, Refusal> {
    ids::named(id, "amendment")
}

impl DraftMotionInput {
    fn command(self, door: &Door<'_>) -> Result<DraftMotion, Refusal> {
        let mover = in_the_name_of(door, self.mover.as_ref(), "mover")?;
        let council = ids::named(&self.council, "council")?;
        Ok(DraftMotion { council, mover, category: self.category.into(), text: self.text.draft()? })
    }
}

impl ReviseMotionInput {
    fn command(self, door: &Door<'_>) -> Result<commands::ReviseMotion, Refusal> {
        let by = in_the_name_of(door, self.by.as_ref(), "by")?;
        let (motion, text) = (inputs::motion(&self.motion)?, self.text.draft()?);
        Ok(commands::ReviseMotion { motion, by, against: self.against, category: self.category.into(), text })
    }
}

/// What is done to a motion in a person's name.
macro_rules! in_a_name {
    ($door:ident, $input:ident, $command:ident) => {{
        let both = inputs::motion(&$input.motion).and_then(|motion| Ok((motion, in_the_name_of(&$door, $input.by.as_ref(), "by")?)));
        does(&$door, $input.command_id.as_ref(), both.map(|(motion, by)| commands::$command { motion, by })).await
    }};
}

/// The root fields that change motions until they are put to the vote.
#[derive(Default)]
pub struct MotionMutations;

#[Object]
impl MotionMutations {
    /// Draft a motion: version 1, for its movers to work on.
    async fn draft_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is drafted.")] input: DraftMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        does(&door, command_id.as_ref(), input.command(&door)).await
    }

    /// Rewrite a draft.
    async fn revise_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how.")] input: ReviseMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id.clone();
        does(&door, command_id.as_ref(), input.command(&door)).await
    }

    /// Join a motion's movers, until it is screened.
    async fn join_motion(&self, ctx: &Context<'_>, #[graphql(desc = "Who and which.")] input: MotionInput) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        in_a_name!(door, input, JoinMotion)
    }

    /// Leave a motion's movers, until it is put to the vote; when the last leaves, it is withdrawn for good.
    async fn withdraw_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and which.")] input: MotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        in_a_name!(door, input, WithdrawMotion)
    }

    /// Add a file by reference, until it is put to the vote.
    async fn attach_to_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file to which motion.")] input: AttachToMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let AttachToMotionInput { motion, by, attachment, command_id } = input;
        let command = inputs::motion(&motion).and_then(|motion| {
            let by = in_the_name_of(&door, by.as_ref(), "by")?;
            Ok(commands::AttachToMotion { motion, by, attachment: attachment.attachment()? })
        });
        does(&door, command_id.as_ref(), command).await
    }

    /// Take a file away, while it is a draft.
    async fn detach_from_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file from which motion.")] input: DetachFromMotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = inputs::motion(&input.motion).and_then(|motion| {
            let by = in_the_name_of(&door, input.by.as_ref(), "by")?;
            Ok(commands::DetachFromMotion { motion, by, sha256: inputs::digest(&input.sha256)? })
        });
        does(&door, input.command_id.as_ref(), command).await
    }

    /// Submit a motion. It gets its number and is public from then on.
    async fn submit_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and which.")] input: MotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        in_a_name!(door, input, SubmitMotion)
    }

    /// Second a motion; never one's own.
    async fn second_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and which.")] input: MotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        in_a_name!(door, input, SecondMotion)
    }

    /// Take one's second back, as long as the seconds are not complete.
    async fn withdraw_second(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and which.")] input: MotionInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        in_a_name!(door, input, WithdrawSecond)
    }

    /// Screen a motion and take it in; never one's own.
    async fn accept_motion(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: AcceptMotionInput) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let command = inputs::motion(&input.motion).map(|motion| commands::AcceptMotion { motion });
        does(&door, input.command_id.as_ref(), command).await
    }

    /// Screen a motion and return it with a reason: a draft again, its seconds gone, its number kept.
    async fn return_motion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: MotionReasonInput,
    ) -> Result<MotionPayload, Error> {
        let door = Door::of(ctx)?;
        let MotionReasonInput { motion, reason, command_id } = input;
        let command = inputs::motion(&motion).map(|motion| commands::ReturnMotion { motion, reason });
        does(&door, command_id.as_ref(), command).await
    }

    /// Propose an amendment to a motion that is before the council.
    async fn propose_amendment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is proposed.")] input: ProposeAmendmentInput,
    ) -> Result<AmendmentPayload, Error> {
        let door = Door::of(ctx)?;
        let ProposeAmendmentInput { motion, by, against, changes, grounds, command_id } = input;
        let motion = inputs::motion(&motion);
        let command = motion.clone().and_then(|motion| {
            let (by, changes) = (in_the_name_of(&door, by.as_ref(), "by")?, inputs::changes(changes)?);
            Ok(amendments::ProposeAmendment { motion, by, against, changes, grounds })
        });
        amends(&door, command_id.as_ref(), motion, command).await
    }

    /// Change one's amendment, as when the text has moved on.
    async fn revise_amendment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how.")] input: ReviseAmendmentInput,
    ) -> Result<AmendmentPayload, Error> {
        let door = Door::of(ctx)?;
        let ReviseAmendmentInput { amendment, by, against, changes, grounds, command_id } = input;
        let key = key(&amendment);
        let command = key.clone().and_then(|AmendmentKey { motion, amendment }| {
            let (by, changes) = (in_the_name_of(&door, by.as_ref(), "by")?, inputs::changes(changes)?);
            Ok(amendments::ReviseAmendment { motion, amendment, by, against, changes, grounds })
        });
        amends(&door, command_id.as_ref(), key.map(|key| key.motion), command).await
    }

    /// Take one's amendment back.
    async fn withdraw_amendment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WithdrawAmendmentInput,
    ) -> Result<AmendmentPayload, Error> {
        let door = Door::of(ctx)?;
        let key = key(&input.amendment);
        let command = key.clone().and_then(|AmendmentKey { motion, amendment }| {
            Ok(amendments::WithdrawAmendment { motion, amendment, by: in_the_name_of(&door, input.by.as_ref(), "by")? })
        });
        amends(&door, input.command_id.as_ref(), key.map(|key| key.motion), command).await
    }

    /// Merge an amendment into the text: the next version; never one's own.
    async fn accept_amendment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: AcceptAmendmentInput,
    ) -> Result<AmendmentPayload, Error> {
        let door = Door::of(ctx)?;
        let key = key(&input.amendment);
        let command = key.clone().map(|AmendmentKey { motion, amendment }| amendments::AcceptAmendment { motion, amendment });
        amends(&door, input.command_id.as_ref(), key.map(|key| key.motion), command).await
    }

    /// Turn an amendment down.
    async fn reject_amendment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RejectAmendmentInput,
    ) -> Result<AmendmentPayload, Error> {
        let door = Door::of(ctx)?;
        let RejectAmendmentInput { amendment, reason, command_id } = input;
        let key = key(&amendment);
        let command = key.clone().map(|AmendmentKey { motion, amendment }| amendments::RejectAmendment { motion, amendment, reason });
        amends(&door, command_id.as_ref(), key.map(|key| key.motion), command).await
    }
}
