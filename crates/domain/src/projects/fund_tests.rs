//! The silent failures made loud: a cent that leaves a fund without an event, a line that goes below nothing, money that
//! comes back and was never paid.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::scenario::{Given, given};

const DISTRICT: &str = "440402";
const STREET: &str = "440402001";

fn cents(amount: u64) -> Cents {
    Cents::try_new(amount).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn line(year: u16, area: &str) -> LineKey {
    LineKey { year, area: area.parse().unwrap() }
}

fn evidence() -> Vec<Attachment> {
    let sha256 = "ab".repeat(32).parse().unwrap();
    vec![Attachment { sha256, name: "凭证.pdf".into(), media_type: "application/pdf".into(), bytes: 1 }]
}

fn allocation(number: u128) -> AllocationId {
    AllocationId(Uuid::from_u128(number))
}

fn disbursement(number: u128) -> DisbursementId {
    DisbursementId(Uuid::from_u128(number))
}

/// The first grant's day.
const FIRST_DAY: Day = Day::from_ymd_opt(2022, 3, 1).unwrap();

fn allocates(number: u128, from: LineKey, amount: u64) -> FundCommand {
    let year = from.year;
    FundCommand::Allocate {
        allocation: allocation(number),
        line: from,
        project: ProjectId(Uuid::from_u128(number)),
        area: "440402001001".parse().unwrap(),
        begun: day("2022-02-01"),
        amount: cents(amount),
        on: FIRST_DAY.max(Day::from_ymd_opt(year.into(), 1, 1).unwrap()),
        today: day("2023-12-31"),
    }
}

fn releases(number: u128, amount: u64) -> FundCommand {
    let (on, today) = (day("2023-05-01"), day("2023-05-01"));
    FundCommand::Release { allocation: allocation(number), amount: cents(amount), on, today, reason: "结余".into() }
}

fn pays(grant: u128, number: u128, amount: u64) -> FundCommand {
    let (on, today) = (day("2023-04-01"), day("2023-04-01"));
    let (allocation, disbursement) = (allocation(grant), disbursement(number));
    FundCommand::Disburse { allocation, disbursement, amount: cents(amount), on, today, evidence: evidence() }
}

fn returns(number: u128, amount: u64) -> FundCommand {
    let (on, today) = (day("2023-06-01"), day("2023-06-01"));
    let (disbursement, reason) = (disbursement(number), "多付".to_owned());
    FundCommand::Return { disbursement, amount: cents(amount), on, today, reason, evidence: evidence() }
}

fn appropriates(line: LineKey, amount: u64) -> FundCommand {
    FundCommand::Appropriate { line, amount: cents(amount), basis: "珠香财〔2022〕1 号".into(), today: day("2022-12-31") }
}

#[test]
fn a_budget_is_appropriated_a_year_ahead_at_most() {
    fund().when(appropriates(line(2023, STREET), 1)).then_done();
    fund().when(appropriates(line(2024, STREET), 1)).then_refused(FundRefusal::FundYearAhead { last: 2023 });
    fund().when(appropriates(line(2100, STREET), 1)).then_refused(FundRefusal::FundYearAhead { last: 2023 });
}

/// A fund of the district with 1000 cents for the street in 2022.
fn fund() -> Given<Fund> {
    let establish = FundCommand::Establish { name: "社会建设创新专项资金".into(), area: DISTRICT.parse().unwrap() };
    given::<Fund>([]).and(establish).and(appropriates(line(2022, STREET), 1_000))
}

#[test]
fn money_is_granted_paid_and_comes_back() {
    let fund = fund().and(allocates(1, line(2022, STREET), 700));
    assert_eq!(fund.free(&line(2022, STREET)), cents(300));
    let fund = fund.and(pays(1, 10, 500));
    assert_eq!(fund.grant(allocation(1)).unwrap().unpaid(), cents(200));
    let fund = fund.and(returns(10, 100));
    let grant = fund.grant(allocation(1)).unwrap();
    assert_eq!((grant.amount, grant.paid(), grant.unpaid()), (cents(600), cents(400), cents(200)));
    let fund = fund.and(releases(1, 200));
    assert_eq!((fund.free(&line(2022, STREET)), fund.grant(allocation(1)).unwrap().unpaid()), (cents(600), Cents::ZERO));
}

#[test]
fn no_more_than_is_free_granted_or_paid() {
    let fund = fund().and(allocates(1, line(2022, STREET), 700));
    fund.when(allocates(2, line(2022, STREET), 301)).then_refused(FundRefusal::FundOverdrawn { free: cents(300) });
    fund.when(allocates(2, line(2023, STREET), 1)).then_refused(FundRefusal::FundOverdrawn { free: Cents::ZERO });
    fund.when(pays(1, 10, 701)).then_refused(FundRefusal::GrantExceeded { unpaid: cents(700) });
    fund.when(releases(1, 701)).then_refused(FundRefusal::GrantExceeded { unpaid: cents(700) });
    let fund = fund.and(pays(1, 10, 600));
    fund.when(returns(10, 601)).then_refused(FundRefusal::RefundExceedsPaid { kept: cents(600) });
    let fund = fund.and(returns(10, 600));
    fund.when(returns(10, 1)).then_refused(FundRefusal::RefundExceedsPaid { kept: Cents::ZERO });
    fund.when(allocates(3, line(2022, STREET), 0)).then_refused(FundRefusal::AmountUnfit);
}

#[test]
fn the_repeat_and_the_unknown_are_refused() {
    let fund = fund().and(allocates(1, line(2022, STREET), 700)).and(pays(1, 10, 1));
    fund.when(allocates(1, line(2022, STREET), 1)).then_refused(FundRefusal::GrantExists);
    fund.when(pays(1, 10, 1)).then_refused(FundRefusal::DisbursementExists);
    fund.when(pays(9, 11, 1)).then_refused(FundRefusal::UnknownGrant);
    fund.when(returns(99, 1)).then_refused(FundRefusal::UnknownDisbursement);
    given::<Fund>([]).when(pays(1, 10, 1)).then_refused(FundRefusal::UnknownFund);
    let again = FundCommand::Establish { name: "又一".into(), area: DISTRICT.parse().unwrap() };
    fund.when(again).then_refused(FundRefusal::FundExists);
}

#[test]
fn money_stays_in_its_area_and_is_not_moved_tomorrow() {
    let fund = fund().and(appropriates(line(2022, "440402002"), 500));
    fund.when(allocates(1, line(2022, "440402002"), 1)).then_refused(FundRefusal::ProjectOutsideLine);
    fund.when(appropriates(line(2022, "440403"), 1)).then_refused(FundRefusal::LineOutsideFund);
    let mut tomorrow = allocates(1, line(2022, STREET), 1);
    if let FundCommand::Allocate { on, .. } = &mut tomorrow {
        *on = day("2024-01-01");
    }
    fund.when(tomorrow).then_refused(FundRefusal::MoneyMovedInFuture);
}

#[test]
fn nothing_is_paid_without_evidence() {
    let fund = fund().and(allocates(1, line(2022, STREET), 700));
    let mut bare = pays(1, 10, 1);
    if let FundCommand::Disburse { evidence, .. } = &mut bare {
        evidence.clear();
    }
    fund.when(bare).then_refused(FundRefusal::EvidenceMissing);
}

#[test]
fn a_closed_year_is_paid_out_carried_over_and_lapses() {
    let fund = fund().and(allocates(1, line(2022, STREET), 400));
    let fund = fund.and(FundCommand::CloseYear { year: 2022 });
    fund.when(allocates(2, line(2022, STREET), 1)).then_refused(FundRefusal::FundYearIsClosed { year: 2022 });
    fund.when(FundCommand::CloseYear { year: 2022 }).then_refused(FundRefusal::FundYearIsClosed { year: 2022 });
    fund.when(FundCommand::CloseYear { year: 2021 }).then_refused(FundRefusal::FundYearUnfit);
    let carries = |amount| FundCommand::CarryOver { line: line(2022, STREET), to: 2023, amount: cents(amount) };
    fund.when(carries(601)).then_refused(FundRefusal::FundOverdrawn { free: cents(600) });
    let fund = fund.and(carries(500)).and(pays(1, 10, 400));
    assert_eq!(fund.free(&line(2023, STREET)), cents(500));
    fund.when(FundCommand::Close).then_refused(FundRefusal::FundNotSettled);
    let lapses = |year, amount| FundCommand::Lapse { line: line(year, STREET), amount: cents(amount), reason: "收回财政".into() };
    fund.when(lapses(2023, 1)).then_refused(FundRefusal::FundYearIsOpen { year: 2023 });
    let fund = fund.and(lapses(2022, 100));
    let fund = fund.and(FundCommand::CloseYear { year: 2023 }).and(lapses(2023, 500));
    let fund = fund.and(FundCommand::Close);
    fund.when(returns(10, 1)).then_refused(FundRefusal::FundIsClosed);
}

/// The command on that day.
fn dated(command: FundCommand, day: Day) -> FundCommand {
    let mut command = command;
    if let FundCommand::Allocate { on, .. }
    | FundCommand::Release { on, .. }
    | FundCommand::Disburse { on, .. }
    | FundCommand::Return { on, .. } = &mut command
    {
        *on = day;
    }
    command
}

#[test]
fn nothing_is_dated_before_what_it_is_about() {
    let (year, early) = (line(2022, STREET), |earliest| FundRefusal::MoneyMovedTooEarly { earliest: day(earliest) });
    let grants = |on| dated(allocates(1, year.clone(), 700), day(on));
    fund().when(grants("2022-01-31")).then_refused(early("2022-02-01")); // before the project
    fund().when(grants("2023-01-01")).then_refused(FundRefusal::GrantOutsideYear { year: 2022 });
    fund().when(dated(allocates(1, line(2023, STREET), 700), day("2022-12-31"))).then_refused(FundRefusal::GrantOutsideYear { year: 2023 });
    let granted = fund().and(grants("2022-03-01"));
    granted.when(dated(releases(1, 100), day("2022-02-28"))).then_refused(early("2022-03-01"));
    granted.when(dated(pays(1, 10, 100), day("2022-02-28"))).then_refused(early("2022-03-01"));
    granted.when(dated(releases(1, 100), day("2022-03-01"))).then_done();
    let paid = granted.and(dated(pays(1, 10, 100), day("2022-04-01"))).and(dated(pays(1, 11, 100), day("2022-03-10")));
    paid.when(dated(returns(10, 1), day("2022-03-31"))).then_refused(early("2022-04-01"));
    paid.when(dated(returns(11, 1), day("2022-03-31"))).then_done();
    // A grant is paid and comes back in later years.
    paid.when(dated(returns(10, 1), day("2023-01-01"))).then_done();
}

fn any_dated_command() -> impl Strategy<Value = FundCommand> {
    (any_command(), 0_u64..700).prop_map(|(command, days)| dated(command, day("2022-01-15") + chrono::Days::new(days)))
}

fn any_command() -> impl Strategy<Value = FundCommand> {
    let lines = || prop_oneof![Just(line(2022, STREET)), Just(line(2023, STREET)), Just(line(2022, DISTRICT))];
    let ids = || 1_u128..5;
    let amount = || 0_u64..600;
    let reason = || "调整".to_owned();
    prop_oneof![
        (lines(), amount()).prop_map(|(line, amount)| appropriates(line, amount)),
        (lines(), amount()).prop_map(move |(line, amount)| FundCommand::Withdraw { line, amount: cents(amount), reason: reason() }),
        (ids(), lines(), amount()).prop_map(|(id, line, amount)| allocates(id, line, amount)),
        (ids(), amount()).prop_map(|(id, amount)| releases(id, amount)),
        (ids(), 10_u128..18, amount()).prop_map(|(grant, id, amount)| pays(grant, id, amount)),
        (10_u128..18, amount()).prop_map(|(id, amount)| returns(id, amount)),
        Just(FundCommand::CloseYear { year: 2022 }),
        (lines(), amount()).prop_map(|(line, amount)| FundCommand::CarryOver { line, to: 2023, amount: cents(amount) }),
        (lines(), amount()).prop_map(move |(line, amount)| FundCommand::Lapse { line, amount: cents(amount), reason: reason() }),
    ]
}

/// What an event adds to a line, counted without the fund's own fold.
fn movement(event: &FundEvent, of: &LineKey, lines: &BTreeMap<AllocationId, LineKey>) -> i128 {
    let signed = |line: &LineKey, amount: Cents, sign: i128| if line == of { sign * i128::from(amount.get()) } else { 0 };
    match event {
        FundEvent::BudgetAppropriated { line, amount, .. } => signed(line, *amount, 1),
        FundEvent::BudgetWithdrawn { line, amount, .. } | FundEvent::BalanceLapsed { line, amount, .. } => signed(line, *amount, -1),
        FundEvent::GrantAllocated { line, amount, .. } => signed(line, *amount, -1),
        FundEvent::GrantReleased { allocation, amount, .. } | FundEvent::GrantReturned { allocation, amount, .. } => {
            signed(&lines[allocation], *amount, 1)
        }
        FundEvent::BalanceCarriedOver { line, to, amount } => {
            signed(line, *amount, -1) + signed(&LineKey { year: *to, area: line.area.clone() }, *amount, 1)
        }
        FundEvent::GrantDisbursed { .. }
        | FundEvent::FundEstablished { .. }
        | FundEvent::FundYearClosed { .. }
        | FundEvent::FundClosed {} => 0,
    }
}

/// What an event does to a grant, and to what is paid of it, on which day.
fn of_grant(event: &FundEvent) -> Option<(AllocationId, Day, i128, i128)> {
    let signed = |amount: &Cents| i128::from(amount.get());
    match event {
        FundEvent::GrantAllocated { allocation, amount, on, .. } => Some((*allocation, *on, signed(amount), 0)),
        FundEvent::GrantReleased { allocation, amount, on, .. } => Some((*allocation, *on, -signed(amount), 0)),
        FundEvent::GrantDisbursed { allocation, amount, on, .. } => Some((*allocation, *on, 0, signed(amount))),
        FundEvent::GrantReturned { allocation, amount, on, .. } => Some((*allocation, *on, -signed(amount), -signed(amount))),
        FundEvent::FundEstablished { .. }
        | FundEvent::BudgetAppropriated { .. }
        | FundEvent::BudgetWithdrawn { .. }
        | FundEvent::FundYearClosed { .. }
        | FundEvent::BalanceCarriedOver { .. }
        | FundEvent::BalanceLapsed { .. }
        | FundEvent::FundClosed {} => None,
    }
}

proptest! {
    /// Whatever is entered for whatever day: as of no day has a grant given back more than it was, or come back more than was paid.
    #[test]
    fn as_of_no_day_is_anything_below_nothing(commands in proptest::collection::vec(any_dated_command(), 0..80)) {
        let (mut fund, mut moves) = (fund().state, vec![]);
        for command in commands {
            for event in Fund::handle_command(&fund, command).unwrap_or_default() {
                moves.extend(of_grant(&event));
                fund = Fund::apply_event(fund, event);
            }
        }
        for (of, day) in moves.iter().map(|(of, day, ..)| (*of, *day)) {
            let until = moves.iter().filter(|it| it.0 == of && it.1 <= day);
            let (granted, paid) = until.fold((0, 0), |(granted, paid), it| (granted + it.2, paid + it.3));
            prop_assert!(granted >= 0 && paid >= 0, "{granted} {paid} as of {day}");
        }
    }

    /// Whatever is asked in whatever order: no line ever goes below nothing, no grant is paid beyond itself, no payment gives
    /// back more than it was, and what is free is to the cent the sum of the events.
    #[test]
    fn never_overdrawn_and_every_cent_has_its_event(commands in proptest::collection::vec(any_command(), 0..80)) {
        let (mut fund, mut sums, mut lines) = (fund().state, BTreeMap::from([(line(2022, STREET), 1_000_i128)]), BTreeMap::new());
        for command in commands {
            for event in Fund::handle_command(&fund, command).unwrap_or_default() {
                if let FundEvent::GrantAllocated { allocation, line, .. } = &event {
                    lines.insert(*allocation, line.clone());
                }
                for key in [line(2022, STREET), line(2023, STREET), line(2022, DISTRICT)] {
                    *sums.entry(key.clone()).or_default() += movement(&event, &key, &lines);
                }
                fund = Fund::apply_event(fund, event);
            }
            for (key, sum) in &sums {
                prop_assert_eq!(i128::from(fund.free(key).get()), *sum, "{:?}", key);
            }
            for it in fund.years.values().flat_map(|year| year.lines.values()) {
                prop_assert!(it.paid_out <= it.paid_in);
            }
            for grant in fund.grants.values() {
                prop_assert!(grant.paid() <= grant.amount);
                prop_assert!(grant.payments.values().all(|payment| payment.returned <= payment.paid));
            }
        }
        // What was granted and not given back is what left the lines for projects.
        let granted: u64 = fund.grants.values().map(|grant| grant.amount.get()).sum();
        let paid: u64 = fund.grants.values().map(|grant| grant.paid().get()).sum();
        prop_assert!(paid <= granted);
    }
}
