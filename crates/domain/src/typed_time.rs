//! Days and moments as people type them, and as programs that people paste from write them.
//!
//! - A day: year, month and day in this order, `2022-03-05`, `2022/3/5`, `2022.3.5`, `20220305`, `2022年3月5日`, `2022年3月5号`; then
//!   perhaps its weekday, which must be the day's, and a time of day.
//! - A time of day: `7:30`, `07:30:00.5`, `7时30分`, `16点30分`, `16点半`, `16点整`, `下午2:00`, `2:00 PM`; `24:00` is the end of the day.
//! - A moment: a day and a time, then perhaps an offset from UTC (`Z`, `+08:00`, `+0800`, `+8`); without one it is of the zone that
//!   is handed in. Of a time that comes twice the first is meant; one that the zone skips is told as such.
//! - Another order of day and month, a year of two digits, a spreadsheet's number of days: who can say what is meant? They are
//!   not guessed.

use chrono::{Datelike, Days, FixedOffset, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Weekday};

use crate::{
    access::contact::normalised,
    values::{Day, Instant},
};

/// The first year that a spreadsheet knows; an earlier one is the slip of another way to write a date.
const FIRST_YEAR: i32 = 1900;
/// Farther than any zone's local time is from UTC, and than any has ever leapt (Samoa left out a day in 2011).
const LOCAL_TIME_REACH: TimeDelta = TimeDelta::hours(48);

/// What is wrong with a text that is no day or moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATime {
    /// It is not written as one.
    #[error("it is not written as a date or time that is told for certain")]
    Format,
    /// It is written as one, but the calendar or the clock has none such.
    #[error("there is no such date or time")]
    Date,
    /// The weekday beside it is another day's.
    #[error("the day is another weekday")]
    Weekday,
    /// The zone's clocks leap over this time on that day.
    #[error("the clocks skip this time on that day")]
    Skipped,
}

impl NotATime {
    /// What is wrong, in Chinese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Format => ("请按 2022-03-05 07:30 的格式填写日期和时间", "Write a date and a time as 2022-03-05 07:30"),
            Self::Date => ("没有这个日期或时间", "There is no such date or time"),
            Self::Weekday => ("日期与星期不符", "The date is another day of the week"),
            Self::Skipped => ("当天没有这个时刻", "There is no such time on that day: the clocks leap over it"),
        }
    }

    /// What is wrong with a day, in Chinese and English.
    pub fn words_about_a_day(self) -> (&'static str, &'static str) {
        match self {
            Self::Format => ("请按 2022-03-05 的格式填写日期", "Write a date as 2022-03-05"),
            Self::Date | Self::Weekday | Self::Skipped => self.words(),
        }
    }
}

/// A day. A time of day beside it must be one, and changes nothing; with an offset it could be another day here, and is refused.
///
/// # Errors
/// See [`NotATime`].
pub fn day(text: &str) -> Result<Day, NotATime> {
    let Typed { day, offset, .. } = typed(text)?;
    if offset.is_some() { Err(NotATime::Format) } else { Ok(day) }
}

/// A moment.
///
/// # Errors
/// See [`NotATime`].
pub fn moment<Z: TimeZone>(text: &str, zone: &Z) -> Result<Instant, NotATime> {
    typed(text)?.instant(zone, false)
}

/// A moment at which something ends: as [`moment`], but a midnight that the zone skips is the end of the day before.
///
/// # Errors
/// See [`NotATime`].
pub fn end<Z: TimeZone>(text: &str, zone: &Z) -> Result<Instant, NotATime> {
    typed(text)?.instant(zone, true)
}

/// A moment that says its offset itself.
///
/// # Errors
/// See [`NotATime`]; without an offset it is [`NotATime::Format`].
pub fn moment_with_offset(text: &str) -> Result<Instant, NotATime> {
    let typed = typed(text)?;
    let offset = typed.offset.ok_or(NotATime::Format)?;
    typed.instant(&offset, false)
}

