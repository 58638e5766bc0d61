//! Signing up for shifts and withdrawing from them.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_app::volunteering::sign_ups::{SignUp as SignUpCommand, SignedUp, WithdrawSignUp};
use gongyi_domain::{access::authority::Subject, refusal::Refusal, values::VolunteerId, volunteering::activity::SIGN_UPS};
use gongyi_projections::{PageArgs, SignUpRow, SignUpState as Stored};

use super::{
    activities::{self, Activity, Shift},
    volunteer_commands::named_or_oneself,
    volunteers::{self, Volunteer},
};
use crate::{
    door::Door,
    fault::{self, Code},
    ids::{self, ShiftKey},
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Moment, Position},
};

/// Where a sign-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum SignUpState {
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
        volunteers::volunteer_in(&Door::of(ctx)?, self.row.volunteer, self.seen_in.clone()).await
    }
    /// Where it stands.
    fn state(&self) -> SignUpState {
        self.row.state.into()
    }
    /// Since when it stands so.
    fn since(&self) -> Moment {
        Moment(self.row.since)
    }
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

/// Who signs up for, or withdraws from, what.
#[derive(InputObject)]
pub struct SignUpInput {
    /// Which shift.
    shift: ID,
    /// Who; oneself if not said.
    volunteer: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl SignUpInput {
    fn read(&self, door: &Door<'_>) -> Result<(ShiftKey, VolunteerId), Refusal> {
        Ok((ids::named(&self.shift, "shift")?, named_or_oneself(door, self.volunteer.as_ref())?))
    }
}

payloads! {
    /// What became of `signUp`.
    SignUpPayload {
        /// Whether there was a place.
        state: SignUpState,
        /// The shift with its places.
        shift: Shift,
        /// The activity.
        activity: Activity,
    }
    /// What became of `withdrawSignUp`.
    WithdrawSignUpPayload {
        /// The shift with its places.
        shift: Shift,
        /// The activity.
        activity: Activity,
    }
}

/// The shift and activity that a sign-up was about, once done.
async fn both(
    door: &Door<'_>,
    done: bool,
    asked: &Result<(ShiftKey, VolunteerId), Refusal>,
) -> Result<(Option<Shift>, Option<Activity>), Error> {
    match asked {
        Ok((key, _)) if done => Ok((activities::shift(door, *key).await?, activities::activity(door, key.activity).await?)),
        Ok(_) | Err(_) => Ok((None, None)),
    }
}

/// The root fields about signing up.
#[derive(Default)]
pub struct SignUpMutations;

#[Object]
impl SignUpMutations {
    /// Sign up for a shift: takes a place, or a place on the waitlist if all are taken.
    async fn sign_up(&self, ctx: &Context<'_>, #[graphql(desc = "Who for what.")] input: SignUpInput) -> Result<SignUpPayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let command = asked.clone().map(|(key, volunteer)| SignUpCommand { activity: key.activity, shift: key.shift, volunteer });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (shift, activity) = both(&door, done.answer.is_some(), &asked).await?;
        let state = done.answer.map(|answer| match answer {
            SignedUp::Taken => SignUpState::Taken,
            SignedUp::Waitlisted => SignUpState::Waiting,
        });
        Ok(SignUpPayload::new(done.told, state, shift, activity))
    }

    /// Withdraw from a shift or its waitlist; the first who waits moves up.
    async fn withdraw_sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who from what.")] input: SignUpInput,
    ) -> Result<WithdrawSignUpPayload, Error> {
        let door = Door::of(ctx)?;
        let asked = input.read(&door);
        let command = asked.clone().map(|(key, volunteer)| WithdrawSignUp { activity: key.activity, shift: key.shift, volunteer });
        let done = door.does(input.command_id.as_ref(), command).await?;
        let (shift, activity) = both(&door, done.answer.is_some(), &asked).await?;
        Ok(WithdrawSignUpPayload::new(done.told, shift, activity))
    }
}
