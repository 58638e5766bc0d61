//! The ballot box: sealed ballots of secret polls, from casting to counting, in a file of its own, `ballots.db`.
//!
//! - A ballot is first **pending**: beside it lies whose it is and by which command it was cast, because its participation
//!   may not be in the log yet. Once that is known, it is **kept**: sealed anew under another nonce in a drawer that
//!   chance chose, and the pending row is overwritten with zeros, in one transaction.
//! - A kept ballot carries no voter, no command, no time. All drawers are made when the poll opens, all of one size, and
//!   rows are only overwritten in place: neither a drawer's number, nor its place in the file, nor its length says when the
//!   ballot came or what is in it. There is no WAL, which would keep the order of writing and copies of what was
//!   overwritten, but a rollback journal that is emptied with every transaction.
//! - Requests that come together are written together; each is answered once it is durable (`synchronous=FULL`).
//! - A receipt is made of a voter's tag under a key of its poll, which is overwritten with zeros when the poll is closed: from then
//!   on nobody can tell which receipt a tag gave, not even who chose the tag.
//! - When the poll is counted, its key is overwritten with zeros and its drawers are removed; the box is never made again.
//!
//! What it cannot do: while a poll runs, whoever has the file and the key-encryption key can open the kept ballots, without
//! names, and those few that are pending, with names. Who copies the file before and after one single vote sees which
//! drawer was filled in between (and, without the key-encryption key, only noise in it). What the file system keeps of an
//! emptied journal is out of reach; keep the data folder on an encrypted disk.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use gongyi_domain::values::{PollId, RollEntryId};
use serde_json::json;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    aead::{self, KEY_BYTES, KeyBytes, NONCE_BYTES},
    error::VaultError,
    stops::stop_at,
    vault::{make_private, require_recent_sqlite},
};

mod receipts;
use receipts::{END_RECEIPTS, Receipts};

/// The ballot box's file in the data folder.
pub const BALLOT_BOX_FILE: &str = "ballots.db";
/// Ballots of one poll that may be pending at once.
pub const PENDING_MAX_BALLOTS: u32 = 512;
/// A ballot before it is sealed, at most, in bytes.
pub const BALLOT_MAX_BYTES: usize = 16 * 1024;

const QUEUE_MAX_REQUESTS: usize = 4_096;
const BATCH_MAX_REQUESTS: usize = 512;
const ROWS_PER_STATEMENT: u32 = 50_000;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;
const KEY_LABEL: &[u8] = b"gongyi ballot box key v1";
const PENDING_LABEL: &[u8] = b"gongyi pending ballot v1";
const KEPT_LABEL: &[u8] = b"gongyi kept ballot v1";

/// Whether it is used, by which entry, cast by which command, and the sealed ballot.
type PendingRow = (bool, Uuid, Uuid, Vec<u8>);
type Reply<T> = oneshot::Sender<Result<T, VaultError>>;

/// A ballot whose participation is not known to be in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingBallot {
    /// Whose.
    pub entry: RollEntryId,
    /// By which command it was cast.
    pub command: Uuid,
}

/// The box. Clones are the same one.
#[derive(Clone)]
pub struct BallotBox(Arc<Shared>);