/// The moment at which a day begins in a zone, also where its clocks leap over midnight.
pub fn beginning<Z: TimeZone>(day: Day, zone: &Z) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    if let Some(at) = zone.from_local_datetime(&midnight).earliest() {
        return at.to_utc();
    }
    let has_begun = |at: Instant| at.with_timezone(zone).date_naive() >= day;
    let (mut before, mut after) = (midnight.and_utc() - LOCAL_TIME_REACH, midnight.and_utc() + LOCAL_TIME_REACH);
    while after - before > TimeDelta::seconds(1) {
        let between = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        *(if has_begun(between) { &mut after } else { &mut before }) = between;
    }
    after
}

/// What a text says.
struct Typed {
    day: Day,
    time: Option<Time>,
    offset: Option<FixedOffset>,
}

enum Time {
    Of(NaiveTime),
    /// 24:00.
    DayEnd,
}

impl Typed {
    fn instant<Z: TimeZone>(&self, zone: &Z, ends: bool) -> Result<Instant, NotATime> {
        match self.offset {
            Some(offset) => self.in_zone(&offset, ends),
            None => self.in_zone(zone, ends),
        }
    }

    fn in_zone<Z: TimeZone>(&self, zone: &Z, ends: bool) -> Result<Instant, NotATime> {
        match self.time.as_ref().ok_or(NotATime::Format)? {
            Time::DayEnd => Ok(beginning(self.day.checked_add_days(Days::new(1)).ok_or(NotATime::Date)?, zone)),
            Time::Of(NaiveTime::MIN) if ends => Ok(beginning(self.day, zone)),
            Time::Of(time) => {
                let local = NaiveDateTime::new(self.day, *time);
                zone.from_local_datetime(&local).earliest().map(|at| at.to_utc()).ok_or(NotATime::Skipped)
            }
        }
    }
}

fn typed(text: &str) -> Result<Typed, NotATime> {
    let text = normalised(text);
    let (day, rest) = leading_day(&text)?;
    let touches = rest.starts_with(|c: char| c.is_ascii_digit());
    // Before a time stands a space or a T, unless the day has its own sign at the end.
    if touches && !text[..text.len() - rest.len()].ends_with(['日', '号']) {
        return Err(NotATime::Format);
    }
    let (weekday, rest) = leading_weekday(rest.trim_start());
    if weekday.is_some_and(|weekday| weekday != day.weekday()) {
        return Err(NotATime::Weekday);
    }
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(rest).trim();
    if rest.is_empty() {
        return if text.ends_with(['T', 't']) { Err(NotATime::Format) } else { Ok(Typed { day, time: None, offset: None }) };
    }
    let (time, offset) = trailing_offset(rest)?;
    Ok(Typed { day, time: Some(clock(time)?), offset })
}

