//! Who has a place in a shift of an activity, and who waits for one.
//!
//! - A place that becomes free goes to the first on the waitlist who may serve: who is active, old enough on the day and
//!   able. The others keep their turn.
//! - Places are given on until the shift ends.

use std::collections::BTreeSet;

use super::{
    activity::{Activity, ActivityEvent, ActivityRefusal, Decision},
    activity_details::{Details, Shift},
    skill::Skill,
};
use crate::values::{Instant, ShiftId, VolunteerId};

/// Who has a place in a shift and who waits for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Those with a place, in order of taking it.
    pub taken: Vec<VolunteerId>,
    /// Those waiting, first come first.
    pub waiting: Vec<VolunteerId>,
}

impl Places {
    /// Nobody has a place or waits for one.
    pub(super) fn are_empty(&self) -> bool {
        self.taken.is_empty() && self.waiting.is_empty()
    }

    /// Those who move up where `taken` places are taken.
    pub(super) fn moving_up(&self, shift: &Shift, taken: usize, now: Instant, fit: impl Fn(VolunteerId) -> bool) -> Vec<ActivityEvent> {
        let free = if now < shift.ends { (shift.capacity as usize).saturating_sub(taken) } else { 0 };
        let move_up = self.waiting.iter().filter(|who| fit(**who)).take(free);
        move_up.map(|volunteer| ActivityEvent::VolunteerPromoted { shift: shift.id, volunteer: *volunteer }).collect()
    }
}

impl Details {
    /// Somebody of this age on the day of a shift, with these skills, may take part.
    ///
    /// # Errors
    /// Who is too young, or lacks a skill.
    pub fn require_qualified(&self, age: u32, skills: &BTreeSet<Skill>) -> Result<(), ActivityRefusal> {
        if age < self.minimum_age {
            return Err(ActivityRefusal::TooYoung { least: self.minimum_age });
        }
        match self.required_skills.difference(skills).next() {
            Some(skill) => Err(ActivityRefusal::SkillMissing { zh: skill.zh(), en: skill.en() }),
            None => Ok(()),
        }
    }

    /// Whether somebody who qualified under `old` may not qualify under these.
    pub fn is_stricter_than(&self, old: &Self) -> bool {
        self.minimum_age > old.minimum_age || !self.required_skills.is_subset(&old.required_skills)
    }
}

impl Activity {
    pub(super) fn sign_up(&self, id: ShiftId, volunteer: VolunteerId, age: u32, skills: &BTreeSet<Skill>, now: Instant) -> Decision {
        let (_, details) = self.require_open()?;
        let shift = self.shift(id)?;
        if now < details.sign_up_opens || now >= details.sign_up_closes {
            return Err(ActivityRefusal::SignUpNotOpen);
        }
        if now >= shift.starts {
            return Err(ActivityRefusal::ShiftBegun);
        }
        details.require_qualified(age, skills)?;
        let places = self.places.get(&id).cloned().unwrap_or_default();
        if places.taken.contains(&volunteer) || places.waiting.contains(&volunteer) {
            return Err(ActivityRefusal::AlreadySignedUp);
        }
        let free = places.taken.len() < shift.capacity as usize;
        Ok(vec![if free {
            ActivityEvent::VolunteerSignedUp { shift: id, volunteer }
        } else {
            ActivityEvent::VolunteerWaitlisted { shift: id, volunteer }
        }])
    }

    /// Takes a free place at the door, after sign-up has closed too.
    pub(super) fn walk_in(
        &self,
        id: ShiftId,
        volunteer: VolunteerId,
        age: u32,
        skills: &BTreeSet<Skill>,
    ) -> Result<ActivityEvent, ActivityRefusal> {
        let (_, details) = self.require_open()?;
        let shift = self.shift(id)?;
        details.require_qualified(age, skills)?;
        let places = self.places.get(&id).cloned().unwrap_or_default();
        if places.taken.len() >= shift.capacity as usize {
            return Err(ActivityRefusal::ShiftFull);
        }
        Ok(if places.waiting.contains(&volunteer) {
            ActivityEvent::VolunteerPromoted { shift: id, volunteer }
        } else {
            ActivityEvent::VolunteerSignedUp { shift: id, volunteer }
        })
    }

    pub(super) fn withdraw(
        &self,
        id: ShiftId,
        volunteer: VolunteerId,
        fit: &BTreeSet<VolunteerId>,
        now: Instant,
        by_coordinator: bool,
    ) -> Decision {
        let (_, details) = self.require_open()?;
        let shift = self.shift(id)?;
        let places = self.places.get(&id).ok_or(ActivityRefusal::NotSignedUp)?;
        let had_place = places.taken.contains(&volunteer);
        if !had_place && !places.waiting.contains(&volunteer) {
            return Err(ActivityRefusal::NotSignedUp);
        }
        if self.attendance.values().any(|stay| stay.volunteer == volunteer && stay.shift == id) {
            return Err(ActivityRefusal::HasAttended);
        }
        let deadline = shift.starts - chrono::Duration::minutes(details.withdrawal_minutes.0.into());
        if had_place && !by_coordinator && now > deadline {
            return Err(ActivityRefusal::WithdrawalTooLate);
        }
        let taken = places.taken.iter().filter(|who| **who != volunteer).count();
        let moving_up = places.moving_up(shift, taken, now, |who| who != volunteer && fit.contains(&who));
        Ok([vec![ActivityEvent::SignUpWithdrawn { shift: id, volunteer }], moving_up].concat())
    }

    pub(super) fn move_up(&self, id: ShiftId, fit: &BTreeSet<VolunteerId>, now: Instant) -> Decision {
        self.require_open()?;
        let shift = self.shift(id)?;
        Ok(self.places.get(&id).map_or_else(Vec::new, |places| places.moving_up(shift, places.taken.len(), now, |who| fit.contains(&who))))
    }
}
