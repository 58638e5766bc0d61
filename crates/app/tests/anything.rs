//! Whatever several people do in whatever order. Makes loud: a refusal that comes out as a fault, and a figure that the
//! ledgers do not bear out, and an attested minute that is nowhere.

use std::collections::BTreeSet;

use gongyi_app::{
    Rejection,
    processes::{AttendanceToLedger, DestroyErasedKeys, Process},
    volunteering::volunteers::{ReinstateVolunteer, WithdrawVolunteer},
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    values::{Minutes, OrganisationId, RecordId, overlaps},
    volunteering::{
        service_ledger::{Record, ServiceLedger},
        service_record::{Evidence, ServicePhase},
    },
};
use gongyi_projections::ParticipationFilter;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::harness::{DISTRICT, District, Hand, Published, Resident, STREET, Served, area, moment};

const PEOPLE: usize = 4;
const STEPS_MAX: usize = 100;
const CASES: u32 = 8;

/// Somebody does something; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Log { by: u8, whose: u8, hour: u8, hours: u8 },
    Confirm { by: u8, which: u8 },
    Reject { by: u8, which: u8 },
    Dispute { by: u8, which: u8 },
    Correct { by: u8, which: u8, hour: u8 },
    Void { by: u8, which: u8 },
    SignUp { by: u8, whose: u8, at: u8 },
    Withdraw { by: u8, whose: u8, at: u8 },
    CheckIn { by: u8, whose: u8, at: u8 },
    CheckOut { by: u8, whose: u8, at: u8 },
    Cancel { by: u8, at: u8 },
    Suspend { by: u8, whose: u8 },
    Reinstate { by: u8, whose: u8 },
    Leave { by: u8, whose: u8 },
    Erase { by: u8, whose: u8 },
    Wait { minutes: u8 },
    Follow,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = any::<u8>;
    let step = prop_oneof![
        8 => (n(), n(), n(), n()).prop_map(|(by, whose, hour, hours)| Step::Log { by, whose, hour, hours }),
        8 => (n(), n()).prop_map(|(by, which)| Step::Confirm { by, which }),
        3 => (n(), n()).prop_map(|(by, which)| Step::Reject { by, which }),
        3 => (n(), n()).prop_map(|(by, which)| Step::Dispute { by, which }),
        3 => (n(), n(), n()).prop_map(|(by, which, hour)| Step::Correct { by, which, hour }),
        2 => (n(), n()).prop_map(|(by, which)| Step::Void { by, which }),
        6 => (n(), n(), n()).prop_map(|(by, whose, at)| Step::SignUp { by, whose, at }),
        2 => (n(), n(), n()).prop_map(|(by, whose, at)| Step::Withdraw { by, whose, at }),
        6 => (n(), n(), n()).prop_map(|(by, whose, at)| Step::CheckIn { by, whose, at }),
        6 => (n(), n(), n()).prop_map(|(by, whose, at)| Step::CheckOut { by, whose, at }),
        1 => (n(), n()).prop_map(|(by, at)| Step::Cancel { by, at }),
        1 => (n(), n()).prop_map(|(by, whose)| Step::Suspend { by, whose }),
        2 => (n(), n()).prop_map(|(by, whose)| Step::Reinstate { by, whose }),
        1 => (n(), n()).prop_map(|(by, whose)| Step::Leave { by, whose }),
        4 => (n(), n()).prop_map(|(by, whose)| Step::Erase { by, whose }),
        6 => n().prop_map(|minutes| Step::Wait { minutes }),
        3 => Just(Step::Follow),
    ];
    prop::collection::vec(step, 1..STEPS_MAX)
}

struct World<'d> {
    district: &'d District,
    team: OrganisationId,
    people: Vec<Resident<'d>>,
    /// Everybody who acts: the people, then keepers.
    hands: Vec<Hand<'d>>,
    activities: Vec<Published>,
    records: Vec<Served>,
}

fn pick<T>(from: &[T], n: u8) -> &T {
    &from[usize::from(n) % from.len()]
}

/// Done or refused, both are fine; broken is not.
fn no_fault<T>(outcome: Result<T, Rejection>) -> Option<T> {
    match outcome {
        Ok(answer) => Some(answer),
        Err(Rejection::Refused(_)) => None,
        Err(other) => panic!("{other:?}"),
    }
}

