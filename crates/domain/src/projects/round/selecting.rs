//! From the ballots to the announcement, and what comes after it.

use std::{collections::BTreeSet, num::NonZeroU64};

use chrono::Days;

use super::{
    Ballots, C, Decision, E, P, R, Round, RoundCommand, check,
    terms::{ApplicationPhase as S, OBJECTIONS_MAX_COUNT, RoundTerms, SelectedBy},
    written,
};
use crate::{
    projects::selection::{Candidate, Method, Support, select},
    values::{ApplicationId, Day},
};

impl Round {
    pub(super) fn selecting(&self, command: RoundCommand) -> Decision {
        match command {
            C::PrepareBallot { poll, options } => {
                let terms = self.require(&[P::Evaluating])?;
                let SelectedBy::Ballots { .. } = terms.selected_by else { return Err(R::NoBallotNeeded) };
                let listed: BTreeSet<ApplicationId> = options.iter().copied().collect();
                let fits = listed.len() == options.len() && !options.is_empty() && listed == self.nominated(terms)?.into_iter().collect();
                check(fits, R::BallotUnfit)?;
                Ok(vec![E::BallotPrepared { poll, options }])
            }
            C::Select { ballots, today } => self.select(ballots, today),
            C::Object { objection, by, text, today } => {
                let until = self.objections_until(self.require(&[P::Selected])?);
                check(!self.objections.contains_key(&objection), R::ObjectionExists)?;
                check(today <= until, R::ObjectionTooLate { until })?;
                check(self.objections.len() < OBJECTIONS_MAX_COUNT, R::TooManyObjections { most: OBJECTIONS_MAX_COUNT })?;
                Ok(vec![E::ObjectionRaised { objection, by, text, on: today }])
            }
            C::Settle { objection, upheld, reason } => {
                self.require(&[P::Selected, P::Evaluating])?;
                let settled = self.objections.get(&objection).ok_or(R::UnknownObjection)?;
                check(settled.is_none(), R::ObjectionIsSettled)?;
                let reason = written(&reason)?;
                let mut events = vec![E::ObjectionSettled { objection, upheld, reason }];
                // Of several that are right, the first has annulled the selection already.
                if upheld && self.phase == P::Selected {
                    events.push(E::SelectionAnnulled { objection });
                }
                Ok(events)
            }
            C::Announce { today } => {
                let until = self.objections_until(self.require(&[P::Selected])?);
                check(today > until && self.objections.values().all(Option::is_some), R::ObjectionsOpen { until })?;
                Ok(vec![E::SelectionAnnounced { on: today }])
            }
            C::Award { application, project, grant } => {
                self.require(&[P::Announced])?;
                let it = self.application(application)?;
                check(it.phase == S::Funded, R::ApplicationPhaseUnfit)?;
                check(grant <= it.ask, R::GrantBeyondAsk { ask: it.ask })?;
                Ok(vec![E::ProjectAwarded { application, project }])
            }
            C::Decline { application, reason } => {
                let terms = self.require(&[P::Announced])?;
                check(self.application(application)?.phase == S::Funded, R::ApplicationPhaseUnfit)?;
                let reason = written(&reason)?;
                let promoted = self.promoted(terms, application);
                let promotions = promoted.into_iter().map(|application| E::ReservePromoted { application });
                Ok([E::AwardDeclined { application, reason }].into_iter().chain(promotions).collect())
            }
            _ => Err(R::RoundExists),
        }
    }

    /// The last day for objections.
    fn objections_until(&self, terms: &RoundTerms) -> Day {
        let on = self.selected_on.unwrap_or(Day::MAX);
        on.checked_add_days(Days::new(terms.objection_days.into())).unwrap_or(Day::MAX)
    }

    /// The points an application has of those it could have.
    pub fn points(&self, terms: &RoundTerms, application: ApplicationId) -> Support {
        let weighted = |points: &[u16]| -> u64 {
            terms.criteria.iter().zip(points).map(|(criterion, points)| u64::from(criterion.weight) * u64::from(*points)).sum()
        };
        let most: Vec<u16> = terms.criteria.iter().map(|criterion| criterion.most).collect();
        let scores = self.scores.get(&application);
        let given = scores.map_or(0, |scores| scores.values().map(|points| weighted(points)).sum());
        let reviewers = scores.map_or(0, |scores| u64::try_from(scores.len()).unwrap_or(u64::MAX));
        Support { points: given, of: weighted(&most).saturating_mul(reviewers) }
    }

