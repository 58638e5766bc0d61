//! Who there is: areas, persons, accounts.

pub mod accounts;
pub mod areas;
pub mod persons;
