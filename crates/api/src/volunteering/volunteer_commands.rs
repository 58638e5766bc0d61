//! Registering, correcting, suspending, reinstating and withdrawing volunteers.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::reading::allowances::Attempt;
use gongyi_app::volunteering::volunteers::{CorrectVolunteer, RegisterVolunteer, ReinstateVolunteer, SuspendVolunteer, WithdrawVolunteer};
use gongyi_domain::{
    access::authority::Actor, refusal::Refusal, values::VolunteerId, volunteering::volunteer::Consents,
    volunteering::volunteer::VolunteerRefusal,
};

use super::{
    skills::Skill,
    volunteers::{self, Volunteer},
};
use crate::{
    door::Door,
    ids,
    outcome::{Outcome, payloads},
    scalars::{Area as AreaCode, Date},
};

payloads! {
    /// What became of `registerVolunteer`.
    RegisterVolunteerPayload {
        /// The volunteer.
        volunteer: Volunteer,
    }
    /// What became of `correctVolunteer`.
    CorrectVolunteerPayload {
        /// The volunteer.
        volunteer: Volunteer,
    }
    /// What became of `suspendVolunteer`.
    SuspendVolunteerPayload {
        /// The volunteer.
        volunteer: Volunteer,
    }
    /// What became of `reinstateVolunteer`.
    ReinstateVolunteerPayload {
        /// The volunteer.
        volunteer: Volunteer,
    }
    /// What became of `withdrawVolunteer`.
    WithdrawVolunteerPayload {
        /// The volunteer.
        volunteer: Volunteer,
    }
}

/// What registering takes.
#[derive(InputObject)]
pub struct RegisterVolunteerInput {
    /// The name, as on the ID card.
    name: String,
    /// The ID number (GB 11643).
    id_number: String,
    /// The phone number, in any usual way of writing.
    phone: String,
    /// The home area, a listed one.
    home_area: AreaCode,
    /// A first organisation to join.
    organisation: Option<ID>,
    /// What the volunteer can do.
    #[graphql(default)]
    skills: Vec<Skill>,
    /// A guardian's consent was given: needed under 18 years of age.
    #[graphql(default)]
    guardian_consent: bool,
    /// The separate consent was given: needed under 14 years of age.
    #[graphql(default)]
    separate_consent: bool,
    /// The day of registration; today if not said. Only operators register for another day.
    registered_on: Option<Date>,
    /// Opens an account with this password; needed by who registers oneself.
    password: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl RegisterVolunteerInput {
    fn command(self) -> Result<RegisterVolunteer, Refusal> {
        Ok(RegisterVolunteer {
            name: self.name,
            id_number: self.id_number,
            phone: self.phone,
            home_area: self.home_area.0,
            organisation: ids::named_maybe(self.organisation.as_ref(), "organisation")?,
            skills: self.skills.into_iter().map(Into::into).collect(),
            consents: Consents { guardian: self.guardian_consent, separate: self.separate_consent },
            registered_on: self.registered_on.map(|it| it.0),
            password: self.password,
        })
    }
}

/// What correcting takes; what is left out stays.
#[derive(InputObject)]
pub struct CorrectVolunteerInput {
    /// Who; oneself if not said.
    volunteer: Option<ID>,
    /// The right name.
    name: Option<String>,
    /// The right ID number; corrected by the staff only.
    id_number: Option<String>,
    /// The right phone number, which is the sign-in name.
    phone: Option<String>,
    /// The right home area.
    home_area: Option<AreaCode>,
    /// The right skills, all of them.
    skills: Option<Vec<Skill>>,
    /// Why.
    reason: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Whom a change of standing is about, and why.
#[derive(InputObject)]
pub struct VolunteerReasonInput {
    /// Who; oneself if not said.
    volunteer: Option<ID>,
    /// Why, in 1 to 1000 characters.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// The volunteer an input names, else the asker.
pub(crate) fn named_or_oneself(door: &Door<'_>, id: Option<&ID>) -> Result<VolunteerId, Refusal> {
    match (id, &door.asker.actor) {
        (Some(id), _) => ids::named(id, "volunteer"),
        (None, Actor::Account { volunteer: Some(volunteer), .. }) => Ok(*volunteer),
        (None, Actor::Account { volunteer: None, .. } | Actor::Anonymous | Actor::Operator(_) | Actor::Process(_)) => {
            Err(VolunteerRefusal::UnknownVolunteer.into())
        }
    }
}

async fn changed(door: &Door<'_>, answer: Option<VolunteerId>) -> Result<Option<Volunteer>, Error> {
    match answer {
        Some(id) => volunteers::volunteer(door, id).await,
        None => Ok(None),
    }
}

/// The root fields that change volunteers.
#[derive(Default)]
pub struct VolunteerMutations;

#[Object]
impl VolunteerMutations {
    /// Register a person as a volunteer. Open to strangers, who thereby open their account; so often from one address.
    /// Who has withdrawn is taken back by it, with number and hours, and with what is given now: by oneself signed in, or
    /// by the staff of the home area.
    async fn register_volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: RegisterVolunteerInput,
    ) -> Result<RegisterVolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        // Staff take in whoever stands before them; everybody else registers oneself, signed in or not.
        if door.asker.actor.grants().is_empty()
            && let Err(refusal) = door.allowances.take(Attempt::Registration, door.asker.address)
        {
            let outcome: Outcome<()> = Outcome::refused(refusal);
            return Ok(RegisterVolunteerPayload::new(outcome.told, None));
        }
        let command_id = input.command_id.clone();
        let done = door.does(command_id.as_ref(), input.command()).await?;
        let volunteer = changed(&door, done.answer.map(|registered| registered.volunteer)).await?;
        Ok(RegisterVolunteerPayload::new(done.told, volunteer))
    }

