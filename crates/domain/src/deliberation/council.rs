//! A council (议事会) of an area: its charter in every version, who sits in it, and who may speak in it without a vote.
//!
//! - A person holds at most one seat of a council at a time, and never more seats are held than the charter has.
//! - A seat is held from its first to its last day, or until the day it was left or lost; nobody needs to say that a
//!   term is over for it to be over.
//! - A charter is amended only by a mandate: a vote, an election, or the authority that establishes councils. A vote is a
//!   mandate for one act, never for a second.
//! - Observers and experts speak and don't vote: whoever takes a seat is no guest any more.
//! - A dissolved council has no seats and starts nothing new; its history stays.
//! - Events name persons by id only; free text names offices and documents.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    charter::{Charter, Matter},
    decision::Outcome,
    meeting_vote::{Vote, VotePhase},
    seat::{self, Ending, GuestKind, Mandate, SeatSource, Seats, Vacancy},
    text::Line,
};
use crate::{
    access::authority::{Act, Role, Subject, To},
    event::DomainEvent,
    refusal::refusals,
    values::{AreaCode, Day, PersonId, VoteId},
};

/// Longest name, in characters.
pub const COUNCIL_NAME_MAX_CHARS: usize = 100;
/// Longest name of an office or reason in a mandate, in characters.
pub const MANDATE_TEXT_MAX_CHARS: usize = 1_000;
/// Most guests on the register.
pub const GUESTS_MAX_COUNT: usize = 1_000;

const ESTABLISHERS: &[To] = &[To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
/// Establish a council.
pub const ESTABLISH_COUNCIL: Act = Act { name: "establishCouncil", open_to: ESTABLISHERS };
/// Give it another name.
pub const RENAME_COUNCIL: Act = Act { name: "renameCouncil", open_to: ESTABLISHERS };
/// Amend its charter.
pub const AMEND_CHARTER: Act = Act { name: "amendCharter", open_to: ESTABLISHERS };
/// Dissolve it.
pub const DISSOLVE_COUNCIL: Act = Act { name: "dissolveCouncil", open_to: ESTABLISHERS };
/// Seat representatives.
pub const SEAT_REPRESENTATIVES: Act = Act {
    name: "seatRepresentatives",
    open_to: &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator), To::Process],
};
/// Leave a seat; the person is the subject's.
pub const LEAVE_SEAT: Act = Act {
    name: "leaveSeat",
    open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator), To::Process],
};
/// Record that a representative was recalled.
pub const RECALL_REPRESENTATIVE: Act = Act { name: "recallRepresentative", open_to: KEEPERS };
/// Record that a seat was lost by absences.
pub const FORFEIT_SEAT: Act = Act { name: "forfeitSeat", open_to: KEEPERS };
/// End terms, those that are over and, with a mandate, all that run.
pub const END_TERMS: Act =
    Act { name: "endTerms", open_to: &[To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator), To::Process] };
/// Put an observer or expert on the register, or take one off it.
pub const REGISTER_GUEST: Act = Act { name: "registerGuest", open_to: KEEPERS };
/// Read councils, charters and who sits; they are public.
pub const COUNCILS: Act = Act { name: "councils", open_to: &[To::Anyone] };

/// A council's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Council {
    /// Its area; `None` before it was established.
    pub area: Option<AreaCode>,
    /// Since when it is there.
    pub established_on: Option<Day>,
    /// Its name.
    pub name: String,
    /// Every version of its charter; version 1 first.
    pub charters: Vec<Charter>,
    /// Every seat ever held.
    pub seats: Seats,
    /// Who speaks without a vote.
    pub guests: BTreeMap<PersonId, GuestKind>,
    /// The day it was dissolved.
    pub dissolved_on: Option<Day>,
    /// Votes that something was done on the word of.
    pub spent: BTreeSet<VoteId>,
}

