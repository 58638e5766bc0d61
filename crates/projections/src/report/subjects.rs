//! What the figures count, as far as later events need to know it, and what every event changes about which figure.

use gongyi_domain::{
    Event,
    deliberation::{self, council::CouncilEvent, election::ElectionEvent, meeting::MeetingEvent, motion::MotionEvent},
    projects::{self, community_activity::CommunityActivityEvent, fund::FundEvent, project::ProjectEvent},
    report::Figure,
    values::{AreaCode, Cents, Day, Instant, OrganisationId, PersonId, ProjectId},
    volunteering::{
        self,
        membership::MembershipEvent,
        organisation::{OrganisationEvent, OrganisationKind},
        volunteer::VolunteerEvent,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    change::Change,
    read_model::FoldError,
    rows::{Rows, row},
    stored::json,
};

row! {
    /// Something that figures count.
    FigureSubject in "figure_subjects" {
        key {
            /// The volunteer, organisation, council, meeting, motion, election, project, entry or activity.
            id: Uuid,
        }
        live {
            /// Where it counts.
            area: AreaCode,
            /// How it counts.
            #[serde(with = "json")]
            state: Counted,
        }
    }
}

/// A seat of a council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSeat {
    person: PersonId,
    from: Day,
    /// The first day on which it is not held any more.
    end: Day,
}

/// How a subject counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// A volunteer: whether registered now.
    Volunteer(bool),
    /// An organisation, until it is dissolved.
    Organisation {
        /// Its kind.
        kind: OrganisationKind,
        /// Members now.
        members: i64,
        /// It exists.
        exists: bool,
    },
    /// A council's seats.
    Council(Vec<HeldSeat>),
    /// An election.
    Election,
    /// A meeting: whether it was opened.
    Meeting(bool),
    /// A motion: whether it was submitted.
    Motion(bool),
    /// A project.
    Project,
    /// What a project raised, until it is struck out.
    Raised(Day, Cents),
    /// An activity that a representative began, with the day it was held and its person-times.
    Activity(Option<(Day, u32)>),
    /// Counts no more.
    Nothing,
}

/// What an event changes about a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) figure: Figure,
    pub(crate) area: AreaCode,
    pub(crate) day: Day,
    pub(crate) amount: i64,
    /// It takes back or mends what was told before.
    pub(crate) corrects: bool,
}

pub(crate) type Deltas = Vec<Delta>;

fn tells(figure: Figure, area: &AreaCode, day: Day, amount: i64) -> Delta {
    Delta { figure, area: area.clone(), day, amount, corrects: false }
}

fn mends(figure: Figure, area: &AreaCode, day: Day, amount: i64) -> Delta {
    Delta { corrects: true, ..tells(figure, area, day, amount) }
}

fn cents(amount: Cents) -> Result<i64, FoldError> {
    i64::try_from(u64::from(amount)).map_err(|_| FoldError::Overflow("figure_sums"))
}

fn organisation_figures(kind: OrganisationKind) -> &'static [Figure] {
    match kind {
        OrganisationKind::Federation
        | OrganisationKind::SocialAssociation
        | OrganisationKind::SocialServiceInstitution
        | OrganisationKind::Foundation
        | OrganisationKind::ResidentsCommittee
        | OrganisationKind::VillagersCommittee
        | OrganisationKind::ShareholdingCooperative => &[],
        OrganisationKind::DirectTeam => &[Figure::DirectTeams],
        OrganisationKind::Group => &[Figure::Organisations],
        OrganisationKind::CommunityStation => &[Figure::Organisations, Figure::Stations],
        OrganisationKind::SelfOrganisation => &[Figure::SelfOrganisations],
    }
}

/// An organisation with its members counts from a day on (`sign` 1) or no more (-1).
fn organisation(kind: OrganisationKind, area: &AreaCode, members: i64, day: Day, sign: i64) -> Deltas {
    let mut deltas: Deltas = organisation_figures(kind).iter().map(|figure| tells(*figure, area, day, sign)).collect();
    if kind == OrganisationKind::SelfOrganisation && members != 0 {
        deltas.push(tells(Figure::SelfOrganisationMembers, area, day, sign * members));
    }
    deltas
}

