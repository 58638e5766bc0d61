//! What the processes of the platform could not carry out.

use async_graphql::{Context, Error, Object};
use gongyi_app::{processes::ParkedEvent as Parked, reading::Subjects};
use gongyi_domain::access::authority::{PARKED_EVENTS, Subject};

use crate::{
    door::Door,
    list::List,
    scalars::{Moment, Position},
    volunteering::{
        activities::{self, Activity},
        volunteers::{self, Volunteer},
    },
};

/// An event that a process could not carry out, and where it lies.
pub struct ParkedEvent {
    parked: Parked,
    about: Subject,
}

impl ParkedEvent {
    async fn new(door: &Door<'_>, parked: Parked) -> Result<Self, Error> {
        let activity = match parked.activity {
            Some(id) => door.load(id).await?,
            None => None,
        };
        let about = match (activity, parked.volunteer) {
            (Some(row), _) => activities::subject_of(door, &row).await?,
            (None, Some(id)) => door.subject_of_volunteer(id).await.map_err(|unread| door.unread(unread))?,
            (None, None) => Subject::default(),
        };
        Ok(Self { parked, about })
    }
}

/// An event from which a process of the platform could not draw what follows, because a rule stands in the way. It is tried
/// again whenever something has happened, and is gone from the list once it could be carried out.
#[Object]
impl ParkedEvent {
    /// The process, such as `attendance-to-ledger`: who was checked out gets a service record.
    fn process(&self) -> &str {
        self.parked.process
    }
    /// The event, such as `VolunteerCheckedOut`.
    fn event(&self) -> &str {
        &self.parked.event.event_type
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.parked.event.commit.metadata.recorded_at)
    }
    /// The code of the refusal: what stands in the way.
    fn code(&self) -> &str {
        &self.parked.code
    }
    /// The activity it happened at, if at one.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        match self.parked.activity {
            Some(id) => activities::activity(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The volunteer it happened to, if to one.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        match self.parked.volunteer {
            Some(id) => volunteers::volunteer_in(&Door::of(ctx)?, id, Some(self.about.clone()), &[]).await,
            None => Ok(None),
        }
    }
}

/// The root field about processes.
#[derive(Default)]
pub struct ProcessQueries;

#[Object]
impl ProcessQueries {
    /// What the processes of the platform could not carry out, in the places and organisations that the asker keeps or audits;
    /// what lies in none is the whole platform's. Hours that wait for another record are `serviceRecords` in the phase `HELD`.
    async fn parked_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<List<ParkedEvent>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        if door.actor().grants().is_empty() {
            door.may(&PARKED_EVENTS, &Subject::default())?;
        }
        let parked = door.app.parked_events().await.map_err(|rejection| door.unread(rejection.into()))?;
        let mut shown = vec![];
        for parked in parked {
            let parked = ParkedEvent::new(&door, parked).await?;
            if door.allowed(&PARKED_EVENTS, &parked.about) {
                shown.push(parked);
            }
        }
        Ok(shown.into())
    }
}
