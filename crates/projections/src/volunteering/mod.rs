//! Who serves where and when: volunteers, organisations, activities, service records, participation.

pub mod activities;
pub mod activity_queries;
pub mod former_counts;
pub mod history;
pub mod monthly_participation;
pub mod organisations;
pub mod participation;
pub mod participation_changes;
pub mod participation_queries;
pub mod service_figures;
pub mod service_record_queries;
pub mod service_records;
pub mod star_schemes;
pub mod statistics;
pub mod volunteers;
