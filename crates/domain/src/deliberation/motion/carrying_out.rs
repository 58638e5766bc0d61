//! After the adoption: reports, completion, what residents say of it.

use super::{Decision, E, KEEPERS, Motion, MotionCommand, Phase, R, check, require_reason};
use crate::{
    access::authority::{Act, To},
    deliberation::attachment::{self, Attachment},
    values::{PersonId, Sealed},
};

/// Most reviews of one motion; the reviewers stand in its stream.
pub const REVIEWS_MAX_COUNT: usize = 5_000;
/// Longest text of a review, in characters; counted before it is sealed.
pub const REVIEW_TEXT_MAX_CHARS: usize = 1_000;

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
        /// 0 to 100. It may fall: a setback is told, not hidden.
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
        /// 1 to 5.
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
                self.require(&[Phase::Adopted, Phase::Implementing])?;
                check(percent <= 100, R::PercentUnfit)?;
                require_report(&report, &evidence)?;
                Ok(vec![E::ProgressReported { percent, report, evidence }])
            }
            CarryingOut::Complete { report, evidence } => {
                self.require(&[Phase::Adopted, Phase::Implementing])?;
                require_report(&report, &evidence)?;
                Ok(vec![E::MotionCompleted { report, evidence }])
            }
            CarryingOut::RevokeCompletion { reason } => {
                self.require(&[Phase::Done, Phase::Reviewed])?;
                require_reason(&reason)?;
                Ok(vec![E::CompletionRevoked { reason }])
            }
            CarryingOut::Review { by, rating, text } => {
                self.require(&[Phase::Done, Phase::Reviewed])?;
                check((1..=5).contains(&rating), R::RatingUnfit)?;
                check(!self.reviewers.contains(&by), R::AlreadyReviewed)?;
                check(self.reviewers.len() < REVIEWS_MAX_COUNT, R::ReviewsFull { most: REVIEWS_MAX_COUNT })?;
                Ok(vec![E::MotionReviewed { person: by, rating, text }])
            }
        }
    }
}

fn require_report(report: &str, evidence: &[Attachment]) -> Result<(), R> {
    require_reason(report)?;
    Ok(attachment::require_fit(evidence)?)
}
