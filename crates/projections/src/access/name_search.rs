//! How a name is found: by a part of it as it is written, or by how it sounds.
//!
//! - Dots, blanks and capitals make no difference.
//! - By pinyin without tones, from the beginning of any of its syllables on, whole or as initials: 张晓明 by `zhangxiaom`,
//!   `xiaoming`, `zxm`. A character of several readings is found by each: 曾 as a surname is zeng, 单 shan, 解 xie.

use std::collections::BTreeSet;

use gongyi_domain::access::contact::name_key;
use pinyin::ToPinyinMulti;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::paging::Conditions;

/// How many spellings of a name are told apart from each of its syllables on. In longer names the readings of the first
/// characters are told apart, the others have the usual one.
const SPELLINGS_MAX_COUNT: usize = 16;

/// Readings of surnames that the data lacks or has for the single character only, with the usual reading beside them.
const SURNAMES: [(&str, &[&str]); 6] = [
    ("黑", &["he"]),
    ("万俟", &["mo", "qi"]),
    ("尉迟", &["yu", "chi"]),
    ("单于", &["chan", "yu"]),
    ("澹台", &["tan", "tai"]),
    ("长孙", &["zhang", "sun"]),
];

/// How a character is read, the usual reading first; nothing for what is no Han character.
fn readings(c: char) -> Vec<String> {
    let mut readings = vec![];
    for reading in c.to_pinyin_multi().into_iter().flatten() {
        let plain = reading.plain();
        // ü is typed v, printed yu in passports, and often left without its dots.
        let spelled = if plain.contains('ü') { ["v", "yu", "u"].map(|u| plain.replace('ü', u)).to_vec() } else { vec![plain.to_owned()] };
        readings.extend(spelled.into_iter().filter(|it| it.bytes().all(|byte| byte.is_ascii_lowercase())));
    }
    let mut known = BTreeSet::new();
    readings.retain(|reading| known.insert(reading.clone()));
    readings
}

/// One of each character's readings after the other, in every way up to [`SPELLINGS_MAX_COUNT`].
fn spellings(syllables: &[Vec<String>]) -> Vec<String> {
    let mut spellings = vec![String::new()];
    for readings in syllables {
        let told_apart = if spellings.len() * readings.len() > SPELLINGS_MAX_COUNT { 1 } else { readings.len() };
        spellings =
            spellings.iter().flat_map(|before| readings.iter().take(told_apart).map(move |reading| format!("{before}{reading}"))).collect();
    }
    spellings
}

/// What a name sounds like: words with a blank before each, one for each spelling from each syllable on, whole and as initials.
pub(crate) fn sounds(name: &str) -> String {
    let mut syllables: Vec<Vec<String>> = name.chars().map(readings).filter(|readings| !readings.is_empty()).collect();
    for (surname, readings) in SURNAMES {
        if name.starts_with(surname) {
            for (syllable, reading) in syllables.iter_mut().zip(readings) {
                syllable.insert(1, (*reading).to_owned());
            }
        }
    }
    let initials: Vec<Vec<String>> = syllables
        .iter()
        .map(|readings| readings.iter().filter_map(|it| it.get(..1)).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
        .collect();
    let from_each = (0..syllables.len()).flat_map(|from| [spellings(&syllables[from..]), spellings(&initials[from..])]);
    from_each.flatten().collect::<BTreeSet<_>>().into_iter().map(|word| format!(" {word}")).collect()
}

/// The beginning of a word of [`sounds`], if that is what is asked for: letters, with tones or without.
fn asked_sound(asked: &str) -> Option<String> {
    let apart = |c: char| c.is_whitespace() || is_combining_mark(c) || matches!(c, '\'' | '’' | '-');
    let letters: String = asked.nfkd().filter(|c| !apart(*c)).collect::<String>().to_lowercase();
    let is_pinyin = !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_lowercase());
    is_pinyin.then(|| format!(" {letters}"))
}

/// Those persons `p` whose name holds what is asked for, or sounds like it.
pub(crate) fn named(conditions: &mut Conditions, asked: Option<&str>) {
    let Some(asked) = asked else { return };
    let key = name_key(asked);
    match asked_sound(asked) {
        Some(sound) => conditions.holds("(instr(p.name_key,?)>0 OR instr(p.name_sounds,?)>0)".to_owned(), vec![key.into(), sound.into()]),
        None => conditions.holds("instr(p.name_key,?)>0".to_owned(), vec![key.into()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(name: &str, asked: &str) -> bool {
        asked_sound(asked).is_some_and(|sound| sounds(name).contains(&sound))
    }

    #[test]
    fn a_name_is_found_by_whole_syllables_and_initials() {
        for asked in ["zhangxiaoming", "Zhang Xiaoming", "zhāng xiǎo míng", "zhangxiaom", "xiaoming", "ming", "zxm", "xm", "zhang", "zh"]
        {
            assert!(is_found("张晓明", asked), "{asked}");
        }
        for asked in ["ang", "iaoming", "wang", "zmx", "张", "", " "] {
            assert!(!is_found("张晓明", asked), "{asked}");
        }
        for asked in ["xian", "xi'an", "Xī'ān", "xa"] {
            assert!(is_found("西安", asked), "{asked}");
        }
        for asked in ["lv", "lü", "lǚ", "lu", "lyu", "lvbu", "lb"] {
            assert!(is_found("吕布", asked), "{asked}");
        }
        assert!(is_found("阿卜杜拉·买买提", "abudulamaimaiti") && is_found("阿卜杜拉·买买提", "maimaiti"));
        assert_eq!(sounds("Anna"), "");
    }

    #[test]
    fn a_surname_is_found_by_its_own_reading_and_by_the_usual_one() {
        for (surname, read) in [
            ("曾", ["zeng", "ceng"]),
            ("单", ["shan", "dan"]),
            ("解", ["xie", "jie"]),
            ("仇", ["qiu", "chou"]),
            ("查", ["zha", "cha"]),
            ("覃", ["qin", "tan"]),
            ("区", ["ou", "qu"]),
            ("朴", ["piao", "pu"]),
            ("盖", ["ge", "gai"]),
            ("任", ["ren", "ren"]),
            ("华", ["hua", "hua"]),
            ("缪", ["miao", "mou"]),
            ("员", ["yun", "yuan"]),
            ("乐", ["yue", "le"]),
            ("翟", ["zhai", "di"]),
            ("折", ["she", "zhe"]),
            ("召", ["shao", "zhao"]),
            ("黑", ["he", "hei"]),
            ("秘", ["bi", "mi"]),
            ("洗", ["xian", "xi"]),
            ("宓", ["mi", "fu"]),
            ("种", ["chong", "zhong"]),
            ("繁", ["po", "fan"]),
            ("万俟", ["moqi", "mq"]),
            ("尉迟", ["yuchi", "weichi"]),
            ("单于", ["chanyu", "cy"]),
            ("澹台", ["tantai", "tt"]),
            ("长孙", ["zhangsun", "zs"]),
        ] {
            for reading in read {
                assert!(
                    is_found(&format!("{surname}明"), &format!("{reading}ming"))
                        || is_found(&format!("{surname}明"), &format!("{reading}m")),
                    "{surname} {reading}: {}",
                    sounds(surname)
                );
            }
        }
    }

    #[test]
    fn no_name_has_more_words_than_its_syllables_allow() {
        let long = "乐".repeat(64);
        assert!(sounds(&long).split_whitespace().count() <= 64 * 2 * SPELLINGS_MAX_COUNT);
    }
}
