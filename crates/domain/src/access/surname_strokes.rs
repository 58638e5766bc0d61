//! 按姓氏笔画为序: names in the order of their surnames' strokes, as lists of candidates stand.
//!
//! - Fewer strokes come first; of as many, the kinds of the strokes decide one after the other, as they are written: 横竖撇点折.
//!   Names of one surname go on with the next character; a shorter name stands before a longer one that begins with it.
//! - Strokes are of the mainland's form: 陈 has seven and stands before 林. (The Unicode stroke collation orders otherwise.)
//! - Characters whose strokes are not known here (`data/strokes.txt` has the 6,939 of the npm package cnchar-order, MIT) stand
//!   behind all others, by code point; so do letters.

use std::{collections::HashMap, sync::OnceLock};

use unicode_normalization::UnicodeNormalization;

/// A line is a sequence of strokes, from 1 to 5, and the characters that have it.
const STROKES: &str = include_str!("../../data/strokes.txt");

fn strokes() -> &'static HashMap<char, &'static str> {
    static BY_CHARACTER: OnceLock<HashMap<char, &str>> = OnceLock::new();
    BY_CHARACTER.get_or_init(|| {
        let lines = STROKES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
        lines.flat_map(|(sequence, characters)| characters.chars().map(move |c| (c, sequence))).collect()
    })
}

/// Where a character stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Its strokes: how many, and of which kinds.
    Written(usize, &'static str),
    /// Its strokes are not known.
    Unknown(char),
}

/// Where a name stands among names in the order of their surnames' strokes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StrokeOrder(Vec<Place>);

impl StrokeOrder {
    /// The place of this name. Dots and spaces make no difference.
    pub fn of(name: &str) -> Self {
        let place = |c: char| match strokes().get(&c) {
            Some(sequence) => Place::Written(sequence.len(), sequence),
            None => Place::Unknown(c),
        };
        Self(name.nfkc().filter(|c| c.is_alphabetic()).map(place).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered<const N: usize>(mut names: [&str; N]) -> [&str; N] {
        names.sort_by_key(|name| StrokeOrder::of(name));
        names
    }

    #[test]
    fn surnames_come_by_strokes_then_by_their_kinds() {
        // 王 has 横 first and leads those of four strokes; 陈 has seven, 林 eight.
        let surnames =
            ["丁", "万", "马", "王", "尤", "车", "孔", "邓", "叶", "田", "冯", "刘", "许", "杜", "李", "吴", "何", "汪", "陈", "林", "周"];
        let mut shuffled = surnames;
        shuffled.reverse();
        assert_eq!(ordered(shuffled), surnames);
        for (surname, count) in [("王", 4), ("陈", 7), ("林", 8), ("曾", 12), ("邓", 4), ("黎", 15), ("萧", 11), ("覃", 12)] {
            assert!(matches!(StrokeOrder::of(surname).0[..], [Place::Written(strokes, _)] if strokes == count), "{surname}");
        }
        for (surname, kinds) in [("王", "1121"), ("牛", "3112"), ("方", "4153"), ("文", "4134"), ("孔", "5215"), ("陈", "5215234")] {
            assert_eq!(StrokeOrder::of(surname).0, [Place::Written(kinds.len(), kinds)], "{surname}");
        }
    }

    #[test]
    fn names_of_one_surname_go_on_with_the_next_character() {
        assert_eq!(StrokeOrder::of("阿卜杜拉·买买提"), StrokeOrder::of("阿卜杜拉买买提"));
        assert_eq!(ordered(["王晓明", "李一", "王小明", "王一丁", "王一"]), ["王一", "王一丁", "王小明", "王晓明", "李一"]);
    }

    #[test]
    fn what_is_not_known_stands_last() {
        assert_eq!(ordered(["Anna", "\u{20000}", "魏一", "陳一"]), ["魏一", "Anna", "陳一", "\u{20000}"]);
        assert_eq!(StrokeOrder::of(""), StrokeOrder(vec![]));
    }

    #[test]
    fn every_line_of_the_data_is_a_sequence_and_its_characters() {
        let lines: Vec<_> = STROKES.lines().filter(|line| !line.starts_with('#')).collect();
        for line in &lines {
            let (sequence, characters) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(!sequence.is_empty() && sequence.bytes().all(|kind| (b'1'..=b'5').contains(&kind)), "{line}");
            assert!(!characters.is_empty() && characters.chars().all(char::is_alphabetic), "{line}");
        }
        let characters: usize = lines.iter().filter_map(|line| line.split_once(' ')).map(|(_, it)| it.chars().count()).sum();
        assert_eq!((characters, strokes().len()), (6_939, 6_939), "no character stands twice");
    }
}
