//! What breaks silently elsewhere: a seat too many, a person in two seats, a vote by somebody whose term is over, a
//! quorum of people who have left, an expert who votes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    access::authority::{Actor, AuthorityRefusal, Session},
    deliberation::charter::{AbsenceRule, Absences, CharterTerms, EntitledBasis},
    scenario::{Given, given},
    values::{AccountId, ElectionId, MeetingId, Sealed, VoteId},
};

use CouncilCommand as C;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn charter(seats: u32) -> Charter {
    Charter::try_new(CharterTerms::model(seats)).unwrap()
}

fn authority() -> Mandate {
    Mandate::Authority { authority: "香洲区民政局".into(), reason: "成立社区议事会的批复".into() }
}

fn by_vote() -> Mandate {
    Mandate::Vote { vote: VoteId(Uuid::from_u128(7)) }
}

fn today() -> Day {
    day("2026-06-01")
}

fn establish(seats: u32) -> CouncilCommand {
    let (area, name) = ("440402001001".parse().unwrap(), "湾仔社区议事会".to_owned());
    C::Establish { area, name, charter: charter(seats), mandate: authority(), on: day("2026-01-01"), today: today() }
}

fn seat(people: &[u128], from: &str) -> CouncilCommand {
    let source = SeatSource::Election { election: ElectionId(Uuid::from_u128(1)) };
    C::Seat { people: people.iter().copied().map(person).collect(), from: day(from), until: None, source }
}

fn vacate(n: u128, how: Vacancy, on: &str) -> CouncilCommand {
    C::Vacate { person: person(n), how, on: day(on), today: today() }
}

fn left() -> Vacancy {
    Vacancy::Left { reason: Some(Sealed { of: person(1), text: "密".into() }) }
}

fn guest(n: u128, kind: GuestKind) -> CouncilCommand {
    C::RegisterGuest { person: person(n), kind, today: today() }
}

fn council(commands: impl IntoIterator<Item = CouncilCommand>) -> Given<Council> {
    given::<Council>([]).and_all(commands)
}

fn every_command_but_establish() -> Vec<CouncilCommand> {
    vec![
        C::Rename { name: "新名".into() },
        C::AmendCharter { charter: charter(9), mandate: by_vote(), today: today() },
        C::Dissolve { mandate: authority(), on: today(), today: today() },
        seat(&[1], "2026-01-01"),
        vacate(1, left(), "2026-02-01"),
        C::EndLapsedTerms { today: today() },
        C::CutTermsShort { mandate: authority(), on: today(), today: today() },
        guest(9, GuestKind::Lawyer),
        C::ReleaseGuest { person: person(9) },
    ]
}

#[test]
fn established_once_and_nothing_happens_before_or_after() {
    let dissolve = C::Dissolve { mandate: authority(), on: today(), today: today() };
    let dissolved = council([establish(5), seat(&[1], "2026-01-01"), dissolve]);
    for command in every_command_but_establish() {
        given::<Council>([]).when(command.clone()).then_refused(CouncilRefusal::UnknownCouncil);
        dissolved.when(command).then_refused(CouncilRefusal::CouncilIsDissolved);
    }
    dissolved.when(establish(5)).then_refused(CouncilRefusal::CouncilExists);
    assert_eq!((dissolved.seats_filled(day("2026-05-31")), dissolved.seats_filled(today())), (1, 0));
    assert_eq!(dissolved.entitled(today()), 0);
    assert!(!dissolved.is_representative(person(1), today()));
}

#[test]
fn nothing_of_a_council_is_dated_before_it() {
    let since = day("2026-01-01");
    let council = council([establish(5)]);
    let dissolves = |on: &str| C::Dissolve { mandate: authority(), on: day(on), today: today() };
    council.when(dissolves("2025-12-31")).then_refused(CouncilRefusal::BeforeEstablished { since });
    council.when(dissolves("2026-01-01")).then_done();
    council.when(seat(&[1], "2025-12-31")).then_refused(CouncilRefusal::BeforeEstablished { since });
    council.when(seat(&[1], "2026-01-01")).then_done();
}

