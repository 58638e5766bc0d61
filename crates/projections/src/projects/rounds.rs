//! Rounds with their applications, scores, selections and objections.
//!
//! - Phases are what the domain's own `apply_event` makes of the round's events; nothing here says it a second
//!   time. An event changes the applications it names; only a selection and its annulment change all of them.
//! - A selection that was annulled stays, as such.
//! - The text of an objection is gone when who raised it is erased.

use std::collections::{BTreeMap, BTreeSet};

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    projects::{
        self,
        applicant::Applicant,
        round::{
            Round, RoundEvent as E,
            terms::{Application, ApplicationPhase, ConflictGround, RoundPhase, RoundTerms},
        },
        selection::Selection,
    },
    values::{
        ApplicationId, AreaCode, Cents, CouncilId, Day, FundId, Instant, ObjectionId, OrganisationId, PersonId, PollId, ProjectId, RoundId,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::json,
};

row! {
    /// A round.
    RoundRow in "rounds" {
        key {
            /// The round.
            id: RoundId,
        }
        fixed {
            /// Its title.
            title: String,
            /// Where projects may be.
            area: AreaCode,
            /// The fund that grants.
            fund: FundId,
            /// When it was called.
            #[serde(with = "ts_microseconds")]
            called_at: Instant,
            /// What it is.
            #[serde(with = "json")]
            terms: RoundTerms,
        }
        rare {
            /// Where it stands.
            phase: RoundPhase,
            /// What was selected from, in order.
            #[serde(with = "json")]
            candidates: Vec<ApplicationId>,
            /// Who moves up, in order.
            #[serde(with = "json")]
            reserve: Vec<ApplicationId>,
            /// What stands on the ballot, in order.
            #[serde(with = "json")]
            ballot: Vec<ApplicationId>,
            /// Who reviews.
            #[serde(with = "json")]
            reviewers: BTreeSet<PersonId>,
        }
        live {
            /// When anything of it changed last.
            #[serde(with = "ts_microseconds")]
            changed_at: Instant,
            /// How many applied.
            applications: u32,
            /// How many groups exclude each other's members.
            groups: u16,
            /// The residents' poll.
            poll: Option<PollId>,
            /// The day of the selection that stands.
            selected_on: Option<Day>,
            /// The day it was announced.
            announced_on: Option<Day>,
            /// Objections that are not settled.
            open_objections: u32,
            /// Why it was cancelled.
            reason: Option<String>,
        }
    }
}

row! {
    /// An application.
    RoundApplicationRow in "round_applications" {
        key {
            /// The round.
            round: RoundId,
            /// The application.
            application: ApplicationId,
        }
        fixed {
            /// Its place in the order in which they came in, from 1.
            place: u32,
            /// The organisation that applies, if it is one.
            organisation: Option<OrganisationId>,
            /// The council that applies, if it is one.
            council: Option<CouncilId>,
            /// Who wrote it.
            author: PersonId,
            /// Its title.
            title: String,
            /// What is to be done.
            text: String,
            /// Where.
            area: AreaCode,
            /// What it asks for.
            ask: Cents,
            /// The day it came in.
            submitted_on: Day,
        }
        live {
            /// Where it stands.
            phase: ApplicationPhase,
            /// Why it was let in or not.
            screening: Option<String>,
            /// Of those of one group at most one is selected.
            exclusive_group: Option<u16>,
            /// Why they exclude each other.
            group_reason: Option<String>,
            /// Why the award was declined.
            declined: Option<String>,
            /// The project that was made of it.
            project: Option<ProjectId>,
        }
    }
}

row! {
    /// What one reviewer says of one application.
    RoundScoreRow in "round_scores" {
        key {
            /// The round.
            round: RoundId,
            /// The application.
            application: ApplicationId,
            /// The reviewer.
            reviewer: PersonId,
        }
        live {
            /// The points by criterion; `None` if none count.
            #[serde(with = "json")]
            points: Option<Vec<u16>>,
            /// Why the reviewer does not score it, if so.
            conflict: Option<ConflictGround>,
            /// When it was said.
            #[serde(with = "ts_microseconds")]
            at: Instant,
        }
    }
}

