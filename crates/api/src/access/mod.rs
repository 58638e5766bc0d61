//! Who there is and who may what: areas, signing in, accounts and roles, personal data.

pub(crate) mod accounts;
pub(crate) mod agents;
pub(crate) mod areas;
pub(crate) mod calendars;
pub(crate) mod codes;
pub(crate) mod documents;
pub(crate) mod personal;
pub(crate) mod processes;
pub(crate) mod redaction;
pub(crate) mod sign_in;
pub(crate) mod working_days;