#[test]
fn a_vote_is_the_mandate_for_one_act_and_for_no_second() {
    let vote = |n| Mandate::Vote { vote: VoteId(Uuid::from_u128(n)) };
    let recall = |n, mandate| vacate(n, Vacancy::Recalled { mandate }, "2026-05-01");
    let amend = |seats, mandate| C::AmendCharter { charter: charter(seats), mandate, today: today() };
    let sitting = council([establish(5), seat(&[1, 2, 3], "2026-01-01"), amend(6, vote(1)), recall(1, vote(2))]);
    for n in [1, 2] {
        let dissolve = C::Dissolve { mandate: vote(n), on: today(), today: today() };
        let cut = C::CutTermsShort { mandate: vote(n), on: day("2026-05-01"), today: today() };
        for second in [amend(7, vote(n)), recall(2, vote(n)), dissolve, cut] {
            sitting.when(second).then_refused(CouncilRefusal::MandateSpent);
        }
    }
    // One act may end several terms; the authority's word is not used up.
    let cut = sitting.clone().and(C::CutTermsShort { mandate: vote(3), on: day("2026-05-01"), today: today() });
    assert_eq!((cut.seats_filled(today()), cut.spent.len()), (0, 3));
    let again = sitting.and(amend(7, authority())).and(amend(8, authority()));
    assert_eq!(again.charter_version(), 4);
}

#[test]
fn what_a_council_is_established_with_is_checked() {
    let with = |change: fn(&mut CouncilCommand)| {
        let mut command = establish(5);
        change(&mut command);
        given::<Council>([]).when(command).refusal()
    };
    let unfit = CouncilRefusal::CouncilNameUnfit { most: COUNCIL_NAME_MAX_CHARS };
    assert_eq!(
        with(|it| if let C::Establish { name, .. } = it {
            *name = " ".into()
        }),
        unfit
    );
    assert_eq!(
        with(|it| if let C::Establish { name, .. } = it {
            *name = "会".repeat(101)
        }),
        unfit
    );
    assert_eq!(
        with(|it| if let C::Establish { on, .. } = it {
            *on = day("2026-06-02")
        }),
        CouncilRefusal::InFuture
    );
    let nobody = |it: &mut CouncilCommand| {
        if let C::Establish { mandate, .. } = it {
            *mandate = Mandate::Authority { authority: "民政局".into(), reason: String::new() };
        }
    };
    assert_eq!(with(nobody), CouncilRefusal::MandateUnfit { most: MANDATE_TEXT_MAX_CHARS });
}

#[test]
fn renaming_to_the_same_name_changes_nothing() {
    let renamed = council([establish(5), C::Rename { name: "新名".into() }]);
    assert_eq!(renamed.name, "新名");
    renamed.when(C::Rename { name: "新名".into() }).then_refused(CouncilRefusal::NothingAmended);
}

#[test]
fn a_charter_has_versions_and_keeps_room_for_who_sits() {
    let amend = |seats| C::AmendCharter { charter: charter(seats), mandate: by_vote(), today: today() };
    let sitting = council([establish(5), seat(&[1, 2, 3], "2026-01-01")]);
    sitting.when(amend(5)).then_refused(CouncilRefusal::NothingAmended);
    sitting.when(amend(2)).then_refused(CouncilRefusal::SeatsBelowHeld { held: 3 });
    let amended = sitting.and(amend(3));
    assert_eq!((amended.charter_version(), amended.charter_at(1), amended.charter_at(2)), (2, Some(&charter(5)), Some(&charter(3))));
    assert_eq!((amended.charter_at(0), amended.charter_at(3)), (None, None));
    amended.when(seat(&[4], "2026-06-01")).then_refused(CouncilRefusal::SeatsTaken { seats: 3 });
}

#[test]
fn seats_are_taken_all_or_none() {
    let sitting = council([establish(5), seat(&[1, 2, 3], "2026-01-01")]);
    sitting.when(seat(&[4, 5, 6], "2026-01-01")).then_refused(CouncilRefusal::SeatsTaken { seats: 5 });
    sitting.when(seat(&[4, 1], "2026-03-01")).then_refused(CouncilRefusal::HoldsASeat { line: 2 });
    sitting.when(seat(&[4, 4], "2026-03-01")).then_refused(CouncilRefusal::NobodyToSeat);
    sitting.when(seat(&[], "2026-03-01")).then_refused(CouncilRefusal::NobodyToSeat);
    let full = sitting.and(seat(&[4, 5], "2026-03-01"));
    assert_eq!((full.seats_filled(day("2026-02-28")), full.seats_filled(day("2026-03-01"))), (3, 5));
    // The next term begins when the first is over: the 36 months of the model end on 31 December 2028.
    full.when(seat(&[6], "2028-12-31")).then_refused(CouncilRefusal::SeatsTaken { seats: 5 });
    let next = full.and(seat(&[6, 1], "2029-01-01"));
    assert_eq!((next.seats_filled(day("2028-12-31")), next.seats_filled(day("2029-01-01"))), (5, 4));
}