/// What may be asked of a council. `today` is the tenant's day.
#[derive(Debug, Clone)]
pub enum CouncilCommand {
    /// Establish it.
    Establish {
        /// For which area.
        area: AreaCode,
        /// Its name.
        name: String,
        /// Its first charter.
        charter: Charter,
        /// On whose word.
        mandate: Mandate,
        /// Since when.
        on: Day,
        /// Today.
        today: Day,
    },
    /// Give it another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Replace the charter by its next version, from today on. Whether the mandate holds is the caller's to look up.
    AmendCharter {
        /// The next version.
        charter: Charter,
        /// On whose word.
        mandate: Mandate,
        /// Today.
        today: Day,
    },
    /// Dissolve it for good.
    Dissolve {
        /// On whose word.
        mandate: Mandate,
        /// From this day on it is no more.
        on: Day,
        /// Today.
        today: Day,
    },
    /// Seat representatives, all or none.
    Seat {
        /// Whom.
        people: Vec<PersonId>,
        /// Their first day.
        from: Day,
        /// Their last day; the charter's whole term if not said, never beyond it.
        until: Option<Day>,
        /// How they came by the seats.
        source: SeatSource,
    },
    /// A representative leaves the seat, or loses it.
    Vacate {
        /// Who.
        person: PersonId,
        /// How.
        how: Vacancy,
        /// From this day on the seat is vacant.
        on: Day,
        /// Today.
        today: Day,
    },
    /// Say of every term that is over that it is; a second time changes nothing.
    EndLapsedTerms {
        /// Today.
        today: Day,
    },
    /// End every term that runs before its time.
    CutTermsShort {
        /// On whose word.
        mandate: Mandate,
        /// From this day on the seats are vacant.
        on: Day,
        /// Today.
        today: Day,
    },
    /// Put an observer or expert on the register, or change the kind.
    RegisterGuest {
        /// Who.
        person: PersonId,
        /// As what.
        kind: GuestKind,
        /// Today.
        today: Day,
    },
    /// Take somebody off the register of guests.
    ReleaseGuest {
        /// Who.
        person: PersonId,
    },
}

/// What happened to a council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CouncilEvent {
    /// Established; its charter is version 1.
    CouncilEstablished {
        /// For which area.
        area: AreaCode,
        /// Its name.
        name: String,
        /// Its first charter.
        charter: Charter,
        /// On whose word.
        mandate: Mandate,
        /// Since when.
        on: Day,
    },
    /// Given another name.
    CouncilRenamed {
        /// The new name.
        name: String,
    },
    /// The charter was replaced by its next version.
    CharterAmended {
        /// Which version this is, from 2.
        version: u32,
        /// What it says.
        charter: Charter,
        /// On whose word.
        mandate: Mandate,
        /// Since when.
        on: Day,
    },
    /// Dissolved for good.
    CouncilDissolved {
        /// On whose word.
        mandate: Mandate,
        /// From this day on.
        on: Day,
    },
    /// A representative took a seat.
    RepresentativeSeated {
        /// Who.
        person: PersonId,
        /// The first day; with the person it names the seat.
        from: Day,
        /// The last day of the term.
        until: Day,
        /// How the seat was come by.
        source: SeatSource,
    },
    /// A representative left the seat, or lost it, before the term was over.
    SeatVacated {
        /// Who.
        person: PersonId,
        /// The seat's first day.
        from: Day,
        /// From this day on it is vacant.
        on: Day,
        /// How.
        how: Vacancy,
    },
    /// A term is over.
    TermEnded {
        /// Whose.
        person: PersonId,
        /// The seat's first day.
        from: Day,
        /// Its last day.
        until: Day,
    },
    /// Somebody may speak without a vote.
    GuestRegistered {
        /// Who.
        person: PersonId,
        /// As what.
        kind: GuestKind,
    },
    /// Somebody is off the register of guests.
    GuestReleased {
        /// Who.
        person: PersonId,
    },
}
impl DomainEvent for CouncilEvent {}

