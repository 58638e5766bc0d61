//! What a meeting decides about its course: convening, coming and going, the agenda, the word.

use std::collections::BTreeSet;

use super::{
    agenda::Agenda,
    meeting::{
        Decided, MEETING_ENTRY_LATE_HOURS, MEETING_MAX_PEOPLE, MEETING_TEXT_MAX_CHARS, MEETING_TITLE_MAX_CHARS, Meeting, MeetingEvent,
        MeetingPhase, MeetingRefusal, Notice, StandingOrders, VotePhase,
    },
    sitting::{Capacity, to_the_second},
    speakers::{Side, SpeakersList},
    standing::Standing,
};
use crate::{
    prose::{Line, Prose, tidied},
    values::{AgendaItemId, AreaCode, CouncilId, Instant, PersonId},
};

impl Notice {
    /// The notice as it is stored.
    fn fitted(self, now: Instant) -> Result<Self, MeetingRefusal> {
        let unfit = |most| MeetingRefusal::MeetingNoticeUnfit { most };
        let title = Line::parse(&self.title, MEETING_TITLE_MAX_CHARS, unfit)?.into();
        let place = Line::parse(&self.place, MEETING_TITLE_MAX_CHARS, unfit)?.into();
        let fit = self.starts < self.ends && now < self.ends;
        if fit { Ok(Self { title, place, ..self }) } else { Err(unfit(MEETING_TITLE_MAX_CHARS)) }
    }
}

/// A reason as it is stored.
pub(super) fn written(reason: &str) -> Result<String, MeetingRefusal> {
    Prose::parse(reason, MEETING_TEXT_MAX_CHARS, |most| MeetingRefusal::MeetingReasonUnfit { most }).map(String::from)
}

/// `at` is not in the future and at most [`MEETING_ENTRY_LATE_HOURS`] ago; whole seconds of it.
fn presence_time(at: Instant, now: Instant) -> Result<Instant, MeetingRefusal> {
    let earliest = now - chrono::Duration::hours(MEETING_ENTRY_LATE_HOURS);
    if at > now || at < earliest { Err(MeetingRefusal::PresenceTimeUnfit) } else { Ok(to_the_second(at)) }
}

/// As many days of notice as a statute asks for (村民委员会组织法 art. 21); it knows no shorter one.
fn require_statute_days(days_ahead: i64, statute_days: Option<u32>) -> Result<(), MeetingRefusal> {
    match statute_days {
        Some(least) if days_ahead < i64::from(least) => Err(MeetingRefusal::StatuteNoticeTooShort { least }),
        Some(_) | None => Ok(()),
    }
}

impl MeetingPhase {
    /// Nothing goes on any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Closed | Self::Cancelled => true,
            Self::Unknown | Self::Convened | Self::Open | Self::Adjourned => false,
        }
    }
}

impl Meeting {
    /// Who was checked in as a representative and is in the room.
    pub fn present(&self) -> u64 {
        self.sitting.present().count() as u64
    }

