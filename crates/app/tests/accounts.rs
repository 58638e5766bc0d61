//! Accounts that belong to their owners. Makes loud: a code that works twice or after a week, staff who act as residents, a session
//! that outlives its end, an owner locked out by somebody who guesses, a coordinator who deposes who appointed them.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use gongyi_app::{
    Rejection,
    access::{
        accounts::{CloseAccount, EndSessions, IssueSignInCode, OpenAccount, SignInCode},
        passwords::SetPasswordByCode,
        sign_in::{Caller, SignedIn},
    },
    deliberation::issues::EndorseIssue,
    volunteering::{services::LogService, volunteers::JoinOrganisation},
};
use gongyi_domain::{
    access::{
        account::{Account, AccountEvent, account_of},
        authority::{Actor, Grant, Role, Scope, Session},
    },
    values::ResidentIssueId,
    volunteering::category::Category,
};
use gongyi_vault::{ATTEMPTS_PER_NAME_AND_ADDRESS_MAX, SIGN_IN_CODE_MAX_SECONDS};
use uuid::Uuid;

use crate::harness::{
    COMMUNITY, DISTRICT, District, Hand, OTHER_STREET, PASSWORD, Resident, STREET, area, expect_refused, expect_refused_at,
};

const ANOTHER: &str = "前山河边的三棵榕树下";

impl District {
    /// The organiser opens an account; what is handed over.
    async fn hands_over(&self, who: &Resident<'_>) -> SignInCode {
        let open = OpenAccount { person: who.person, code: SignInCode::generate() };
        self.organiser_in(STREET).await.does(&open).await.unwrap();
        open.code
    }

    async fn believes(&self, session: &SignedIn) -> Option<Actor> {
        self.app.authenticate(&session.access_token, self.now()).await.unwrap().ok()
    }

    /// The account of somebody, as it acts now.
    async fn acting<'d>(&'d self, who: &Resident<'_>) -> Hand<'d> {
        let mut hand = self.stranger();
        hand.actor = self.app.actor_of(account_of(who.person)).await.unwrap().unwrap();
        hand
    }
}

#[tokio::test]
async fn a_code_that_was_handed_over_sets_one_password_and_proves_the_account() {
    let district = District::new().await;
    let zhang = district.enrols("张三").await;
    let code = district.hands_over(&zhang).await;
    assert!(!district.app.state::<Account>(account_of(zhang.person)).await.unwrap().proven);
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    expect_refused_at("CodeNotAccepted", "code", district.sets_password(&zhang.phone, &SignInCode::generate(), PASSWORD).await);
    expect_refused("CodeNotAccepted", district.sets_password("13700000099", &code, PASSWORD).await);
    // A password that is none leaves the code as it is.
    expect_refused("CommonPassword", district.sets_password(&zhang.phone, &code, "1234567890").await);
    expect_refused("OwnDataInPassword", district.sets_password(&zhang.phone, &code, &format!("x{}", zhang.phone)).await);
    let by_staff = district.organiser_in(STREET).await.actor.clone();
    let (typed, here) = (code.in_groups(), Caller::default());
    let by_desk = district.app.set_password_by_code(&by_staff, (&zhang.phone, &typed), PASSWORD, &here, district.now()).await;
    expect_refused("SignOutFirst", by_desk);

    district.sets_password(&zhang.phone, &code, PASSWORD).await.unwrap();
    assert!(district.app.state::<Account>(account_of(zhang.person)).await.unwrap().proven);
    district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    expect_refused("CodeNotAccepted", district.sets_password(&zhang.phone, &code, ANOTHER).await);
    district.settles().await;
    let seen = district.app.views().account(account_of(zhang.person)).await.unwrap().unwrap();
    assert!(seen.proven && !seen.closed);
}

#[tokio::test]
async fn a_code_holds_for_seven_days_and_until_the_next_one() {
    let district = District::new().await;
    let (zhang, li) = (district.enrols("张三").await, district.enrols("李四").await);
    let (first, old) = (district.hands_over(&zhang).await, district.hands_over(&li).await);
    let organiser = district.organiser_in(STREET).await;
    let again = IssueSignInCode { account: account_of(zhang.person), code: SignInCode::generate() };
    organiser.does(&again).await.unwrap();
    expect_refused("CodeNotAccepted", district.sets_password(&zhang.phone, &first, PASSWORD).await);
    district.waits_minutes(SIGN_IN_CODE_MAX_SECONDS / 60 - 1);
    district.sets_password(&zhang.phone, &again.code, PASSWORD).await.unwrap();
    district.waits_minutes(1);
    expect_refused("CodeNotAccepted", district.sets_password(&li.phone, &old, PASSWORD).await);
}

