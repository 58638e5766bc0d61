//! One subcommand a file.

pub mod backup;
pub mod doctor;
pub mod export;
pub mod find_name;
pub mod generate;
pub mod open_data;
pub mod rebuild;
pub mod report;
pub mod restore;
pub mod rotate_kek;
pub mod rotate_signing_key;
pub mod serve;
pub mod token;
pub mod verify;
