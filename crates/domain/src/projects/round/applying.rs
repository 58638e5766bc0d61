//! From the call to the last score: applications, their screening, their reviewers.

use super::{
    C, Decision, E, P, R, Round, RoundCommand, check,
    terms::{
        APPLICATION_TEXT_MAX_CHARS, APPLICATIONS_MAX_COUNT, ApplicationPhase as S, REVIEWERS_MAX_COUNT, ROUND_TITLE_MAX_CHARS, RoundTerms,
    },
    written,
};
use crate::{
    prose::{Line, Prose},
    values::{ApplicationId, Cents, PersonId},
};

impl Round {
    pub(super) fn applying(&self, command: RoundCommand) -> Decision {
        match command {
            C::Apply { application, applicant, by, title, text, area, ask, today } => {
                let terms = self.require(&[P::Called])?;
                let until = terms.applications_until;
                check(today <= until, R::ApplicationTooLate { until })?;
                check(!self.applications.contains_key(&application), R::ApplicationExists)?;
                let most = APPLICATIONS_MAX_COUNT;
                check(self.applications.len() < most, R::TooManyApplications { most })?;
                let title = Line::parse(&title, ROUND_TITLE_MAX_CHARS, |most| R::RoundTitleUnfit { most })?.into();
                let text = Prose::parse(&text, APPLICATION_TEXT_MAX_CHARS, |most| R::ApplicationTextUnfit { most })?.into();
                check(terms.area.contains(&area), R::ApplicationElsewhere)?;
                check(ask > Cents::ZERO && ask <= terms.budget, R::AskUnfit { most: terms.budget })?;
                Ok(vec![E::ApplicationSubmitted { application, applicant, by, title, text, area, ask, on: today }])
            }
            C::Withdraw { application } => {
                self.require(&[P::Called, P::Evaluating])?;
                let phase = self.application(application)?.phase;
                let open = matches!(phase, S::Submitted | S::Eligible) && !self.ballot.contains(&application);
                check(open, R::ApplicationPhaseUnfit)?;
                Ok(vec![E::ApplicationWithdrawn { application }])
            }
            C::CloseApplications { today } => {
                let until = self.require(&[P::Called])?.applications_until;
                check(today > until, R::ApplicationsStillOpen { until })?;
                Ok(vec![E::ApplicationsClosed {}])
            }
            C::Screen { application, screener, eligible, reason } => {
                self.require(&[P::Called, P::Evaluating])?;
                let it = self.application(application)?;
                check(screener != Some(it.by), R::OwnApplicationScreened)?;
                let open = matches!(it.phase, S::Submitted | S::Eligible | S::Ineligible) && self.ballot.is_empty();
                check(open, R::ApplicationPhaseUnfit)?;
                Ok(vec![E::ApplicationScreened { application, eligible, reason: written(&reason)? }])
            }
            C::FormGroup { mut applications, reason } => {
                self.require(&[P::Evaluating])?;
                let reason = written(&reason)?;
                applications.sort_unstable();
                let distinct = applications.windows(2).all(|pair| pair[0] != pair[1]);
                let free = |it: &ApplicationId| Ok(self.application(*it)?.group.is_none());
                let all_free = applications.iter().map(free).collect::<Result<Vec<bool>, R>>()?.into_iter().all(|it| it);
                check(applications.len() >= 2 && distinct && all_free, R::GroupUnfit)?;
                let group = self.groups.checked_add(1).ok_or(R::GroupUnfit)?;
                Ok(vec![E::ExclusiveGroupFormed { group, applications, reason }])
            }
            other => self.reviewing(other),
        }
    }

    fn reviewing(&self, command: RoundCommand) -> Decision {
        match command {
            C::Appoint { reviewer } => {
                self.require(&[P::Called, P::Evaluating])?;
                check(!self.reviewers.contains(&reviewer), R::ReviewerExists)?;
                check(self.reviewers.len() < REVIEWERS_MAX_COUNT, R::TooManyReviewers { most: REVIEWERS_MAX_COUNT })?;
                Ok(vec![E::ReviewerAppointed { reviewer }])
            }
            C::DeclareConflict { reviewer, application, ground } => {
                self.require(&[P::Called, P::Evaluating])?;
                self.application(application)?;
                check(self.reviewers.contains(&reviewer), R::NotAReviewer)?;
                let declared = self.conflicts.get(&reviewer).is_some_and(|it| it.contains_key(&application));
                check(!declared, R::ConflictExists)?;
                Ok(vec![E::ConflictDeclared { reviewer, application, ground }])
            }
            C::Score { reviewer, application, points } => {
                let terms = self.require(&[P::Evaluating])?;
                check(self.reviewers.contains(&reviewer), R::NotAReviewer)?;
                let it = self.application(application)?;
                check(it.phase == S::Eligible && self.ballot.is_empty(), R::ApplicationPhaseUnfit)?;
                check(!self.is_conflicted(reviewer, application), R::ReviewerConflicted)?;
                check(fit(terms, &points), R::PointsUnfit)?;
                Ok(vec![E::ApplicationScored { reviewer, application, points }])
            }
            _ => Err(R::RoundExists),
        }
    }

    /// The reviewer wrote the application or has declared a conflict.
    pub fn is_conflicted(&self, reviewer: PersonId, application: ApplicationId) -> bool {
        let declared = self.conflicts.get(&reviewer).is_some_and(|it| it.contains_key(&application));
        declared || self.applications.get(&application).is_some_and(|it| it.by == reviewer)
    }
}

/// One score for each criterion, within its points.
fn fit(terms: &RoundTerms, points: &[u16]) -> bool {
    points.len() == terms.criteria.len() && terms.criteria.iter().zip(points).all(|(criterion, points)| *points <= criterion.most)
}