#[tokio::test]
async fn a_code_sent_twice_is_issued_once() {
    let district = District::new().await;
    let (zhang, organiser, id) = (district.enrols("张三").await, district.organiser_in(STREET).await, Uuid::now_v7());
    let open = || OpenAccount { person: zhang.person, code: SignInCode::generate() };
    let (first, second) = (open(), open());
    assert!(!organiser.sends(id, &first).await.unwrap().unchanged);
    assert!(organiser.sends(id, &second).await.unwrap().unchanged);
    expect_refused("CodeNotAccepted", district.sets_password(&zhang.phone, &second.code, PASSWORD).await);
    district.sets_password(&zhang.phone, &first.code, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn of_two_who_use_one_code_at_once_one_sets_the_password() {
    let district = District::new().await;
    let zhang = district.enrols("张三").await;
    let code = district.hands_over(&zhang).await;
    let (one, two) =
        tokio::join!(district.sets_password(&zhang.phone, &code, PASSWORD), district.sets_password(&zhang.phone, &code, ANOTHER));
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    let (right, wrong) = if one.is_ok() { (PASSWORD, ANOTHER) } else { (ANOTHER, PASSWORD) };
    district.signs_in(&zhang.phone, right).await.unwrap();
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, wrong).await);
}

#[tokio::test]
async fn codes_are_guessed_no_faster_than_passwords() {
    let district = District::new().await;
    let zhang = district.enrols("张三").await;
    let code = district.hands_over(&zhang).await;
    for _ in 0..ATTEMPTS_PER_NAME_AND_ADDRESS_MAX {
        expect_refused("CodeNotAccepted", district.sets_password(&zhang.phone, &SignInCode::generate(), PASSWORD).await);
    }
    expect_refused("TooManyAttempts", district.sets_password(&zhang.phone, &code, PASSWORD).await);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_ends_what_was_given_out() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let session = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    let issue = IssueSignInCode { account: zhang.account(), code: SignInCode::generate() };
    district.organiser_in(STREET).await.does(&issue).await.unwrap();
    assert!(district.believes(&session).await.is_some(), "a code that was not used changes nothing");
    district.sets_password(&zhang.phone, &issue.code, ANOTHER).await.unwrap();
    assert!(district.believes(&session).await.is_none());
    expect_refused("SessionExpired", district.app.refresh(&session.refresh_token, district.now()).await);
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    district.signs_in(&zhang.phone, ANOTHER).await.unwrap();
}

#[tokio::test]
async fn codes_are_issued_where_one_has_a_say_and_only_below_oneself() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let issue = |account| IssueSignInCode { account, code: SignInCode::generate() };
    let (officer, organiser) = (district.officer().await, district.organiser_in(STREET).await);
    expect_refused("SignInRequired", district.stranger().does(&issue(zhang.account())).await);
    expect_refused("NotAllowed", zhang.does(&issue(zhang.account())).await);
    expect_refused("NotAllowed", district.organiser_in(OTHER_STREET).await.does(&issue(zhang.account())).await);
    organiser.does(&issue(zhang.account())).await.unwrap();
    district.operator().grants(&zhang, Role::DistrictOfficer, Scope::Area(area(DISTRICT))).await.unwrap();
    for above in [&*organiser, &*officer] {
        expect_refused("BeyondOwnAuthority", above.does(&issue(zhang.account())).await);
        expect_refused("BeyondOwnAuthority", above.does(&EndSessions { account: zhang.account(), session: None }).await);
        expect_refused("BeyondOwnAuthority", above.does(&CloseAccount { account: zhang.account() }).await);
    }
    expect_refused("OwnCode", district.acting(&zhang).await.does(&issue(zhang.account())).await);
    district.operator().does(&issue(zhang.account())).await.unwrap();
    let nobody = issue(gongyi_domain::values::AccountId(Uuid::now_v7()));
    expect_refused("SignInRequired", district.stranger().does(&nobody).await);
    expect_refused("UnknownAccount", district.operator().does(&nobody).await);
}

#[tokio::test]
async fn an_unproven_account_logs_hours_and_has_no_say() {
    let district = District::new().await;
    let (zhang, team) = (district.enrols("张三").await, district.founds("巡河队").await);
    district.operator().does(&JoinOrganisation { volunteer: zhang.volunteer, organisation: team }).await.unwrap();
    district.hands_over(&zhang).await;
    let unproven = district.acting(&zhang).await;
    let (started, ended) = (district.in_minutes(-120), district.in_minutes(-60));
    let log = LogService {
        volunteer: zhang.volunteer,
        organisation: team,
        activity: None,
        category: Category::RiverPatrol,
        started,
        ended,
        content: None,
    };
    unproven.does(&log).await.unwrap();
    let endorse = EndorseIssue { issue: ResidentIssueId(Uuid::now_v7()), person: zhang.person };
    let refusal = expect_refused("AccountNotProven", unproven.does(&endorse).await);
    assert!(refusal.zh.contains("登录码"));
    expect_refused("AccountNotProven", unproven.does(&CloseAccount { account: account_of(zhang.person) }).await);
    // Whatever an actor at hand claims, the log decides.
    let mut claims = unproven.clone();
    if let Actor::Account { proven, .. } = &mut claims.actor {
        *proven = true;
    }
    expect_refused("AccountNotProven", claims.does(&endorse).await);
}