    /// The applications that can be selected or voted on: eligible, and with the points that the terms ask for.
    ///
    /// # Errors
    /// Applications that are not screened or have too few scores.
    fn nominated(&self, terms: &RoundTerms) -> Result<Vec<ApplicationId>, R> {
        let count = self.in_phase(S::Submitted).count();
        check(count == 0, R::ApplicationsUnscreened { count })?;
        if terms.needs_scores() {
            let too_few = |it: &ApplicationId| self.scores.get(it).map_or(0, |it| it.len()) < usize::from(terms.scores_needed);
            let count = self.in_phase(S::Eligible).filter(too_few).count();
            check(count == 0, R::ScoresMissing { count })?;
        }
        let reaches = |it: &ApplicationId| match terms.selected_by {
            SelectedBy::Ballots { floor: Some(floor) } => {
                let Support { points, of } = self.points(terms, *it);
                floor.reached(points, of)
            }
            SelectedBy::Ballots { floor: None } | SelectedBy::Scores => true,
        };
        Ok(self.in_phase(S::Eligible).filter(reaches).collect())
    }

    fn select(&self, ballots: Option<Ballots>, today: Day) -> Decision {
        let terms = self.require(&[P::Evaluating])?;
        let candidates = self.nominated(terms)?;
        let (candidates, support, approvals) = match terms.selected_by {
            SelectedBy::Scores => {
                let support: Vec<Support> = candidates.iter().map(|it| self.points(terms, *it)).collect();
                (candidates, support, vec![])
            }
            SelectedBy::Ballots { .. } => {
                let ballots = ballots.filter(|it| Some(it.poll) == self.poll).ok_or(R::BallotsMissing)?;
                let on_ballot: BTreeSet<_> = self.ballot.iter().collect();
                check(on_ballot == candidates.iter().collect(), R::BallotUnfit)?;
                require_consistent(&ballots, self.ballot.len(), terms.rule.method)?;
                let support = ballots.votes.iter().map(|points| Support { points: *points, of: ballots.valid }).collect();
                (self.ballot.clone(), support, ballots.approvals)
            }
        };
        let candidate = |(id, support): (&ApplicationId, Support)| {
            let it = self.application(*id)?;
            let cost = NonZeroU64::new(it.ask.get()).ok_or(R::AskUnfit { most: terms.budget })?;
            Ok(Candidate { cost, support, group: it.group })
        };
        let list = candidates.iter().zip(support).map(candidate).collect::<Result<Vec<_>, R>>()?;
        let selection = select(terms.rule, terms.budget.get(), &list, &approvals);
        Ok(vec![E::ProjectsSelected { candidates, selection, on: today }])
    }

    /// Who moves up when `application` drops out: in the reserve's order, whoever fits and is not excluded.
    fn promoted(&self, terms: &RoundTerms, application: ApplicationId) -> Vec<ApplicationId> {
        let keeps = |(id, it): &(&ApplicationId, &super::Application)| **id != application && matches!(it.phase, S::Funded | S::Started);
        let kept: Vec<_> = self.applications.iter().filter(keeps).map(|(_, it)| it).collect();
        let spent = kept.iter().map(|it| it.ask.get()).fold(0, u64::saturating_add);
        let mut left = terms.budget.get().saturating_sub(spent);
        let mut groups: BTreeSet<u16> = kept.iter().filter_map(|it| it.group).collect();
        let mut promoted = vec![];
        for id in &self.reserve {
            let Some(it) = self.applications.get(id) else { continue };
            if it.ask.get() <= left && it.group.is_none_or(|group| !groups.contains(&group)) {
                left = left.saturating_sub(it.ask.get());
                groups.extend(it.group);
                promoted.push(*id);
            }
        }
        promoted
    }
}

/// No option has more votes than there are ballots; and the ballots, where they are needed, are those that were counted.
fn require_consistent(ballots: &Ballots, options: usize, method: Method) -> Result<(), R> {
    let fits = ballots.votes.len() == options && ballots.votes.iter().all(|votes| *votes <= ballots.valid);
    let recounted = || {
        let count = |wanted: &dyn Fn(&BTreeSet<u16>) -> bool| {
            ballots.approvals.iter().filter(|it| wanted(&it.candidates)).try_fold(0_u64, |sum, it| sum.checked_add(it.ballots))
        };
        let known = |numbers: &BTreeSet<u16>| numbers.iter().all(|it| (1..=options).contains(&usize::from(*it)));
        ballots.approvals.iter().all(|it| known(&it.candidates))
            && count(&|_| true) == Some(ballots.valid)
            && (1..).zip(&ballots.votes).all(|(number, votes)| count(&|numbers| numbers.contains(&number)) == Some(*votes))
    };
    let whole = match method {
        Method::EqualShares { .. } => recounted(),
        Method::Greedy | Method::GreedyUntilFull => true,
    };
    check(fits && whole, R::BallotsDiffer)
}
