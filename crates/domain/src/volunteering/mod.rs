//! 志愿服务: volunteers, their organisations, activities and service ledgers.

pub mod activity;
pub mod activity_details;
pub mod attendance;
pub mod calendar;
pub mod category;
mod closed_list;
pub mod credit_code;
pub mod membership;
pub mod organisation;
pub mod places;
pub mod service_ledger;
pub mod service_record;
pub mod skill;
pub mod star_scheme;
pub mod volunteer;

use crate::event::aggregates;

aggregates! {
    /// An event of volunteering.
    pub enum Event {
        /// Volunteers.
        Volunteer(volunteer::Volunteer),
        /// Organisations.
        Organisation(organisation::Organisation),
        /// Memberships.
        Membership(membership::Membership),
        /// Calendars.
        Calendar(calendar::Calendar),
        /// Activities.
        Activity(activity::Activity),
        /// Service ledgers.
        ServiceLedger(service_ledger::ServiceLedger),
        /// Star schemes.
        StarScheme(star_scheme::StarScheme),
    }
}
