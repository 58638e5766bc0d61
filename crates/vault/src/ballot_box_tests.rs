//! Makes loud: a ballot that a crash or a retry loses or doubles, a pending ballot whose trace stays in a file, a drawer whose
//! place in the file says when it was filled.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    Vault,
    testing::{fresh, kek, stored_somewhere},
    vault::VAULT_FILE,
};

const POLL: PollId = PollId(Uuid::from_u128(1));

fn by(entry: u128) -> PendingBallot {
    PendingBallot { entry: RollEntryId(Uuid::from_u128(entry << 64 | 0xE0)), command: Uuid::from_u128(entry << 64 | 0xC0) }
}

fn marked(number: u128) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(format!("ballot {number}").into_bytes())
}

async fn with_box(drawers: u32) -> (TempDir, Vault, BallotBox) {
    let (dir, vault) = fresh().await;
    let ballots = vault.ballot_box().await.unwrap().clone();
    ballots.make(POLL, drawers, 64).await.unwrap();
    (dir, vault, ballots)
}

async fn reopened(dir: &TempDir, vault: Vault) -> (Vault, BallotBox) {
    vault.close().await;
    let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
    let ballots = vault.ballot_box().await.unwrap().clone();
    (vault, ballots)
}

async fn sorted(ballots: &BallotBox) -> Vec<String> {
    let mut kept: Vec<_> = ballots.kept(POLL).await.unwrap().iter().map(|it| String::from_utf8(it.to_vec()).unwrap()).collect();
    kept.sort();
    kept
}

#[tokio::test]
async fn a_ballot_is_pending_then_kept_once_also_after_reopening() {
    let (dir, vault, ballots) = with_box(3).await;
    ballots.put(POLL, by(1), marked(1)).await.unwrap();
    ballots.put(POLL, by(2), marked(2)).await.unwrap();
    assert!(ballots.keep(POLL, by(1)).await.unwrap());
    assert!(!ballots.keep(POLL, by(1)).await.unwrap(), "kept once");
    let (_vault, ballots) = reopened(&dir, vault).await;
    assert_eq!(ballots.pending(POLL).await.unwrap(), [by(2)]);
    assert_eq!(sorted(&ballots).await, ["ballot 1"]);
    let other = PendingBallot { command: Uuid::nil(), ..by(2) };
    assert!(!ballots.keep(POLL, other).await.unwrap() && !ballots.drop_pending(POLL, other).await.unwrap(), "another command's");
    assert!(ballots.drop_pending(POLL, by(2)).await.unwrap());
    assert!(!ballots.keep(POLL, by(2)).await.unwrap());
    assert_eq!(sorted(&ballots).await, ["ballot 1"]);
}

#[tokio::test]
async fn a_pending_ballot_put_again_replaces_itself() {
    let (_dir, _vault, ballots) = with_box(3).await;
    ballots.put(POLL, by(1), marked(1)).await.unwrap();
    let again = PendingBallot { command: Uuid::from_u128(77), ..by(1) };
    ballots.put(POLL, again, marked(2)).await.unwrap();
    assert!(!ballots.keep(POLL, by(1)).await.unwrap() && ballots.keep(POLL, again).await.unwrap());
    assert_eq!(sorted(&ballots).await, ["ballot 2"]);
}

#[tokio::test]
async fn a_box_is_made_once_and_never_again_after_its_end() {
    let (dir, vault, ballots) = with_box(3).await;
    ballots.put(POLL, by(1), marked(1)).await.unwrap();
    ballots.keep(POLL, by(1)).await.unwrap();
    ballots.make(POLL, 3, 64).await.unwrap();
    assert_eq!((sorted(&ballots).await, ballots.polls().await.unwrap()), (vec!["ballot 1".to_owned()], vec![POLL]));
    ballots.destroy(POLL).await.unwrap();
    ballots.destroy(POLL).await.unwrap();
    ballots.destroy(PollId(Uuid::from_u128(2))).await.unwrap();
    assert!(matches!(ballots.put(POLL, by(1), marked(1)).await, Err(VaultError::NoBallotBox)));
    assert!(matches!(ballots.make(POLL, 3, 64).await, Err(VaultError::NoBallotBox)));
    let (_vault, ballots) = reopened(&dir, vault).await;
    assert!(ballots.polls().await.unwrap().is_empty());
    assert!(matches!(ballots.make(POLL, 3, 64).await, Err(VaultError::NoBallotBox)));
}