/// A number of so many digits.
fn digits(part: &str, least: usize, most: usize) -> Option<u32> {
    let fits = (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if fits { part.parse().ok() } else { None }
}

/// The digits that a text begins with, and what follows.
fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn calendar_day(year: u32, month: u32, day: u32) -> Result<Day, NotATime> {
    let year = i32::try_from(year).ok().filter(|year| *year >= FIRST_YEAR).ok_or(NotATime::Format)?;
    Day::from_ymd_opt(year, month, day).ok_or(NotATime::Date)
}

/// What follows the sign between year, month and day.
fn after_sign(text: &str) -> Result<&str, NotATime> {
    let worded = || text.strip_prefix(['年', '月']).map(str::trim_start);
    text.strip_prefix(['-', '/', '.']).or_else(worded).ok_or(NotATime::Format)
}

/// The day that a text begins with, and what follows.
fn leading_day(text: &str) -> Result<(Day, &str), NotATime> {
    let (first, rest) = leading_digits(text);
    if let Some(number) = digits(first, 8, 8) {
        if rest.starts_with(['日', '号']) {
            return Err(NotATime::Format);
        }
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let (first, second, last) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
        // `05032022`: the year stands at the end, and who can say which of the others is the month?
        let year_is_last = calendar_day(last, first, second).is_ok() || calendar_day(last, second, first).is_ok();
        let day = calendar_day(year, month, day).map_err(|problem| if year_is_last { NotATime::Format } else { problem });
        return Ok((day?, rest));
    }
    let (month, rest) = leading_digits(after_sign(rest)?);
    let (day, rest) = leading_digits(after_sign(rest)?);
    match (digits(first, 4, 4), digits(month, 1, 2), digits(day, 1, 2)) {
        (Some(year), Some(month), Some(day)) => Ok((calendar_day(year, month, day)?, rest.strip_prefix(['日', '号']).unwrap_or(rest))),
        _ => Err(NotATime::Format),
    }
}

/// The weekday that a text begins with, in brackets or not, and what follows.
fn leading_weekday(text: &str) -> (Option<Weekday>, &str) {
    let found = || {
        let (inner, closes) = text.strip_prefix('(').map_or((text, false), |inner| (inner, true));
        let rest = ["星期", "周", "礼拜"].iter().find_map(|word| inner.strip_prefix(word))?;
        let weekday = match rest.chars().next()? {
            '一' => Weekday::Mon,
            '二' => Weekday::Tue,
            '三' => Weekday::Wed,
            '四' => Weekday::Thu,
            '五' => Weekday::Fri,
            '六' => Weekday::Sat,
            '日' | '天' => Weekday::Sun,
            _ => return None,
        };
        let rest = &rest['一'.len_utf8()..];
        Some((weekday, if closes { rest.strip_prefix(')')? } else { rest }.trim_start()))
    };
    found().map_or((None, text), |(weekday, rest)| (Some(weekday), rest))
}

/// The offset from UTC that a time ends with, and what stands before it.
fn trailing_offset(text: &str) -> Result<(&str, Option<FixedOffset>), NotATime> {
    let Some(sign) = text.rfind(['+', '-', '\u{2212}', 'Z', 'z']) else { return Ok((text, None)) };
    let (time, offset) = text.split_at(sign);
    let time = time.trim_end();
    let time = time.strip_suffix("UTC").or_else(|| time.strip_suffix("GMT")).unwrap_or(time).trim_end();
    let (sign, amount) = offset.split_at(offset.chars().next().map_or(0, char::len_utf8));
    if matches!(sign, "Z" | "z") {
        return if amount.is_empty() { Ok((time, FixedOffset::east_opt(0))) } else { Err(NotATime::Format) };
    }
    let (hours, minutes) = match (amount.split_once(':'), amount.len()) {
        (Some((hours, minutes)), _) => (digits(hours, 1, 2), digits(minutes, 2, 2)),
        (None, 4) if amount.is_ascii() => (digits(&amount[..2], 2, 2), digits(&amount[2..], 2, 2)),
        (None, _) => (digits(amount, 1, 2), Some(0)),
    };
    let (hours, minutes) = hours.zip(minutes).ok_or(NotATime::Format)?;
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| minutes < 60).ok_or(NotATime::Date)?;
    let offset = FixedOffset::east_opt(if sign == "+" { seconds } else { -seconds }).ok_or(NotATime::Date)?;
    Ok((time, Some(offset)))
}

/// A part of the day, as people say it before (or, in English, also behind) a time.
#[derive(Clone, Copy)]
enum PartOfDay {
    /// Midnight to noon; twelve is midnight, as spreadsheets write 上午12:30.
    Morning,
    /// 凌晨: midnight to six; twelve is midnight.
    SmallHours,
    /// 中午: eleven to two; twelve is noon.
    Midday,
    /// Noon to midnight; twelve is noon.
    Afternoon,
    /// 晚上: six to midnight; twelve could be either midnight.
    Evening,
}

