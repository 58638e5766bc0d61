//! What a password does not say: what others know about its owner.

use unicode_normalization::UnicodeNormalization;

use crate::values::Day;
use chrono::Datelike;

/// From this length on a word of a name counts, in characters: shorter ones stand in words of any language.
const NAME_WORD_MIN_CHARS: usize = 3;
/// From this length on a whole name counts, in characters.
const NAME_MIN_CHARS: usize = 2;

/// What others know about the owner of an account.
pub struct OwnData<'a> {
    /// Name.
    pub name: &'a str,
    /// Phone number.
    pub phone: &'a str,
    /// ID number.
    pub id_number: &'a str,
    /// Birth date.
    pub born: Day,
}

impl OwnData<'_> {
    /// Whether a password has any of it in it, in whatever width, case and punctuation.
    pub fn stands_in(&self, password: &str) -> bool {
        let password = folded(password);
        self.told().iter().any(|told| !told.is_empty() && password.contains(told))
    }

    fn told(&self) -> Vec<String> {
        let Self { name, phone, id_number, born } = self;
        let (y, m, d) = (born.year(), born.month(), born.day());
        let dates = [
            format!("{y:04}{m:02}{d:02}"),
            format!("{:02}{m:02}{d:02}", y % 100),
            format!("{d:02}{m:02}{y:04}"),
            format!("{m:02}{d:02}{y:04}"),
            format!("{y}年{m}月{d}日"),
        ];
        let words = name.split_whitespace().map(folded).filter(|word| word.chars().count() >= NAME_WORD_MIN_CHARS);
        let whole = Some(folded(name)).filter(|name| name.chars().count() >= NAME_MIN_CHARS);
        dates.into_iter().chain([folded(phone), folded(id_number)]).chain(words).chain(whole).collect()
    }
}

/// Letters and digits alone, in one form.
fn folded(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zhang() -> OwnData<'static> {
        OwnData { name: "张三丰", phone: "19901215279", id_number: "11010519491231002X", born: "1949-12-31".parse().unwrap() }
    }

    #[test]
    fn own_data_is_found_however_it_is_written() {
        for password in [
            "19901215279",
            "my-199-0121-5279!",
            "１９９０１２１５２７９abc",
            "11010519491231002x",
            "river 1949-12-31",
            "river 49.12.31 bridge",
            "31/12/1949 river",
            "1949年12月31日生的我",
            "我是张 三 丰没错的呀",
        ] {
            assert!(zhang().stands_in(password), "{password}");
        }
        let anna = OwnData { name: "Anna Li", phone: "+85366881234", ..zhang() };
        assert!(anna.stands_in("ANNAs river house") && anna.stands_in("853 6688 1234") && anna.stands_in("annali-bridge"));
    }

    #[test]
    fn what_is_nobodys_is_let_through() {
        let anna = OwnData { name: "Anna Li", ..zhang() };
        for password in ["correct horse 公益", "living by the river", "前山河边的三棵榕树下", "1990 0121 bridge"] {
            assert!(!zhang().stands_in(password) && !anna.stands_in(password), "{password}");
        }
        let nameless = OwnData { name: "", phone: "", id_number: "", ..zhang() };
        assert!(!nameless.stands_in("any password at all"));
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_own_data_is_found(before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let around = |own: &str| format!("{before}{own}{after}");
            let found = zhang().stands_in(&around("19901215279")) && zhang().stands_in(&around("张三丰"));
            prop_assert!(found);
        }
    }
}
