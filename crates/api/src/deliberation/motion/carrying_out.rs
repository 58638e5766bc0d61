//! What comes of a motion that was adopted: reports, and what residents say of it.

use async_graphql::{Context, Error, Object};
use gongyi_app::deliberation::motion::carrying_out::{CompleteMotion, ReportProgress, ReviewMotion, RevokeCompletion};
use gongyi_domain::values::MotionId;
use gongyi_projections::{MotionReportRow, MotionReviewRow, RatingCount};

use super::{MotionPayload, MotionPerson};
use crate::{
    access::{
        agents::Agent,
        personal::{Met, Named},
    },
    attachment::{self, Attachment, AttachmentInput},
    door::Door,
    list::List,
    scalars::Moment,
    table::mutations,
};

/// A report on what came of a motion.
pub struct MotionReport(pub(super) MotionReportRow);

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
    fn evidence(&self) -> List<Attachment> {
        attachment::shown(&self.0.evidence)
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
pub struct MotionReview(pub(super) MotionReviewRow);

/// What a resident says of what came of a motion.
#[Object]
impl MotionReview {
    /// Who.
    fn by(&self) -> MotionPerson {
        MotionPerson::resident(self.0.person)
    }
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.0.rating
    }
    /// In the resident's own words; null for those who may not see personal data, and once erased.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let (sight, _) = Met::as_resident(self.0.person).seen(&Door::of(ctx)?).await?;
        Ok(sight.text(self.0.text.as_deref()))
    }
    /// When.
    fn reviewed_at(&self) -> Moment {
        Moment(self.0.reviewed_at)
    }
}

/// How many residents gave a rating.
pub struct MotionRating(pub(super) RatingCount);

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

mutations! {
    /// The root fields that tell what comes of motions.
    pub struct CarryingOutMutations;

    /// Report how far a motion is carried out.
    ReportProgress -> MotionPayload {
        /// On which motion.
        motion: MotionId,
        /// How far it is carried out, 0 to 100. It may fall.
        percent: u8,
        /// What was done, in 1 to 2000 characters. It is public.
        report: String,
        /// Files that show it, 20 at most.
        evidence: Option<Vec<AttachmentInput>>,
    } = ReportProgress { motion, percent, report, evidence: evidence.unwrap_or_default() };

    /// Report that a motion is carried out.
    CompleteMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// What came of it, in 1 to 2000 characters. It is public.
        report: String,
        /// Files that show it, 20 at most.
        evidence: Option<Vec<AttachmentInput>>,
    } = CompleteMotion { motion, report, evidence: evidence.unwrap_or_default() };

    /// Take a completion back; residents review again what comes next.
    RevokeCompletion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// Why, in 1 to 2000 characters: about the matter, not about a person. It is public.
        reason: String,
    }

    /// Say how well a motion was carried out: residents of the council's area, once, for themselves.
    ReviewMotion -> MotionPayload {
        /// Which motion.
        motion: MotionId,
        /// 1 to 5.
        rating: u8,
        /// In one's own words, at most 1000 characters; stored sealed.
        text: Option<String>,
    } for by
}
