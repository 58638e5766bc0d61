//! What happens to a round up to the last score.

use gongyi_app::projects::round::{
    applying::{
        ApplyInRound, AppointReviewer, CloseApplications, DeclareConflict, FormExclusiveGroup, ScoreApplication, ScreenApplication,
        WithdrawApplication,
    },
    calling::{CallRound, CancelRound},
};
use gongyi_domain::{
    projects::round::terms::{RoundTerms, SelectedBy},
    values::{FundId, PersonId, RoundId},
};

use super::{
    applicants::ApplicantInput,
    funds::BudgetLineInput,
    round_applications::{self, ConflictGround, RoundApplication},
    round_terms::{Criterion, SelectionBasis, SelectionRuleInput},
    rounds::{self, Round},
};
use crate::{
    deliberation::decision_rules::Threshold,
    ids::ApplicationKey,
    outcome::payloads,
    scalars::{Area, Date, Money},
    table::{Oneself, mutations},
};

payloads! {
    /// A round, after a command.
    RoundPayload(RoundId) {
        /// The round.
        round: Round = |door, id| rounds::round(door, *id),
    }
    /// An application in a round, after a command.
    RoundApplicationPayload(ApplicationKey) {
        /// The application.
        application: RoundApplication = |door, key| round_applications::application(door, *key),
        /// The round.
        round: Round = |door, key| rounds::round(door, key.round),
    }
}

mutations! {
    /// The root fields that change rounds.
    pub struct RoundMutations;

    /// Call a round: its terms are published and never change.
    CallRound -> RoundPayload {
        /// Its title.
        title: String,
        /// Where projects may be: within the budget line's area.
        area: Area,
        /// The fund that grants.
        fund: FundId,
        /// From which line of it.
        line: BudgetLineInput,
        /// How much in all.
        budget: Money,
        /// What reviewers give points for; none where scores decide nothing.
        #[graphql(default)]
        criteria: Vec<Criterion>,
        /// How many reviewers' scores an application needs.
        #[graphql(default)]
        scores_needed: u16,
        /// What speaks for a project.
        selected_by: SelectionBasis,
        /// The share of the points that a project must have to come on the ballot, where residents vote.
        floor: Option<Threshold>,
        /// How projects are selected.
        rule: SelectionRuleInput,
        /// The last day for applications.
        applications_until: Date,
        /// How many days there are for objections after the day of the selection.
        objection_days: u16,
    } = CallRound {
        terms: RoundTerms {
            title,
            area,
            fund,
            line,
            budget,
            criteria,
            scores_needed,
            selected_by: match selected_by {
                SelectionBasis::Scores => SelectedBy::Scores,
                SelectionBasis::Ballots => SelectedBy::Ballots { floor },
            },
            rule,
            applications_until,
            objection_days,
        },
    };

    /// Apply in a round.
    ApplyInRound -> RoundApplicationPayload {
        /// In which round.
        round: RoundId,
        /// Who applies.
        applicant: ApplicantInput,
        /// Who writes it; oneself if not said.
        by: Oneself,
        /// Its title.
        title: String,
        /// What is to be done.
        text: String,
        /// Where: within the round's area.
        area: Area,
        /// What it asks for.
        ask: Money,
    } = ApplyInRound { round, applicant, by, title, text, area, ask }, move |application| ApplicationKey { round, application };

    /// Withdraw an application that does not stand on a ballot.
    WithdrawApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
    } = WithdrawApplication { round: application.round, application: application.application }, move |_| application;

    /// Close a round for applications, when their last day is over.
    CloseApplications -> RoundPayload {
        /// Of which round.
        round: RoundId,
    }

    /// Screen an application; not one's own.
    ScreenApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// Whether it is in.
        eligible: bool,
        /// Why; it is public.
        reason: String,
    } = ScreenApplication { round: application.round, application: application.application, eligible, reason }, move |_| application;

    /// Say that of some applications at most one is selected.
    FormExclusiveGroup -> RoundPayload {
        /// In which round.
        round: RoundId,
        /// Its applications, two or more.
        applications: Vec<ApplicationKey>,
        /// Why; it is public.
        reason: String,
    } = FormExclusiveGroup {
        round,
        // One of another round is none of this one's: the round refuses it.
        applications: applications.into_iter().map(|key| key.application).collect(),
        reason,
    };

    /// Appoint a reviewer.
    AppointReviewer -> RoundPayload {
        /// In which round.
        round: RoundId,
        /// Whom, by the person's id.
        reviewer: PersonId,
    }

    /// Declare a reviewer's conflict of interest: a score given before counts for nothing.
    DeclareConflict -> RoundApplicationPayload {
        /// With which application.
        application: ApplicationKey,
        /// Whose; one's own if not said.
        reviewer: Oneself,
        /// Why.
        ground: ConflictGround,
    } = DeclareConflict { round: application.round, reviewer, application: application.application, ground }, move |_| application;

    /// Give an application points, for oneself, in place of those given before.
    ScoreApplication -> RoundApplicationPayload {
        /// Which application.
        application: ApplicationKey,
        /// One number for each criterion, in their order.
        points: Vec<u16>,
    } for reviewer
        = ScoreApplication { round: application.round, reviewer, application: application.application, points }, move |_| application;

    /// Cancel a round that is not announced, for good.
    CancelRound -> RoundPayload {
        /// Which round.
        round: RoundId,
        /// Why; it is public.
        reason: String,
    }
}