impl<'d> World<'d> {
    async fn begins(district: &'d District) -> Self {
        let federation = district.founds_in("义工联", DISTRICT, None).await;
        let team = district.founds_in("巡河队", STREET, Some(federation)).await;
        let mut people = vec![];
        for n in 0..PEOPLE {
            let resident = district.registers(&format!("志愿者{n}")).await;
            // The last one stays a stranger to the team.
            if n + 1 < PEOPLE {
                resident.joins(team).await.unwrap();
            }
            people.push(resident);
        }
        district.operator().grants(&people[0], Role::Coordinator, Scope::Organisation(team)).await.unwrap();
        let mut hands: Vec<_> = people.iter().map(|who| Hand::clone(who)).collect();
        hands.push(district.with_role(Role::Organiser, Scope::Area(area(STREET))));
        hands.push(district.with_role(Role::DistrictOfficer, Scope::Area(area(DISTRICT))));
        hands.push(district.stranger());
        let mut activities = vec![];
        for minutes in [60, 90, 200] {
            let mut draft = district.draft("巡河");
            let shift = &mut draft.shifts[0];
            (shift.starts, shift.ends, shift.capacity) = (district.in_minutes(minutes), district.in_minutes(minutes + 120), 2);
            draft.sign_up_closes = shift.starts;
            activities.push(hands[PEOPLE].publishes(team, draft).await.unwrap());
        }
        Self { district, team, people, hands, activities, records: vec![] }
    }

    async fn does(&mut self, step: Step) {
        let hand = |by: u8| pick(&self.hands, by);
        let who = |whose: u8| pick(&self.people, whose);
        let at = |at: u8| *pick(&self.activities, at);
        let which = |which: u8| (!self.records.is_empty()).then(|| *pick(&self.records, which));
        let day = moment("2026-02-27 00:00");
        match step {
            Step::Log { by, whose, hour, hours } => {
                let from = day + chrono::TimeDelta::hours(i64::from(hour % 72));
                let to = from + chrono::TimeDelta::hours(i64::from(hours % 14));
                if let Some(served) = no_fault(hand(by).logs(who(whose), self.team, from, to).await) {
                    self.records.push(served);
                }
            }
            Step::Confirm { by, which: n } => {
                if let Some(served) = which(n) {
                    no_fault(hand(by).confirms(served).await);
                }
            }
            Step::Reject { by, which: n } => {
                if let Some(served) = which(n) {
                    no_fault(hand(by).rejects(served, "查无此事").await);
                }
            }
            Step::Dispute { by, which: n } => {
                if let Some(served) = which(n) {
                    no_fault(hand(by).disputes(served, "我去了").await);
                }
            }
            Step::Correct { by, which: n, hour } => {
                if let Some(served) = which(n) {
                    let ended = day + chrono::TimeDelta::hours(i64::from(hour % 80));
                    no_fault(hand(by).corrects(served, ended, "手误").await);
                }
            }
            Step::Void { by, which: n } => {
                if let Some(served) = which(n) {
                    no_fault(hand(by).voids(served, "重复").await);
                }
            }
            Step::SignUp { by, whose, at: n } => drop(no_fault(hand(by).signs_up(who(whose), at(n)).await)),
            Step::Withdraw { by, whose, at: n } => drop(no_fault(hand(by).withdraws(who(whose), at(n)).await)),
            Step::CheckIn { by, whose, at: n } => drop(no_fault(hand(by).checks_in(who(whose), at(n)).await)),
            Step::CheckOut { by, whose, at: n } => drop(no_fault(hand(by).checks_out(who(whose), at(n)).await)),
            Step::Cancel { by, at: n } => drop(no_fault(hand(by).cancels(at(n)).await)),
            Step::Suspend { by, whose } => drop(no_fault(hand(by).suspends(who(whose)).await)),
            Step::Reinstate { by, whose } => {
                let reinstate = ReinstateVolunteer { volunteer: who(whose).volunteer, reason: "已核实".into() };
                no_fault(hand(by).does(&reinstate).await);
            }
            Step::Leave { by, whose } => {
                let withdraw = WithdrawVolunteer { volunteer: who(whose).volunteer, reason: "搬家".into() };
                no_fault(hand(by).does(&withdraw).await);
            }
            Step::Erase { by, whose } => drop(no_fault(hand(by).erases(who(whose)).await)),
            Step::Wait { minutes } => self.district.waits_minutes(i64::from(minutes % 60)),
            Step::Follow => self.follows().await,
        }
    }