impl PartOfDay {
    const WORDS: [(&str, Self); 14] = [
        ("上午", Self::Morning),
        ("早上", Self::Morning),
        ("早晨", Self::Morning),
        ("清晨", Self::Morning),
        ("凌晨", Self::SmallHours),
        ("中午", Self::Midday),
        ("下午", Self::Afternoon),
        ("傍晚", Self::Afternoon),
        ("晚上", Self::Evening),
        ("晚", Self::Evening),
        ("AM", Self::Morning),
        ("A.M.", Self::Morning),
        ("PM", Self::Afternoon),
        ("P.M.", Self::Afternoon),
    ];

    /// The hour of the day, of an hour that is told with this part; hours of the long count (下午14:00) must lie in it.
    fn hour(self, hour: u32) -> Result<u32, NotATime> {
        match (self, hour) {
            (Self::Morning | Self::SmallHours, 12) => Ok(0),
            (Self::Morning, 0..=11) | (Self::SmallHours, 0..=6) | (Self::Midday, 11..=14) => Ok(hour),
            (Self::Midday, 1 | 2) | (Self::Afternoon, 1..=11) | (Self::Evening, 5..=11) => Ok(hour + 12),
            (Self::Afternoon, 12..=23) | (Self::Evening, 17..=23) => Ok(hour),
            // 晚上2点 is the next day's to some, 晚上12点 the end of the day or its beginning.
            (Self::Evening, 1..=4 | 12) => Err(NotATime::Format),
            _ => Err(NotATime::Date),
        }
    }

    /// The part that a time is told with, and the time.
    fn told(text: &str) -> (Option<Self>, &str) {
        let upper = text.to_ascii_uppercase();
        for (word, part) in Self::WORDS {
            if upper.starts_with(word) {
                return (Some(part), text[word.len()..].trim_start());
            }
            if word.is_ascii() && upper.ends_with(word) {
                return (Some(part), text[..text.len() - word.len()].trim_end());
            }
        }
        (None, text)
    }
}