struct Shared {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Request {
    Change(Change, Reply<bool>),
    Make { poll: PollId, drawers: u32, ballot_bytes: usize, reply: Reply<()> },
    Polls { reply: Reply<Vec<PollId>> },
    Pending { poll: PollId, reply: Reply<Vec<PendingBallot>> },
    Kept { poll: PollId, reply: Reply<Vec<Zeroizing<Vec<u8>>>> },
    Receipt { poll: PollId, tag: String, reply: Reply<String> },
    EndReceipts { poll: PollId, reply: Reply<()> },
    Destroy { poll: PollId, reply: Reply<()> },
}

enum Change {
    Put { poll: PollId, by: PendingBallot, ballot: Zeroizing<Vec<u8>> },
    Keep { poll: PollId, by: PendingBallot },
    Drop { poll: PollId, by: PendingBallot },
}

impl BallotBox {
    /// Opens the box, making its file (mode 0600) if there is none. One process at a time, which the data folder's lock sees to;
    /// a backup may hold it still for a moment.
    ///
    /// Boxed, because the compiler cannot see through sqlx that the future may move between threads.
    pub(crate) fn open(path: PathBuf, wrapping: KeyBytes) -> Pin<Box<dyn Future<Output = Result<Self, VaultError>> + Send>> {
        Box::pin(async move {
            make_private(&path).map_err(VaultError::File)?;
            let options = SqliteConnectOptions::new()
                .filename(path)
                .journal_mode(SqliteJournalMode::Truncate)
                .synchronous(SqliteSynchronous::Full)
                .pragma("secure_delete", "ON")
                .pragma("temp_store", "MEMORY")
                .disable_statement_logging();
            let mut connection = options.connect().await?;
            require_recent_sqlite(&mut connection).await?;
            sqlx::migrate!("../../migrations/ballots-sqlite").run_direct(None, &mut connection, false).await?;
            let mut keeper = Keeper { connection, options, wrapping, polls: HashMap::new(), trusted: false };
            keeper.read().await?;
            let (queue, requests) = mpsc::channel(QUEUE_MAX_REQUESTS);
            let task = tokio::spawn(keeper.run(requests));
            Ok(Self(Arc::new(Shared { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)) })))
        })
    }

    /// Makes a poll's box: as many drawers as the roll has entries, each for one ballot of at most `ballot_bytes`. Making it
    /// again changes nothing.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`] if it was destroyed; [`VaultError::OutOfRange`]; faults of the store.
    pub async fn make(&self, poll: PollId, drawers: u32, ballot_bytes: usize) -> Result<(), VaultError> {
        if ballot_bytes > BALLOT_MAX_BYTES {
            return Err(VaultError::OutOfRange("a ballot's size"));
        }
        self.ask(|reply| Request::Make { poll, drawers, ballot_bytes, reply }).await
    }

    /// Puts a pending ballot in. Another one of this entry is overwritten: so first make sure that it is not cast.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`], [`VaultError::BallotBoxBusy`], [`VaultError::OutOfRange`]; faults of the store.
    pub async fn put(&self, poll: PollId, by: PendingBallot, ballot: Zeroizing<Vec<u8>>) -> Result<(), VaultError> {
        self.ask(|reply| Request::Change(Change::Put { poll, by, ballot }, reply)).await.map(drop)
    }

    /// Keeps a pending ballot: its participation is in the log. Returns whether it was pending; it is not when it is kept.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`]; faults of the store.
    pub async fn keep(&self, poll: PollId, by: PendingBallot) -> Result<bool, VaultError> {
        self.ask(|reply| Request::Change(Change::Keep { poll, by }, reply)).await
    }

    /// Drops a pending ballot: its participation is not in the log and never will be. Returns whether it was pending.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`]; faults of the store.
    pub async fn drop_pending(&self, poll: PollId, by: PendingBallot) -> Result<bool, VaultError> {
        self.ask(|reply| Request::Change(Change::Drop { poll, by }, reply)).await
    }

    /// The polls that have a box.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn polls(&self) -> Result<Vec<PollId>, VaultError> {
        self.ask(|reply| Request::Polls { reply }).await
    }

    /// Every pending ballot of a poll, without what is in it.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`]; faults of the store.
    pub async fn pending(&self, poll: PollId) -> Result<Vec<PendingBallot>, VaultError> {
        self.ask(|reply| Request::Pending { poll, reply }).await
    }

    /// Every kept ballot of a poll, opened and shuffled.
    ///
    /// # Errors
    /// [`VaultError::NoBallotBox`]; [`VaultError::Damaged`] if one does not open; faults of the store.
    pub async fn kept(&self, poll: PollId) -> Result<Vec<Zeroizing<Vec<u8>>>, VaultError> {
        self.ask(|reply| Request::Kept { poll, reply }).await
    }

    /// Destroys a poll's key and removes its ballots, for ever. Doing it again, or for a poll without a box, is no error.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn destroy(&self, poll: PollId) -> Result<(), VaultError> {
        self.ask(|reply| Request::Destroy { poll, reply }).await
    }

    /// Answers what is asked already, then closes the file.
    pub(crate) async fn close(&self) {
        drop(self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A panic there has been answered to everybody who waited.
            let _ = task.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, VaultError> {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(VaultError::BallotBoxClosed)?;
        let (reply, answer) = oneshot::channel();
        queue.send(request(reply)).await.map_err(|_| VaultError::BallotBoxClosed)?;
        drop(queue);
        answer.await.map_err(|_| VaultError::BallotBoxClosed)?
    }
}

impl fmt::Debug for BallotBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BallotBox(redacted)")
    }
}