row! {
    /// A selection.
    RoundSelectionRow in "round_selections" {
        key {
            /// The event's place in the log.
            at: u64,
        }
        fixed {
            /// The round.
            round: RoundId,
            /// The day.
            selected_on: Day,
            /// What was selected from, by number from 1.
            #[serde(with = "json")]
            candidates: Vec<ApplicationId>,
            /// How, with a reason for each.
            #[serde(with = "json")]
            selection: Selection,
        }
        live {
            /// The objection that annulled it.
            annulled_by: Option<ObjectionId>,
        }
    }
}

/// Where an objection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectionPhase {
    /// Not settled.
    Open,
    /// It was right.
    Upheld,
    /// It was not.
    Dismissed,
}

row! {
    /// An objection against a selection.
    RoundObjectionRow in "round_objections" {
        key {
            /// The round.
            round: RoundId,
            /// The objection.
            objection: ObjectionId,
        }
        fixed {
            /// Who.
            person: PersonId,
            /// The day.
            raised_on: Day,
            /// Whose key the text is sealed with.
            text_of: PersonId,
        }
        live {
            /// Where it stands.
            phase: ObjectionPhase,
            /// Why it was settled so.
            reason: Option<String>,
            /// When it was settled.
            #[serde(with = "ts_microseconds_option")]
            settled_at: Option<Instant>,
            /// Against what, and why; `None` once the person was erased.
            text: Option<String>,
        }
    }
}

impl RoundApplicationRow {
    /// As the domain has it.
    fn domains(&self) -> Option<Application> {
        let applicant = match (self.organisation, self.council) {
            (Some(id), _) => Applicant::Organisation(id),
            (None, Some(id)) => Applicant::Council(id),
            (None, None) => return None,
        };
        let (by, title, area, ask) = (self.author, String::new(), self.area.clone(), self.ask);
        Some(Application { applicant, by, title, area, ask, phase: self.phase, group: self.exclusive_group, project: self.project })
    }
}

#[derive(Default)]
pub(crate) struct RoundsFold {
    rounds: Rows<RoundRow>,
    applications: Rows<RoundApplicationRow>,
    scores: Rows<RoundScoreRow>,
    selections: Rows<RoundSelectionRow>,
    objections: Rows<RoundObjectionRow>,
}

/// The applications that an event changes, beside those of a selection.
fn named(event: &E) -> &[ApplicationId] {
    match event {
        E::ApplicationSubmitted { application, .. }
        | E::ApplicationWithdrawn { application }
        | E::ApplicationScreened { application, .. }
        | E::ProjectAwarded { application, .. }
        | E::AwardDeclined { application, .. }
        | E::ReservePromoted { application } => std::slice::from_ref(application),
        E::ExclusiveGroupFormed { applications, .. } => applications,
        E::ProjectsSelected { candidates, .. } => candidates,
        E::RoundCalled { .. }
        | E::ApplicationsClosed {}
        | E::ReviewerAppointed { .. }
        | E::ConflictDeclared { .. }
        | E::ApplicationScored { .. }
        | E::BallotPrepared { .. }
        | E::ObjectionRaised { .. }
        | E::ObjectionSettled { .. }
        | E::SelectionAnnulled { .. }
        | E::SelectionAnnounced { .. }
        | E::RoundCancelled { .. } => &[],
    }
}

impl RoundsFold {
    /// Round and applications, as the domain changes them.
    fn apply(&mut self, change: &Change, id: RoundId, event: &E) -> Result<(), FoldError> {
        let row = self.rounds.change(&(id,), change.position)?;
        let touched = if let E::SelectionAnnulled { .. } = event { row.candidates.clone() } else { named(event).to_vec() };
        let mut applications = BTreeMap::new();
        for application in &touched {
            let held = self.applications.get(&(id, *application))?.and_then(RoundApplicationRow::domains);
            applications.extend(held.map(|held| (*application, held)));
        }
        let before = Round {
            phase: row.phase,
            applications,
            groups: row.groups,
            reviewers: std::mem::take(&mut row.reviewers),
            poll: row.poll,
            ballot: std::mem::take(&mut row.ballot),
            candidates: std::mem::take(&mut row.candidates),
            selected_on: row.selected_on,
            reserve: std::mem::take(&mut row.reserve),
            ..Round::default()
        };
        let after = Round::apply_event(before, event.clone());
        (row.phase, row.groups, row.poll, row.selected_on) = (after.phase, after.groups, after.poll, after.selected_on);
        (row.reviewers, row.ballot) = (after.reviewers, after.ballot);
        (row.candidates, row.reserve) = (after.candidates, after.reserve);
        row.changed_at = change.recorded_at;
        for application in touched {
            if let Some(held) = after.applications.get(&application) {
                let row = self.applications.change(&(id, application), change.position)?;
                (row.phase, row.exclusive_group, row.project) = (held.phase, held.group, held.project);
            }
        }
        Ok(())
    }

