//! The log: one append-only, totally ordered record of everything that happened.
//!
//! [`Log`] is what the rest of the platform sees; [`SqliteLog`] keeps it in a file, [`MemoryLog`] in memory, for
//! tests. Both pass the same contract (`contract`, built for tests and under the feature `contract`). A command reads
//! and writes through a [`Session`]. [`verify`] checks a whole log.
//!
//! # Recipes
//!
//! 1. **Handle a command.** Make a [`Session`], [`Session::load`], [`Session::decide`], then [`Session::commit`]: a
//!    repeated command is replayed. If nothing was staged, or a rule said no, ask [`Log::answer`] whether it is a repeat.
//!    On `Conflict`, begin anew with a new session. On `Storage`, send the same command again: its id decides whether it
//!    was written.
//! 2. **Feed a read model.** [`follow`] from its checkpoint's position, after [`Log::check`] has called the
//!    checkpoint's [`Token`] known.
//! 3. **Change an event's shape.** Raise its `DomainEvent::schema_version`, and register the step in [`Upcasters`].
//! 4. **Add an engine.** Implement [`Log`] and [`verify::Verifiable`], then `contract_tests!`.
//!
//! # Specification
//!
//! Each sentence names the test that shows it: `c::` is the contract, which every engine keeps; other tests lie in
//! `tests/`.
//!
//! **Commits**
//!
//! - S1 A commit is one or more events for one or more streams; all become part of the log, or none.
//!   `c::one_commit_spans_streams`, `c::a_commit_without_events`, `crash::acknowledged_commits_survive_a_kill`,
//!   `sqlite::commits_and_batches_of_any_size_are_written_whole`
//! - S2 Positions are 1, 2, 3 … without a gap, in the order of commits and, within one, of its events.
//!   `c::a_commit_is_numbered_densely`, `c::of_rivals_one_wins`
//! - S3 Versions of a stream are 1, 2, 3 … A stream is its kind and its id. `c::versions_count_per_stream`
//! - S4 A commit holds only if every stream it names, written or only read, has the version it expects, 0 meaning that
//!   there is no such stream; else it is a `Conflict` that says the actual version. `c::a_stale_expectation_is_a_conflict`,
//!   `c::a_stream_only_read_is_checked`, `c::an_absent_stream_is_expected_absent`
//! - S5 An event for a stream without expectation is refused. `c::an_event_without_expectation`
//! - S6 Of commits sent at once with the same expectation exactly one holds, and a commit that fails does not touch its
//!   neighbours. `c::of_rivals_one_wins`, `c::a_failed_commit_leaves_its_neighbours`
//! - S7 Whatever is sent in whatever order, the log agrees with a model that appends one at a time.
//!   `contract::engines::random_histories`
//! - S8 What exceeds a limit or could not be kept as it is, is refused and leaves no trace. `c::limits_are_refused`,
//!   `c::malformed_parts_are_refused`
//! - S9 Payloads and answers are kept byte for byte; moments to the microsecond. `c::payloads_stay_byte_for_byte`,
//!   `c::moments_keep_their_microseconds`
//!
//! **Commands**
//!
//! - S10 A command id is unique within its actor: sent again, whenever that is, it writes nothing and gets the first
//!   answer. `c::a_repeated_command_gets_the_first_answer`, `c::a_repeat_in_one_batch_gets_the_first_answer`,
//!   `c::command_ids_are_the_actors_own`
//! - S11 The same id with another digest is refused. `c::a_reused_command_id_is_refused`
//! - S12 What was refused is not kept: the id is free. `c::a_refused_command_is_not_kept`
//! - S13 The answer of a command in the log can be had without loading anything. `c::answers_of_commands`
//!
//! **Reading**
//!
//! - S14 A stream is read from any version on; several at once, by position, each event once; an unknown stream is
//!   empty. `c::reading_a_stream`, `c::reading_several_streams`
//! - S15 Reading forward gives whole commits, or the rest of the one the reader stands in.
//!   `c::reading_after_a_position`
//! - S16 A reader that has seen N has seen all at or before N, also while others write, also in another process.
//!   `c::following_in_the_middle_of_a_storm`, `crash::two_processes_read_beside_the_writer`
//! - S17 The watch tells a position only once it is durable, and not later than the append that waited for it returns;
//!   a follower catches up, goes live, and ends when the log is closed. `c::the_watch_follows_durability`,
//!   `c::following_catches_up_and_goes_live`, `sqlite::closing_writes_what_is_queued`
//!
//! **History**
//!
//! - S18 A token is known to the log that has its history, and to no other. `c::tokens_of_positions`,
//!   `c::tokens_of_other_histories`
//! - S19 A restored log begins an epoch: tokens of what was lost are told from those of what is to come.
//!   `sqlite::a_restore_begins_an_epoch`
//! - S20 Every commit is hashed and chained, byte for byte as in [`chain`]. `chain::tests::the_canonical_bytes_are_fixed`
//! - S21 [`verify`](verify::verify) finds nothing in a sound log, and everything that was changed, removed or added
//!   behind the log's back, save a cut tail, which only a token from before tells; it never panics on garbage.
//!   `c::a_sound_log_has_no_findings`, `sqlite::one_tampered_byte_is_found`,
//!   `sqlite::every_kind_of_tampering_is_found`, `sqlite::garbage_is_reported_and_never_a_panic`
//! - S22 The database itself refuses UPDATE, DELETE, REPLACE and anything but the next position, version, commit and
//!   epoch. `sqlite::update_and_delete_are_refused`
//! - S23 Stored events are never rewritten: old payloads are upcast when read, and one that cannot be is a typed error.
//!   `session::old_payloads_are_upcast_on_read`, `session::payloads_that_cannot_be_upcast_are_typed_errors`
//!
//! **Durability**
//!
//! - S24 An acknowledged commit survives the death of the process, exactly once.
//!   `crash::acknowledged_commits_survive_a_kill`, `sqlite::a_reopened_log_goes_on`
//! - S25 A storage fault fails its batch with a typed error; the writer goes on from what is stored.
//!   `sqlite::a_storage_fault_fails_the_batch_and_the_writer_goes_on`
//! - S26 Closing writes what is queued. `sqlite::closing_writes_what_is_queued`
//! - S27 A second writing process is harmless. `sqlite::two_writers_do_not_harm_each_other`
//! - S28 What is not a log is not opened. `sqlite::what_is_not_a_log_is_not_opened`
//!
//! **Sessions**
//!
//! - S29 Events are staged, seen by later loads of the session, and made durable in one commit.
//!   `session::commands_stage_and_the_commit_makes_durable`, `session::a_refusal_stages_nothing`,
//!   `session::a_repeated_command_is_replayed`
//! - S30 What a session loaded must still be so at its commit; what it only preloaded need not.
//!   `session::a_stream_only_loaded_must_stay_as_it_was`, `session::an_absent_stream_is_expected`,
//!   `session::what_is_preloaded_counts_only_when_loaded`, `session::a_state_that_is_not_the_newest_is_refused`
//! - S31 Locks last until the commit, are re-entrant within a session, end crosswise waiting with an error, and leave
//!   nothing behind. `session::locked_sessions_take_turns_and_never_conflict`,
//!   `session::sessions_that_lock_crosswise_are_told`, `stream_locks::tests`
//! - S32 Sequence numbers and event ids are the same whenever an event is read; past `i32` is an error; nothing is
//!   deleted. `session::event_ids_are_the_same_whenever_they_are_read`,
//!   `session::a_stream_past_the_sequence_numbers_is_refused`, `session::nothing_is_deleted`
//! - S33 A session over a [`StateCache`] sees what one over the log sees, or conflicts; the cache is bounded, and a stale
//!   state is forgotten with its first conflict. `session::a_cached_state_is_the_streams_and_goes_on_with_each_commit`,
//!   `session::a_stale_state_is_a_conflict_and_then_forgotten`, `session::a_replayed_commit_adds_nothing_to_the_cache`,
//!   `session::what_was_preloaded_is_not_read_again_and_what_is_cached_not_preloaded`,
//!   `session::locked_sessions_over_a_cache_never_conflict`, `state_cache::tests`
//!
//! **Keeping**
//!
//! - S34 A moment of the log is copied as it was, sound in itself, while others append: they wait for the moment, not for the
//!   copy. `sqlite::a_moment_is_copied_as_it_was_while_the_log_grows`
//! - S35 A turn of the vault begins once, later ones after it; nothing of that is changed.
//!   `sqlite::a_turn_of_the_vault_never_comes_twice`
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