/// The only one who touches the file.
struct Keeper {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    wrapping: KeyBytes,
    polls: HashMap<PollId, PollBox>,
    /// `polls` is what the file says; not after a fault.
    trusted: bool,
}

/// One poll's drawers, as the file has them.
struct PollBox {
    key: KeyBytes,
    receipts: Receipts,
    sealed_size: usize,
    pending: HashMap<RollEntryId, Pending>,
    free_pending: Vec<u32>,
    free: Vec<u32>,
}

struct Pending {
    drawer: u32,
    command: Uuid,
    sealed: Vec<u8>,
}

/// Rows to be overwritten, the last word on each: used, entry, command and ciphertext of a pending one; ciphertext of a
/// kept one.
#[derive(Default)]
struct Rows {
    pending: BTreeMap<(PollId, u32), PendingRow>,
    kept: BTreeMap<(PollId, u32), Vec<u8>>,
}

impl Keeper {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut asked = Vec::with_capacity(BATCH_MAX_REQUESTS);
        while requests.recv_many(&mut asked, BATCH_MAX_REQUESTS).await > 0 {
            let mut waiting = asked.drain(..).peekable();
            while let Some(request) = waiting.next() {
                if let Request::Change(change, reply) = request {
                    let mut batch = vec![(change, reply)];
                    while let Some(Request::Change(change, reply)) = waiting.next_if(|next| matches!(next, Request::Change(..))) {
                        batch.push((change, reply));
                    }
                    self.change_all(batch).await;
                } else {
                    self.answer(request).await;
                }
            }
        }
        let _ = self.connection.close().await;
    }

    /// One request that is no change of a single ballot. A caller that no longer waits is not told.
    async fn answer(&mut self, request: Request) {
        match request {
            Request::Change(_, reply) => drop(reply),
            Request::Make { poll, drawers, ballot_bytes, reply } => drop(reply.send(self.make(poll, drawers, ballot_bytes).await)),
            Request::Polls { reply } => {
                let read = self.read().await;
                drop(reply.send(read.map(|()| self.polls.keys().copied().collect())));
            }
            Request::Pending { poll, reply } => drop(reply.send(self.pending(poll).await)),
            Request::Kept { poll, reply } => drop(reply.send(self.kept(poll).await)),
            Request::Receipt { poll, tag, reply } => drop(reply.send(self.receipt(poll, tag).await)),
            Request::EndReceipts { poll, reply } => drop(reply.send(self.end_receipts(poll).await)),
            Request::Destroy { poll, reply } => drop(reply.send(self.destroy(poll).await)),
        }
    }

    /// Reads everything from the file, unless it is known already.
    async fn read(&mut self) -> Result<(), VaultError> {
        if self.trusted {
            return Ok(());
        }
        if self.connection.ping().await.is_err() {
            self.connection = self.options.connect().await?;
        }
        self.polls.clear();
        for row in sqlx::query("SELECT poll, wrapped, sealed_size, receipt_key FROM poll_key WHERE wrapped <> zeroblob(72)")
            .fetch_all(&mut self.connection)
            .await?
        {
            let poll = PollId(id(row.try_get("poll")?)?);
            let key = unwrapped(&self.wrapping, &key_aad(poll), row.try_get("wrapped")?)?;
            let receipts = Receipts::stored(&self.wrapping, poll, row.try_get("receipt_key")?)?;
            let sealed_size =
                usize::try_from(row.try_get::<i64, _>("sealed_size")?).map_err(|_| VaultError::Damaged("a poll's sealed size"))?;
            let mut made = PollBox { key, receipts, sealed_size, pending: HashMap::new(), free_pending: vec![], free: vec![] };
            for row in
                drawers(&mut self.connection, "SELECT drawer, used, entry, command, sealed FROM pending WHERE poll = ?", poll).await?
            {
                let drawer = drawer(row.try_get("drawer")?)?;
                if row.try_get::<bool, _>("used")? {
                    let pending = Pending { drawer, command: id(row.try_get("command")?)?, sealed: row.try_get("sealed")? };
                    made.pending.insert(RollEntryId(id(row.try_get("entry")?)?), pending);
                } else {
                    made.free_pending.push(drawer);
                }
            }
            for row in drawers(&mut self.connection, "SELECT drawer FROM ballot WHERE poll = ? AND used = 0", poll).await? {
                made.free.push(drawer(row.try_get("drawer")?)?);
            }
            self.polls.insert(poll, made);
        }
        self.trusted = true;
        Ok(())
    }

    fn of(&mut self, poll: PollId) -> Result<&mut PollBox, VaultError> {
        self.polls.get_mut(&poll).ok_or(VaultError::NoBallotBox)
    }

    async fn change_all(&mut self, batch: Vec<(Change, Reply<bool>)>) {
        let known = self.read().await.map_err(Arc::new);
        let mut rows = Rows::default();
        let verdicts: Vec<_> = batch
            .into_iter()
            .map(|(change, reply)| {
                let verdict = match &known {
                    Ok(()) => self.change(change, &mut rows),
                    Err(fault) => Err(VaultError::BallotBox(Arc::clone(fault))),
                };
                (verdict, reply)
            })
            .collect();
        let written = self.write(rows).await.map_err(|fault| Arc::new(VaultError::from(fault)));
        if written.is_err() {
            self.trusted = false;
        }
        for (verdict, reply) in verdicts {
            let verdict = match (&written, verdict) {
                (Err(fault), Ok(_)) => Err(VaultError::BallotBox(Arc::clone(fault))),
                (_, verdict) => verdict,
            };
            let _ = reply.send(verdict);
        }
    }

    /// What a change makes of the drawers; `rows` is what is to be written for it.
    fn change(&mut self, change: Change, rows: &mut Rows) -> Result<bool, VaultError> {
        match change {
            Change::Put { poll, by, ballot } => {
                let made = self.of(poll)?;
                let sealed = made.seal(&pending_aad(poll, by), &ballot)?;
                let drawer = match made.pending.get(&by.entry) {
                    Some(pending) => pending.drawer,
                    None => made.free_pending.pop().ok_or(VaultError::BallotBoxBusy)?,
                };
                rows.pending.insert((poll, drawer), (true, by.entry.0, by.command, sealed.clone()));
                made.pending.insert(by.entry, Pending { drawer, command: by.command, sealed });
                Ok(true)
            }
            Change::Keep { poll, by } => {
                let made = self.of(poll)?;
                let Some(pending) = made.pending.get(&by.entry).filter(|it| it.command == by.command) else { return Ok(false) };
                let ballot = made.open(&pending_aad(poll, by), &pending.sealed)?;
                let chance = usize::try_from(u64::from_le_bytes(aead::random()) % (made.free.len() as u64).max(1)).unwrap_or(0);
                let drawer = *made.free.get(chance).ok_or(VaultError::Damaged("more ballots than entries of the roll"))?;
                let sealed = made.seal(&kept_aad(poll, drawer), &ballot)?;
                made.free.swap_remove(chance);
                rows.kept.insert((poll, drawer), sealed);
                made.clear(poll, by.entry, rows);
                Ok(true)
            }
            Change::Drop { poll, by } => {
                let made = self.of(poll)?;
                let pending = made.pending.get(&by.entry).is_some_and(|it| it.command == by.command);
                if pending {
                    made.clear(poll, by.entry, rows);
                }
                Ok(pending)
            }
        }
    }

    async fn write(&mut self, rows: Rows) -> Result<(), sqlx::Error> {
        if rows.pending.is_empty() && rows.kept.is_empty() {
            return Ok(());
        }
        let (puts, keeps) = (rows.pending.values().any(|row| row.0), !rows.kept.is_empty());
        let poll_hex = |poll: PollId| poll.0.simple().to_string();
        let pending = rows.pending.into_iter().map(|((poll, drawer), (used, entry, command, sealed))| {
            json!([poll_hex(poll), drawer, i32::from(used), entry.simple().to_string(), command.simple().to_string(), hex::encode(sealed)])
        });
        let pending = serde_json::Value::from_iter(pending).to_string();
        let kept = rows.kept.into_iter().map(|((poll, drawer), sealed)| json!([poll_hex(poll), drawer, hex::encode(sealed)]));
        let kept = serde_json::Value::from_iter(kept).to_string();
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE ballot SET used = 1, sealed = unhex(row.value ->> 2)
             FROM json_each(?) AS row WHERE poll = unhex(row.value ->> 0) AND drawer = row.value ->> 1",
        )
        .bind(kept)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE pending SET used = row.value ->> 2, entry = unhex(row.value ->> 3), command = unhex(row.value ->> 4),
                                sealed = unhex(row.value ->> 5)
             FROM json_each(?) AS row WHERE poll = unhex(row.value ->> 0) AND drawer = row.value ->> 1",
        )
        .bind(pending)
        .execute(&mut *tx)
        .await?;
        // Named by what the batch does; with one voter at a time that is one step of one ballot.
        let step = |put, keep| {
            if puts {
                stop_at(put)
            } else if keeps {
                stop_at(keep)
            }
        };
        step("pending written", "kept written");
        tx.commit().await?;
        step("pending durable", "kept durable");
        Ok(())
    }

    async fn make(&mut self, poll: PollId, drawers: u32, ballot_bytes: usize) -> Result<(), VaultError> {
        self.read().await?;
        if self.polls.contains_key(&poll) {
            return Ok(());
        }
        let sealed_size = NONCE_BYTES + LENGTH_BYTES + ballot_bytes + TAG_BYTES;
        let size = i64::try_from(sealed_size).map_err(|_| VaultError::OutOfRange("a ballot's size"))?;
        let key = KeyBytes::new(aead::random());
        self.trusted = false;
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let made = sqlx::query("INSERT INTO poll_key (poll, wrapped, sealed_size, receipt_key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&poll.0.as_bytes()[..])
            .bind(aead::seal(&self.wrapping, &key_aad(poll), &*key))
            .bind(size)
            .bind(receipts::wrapped_key(&self.wrapping, poll))
            .execute(&mut *tx)
            .await?;
        if made.rows_affected() == 0 {
            return Err(VaultError::NoBallotBox);
        }
        let tables = [
            ("INSERT INTO pending SELECT ?1, n, 0, zeroblob(16), zeroblob(16), zeroblob(?2) FROM numbers", PENDING_MAX_BALLOTS),
            ("INSERT INTO ballot SELECT ?1, n, 0, zeroblob(?2) FROM numbers", drawers),
        ];
        for (insert, many) in tables {
            let mut first = 1;
            while first <= many {
                let last = many.min(first.saturating_add(ROWS_PER_STATEMENT - 1));
                let numbers = "WITH RECURSIVE numbers (n) AS (SELECT ?3 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?4)";
                sqlx::query(sqlx::AssertSqlSafe(format!("{numbers} {insert}")))
                    .bind(&poll.0.as_bytes()[..])
                    .bind(size)
                    .bind(first)
                    .bind(last)
                    .execute(&mut *tx)
                    .await?;
                first = last + 1;
            }
        }
        tx.commit().await?;
        self.read().await
    }

    async fn pending(&mut self, poll: PollId) -> Result<Vec<PendingBallot>, VaultError> {
        self.read().await?;
        let made = self.of(poll)?;
        Ok(made.pending.iter().map(|(entry, pending)| PendingBallot { entry: *entry, command: pending.command }).collect())
    }

    async fn kept(&mut self, poll: PollId) -> Result<Vec<Zeroizing<Vec<u8>>>, VaultError> {
        self.read().await?;
        self.of(poll)?;
        let rows = drawers(&mut self.connection, "SELECT drawer, sealed FROM ballot WHERE poll = ? AND used = 1", poll).await?;
        let made = self.of(poll)?;
        let mut ballots = Vec::with_capacity(rows.len());
        for row in rows {
            let drawer = drawer(row.try_get("drawer")?)?;
            ballots.push((aead::random::<16>(), made.open(&kept_aad(poll, drawer), row.try_get("sealed")?)?));
        }
        ballots.sort_unstable_by_key(|(chance, _)| *chance);
        Ok(ballots.into_iter().map(|(_, ballot)| ballot).collect())
    }

    async fn destroy(&mut self, poll: PollId) -> Result<(), VaultError> {
        self.trusted = false;
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        for sql in [
            "UPDATE poll_key SET wrapped = zeroblob(72) WHERE poll = ?",
            END_RECEIPTS,
            "DELETE FROM pending WHERE poll = ?",
            "DELETE FROM ballot WHERE poll = ?",
        ] {
            sqlx::query(sql).bind(&poll.0.as_bytes()[..]).execute(&mut *tx).await?;
        }
        stop_at("destruction written");
        tx.commit().await?;
        stop_at("destruction durable");
        self.read().await?;
        if self.polls.is_empty() {
            sqlx::query("VACUUM").execute(&mut self.connection).await?;
        }
        Ok(())
    }
}

