//! States kept between commands, and secrets kept for commands. Makes loud: an answer given from a state that others
//! had changed, a figure that depends on what was cached, a key or a password left behind by a command that was not done.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use gongyi_app::{
    App, Command, Rejection,
    access::{
        accounts::{OpenAccount, SignInCode},
        areas::ListArea,
    },
    volunteering::{
        services::LogService,
        volunteers::{JoinOrganisation, LeaveOrganisation, RegisterVolunteer, ReinstateVolunteer, SuspendVolunteer},
    },
};
use gongyi_domain::{
    access::account::Account,
    values::{OrganisationId, PersonId, VolunteerId},
    volunteering::{
        category::Category,
        membership::{Membership, membership_stream},
        service_ledger::ServiceLedger,
    },
};
use gongyi_eventlog::{AppendError, Appended, Commit, Log, LogError, Position, Recorded, StateCache, StoredAnswer, StreamId, Token};
use gongyi_vault::Vault;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::harness::{COMMUNITY, District, Hand, PASSWORD, Resident, area, expect_refused};

/// The same actor, acting through another process on the same folder.
fn beside<'d>(hand: &Hand<'d>) -> Hand<'d> {
    Hand { app: hand.district.another_app(StateCache::default()), ..hand.clone() }
}

fn service(who: VolunteerId, organisation: OrganisationId, district: &District, hour: i64) -> LogService {
    let (started, ended) = (district.in_minutes(-60 * hour - 60), district.in_minutes(-60 * hour));
    LogService { volunteer: who, organisation, activity: None, category: Category::RiverPatrol, started, ended, content: None }
}

#[tokio::test]
async fn a_command_decided_on_a_stale_state_is_decided_anew() {
    let district = District::durable().await;
    let zhang = district.registers("张三").await;
    let team = district.founds("巡河队").await;
    zhang.does(&service(zhang.volunteer, team, &district, 1)).await.unwrap();
    beside(&zhang).does(&service(zhang.volunteer, team, &district, 2)).await.unwrap();
    zhang.does(&service(zhang.volunteer, team, &district, 3)).await.unwrap();
    let ledger = district.app.state::<ServiceLedger>(zhang.volunteer).await.unwrap();
    assert_eq!(ledger.records.len(), 3);
    // What overlaps a record that the cache has not seen is refused all the same.
    beside(&zhang).does(&service(zhang.volunteer, team, &district, 4)).await.unwrap();
    expect_refused("ServiceOverlaps", zhang.does(&service(zhang.volunteer, team, &district, 4)).await);
}

#[tokio::test]
async fn no_refusal_comes_from_a_stale_state() {
    let district = District::durable().await;
    let zhang = district.registers("张三").await;
    let team = district.founds("巡河队").await;
    let (join, leave) = (
        JoinOrganisation { volunteer: zhang.volunteer, organisation: team },
        LeaveOrganisation { volunteer: zhang.volunteer, organisation: team },
    );
    expect_refused("NotMember", zhang.does(&leave).await);
    beside(&zhang).does(&join).await.unwrap();
    zhang.does(&leave).await.unwrap();
    // And no permission either: the state known here is that of an active volunteer.
    let suspend = SuspendVolunteer { volunteer: zhang.volunteer, reason: "核实身份".to_owned() };
    beside(&district.operator()).does(&suspend).await.unwrap();
    expect_refused("NotActive", zhang.does(&join).await);
    let membership = district.app.state::<Membership>(membership_stream(team, zhang.volunteer)).await.unwrap();
    assert!(membership.require_member().is_err());
}

#[tokio::test]
async fn that_nothing_has_to_change_is_never_said_of_a_stale_state() {
    let district = District::new().await;
    let operator = district.operator();
    let listed = |name: &str| ListArea { code: area(COMMUNITY), name: name.to_owned() };
    operator.does(&listed("紫荆社区")).await.unwrap();
    beside(&operator).does(&listed("紫荆里社区")).await.unwrap();
    let done = operator.sends(Uuid::now_v7(), &listed("紫荆社区")).await.unwrap();
    assert!(!done.unchanged, "it was renamed meanwhile");
    assert!(operator.sends(Uuid::now_v7(), &listed("紫荆社区")).await.unwrap().unchanged);
}

#[tokio::test]
async fn a_repeat_that_would_change_nothing_gets_the_first_answer_and_a_reused_id_is_refused() {
    let district = District::new().await;
    let (operator, id) = (district.operator(), Uuid::now_v7());
    let listed = |name: &str| ListArea { code: area(COMMUNITY), name: name.to_owned() };
    operator.does(&listed("紫荆社区")).await.unwrap();
    let first = operator.sends(id, &listed("紫荆里社区")).await.unwrap();
    operator.does(&ListArea { code: area("440402003"), name: "狮山街道".to_owned() }).await.unwrap();
    let again = operator.sends(id, &listed("紫荆里社区")).await.unwrap();
    assert!(again.unchanged && again.token == first.token);
    expect_refused("CommandIdReused", operator.sends(id, &ListArea { code: area("440402003"), name: "狮山街道".to_owned() }).await);
}

