//! Invented people. Every ID number has the region 440499, which was never given out; every phone number begins with
//! 199.

use std::sync::atomic::{AtomicU32, Ordering};

/// The check character of 17 digits, by GB 11643; written here once more, so that the tests do not ask the product.
pub fn check_character(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).expect("eleven check characters")
}

/// The ID number of somebody born on `birth`, written `19900131`.
pub fn id_number(birth: &str, sequence: u32) -> String {
    let digits = format!("440499{birth}{sequence:03}");
    format!("{digits}{}", check_character(&digits))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_fits() {
        assert_eq!(check_character("11010519491231002"), 'X');
    }
}