fn clock(text: &str) -> Result<Time, NotATime> {
    let (part, text) = PartOfDay::told(text);
    let text = text.replace('點', "点").replace("点整", "点").replace("点半", "点30");
    // `16点` and `16时` say that they are hours; a bare number does not.
    let whole_hour = text.ends_with(['点', '时']);
    let text = text.replace(['时', '点', '分'], ":").replace('秒', "");
    let text = text.strip_suffix(':').unwrap_or(&text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<Option<u32>> = whole.split(':').map(|part| digits(part.trim(), 1, 2)).collect();
    let (hour, minute, second) = match parts[..] {
        [Some(hour)] if whole_hour && whole == text => (hour, 0, 0),
        [Some(hour), Some(minute)] if whole == text => (hour, minute, 0),
        [Some(hour), Some(minute), Some(second)] if digits(fraction, 1, 9).is_some() => (hour, minute, second),
        _ => return Err(NotATime::Format),
    };
    let nanoseconds = format!("{fraction:0<9}").parse().map_err(|_| NotATime::Format)?;
    let hour = match part {
        Some(part) => part.hour(hour)?,
        None if (hour, minute, second, nanoseconds) == (24, 0, 0, 0) => return Ok(Time::DayEnd),
        None => hour,
    };
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds).map(Time::Of).ok_or(NotATime::Date)
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::Sao_Paulo, Asia::Shanghai, Europe::Berlin, Pacific::Apia, Tz};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_read_in_every_usual_way() {
        for text in [
            "2022-03-05",
            "2022/3/5",
            "2022.03.05",
            "20220305",
            "2022年3月5日",
            "2022年3月5号",
            "2022年 3月 5日",
            "２０２２年３月５日",
            "2022年3月5日 星期六",
            "2022年3月5日（周六）",
            "2022-03-05星期六",
            "2022/3/5 0:00",
            "2022/3/5 14:30",
            "2022-03-05 00:00:00",
            "2022-03-05 24:00",
            "2022-03-05T07:30",
        ] {
            assert_eq!(day(text).map(|day| day.to_string()), Ok("2022-03-05".into()), "{text}");
        }
        for (problem, texts) in [
            (NotATime::Date, &["2022/13/40", "2022-02-29", "20220230", "2022年2月30日", "2022-03-05 25:00"][..]),
            (NotATime::Weekday, &["2022年3月5日 星期五", "2022-03-05 (周日) 7:30"]),
            (NotATime::Format, &["昨天", "5/3/2022", "3/5/2026", "26-03-05", "46086", "46086.5", "05032026", "31121999", "0026-03-05"]),
            (NotATime::Format, &["", "2022-3", "2022-03-05-", "20220305日", "1899-12-31", "Mar 5 2022", "2022-0003-05", "2022-03-05T"]),
            (NotATime::Format, &["2022-03-0507:30", "202203050730", "2022年3月5日 星期八", "2022-03-05 (周六", "2022-03-05T00:00:00Z"]),
        ] {
            for text in texts {
                assert_eq!(day(text), Err(problem), "{text}");
            }
        }
    }

    #[test]
    fn moments_are_read_in_every_usual_way() {
        for (text, at) in [
            ("2022-03-05 07:30", "2022-03-05T07:30:00"),
            ("2022/3/5 7:30:00", "2022-03-05T07:30:00"),
            ("2022-03-05T07:30", "2022-03-05T07:30:00"),
            ("2022-03-05 07:30:00.5", "2022-03-05T07:30:00.5"),
            ("2022年3月5日 7时30分", "2022-03-05T07:30:00"),
            ("2022年3月10日14时30分", "2022-03-10T14:30:00"),
            ("2022年3月10日14时30分05秒", "2022-03-10T14:30:05"),
            ("2022年3月10日 16点30分", "2022-03-10T16:30:00"),
            ("2022年3月10日16点半", "2022-03-10T16:30:00"),
            ("2022年3月10号16点", "2022-03-10T16:00:00"),
            ("2022年3月10日16点整", "2022-03-10T16:00:00"),
            ("2022-03-10 下午2:00", "2022-03-10T14:00:00"),
            ("2022年3月10日下午2点30分", "2022-03-10T14:30:00"),
            ("2022-03-10 下午14:00", "2022-03-10T14:00:00"),
            ("2022-03-10 上午12:30", "2022-03-10T00:30:00"),
            ("2022-03-10 下午12:30", "2022-03-10T12:30:00"),
            ("2022-03-10 中午12点", "2022-03-10T12:00:00"),
            ("2022-03-10 中午1点", "2022-03-10T13:00:00"),
            ("2022-03-10 凌晨3:05", "2022-03-10T03:05:00"),
            ("2022-03-10 晚上8点", "2022-03-10T20:00:00"),
            ("2022-03-10 2:00 PM", "2022-03-10T14:00:00"),
            ("2022-03-10 12:00am", "2022-03-10T00:00:00"),
            ("2022年3月5日 星期六 ７：３０", "2022-03-05T07:30:00"),
            ("2022-03-05 24:00", "2022-03-06T00:00:00"),
            ("2022年12月31日24时", "2023-01-01T00:00:00"),
            ("2022-03-05 07:30Z", "2022-03-05T15:30:00"),
            ("2022-03-05T07:30:00+08:00", "2022-03-05T07:30:00"),
            ("2022-03-05 07:30 +0900", "2022-03-05T06:30:00"),
            ("2022-03-05 07:30 GMT+8", "2022-03-05T07:30:00"),
            ("2022-03-05 24:00-03:30", "2022-03-06T11:30:00"),
        ] {
            let want = Shanghai.from_local_datetime(&at.parse().unwrap()).unwrap().to_utc();
            assert_eq!(moment(text, &Shanghai), Ok(want), "{text}");
        }
        for (problem, texts) in [
            (NotATime::Date, &["2022-03-05 25:00", "2022-03-05 07:60", "2022-02-30 07:30", "2022-03-05 24:30", "2022-03-05 上午14:00"][..]),
            (
                NotATime::Format,
                &["2022-03-05", "早上八点", "3/5/2026 07:30", "26-03-05 07:30", "46086.3125", "2022-03-05 7", "2022-03-05 下午2"],
            ),
            (
                NotATime::Format,
                &["2022-03-05 07:30.5", "2022-03-05 7::30", "2022-03-05 晚上12点", "2022-03-05 07:30+080", "2022-03-05 07:30ZZ"],
            ),
        ] {
            for text in texts {
                assert_eq!(moment(text, &Shanghai), Err(problem), "{text}");
            }
        }
        assert_eq!(moment_with_offset("2022-03-05 07:30"), Err(NotATime::Format), "whose?");
        assert_eq!(moment_with_offset("2022年3月5日7时30分+08:00").unwrap().to_string(), "2022-03-04 23:30:00 UTC");
    }

    #[test]
    fn a_time_that_a_zone_skips_is_said_to_be_just_that() {
        assert_eq!(moment("2022-03-27 02:30", &Berlin), Err(NotATime::Skipped), "the clock leaps from two to three");
        assert_eq!(end("2022-03-27 02:30", &Berlin), Err(NotATime::Skipped));
        // São Paulo's clocks leapt at midnight: 2018-11-04 began at one.
        assert_eq!(moment("2018-11-04 00:00", &Sao_Paulo), Err(NotATime::Skipped));
        for text in ["2018-11-04 00:00", "2018-11-03 24:00"] {
            assert_eq!(end(text, &Sao_Paulo).unwrap().to_string(), "2018-11-04 03:00:00 UTC", "{text}");
        }
        assert_eq!(moment("2018-11-03 24:00", &Sao_Paulo), end("2018-11-03 24:00", &Sao_Paulo));
        // Samoa had no 30 December in 2011.
        assert_eq!(end("2011-12-29 24:00", &Apia).unwrap().to_string(), "2011-12-30 10:00:00 UTC");
        assert_eq!(moment("2022-10-30 02:30", &Berlin).unwrap().to_string(), "2022-10-30 00:30:00 UTC", "the first of two");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}", near in "[0-9年月日号时点分秒上下午星期六:/. TZ+\\-(]{0,24}") {
            let at = "2022-03-05 ".to_owned() + &near;
            for text in [&text, &near, &at] {
                let _ = (day(text), moment(text, &Shanghai), end(text, &Sao_Paulo), moment_with_offset(text));
            }
        }

        /// What is written in any of our ways is read as what it was, wherever the zone has such a time.
        #[test]
        fn what_is_written_is_read_back(days in 0..60_000_u64, seconds in 0..86_400_u32, zone in prop::sample::select(vec![Shanghai, Berlin, Sao_Paulo, Apia])) {
            let zone: Tz = zone;
            let local = Day::from_ymd_opt(1900, 1, 1).unwrap().checked_add_days(Days::new(days)).unwrap()
                .and_time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap());
            let want = zone.from_local_datetime(&local).earliest().map(|at| at.to_utc());
            for form in ["%Y-%m-%d %H:%M:%S", "%Y/%-m/%-d %-H:%M:%S", "%Y年%-m月%-d日%-H时%M分%S秒", "%Y%m%d %H:%M:%S", "%Y-%m-%d %I:%M:%S %p"] {
                let text = local.format(form).to_string();
                prop_assert_eq!(moment(&text, &zone).ok(), want, "{}", &text);
                prop_assert_eq!(day(&text), Ok(local.date()), "{}", &text);
            }
        }
    }
}
