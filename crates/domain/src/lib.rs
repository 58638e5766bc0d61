//! The rules of gongyi. Pure, synchronous, deterministic: no clock, no randomness, no IO.
//!
//! One aggregate a file: purpose and invariants, ids, state, commands, events, refusals, `decide`, `apply`, tests.

pub mod event;
pub mod refusal;
pub mod values;
