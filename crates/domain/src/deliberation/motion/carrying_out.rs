//! After the adoption: reports, completion, what residents say of it.

use super::{Decision, E, KEEPERS, Motion, MotionCommand, MotionPhase, R, check, written};
use crate::{
    access::authority::{Act, To},
    deliberation::attachment::{self, Attachment},
    values::{PersonId, Sealed},
};

/// Most reviews of one motion; the reviewers stand in its stream.
pub const REVIEWS_MAX_COUNT: usize = 5_000;
/// Longest text of a review, in characters; parsed before it is sealed.
pub const REVIEW_TEXT_MAX_CHARS: usize = 1_000;
/// Progress of what is carried out, in percent.
pub const PERCENT_MAX: u8 = 100;
/// The best rating.
pub const RATING_MAX: u8 = 5;

/// Report how far it is carried out.
pub const REPORT_PROGRESS: Act = Act { name: "reportProgress", open_to: KEEPERS };
/// Report that it is carried out.
pub const COMPLETE_MOTION: Act = Act { name: "completeMotion", open_to: KEEPERS };
/// Take that back.
pub const REVOKE_COMPLETION: Act = Act { name: "revokeCompletion", open_to: KEEPERS };
/// Say how well it was carried out: for oneself only.
pub const REVIEW_MOTION: Act = Act { name: "reviewMotion", open_to: &[To::Oneself] };

/// What may be asked of a motion that was adopted.
#[derive(Debug, Clone)]
pub enum CarryingOut {
    /// Report how far it is.
    ReportProgress {
        /// 0 to [`PERCENT_MAX`]. It may fall: a setback is told, not hidden.
        percent: u8,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// It is carried out.
    Complete {
        /// What came of it.
        report: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// It is not carried out after all. Residents review again what comes next.
    RevokeCompletion {
        /// Why.
        reason: String,
    },
    /// Say how well it was carried out.
    Review {
        /// Who.
        by: PersonId,
        /// 1 to [`RATING_MAX`].
        rating: u8,
        /// A resident's own words, sealed under the resident's key.
        text: Option<Sealed>,
    },
}

impl From<CarryingOut> for MotionCommand {
    fn from(command: CarryingOut) -> Self {
        Self::CarryingOut(command)
    }
}

impl Motion {
    pub(super) fn carrying_out(&self, command: CarryingOut) -> Decision {
        match command {
            CarryingOut::ReportProgress { percent, report, evidence } => {
                self.require(&[MotionPhase::Adopted, MotionPhase::Implementing])?;
                check(percent <= PERCENT_MAX, R::PercentUnfit)?;
                let (report, evidence) = reported(&report, evidence)?;
                Ok(vec![E::ProgressReported { percent, report, evidence }])
            }
            CarryingOut::Complete { report, evidence } => {
                self.require(&[MotionPhase::Adopted, MotionPhase::Implementing])?;
                let (report, evidence) = reported(&report, evidence)?;
                Ok(vec![E::MotionCompleted { report, evidence }])
            }
            CarryingOut::RevokeCompletion { reason } => {
                self.require(&[MotionPhase::Done, MotionPhase::Reviewed])?;
                Ok(vec![E::CompletionRevoked { reason: written(&reason)? }])
            }
            CarryingOut::Review { by, rating, text } => {
                self.require(&[MotionPhase::Done, MotionPhase::Reviewed])?;
                check((1..=RATING_MAX).contains(&rating), R::RatingUnfit)?;
                check(!self.reviewers.contains(&by), R::AlreadyReviewed)?;
                check(self.reviewers.len() < REVIEWS_MAX_COUNT, R::ReviewsFull { most: REVIEWS_MAX_COUNT })?;
                Ok(vec![E::MotionReviewed { person: by, rating, text }])
            }
        }
    }
}

/// A report and its files as they are stored.
fn reported(report: &str, evidence: Vec<Attachment>) -> Result<(String, Vec<Attachment>), R> {
    Ok((written(report)?, attachment::fitted(evidence)?))
}