refusals! {
    /// Why a council says no.
    pub enum CouncilRefusal {
        /// Nothing of this id.
        UnknownCouncil("council", "没有此议事会", "There is no such council"),
        /// Established already.
        CouncilExists("council", "该议事会已成立", "This council is established already"),
        /// Dissolved.
        CouncilIsDissolved("council", "该议事会已解散", "This council is dissolved"),
        /// The name is no line, or too long.
        CouncilNameUnfit { most: usize }("name", "议事会名称须为 1 至 {most} 字，不换行", "A name has 1 to {most} printable characters in one line"),
        /// An amendment without any change.
        NothingAmended("", "没有要更改的内容", "Nothing to change was given"),
        /// A mandate names an office and a reason.
        MandateUnfit { most: usize }(
            "mandate",
            "须写明机关及理由，各为 1 至 {most} 字",
            "An office and a reason of 1 to {most} characters each are needed"
        ),
        /// The council's vote does not carry it.
        MandateNotCarried("mandate", "该次表决未通过，或不是按章程对此类事项的规则表决", "That vote did not carry it under the charter's rule for such a matter"),
        /// A vote carries one act.
        MandateSpent("mandate", "该次表决已作为依据使用过，不能再次使用", "Something was done on the word of that vote already; a vote carries one act"),
        /// Made from an older version.
        CharterOutdated { last: u32 }("against", "章程已更新为第 {last} 版", "The charter is in version {last} now"),
        /// Overlong, or not printable.
        LeavingReasonUnfit { most: usize }("reason", "理由须为 1 至 {most} 字", "A reason has 1 to {most} printable characters"),
        /// Another council's meeting, one that is not over, or one that the representative attended or was excused from.
        NotAnAbsence("missed", "不是本议事会已结束的会议，或该代表已出席或获准缺席", "A meeting is not over, is not this council's, or the person came or was excused"),
        /// What happened lies before the council.
        BeforeEstablished { since: Day }("on", "议事会成立于 {since}，日期不能早于此日", "The council was established on {since}; the day lies before that"),
        /// What happened lies in the future.
        InFuture("on", "日期不能晚于今天", "The day lies in the future"),
        /// Nobody to seat, or somebody twice.
        NobodyToSeat("people", "须指明就任的代表，且不得重复", "Somebody is to be seated, and nobody twice"),
        /// The last day before the first, or beyond the charter's term.
        TermUnfit("until", "任期须在章程规定的期限之内", "A term is at least a day and at most as long as the charter says"),
        /// One seat each.
        HoldsASeat { line: usize }("people", "第 {line} 人在此期间已有席位", "Person {line} of the list holds a seat in that time already"),
        /// Person and first day name a seat.
        SeatBegunThatDay { line: usize }("people", "第 {line} 人当日就任的席位已经结束，须另定就任日期", "A seat of person {line} of the list began on that day and has ended; another begins on another day"),
        /// More than the charter has.
        SeatsTaken { seats: u32 }("people", "席位不足，章程规定 {seats} 席", "There are not enough seats: the charter has {seats}"),
        /// The charter must keep room for who sits.
        SeatsBelowHeld { held: usize }("seats", "现有代表 {held} 人，席位不能少于此数", "{held} seats are held; the charter cannot have fewer"),
        /// No seat on that day.
        NotARepresentative("person", "该人当日不是议事代表", "This person is not a representative on that day"),
        /// The charter lets nobody lose a seat by absences.
        NoAbsenceRule("person", "章程没有缺席丧失席位的规定", "The charter takes no seat for absences"),
        /// Fewer than the charter says.
        TooFewAbsences { limit: u32 }("missed", "章程规定缺席 {limit} 次方丧失席位", "A seat is lost after {limit} absences"),
        /// Representatives vote; guests don't.
        IsARepresentative("person", "议事代表不能登记为列席人员", "A representative is no guest"),
        /// On the register as that already.
        AlreadyAGuest("person", "已登记为此类列席人员", "This person is on the register as that already"),
        /// Not on the register.
        NotAGuest("person", "不在列席人员名单中", "This person is not on the register of guests"),
        /// The register is full.
        TooManyGuests { most: usize }("person", "列席人员最多 {most} 人", "There are at most {most} guests"),
    }
}