#[test]
fn a_term_is_never_longer_than_the_charter_says() {
    let sitting = council([establish(5)]);
    let until = |from: &str, last: &str| C::Seat {
        people: vec![person(1)],
        from: day(from),
        until: Some(day(last)),
        source: SeatSource::Transition { source: "居委会档案".into() },
    };
    sitting.when(until("2026-01-01", "2029-01-01")).then_refused(CouncilRefusal::TermUnfit);
    sitting.when(until("2026-01-01", "2025-12-31")).then_refused(CouncilRefusal::TermUnfit);
    let one_day = sitting.and(until("2026-01-01", "2026-01-01"));
    assert!(one_day.is_representative(person(1), day("2026-01-01")) && !one_day.is_representative(person(1), day("2026-01-02")));
    let without_source =
        C::Seat { people: vec![person(2)], from: today(), until: None, source: SeatSource::Transition { source: "".into() } };
    one_day.when(without_source).then_refused(CouncilRefusal::MandateUnfit { most: MANDATE_TEXT_MAX_CHARS });
}

#[test]
fn who_leaves_sits_no_more_from_that_day_on() {
    let sitting = council([establish(5), seat(&[1, 2], "2026-01-01")]);
    sitting.when(vacate(1, left(), "2026-06-02")).then_refused(CouncilRefusal::InFuture);
    sitting.when(vacate(3, left(), "2026-05-01")).then_refused(CouncilRefusal::NotARepresentative);
    sitting.when(vacate(1, left(), "2025-12-31")).then_refused(CouncilRefusal::NotARepresentative);
    let vacant = sitting.and(vacate(1, left(), "2026-05-01"));
    assert!(vacant.is_representative(person(1), day("2026-04-30")) && !vacant.is_representative(person(1), day("2026-05-01")));
    vacant.when(vacate(1, left(), "2026-05-01")).then_refused(CouncilRefusal::NotARepresentative);
    vacant.when(vacate(1, left(), "2026-04-01")).then_refused(CouncilRefusal::NotARepresentative); // a seat ends once
    vacant.when(seat(&[1], "2026-01-01")).then_refused(CouncilRefusal::HoldsASeat { line: 1 });
    let elect = vacant.clone().and(seat(&[4], "2026-07-01"));
    let declined = elect.clone().and(vacate(4, left(), "2026-06-01"));
    assert!(elect.is_representative(person(4), day("2026-07-01")) && !declined.is_representative(person(4), day("2026-07-01")));
    declined.when(vacate(4, left(), "2026-06-01")).then_refused(CouncilRefusal::NotARepresentative);
    let back = vacant.and(seat(&[1], "2026-05-20"));
    assert_eq!(back.representatives(today()).collect::<Vec<_>>(), [person(1), person(2)]);
    assert_eq!(back.seats_filled(day("2026-05-10")), 1);
}

#[test]
fn person_and_first_day_name_a_seat() {
    let vacated_at_once = council([establish(5), seat(&[1], "2026-05-01"), vacate(1, left(), "2026-05-01")]);
    vacated_at_once.when(seat(&[2, 1], "2026-05-01")).then_refused(CouncilRefusal::SeatBegunThatDay { line: 2 });
    assert!(vacated_at_once.and(seat(&[1], "2026-05-02")).is_representative(person(1), today()));
}

#[test]
fn absences_cost_the_seat_only_as_the_charter_says() {
    let missed = |numbers: &[u128]| Vacancy::Forfeited { missed: numbers.iter().map(|n| MeetingId(Uuid::from_u128(*n))).collect() };
    let sitting = council([establish(5), seat(&[1], "2026-01-01")]);
    sitting.when(vacate(1, missed(&[1, 2, 2]), "2026-05-01")).then_refused(CouncilRefusal::TooFewAbsences { limit: 3 });
    assert!(!sitting.clone().and(vacate(1, missed(&[1, 2, 3]), "2026-05-01")).is_representative(person(1), today()));
    let mut terms = CharterTerms::model(5);
    terms.absences = None;
    let lenient = C::AmendCharter { charter: Charter::try_new(terms).unwrap(), mandate: by_vote(), today: today() };
    sitting.and(lenient).when(vacate(1, missed(&[1, 2, 3]), "2026-05-01")).then_refused(CouncilRefusal::NoAbsenceRule);
}

