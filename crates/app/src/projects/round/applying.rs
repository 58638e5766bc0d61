//! From the applications of a round to the last score: their screening, their reviewers.

use gongyi_domain::{
    access::authority::Act,
    projects::{
        applicant::Applicant,
        round::{
            APPLY_IN_ROUND, APPOINT_REVIEWER, CLOSE_APPLICATIONS, DECLARE_CONFLICT, FORM_EXCLUSIVE_GROUP, Round, RoundCommand,
            SCORE_APPLICATION, SCREEN_APPLICATION, WITHDRAW_APPLICATION,
            terms::{ConflictGround, RoundRefusal},
        },
    },
    values::{ApplicationId, AreaCode, Cents, PersonId, RoundId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{applied, kept};
use crate::{
    Command,
    projects::{require_working, subject, working_council},
    rejection::{Rejection, refused},
    work::Work,
};

/// Apply in a round.
#[derive(Debug, Serialize)]
pub struct ApplyInRound {
    /// Which.
    pub round: RoundId,
    /// Who applies.
    pub applicant: Applicant,
    /// Who writes it: one's own person, or whom an organiser writes it down for.
    pub by: PersonId,
    /// Its title.
    pub title: String,
    /// What is to be done.
    pub text: String,
    /// Where.
    pub area: AreaCode,
    /// What it asks for.
    pub ask: Cents,
}

impl Command for ApplyInRound {
    const ACT: &'static Act = &APPLY_IN_ROUND;
    type Answer = ApplicationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<ApplicationId, Rejection> {
        let round = work.lock::<Round>(self.round).await?;
        let within = round.inner().terms.as_ref().ok_or_else(|| refused(RoundRefusal::UnknownRound))?.area.clone();
        // Nobody applies for an organisation or council by their own word alone.
        let own = match self.applicant {
            Applicant::Organisation(_) => None,
            Applicant::Council(council) => {
                let (council, _) = working_council(work, council).await?;
                Some(self.by).filter(|by| council.is_representative(*by, work.today()))
            }
        };
        let about = subject(work, self.applicant, within, own).await?;
        work.may(Self::ACT, &about)?;
        if work.actor.person() != Some(self.by) {
            work.may_in_the_name_of(Self::ACT, about, self.by).await?;
        }
        require_working(work, self.applicant).await?;
        work.require_area(&self.area).await?;
        let (application, today) = (ApplicationId(Uuid::now_v7()), work.today());
        let (applicant, by, area, ask) = (self.applicant, self.by, self.area.clone(), self.ask);
        let (title, text) = (self.title.clone(), self.text.clone());
        work.decide::<Round>(round, RoundCommand::Apply { application, applicant, by, title, text, area, ask, today }).await?;
        Ok(application)
    }
}

/// Withdraw an application.
#[derive(Debug, Serialize)]
pub struct WithdrawApplication {
    /// In which round.
    pub round: RoundId,
    /// Which.
    pub application: ApplicationId,
}

impl Command for WithdrawApplication {
    const ACT: &'static Act = &WITHDRAW_APPLICATION;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = applied(work, Self::ACT, self.round, self.application).await?;
        work.decide::<Round>(round, RoundCommand::Withdraw { application: self.application }).await?;
        Ok(self.round)
    }
}

/// Close a round for applications.
#[derive(Debug, Serialize)]
pub struct CloseApplications {
    /// Which.
    pub round: RoundId,
}

impl Command for CloseApplications {
    const ACT: &'static Act = &CLOSE_APPLICATIONS;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let today = work.today();
        work.decide::<Round>(round, RoundCommand::CloseApplications { today }).await?;
        Ok(self.round)
    }
}

/// Screen an application.
#[derive(Debug, Serialize)]
pub struct ScreenApplication {
    /// In which round.
    pub round: RoundId,
    /// Which.
    pub application: ApplicationId,
    /// Whether it is in.
    pub eligible: bool,
    /// Why.
    pub reason: String,
}

impl Command for ScreenApplication {
    const ACT: &'static Act = &SCREEN_APPLICATION;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let (application, eligible, reason) = (self.application, self.eligible, self.reason.clone());
        let screener = work.actor.person();
        work.decide::<Round>(round, RoundCommand::Screen { application, screener, eligible, reason }).await?;
        Ok(self.round)
    }
}

/// Say that of some applications at most one is selected.
#[derive(Debug, Serialize)]
pub struct FormExclusiveGroup {
    /// In which round.
    pub round: RoundId,
    /// Which.
    pub applications: Vec<ApplicationId>,
    /// Why.
    pub reason: String,
}

impl Command for FormExclusiveGroup {
    const ACT: &'static Act = &FORM_EXCLUSIVE_GROUP;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        let command = RoundCommand::FormGroup { applications: self.applications.clone(), reason: self.reason.clone() };
        work.decide::<Round>(round, command).await?;
        Ok(self.round)
    }
}

/// Appoint a reviewer.
#[derive(Debug, Serialize)]
pub struct AppointReviewer {
    /// In which round.
    pub round: RoundId,
    /// Who.
    pub reviewer: PersonId,
}

impl Command for AppointReviewer {
    const ACT: &'static Act = &APPOINT_REVIEWER;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let round = kept(work, Self::ACT, self.round, None).await?;
        work.decide::<Round>(round, RoundCommand::Appoint { reviewer: self.reviewer }).await?;
        Ok(self.round)
    }
}

/// Declare a reviewer's conflict of interest.
#[derive(Debug, Serialize)]
pub struct DeclareConflict {
    /// In which round.
    pub round: RoundId,
    /// Whose.
    pub reviewer: PersonId,
    /// With which application.
    pub application: ApplicationId,
    /// Why.
    pub ground: ConflictGround,
}

impl Command for DeclareConflict {
    const ACT: &'static Act = &DECLARE_CONFLICT;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let (reviewer, application, ground) = (self.reviewer, self.application, self.ground);
        let round = kept(work, Self::ACT, self.round, Some(reviewer)).await?;
        work.decide::<Round>(round, RoundCommand::DeclareConflict { reviewer, application, ground }).await?;
        Ok(self.round)
    }
}

/// Give an application points.
#[derive(Debug, Serialize)]
pub struct ScoreApplication {
    /// In which round.
    pub round: RoundId,
    /// Who gives them.
    pub reviewer: PersonId,
    /// To which.
    pub application: ApplicationId,
    /// For each criterion.
    pub points: Vec<u16>,
}

impl Command for ScoreApplication {
    const ACT: &'static Act = &SCORE_APPLICATION;
    type Answer = RoundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<RoundId, Rejection> {
        let (reviewer, application, points) = (self.reviewer, self.application, self.points.clone());
        let round = kept(work, Self::ACT, self.round, Some(reviewer)).await?;
        work.decide::<Round>(round, RoundCommand::Score { reviewer, application, points }).await?;
        Ok(self.round)
    }
}