type Refused = CouncilRefusal;

impl Council {
    /// The council is there and works; with its charter.
    ///
    /// # Errors
    /// Unknown or dissolved councils.
    pub fn require_working(&self) -> Result<&Charter, Refused> {
        match (self.charters.last(), self.dissolved_on) {
            (None, _) => Err(Refused::UnknownCouncil),
            (Some(_), Some(_)) => Err(Refused::CouncilIsDissolved),
            (Some(charter), None) => Ok(charter),
        }
    }

    /// The vote carried a matter of this kind, under the rule that the charter has for it: what a mandate may rest on.
    ///
    /// # Errors
    /// Unknown or dissolved councils; votes that are open, annulled, lost or were taken under another rule.
    pub fn require_carried(&self, matter: Matter, vote: Option<&Vote>) -> Result<(), Refused> {
        let rule = &self.require_working()?.matter(matter).rule;
        match vote.map(|vote| &vote.phase) {
            Some(VotePhase::Closed(it)) if it.verdict.outcome == Outcome::Carried && it.rule == *rule => Ok(()),
            Some(VotePhase::Open | VotePhase::Closed(_) | VotePhase::Annulled) | None => Err(Refused::MandateNotCarried),
        }
    }

    /// The version of the charter that counts now, from 1; 0 before the council was established.
    pub fn charter_version(&self) -> u32 {
        u32::try_from(self.charters.len()).unwrap_or(u32::MAX)
    }

    /// What the charter says in this version.
    pub fn charter_at(&self, version: u32) -> Option<&Charter> {
        self.charters.get(usize::try_from(version).ok()?.checked_sub(1)?)
    }

    /// Who sits on this day.
    pub fn representatives(&self, day: Day) -> impl Iterator<Item = PersonId> {
        self.seats.holders(day).filter(move |_| self.stands_on(day))
    }

    /// Whether this person sits on this day.
    pub fn is_representative(&self, person: PersonId, day: Day) -> bool {
        self.stands_on(day) && self.seats.of(person, day).is_some()
    }

    /// How many seats are filled on this day.
    pub fn seats_filled(&self, day: Day) -> u64 {
        self.representatives(day).count() as u64
    }

    /// How many «all» are on this day, as the charter that counts now says: seats filled or seats of the charter.
    pub fn entitled(&self, day: Day) -> u64 {
        let charter = self.charters.last().filter(|_| self.stands_on(day));
        charter.map_or(0, |charter| charter.entitled(self.seats_filled(day)))
    }

    /// This council as authorisation must know it. Who acts as a representative is the person it is about, so that
    /// [`To::Oneself`] opens an act to representatives: their seats stand here, not in their accounts.
    pub fn subject(&self, acting: Option<PersonId>, day: Day) -> Subject {
        let person = acting.filter(|person| self.is_representative(*person, day));
        Subject { area: self.area.clone(), person, ..Subject::default() }
    }

    pub(super) fn stands_on(&self, day: Day) -> bool {
        self.dissolved_on.is_none_or(|dissolved| day < dissolved)
    }
}

/// A name as it is stored.
fn fitting_name(name: &str) -> Result<String, Refused> {
    Line::parse(name, COUNCIL_NAME_MAX_CHARS, |most| Refused::CouncilNameUnfit { most }).map(String::from)
}

fn not_in_future(on: Day, today: Day) -> Result<(), Refused> {
    if on <= today { Ok(()) } else { Err(Refused::InFuture) }
}

impl Council {
    /// The mandate as it is stored: it says who, and is no vote that something was done on the word of before.
    fn fitting_mandate(&self, mandate: Mandate) -> Result<Mandate, Refused> {
        match mandate {
            Mandate::Vote { vote } if self.spent.contains(&vote) => Err(Refused::MandateSpent),
            Mandate::Vote { .. } | Mandate::Election { .. } => Ok(mandate),
            Mandate::Authority { authority, reason } => {
                Ok(Mandate::Authority { authority: seat::written(&authority)?, reason: seat::written(&reason)? })
            }
        }
    }

