//! What may exist once, under random ids. Makes loud: a number that two hold, one that nobody can have any more after a crash, and
//! a stream of the log that tells who came back.

use std::borrow::Cow;

use esrs::Aggregate;
use futures::future::join_all;
use gongyi_app::volunteering::volunteers::RegisterVolunteer;
use gongyi_domain::access::claim::{Claim, ClaimEvent, Purpose};
use gongyi_eventlog::{Commit, Metadata, NewEvent, StreamId, Upcasters};
use gongyi_vault::NewClaim;
use uuid::Uuid;

use crate::harness::{District, expect_refused_at};

/// The claims of a purpose in the log: stream, holder or nobody.
async fn claims(district: &District, purpose: Purpose) -> Vec<(Uuid, Option<Uuid>)> {
    let mut found: Vec<(Uuid, Option<Uuid>)> = vec![];
    for event in district.app.log().read_after(0, usize::MAX >> 1).await.unwrap() {
        if event.stream.kind != Claim::NAME {
            continue;
        }
        match Upcasters::new().decode::<ClaimEvent>(&event).unwrap() {
            ClaimEvent::Claimed { purpose: of, holder } if of == purpose => found.push((event.stream.id, Some(holder))),
            ClaimEvent::Claimed { .. } => {}
            ClaimEvent::Released { .. } => {
                for claim in found.iter_mut().filter(|(stream, _)| *stream == event.stream.id) {
                    claim.1 = None;
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn of_many_who_register_one_number_at_once_one_is_registered() {
    let district = District::durable().await;
    let first = district.application("张三");
    let applications: Vec<_> =
        (0..8).map(|_| RegisterVolunteer { id_number: first.id_number.clone(), password: None, ..district.application("张三") }).collect();
    let operator = district.operator();
    let outcomes = join_all(applications.iter().map(|application| operator.does(application))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        expect_refused_at("IdNumberTaken", "idNumber", outcome);
    }
    let claims = claims(&district, Purpose::IdNumber).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].0.get_version_num(), 4, "its id is random");
}

#[tokio::test]
async fn what_a_crash_left_of_a_claim_is_taken_up_or_forgotten() {
    let district = District::durable().await;
    let application = district.application("张三");
    let vault = district.app.vault();
    let digest = |value: &str| vault.claim_digest(Purpose::IdNumber.label(), value);
    // The vault was written, and the commit never was.
    let (number, other) = (digest(&application.id_number), digest("nobody's"));
    for digest in [number, other] {
        let kept = vault.keep_claims(&[NewClaim { digest, stream: Uuid::new_v4(), instead_of: None }]).await.unwrap();
        assert!(kept);
    }
    let prepared = vault.claim_stream(number).await.unwrap().unwrap();
    let zhang = district.registers_with(application).await;
    assert_eq!(claims(&district, Purpose::IdNumber).await, [(prepared, Some(zhang.person.0))]);
    district.app.forget_unheld_claims().await.unwrap();
    assert_eq!(vault.claim_stream(other).await.unwrap(), None);
    assert_eq!(vault.claim_stream(number).await.unwrap(), Some(prepared), "it is held");
}

#[tokio::test]
async fn a_released_claim_is_over_for_good_and_the_next_one_is_another_stream() {
    let district = District::durable().await;
    let zhang = district.registers("张三").await;
    let first = claims(&district, Purpose::IdNumber).await;
    let officer = district.officer().await;
    officer.erases(&zhang).await.unwrap();
    // Nothing has forgotten it yet: only the log says that it is over.
    let again = RegisterVolunteer { id_number: zhang.id_number.clone(), ..district.application("张三") };
    let back = district.registers_with(again).await;
    let now = claims(&district, Purpose::IdNumber).await;
    let of_back: Vec<_> = now.iter().filter(|(_, holder)| *holder == Some(back.person.0)).collect();
    assert_eq!(of_back.len(), 1);
    assert!(!first.iter().any(|(stream, _)| *stream == of_back[0].0));
    assert!(!district.app.vault().knows_claim(first[0].0).await.unwrap());
}

#[tokio::test]
async fn a_claim_from_before_ids_were_random_is_held_until_it_is_released() {
    let district = District::durable().await;
    let application = RegisterVolunteer { password: None, ..district.application("张三") };
    let stream = StreamId {
        kind: Cow::Borrowed(Claim::NAME),
        id: district.app.vault().former_claim_id(Purpose::IdNumber.label(), &application.id_number),
    };
    let appends = async |version: u64, event: ClaimEvent| {
        let id = Uuid::now_v7();
        let metadata =
            Metadata { actor: "anonymous".to_owned(), command_id: id, correlation: id, causation: None, recorded_at: district.now() };
        let events = vec![(stream.clone(), NewEvent::of(&event).unwrap())];
        let expectations = vec![(stream.clone(), version)];
        let commit = Commit { metadata, command_digest: [0; 32], answer: "null".to_owned(), expectations, events };
        district.app.log().append(commit).await.unwrap();
    };
    let holder = Uuid::now_v7();
    appends(0, ClaimEvent::Claimed { purpose: Purpose::IdNumber, holder }).await;
    expect_refused_at("IdNumberTaken", "idNumber", district.operator().does(&application).await);
    appends(1, ClaimEvent::Released { holder }).await;
    let registered = district.operator().does(&application).await.unwrap();
    let claims = claims(&district, Purpose::IdNumber).await;
    assert_eq!(claims.len(), 2);
    assert_eq!((claims[1].0.get_version_num(), claims[1].1), (4, Some(registered.person.0)));
}
