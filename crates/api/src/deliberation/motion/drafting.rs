//! A motion's text at its versions; drafting motions, submitting, seconding and screening them.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::deliberation::motion::drafting::{
    AcceptMotion, AttachToMotion, DetachFromMotion, DraftMotion, JoinMotion, ParagraphDraft, ReturnMotion, ReviseMotion, SecondMotion,
    SubmitMotion, TextDraft, WithdrawMotion, WithdrawSecond,
};
use gongyi_domain::{
    refusal::Refusal,
    values::{CouncilId, MotionId},
};
use gongyi_projections::MotionVersionRow;

use super::MotionPayload;
use crate::{
    attachment::{self, AttachmentInput},
    deliberation::{
        motion_categories::MotionCategory,
        texts::{self, DIFFERENCE_COST_FIELDS, Text, TextDifference},
    },
    door::Door,
    ids::{self, AmendmentKey},
    loaders::TextAt,
    scalars::Moment,
    table::{Oneself, mutations, wires},
};

/// A motion's text at a version.
pub struct MotionVersion {
    pub(super) row: MotionVersionRow,
    /// The first version that the asker may read.
    pub(super) readable_from: u32,
}

/// A motion's text at a version.
#[Object]
impl MotionVersion {
    /// The version, from 1.
    fn version(&self) -> u32 {
        self.row.version
    }
    /// Since when it is the text.
    fn written_at(&self) -> Moment {
        Moment(self.row.written_at)
    }
    /// The id of the amendment that made it; null if its movers wrote it.
    fn amendment_id(&self) -> Option<ID> {
        self.row.amendment.map(|amendment| ids::id(&AmendmentKey { motion: self.row.motion, amendment }))
    }
    /// What it says.
    fn text(&self) -> Text {
        Text::from(&self.row.text)
    }
    /// What changed since the version before; null for the first that the asker may read.
    #[graphql(complexity = "DIFFERENCE_COST_FIELDS + child_complexity")]
    async fn difference(&self, ctx: &Context<'_>) -> Result<Option<TextDifference>, Error> {
        if self.row.version <= self.readable_from {
            return Ok(None);
        }
        let before = Door::of(ctx)?.load(TextAt(self.row.motion, self.row.version - 1)).await?;
        Ok(before.map(|before| texts::difference_between(&before.text, &self.row.text)))
    }
}

/// A paragraph.
#[derive(InputObject)]
pub struct ParagraphInput {
    /// Which one of the text before it is; null for a new one.
    id: Option<ID>,
    /// What it says, 1 to 2000 characters.
    text: String,
}

/// A title and paragraphs. What is pasted is tidied: composed, line ends as one character, no white space around it.
#[derive(InputObject)]
pub struct TextInput {
    /// The title, one line of 1 to 120 characters.
    title: String,
    /// The paragraphs in order, 1 to 200, with 20000 characters at most.
    paragraphs: Vec<ParagraphInput>,
}

impl ParagraphInput {
    fn draft(self) -> Result<ParagraphDraft, Refusal> {
        Ok(ParagraphDraft { id: ids::named_maybe(self.id.as_ref(), "text")?, text: self.text })
    }
}

wires! {
    TextInput => TextDraft = |text| {
        TextDraft { title: text.title, paragraphs: text.paragraphs.into_iter().map(ParagraphInput::draft).collect::<Result<_, _>>()? }
    };
}

mutations! {
    /// The root fields that change motions until they are before the council.
    pub struct DraftingMutations;

    /// Draft a motion: version 1, for its movers to work on.
    DraftMotion -> MotionPayload {
        /// For which council.
        council: CouncilId,
        /// Who moves it, a representative: oneself if not said.
        mover: Oneself,
        /// What it is about.
        category: MotionCategory,
        /// What it says.
        text: TextInput,
    }

    /// Rewrite a draft.
    ReviseMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: one of its movers, oneself if not said.
        by: Oneself,
        /// The version one has read: the last.
        against: u32,
        /// What it is about.
        category: MotionCategory,
        /// What it says.
        text: TextInput,
    }

    /// Join a motion's movers, until it is screened.
    JoinMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: oneself if not said, another where the staff writes it down.
        by: Oneself,
    }

    /// Leave a motion's movers, until it is put to the vote; when the last leaves, it is withdrawn for good.
    WithdrawMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: oneself if not said, another where the staff writes it down.
        by: Oneself,
    }

    /// Add a file by reference, until it is put to the vote.
    AttachToMotion -> MotionPayload {
        /// To which motion.
        motion: MotionId,
        /// In whose name: one of its movers, oneself if not said.
        by: Oneself,
        /// The file.
        attachment: AttachmentInput,
    }

    /// Take a file away, while it is a draft.
    DetachFromMotion -> MotionPayload {
        /// From which motion.
        motion: MotionId,
        /// In whose name: one of its movers, oneself if not said.
        by: Oneself,
        /// The file's SHA-256.
        sha256: String,
    } = DetachFromMotion { motion, by, sha256: attachment::digest(&sha256)? };

    /// Submit a motion. It gets its number and is public from then on.
    SubmitMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: oneself if not said, another where the staff writes it down.
        by: Oneself,
    }

    /// Second a motion; never one's own.
    SecondMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: oneself if not said, another where the staff writes it down.
        by: Oneself,
    }

    /// Take one's second back, as long as the seconds are not complete.
    WithdrawSecond -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// In whose name: oneself if not said, another where the staff writes it down.
        by: Oneself,
    }

    /// Screen a motion and take it in; never one's own.
    AcceptMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
    }

    /// Screen a motion and return it with a reason: a draft again, its seconds gone, its number kept.
    ReturnMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// Why, in 1 to 2000 characters: about the matter, not about a person. It is public.
        reason: String,
    }
}
