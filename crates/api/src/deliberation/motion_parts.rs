//! What hangs on a motion: who moves it, its versions, amendments, reports, reviews and history.

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_domain::{
    deliberation::amendment::{AmendmentStatus as StoredStatus, Change},
    values::{AreaCode, PersonId},
};
use gongyi_projections::{MotionAmendmentRow, MotionHistoryRow, MotionReportRow, MotionReviewRow, MotionVersionRow, RatingCount};

use super::texts::{self, Attachment, DIFFERENCE_COST_FIELDS, Text, TextDifference};
use crate::{
    access::{
        agents::Agent,
        personal::{Met, Named},
    },
    door::Door,
    ids::{self, AmendmentKey},
    loaders::TextAt,
    scalars::Moment,
};

/// A person who takes part in a council's work.
pub struct MotionPerson(Met);

impl MotionPerson {
    /// Who moves, seconds or proposes does so in public.
    pub(crate) fn in_public(person: PersonId) -> Self {
        Self(Met::in_public(person))
    }

    /// A resident, who holds no office.
    fn resident(door: &Door<'_>, person: PersonId, area: &AreaCode) -> Self {
        Self(Met::as_resident(&door.asker.actor, person, Some(area.clone())))
    }
}

/// Somebody who takes part in a council's work. Representatives act in public, under their names.
#[Object]
impl MotionPerson {
    /// The person's id.
    async fn id(&self) -> ID {
        ids::id(&self.0.person)
    }
    /// The name; a resident's is masked, `张*`, for those who may not see personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.0.name(&Door::of(ctx)?).await
    }
}

/// A motion's text at a version.
pub struct MotionVersion {
    pub(crate) row: MotionVersionRow,
    /// The first version that the asker may read.
    pub(crate) readable_from: u32,
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

/// Where an amendment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredStatus")]
pub enum AmendmentStatus {
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
pub struct Amendment(pub(crate) MotionAmendmentRow);

/// A change to a motion's text, proposed against one version of it.
#[Object]
impl Amendment {
    /// The global id; it names the motion too.
    async fn id(&self) -> ID {
        ids::id(&AmendmentKey { motion: self.0.motion, amendment: self.0.amendment })
    }
    /// Who proposed it.
    fn proposer(&self) -> MotionPerson {
        MotionPerson::in_public(self.0.proposer)
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
    fn changes(&self) -> Vec<TextChange> {
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
    fn status(&self) -> AmendmentStatus {
        self.0.status.into()
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
    async fn overlapping(&self, ctx: &Context<'_>) -> Result<Vec<ID>, Error> {
        let motion = self.0.motion;
        let row = Door::of(ctx)?.load(motion).await?;
        let overlapping = row.map(|row| row.state.overlapping(self.0.amendment)).unwrap_or_default();
        Ok(overlapping.into_iter().map(|amendment| ids::id(&AmendmentKey { motion, amendment })).collect())
    }
}

/// A report on what came of a motion.
pub struct MotionReport(pub(crate) MotionReportRow);

/// A report on what came of a motion.
#[Object]
impl MotionReport {
    /// How far it was carried out, 0 to 100; null says that it was done.
    fn percent(&self) -> Option<u8> {
        self.0.percent
    }
    /// What was done.
    fn report(&self) -> &str {
        &self.0.report
    }
    /// Files that show it.
    fn evidence(&self) -> Vec<Attachment> {
        texts::attachments(&self.0.evidence)
    }
    /// When it was reported.
    fn reported_at(&self) -> Moment {
        Moment(self.0.reported_at)
    }
    /// Who reported.
    fn by(&self) -> Agent {
        Agent(self.0.actor.clone())
    }
}

/// A resident's review.
pub struct MotionReview {
    pub(crate) row: MotionReviewRow,
    pub(crate) area: AreaCode,
}

/// What a resident says of what came of a motion.
#[Object]
impl MotionReview {
    /// Who.
    fn by(&self, ctx: &Context<'_>) -> Result<MotionPerson, Error> {
        Ok(MotionPerson::resident(&Door::of(ctx)?, self.row.person, &self.area))
    }
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.row.rating
    }
    /// In the resident's own words; null for those who may not see personal data, and once erased.
    fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let met = Met::as_resident(&Door::of(ctx)?.asker.actor, self.row.person, Some(self.area.clone()));
        Ok(met.sight.text(self.row.text.as_deref()))
    }
    /// When.
    fn reviewed_at(&self) -> Moment {
        Moment(self.row.reviewed_at)
    }
}

/// How many residents gave a rating.
pub struct MotionRating(pub(crate) RatingCount);

/// How many residents gave a rating.
#[Object]
impl MotionRating {
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.0.rating
    }
    /// How many.
    fn count(&self) -> u64 {
        self.0.count
    }
}

/// A line of a motion's history.
pub struct MotionHistoryLine {
    pub(crate) row: MotionHistoryRow,
    pub(crate) area: AreaCode,
}

/// One change of a motion.
#[Object(name = "MotionHistoryEntry")]
impl MotionHistoryLine {
    /// What happened, as the log names it: `MotionSeconded`.
    fn event(&self) -> &str {
        &self.row.event_type
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.row.recorded_at)
    }
    /// Who did it.
    fn by(&self) -> Agent {
        Agent(self.row.actor.clone())
    }
    /// In whose name, if in a person's.
    fn in_the_name_of(&self, ctx: &Context<'_>) -> Result<Option<MotionPerson>, Error> {
        let door = Door::of(ctx)?;
        // Reviews are by residents; all else that is done in a person's name is a representative's.
        let is_review = self.row.event_type == "MotionReviewed";
        let named = |person| if is_review { MotionPerson::resident(&door, person, &self.area) } else { MotionPerson::in_public(person) };
        Ok(self.row.person.map(named))
    }
    /// Why, or what was reported; null if nothing was said.
    fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }
    /// Its place in the log.
    fn sequence(&self) -> u64 {
        self.row.at
    }
}
