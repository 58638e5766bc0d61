//! The schema's own scalars.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SubsecRound, Utc};
use gongyi_domain::{
    access::contact::normalised,
    deliberation::decision::Fraction,
    typed_time,
    values::{AreaCode, Cents, Day, Instant},
};
use gongyi_eventlog::Token;

macro_rules! text_scalar {
    ($($(#[$doc:meta])* $name:ident($inner:ty) as $schema:literal by $url:literal, $read:expr, $write:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub $inner);

        $(#[$doc])*
        #[Scalar(name = $schema, specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
                let read: fn(&str) -> Option<$inner> = $read;
                read(text).map(Self).ok_or_else(|| InputValueError::custom(concat!("not a valid ", $schema)))
            }
            fn to_value(&self) -> Value {
                let write: fn(&$inner) -> String = $write;
                Value::String(write(&self.0))
            }
        }
    )+};
}

text_scalar! {
    /// A calendar day in the platform's time zone, `2026-05-04`; `2026/5/4` and `2026年5月4日` are taken too.
    Date(Day) as "Date" by "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        |text| text.parse().ok().or_else(|| typed_time::day(text).ok()), Day::to_string;
    /// An administrative area by its code (GB/T 2260): 2 digits a province, 4 a city, 6 a district, 9 a street or town, 12 a community,
    /// 15 a grid. A code as the statistics bureau publishes it, with zeros at the end, is taken too: `440402000000` is `440402`.
    Area(AreaCode) as "AreaCode" by "https://www.stats.gov.cn/sj/tjbz/tjyqhdmhcxhfdm/",
        |text| normalised(text).parse().ok(), AreaCode::to_string;
    /// A moment after RFC 3339, with its offset: `2026-05-04T09:30:00+08:00`; `2026年5月4日 9时30分 +08:00` is taken too. Kept to the
    /// microsecond; answered in UTC.
    Moment(Instant) as "DateTime" by "https://www.rfc-editor.org/rfc/rfc3339",
        |text| {
            let at = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
            at.or_else(|| typed_time::moment_with_offset(text).ok()).map(|at| at.trunc_subsecs(6))
        },
        |at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    /// An exact share of a whole, `2/3`: more than nothing, at most all.
    Share(Fraction) as "Fraction" by "https://en.wikipedia.org/wiki/Fraction", |text| text.parse().ok(), Fraction::to_string;
    /// A position of the platform's log, opaque. Answers carry the position they have reached; whoever sends it along
    /// with a later read, to any node, reads at least that much.
    Position(String) as "Position" by "https://relay.dev/graphql/connections.htm#sec-Cursor", |text| Some(text.to_owned()), String::clone;
}

/// An amount of money in cents of yuan (分): a whole number of at most 1000000000000000, which any reader of JSON holds exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money(pub Cents);

/// An amount of money in cents of yuan (分): a whole number of at most 1000000000000000, which any reader of JSON holds exactly.
#[Scalar(name = "Cents", specified_by_url = "https://www.rfc-editor.org/rfc/rfc7493#section-2.2")]
impl ScalarType for Money {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = &value else { return Err(InputValueError::expected_type(value)) };
        let amount = number.as_u64().and_then(|cents| Cents::try_new(cents).ok());
        amount.map(Self).ok_or_else(|| InputValueError::custom("not an amount in cents"))
    }
    fn to_value(&self) -> Value {
        Value::from(self.0.get())
    }
}

/// Any value of JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct AnyJson(pub serde_json::Value);

/// Any value of JSON.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for AnyJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }
    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

impl From<Token> for Position {
    fn from(token: Token) -> Self {
        Self(token.to_string())
    }
}

/// A whole number that may be larger than `Int`, or less than nothing; of money, in cents of yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub i64);

/// A whole number that may be larger than `Int`, or less than nothing; of money, in cents of yuan.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Amount {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = &value else { return Err(InputValueError::expected_type(value)) };
        number.as_i64().map(Self).ok_or_else(|| InputValueError::custom("not a whole number"))
    }
    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_are_the_areas_they_stand_for() {
        let area = |text: &str| Area::parse(text.into()).map(|Area(code)| code.to_string()).ok();
        for (typed, code) in [("440402000000", "440402"), ("440400", "4404"), ("44", "44"), ("４４０４０２ ", "440402")] {
            assert_eq!(area(typed).as_deref(), Some(code), "{typed}");
        }
        assert_eq!(area("44040200"), None);
    }

    #[test]
    fn days_and_moments_are_taken_as_people_write_them() {
        let day = |text: &str| Date::parse(text.into()).map(|Date(day)| day.to_string()).ok();
        for text in ["2022-03-05", "2022/3/5", "2022年3月5日", "2022年3月5号 星期六", "2022/3/5 0:00"] {
            assert_eq!(day(text).as_deref(), Some("2022-03-05"), "{text}");
        }
        assert_eq!(day("1871-02-28").as_deref(), Some("1871-02-28"), "what was taken before");
        assert_eq!((day("3/5/2022"), day("2022年2月30日"), day("2022年3月5日 星期五")), (None, None, None));
        let moment = |text: &str| Moment::parse(text.into()).map(|Moment(at)| at.to_string()).ok();
        for text in ["2022-03-10T14:30:00+08:00", "2022年3月10日14时30分+08:00", "2022-03-10 下午2:30 +0800", "2022-03-10 06:30Z"] {
            assert_eq!(moment(text).as_deref(), Some("2022-03-10 06:30:00 UTC"), "{text}");
        }
        assert_eq!(moment("2022-03-05 24:00+08:00").as_deref(), Some("2022-03-05 16:00:00 UTC"), "the end of that day");
        assert_eq!(moment("2022-03-10 14:30"), None, "of no zone");
    }
}