/// What an event means for the figures.
enum Concern<'e> {
    /// Something befell a volunteer.
    Volunteer(&'e VolunteerEvent),
    /// Something befell an organisation.
    Organisation(&'e OrganisationEvent),
    /// So many members more, or fewer, of an organisation.
    Members(OrganisationId, i64),
    /// Something befell a council.
    Council(&'e CouncilEvent),
    /// An election, meeting or motion begins in this area and counts like this.
    Begins(&'e AreaCode, Counted),
    /// An election was certified.
    ElectionCertified,
    /// A meeting was opened.
    MeetingOpened,
    /// A meeting was closed.
    MeetingClosed(Instant),
    /// A motion was submitted.
    MotionSubmitted,
    /// Something befell a project.
    Project(&'e ProjectEvent),
    /// A project's grant is larger on a day by so much, times the sign.
    Grant(ProjectId, Day, Cents, i64),
    /// Something befell a community activity.
    Activity(&'e CommunityActivityEvent),
}

fn concern(event: &Event) -> Option<Concern<'_>> {
    match event {
        Event::Volunteering(event) => of_volunteering(event),
        Event::Deliberation(event) => of_deliberation(event),
        Event::Projects(event) => of_projects(event),
        Event::Access(_) => None,
    }
}

fn of_volunteering(event: &volunteering::Event) -> Option<Concern<'_>> {
    use volunteering::Event as V;
    match event {
        V::Volunteer(event) => Some(Concern::Volunteer(event)),
        V::Organisation(event) => Some(Concern::Organisation(event)),
        V::Membership(MembershipEvent::OrganisationJoined { organisation, .. }) => Some(Concern::Members(*organisation, 1)),
        V::Membership(MembershipEvent::OrganisationLeft { organisation, .. }) => Some(Concern::Members(*organisation, -1)),
        V::Calendar(_) | V::Activity(_) | V::ServiceLedger(_) | V::StarScheme(_) => None,
    }
}

fn of_deliberation(event: &deliberation::Event) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    match event {
        D::Council(event) => Some(Concern::Council(event)),
        D::Election(event) => of_election(event),
        D::Meeting(event) => of_meeting(event),
        D::Motion(event) => of_motion(event),
        D::ResidentIssue(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

fn of_election(event: &ElectionEvent) -> Option<Concern<'_>> {
    use ElectionEvent as E;
    match event {
        E::ElectionCalled { terms, .. } => Some(Concern::Begins(&terms.area, Counted::Election)),
        E::ElectionCertified { .. } => Some(Concern::ElectionCertified),
        E::NomineePutForward { .. }
        | E::NominationAccepted { .. }
        | E::NominationWithdrawn { .. }
        | E::ProxyRegistered { .. }
        | E::ProxyRevoked { .. }
        | E::ProxiesPublished { .. }
        | E::PollAttached { .. }
        | E::ElectorateFrozen { .. }
        | E::ElectionVoided { .. }
        | E::RunOffCalled { .. } => None,
    }
}

fn of_meeting(event: &MeetingEvent) -> Option<Concern<'_>> {
    use MeetingEvent as E;
    match event {
        E::MeetingConvened { area, .. } => Some(Concern::Begins(area, Counted::Meeting(false))),
        E::MeetingOpened { .. } => Some(Concern::MeetingOpened),
        E::MeetingClosed { at } => Some(Concern::MeetingClosed(*at)),
        E::MeetingAmended { .. }
        | E::ContinuationAnnounced { .. }
        | E::MeetingCancelled { .. }
        | E::GuestInvited { .. }
        | E::AbsenceExcused { .. }
        | E::AttendeeCame { .. }
        | E::AttendeeWent { .. }
        | E::QuorumReached { .. }
        | E::QuorumLost { .. }
        | E::MeetingAdjourned { .. }
        | E::MeetingResumed { .. }
        | E::ItemTakenUp { .. }
        | E::SpeakerListed { .. }
        | E::SpeakerUnlisted { .. }
        | E::SpeakerCalled { .. }
        | E::TurnEnded { .. }
        | E::VoteOpened { .. }
        | E::BallotCast { .. }
        | E::HandsCounted { .. }
        | E::VoteClosed { .. }
        | E::VoteAnnulled { .. } => None,
    }
}

fn of_motion(event: &MotionEvent) -> Option<Concern<'_>> {
    use MotionEvent as E;
    match event {
        E::MotionDrafted { area, .. } => Some(Concern::Begins(area, Counted::Motion(false))),
        E::MotionSubmitted { .. } => Some(Concern::MotionSubmitted),
        E::MotionRevised { .. }
        | E::MoverJoined { .. }
        | E::MoverLeft { .. }
        | E::MotionWithdrawn { .. }
        | E::AttachmentAdded { .. }
        | E::AttachmentRemoved { .. }
        | E::MotionSeconded { .. }
        | E::SecondWithdrawn { .. }
        | E::SecondsCompleted { .. }
        | E::MotionAccepted {}
        | E::MotionReturned { .. }
        | E::AmendmentProposed { .. }
        | E::AmendmentRevised { .. }
        | E::AmendmentWithdrawn { .. }
        | E::AmendmentAccepted { .. }
        | E::AmendmentRejected { .. }
        | E::MotionScheduled { .. }
        | E::MotionTakenOffAgenda { .. }
        | E::MotionPutToVote { .. }
        | E::VoteAbandoned { .. }
        | E::MotionAdopted { .. }
        | E::MotionRejected { .. }
        | E::MotionReferred { .. }
        | E::ReferralAccepted { .. }
        | E::ReferralDeclined { .. }
        | E::MotionPostponed { .. }
        | E::MotionMerged { .. }
        | E::MotionAbsorbed { .. }
        | E::MotionRelated { .. }
        | E::MotionUnrelated { .. }
        | E::ProgressReported { .. }
        | E::MotionCompleted { .. }
        | E::CompletionRevoked { .. }
        | E::MotionReviewed { .. }
        | E::DecisionAnnulled { .. }
        | E::MotionReconsidered { .. } => None,
    }
}

fn of_projects(event: &projects::Event) -> Option<Concern<'_>> {
    use FundEvent as E;
    use projects::Event as P;
    match event {
        P::Project(event) => Some(Concern::Project(event)),
        P::CommunityActivity(event) => Some(Concern::Activity(event)),
        P::Fund(E::GrantAllocated { project, amount, on, .. }) => Some(Concern::Grant(*project, *on, *amount, 1)),
        P::Fund(E::GrantReleased { project, amount, on, .. } | E::GrantReturned { project, amount, on, .. }) => {
            Some(Concern::Grant(*project, *on, *amount, -1))
        }
        P::Fund(
            E::FundEstablished { .. }
            | E::BudgetAppropriated { .. }
            | E::BudgetWithdrawn { .. }
            | E::GrantDisbursed { .. }
            | E::FundYearClosed { .. }
            | E::BalanceCarriedOver { .. }
            | E::BalanceLapsed { .. }
            | E::FundClosed {},
        )
        | P::Round(_)
        | P::ServiceLink(_)
        | P::Incubation(_) => None,
    }
}

/// The subjects of a batch, by the stream's id.
#[derive(Default)]
pub(crate) struct Subjects(pub(crate) Rows<FigureSubject>);

impl Subjects {
    /// Asks for the subjects that an event is about.
    pub(crate) fn want(&mut self, change: &Change) {
        let stream = change.stream.id;
        match concern(&change.event) {
            Some(Concern::Members(organisation, _)) => self.0.want((organisation.0,)),
            Some(Concern::Grant(project, ..)) => self.0.want((project.0,)),
            Some(Concern::Project(event)) => {
                self.0.want((stream,));
                if let ProjectEvent::MoneyRaised { entry, .. } | ProjectEvent::BookEntryVoided { entry, .. } = event {
                    self.0.want((entry.0,));
                }
            }
            Some(
                Concern::Volunteer(_)
                | Concern::Organisation(_)
                | Concern::Council(_)
                | Concern::Begins(..)
                | Concern::ElectionCertified
                | Concern::MeetingOpened
                | Concern::MeetingClosed(_)
                | Concern::MotionSubmitted
                | Concern::Activity(_),
            ) => self.0.want((stream,)),
            None => {}
        }
    }

    fn begin(&mut self, change: &Change, id: Uuid, area: &AreaCode, state: Counted) -> Result<(), FoldError> {
        self.0.add(FigureSubject { id, area: area.clone(), state, position: change.position })
    }

    fn change(&mut self, change: &Change, id: Uuid) -> Result<&mut FigureSubject, FoldError> {
        self.0.change(&(id,), change.position)
    }

    /// Takes an event in: changes the subjects and tells what changes about which figure.
    pub(crate) fn take(&mut self, change: &Change) -> Result<Deltas, FoldError> {
        let (id, today) = (change.stream.id, change.recorded_day);
        match concern(&change.event) {
            Some(Concern::Volunteer(event)) => self.volunteer(change, event),
            Some(Concern::Organisation(event)) => self.organisation(change, event),
            Some(Concern::Members(organisation, by)) => self.member(change, organisation.0, by),
            Some(Concern::Council(event)) => self.council(change, event),
            Some(Concern::Project(event)) => self.project(change, event),
            Some(Concern::Activity(event)) => self.activity(change, event),
            Some(Concern::Begins(area, state)) => {
                self.begin(change, id, area, state)?;
                Ok(vec![])
            }
            Some(Concern::ElectionCertified) => {
                let area = &self.change(change, id)?.area;
                Ok(vec![tells(Figure::CertifiedElections, area, today, 1)])
            }
            Some(Concern::MeetingOpened) => {
                self.change(change, id)?.state = Counted::Meeting(true);
                Ok(vec![])
            }
            Some(Concern::MeetingClosed(at)) => {
                let row = self.change(change, id)?;
                let held = row.state == Counted::Meeting(true);
                Ok(if held { vec![tells(Figure::MeetingsHeld, &row.area, change.day_of(at), 1)] } else { vec![] })
            }
            Some(Concern::MotionSubmitted) => {
                let row = self.change(change, id)?;
                let first = std::mem::replace(&mut row.state, Counted::Motion(true)) == Counted::Motion(false);
                Ok(if first { vec![tells(Figure::MotionsReceived, &row.area, today, 1)] } else { vec![] })
            }
            Some(Concern::Grant(project, on, amount, sign)) => {
                let area = &self.change(change, project.0)?.area;
                Ok(vec![tells(Figure::ProjectGrantCents, area, on, sign * cents(amount)?)])
            }
            None => Ok(vec![]),
        }
    }

    fn volunteer(&mut self, change: &Change, event: &VolunteerEvent) -> Result<Deltas, FoldError> {
        const FIGURE: Figure = Figure::RegisteredVolunteers;
        let (id, today) = (change.stream.id, change.recorded_day);
        match event {
            VolunteerEvent::VolunteerRegistered { home_area, registered_on, .. } => {
                self.begin(change, id, home_area, Counted::Volunteer(true))?;
                Ok(vec![tells(FIGURE, home_area, *registered_on, 1)])
            }
            VolunteerEvent::VolunteerReturned { home_area, returned_on, .. } => {
                let row = self.change(change, id)?;
                (row.area, row.state) = (home_area.clone(), Counted::Volunteer(true));
                Ok(vec![tells(FIGURE, home_area, *returned_on, 1)])
            }
            VolunteerEvent::VolunteerCorrected { home_area: Some(area), .. } => {
                let row = self.change(change, id)?;
                let before = std::mem::replace(&mut row.area, area.clone());
                let moves = row.state == Counted::Volunteer(true) && before != *area;
                let moved = || vec![tells(FIGURE, &before, today, -1), tells(FIGURE, area, today, 1)];
                Ok(if moves { moved() } else { vec![] })
            }
            VolunteerEvent::VolunteerWithdrawn { .. } | VolunteerEvent::VolunteerErased {} => {
                let row = self.change(change, id)?;
                let counted = std::mem::replace(&mut row.state, Counted::Volunteer(false)) == Counted::Volunteer(true);
                Ok(if counted { vec![tells(FIGURE, &row.area, today, -1)] } else { vec![] })
            }
            VolunteerEvent::VolunteerCorrected { home_area: None, .. }
            | VolunteerEvent::VolunteerSuspended { .. }
            | VolunteerEvent::VolunteerReinstated { .. } => Ok(vec![]),
        }
    }

    fn organisation(&mut self, change: &Change, event: &OrganisationEvent) -> Result<Deltas, FoldError> {
        let (id, today) = (change.stream.id, change.recorded_day);
        match event {
            OrganisationEvent::OrganisationFounded { profile } => {
                let kind = profile.kind;
                self.begin(change, id, &profile.area, Counted::Organisation { kind, members: 0, exists: true })?;
                Ok(organisation(kind, &profile.area, 0, today, 1))
            }
            OrganisationEvent::OrganisationAmended { profile } => {
                let row = self.change(change, id)?;
                let before = row.area.clone();
                row.area = profile.area.clone();
                let Counted::Organisation { kind, members, exists: true } = &mut row.state else { return Ok(vec![]) };
                let was = std::mem::replace(kind, profile.kind);
                if (was, &before) == (profile.kind, &profile.area) {
                    return Ok(vec![]);
                }
                let mut deltas = organisation(was, &before, *members, today, -1);
                deltas.extend(organisation(profile.kind, &profile.area, *members, today, 1));
                Ok(deltas)
            }
            OrganisationEvent::OrganisationDissolved {} => {
                let row = self.change(change, id)?;
                let Counted::Organisation { kind, members, exists } = &mut row.state else { return Ok(vec![]) };
                let ends = std::mem::replace(exists, false);
                Ok(if ends { organisation(*kind, &row.area, *members, today, -1) } else { vec![] })
            }
        }
    }

    fn member(&mut self, change: &Change, id: Uuid, by: i64) -> Result<Deltas, FoldError> {
        let today = change.recorded_day;
        let row = self.change(change, id)?;
        let Counted::Organisation { kind, members, exists } = &mut row.state else { return Ok(vec![]) };
        *members = members.checked_add(by).filter(|it| *it >= 0).ok_or(FoldError::Overflow("figure_subjects"))?;
        let counts = *exists && *kind == OrganisationKind::SelfOrganisation;
        Ok(if counts { vec![tells(Figure::SelfOrganisationMembers, &row.area, today, by)] } else { vec![] })
    }

    /// A seat counts from its first day to its last, whenever that is recorded.
    fn council(&mut self, change: &Change, event: &CouncilEvent) -> Result<Deltas, FoldError> {
        const FIGURE: Figure = Figure::SeatedRepresentatives;
        let id = change.stream.id;
        if let CouncilEvent::CouncilEstablished { area, .. } = event {
            self.begin(change, id, area, Counted::Council(vec![]))?;
            return Ok(vec![]);
        }
        let row = self.change(change, id)?;
        let Counted::Council(seats) = &mut row.state else { return Ok(vec![]) };
        let mut deltas = vec![];
        let mut end = |seat: &mut HeldSeat, on: Day| {
            let on = on.max(seat.from);
            if on < seat.end {
                deltas.extend([tells(FIGURE, &row.area, on, -1), mends(FIGURE, &row.area, seat.end, 1)]);
                seat.end = on;
            }
        };
        match event {
            CouncilEvent::RepresentativeSeated { person, from, until, .. } => {
                let after = until.succ_opt().unwrap_or(*until);
                seats.push(HeldSeat { person: *person, from: *from, end: after });
                deltas.extend([tells(FIGURE, &row.area, *from, 1), tells(FIGURE, &row.area, after, -1)]);
            }
            CouncilEvent::SeatVacated { person, from, on, .. } => {
                seats.iter_mut().filter(|seat| (seat.person, seat.from) == (*person, *from)).for_each(|seat| end(seat, *on));
            }
            CouncilEvent::CouncilDissolved { on, .. } => seats.iter_mut().for_each(|seat| end(seat, *on)),
            CouncilEvent::CouncilEstablished { .. }
            | CouncilEvent::CouncilRenamed { .. }
            | CouncilEvent::CharterAmended { .. }
            | CouncilEvent::TermEnded { .. }
            | CouncilEvent::GuestRegistered { .. }
            | CouncilEvent::GuestReleased { .. } => {}
        }
        Ok(deltas)
    }

    fn project(&mut self, change: &Change, event: &ProjectEvent) -> Result<Deltas, FoldError> {
        const RAISED: Figure = Figure::ProjectSelfRaisedCents;
        let id = change.stream.id;
        match event {
            ProjectEvent::ProjectStarted { area, .. } => {
                self.begin(change, id, area, Counted::Project)?;
                Ok(vec![])
            }
            ProjectEvent::MoneyRaised { entry, amount, on, .. } => {
                let area = self.change(change, id)?.area.clone();
                self.begin(change, entry.0, &area, Counted::Raised(*on, *amount))?;
                Ok(vec![tells(RAISED, &area, *on, cents(*amount)?)])
            }
            ProjectEvent::BookEntryVoided { entry, .. } => {
                // An expense is no subject.
                if self.0.get(&(entry.0,))?.is_none() {
                    return Ok(vec![]);
                }
                let row = self.change(change, entry.0)?;
                let Counted::Raised(on, amount) = std::mem::replace(&mut row.state, Counted::Nothing) else { return Ok(vec![]) };
                Ok(vec![mends(RAISED, &row.area, on, -cents(amount)?)])
            }
            ProjectEvent::PlanRevised { .. }
            | ProjectEvent::MilestoneReached { .. }
            | ProjectEvent::GrantMoved { .. }
            | ProjectEvent::ExpenseRecorded { .. }
            | ProjectEvent::ExpenseRefunded { .. }
            | ProjectEvent::ProjectCompleted { .. }
            | ProjectEvent::ProjectAudited { .. }
            | ProjectEvent::ProjectReviewed { .. }
            | ProjectEvent::ProjectCancelled { .. } => Ok(vec![]),
        }
    }

    fn activity(&mut self, change: &Change, event: &CommunityActivityEvent) -> Result<Deltas, FoldError> {
        const HELD: Figure = Figure::ActivitiesByRepresentatives;
        const REACHED: Figure = Figure::ActivityPersonTimes;
        let id = change.stream.id;
        if let CommunityActivityEvent::CommunityActivityBegun { begun_by, area, .. } = event {
            let state = if begun_by.is_some() { Counted::Activity(None) } else { Counted::Nothing };
            self.begin(change, id, area, state)?;
            return Ok(vec![]);
        }
        let row = self.change(change, id)?;
        let Counted::Activity(held) = &mut row.state else { return Ok(vec![]) };
        Ok(match (event, *held) {
            (CommunityActivityEvent::CommunityActivityHeld { on, person_times, .. }, None) => {
                *held = Some((*on, *person_times));
                vec![tells(HELD, &row.area, *on, 1), tells(REACHED, &row.area, *on, i64::from(*person_times))]
            }
            (CommunityActivityEvent::PersonTimesCorrected { person_times, .. }, Some((on, before))) => {
                *held = Some((on, *person_times));
                vec![mends(REACHED, &row.area, on, i64::from(*person_times) - i64::from(before))]
            }
            (CommunityActivityEvent::CommunityActivityVoided { .. }, Some((on, before))) => {
                *held = None;
                vec![mends(HELD, &row.area, on, -1), mends(REACHED, &row.area, on, -i64::from(before))]
            }
            (
                CommunityActivityEvent::CommunityActivityBegun { .. }
                | CommunityActivityEvent::CommunityActivityHeld { .. }
                | CommunityActivityEvent::PersonTimesCorrected { .. }
                | CommunityActivityEvent::CommunityActivityCancelled { .. }
                | CommunityActivityEvent::CommunityActivityVoided { .. },
                _,
            ) => vec![],
        })
    }
}
