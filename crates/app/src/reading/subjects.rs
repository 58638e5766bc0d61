//! What an act is about, told from rows: where a thing lies, whose it is, of which organisation and all above.

use gongyi_domain::{
    access::{
        authority::{Act, Actor, Subject},
        public_function::PublicFunction,
    },
    deliberation::motion::{MOTION_DRAFTS, MOTIONS},
    values::{MotionId, OrganisationId, PersonId, VolunteerId},
};
use gongyi_projections::{MembershipRow, MotionRow, OrganisationRow, PersonRow, VolunteerView};

/// Where single rows come from; a door that answers many questions at once loads them in batches.
pub trait Rows: Sync {
    /// Why rows were not read.
    type Error: Send;

    /// An organisation.
    fn organisation(&self, id: OrganisationId) -> impl Future<Output = Result<Option<OrganisationRow>, Self::Error>> + Send;
    /// An organisation and all above it, nearest first; of an unknown one nothing.
    fn line(&self, id: OrganisationId) -> impl Future<Output = Result<Vec<OrganisationId>, Self::Error>> + Send;
    /// A volunteer.
    fn volunteer(&self, id: VolunteerId) -> impl Future<Output = Result<Option<VolunteerView>, Self::Error>> + Send;
    /// The memberships of a volunteer that hold now.
    fn memberships(&self, id: VolunteerId) -> impl Future<Output = Result<Vec<MembershipRow>, Self::Error>> + Send;
    /// A person.
    fn person(&self, id: PersonId) -> impl Future<Output = Result<Option<PersonRow>, Self::Error>> + Send;
    /// Whether a person has accepted a public function.
    fn accepted(&self, person: PersonId, function: PublicFunction) -> impl Future<Output = Result<bool, Self::Error>> + Send;
    /// A motion.
    fn motion(&self, id: MotionId) -> impl Future<Output = Result<Option<MotionRow>, Self::Error>> + Send;
}

/// What acts are about, for whatever has [`Rows`].
pub trait Subjects: Rows {
    /// An organisation: in its area, with all above it. Unknown ones lie nowhere.
    fn organisation_subject(&self, id: OrganisationId) -> impl Future<Output = Result<Subject, Self::Error>> + Send {
        async move {
            let organisations = self.line(id).await?;
            let area = self.organisation(id).await?.map(|row| row.area);
            Ok(Subject { area, organisations, person: None })
        }
    }

    /// A volunteer: at home in an area, a member of organisations and so of all above them.
    fn volunteer_subject(&self, volunteer: &VolunteerView) -> impl Future<Output = Result<Subject, Self::Error>> + Send {
        async move {
            let mut subject = Subject::person(volunteer.person, Some(volunteer.home_area.clone()));
            for membership in self.memberships(volunteer.id).await? {
                subject.organisations.extend(self.line(membership.organisation).await?);
            }
            Ok(subject)
        }
    }

    /// The volunteer of this id; an unknown one lies nowhere.
    fn subject_of_volunteer(&self, id: VolunteerId) -> impl Future<Output = Result<Subject, Self::Error>> + Send {
        async move {
            match self.volunteer(id).await? {
                Some(volunteer) => self.volunteer_subject(&volunteer).await,
                None => Ok(Subject::default()),
            }
        }
    }

    /// The act of reading a motion's course, and what it is about as things stand now: a draft is its movers' and the area's
    /// staff's to see, everything later everybody's.
    fn motion_subject(&self, id: MotionId, actor: &Actor) -> impl Future<Output = Result<(&'static Act, Subject), Self::Error>> + Send {
        async move {
            Ok(match self.motion(id).await? {
                Some(row) if row.year.is_some() => (&MOTIONS, Subject::default()),
                Some(row) => (&MOTION_DRAFTS, draft_subject(actor, &row)),
                None => (&MOTION_DRAFTS, Subject::default()),
            })
        }
    }
}

impl<R: Rows> Subjects for R {}

/// A draft: in its council's area, and the actor's own if the actor moves it.
pub fn draft_subject(actor: &Actor, row: &MotionRow) -> Subject {
    let mover = actor.person().filter(|person| row.state.movers.contains(person));
    Subject { area: Some(row.area.clone()), person: mover, ..Subject::default() }
}