#[test]
fn a_recall_names_its_mandate() {
    let sitting = council([establish(5), seat(&[1], "2026-01-01")]);
    let bare = Vacancy::Recalled { mandate: Mandate::Authority { authority: String::new(), reason: "x".into() } };
    sitting.when(vacate(1, bare, "2026-05-01")).then_refused(CouncilRefusal::MandateUnfit { most: MANDATE_TEXT_MAX_CHARS });
    assert_eq!(sitting.and(vacate(1, Vacancy::Recalled { mandate: by_vote() }, "2026-05-01")).seats_filled(today()), 0);
}

#[test]
fn a_term_is_over_whether_anybody_says_so_or_not() {
    let sitting = council([establish(5), seat(&[1, 2], "2026-01-01"), seat(&[1], "2029-01-01")]);
    let over = day("2029-01-01");
    assert_eq!(sitting.representatives(over).collect::<Vec<_>>(), [person(1)]);
    let end = C::EndLapsedTerms { today: over };
    sitting.when(C::EndLapsedTerms { today: day("2028-12-31") }).then([]);
    assert_eq!(sitting.when(end.clone()).events().len(), 2);
    let said = sitting.and(end.clone());
    said.when(end).then([]); // A second time changes nothing.
    assert!(said.is_representative(person(1), over) && said.is_representative(person(2), day("2028-12-31")));
}

#[test]
fn all_terms_are_cut_short_at_once() {
    let cut = C::CutTermsShort { mandate: authority(), on: day("2026-05-01"), today: today() };
    let sitting = council([establish(5), seat(&[1, 2], "2026-01-01")]);
    assert_eq!(sitting.when(cut.clone()).events().len(), 2);
    let empty = sitting.and(cut.clone());
    assert_eq!((empty.seats_filled(day("2026-04-30")), empty.seats_filled(day("2026-05-01"))), (2, 0));
    empty.when(cut.clone()).then_refused(CouncilRefusal::NothingAmended);
    // Who had left by another day already is not in the way.
    let one_left = council([establish(5), seat(&[1, 2], "2026-01-01"), vacate(1, left(), "2026-05-20")]);
    assert_eq!(one_left.and(cut).seats_filled(day("2026-05-20")), 0);
}

#[test]
fn all_are_seats_filled_or_seats_of_the_charter() {
    let sitting = council([establish(9), seat(&[1, 2], "2026-01-01")]);
    assert_eq!((sitting.seats_filled(today()), sitting.entitled(today())), (2, 2));
    let mut terms = CharterTerms::model(9);
    terms.entitled = EntitledBasis::SeatsOfTheCharter;
    let amended = sitting.and(C::AmendCharter { charter: Charter::try_new(terms).unwrap(), mandate: by_vote(), today: today() });
    assert_eq!(amended.entitled(today()), 9);
}

#[test]
fn guests_speak_and_hold_no_seat() {
    let with_guest = council([establish(5), seat(&[1], "2026-01-01"), guest(9, GuestKind::Lawyer)]);
    with_guest.when(guest(9, GuestKind::Lawyer)).then_refused(CouncilRefusal::AlreadyAGuest);
    with_guest.when(guest(1, GuestKind::Observer)).then_refused(CouncilRefusal::IsARepresentative);
    with_guest.when(C::ReleaseGuest { person: person(8) }).then_refused(CouncilRefusal::NotAGuest);
    assert!(!with_guest.is_representative(person(9), today()) && with_guest.entitled(today()) == 1);
    assert_eq!(with_guest.clone().and(guest(9, GuestKind::Observer)).guests[&person(9)], GuestKind::Observer);
    assert!(with_guest.clone().and(C::ReleaseGuest { person: person(9) }).guests.is_empty());
    // Who is elected is no guest any more; who will sit is not made one.
    let elected = with_guest.and(seat(&[9], "2026-09-01"));
    assert!(elected.guests.is_empty());
    elected.when(guest(9, GuestKind::Lawyer)).then_refused(CouncilRefusal::IsARepresentative);
}

#[test]
fn an_act_open_to_oneself_is_open_to_whoever_sits() {
    const SPEAK: Act = Act { name: "speak", open_to: &[To::Oneself] };
    let sitting = council([establish(5), seat(&[1], "2026-01-01"), guest(9, GuestKind::Lawyer)]);
    let actor = |n| Actor::Account {
        account: AccountId(Uuid::nil()),
        person: person(n),
        volunteer: None,
        grants: vec![],
        proven: true,
        session: Session::default(),
    };
    let may = |n, on: &str| SPEAK.may(&actor(n), &sitting.subject(Some(person(n)), day(on)));
    assert_eq!(may(1, "2026-06-01"), Ok(()));
    for (n, on) in [(1, "2025-12-31"), (1, "2029-01-01"), (9, "2026-06-01"), (2, "2026-06-01")] {
        assert_eq!(may(n, on), Err(AuthorityRefusal::NotAllowed { act: "speak" }), "{n} on {on}");
    }
}

