//! A round (遴选): applications are called for, screened, scored and voted on; projects are selected by the published rule.
//!
//! - Criteria, budget and rule stand in the call and never change.
//! - Every application is screened, with a reason, and never by who wrote it.
//! - A reviewer with a conflict of interest, declared or by having written the application, does not score it; a score given
//!   before the declaration counts for nothing.
//! - What is selected follows from scores or ballots by the rule alone; nobody picks.
//! - It is announced when the days for objections are over and every objection is settled; one that is upheld annuls the
//!   selection.
//! - Who declines makes room: the reserve moves up in its order, as far as the money goes.
//!
//! | phase | what may be done |
//! |---|---|
//! | called | apply, withdraw, screen, appoint, declare conflicts |
//! | evaluating | screen, group, appoint, declare, score, put to the ballot, select |
//! | selected | object, settle, announce |
//! | announced | start projects, decline |

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use serde::{Deserialize, Serialize};

use super::{
    applicant::Applicant,
    selection::{Approvals, Selection},
};
use crate::{
    access::authority::{Act, Role, To},
    prose::{Prose, REASON_MAX_CHARS},
    values::{ApplicationId, AreaCode, Cents, Day, ObjectionId, PersonId, PollId, ProjectId, Sealed},
};

mod applying;
mod events;
mod selecting;
pub mod terms;

pub use events::RoundEvent;
use terms::{Application, ApplicationPhase, ConflictGround, RoundPhase, RoundRefusal, RoundTerms};

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Whoever applies: an organisation's coordinator, a council's representative, or an organiser for them.
const APPLICANTS: &[To] = &[To::Oneself, To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Call a round.
pub const CALL_ROUND: Act = Act { name: "callRound", open_to: KEEPERS };
/// Apply in it.
pub const APPLY_IN_ROUND: Act = Act { name: "applyInRound", open_to: APPLICANTS };
/// Withdraw an application.
pub const WITHDRAW_APPLICATION: Act = Act { name: "withdrawApplication", open_to: APPLICANTS };
/// Close it for applications.
pub const CLOSE_APPLICATIONS: Act = Act { name: "closeApplications", open_to: KEEPERS };
/// Screen an application.
pub const SCREEN_APPLICATION: Act = Act { name: "screenApplication", open_to: KEEPERS };
/// Say which applications exclude each other.
pub const FORM_EXCLUSIVE_GROUP: Act = Act { name: "formExclusiveGroup", open_to: KEEPERS };
/// Appoint a reviewer.
pub const APPOINT_REVIEWER: Act = Act { name: "appointReviewer", open_to: KEEPERS };
/// Declare a conflict of interest.
pub const DECLARE_CONFLICT: Act =
    Act { name: "declareConflict", open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)] };
/// Score an application: for oneself only.
pub const SCORE_APPLICATION: Act = Act { name: "scoreApplication", open_to: &[To::Oneself] };
/// Put the applications to the residents' ballots.
pub const PREPARE_BALLOT: Act = Act { name: "prepareBallot", open_to: KEEPERS };
/// Select by the rule.
pub const SELECT_PROJECTS: Act = Act { name: "selectProjects", open_to: KEEPERS };
/// Object to a selection: for oneself only.
pub const OBJECT_TO_SELECTION: Act = Act { name: "objectToSelection", open_to: &[To::Oneself] };
/// Settle an objection: not by who selected, but by the district.
pub const SETTLE_OBJECTION: Act = Act { name: "settleObjection", open_to: &[To::Holders(Role::DistrictOfficer)] };
/// Announce the selection.
pub const ANNOUNCE_SELECTION: Act = Act { name: "announceSelection", open_to: KEEPERS };
/// Decline what was awarded.
pub const DECLINE_AWARD: Act = Act { name: "declineAward", open_to: APPLICANTS };
/// Cancel a round.
pub const CANCEL_ROUND: Act = Act { name: "cancelRound", open_to: KEEPERS };
/// Read rounds: terms, applications, and the selection with its reasons.
pub const ROUNDS: Act = Act { name: "rounds", open_to: &[To::Anyone] };
/// Read who gave which points, and objections.
pub const ROUND_RECORDS: Act =
    Act { name: "roundRecords", open_to: &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Auditor)] };

/// A round's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Where it stands.
    pub phase: RoundPhase,
    /// What it is.
    pub terms: Option<RoundTerms>,
    /// All applications.
    pub applications: BTreeMap<ApplicationId, Application>,
    /// Their ids in the order in which they came in.
    pub order: Vec<ApplicationId>,
    /// How many groups exclude each other's members.
    pub groups: u16,
    /// Who reviews.
    pub reviewers: BTreeSet<PersonId>,
    /// What a reviewer does not score, and why.
    pub conflicts: BTreeMap<PersonId, BTreeMap<ApplicationId, ConflictGround>>,
    /// The points each reviewer gave an application, by criterion.
    pub scores: BTreeMap<ApplicationId, BTreeMap<PersonId, Vec<u16>>>,
    /// The residents' poll.
    pub poll: Option<PollId>,
    /// What stands on its ballot, in order.
    pub ballot: Vec<ApplicationId>,
    /// What was selected from, in order.
    pub candidates: Vec<ApplicationId>,
    /// How.
    pub selection: Option<Selection>,
    /// When.
    pub selected_on: Option<Day>,
    /// Who moves up, in order.
    pub reserve: Vec<ApplicationId>,
    /// Objections, and whether they were upheld; `None` while open.
    pub objections: BTreeMap<ObjectionId, Option<bool>>,
}

