//! Who is who and who may do what: persons, claims, accounts, roles, areas.

pub mod account;
pub mod area;
pub mod authority;
pub mod claim;
pub mod contact;
pub mod id_number;
pub mod person;