#[tokio::test]
async fn a_receipt_is_made_by_a_key_of_its_poll_until_receipts_end() {
    let (dir, vault, ballots) = with_box(3).await;
    let other = PollId(Uuid::from_u128(2));
    ballots.make(other, 3, 64).await.unwrap();
    let tag = || "o".repeat(22);
    let receipt = ballots.receipt(POLL, tag()).await.unwrap();
    assert_eq!((receipt.len(), ballots.receipt(POLL, tag()).await.unwrap()), (43, receipt.clone()));
    assert_ne!(ballots.receipt(other, tag()).await.unwrap(), receipt, "another poll's key");
    let (vault, ballots) = reopened(&dir, vault).await;
    assert_eq!(ballots.receipt(POLL, tag()).await.unwrap(), receipt);

    ballots.put(POLL, by(1), marked(1)).await.unwrap();
    ballots.end_receipts(POLL).await.unwrap();
    ballots.end_receipts(POLL).await.unwrap();
    ballots.end_receipts(PollId(Uuid::nil())).await.unwrap();
    assert!(matches!(ballots.receipt(POLL, tag()).await, Err(VaultError::NoBallotBox)));
    let (_vault, ballots) = reopened(&dir, vault).await;
    assert!(matches!(ballots.receipt(POLL, tag()).await, Err(VaultError::NoBallotBox)));
    assert!(ballots.receipt(other, tag()).await.is_ok());
    assert!(ballots.keep(POLL, by(1)).await.unwrap(), "ballots are kept until they are counted");
    assert_eq!(sorted(&ballots).await, ["ballot 1"]);
}

/// A box of an earlier build, whose polls are still open, has no key for receipts.
#[tokio::test]
async fn in_a_box_that_is_older_than_keys_for_receipts_the_tag_is_the_receipt() {
    let (dir, vault, _ballots) = with_box(3).await;
    vault.close().await;
    let file = SqliteConnectOptions::new().filename(dir.path().join(BALLOT_BOX_FILE));
    let mut connection = file.connect().await.unwrap();
    sqlx::query("UPDATE poll_key SET receipt_key = NULL").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
    let ballots = vault.ballot_box().await.unwrap();
    assert_eq!(ballots.receipt(POLL, "o".repeat(22)).await.unwrap(), "o".repeat(22));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_loses_nothing() {
    let (_dir, _vault, ballots) = with_box(1).await;
    assert!(matches!(ballots.put(POLL, by(1), Zeroizing::new(vec![7; 65])).await, Err(VaultError::OutOfRange(_))));
    assert!(matches!(ballots.put(PollId(Uuid::nil()), by(1), marked(1)).await, Err(VaultError::NoBallotBox)));
    assert!(matches!(ballots.make(PollId(Uuid::nil()), 1, BALLOT_MAX_BYTES + 1).await, Err(VaultError::OutOfRange(_))));
    for entry in 0..u128::from(PENDING_MAX_BALLOTS) {
        ballots.put(POLL, by(entry), marked(entry)).await.unwrap();
    }
    assert!(matches!(ballots.put(POLL, by(9_999), marked(1)).await, Err(VaultError::BallotBoxBusy)));
    assert!(ballots.drop_pending(POLL, by(3)).await.unwrap());
    ballots.put(POLL, by(9_999), marked(1)).await.unwrap();
}

/// Many at once, one after the other, and again: every ballot is kept once, and nothing of a pending one is in any file.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_pending_ballot_stays_in_any_file() {
    let (dir, _vault, ballots) = with_box(600).await;
    let mut casts = tokio::task::JoinSet::new();
    for entry in 0..600 {
        let ballots = ballots.clone();
        casts.spawn(async move {
            while let Err(VaultError::BallotBoxBusy) = ballots.put(POLL, by(entry), marked(entry)).await {
                tokio::task::yield_now().await;
            }
            assert!(ballots.keep(POLL, by(entry)).await.unwrap());
        });
    }
    casts.join_all().await;
    ballots.put(POLL, by(1_000), marked(1_000)).await.unwrap();
    assert!(stored_somewhere(&dir, by(1_000).entry.0.as_bytes()), "the search finds what is there");
    ballots.drop_pending(POLL, by(1_000)).await.unwrap();

    let files: Vec<u8> = fs::read_dir(dir.path()).unwrap().flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    let ids: std::collections::HashSet<[u8; 16]> =
        (0..600).chain([1_000]).flat_map(|entry| [*by(entry).entry.0.as_bytes(), *by(entry).command.as_bytes()]).collect();
    assert!(!files.windows(16).any(|window| ids.contains(window)), "an entry or a command is still in a file");
    assert_eq!(ballots.kept(POLL).await.unwrap().len(), 600);
    assert!(ballots.pending(POLL).await.unwrap().is_empty());
}

