//! Invented people. Every ID number has the region 440499, which was never given out; every phone number begins with
//! 199.

use chrono::{Datelike, Days};
use gongyi_domain::{access::id_number::check_character, values::Day};

const SURNAMES: &str = "陈林黄李梁张吴刘王何罗郑谢杨曾许邓冯周叶苏蔡卢潘钟彭余赖方曹";
const GIVEN: &str = "志明建国丽华海燕晓军秀英伟强玉兰文静子轩雨欣俊杰思敏家豪美玲振东慧珍国栋春梅嘉怡浩然";

/// One invented person.
pub struct Person {
    pub name: String,
    pub id_number: String,
    pub phone: String,
}

fn pick(random: &mut fastrand::Rng, from: &str) -> char {
    let nth = random.usize(..from.chars().count());
    from.chars().nth(nth).unwrap_or('陈')
}

/// The `n`th of many invented people, an adult on `today`, which is the same for all: another ID number for each, up to twenty
/// million of them.
pub fn person(random: &mut fastrand::Rng, n: usize, today: Day) -> Person {
    let mut name: String = pick(random, SURNAMES).into();
    for _ in 0..random.u8(1..=2) {
        name.push(pick(random, GIVEN));
    }
    // Those with one sequence number are all born on different days: 61 and the number of days have no common divisor.
    const DAYS: usize = 55 * 365;
    let age_days = 23 * 366 + (n / 1000 * 61 + n % 1000 * 37) % DAYS;
    let birth = today.checked_sub_days(Days::new(age_days as u64)).unwrap_or(today);
    let digits = format!("440499{:04}{:02}{:02}{:03}", birth.year(), birth.month(), birth.day(), n % 1000);
    let check = check_character(&digits).unwrap_or('0');
    Person { name, id_number: format!("{digits}{check}"), phone: format!("199{n:08}") }
}