impl PollBox {
    /// Seals a ballot, padded so that all are of one size.
    fn seal(&self, aad: &[u8], ballot: &[u8]) -> Result<Vec<u8>, VaultError> {
        let room = self.sealed_size - NONCE_BYTES - LENGTH_BYTES - TAG_BYTES;
        let length = u32::try_from(ballot.len()).ok().filter(|_| ballot.len() <= room).ok_or(VaultError::OutOfRange("a ballot's size"))?;
        let mut padded = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + room));
        padded.extend_from_slice(&length.to_le_bytes());
        padded.extend_from_slice(ballot);
        padded.resize(LENGTH_BYTES + room, 0);
        Ok(aead::seal(&self.key, aad, &padded))
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let padded = aead::open(&self.key, aad, sealed).ok_or(VaultError::Damaged("a ballot does not open"))?;
        let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>().ok_or(VaultError::Damaged("a ballot is too short"))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let ballot = rest.get(..length).ok_or(VaultError::Damaged("a ballot is too short"))?;
        Ok(Zeroizing::new(ballot.to_vec()))
    }

    /// Overwrites an entry's pending row with zeros.
    fn clear(&mut self, poll: PollId, entry: RollEntryId, rows: &mut Rows) {
        if let Some(pending) = self.pending.remove(&entry) {
            rows.pending.insert((poll, pending.drawer), (false, Uuid::nil(), Uuid::nil(), vec![0; self.sealed_size]));
            self.free_pending.push(pending.drawer);
        }
    }
}

