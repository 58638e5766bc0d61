//! Signing up for shifts and withdrawing from them.

use std::future::ready;

use async_graphql::{Context, Enum, Error, ID, Object};
use gongyi_app::volunteering::sign_ups::{SignUp as SignUpForShift, SignedUp, WithdrawSignUp};
use gongyi_domain::{access::authority::Subject, volunteering::activity::SIGN_UPS};
use gongyi_projections::{PageArgs, SignUpPhase as Stored, SignUpRow};

use super::{
    activities::{self, Activity, Shift},
    volunteers::{self, OneselfAsVolunteer, Volunteer},
};
use crate::{
    door::Door,
    fault::{self, Code},
    ids::{self, ShiftKey, SignUpKey},
    loaders::{EnteredBy, SignUpOf},
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Moment, Position},
    table::mutations,
};

/// Where a sign-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum SignUpPhase {
    /// Has a place.
    Taken,
    /// Waits for a place.
    Waiting,
    /// Was given back.
    Withdrawn,
}

/// A sign-up, and the activity it was reached through, if through one.
pub struct SignUp {
    pub(crate) row: SignUpRow,
    pub(crate) seen_in: Option<Subject>,
}

/// A volunteer's sign-up for a shift.
#[Object]
impl SignUp {
    /// The global id; it names the shift and the volunteer too.
    pub(crate) async fn id(&self) -> ID {
        let SignUpRow { activity, shift, volunteer, .. } = self.row;
        ids::id(&SignUpKey { shift: ShiftKey { activity, shift }, volunteer })
    }
    /// The activity.
    async fn activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>, Error> {
        activities::activity(&Door::of(ctx)?, self.row.activity).await
    }
    /// The shift; null once an amendment took it out.
    async fn shift(&self, ctx: &Context<'_>) -> Result<Option<Shift>, Error> {
        activities::shift(&Door::of(ctx)?, ShiftKey { activity: self.row.activity, shift: self.row.shift }).await
    }
    /// The volunteer.
    async fn volunteer(&self, ctx: &Context<'_>) -> Result<Option<Volunteer>, Error> {
        let door = Door::of(ctx)?;
        let entered_by = door.load(EnteredBy(self.row.activity, self.row.volunteer)).await?.unwrap_or_default();
        volunteers::volunteer_in(&door, self.row.volunteer, self.seen_in.clone(), &entered_by).await
    }
    /// Where it stands.
    fn phase(&self) -> SignUpPhase {
        self.row.phase.into()
    }
    /// Since when it stands so.
    fn since(&self) -> Moment {
        Moment(self.row.since)
    }
}

/// A sign-up, for whoever may read who signed up.
pub(crate) async fn sign_up_node(door: &Door<'_>, key: SignUpKey) -> Result<Option<SignUp>, Error> {
    let subject = match door.load(key.shift.activity).await? {
        Some(activity) => activities::subject_of(door, &activity).await?,
        None => Subject::default(),
    };
    let row = door.load(SignUpOf(key.shift.activity, key.shift.shift, key.volunteer)).await?;
    let person = match &row {
        Some(row) => door.load(row.volunteer).await?.map(|view| view.person),
        None => None,
    };
    door.may(&SIGN_UPS, &Subject { person, ..subject.clone() })?;
    Ok(row.map(|row| SignUp { row, seen_in: Some(subject) }))
}

/// The sign-ups of an activity or of a volunteer.
pub(crate) async fn asked(
    door: &Door<'_>,
    activity: Option<&ID>,
    volunteer: Option<&ID>,
    include_withdrawn: bool,
    page: &PageArgs,
) -> Result<Paged<SignUp>, Error> {
    let views = door.app.views();
    match (activity, volunteer) {
        (Some(id), None) => {
            let id = ids::asked(id)?;
            let subject = match door.load(id).await? {
                Some(row) => activities::subject_of(door, &row).await?,
                None => Subject::default(),
            };
            door.may(&SIGN_UPS, &subject)?;
            let page = door.read(views.sign_ups_of_activity(id, include_withdrawn, page).await)?;
            Ok(paging::paged(page, |row| SignUp { row, seen_in: Some(subject.clone()) }))
        }
        (None, Some(id)) => {
            let id = ids::asked(id)?;
            let subject = match door.load(id).await? {
                Some(view) => door.volunteer_subject(&view).await?,
                None => Subject::default(),
            };
            door.may(&SIGN_UPS, &subject)?;
            let page = door.read(views.sign_ups_of_volunteer(id, include_withdrawn, page).await)?;
            Ok(paging::paged(page, |row| SignUp { row, seen_in: None }))
        }
        (Some(_), Some(_)) | (None, None) => Err(fault::error(Code::BadInput, "ask for an activity's sign-ups or a volunteer's")),
    }
}

/// The root field about sign-ups.
#[derive(Default)]
pub struct SignUpQueries;

#[Object]
impl SignUpQueries {
    /// Who signed up for an activity, for its staff and auditors; or all that a volunteer signed up for, for oneself
    /// and the volunteer's staff. One of the two is asked for.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn sign_ups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which activity.")] activity: Option<ID>,
        #[graphql(desc = "By which volunteer.")] volunteer: Option<ID>,
        #[graphql(desc = "Also those that were withdrawn.")] include_withdrawn: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<SignUp>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let include_withdrawn = include_withdrawn.unwrap_or_default();
        let page = paging::asked(ctx, first, after, last, before)?;
        asked(&door, activity.as_ref(), volunteer.as_ref(), include_withdrawn, &page).await
    }
}

payloads! {
    /// A sign-up, after it was made or withdrawn.
    SignUpPayload((ShiftKey, SignUpPhase)) {
        /// Where it stands: whether there was a place.
        phase: SignUpPhase = |_door, (_, phase)| ready(Ok::<_, Error>(Some(*phase))),
        /// The shift with its places.
        shift: Shift = |door, (key, _)| activities::shift(door, *key),
        /// The activity.
        activity: Activity = |door, (key, _)| activities::activity(door, key.activity),
    }
}

mutations! {
    /// The root fields about signing up.
    pub struct SignUpMutations;

    /// Sign up for a shift: takes a place, or a place on the waitlist if all are taken.
    SignUp -> SignUpPayload {
        /// Which shift.
        shift: ShiftKey,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = SignUpForShift { activity: shift.activity, shift: shift.shift, volunteer }, move |signed_up| (shift, match signed_up {
        SignedUp::Taken => SignUpPhase::Taken,
        SignedUp::Waitlisted => SignUpPhase::Waiting,
    });

    /// Withdraw from a shift or its waitlist; the first who waits and may serve moves up.
    WithdrawSignUp -> SignUpPayload {
        /// Which shift.
        shift: ShiftKey,
        /// Who; oneself if not said.
        volunteer: OneselfAsVolunteer,
    } = WithdrawSignUp { activity: shift.activity, shift: shift.shift, volunteer }, move |()| (shift, SignUpPhase::Withdrawn);
}
