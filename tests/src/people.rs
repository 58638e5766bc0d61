//! Invented people. Every ID number has the region 440499, which was never given out; every phone number begins with
//! 199.

use std::sync::atomic::{AtomicU32, Ordering};

pub use gongyi_testing::people::{check_character, id_number};

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Somebody {
    /// Name.
    pub name: String,
    /// ID number.
    pub id_number: String,
    /// Phone number.
    pub phone: String,
}

/// Adults, each another one within a test process.
pub fn somebody() -> Somebody {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let birth = format!("19{:02}{:02}{:02}", 50 + n / 1000 % 45, n / 28 % 12 + 1, n % 28 + 1);
    Somebody { name: format!("试{n:04}员"), id_number: id_number(&birth, n % 1000), phone: format!("199{n:08}") }
}
