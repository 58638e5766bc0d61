//! Who is who and who may do what: persons, claims, accounts, roles, areas, working days.

pub mod account;
pub mod area;
pub mod authority;
pub mod claim;
pub mod contact;
pub mod id_number;
pub mod identity_document;
pub mod password;
pub mod person;
pub mod public_function;
pub mod redaction;
pub mod surname_strokes;
pub mod vault_binding;
pub mod working_calendar;

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
        /// Redacted texts.
        Redaction(redaction::Redaction),
        /// The vault that the log belongs to.
        VaultBinding(vault_binding::VaultBinding),
        /// Working days, by year.
        WorkingCalendar(working_calendar::WorkingCalendar),
    }
}