    async fn follows(&mut self) {
        self.district.app.catch_up(&AttendanceToLedger).await.unwrap();
        self.district.app.catch_up(&DestroyErasedKeys).await.unwrap();
        // Records of stays can be decided about from now on, too.
        let known: BTreeSet<RecordId> = self.records.iter().map(|served| served.record).collect();
        for resident in &self.people {
            let volunteer = resident.volunteer;
            let ledger = self.district.app.state::<ServiceLedger>(volunteer).await.unwrap();
            let new = ledger.records.into_keys().filter(|record| !known.contains(record));
            self.records.extend(new.map(|record| Served { volunteer, record }));
        }
    }

    /// What everybody sees is what the ledgers say.
    async fn adds_up(&mut self) {
        self.follows().await;
        self.district.settles().await;
        let views = self.district.app.views();
        assert!(views.status().iter().all(|view| view.parked.is_none()), "{:?}", views.status());
        let (mut all, mut served) = ((0, 0, 0), 0);
        for resident in &self.people {
            let ledger = self.district.app.state::<ServiceLedger>(resident.volunteer).await.unwrap();
            let (mut attested, mut declared, mut records) = (0, 0, 0);
            for record in ledger.records.values().filter(|it| it.phase == ServicePhase::Confirmed) {
                let minutes = u64::from(record.served.minutes.0);
                records += 1;
                match record.evidence {
                    Evidence::Attested { .. } => attested += minutes,
                    Evidence::Declared => declared += minutes,
                }
            }
            let seen = self.district.sees(resident.volunteer).await;
            assert_eq!((seen.attested_minutes, seen.declared_minutes, seen.records), (attested, declared, records));
            all = (all.0 + attested, all.1 + declared, all.2 + records);
            served += u64::from(records > 0);
        }
        self.loses_nothing().await;
        let (from, to) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
        let filter = ParticipationFilter {
            area: Some(area(DISTRICT)),
            organisation: None,
            include_below: false,
            person: None,
            from,
            to,
            known_at: None,
        };
        let total = views.participation(&filter, &[], None).await.unwrap().total;
        let counted = [total.attested_minutes, total.declared_minutes, total.records].map(|it| u64::try_from(it).unwrap());
        assert_eq!(counted, [all.0, all.1, all.2]);
        assert_eq!(total.volunteers, served);
        for published in &self.activities {
            let state = self.district.activity(published.activity).await;
            let places = state.places.get(&published.shift).cloned().unwrap_or_default();
            assert!(places.taken.len() <= 2, "{places:?}");
            let shown = views.shifts_of_activities(&[published.activity]).await.unwrap().remove(0);
            if state.phase == gongyi_domain::volunteering::activity::ActivityPhase::Open {
                assert_eq!((shown.taken as usize, shown.waiting as usize), (places.taken.len(), places.waiting.len()));
            }
        }
    }
}

impl World<'_> {
    /// Every minute between check-in and check-out has a record, which counts or waits for what stands in its way.
    async fn loses_nothing(&self) {
        assert_eq!(self.district.app.vault().parked(AttendanceToLedger::NAME).await.unwrap(), []);
        for published in &self.activities {
            let state = self.district.activity(published.activity).await;
            for stay in state.attendance.values() {
                let Some(out) = stay.checked_out.filter(|out| Minutes::between(stay.checked_in, *out).is_some()) else { continue };
                let ledger = self.district.app.state::<ServiceLedger>(stay.volunteer).await.unwrap();
                let attested = |it: &&Record| matches!(it.evidence, Evidence::Attested { .. }) && it.logged == (stay.checked_in, out);
                let record = ledger.records.values().find(attested).unwrap();
                let span = |it: &Record| (it.served.started, it.served.ended);
                let in_the_way = |it: &&Record| it.phase.is_live() && overlaps(span(it), span(record));
                assert!(record.phase != ServicePhase::Held || ledger.records.values().any(|it| in_the_way(&it)));
            }
        }
    }
}

#[test]
fn nothing_that_people_do_breaks_anything_and_the_figures_add_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let district = District::new().await;
            let mut world = World::begins(&district).await;
            for step in steps {
                world.does(step).await;
            }
            world.adds_up().await;
        });
        Ok(())
    });
    outcome.unwrap();
}
