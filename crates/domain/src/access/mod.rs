//! Who is who and who may do what: persons, claims, accounts, roles, areas.

pub mod account;
pub mod area;
pub mod authority;
pub mod claim;
pub mod contact;
pub mod id_number;
pub mod identity_document;
pub mod person;
pub mod public_function;
pub mod surname_strokes;

use crate::event::aggregates;

aggregates! {
    /// An event of access.
    pub enum Event {
        /// Areas.
        Area(area::Area),
        /// Persons.
        Person(person::Person),
        /// Claims.
        Claim(claim::Claim),
        /// Accounts.
        Account(account::Account),
    }
}