    fn call(&mut self, change: &Change, id: RoundId, terms: &RoundTerms) -> Result<(), FoldError> {
        self.rounds.add(RoundRow {
            id,
            title: terms.title.clone(),
            area: terms.area.clone(),
            fund: terms.fund,
            called_at: change.recorded_at,
            terms: terms.clone(),
            phase: RoundPhase::Called,
            candidates: vec![],
            reserve: vec![],
            ballot: vec![],
            reviewers: BTreeSet::new(),
            changed_at: change.recorded_at,
            applications: 0,
            groups: 0,
            poll: None,
            selected_on: None,
            announced_on: None,
            open_objections: 0,
            reason: None,
            position: change.position,
        })
    }

    fn submit(&mut self, change: &Change, round: RoundId, event: &E) -> Result<(), FoldError> {
        let E::ApplicationSubmitted { application, applicant, by, title, text, area, ask, on } = event else { return Ok(()) };
        let row = self.rounds.change(&(round,), change.position)?;
        let place = row.applications.checked_add(1).ok_or(FoldError::Overflow("rounds.applications"))?;
        (row.applications, row.changed_at) = (place, change.recorded_at);
        let (organisation, council) = match applicant {
            Applicant::Organisation(id) => (Some(*id), None),
            Applicant::Council(id) => (None, Some(*id)),
        };
        self.applications.add(RoundApplicationRow {
            round,
            application: *application,
            place,
            organisation,
            council,
            author: *by,
            title: title.clone(),
            text: text.clone(),
            area: area.clone(),
            ask: *ask,
            submitted_on: *on,
            phase: ApplicationPhase::Submitted,
            screening: None,
            exclusive_group: None,
            group_reason: None,
            declined: None,
            project: None,
            position: change.position,
        })
    }

    /// Changes a word of an application that only readers ask for.
    fn note(
        &mut self,
        change: &Change,
        key: (RoundId, ApplicationId),
        note: impl FnOnce(&mut RoundApplicationRow),
    ) -> Result<(), FoldError> {
        note(self.applications.change(&key, change.position)?);
        Ok(())
    }

    fn object(&mut self, change: &Change, texts: &Texts<'_>, round: RoundId, event: &E) -> Result<(), FoldError> {
        let E::ObjectionRaised { objection, by, text, on } = event else { return Ok(()) };
        let row = self.rounds.change(&(round,), change.position)?;
        row.open_objections = row.open_objections.checked_add(1).ok_or(FoldError::Overflow("rounds.open_objections"))?;
        self.objections.add(RoundObjectionRow {
            round,
            objection: *objection,
            person: *by,
            raised_on: *on,
            text_of: text.of,
            phase: ObjectionPhase::Open,
            reason: None,
            settled_at: None,
            text: texts.open(change, "text", text),
            position: change.position,
        })
    }

    fn settle(&mut self, change: &Change, round: RoundId, objection: ObjectionId, upheld: bool, reason: &str) -> Result<(), FoldError> {
        let row = self.rounds.change(&(round,), change.position)?;
        row.open_objections = row.open_objections.checked_sub(1).ok_or(FoldError::Overflow("rounds.open_objections"))?;
        let row = self.objections.change(&(round, objection), change.position)?;
        row.phase = if upheld { ObjectionPhase::Upheld } else { ObjectionPhase::Dismissed };
        (row.reason, row.settled_at) = (Some(reason.to_owned()), Some(change.recorded_at));
        Ok(())
    }