    fn amend(&self, charter: Charter, mandate: Mandate, today: Day) -> Result<CouncilEvent, Refused> {
        if *self.require_working()? == charter {
            return Err(Refused::NothingAmended);
        }
        let mandate = self.fitting_mandate(mandate)?;
        let held = self.seats.most_held(today, Day::MAX);
        if u32::try_from(held).map_or(true, |held| held > charter.seats) {
            return Err(Refused::SeatsBelowHeld { held });
        }
        let version = self.charter_version().saturating_add(1);
        Ok(CouncilEvent::CharterAmended { version, charter, mandate, on: today })
    }

    fn seat(&self, people: &[PersonId], from: Day, until: Option<Day>, source: SeatSource) -> Result<Vec<CouncilEvent>, Refused> {
        let charter = self.require_working()?;
        let source = source.fitted()?;
        self.require_established(from)?;
        if people.is_empty() || people.iter().collect::<BTreeSet<_>>().len() < people.len() {
            return Err(Refused::NobodyToSeat);
        }
        let longest = charter.last_day_of_term(from).ok_or(Refused::TermUnfit)?;
        let until = until.unwrap_or(longest);
        if until < from || until > longest {
            return Err(Refused::TermUnfit);
        }
        for (person, line) in people.iter().zip(1..) {
            if self.seats.held_within(*person, from, until) {
                return Err(Refused::HoldsASeat { line });
            }
            if self.seats.begun(*person, from) {
                return Err(Refused::SeatBegunThatDay { line });
            }
        }
        let held = self.seats.most_held(from, until).saturating_add(people.len());
        if u32::try_from(held).map_or(true, |held| held > charter.seats) {
            return Err(Refused::SeatsTaken { seats: charter.seats });
        }
        let guests = people.iter().filter(|person| self.guests.contains_key(person));
        let released = guests.map(|person| CouncilEvent::GuestReleased { person: *person });
        let seated = |person: &PersonId| CouncilEvent::RepresentativeSeated { person: *person, from, until, source: source.clone() };
        Ok(released.chain(people.iter().map(seated)).collect())
    }

    fn vacate(&self, person: PersonId, how: Vacancy, on: Day, today: Day) -> Result<CouncilEvent, Refused> {
        let charter = self.require_working()?;
        not_in_future(on, today)?;
        let held = self.seats.of(person, on).filter(|seat| seat.ended.is_none());
        // Who leaves before the first day never takes the seat.
        let coming = || self.seats.coming(person, today).filter(|_| matches!(how, Vacancy::Left { .. }));
        let seat = held.or_else(coming).ok_or(Refused::NotARepresentative)?;
        let how = match how {
            Vacancy::Left { .. } => how,
            Vacancy::Recalled { mandate } => Vacancy::Recalled { mandate: self.fitting_mandate(mandate)? },
            Vacancy::CutShort { mandate } => Vacancy::CutShort { mandate: self.fitting_mandate(mandate)? },
            Vacancy::Forfeited { missed } => {
                let limit = charter.absences.ok_or(Refused::NoAbsenceRule)?.limit;
                let meetings = missed.iter().collect::<BTreeSet<_>>().len();
                if u32::try_from(meetings).is_ok_and(|meetings| meetings < limit) {
                    return Err(Refused::TooFewAbsences { limit });
                }
                Vacancy::Forfeited { missed }
            }
        };
        Ok(CouncilEvent::SeatVacated { person, from: seat.from, on: on.max(seat.from), how })
    }

    fn register(&self, person: PersonId, kind: GuestKind, today: Day) -> Result<CouncilEvent, Refused> {
        self.require_working()?;
        if self.seats.held_within(person, today, Day::MAX) {
            return Err(Refused::IsARepresentative);
        }
        match self.guests.get(&person) {
            Some(known) if *known == kind => Err(Refused::AlreadyAGuest),
            None if self.guests.len() >= GUESTS_MAX_COUNT => Err(Refused::TooManyGuests { most: GUESTS_MAX_COUNT }),
            Some(_) | None => Ok(CouncilEvent::GuestRegistered { person, kind }),
        }
    }
}