    /// Correct what is known of a volunteer: by oneself, or by the staff of the home area.
    async fn correct_volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and what.")] input: CorrectVolunteerInput,
    ) -> Result<CorrectVolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        let command_id = input.command_id;
        let command = named_or_oneself(&door, input.volunteer.as_ref()).map(|volunteer| CorrectVolunteer {
            volunteer,
            name: input.name,
            id_number: input.id_number,
            phone: input.phone,
            home_area: input.home_area.map(|it| it.0),
            skills: input.skills.map(|skills| skills.into_iter().map(Into::into).collect()),
            reason: input.reason,
        });
        let done = door.does(command_id.as_ref(), command).await?;
        Ok(CorrectVolunteerPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Suspend a volunteer: the history stays, nothing new is taken on.
    async fn suspend_volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and why.")] input: VolunteerReasonInput,
    ) -> Result<SuspendVolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        let who = named_or_oneself(&door, input.volunteer.as_ref());
        let command = who.map(|volunteer| SuspendVolunteer { volunteer, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(SuspendVolunteerPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Reinstate a suspended volunteer.
    async fn reinstate_volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and why.")] input: VolunteerReasonInput,
    ) -> Result<ReinstateVolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        let who = named_or_oneself(&door, input.volunteer.as_ref());
        let command = who.map(|volunteer| ReinstateVolunteer { volunteer, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(ReinstateVolunteerPayload::new(done.told, changed(&door, done.answer).await?))
    }

    /// Withdraw a volunteer: coming shifts are given back, memberships end. Who has withdrawn may register again.
    async fn withdraw_volunteer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and why.")] input: VolunteerReasonInput,
    ) -> Result<WithdrawVolunteerPayload, Error> {
        let door = Door::of(ctx)?;
        let who = named_or_oneself(&door, input.volunteer.as_ref());
        let command = who.map(|volunteer| WithdrawVolunteer { volunteer, reason: input.reason });
        let done = door.does(input.command_id.as_ref(), command).await?;
        Ok(WithdrawVolunteerPayload::new(done.told, changed(&door, done.answer).await?))
    }
}