    fn round(&mut self, change: &Change, texts: &Texts<'_>, event: &E) -> Result<(), FoldError> {
        let (round, position) = (RoundId(change.stream.id), change.position);
        if let E::RoundCalled { terms } = event {
            return self.call(change, round, terms);
        }
        if let E::ApplicationSubmitted { .. } = event {
            return self.submit(change, round, event);
        }
        self.apply(change, round, event)?;
        let at = change.recorded_at;
        match event {
            E::ApplicationScreened { application, reason, .. } => {
                self.note(change, (round, *application), |row| row.screening = Some(reason.clone()))?;
            }
            E::ExclusiveGroupFormed { applications, reason, .. } => {
                for application in applications {
                    self.note(change, (round, *application), |row| row.group_reason = Some(reason.clone()))?;
                }
            }
            E::AwardDeclined { application, reason } => {
                self.note(change, (round, *application), |row| row.declined = Some(reason.clone()))?;
            }
            E::ConflictDeclared { reviewer, application, ground } => {
                let (reviewer, application, conflict) = (*reviewer, *application, Some(*ground));
                self.scores.put(RoundScoreRow { round, application, reviewer, points: None, conflict, at, position });
            }
            E::ApplicationScored { reviewer, application, points } => {
                let (reviewer, application, points) = (*reviewer, *application, Some(points.clone()));
                self.scores.put(RoundScoreRow { round, application, reviewer, points, conflict: None, at, position });
            }
            E::ProjectsSelected { candidates, selection, on } => self.selections.put(RoundSelectionRow {
                at: position,
                round,
                selected_on: *on,
                candidates: candidates.clone(),
                selection: selection.clone(),
                annulled_by: None,
                position,
            }),
            E::ObjectionRaised { .. } => self.object(change, texts, round, event)?,
            E::ObjectionSettled { objection, upheld, reason } => self.settle(change, round, *objection, *upheld, reason)?,
            E::SelectionAnnulled { objection } => {
                let stands = |row: &RoundSelectionRow| row.round == round && row.annulled_by.is_none();
                self.selections.change_all(position, stands, |row| row.annulled_by = Some(*objection));
            }
            E::SelectionAnnounced { on } => self.rounds.change(&(round,), position)?.announced_on = Some(*on),
            E::RoundCancelled { reason } => self.rounds.change(&(round,), position)?.reason = Some(reason.clone()),
            E::RoundCalled { .. }
            | E::ApplicationSubmitted { .. }
            | E::ApplicationWithdrawn { .. }
            | E::ApplicationsClosed {}
            | E::ReviewerAppointed { .. }
            | E::BallotPrepared { .. }
            | E::ProjectAwarded { .. }
            | E::ReservePromoted { .. } => {}
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a round.
    Round(&'e E),
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use projects::Event as P;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::Round(event) => Some(Concern::Round(event)),
        P::Fund(_) | P::Project(_) | P::CommunityActivity(_) | P::ServiceLink(_) | P::Incubation(_) => None,
    }
}

impl Fold for RoundsFold {
    const NAME: &'static str = "rounds";
    const KINDS: &'static [&'static str] = &["round", "person"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Round(event)) => {
                let round = RoundId(change.stream.id);
                self.rounds.want((round,));
                named(event).iter().for_each(|application| self.applications.want((round, *application)));
                if let E::ObjectionRaised { objection, .. } | E::ObjectionSettled { objection, .. } = event {
                    self.objections.want((round, *objection));
                }
                if let E::ConflictDeclared { reviewer, application, .. } | E::ApplicationScored { reviewer, application, .. } = event {
                    self.scores.want((round, *application, *reviewer));
                }
                if let E::SelectionAnnulled { .. } = event {
                    self.applications.want_by("round", round);
                    self.selections.want_by("round", round);
                }
            }
            Some(Concern::Erased(person)) => self.objections.want_by("text_of", person),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Round(event)) => self.round(change, texts, event)?,
            Some(Concern::Erased(person)) => {
                self.objections.change_all(change.position, |row| row.text_of == person, |row| row.text = None);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.rounds, &mut self.applications, &mut self.scores, &mut self.selections, &mut self.objections]
    }
}