#[tokio::test]
async fn refused_registrations_leave_no_key_and_no_password() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let before = district.secrets().await;
    for n in 0..50 {
        let taken = RegisterVolunteer { id_number: zhang.id_number.clone(), ..district.application(&format!("李{n}")) };
        expect_refused("NumberOrPhoneTaken", district.stranger().does(&taken).await);
        // The phone is claimed last, when everything is sealed.
        let taken = RegisterVolunteer { phone: zhang.phone.clone(), ..district.application(&format!("王{n}")) };
        expect_refused("NumberOrPhoneTaken", district.stranger().does(&taken).await);
    }
    assert_eq!(district.secrets().await, before);
}

#[tokio::test]
async fn a_registration_that_loses_to_another_leaves_no_key_and_no_password() {
    let district = District::new().await;
    let stranger = district.stranger();
    let mine = district.application("张三");
    let nowhere = RegisterVolunteer { organisation: Some(OrganisationId(Uuid::now_v7())), ..district.application("张三") };
    // From now on it is known here that nobody has this ID number.
    expect_refused("UnknownOrganisation", stranger.does(&RegisterVolunteer { id_number: mine.id_number.clone(), ..nowhere }).await);
    let theirs = RegisterVolunteer { id_number: mine.id_number.clone(), ..district.application("李四") };
    let winner = beside(&stranger).does(&theirs).await.unwrap();
    let before = district.secrets().await;
    expect_refused("NumberOrPhoneTaken", stranger.does(&mine).await);
    let after = district.secrets().await;
    assert_eq!((after.keys, after.passwords), (before.keys, before.passwords));
    assert_eq!(after.tombstones, before.tombstones, "it was found out before anything was stored");
    assert!(district.app.vault().key(winner.person).await.unwrap().is_some());
    assert!(district.signs_in(&theirs.phone, crate::harness::PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_opening_that_loses_to_another_leaves_the_winners_code() {
    let district = District::new().await;
    let zhang = district.enrols("张三").await;
    let operator = district.operator();
    let opens = || OpenAccount { person: zhang.person, code: SignInCode::generate() };
    let (winner, loser) = (opens(), opens());
    let account = beside(&operator).does(&winner).await.unwrap();
    expect_refused("AccountExists", operator.does(&loser).await);
    assert!(district.app.state::<Account>(account).await.unwrap().require_open().is_ok());
    expect_refused("CodeNotAccepted", district.sets_password(&zhang.phone, &loser.code, PASSWORD).await);
    district.sets_password(&zhang.phone, &winner.code, PASSWORD).await.unwrap();
    assert!(district.signs_in(&zhang.phone, PASSWORD).await.is_ok());
}

/// A log that looks into the vault before it appends, and may fail then.
struct Watched {
    log: Arc<dyn Log>,
    vault: Vault,
    fails: AtomicBool,
    without_key: AtomicUsize,
}

#[async_trait]
impl Log for Watched {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        for (stream, event) in &commit.events {
            if event.event_type == "PersonRegistered" && self.vault.key(PersonId(stream.id)).await.unwrap().is_none() {
                self.without_key.fetch_add(1, Ordering::SeqCst);
            }
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(AppendError::Storage(Arc::new(std::io::Error::other("the disk is full"))));
        }
        self.log.append(commit).await
    }

    async fn answer(&self, actor: &str, command_id: Uuid) -> Result<Option<StoredAnswer>, LogError> {
        self.log.answer(actor, command_id).await
    }
    async fn read_stream(&self, stream: &StreamId, after_version: u64) -> Result<Vec<Recorded>, LogError> {
        self.log.read_stream(stream, after_version).await
    }
    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<Recorded>, LogError> {
        self.log.read_streams(streams).await
    }
    async fn read_after(&self, position: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        self.log.read_after(position, limit).await
    }
    async fn head(&self) -> Result<Token, LogError> {
        self.log.head().await
    }
    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
    async fn token_at(&self, position: Position) -> Result<Option<Token>, LogError> {
        self.log.token_at(position).await
    }
}

#[tokio::test]
async fn a_key_is_durable_before_what_it_sealed_and_stays_where_the_outcome_is_unknown() {
    let district = District::new().await;
    let (log, vault) = (district.app.log().clone(), district.app.vault().clone());
    let watched = Arc::new(Watched { log, vault, fails: AtomicBool::new(true), without_key: AtomicUsize::new(0) });
    let stranger = Hand { app: district.app_over(watched.clone(), StateCache::default()), ..district.stranger() };
    let (id, application, before) = (Uuid::now_v7(), district.application("张三"), district.secrets().await);
    assert!(matches!(stranger.sends(id, &application).await, Err(Rejection::Fault(_))));
    let unknown = district.secrets().await;
    assert_eq!((unknown.keys, unknown.passwords, unknown.tombstones), (before.keys + 1, before.passwords + 1, before.tombstones));

    watched.fails.store(false, Ordering::SeqCst);
    let done = stranger.sends(id, &application).await.unwrap();
    assert_eq!(watched.without_key.load(Ordering::SeqCst), 0);
    assert!(district.app.vault().key(done.answer.person).await.unwrap().is_some());
    assert!(district.signs_in(&application.phone, crate::harness::PASSWORD).await.is_ok());
}

/// Somebody does something; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Join(u8, u8),
    Leave(u8, u8),
    Log(u8, u8, u8),
    Suspend(u8),
    Reinstate(u8),
    List(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let n = any::<u8>;
    let step = prop_oneof![
        3 => (n(), n()).prop_map(|(who, team)| Step::Join(who, team)),
        2 => (n(), n()).prop_map(|(who, team)| Step::Leave(who, team)),
        4 => (n(), n(), n()).prop_map(|(who, team, hour)| Step::Log(who, team, hour)),
        1 => n().prop_map(Step::Suspend),
        2 => n().prop_map(Step::Reinstate),
        1 => (n(), n()).prop_map(|(code, name)| Step::List(code, name)),
    ];
    prop::collection::vec((step, any::<bool>()), 1..60)
}

/// Two processes on one log, each with such a cache.
struct World<'d> {
    apps: [App; 2],
    operator: Hand<'d>,
    people: Vec<Resident<'d>>,
    teams: Vec<OrganisationId>,
}

impl<'d> World<'d> {
    async fn begins(district: &'d District, states: impl Fn() -> StateCache) -> Self {
        let mut world = Self {
            apps: [district.another_app(states()), district.another_app(states())],
            operator: district.operator(),
            people: vec![],
            teams: vec![],
        };
        for name in ["张三", "李四"] {
            world.people.push(district.registers(name).await);
            world.teams.push(district.founds(&format!("{name}的队")).await);
        }
        world
    }

    async fn does(&self, (step, first): &(Step, bool)) -> String {
        let app = self.apps[usize::from(!first)].clone();
        let operator = Hand { app: app.clone(), ..self.operator.clone() };
        let who = |n: &u8| &self.people[usize::from(*n) % self.people.len()];
        let team = |n: &u8| self.teams[usize::from(*n) % self.teams.len()];
        let hand = |n: &u8| Hand { app: app.clone(), ..Hand::clone(who(n)) };
        let district = self.operator.district;
        match step {
            Step::Join(n, of) => outcome(&hand(n), &JoinOrganisation { volunteer: who(n).volunteer, organisation: team(of) }).await,
            Step::Leave(n, of) => outcome(&hand(n), &LeaveOrganisation { volunteer: who(n).volunteer, organisation: team(of) }).await,
            Step::Log(n, of, hour) => outcome(&hand(n), &service(who(n).volunteer, team(of), district, i64::from(*hour % 12))).await,
            Step::Suspend(n) => {
                let reason = "核实身份".to_owned();
                outcome(&operator, &SuspendVolunteer { volunteer: who(n).volunteer, reason }).await
            }
            Step::Reinstate(n) => {
                let reason = "已核实".to_owned();
                outcome(&operator, &ReinstateVolunteer { volunteer: who(n).volunteer, reason }).await
            }
            Step::List(code, name) => {
                let code = area(&format!("44040200{}", 3 + code % 2));
                outcome(&operator, &ListArea { code, name: format!("街道{}", name % 2) }).await
            }
        }
    }
}

async fn outcome<C: Command>(hand: &Hand<'_>, command: &C) -> String {
    let request = hand.app.request(hand.actor.clone());
    match hand.app.submit(&request, command).await {
        Ok(done) => format!("done, unchanged: {}", done.unchanged),
        Err(Rejection::Refused(refusal)) => refusal.code.to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn whatever_is_cached_the_outcomes_are_those_of_the_log() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: 8, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let (here, there) = (District::new().await, District::new().await);
            let cached = World::begins(&here, StateCache::default).await;
            let from_log = World::begins(&there, || StateCache::new(0)).await;
            for step in &steps {
                let outcomes = (cached.does(step).await, from_log.does(step).await);
                assert_eq!(outcomes.0, outcomes.1, "{step:?}");
            }
            assert_eq!(here.events().await, there.events().await);
            assert!(cached.apps.iter().any(|app| app.states().size().0 > 0));
            assert!(from_log.apps.iter().all(|app| app.states().size() == (0, 0)));
        });
        Ok(())
    });
    outcome.unwrap();
}
