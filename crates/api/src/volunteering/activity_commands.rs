//! Publishing, amending, cancelling and closing activities.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::volunteering::activities::{ActivityDraft, AmendActivity, CancelActivity, CloseActivity, PublishActivity, ShiftDraft};
use gongyi_domain::{
    refusal::Refusal,
    values::{ActivityId, Minutes},
    volunteering::activity_details::Risk,
};

use super::{
    activities::{self, Activity},
    categories::Category,
    skills::Skill,
};
use crate::{
    door::Door,
    ids::{self, ShiftKey},
    outcome::payloads,
    scalars::{Area as AreaCode, Moment},
};

/// A shift as it is asked for.
#[derive(InputObject)]
pub struct ShiftInput {
    /// Which published shift it is; left out for a new one.
    id: Option<ID>,
    /// When it starts.
    starts: Moment,
    /// When it ends.
    ends: Moment,
    /// How many can take part.
    capacity: u32,
}

/// What is said where an activity is dangerous; both are needed then.
#[derive(InputObject)]
pub struct RiskInput {
    /// The dangers and what to do about them.
    notice: String,
    /// The insurance that covers the volunteers.
    insurance: String,
}

/// Everything that is published about an activity and may be amended.
#[derive(InputObject)]
pub struct ActivityDetailsInput {
    /// The title.
    title: String,
    /// The category.
    category: Category,
    /// Where to meet.
    place: String,
    /// The area it counts in, a listed one.
    area: AreaCode,
    /// Its shifts.
    shifts: Vec<ShiftInput>,
    /// The least age on the day of the shift, in years.
    #[graphql(default)]
    minimum_age: u32,
    /// What a volunteer must be able to do, all of it.
    #[graphql(default)]
    required_skills: Vec<Skill>,
    /// What is said where it is dangerous.
    risk: Option<RiskInput>,
    /// From when on one may sign up.
    sign_up_opens: Moment,
    /// Until when one may sign up.
    sign_up_closes: Moment,
    /// Withdrawal is possible until this many minutes before the shift starts.
    #[graphql(default)]
    withdrawal_minutes: u32,
}

impl ActivityDetailsInput {
    fn draft(self) -> Result<ActivityDraft, Refusal> {
        let shift = |shift: ShiftInput| {
            let id = ids::named_maybe::<ShiftKey>(shift.id.as_ref(), "shifts")?.map(|key| key.shift);
            Ok(ShiftDraft { id, starts: shift.starts.0, ends: shift.ends.0, capacity: shift.capacity })
        };
        Ok(ActivityDraft {
            title: self.title,
            category: self.category.into(),
            place: self.place,
            area: self.area.0,
            shifts: self.shifts.into_iter().map(shift).collect::<Result<_, Refusal>>()?,
            minimum_age: self.minimum_age,
            required_skills: self.required_skills.into_iter().map(Into::into).collect(),
            risk: self.risk.map(|RiskInput { notice, insurance }| Risk { notice, insurance }),
            sign_up_opens: self.sign_up_opens.0,
            sign_up_closes: self.sign_up_closes.0,
            withdrawal_minutes: Minutes(self.withdrawal_minutes),
        })
    }
}

/// What publishing takes.
#[derive(InputObject)]
pub struct PublishActivityInput {
    /// Who organises it.
    organisation: ID,
    /// What is published.
    details: ActivityDetailsInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What amending takes: all details anew.
#[derive(InputObject)]
pub struct AmendActivityInput {
    /// Which activity.
    activity: ID,
    /// What it shall be. Shifts with sign-ups keep their times and are not removed.
    details: ActivityDetailsInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What cancelling takes.
#[derive(InputObject)]
pub struct CancelActivityInput {
    /// Which activity.
    activity: ID,
    /// Why; public, so about the activity and not about a person.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What closing takes.
#[derive(InputObject)]
pub struct CloseActivityInput {
    /// Which activity.
    activity: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

payloads! {
    /// What became of `publishActivity`.
    PublishActivityPayload {
        /// The activity.
        activity: Activity,
    }
    /// What became of `amendActivity`.
    AmendActivityPayload {
        /// The activity.
        activity: Activity,
    }
    /// What became of `cancelActivity`.
    CancelActivityPayload {
        /// The activity.
        activity: Activity,
    }
    /// What became of `closeActivity`.
    CloseActivityPayload {
        /// The activity.
        activity: Activity,
    }
}

async fn changed(door: &Door<'_>, answer: Option<ActivityId>) -> Result<Option<Activity>, Error> {
    match answer {
        Some(id) => activities::activity(door, id).await,
        None => Ok(None),
    }
}

/// The root fields that change activities.
#[derive(Default)]
pub struct ActivityMutations;

#[Object]
impl ActivityMutations {
    /// Publish an activity.
    async fn publish_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By whom and what.")] input: PublishActivityInput,
    ) -> Result<PublishActivityPayload, Error> {
        let door = Door::of(ctx)?;
        let PublishActivityInput { organisation, details, command_id } = input;
        let command = ids::named(&organisation, "organisation")
            .and_then(|organisation| Ok(PublishActivity { organisation, draft: details.draft()? }));
        let done = door.does(command_id.as_ref(), command).await?;
        Ok(PublishActivityPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Amend an activity: all details anew. More places move the waitlist up.
    async fn amend_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how.")] input: AmendActivityInput,
    ) -> Result<AmendActivityPayload, Error> {
        let door = Door::of(ctx)?;
        let AmendActivityInput { activity, details, command_id } = input;
        let command = ids::named(&activity, "activity").and_then(|activity| Ok(AmendActivity { activity, draft: details.draft()? }));
        let done = door.does(command_id.as_ref(), command).await?;
        Ok(AmendActivityPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Cancel an activity for good; everybody's calendar becomes free.
    async fn cancel_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: CancelActivityInput,
    ) -> Result<CancelActivityPayload, Error> {
        let door = Door::of(ctx)?;
        let command = ids::named(&input.activity, "activity").map(|activity| CancelActivity { activity, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(CancelActivityPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Close an activity for good, when all is done.
    async fn close_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CloseActivityInput,
    ) -> Result<CloseActivityPayload, Error> {
        let door = Door::of(ctx)?;
        let command = ids::named(&input.activity, "activity").map(|activity| CloseActivity { activity });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(CloseActivityPayload::new(done.told, changed(&door, done.answer).await?))
    }
}