impl Aggregate for Council {
    const NAME: &'static str = "council";
    type State = Self;
    type Command = CouncilCommand;
    type Event = CouncilEvent;
    type Error = CouncilRefusal;

    fn handle_command(council: &Self, command: CouncilCommand) -> Result<Vec<CouncilEvent>, Refused> {
        use CouncilCommand as C;
        use CouncilEvent as E;
        let event = match command {
            C::Establish { .. } if council.charter_version() > 0 => return Err(Refused::CouncilExists),
            C::Establish { area, name, charter, mandate, on, today } => {
                let (name, mandate) = (fitting_name(&name)?, council.fitting_mandate(mandate)?);
                not_in_future(on, today)?;
                E::CouncilEstablished { area, name, charter, mandate, on }
            }
            C::Rename { name } => {
                council.require_working()?;
                let name = fitting_name(&name)?;
                if council.name == name {
                    return Err(Refused::NothingAmended);
                }
                E::CouncilRenamed { name }
            }
            C::AmendCharter { charter, mandate, today } => council.amend(charter, mandate, today)?,
            C::Dissolve { mandate, on, today } => {
                council.require_working()?;
                let mandate = council.fitting_mandate(mandate)?;
                not_in_future(on, today)?;
                council.require_established(on)?;
                E::CouncilDissolved { mandate, on }
            }
            C::Seat { people, from, until, source } => return council.seat(&people, from, until, source),
            C::Vacate { person, how, on, today } => council.vacate(person, how, on, today)?,
            C::EndLapsedTerms { today } => {
                council.require_working()?;
                let lapsed = council.seats.lapsed(today);
                return Ok(lapsed.map(|(person, seat)| E::TermEnded { person, from: seat.from, until: seat.until }).collect());
            }
            C::CutTermsShort { mandate, on, today } => {
                council.require_working()?;
                let how = Vacancy::CutShort { mandate };
                let running = council.seats.running(on);
                let ended: Vec<E> = running.map(|person| council.vacate(person, how.clone(), on, today)).collect::<Result<_, _>>()?;
                return if ended.is_empty() { Err(Refused::NothingAmended) } else { Ok(ended) };
            }
            C::RegisterGuest { person, kind, today } => council.register(person, kind, today)?,
            C::ReleaseGuest { person } => {
                council.require_working()?;
                if !council.guests.contains_key(&person) {
                    return Err(Refused::NotAGuest);
                }
                E::GuestReleased { person }
            }
        };
        Ok(vec![event])
    }

    fn apply_event(mut council: Self, event: CouncilEvent) -> Self {
        use CouncilEvent as E;
        match event {
            E::CouncilEstablished { area, name, charter, on, .. } => {
                return Self { area: Some(area), established_on: Some(on), name, charters: vec![charter], ..Self::default() };
            }
            E::CouncilRenamed { name } => council.name = name,
            E::CharterAmended { charter, mandate, .. } => {
                council.charters.push(charter);
                council.spent.extend(mandate.vote());
            }
            E::CouncilDissolved { on, mandate } => {
                council.dissolved_on = Some(on);
                council.spent.extend(mandate.vote());
            }
            E::RepresentativeSeated { person, from, until, .. } => council.seats.take(person, from, until),
            E::SeatVacated { person, from, on, how } => {
                council.seats.end(person, from, Ending::Vacated(on));
                council.spent.extend(how.mandate().and_then(Mandate::vote));
            }
            E::TermEnded { person, from, .. } => council.seats.end(person, from, Ending::TermOver),
            E::GuestRegistered { person, kind } => {
                council.guests.insert(person, kind);
            }
            E::GuestReleased { person } => {
                council.guests.remove(&person);
            }
        }
        council
    }
}

#[cfg(test)]
#[path = "council_tests.rs"]
mod tests;
