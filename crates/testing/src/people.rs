//! Invented people. Every ID number has the region 440499, which was never given out.

/// Everybody's password.
pub const PASSWORD: &str = "correct horse 公益";

/// The check character of 17 digits, by GB 11643; written here once more, so that tests do not ask the product.
///
/// # Panics
/// If something is no digit.
pub fn check_character(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).expect("eleven check characters")
}

/// The ID number of somebody born on this day, written `1990-01-31` or `19900131`; the last three figures of `sequence`
/// tell people born on one day apart.
pub fn id_number(birth: &str, sequence: u32) -> String {
    let digits = format!("440499{}{:03}", birth.replace('-', ""), sequence % 1_000);
    format!("{digits}{}", check_character(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_fits() {
        assert_eq!(check_character("11010519491231002"), 'X');
    }

    #[test]
    fn a_number_has_birth_and_sequence_in_it() {
        assert!(id_number("1990-01-31", 1_007).starts_with("44049919900131007"));
        assert_eq!(id_number("1990-01-31", 7), id_number("19900131", 7));
    }
}