/// Residents' ballots as a published poll has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballots {
    /// The poll.
    pub poll: PollId,
    /// Valid ballots. Blank and invalid ones support nothing and have no share.
    pub valid: u64,
    /// How many approve each option, in the ballot's order.
    pub votes: Vec<u64>,
    /// The ballots themselves by what they approve; needed for the Method of Equal Shares only.
    pub approvals: Vec<Approvals>,
}

/// What may be asked of a round.
#[derive(Debug, Clone)]
pub enum RoundCommand {
    /// Call it.
    Call {
        /// What it is.
        terms: RoundTerms,
        /// Today.
        today: Day,
    },
    /// Apply.
    Apply {
        /// The new application.
        application: ApplicationId,
        /// Who applies.
        applicant: Applicant,
        /// Who writes it.
        by: PersonId,
        /// Its title.
        title: String,
        /// What is to be done.
        text: String,
        /// Where.
        area: AreaCode,
        /// What it asks for.
        ask: Cents,
        /// Today.
        today: Day,
    },
    /// Withdraw an application.
    Withdraw {
        /// Which.
        application: ApplicationId,
    },
    /// No more applications: their last day is over.
    CloseApplications {
        /// Today.
        today: Day,
    },
    /// Screen an application.
    Screen {
        /// Which.
        application: ApplicationId,
        /// The person who screens, if it is one.
        screener: Option<PersonId>,
        /// Whether it is in.
        eligible: bool,
        /// Why.
        reason: String,
    },
    /// Of these at most one is selected.
    FormGroup {
        /// Which.
        applications: Vec<ApplicationId>,
        /// Why.
        reason: String,
    },
    /// Appoint a reviewer.
    Appoint {
        /// Who.
        reviewer: PersonId,
    },
    /// A reviewer does not score an application.
    DeclareConflict {
        /// Who.
        reviewer: PersonId,
        /// Which.
        application: ApplicationId,
        /// Why.
        ground: ConflictGround,
    },
    /// Give points.
    Score {
        /// Who.
        reviewer: PersonId,
        /// Which.
        application: ApplicationId,
        /// For each criterion.
        points: Vec<u16>,
    },
    /// Residents vote in this poll, on the applications that are in.
    PrepareBallot {
        /// Which.
        poll: PollId,
        /// The applications in the order of its options.
        options: Vec<ApplicationId>,
    },
    /// Select by the rule.
    Select {
        /// The residents' ballots, if it goes by them.
        ballots: Option<Ballots>,
        /// Today.
        today: Day,
    },
    /// Object.
    Object {
        /// The new objection.
        objection: ObjectionId,
        /// Who; that it is a resident or an applicant is asked in the same commit.
        by: PersonId,
        /// Against what, and why.
        text: Sealed,
        /// Today.
        today: Day,
    },
    /// Settle an objection.
    Settle {
        /// Which.
        objection: ObjectionId,
        /// Whether it is right.
        upheld: bool,
        /// Why.
        reason: String,
    },
    /// Announce.
    Announce {
        /// Today.
        today: Day,
    },
    /// A project is made of a selected application: in the same commit as it is started.
    Award {
        /// Which.
        application: ApplicationId,
        /// The project.
        project: ProjectId,
        /// What its plan wants granted.
        grant: Cents,
    },
    /// Decline.
    Decline {
        /// Which.
        application: ApplicationId,
        /// Why.
        reason: String,
    },
    /// Cancel it.
    Cancel {
        /// Why.
        reason: String,
    },
}

use RoundCommand as C;
use RoundEvent as E;
use RoundPhase as P;
use RoundRefusal as R;
type Decision = Result<Vec<E>, R>;

fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

/// A reason as it is stored.
fn written(text: &str) -> Result<String, R> {
    Prose::parse(text, REASON_MAX_CHARS, |most| R::RoundReasonUnfit { most }).map(String::from)
}

impl Round {
    fn require(&self, phases: &[P]) -> Result<&RoundTerms, R> {
        let terms = self.terms.as_ref().ok_or(R::UnknownRound)?;
        check(phases.contains(&self.phase), R::RoundPhaseUnfit { zh: self.phase.zh(), en: self.phase.en() })?;
        Ok(terms)
    }

    /// An application.
    ///
    /// # Errors
    /// No such application.
    pub fn application(&self, application: ApplicationId) -> Result<&Application, R> {
        self.applications.get(&application).ok_or(R::UnknownApplication)
    }

    /// The ids of all applications in this phase, in the order in which they came in.
    pub fn in_phase(&self, phase: ApplicationPhase) -> impl Iterator<Item = ApplicationId> {
        self.order.iter().copied().filter(move |it| self.applications.get(it).is_some_and(|it| it.phase == phase))
    }

