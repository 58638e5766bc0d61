//! How districts deliberate: meetings and their minutes.

pub mod meetings;