pub mod chain;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod verify;

mod admit;
mod commit;
mod log;
mod memory;
mod session;
mod sqlite;
mod state_cache;
mod stream_locks;
mod token;
mod upcast;

pub use commit::{
    ANSWER_MAX_BYTES, Appended, COMMIT_MAX_BYTES, COMMIT_MAX_EVENTS, COMMIT_MAX_EXPECTATIONS, Commit, CommitInfo, Metadata, NAME_MAX_BYTES,
    NewEvent, PAYLOAD_MAX_BYTES, Position, Recorded, StoredAnswer, StreamId,
};
pub use log::{AppendError, Log, LogError, StorageFault, follow};
pub use memory::MemoryLog;
pub use session::{LOCK_WAIT_MAX_MILLIS, Session, SessionError, SessionStore};
pub use sqlite::{
    BATCH_MAX_BYTES, BATCH_MAX_COMMITS, FrozenLog, Moment, OpenError, QUEUE_MAX_COMMITS, SQLITE_MIN_VERSION, SqliteLog, SqliteSettings,
};
pub use state_cache::{STATE_CACHE_MAX_BYTES, STATE_OVERHEAD_BYTES, StateCache};
pub use stream_locks::{StreamGuard, StreamLocks};
pub use token::{NotAToken, Standing, Token};
pub use upcast::{DecodeError, DuplicateStep, Step, Upcasters};