#[test]
fn every_way_to_leave_is_stored_and_read_as_it_was() {
    let missed = vec![MeetingId(Uuid::from_u128(1))];
    for how in [left(), Vacancy::Recalled { mandate: by_vote() }, Vacancy::Forfeited { missed }, Vacancy::CutShort { mandate: authority() }]
    {
        let event = CouncilEvent::SeatVacated { person: person(1), from: today(), on: today(), how };
        let (event_type, payload) = event.encode().unwrap();
        assert_eq!(CouncilEvent::decode(&event_type, &payload).unwrap(), event);
    }
    for source in [
        SeatSource::Appointment { authority: "街道办".into(), reason: "补选".into() },
        SeatSource::Transition { source: "档案".into() },
        SeatSource::Election { election: ElectionId(Uuid::nil()) },
    ] {
        let event = CouncilEvent::RepresentativeSeated { person: person(1), from: today(), until: today(), source };
        let (event_type, payload) = event.encode().unwrap();
        assert_eq!(CouncilEvent::decode(&event_type, &payload).unwrap(), event);
    }
}

#[test]
fn a_charter_of_absences_in_total_is_a_charter_too() {
    let mut terms = CharterTerms::model(5);
    terms.absences = Some(AbsenceRule { limit: 1, counted: Absences::InTotal });
    let strict = C::AmendCharter { charter: Charter::try_new(terms).unwrap(), mandate: by_vote(), today: today() };
    let sitting = council([establish(5), seat(&[1], "2026-01-01"), strict]);
    let missed = Vacancy::Forfeited { missed: vec![MeetingId(Uuid::nil())] };
    assert_eq!(sitting.and(vacate(1, missed, "2026-06-01")).seats_filled(today()), 0);
}

/// What an office might ask of a small council in any order; offsets are days around a year.
fn any_command() -> impl Strategy<Value = CouncilCommand> {
    let date = |offset: u64| day("2026-01-01") + chrono::Days::new(offset);
    let people = prop::collection::vec((1..8u128).prop_map(person), 1..4);
    let late = date(4_000);
    prop_oneof![
        4 => (people, 0..1_500u64, prop::option::of(0..900u64)).prop_map(move |(people, from, length)| C::Seat {
            people,
            from: date(from),
            until: length.map(|length| date(from + length)),
            source: SeatSource::Election { election: ElectionId(Uuid::nil()) },
        }),
        3 => ((1..8u128), 0..1_500u64).prop_map(move |(n, on)| C::Vacate { person: person(n), how: left(), on: date(on), today: late }),
        1 => (1..6u32, 0..1_500u64).prop_map(move |(seats, today)| C::AmendCharter { charter: charter(seats), mandate: by_vote(), today: date(today) }),
        1 => (0..1_500u64).prop_map(move |today| C::EndLapsedTerms { today: date(today) }),
        1 => (0..1_500u64).prop_map(move |on| C::CutTermsShort { mandate: by_vote(), on: date(on), today: late }),
        1 => ((1..8u128), 0..1_500u64).prop_map(move |(n, today)| C::RegisterGuest { person: person(n), kind: GuestKind::Lawyer, today: date(today) }),
    ]
}

proptest! {
    /// Whatever is asked in whatever order: on no day are there more representatives than the most seats any charter had,
    /// nor somebody twice; who sits is counted; a term is never longer than a charter says.
    #[test]
    fn seats_never_exceed_the_charter(commands in prop::collection::vec(any_command(), 1..40)) {
        let mut council = council([establish(3)]).state;
        let mut most = 3;
        for command in commands {
            if let Ok(events) = Council::handle_command(&council, command) {
                council = events.into_iter().fold(council, Council::apply_event);
                most = most.max(council.charters.last().unwrap().seats);
            }
        }
        for offset in (0..3_000).step_by(30) {
            let day = day("2026-01-01") + chrono::Days::new(offset);
            let sitting: Vec<PersonId> = council.representatives(day).collect();
            prop_assert!(sitting.len() <= most as usize);
            prop_assert_eq!(sitting.iter().collect::<BTreeSet<_>>().len(), sitting.len());
            prop_assert_eq!(council.seats_filled(day), sitting.len() as u64);
            prop_assert!(sitting.iter().all(|person| council.is_representative(*person, day)));
        }
        prop_assert!(council.seats.holders(day("2026-01-01") + chrono::Days::new(1_500 + 3 * 366)).next().is_none());
    }
}