#[tokio::test]
async fn one_session_ends_or_all() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (one, two) = (district.signs_in(&zhang.phone, PASSWORD).await.unwrap(), district.signs_in(&zhang.phone, PASSWORD).await.unwrap());
    let sessions = async || district.app.own_sessions(&zhang.actor, district.now()).await.unwrap();
    assert_eq!(sessions().await.len(), 2);
    let Some(Actor::Account { session: Session { id: first, .. }, .. }) = district.believes(&one).await else { panic!("signed in") };
    for _ in 0..2 {
        zhang.does(&EndSessions { account: zhang.account(), session: first }).await.unwrap();
        assert!(district.believes(&one).await.is_none() && district.believes(&two).await.is_some());
    }
    expect_refused("SessionExpired", district.app.refresh(&one.refresh_token, district.now()).await);
    assert_eq!(sessions().await.len(), 1);
    let li = district.registers("李四").await;
    expect_refused("NotAllowed", li.does(&EndSessions { account: zhang.account(), session: None }).await);
    district.organiser_in(STREET).await.does(&EndSessions { account: zhang.account(), session: None }).await.unwrap();
    assert!(district.believes(&two).await.is_none());
    expect_refused("SessionExpired", district.app.refresh(&two.refresh_token, district.now()).await);
    expect_refused("SessionExpired", zhang.does(&EndSessions { account: zhang.account(), session: None }).await);
    district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn ending_all_sessions_again_under_one_id_ends_no_later_one() {
    let district = District::new().await;
    let (zhang, organiser, id) = (district.registers("张三").await, district.organiser_in(STREET).await, Uuid::now_v7());
    let end = EndSessions { account: zhang.account(), session: None };
    organiser.sends(id, &end).await.unwrap();
    let later = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    assert!(organiser.sends(id, &end).await.unwrap().unchanged);
    assert!(district.believes(&later).await.is_some());
    district.app.refresh(&later.refresh_token, district.now()).await.unwrap();
}

#[tokio::test]
async fn a_closed_account_is_gone_and_can_be_opened_again() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let session = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    district.operator().grants(&zhang, Role::Coordinator, Scope::Area(area(COMMUNITY))).await.unwrap();
    let close = CloseAccount { account: zhang.account() };
    zhang.does(&close).await.unwrap();
    assert!(district.believes(&session).await.is_none());
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    expect_refused("AccountIsClosed", district.operator().does(&close).await);
    let issue = IssueSignInCode { account: zhang.account(), code: SignInCode::generate() };
    expect_refused("AccountIsClosed", district.operator().does(&issue).await);
    district.settles().await;
    let seen = async || district.app.views().account(zhang.account()).await.unwrap().unwrap();
    assert!(seen().await.closed && seen().await.grants.is_empty());

    let code = district.hands_over(&zhang).await;
    expect_refused("WrongCredentials", district.signs_in(&zhang.phone, PASSWORD).await);
    district.sets_password(&zhang.phone, &code, ANOTHER).await.unwrap();
    assert!(district.believes(&session).await.is_none(), "what was given out before stays ended");
    let again = district.signs_in(&zhang.phone, ANOTHER).await.unwrap();
    assert_eq!(district.believes(&again).await.unwrap().grants(), []);
    district.operator().grants(&zhang, Role::Coordinator, Scope::Area(area(COMMUNITY))).await.unwrap();
    district.settles().await;
    assert!(!seen().await.closed && seen().await.proven && seen().await.grants.len() == 1);
}

#[tokio::test]
async fn erasing_ends_access_at_once() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let session = district.signs_in(&zhang.phone, PASSWORD).await.unwrap();
    zhang.erases(&zhang).await.unwrap();
    assert!(district.believes(&session).await.is_none());
}

#[tokio::test]
async fn nobody_deposes_who_appointed_them() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let scope = || Scope::Organisation(team);
    let [zhang, li, wang, zhao] = [
        district.registers("张三").await,
        district.registers("李四").await,
        district.registers("王五").await,
        district.registers("赵六").await,
    ];
    district.operator().grants(&zhang, Role::Coordinator, scope()).await.unwrap();
    district.acting(&zhang).await.grants(&li, Role::Coordinator, scope()).await.unwrap();
    district.acting(&li).await.grants(&wang, Role::Coordinator, scope()).await.unwrap();
    district.acting(&zhang).await.grants(&zhao, Role::Coordinator, scope()).await.unwrap();
    for (by, of) in [(&li, &zhang), (&wang, &li), (&wang, &zhang)] {
        expect_refused_at("AppointedByThem", "account", district.acting(by).await.revokes(of, Role::Coordinator, scope()).await);
    }
    district.acting(&li).await.revokes(&zhao, Role::Coordinator, scope()).await.unwrap();
    district.acting(&zhang).await.revokes(&li, Role::Coordinator, scope()).await.unwrap();
    district.acting(&wang).await.revokes(&wang, Role::Coordinator, scope()).await.unwrap();
}