    fn set(&mut self, application: ApplicationId, phase: ApplicationPhase) {
        if let Some(it) = self.applications.get_mut(&application) {
            it.phase = phase;
        }
    }

    /// What became of each candidate.
    fn mark_selected(&mut self, candidates: Vec<ApplicationId>, selection: Selection, on: Day) {
        let id = |number: u16| candidates.get(usize::from(number).saturating_sub(1)).copied();
        self.reserve = selection.reserve().into_iter().filter_map(id).collect();
        candidates.iter().for_each(|it| self.set(*it, ApplicationPhase::NotSelected));
        self.reserve.clone().into_iter().for_each(|it| self.set(it, ApplicationPhase::Reserve));
        selection.funded().filter_map(id).for_each(|it| self.set(it, ApplicationPhase::Funded));
        (self.phase, self.selected_on) = (P::Selected, Some(on));
        (self.candidates, self.selection) = (candidates, Some(selection));
    }
}

impl Aggregate for Round {
    const NAME: &'static str = "round";
    type State = Self;
    type Command = RoundCommand;
    type Event = E;
    type Error = R;

    fn handle_command(round: &Self, command: RoundCommand) -> Decision {
        match command {
            C::Call { terms, today } => {
                check(round.phase == P::Unknown, R::RoundExists)?;
                Ok(vec![E::RoundCalled { terms: terms.fitted(today)? }])
            }
            C::Cancel { reason } => {
                round.require(&[P::Called, P::Evaluating, P::Selected])?;
                Ok(vec![E::RoundCancelled { reason: written(&reason)? }])
            }
            command @ (C::Apply { .. }
            | C::Withdraw { .. }
            | C::CloseApplications { .. }
            | C::Screen { .. }
            | C::FormGroup { .. }
            | C::Appoint { .. }
            | C::DeclareConflict { .. }
            | C::Score { .. }) => round.applying(command),
            command @ (C::PrepareBallot { .. }
            | C::Select { .. }
            | C::Object { .. }
            | C::Settle { .. }
            | C::Announce { .. }
            | C::Award { .. }
            | C::Decline { .. }) => round.selecting(command),
        }
    }

    fn apply_event(mut round: Self, event: E) -> Self {
        match event {
            E::RoundCalled { terms } => (round.phase, round.terms) = (P::Called, Some(terms)),
            E::ApplicationSubmitted { application, applicant, by, title, area, ask, .. } => {
                let (phase, group, project) = (ApplicationPhase::Submitted, None, None);
                round.applications.insert(application, Application { applicant, by, title, area, ask, phase, group, project });
                round.order.push(application);
            }
            E::ApplicationWithdrawn { application } => round.set(application, ApplicationPhase::Withdrawn),
            E::ApplicationsClosed {} => round.phase = P::Evaluating,
            E::ApplicationScreened { application, eligible, .. } => {
                round.set(application, if eligible { ApplicationPhase::Eligible } else { ApplicationPhase::Ineligible });
            }
            E::ExclusiveGroupFormed { group, applications, .. } => {
                round.groups = group;
                for application in applications {
                    if let Some(it) = round.applications.get_mut(&application) {
                        it.group = Some(group);
                    }
                }
            }
            E::ReviewerAppointed { reviewer } => drop(round.reviewers.insert(reviewer)),
            E::ConflictDeclared { reviewer, application, ground } => {
                round.conflicts.entry(reviewer).or_default().insert(application, ground);
                if let Some(scores) = round.scores.get_mut(&application) {
                    scores.remove(&reviewer);
                }
            }
            E::ApplicationScored { reviewer, application, points } => {
                round.scores.entry(application).or_default().insert(reviewer, points);
            }
            E::BallotPrepared { poll, options } => (round.poll, round.ballot) = (Some(poll), options),
            E::ProjectsSelected { candidates, selection, on } => round.mark_selected(candidates, selection, on),
            E::ObjectionRaised { objection, .. } => drop(round.objections.insert(objection, None)),
            E::ObjectionSettled { objection, upheld, .. } => drop(round.objections.insert(objection, Some(upheld))),
            E::SelectionAnnulled { .. } => {
                std::mem::take(&mut round.candidates).into_iter().for_each(|it| round.set(it, ApplicationPhase::Eligible));
                (round.phase, round.selection, round.selected_on) = (P::Evaluating, None, None);
                round.reserve.clear();
            }
            E::SelectionAnnounced { .. } => round.phase = P::Announced,
            E::ProjectAwarded { application, project } => {
                round.set(application, ApplicationPhase::Started);
                if let Some(it) = round.applications.get_mut(&application) {
                    it.project = Some(project);
                }
            }
            E::AwardDeclined { application, .. } => round.set(application, ApplicationPhase::Declined),
            E::ReservePromoted { application } => {
                round.reserve.retain(|it| *it != application);
                round.set(application, ApplicationPhase::Funded);
            }
            E::RoundCancelled { .. } => round.phase = P::Cancelled,
        }
        round
    }
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
