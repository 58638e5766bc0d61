//! Signing up for shifts and withdrawing from them.

use std::collections::BTreeSet;

use gongyi_domain::{
    access::{
        authority::Act,
        person::{Person, PersonRefusal},
    },
    values::{ActivityId, Day, PersonId, ShiftId, VolunteerId, age_on},
    volunteering::{
        activity::{Activity, ActivityCommand, ActivityPhase, SIGN_UP, WITHDRAW_SIGN_UP},
        activity_details::{Details, Shift},
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
        // Nobody is taken in on behalf of an organisation that is no more.
        work.line(organisation).await?;
        require_no_stranger(work, Self::ACT, &subject, organisation, &volunteer).await?;
        let volunteer = volunteer.into_inner();
        let person = volunteer.require_active().map_err(refused)?;
        let shift = activity.inner().shift(self.shift).map_err(refused)?.clone();
        let age = age_at(work, person, &shift).await?;
        let command =
            ActivityCommand::SignUp { shift: self.shift, volunteer: self.volunteer, age, skills: volunteer.skills, now: work.now };
        let after = work.decide::<Activity>(activity, command).await?;
        let booking = CalendarCommand::Book { activity: self.activity, shift: self.shift, starts: shift.starts, ends: shift.ends };
        work.load_and_decide::<Calendar>(self.volunteer, booking).await?;
        let taken = after.places.get(&self.shift).is_some_and(|places| places.taken.contains(&self.volunteer));
        Ok(if taken { SignedUp::Taken } else { SignedUp::Waitlisted })
    }
}

/// The volunteer's age on the day of a shift, in years.
pub(crate) async fn age_at(work: &Work<'_>, person: PersonId, shift: &Shift) -> Result<u32, Rejection> {
    Ok(age_on(birth_date(work, person).await?, work.day_of(shift.starts)))
}

/// Whether the volunteer is old enough for a shift and has all skills; who was erased is not.
pub(crate) async fn qualifies(work: &Work<'_>, details: &Details, shift: &Shift, volunteer: VolunteerId) -> Result<bool, Rejection> {
    let loaded = work.load::<Volunteer>(volunteer).await?;
    let person = loaded.inner().require_known().map_err(refused)?;
    let age = match details.minimum_age {
        0 => 0,
        _ => match age_at(work, person, shift).await {
            Ok(age) => age,
            Err(Rejection::Refused(_)) => return Ok(false),
            Err(other) => return Err(other),
        },
    };
    Ok(details.require_qualified(age, &loaded.inner().skills).is_ok())
}

/// Of those who wait for a shift, the first `most` who may serve there by these details.
pub(crate) async fn first_fit(
    work: &Work<'_>,
    activity: &Activity,
    details: &Details,
    shift: &Shift,
    most: usize,
) -> Result<BTreeSet<VolunteerId>, Rejection> {
    let mut fit = BTreeSet::new();
    for volunteer in activity.places.get(&shift.id).into_iter().flat_map(|places| &places.waiting) {
        if fit.len() >= most {
            break;
        }
        let active = work.load::<Volunteer>(*volunteer).await?.inner().require_active().is_ok();
        if active && qualifies(work, details, shift, *volunteer).await? {
            fit.insert(*volunteer);
        }
    }
    Ok(fit)
}

/// Who may move up in a shift, once so many more places become free.
async fn fit_for(work: &Work<'_>, activity: &Activity, shift: ShiftId, more: usize) -> Result<BTreeSet<VolunteerId>, Rejection> {
    let (Ok((_, details)), Ok(shift)) = (activity.require_known(), activity.shift(shift)) else { return Ok(BTreeSet::new()) };
    let taken = activity.places.get(&shift.id).map_or(0, |places| places.taken.len());
    first_fit(work, activity, details, shift, (shift.capacity as usize + more).saturating_sub(taken)).await
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
        let fit = fit_for(work, activity.inner(), shift, 1).await?;
        work.decide::<Activity>(activity, ActivityCommand::Withdraw { shift, volunteer, fit, now, by_coordinator }).await?;
        work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift }).await?;
        Ok(())
    }
}

/// Gives back every shift that lies ahead of a volunteer who goes for good; those who wait move up.
pub(crate) async fn give_back_coming_shifts(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
    give_back(work, volunteer, false).await
}

/// Gives back the places in coming shifts of a volunteer who may not serve for now, and waits on where there was none yet; those
/// who wait and may serve move up.
pub(crate) async fn give_back_coming_places(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
    give_back(work, volunteer, true).await
}

async fn give_back(work: &Work<'_>, volunteer: VolunteerId, waits_on: bool) -> Result<(), Rejection> {
    let calendar = work.load::<Calendar>(volunteer).await?.into_inner();
    for (shift, booking) in calendar.booked.iter().filter(|(_, booking)| booking.starts > work.now) {
        let activity = work.load::<Activity>(booking.activity).await?;
        if waits_on && activity.inner().places.get(shift).is_some_and(|places| places.waiting.contains(&volunteer)) {
            continue;
        }
        let attended = activity.inner().attendance.values().any(|stay| stay.volunteer == volunteer && stay.shift == *shift);
        if activity.inner().phase == ActivityPhase::Open && !attended {
            let mut fit = fit_for(work, activity.inner(), *shift, 2).await?;
            fit.remove(&volunteer);
            let command = ActivityCommand::Withdraw { shift: *shift, volunteer, fit, now: work.now, by_coordinator: true };
            work.decide::<Activity>(activity, command).await?;
        }
        work.load_and_decide::<Calendar>(volunteer, CalendarCommand::Free { shift: *shift }).await?;
    }
    Ok(())
}

/// Who may serve again takes the places that stayed free meanwhile, where the volunteer waits for one.
pub(crate) async fn take_up_waiting(work: &Work<'_>, volunteer: VolunteerId) -> Result<(), Rejection> {
    let calendar = work.load::<Calendar>(volunteer).await?.into_inner();
    for (shift, booking) in calendar.booked.iter().filter(|(_, booking)| booking.ends > work.now) {
        let activity = work.load::<Activity>(booking.activity).await?;
        let waits = activity.inner().places.get(shift).is_some_and(|places| places.waiting.contains(&volunteer));
        if waits && activity.inner().phase == ActivityPhase::Open {
            let fit = fit_for(work, activity.inner(), *shift, 0).await?;
            work.decide::<Activity>(activity, ActivityCommand::MoveUp { shift: *shift, fit, now: work.now }).await?;
        }
    }
    Ok(())
}
