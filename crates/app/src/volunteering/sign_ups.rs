//! Signing up for shifts and withdrawing from them.

use gongyi_domain::{
    access::{
        authority::Act,
        person::{Person, PersonRefusal},
    },
    values::{ActivityId, Day, PersonId, ShiftId, VolunteerId, age_on},
    volunteering::{
        activity::{Activity, ActivityCommand, Phase, SIGN_UP, WITHDRAW_SIGN_UP},
        calendar::{Calendar, CalendarCommand},
        volunteer::Volunteer,
    },
};
use gongyi_eventlog::StreamId;
use serde::{Deserialize, Serialize};

use crate::{
    Command,
    rejection::{Fault, Rejection, refused},
    volunteering::{activities::subject_of, volunteers::require_no_stranger},
    work::Work,
};

/// Sign up for a shift: oneself, or by a coordinator a member.
#[derive(Debug, Serialize)]
pub struct SignUp {
    /// Which activity.
    pub activity: ActivityId,
    /// Which shift.
    pub shift: ShiftId,
    /// Who.
    pub volunteer: VolunteerId,
}

/// Whether there was a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedUp {
    /// A place was taken.
    Taken,
    /// The volunteer waits.
    Waitlisted,
}

impl Command for SignUp {
    const ACT: &'static Act = &SIGN_UP;
    type Answer = SignedUp;

    fn reads(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Volunteer>(self.volunteer), StreamId::of::<Calendar>(self.volunteer)]
    }

    async fn decide(&self, work: &mut Work<'_>) -> Result<SignedUp, Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let mut subject = subject_of(work, &activity).await?;
        let (organisation, _) = activity.inner().require_known().map_err(refused)?;
        let volunteer = work.load::<Volunteer>(self.volunteer).await?;
        subject.person = volunteer.inner().person;
        work.may(Self::ACT, &subject)?;
        require_no_stranger(work, Self::ACT, &subject, organisation, &volunteer).await?;
        let volunteer = volunteer.into_inner();
        let person = volunteer.require_active().map_err(refused)?;
        let shift = activity.inner().shift(self.shift).map_err(refused)?.clone();
        let age = age_on(birth_date(work, person).await?, work.day_of(shift.starts));
        let command =
            ActivityCommand::SignUp { shift: self.shift, volunteer: self.volunteer, age, skills: volunteer.skills, now: work.now };
        let after = work.decide::<Activity>(activity, command).await?;
        let booking = CalendarCommand::Book { activity: self.activity, shift: self.shift, starts: shift.starts, ends: shift.ends };
        work.load_and_decide::<Calendar>(self.volunteer, booking).await?;
        let taken = after.places.get(&self.shift).is_some_and(|places| places.taken.contains(&self.volunteer));
        Ok(if taken { SignedUp::Taken } else { SignedUp::Waitlisted })
    }
}

async fn birth_date(work: &Work<'_>, person: PersonId) -> Result<Day, Rejection> {
    match work.load::<Person>(person).await?.into_inner() {
        Person::Registered { birth_date, .. } => {
            let text = work.open_person(person, &birth_date, "birth_date").await?;
            Ok(text.parse().map_err(|_| Fault::Unsealing)?)
        }
        Person::Unknown => Err(refused(PersonRefusal::UnknownPerson)),
        Person::Erased => Err(refused(PersonRefusal::PersonIsErased)),
    }
}

/// Withdraw from a shift or its waitlist.
#[derive(Debug, Serialize)]
pub struct WithdrawSignUp {
    /// Which activity.
    pub activity: ActivityId,
    /// Which shift.
    pub shift: ShiftId,
    /// Who.
    pub volunteer: VolunteerId,
}

impl Command for WithdrawSignUp {
    const ACT: &'static Act = &WITHDRAW_SIGN_UP;
    type Answer = ();

    fn reads(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Volunteer>(self.volunteer), StreamId::of::<Calendar>(self.volunteer)]
    }

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let activity = work.lock::<Activity>(self.activity).await?;
        let mut subject = subject_of(work, &activity).await?;
        let person = work.load::<Volunteer>(self.volunteer).await?.inner().require_known().map_err(refused)?;
        subject.person = Some(person);
        work.may(Self::ACT, &subject)?;
        let by_coordinator = work.actor.person() != Some(person);
        let (shift, volunteer, now) = (self.shift, self.volunteer, work.now);
        work.decide::<Activity>(activity, ActivityCommand::Withdraw { shift, volunteer, now, by_coordinator }).await?;
        work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift }).await?;
        Ok(())
    }
}

/// Gives back every shift that lies ahead of a volunteer who goes for good; those who wait move up.
pub(crate) async fn give_back_coming_shifts(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
    let calendar = work.load::<Calendar>(volunteer).await?.into_inner();
    for (shift, booking) in calendar.booked.iter().filter(|(_, booking)| booking.starts > work.now) {
        let activity = work.load::<Activity>(booking.activity).await?;
        let attended = activity.inner().attendance.values().any(|stay| stay.volunteer == volunteer && stay.shift == *shift);
        if activity.inner().phase == Phase::Open && !attended {
            let command = ActivityCommand::Withdraw { shift: *shift, volunteer, now: work.now, by_coordinator: true };
            work.decide::<Activity>(activity, command).await?;
        }
        work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift: *shift }).await?;
    }
    Ok(())
}