fn address(n: u8) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, n)))
}

#[tokio::test]
async fn a_thousand_guesses_from_two_hundred_addresses_lock_nobody_out() {
    let district = District::new().await;
    let zhang = district.registers("张三").await;
    let (app, now) = (&district.app, district.now());
    let sign_in = async |password: &str, caller: Caller| app.sign_in(&zhang.phone, password, &caller, now).await;
    let at_home = sign_in(PASSWORD, Caller::default()).await.unwrap();
    let known = || Caller { address: address(0), device: at_home.device.clone() };
    let guesses = (0..200_u8).flat_map(|n| (0..5).map(move |_| n)).map(|n| {
        let (app, phone) = (district.app.clone(), zhang.phone.clone());
        async move { app.sign_in(&phone, "not the password", &Caller { address: address(n), device: None }, now).await }
    });
    let guessing = futures::future::join_all(guesses);
    let owner = async {
        let mut came_in = 0;
        for _ in 0..20 {
            let signed_in = sign_in(PASSWORD, known()).await.unwrap();
            assert_eq!(signed_in.device, at_home.device);
            came_in += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        came_in
    };
    let (guessed, came_in) = tokio::join!(guessing, owner);
    assert_eq!(came_in, 20);
    for answer in guessed {
        expect_refused("WrongCredentials", answer);
    }
    // From the very address that guessed, too; and from elsewhere without a device, only later.
    sign_in(PASSWORD, known()).await.unwrap();
    let before = tokio::time::Instant::now();
    sign_in(PASSWORD, Caller { address: address(201), device: None }).await.unwrap();
    assert!(before.elapsed() >= Duration::from_secs(3), "a name that is guessed at slows down");
    expect_refused("TooManyAttempts", sign_in(PASSWORD, Caller { address: address(7), device: None }).await);
}

#[tokio::test]
async fn a_device_is_of_one_account_and_forgotten_with_the_password() {
    let district = District::new().await;
    let (zhang, li) = (district.registers("张三").await, district.registers("李四").await);
    let now = district.now();
    let device = district.signs_in(&zhang.phone, PASSWORD).await.unwrap().device.unwrap();
    let knows = async |phone: &str| district.app.knows_device(phone, &device, now).await.unwrap();
    assert!(knows(&zhang.phone).await && !knows(&li.phone).await && !knows("nobody").await);
    district.app.change_password(&zhang.actor, PASSWORD, ANOTHER, &Caller::default(), now).await.unwrap();
    assert!(!knows(&zhang.phone).await);
}

#[tokio::test]
async fn the_log_keeps_that_a_password_was_chosen_and_by_whom_a_code_was_issued() {
    let district = District::new().await;
    let zhang = district.enrols("张三").await;
    let code = district.hands_over(&zhang).await;
    district.sets_password(&zhang.phone, &code, PASSWORD).await.unwrap();
    let stream = gongyi_eventlog::StreamId::of::<Account>(account_of(zhang.person));
    let events = district.app.log().read_stream(&stream, 0).await.unwrap();
    let told: Vec<_> =
        events.iter().map(|event| (event.event_type.as_str(), event.commit.metadata.actor.starts_with("account:"))).collect();
    assert_eq!(told, [("AccountOpened", true), ("SignInCodeIssued", true), ("PasswordSetByCode", true)]);
    assert_eq!(events[2].commit.metadata.actor, format!("account:{}", account_of(zhang.person)));
    let stored: Vec<AccountEvent> = events.iter().map(|event| district.app.upcasters().decode(event).unwrap()).collect();
    assert_eq!(stored[2], AccountEvent::PasswordSetByCode {});
    let by_nobody: Result<_, Rejection> =
        district.stranger().does(&SetPasswordByCode { account: account_of(zhang.person), code: 1, password: ANOTHER.into() }).await;
    expect_refused("SignInRequired", by_nobody);
    let grant = Grant { role: Role::Operator, scope: Scope::Everywhere };
    let mut operator = district.stranger();
    operator.actor = Actor::Operator(grant);
    let by_operator = operator.does(&SetPasswordByCode { account: account_of(zhang.person), code: 1, password: ANOTHER.into() }).await;
    expect_refused("NotAllowed", by_operator);
}
