//! Who there is: areas, persons, accounts.

pub mod accounts;
pub mod areas;
pub(crate) mod name_search;
pub mod persons;
