//! Who is in the room (到会): stays in and out, recorded to the second, by capacity.
//!
//! - Nobody is in the room twice at once, and a person's stays do not overlap.
//! - Only representatives count for the quorum; experts and observers do not.

use std::collections::BTreeMap;

use chrono::Timelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Instant, PersonId};

/// As what somebody is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// 议事代表: speaks and votes.
    Representative,
    /// 特邀专家 (a lawyer, say): speaks, does not vote.
    Expert,
    /// 列席: a resident or official who may be given the word, does not vote.
    Observer,
}

/// One stay in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Came.
    pub from: Instant,
    /// Went; `None` while in the room.
    pub until: Option<Instant>,
}

/// Somebody's attendance of one meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// As what.
    pub capacity: Capacity,
    /// The stays, oldest first.
    pub stays: Vec<Stay>,
}

impl Attendee {
    /// Whether the person is in the room now.
    pub fn is_in(&self) -> bool {
        self.stays.last().is_some_and(|stay| stay.until.is_none())
    }
}

/// Everybody who has been in the room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sitting(BTreeMap<PersonId, Attendee>);

impl Sitting {
    /// The attendance of one person.
    pub fn of(&self, person: PersonId) -> Option<&Attendee> {
        self.0.get(&person)
    }

    /// Everybody with their attendance.
    pub fn all(&self) -> impl Iterator<Item = (PersonId, &Attendee)> {
        self.0.iter().map(|(person, it)| (*person, it))
    }

    /// Whether the person is in the room now.
    pub fn is_in(&self, person: PersonId) -> bool {
        self.of(person).is_some_and(Attendee::is_in)
    }

    /// The representatives who are in the room now.
    pub fn present(&self) -> impl Iterator<Item = PersonId> {
        self.0.iter().filter(|(_, it)| it.capacity == Capacity::Representative && it.is_in()).map(|(person, _)| *person)
    }

    /// Everybody who is in the room now, with the moment of coming.
    pub fn all_in(&self) -> impl Iterator<Item = (PersonId, Instant)> {
        let stays = self.0.iter().filter_map(|(person, it)| Some((*person, *it.stays.last()?)));
        stays.filter(|(_, stay)| stay.until.is_none()).map(|(person, stay)| (person, stay.from))
    }

    /// How many people have been in the room.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody has been in the room.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether somebody may come at `at`: not in already, and not before having gone the last time.
    pub(super) fn fits_coming(&self, person: PersonId, at: Instant) -> bool {
        self.of(person).and_then(|it| it.stays.last()).is_none_or(|last| last.until.is_some_and(|until| until <= at))
    }

    /// Whether somebody may go at `at`: in, and not before having come.
    pub(super) fn fits_going(&self, person: PersonId, at: Instant) -> bool {
        self.of(person).and_then(|it| it.stays.last()).is_some_and(|last| last.until.is_none() && last.from <= at)
    }

    pub(super) fn come(&mut self, person: PersonId, capacity: Capacity, from: Instant) {
        let attendee = self.0.entry(person).or_insert(Attendee { capacity, stays: vec![] });
        attendee.capacity = capacity;
        attendee.stays.push(Stay { from, until: None });
    }

    pub(super) fn go(&mut self, person: PersonId, at: Instant) {
        if let Some(stay) = self.0.get_mut(&person).and_then(|it| it.stays.last_mut()) {
            stay.until = Some(at);
        }
    }
}

/// The whole second that `at` lies in: attendance is recorded to the second.
pub fn to_the_second(at: Instant) -> Instant {
    at.with_nanosecond(0).unwrap_or(at)
}
