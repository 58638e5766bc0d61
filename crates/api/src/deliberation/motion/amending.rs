//! Amendments to motions, and what changes them.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, OneofObject};
use gongyi_app::deliberation::motion::amending::{
    AcceptAmendment, ChangeDraft, ProposeAmendment, RejectAmendment, ReviseAmendment, WithdrawAmendment,
};
use gongyi_domain::{
    deliberation::amendment::{AmendmentPhase as StoredPhase, Change},
    values::MotionId,
};
use gongyi_projections::MotionAmendmentRow;

use super::{Motion, MotionPerson};
use crate::{
    deliberation::texts::{self, DIFFERENCE_COST_FIELDS, TextDifference},
    door::Door,
    ids::{self, AmendmentKey},
    list::List,
    loaders::TextAt,
    outcome::payloads,
    scalars::Moment,
    table::{Oneself, mutations, wires},
};

/// Where an amendment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredPhase")]
pub enum AmendmentPhase {
    /// Proposed, not settled.
    Pending,
    /// Merged into the text.
    Accepted,
    /// Turned down.
    Rejected,
    /// Taken back by its proposer.
    Withdrawn,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TextChangeKind {
    /// Another title.
    Retitle,
    /// Other words in a paragraph.
    Replace,
    /// A new paragraph.
    Insert,
    /// A paragraph less.
    Delete,
}

/// A change of an amendment.
pub struct TextChange(Change);

/// One change that an amendment makes.
#[Object]
impl TextChange {
    /// What it does.
    fn kind(&self) -> TextChangeKind {
        match &self.0 {
            Change::Retitle { .. } => TextChangeKind::Retitle,
            Change::Replace { .. } => TextChangeKind::Replace,
            Change::InsertAfter { .. } => TextChangeKind::Insert,
            Change::Delete { .. } => TextChangeKind::Delete,
        }
    }
    /// The paragraph it replaces, inserts or deletes; null for the title.
    fn paragraph(&self) -> Option<ID> {
        match &self.0 {
            Change::Retitle { .. } => None,
            Change::Replace { paragraph, .. } | Change::InsertAfter { paragraph, .. } | Change::Delete { paragraph } => {
                Some(ids::id(paragraph))
            }
        }
    }
    /// The paragraph behind which it inserts; null for the beginning, and where nothing is inserted.
    fn after(&self) -> Option<ID> {
        match &self.0 {
            Change::InsertAfter { after, .. } => after.map(|after| ids::id(&after)),
            Change::Retitle { .. } | Change::Replace { .. } | Change::Delete { .. } => None,
        }
    }
    /// What title or paragraph shall say; null where a paragraph is deleted.
    fn text(&self) -> Option<&str> {
        match &self.0 {
            Change::Retitle { title } => Some(title),
            Change::Replace { text, .. } | Change::InsertAfter { text, .. } => Some(text),
            Change::Delete { .. } => None,
        }
    }
}

/// An amendment.
pub struct Amendment(pub(super) MotionAmendmentRow);

/// A change to a motion's text, proposed against one version of it.
#[Object]
impl Amendment {
    /// The global id; it names the motion too.
    async fn id(&self) -> ID {
        ids::id(&AmendmentKey { motion: self.0.motion, amendment: self.0.amendment })
    }
    /// Who proposed it.
    async fn proposer(&self, ctx: &Context<'_>) -> Result<Option<MotionPerson>, Error> {
        let motion = Door::of(ctx)?.load(self.0.motion).await?;
        Ok(motion.map(|row| MotionPerson::in_public(self.0.proposer, row.council)))
    }
    /// When.
    fn proposed_at(&self) -> Moment {
        Moment(self.0.proposed_at)
    }
    /// The version it was made for.
    fn against(&self) -> u32 {
        self.0.against
    }
    /// What it changes, in order.
    fn changes(&self) -> List<TextChange> {
        self.0.changes.iter().cloned().map(TextChange).collect()
    }
    /// What it changes in the version it was made for, to be read.
    #[graphql(complexity = "DIFFERENCE_COST_FIELDS + child_complexity")]
    async fn difference(&self, ctx: &Context<'_>) -> Result<Option<TextDifference>, Error> {
        let before = Door::of(ctx)?.load(TextAt(self.0.motion, self.0.against)).await?;
        Ok(before.and_then(|before| {
            let after = before.text.amended(&self.0.changes).ok()?;
            Some(texts::difference_between(&before.text, &after))
        }))
    }
    /// What for.
    fn grounds(&self) -> Option<&str> {
        self.0.grounds.as_deref()
    }
    /// Where it stands.
    fn phase(&self) -> AmendmentPhase {
        self.0.phase.into()
    }
    /// When it was settled.
    fn settled_at(&self) -> Option<Moment> {
        self.0.settled_at.map(Moment)
    }
    /// The version it made, if it was merged.
    fn merged_as(&self) -> Option<u32> {
        self.0.merged_as
    }
    /// The id of the vote that settled it, if one did.
    fn vote_id(&self) -> Option<ID> {
        self.0.vote.map(|vote| ids::id(&vote))
    }
    /// Why it was turned down.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// The ids of amendments that touch a place of this one while it is open: others that are open, and those merged since
    /// it was made.
    async fn overlapping(&self, ctx: &Context<'_>) -> Result<List<ID>, Error> {
        let motion = self.0.motion;
        let row = Door::of(ctx)?.load(motion).await?;
        let overlapping = row.map(|row| row.state.overlapping(self.0.amendment)).unwrap_or_default();
        Ok(overlapping.into_iter().map(|amendment| ids::id(&AmendmentKey { motion, amendment })).collect())
    }
}

async fn amendment(door: &Door<'_>, AmendmentKey { motion, amendment }: AmendmentKey) -> Result<Option<Amendment>, Error> {
    Ok(door.read(door.app.views().motion_amendment(motion, amendment).await)?.map(Amendment))
}

/// Other words in a paragraph.
#[derive(InputObject)]
pub struct ReplaceParagraphInput {
    /// Which paragraph.
    paragraph: ID,
    /// What it shall say.
    text: String,
}

/// A new paragraph.
#[derive(InputObject)]
pub struct InsertParagraphInput {
    /// Behind which paragraph; null for the beginning.
    after: Option<ID>,
    /// Its id, a new one, if a later change of this amendment must name it.
    paragraph: Option<ID>,
    /// What it shall say.
    text: String,
}

/// One change to a text.
#[derive(OneofObject)]
pub enum TextChangeInput {
    /// Another title.
    Retitle(String),
    /// Other words in a paragraph.
    Replace(ReplaceParagraphInput),
    /// A new paragraph.
    Insert(InsertParagraphInput),
    /// A paragraph less: which.
    Delete(ID),
}

wires! {
    TextChangeInput => ChangeDraft = |change| {
        let named = |id: &ID| ids::named(id, "changes");
        match change {
            TextChangeInput::Retitle(title) => ChangeDraft::Retitle { title },
            TextChangeInput::Replace(it) => ChangeDraft::Replace { paragraph: named(&it.paragraph)?, text: it.text },
            TextChangeInput::Insert(it) => {
                let (after, paragraph) = (it.after.as_ref().map(named).transpose()?, it.paragraph.as_ref().map(named).transpose()?);
                ChangeDraft::InsertAfter { after, paragraph, text: it.text }
            }
            TextChangeInput::Delete(paragraph) => ChangeDraft::Delete { paragraph: named(&paragraph)? },
        }
    };
}

payloads! {
    /// An amendment, after a command.
    AmendmentPayload(AmendmentKey) {
        /// The amendment.
        amendment: Amendment = |door, key| amendment(door, *key),
        /// The motion.
        motion: Motion = |door, key| super::motion(door, key.motion),
    }
}

mutations! {
    /// The root fields that change amendments.
    pub struct AmendingMutations;

    /// Propose an amendment to a motion that is before the council.
    ProposeAmendment -> AmendmentPayload {
        /// To which motion.
        motion: MotionId,
        /// Who proposes it, a representative: oneself if not said.
        by: Oneself,
        /// The version it is made for: the last.
        against: u32,
        /// What it changes, in order, 1 to 50 changes.
        changes: Vec<TextChangeInput>,
        /// What for, at most 2000 characters. It is public.
        grounds: Option<String>,
    } = ProposeAmendment { motion, by, against, changes, grounds }, move |amendment| AmendmentKey { motion, amendment };

    /// Change one's amendment, as when the text has moved on: what is said replaces all that was proposed.
    ReviseAmendment -> AmendmentPayload {
        /// Which amendment.
        amendment: AmendmentKey,
        /// Its proposer: oneself if not said.
        by: Oneself,
        /// The version it is made for: the last.
        against: u32,
        /// What it changes, in order, 1 to 50 changes.
        changes: Vec<TextChangeInput>,
        /// What for, at most 2000 characters. It is public.
        grounds: Option<String>,
    } = ReviseAmendment { motion: amendment.motion, amendment: amendment.amendment, by, against, changes, grounds }, move |_| amendment;

    /// Take one's amendment back.
    WithdrawAmendment -> AmendmentPayload {
        /// Which amendment.
        amendment: AmendmentKey,
        /// Its proposer: oneself if not said.
        by: Oneself,
    } = WithdrawAmendment { motion: amendment.motion, amendment: amendment.amendment, by }, move |_| amendment;

    /// Merge an amendment into the text: the next version; never one's own.
    AcceptAmendment -> AmendmentPayload {
        /// Which amendment.
        amendment: AmendmentKey,
    } = AcceptAmendment { motion: amendment.motion, amendment: amendment.amendment }, move |_| amendment;

    /// Turn an amendment down.
    RejectAmendment -> AmendmentPayload {
        /// Which amendment.
        amendment: AmendmentKey,
        /// Why, in 1 to 2000 characters: about the matter, not about a person. It is public.
        reason: String,
    } = RejectAmendment { motion: amendment.motion, amendment: amendment.amendment, reason }, move |_| amendment;
}