async fn drawers(connection: &mut SqliteConnection, sql: &'static str, poll: PollId) -> Result<Vec<sqlx::sqlite::SqliteRow>, VaultError> {
    Ok(sqlx::query(sql).bind(&poll.0.as_bytes()[..]).fetch_all(connection).await?)
}

fn id(bytes: &[u8]) -> Result<Uuid, VaultError> {
    Uuid::from_slice(bytes).map_err(|_| VaultError::Damaged("an id has not 16 bytes"))
}

fn drawer(number: i64) -> Result<u32, VaultError> {
    u32::try_from(number).map_err(|_| VaultError::Damaged("a drawer's number"))
}

fn aad(label: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    aead::append(&mut bytes, label);
    parts.iter().for_each(|part| aead::append(&mut bytes, part));
    bytes
}

fn unwrapped(wrapping: &KeyBytes, aad: &[u8], wrapped: &[u8]) -> Result<KeyBytes, VaultError> {
    let key = aead::open(wrapping, aad, wrapped).ok_or(VaultError::Damaged("a poll's key does not open"))?;
    let key: [u8; KEY_BYTES] = key.as_slice().try_into().map_err(|_| VaultError::Damaged("a poll's key is too short"))?;
    Ok(key.into())
}

fn key_aad(poll: PollId) -> Vec<u8> {
    aad(KEY_LABEL, &[poll.0.as_bytes()])
}

fn pending_aad(poll: PollId, by: PendingBallot) -> Vec<u8> {
    aad(PENDING_LABEL, &[poll.0.as_bytes(), by.entry.0.as_bytes(), by.command.as_bytes()])
}

fn kept_aad(poll: PollId, drawer: u32) -> Vec<u8> {
    aad(KEPT_LABEL, &[poll.0.as_bytes(), &drawer.to_le_bytes()])
}

#[cfg(test)]
#[path = "ballot_box_tests.rs"]
mod tests;