/// The places of the drawers in the file stay as they were made, and which one is filled next is no matter of order.
#[tokio::test]
async fn where_a_ballot_lies_says_nothing_of_when_it_came() {
    let (dir, _vault, ballots) = with_box(400).await;
    let path = dir.path().join(BALLOT_BOX_FILE);
    let mut before = fs::read(&path).unwrap();
    let mut places = vec![];
    for entry in 0..40 {
        ballots.put(POLL, by(entry), marked(entry)).await.unwrap();
        // Pending drawers are told from kept ones by what changes when a ballot is kept: one fills, the other empties.
        let pending = fs::read(&path).unwrap();
        ballots.keep(POLL, by(entry)).await.unwrap();
        let kept = fs::read(&path).unwrap();
        assert_eq!(kept.len(), before.len(), "the file neither grows nor shrinks");
        // The header's change counter aside, the last byte that differs from before lies in the drawer just filled.
        let place = (100..kept.len()).rev().find(|at| kept[*at] != pending[*at] && kept[*at] != 0 && before[*at] == 0).unwrap();
        let moved = (100..kept.len()).filter(|at| before[*at] != 0 && kept[*at] == 0).count();
        assert!(moved <= 1, "what lay in a drawer was moved or lost");
        places.push(place);
        before = kept;
    }
    let ascents = places.windows(2).filter(|pair| pair[0] < pair[1]).count();
    // Of 39 pairs by chance: 19.5, standard deviation 1.8. Filling in order would give 0 or 39.
    assert!((8..=31).contains(&ascents), "{ascents} of 39");
    let distinct: std::collections::BTreeSet<_> = places.iter().collect();
    assert_eq!(distinct.len(), places.len());
}

/// What a query finds in the box's file while nobody has it open.
async fn found(dir: &TempDir, sql: &'static str) -> Vec<Vec<u8>> {
    let options = SqliteConnectOptions::new().filename(dir.path().join(BALLOT_BOX_FILE)).read_only(true);
    sqlx::query_scalar(sql).fetch_all(&mut options.connect().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn all_sealed_ballots_are_of_one_size_and_neither_they_nor_their_key_stay() {
    let (dir, vault, ballots) = with_box(3).await;
    for (entry, length) in [(1, 0), (2, 64)] {
        ballots.put(POLL, by(entry), Zeroizing::new(vec![7; length])).await.unwrap();
    }
    ballots.keep(POLL, by(2)).await.unwrap();
    vault.close().await;
    let mut secrets = found(&dir, "SELECT sealed FROM pending WHERE used UNION ALL SELECT sealed FROM ballot WHERE used").await;
    assert_eq!(secrets.iter().map(Vec::len).collect::<Vec<_>>(), [24 + 4 + 64 + 16; 2]);
    secrets.extend(found(&dir, "SELECT wrapped FROM poll_key").await);
    assert!(secrets.len() == 3 && secrets.iter().all(|it| stored_somewhere(&dir, it)), "the search finds what is there");

    let vault = Vault::open(dir.path().join(VAULT_FILE), kek()).await.unwrap();
    vault.ballot_box().await.unwrap().destroy(POLL).await.unwrap();
    vault.close().await;
    for secret in &secrets {
        assert!(!secret.windows(16).any(|part| stored_somewhere(&dir, part)), "a key or a ballot is still in a file");
    }
}
