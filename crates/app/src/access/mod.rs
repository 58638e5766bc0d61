//! Accounts, roles, sign-in, areas, working days, erasure.

pub mod accounts;
pub mod areas;
pub mod calendars;
mod claims;
pub mod erasure;
pub mod passwords;
pub mod public_functions;
pub mod redaction;
pub mod sign_in;
pub mod tokens;
pub mod working_days;
