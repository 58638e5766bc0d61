//! Volunteers, organisations, activities, attendance, service.

pub mod activities;
pub mod attendance;
pub mod imports;
pub mod organisations;
pub mod services;
pub mod sign_ups;
pub mod star_schemes;
pub mod volunteers;