    /// Who is in the room and sits in the council as it is.
    pub fn present_of(&self, council: &Standing) -> BTreeSet<PersonId> {
        self.sitting.all_in().map(|(person, _)| person).filter(|person| council.sits(*person)).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the command's own fields")]
    pub(super) fn convene(
        &self,
        council: CouncilId,
        area: AreaCode,
        notice: Notice,
        agenda: Agenda,
        orders: StandingOrders,
        days_ahead: i64,
        statute_days: Option<u32>,
        short_notice: Option<String>,
        now: Instant,
    ) -> Decided {
        if self.phase != MeetingPhase::Unknown {
            return Err(MeetingRefusal::MeetingExists);
        }
        let notice = notice.fitted(now)?;
        let short_notice = short_notice.as_deref().map(written).transpose()?;
        require_statute_days(days_ahead, statute_days)?;
        if days_ahead < i64::from(orders.notice_days) && short_notice.is_none() {
            return Err(MeetingRefusal::NoticeTooShort { least: orders.notice_days });
        }
        Ok(vec![MeetingEvent::MeetingConvened { council, area, notice, agenda, orders, short_notice }])
    }

    pub(super) fn amend(&self, notice: Notice, agenda: Agenda, days_ahead: i64, statute_days: Option<u32>, now: Instant) -> Decided {
        self.require_going()?;
        let notice = Notice { title: tidied(&notice.title), place: tidied(&notice.place), ..notice };
        let (begun, announced) = (self.phase != MeetingPhase::Convened, self.announced());
        let stays = announced == Some(&notice);
        if begun && !stays && self.phase != MeetingPhase::Adjourned {
            return Err(MeetingRefusal::MeetingHasBegun);
        }
        let notice = if begun && stays { notice } else { notice.fitted(now)? };
        if !begun && announced.is_some_and(|announced| announced.starts != notice.starts) {
            require_statute_days(days_ahead, statute_days)?;
        }
        let voted = self.votes.values().map(|vote| vote.question.item);
        let dealt_with = self.speakers.keys().copied().chain(voted).chain(self.item);
        for item in dealt_with {
            if agenda.item(item).is_none() || agenda.item(item) != self.agenda.item(item) {
                return Err(MeetingRefusal::ItemDealtWith);
            }
        }
        let first = self.notice.clone().filter(|_| begun).unwrap_or_else(|| notice.clone());
        let unchanged = self.notice.as_ref() == Some(&first) && self.agenda == agenda;
        let amended = (!unchanged).then_some(MeetingEvent::MeetingAmended { notice: first, agenda });
        let continued = (begun && announced != Some(&notice)).then_some(notice);
        Ok(amended.into_iter().chain(continued.map(|notice| MeetingEvent::ContinuationAnnounced { notice })).collect())
    }

    pub(super) fn cancel(&self, reason: String) -> Decided {
        self.require_going()?;
        if self.phase != MeetingPhase::Convened {
            return Err(MeetingRefusal::MeetingHasBegun);
        }
        Ok(vec![MeetingEvent::MeetingCancelled { reason: written(&reason)? }])
    }

    pub(super) fn invite(&self, person: PersonId, capacity: Capacity) -> Decided {
        self.require_going()?;
        if capacity == Capacity::Representative {
            return Err(MeetingRefusal::GuestIsRepresentative);
        }
        if self.invited.len() >= MEETING_MAX_PEOPLE {
            return Err(MeetingRefusal::RoomIsFull { most: MEETING_MAX_PEOPLE });
        }
        let known = self.invited.get(&person) == Some(&capacity);
        Ok(if known { vec![] } else { vec![MeetingEvent::GuestInvited { person, capacity }] })
    }

    pub(super) fn excuse(&self, person: PersonId) -> Decided {
        self.require_going()?;
        if self.excused.contains(&person) || self.sitting.of(person).is_some() {
            return Err(MeetingRefusal::ExcuseUnfit);
        }
        Ok(vec![MeetingEvent::AbsenceExcused { person }])
    }

    pub(super) fn come(&self, person: PersonId, representative: bool, council: &Standing, at: Instant, now: Instant) -> Decided {
        self.require_going()?;
        let at = presence_time(at, now)?;
        let capacity = match self.invited.get(&person) {
            _ if representative => Capacity::Representative,
            Some(capacity) => *capacity,
            None => return Err(MeetingRefusal::NotInvited),
        };
        if !self.sitting.fits_coming(person, at) {
            return Err(MeetingRefusal::AlreadyPresent);
        }
        if self.sitting.of(person).is_none() && self.sitting.len() >= MEETING_MAX_PEOPLE {
            return Err(MeetingRefusal::RoomIsFull { most: MEETING_MAX_PEOPLE });
        }
        let mut present = self.present_of(council);
        present.extend(Some(person).filter(|person| council.sits(*person)));
        let mut events = vec![MeetingEvent::AttendeeCame { person, capacity, at }];
        // Whoever was there when it was adjourned has gone with everybody else, also if the coming is entered afterwards.
        let adjourned = self.turned_at.filter(|turned| self.phase == MeetingPhase::Adjourned && at < *turned);
        events.extend(adjourned.map(|at| MeetingEvent::AttendeeWent { person, at }));
        events.extend(self.quorum_event(present.len() as u64, council, at));
        Ok(events)
    }

    pub(super) fn go(&self, person: PersonId, council: &Standing, at: Instant, now: Instant) -> Decided {
        self.require_going()?;
        let at = presence_time(at, now)?;
        if !self.sitting.fits_going(person, at) {
            return Err(MeetingRefusal::NotPresent);
        }
        if self.votes.values().any(|vote| vote.choices.contains_key(&person) && vote.opened.is_some_and(|opened| at < opened)) {
            return Err(MeetingRefusal::VotedSince);
        }
        let turns = self.speakers.iter().filter_map(|(item, list)| Some((*item, list.speaking?)));
        let speaking = turns.filter(|(_, turn)| turn.person == person);
        // Going may be entered late; a turn does not end before it began.
        let mut events: Vec<_> = speaking.map(|(item, turn)| MeetingEvent::TurnEnded { item, person, at: at.max(turn.began) }).collect();
        let listed = self.speakers.iter().filter(|(_, list)| list.waits(person));
        events.extend(listed.map(|(item, _)| MeetingEvent::SpeakerUnlisted { item: *item, person }));
        events.push(MeetingEvent::AttendeeWent { person, at });
        let mut present = self.present_of(council);
        present.remove(&person);
        events.extend(self.quorum_event(present.len() as u64, council, at));
        Ok(events)
    }

    /// Whether so many present are a quorum of those entitled.
    fn is_quorum(&self, present: u64, entitled: u64) -> bool {
        self.orders.as_ref().is_some_and(|orders| orders.quorum.reached(present, entitled))
    }

    /// What so many present mean for the quorum while the meeting is in session; never before what it was found to be last.
    fn quorum_event(&self, present: u64, council: &Standing, at: Instant) -> Option<MeetingEvent> {
        let (entitled, at) = (council.entitled(), self.turned_at.map_or(at, |turned| turned.max(at)));
        if self.phase != MeetingPhase::Open {
            return None;
        }
        match (self.quorate, self.is_quorum(present, entitled)) {
            (true, false) => Some(MeetingEvent::QuorumLost { at, present, entitled }),
            (false, true) => Some(MeetingEvent::QuorumReached { at, present, entitled }),
            (true, true) | (false, false) => None,
        }
    }

    /// The quorum of the council as it is is there; how many are present, of how many.
    pub(super) fn require_quorum(&self, council: &Standing) -> Result<(u64, u64), MeetingRefusal> {
        let (present, entitled) = (self.present_of(council).len() as u64, council.entitled());
        if self.is_quorum(present, entitled) { Ok((present, entitled)) } else { Err(MeetingRefusal::NoQuorum { present, entitled }) }
    }

    pub(super) fn open(&self, council: &Standing, now: Instant) -> Decided {
        self.require_going()?;
        if self.phase != MeetingPhase::Convened {
            return Err(MeetingRefusal::MeetingHasBegun);
        }
        let (present, entitled) = self.require_quorum(council)?;
        Ok(vec![MeetingEvent::MeetingOpened { at: to_the_second(now), present, entitled }])
    }

    pub(super) fn adjourn(&self, until: Option<Instant>, reason: String, now: Instant) -> Decided {
        self.require_open()?;
        self.require_no_open_vote()?;
        let reason = written(&reason)?;
        if until.is_some_and(|until| until <= now) {
            return Err(MeetingRefusal::PresenceTimeUnfit);
        }
        let mut events = self.everybody_goes(to_the_second(now));
        events.push(MeetingEvent::MeetingAdjourned { at: to_the_second(now), until, reason });
        Ok(events)
    }

    pub(super) fn resume(&self, council: &Standing, now: Instant) -> Decided {
        self.require_going()?;
        if self.phase != MeetingPhase::Adjourned {
            return Err(MeetingRefusal::MeetingNotAdjourned);
        }
        let (present, entitled) = self.require_quorum(council)?;
        Ok(vec![MeetingEvent::MeetingResumed { at: to_the_second(now), present, entitled: Some(entitled) }])
    }

    pub(super) fn close(&self, now: Instant) -> Decided {
        self.require_going()?;
        if self.phase == MeetingPhase::Convened {
            return Err(MeetingRefusal::MeetingNotOpen);
        }
        self.require_no_open_vote()?;
        let mut events = self.everybody_goes(to_the_second(now));
        events.push(MeetingEvent::MeetingClosed { at: to_the_second(now) });
        Ok(events)
    }

    fn everybody_goes(&self, at: Instant) -> Vec<MeetingEvent> {
        let speaking = self.speakers.iter().filter_map(|(item, list)| list.speaking.map(|turn| (*item, turn)));
        let ended = speaking.map(|(item, turn)| MeetingEvent::TurnEnded { item, person: turn.person, at: at.max(turn.began) });
        ended.chain(self.sitting.all_in().map(|(person, since)| MeetingEvent::AttendeeWent { person, at: at.max(since) })).collect()
    }

    fn require_no_open_vote(&self) -> Result<(), MeetingRefusal> {
        let open = self.votes.values().any(|vote| vote.phase == VotePhase::Open);
        if open { Err(MeetingRefusal::VoteIsOpen) } else { Ok(()) }
    }

    pub(super) fn take_up(&self, item: AgendaItemId, now: Instant) -> Decided {
        self.require_open()?;
        self.require_item(item)?;
        self.require_no_open_vote()?;
        if self.item == Some(item) {
            return Err(MeetingRefusal::ItemInHand);
        }
        if self.list_in_hand().is_some_and(|(_, list)| list.speaking.is_some()) {
            return Err(MeetingRefusal::SomebodySpeaks);
        }
        Ok(vec![MeetingEvent::ItemTakenUp { item, at: to_the_second(now) }])
    }

    pub(super) fn require_item(&self, item: AgendaItemId) -> Result<(), MeetingRefusal> {
        self.agenda.item(item).map(drop).ok_or(MeetingRefusal::UnknownItem)
    }

    /// The speakers of an item; of those who wait, who is in the room. A break keeps the list, and who is back is on it.
    pub fn speakers_of(&self, item: AgendaItemId) -> Option<SpeakersList> {
        let mut list = self.speakers.get(&item)?.clone();
        list.waiting.retain(|(person, _)| self.sitting.is_in(*person));
        Some(list)
    }

    /// The item in hand with its speakers.
    fn list_in_hand(&self) -> Option<(AgendaItemId, SpeakersList)> {
        self.item.and_then(|item| Some((item, self.speakers_of(item)?)))
    }

    pub(super) fn ask_to_speak(&self, item: AgendaItemId, person: PersonId, side: Side) -> Decided {
        self.require_open()?;
        self.require_item(item)?;
        if !self.sitting.is_in(person) {
            return Err(MeetingRefusal::NotPresent);
        }
        let most = self.orders.as_ref().map_or(0, |orders| orders.turns.turns_per_speaker);
        if let Some(list) = self.speakers.get(&item) {
            if list.waits(person) || list.speaking.is_some_and(|turn| turn.person == person) {
                return Err(MeetingRefusal::AlreadyListed);
            }
            if list.turns_of(person) >= most {
                return Err(MeetingRefusal::NoTurnsLeft { most });
            }
        }
        Ok(vec![MeetingEvent::SpeakerListed { item, person, side }])
    }

    pub(super) fn unlist(&self, item: AgendaItemId, person: PersonId) -> Decided {
        self.require_open()?;
        self.require_item(item)?;
        let waits = self.speakers.get(&item).is_some_and(|list| list.waits(person));
        if waits { Ok(vec![MeetingEvent::SpeakerUnlisted { item, person }]) } else { Err(MeetingRefusal::NotListed) }
    }

    pub(super) fn call_next(&self, now: Instant) -> Decided {
        self.require_open()?;
        let policy = self.orders.as_ref().map(|orders| &orders.turns).ok_or(MeetingRefusal::UnknownMeeting)?;
        self.item.ok_or(MeetingRefusal::NoItemInHand)?;
        let (item, list) = self.list_in_hand().ok_or(MeetingRefusal::NobodyListed)?;
        let at = to_the_second(now);
        let (person, side) = list.next(policy).ok_or(MeetingRefusal::NobodyListed)?;
        let ended = list.speaking.map(|turn| MeetingEvent::TurnEnded { item, person: turn.person, at: at.max(turn.began) });
        let called = MeetingEvent::SpeakerCalled { item, person, side, at, seconds: policy.seconds_per_turn };
        Ok(ended.into_iter().chain([called]).collect())
    }

    pub(super) fn end_turn(&self, now: Instant) -> Decided {
        self.require_open()?;
        let (item, turn) = self.list_in_hand().and_then(|(item, list)| Some((item, list.speaking?))).ok_or(MeetingRefusal::NobodySpeaks)?;
        Ok(vec![MeetingEvent::TurnEnded { item, person: turn.person, at: to_the_second(now).max(turn.began) }])
    }
}
