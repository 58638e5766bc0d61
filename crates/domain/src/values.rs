//! Values that cannot hold a wrong value: ids, area codes, minutes, sealed text.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A moment, to the microsecond. The domain never asks for the current one; it is handed in.
pub type Instant = DateTime<Utc>;
/// A day in the tenant's time zone.
pub type Day = NaiveDate;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self { id.0 }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+};
}

ids! {
    /// A human being; identity, key and home area hang on it. Volunteer, account and later roles refer to it.
    PersonId,
    /// A sign-in.
    AccountId,
    /// A person as a volunteer; also the id of that volunteer's service ledger and calendar.
    VolunteerId,
    /// A team, group, station, federation or self-organisation.
    OrganisationId,
    /// A published activity.
    ActivityId,
    /// One shift of an activity.
    ShiftId,
    /// One stay at an activity, from check-in to check-out.
    AttendanceId,
    /// One service record in a volunteer's ledger.
    RecordId,
    /// A council (议事会); also the id of its motions' register.
    CouncilId,
    /// An election.
    ElectionId,
    /// A meeting of a council.
    MeetingId,
    /// An item of a meeting's agenda.
    AgendaItemId,
    /// One vote, from its opening to its decision.
    VoteId,
    /// A poll; also the id of its roll and of its list of ballots.
    PollId,
    /// One entry of a poll's roll.
    RollEntryId,
    /// A motion.
    MotionId,
    /// An amendment to a motion.
    AmendmentId,
    /// A paragraph of a motion or covenant, the same through all versions of the text.
    ParagraphId,
    /// An issue raised by a resident.
    ResidentIssueId,
    /// A residents' covenant.
    CovenantId,
    /// A fund (专项资金).
    FundId,
    /// One grant of a fund to a project.
    AllocationId,
    /// One payment out of a grant.
    DisbursementId,
    /// A round in which projects are selected (遴选).
    RoundId,
    /// An application in a round.
    ApplicationId,
    /// An objection against a selection.
    ObjectionId,
    /// A project.
    ProjectId,
    /// One entry of a project's own books: money raised, or an expense.
    BookEntryId,
    /// A community benefit activity (公益活动).
    CommunityActivityId,
}

/// An administrative area by its code (GB/T 2260 and the statistics bureau's extension): 2 digits a province, 4 a city, 6 a
/// district, 9 a street or town, 12 a community, 15 a grid. Containment is a prefix test.
///
/// The bureau publishes every code with twelve digits, larger areas with zeros (统计用区划代码和城乡划分代码编制规则,
/// 国统字〔2009〕91号): `440402000000` is the district 440402. What is typed is read so ([`str::parse`]); what is stored stays as it
/// is ([`AreaCode::try_new`]), for such a code may have been listed as a community before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct AreaCode(String);

/// The text is not an area code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an area code has 2, 4, 6, 9, 12 or 15 digits")]
pub struct NotAnAreaCode;

/// How large an area is, told by its code's length. The larger is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AreaLevel {
    /// 省、自治区、直辖市, 2 digits.
    Province,
    /// 市, 4 digits.
    City,
    /// 区县, 6 digits.
    District,
    /// 街道、镇, 9 digits.
    Street,
    /// 社区、村, 12 digits.
    Community,
    /// 网格, 15 digits.
    Grid,
}

impl AreaLevel {
    /// Every level, the largest first.
    pub const ALL: [Self; 6] = [Self::Province, Self::City, Self::District, Self::Street, Self::Community, Self::Grid];

    /// How many digits its codes have.
    pub fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::District => 6,
            Self::Street => 9,
            Self::Community => 12,
            Self::Grid => 15,
        }
    }

    /// The next smaller level; `None` below a grid.
    pub fn below(self) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level > self)
    }
}

impl AreaCode {
    /// A code as it is stored, digit for digit.
    ///
    /// # Errors
    /// Anything but 2, 4, 6, 9, 12 or 15 ASCII digits.
    pub fn try_new(code: impl Into<String>) -> Result<Self, NotAnAreaCode> {
        let code = code.into();
        let fits = AreaLevel::ALL.iter().any(|level| level.digits() == code.len()) && code.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(code)) } else { Err(NotAnAreaCode) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this area or lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether both lie in one district, or one of them in the other.
    pub fn shares_district(&self, other: &Self) -> bool {
        let district = self.district();
        self.contains(other) || other.contains(self) || district.is_some() && district == other.district()
    }

    /// The district it is or lies in; `None` of a larger area.
    pub fn district(&self) -> Option<Self> {
        self.0.get(..AreaLevel::District.digits()).map(|code| Self(code.to_owned()))
    }

    /// The level its length stands for.
    pub fn level(&self) -> AreaLevel {
        AreaLevel::ALL.into_iter().find(|level| level.digits() == self.0.len()).unwrap_or(AreaLevel::Grid)
    }

    /// The next larger area; `None` above a province.
    pub fn parent(&self) -> Option<Self> {
        let above = AreaLevel::ALL.into_iter().rfind(|level| *level < self.level())?;
        Some(Self(self.0[..above.digits()].to_owned()))
    }

    /// Itself and all larger areas up to its district, or up to itself if it is larger.
    pub fn line(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), |area| area.parent().filter(|above| above.level() >= AreaLevel::District))
    }
}

impl TryFrom<String> for AreaCode {
    type Error = NotAnAreaCode;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::try_new(code)
    }
}
impl FromStr for AreaCode {
    type Err = NotAnAreaCode;

    /// A code as it is typed or published: zeros at the end stand for the levels below it.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut area = Self::try_new(code)?;
        for level in AreaLevel::ALL.into_iter().rev() {
            let above = area.parent().filter(|above| area.level() == level && area.0[above.0.len()..].bytes().all(|digit| digit == b'0'));
            // A code of two digits has nothing above it, nor is there a province 00.
            if let Some(above) = above {
                area = above;
            }
        }
        Ok(area)
    }
}
impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.0
    }
}
impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whole minutes of service. Sums are checked: a total that does not fit is an error, never a wrong number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Minutes(pub u32);

impl Minutes {
    /// The whole minutes from `start` to `end`; `None` if `end` is not after `start` or too far away to count.
    pub fn between(start: Instant, end: Instant) -> Option<Self> {
        u32::try_from((end - start).num_minutes()).ok().filter(|minutes| *minutes > 0).map(Self)
    }

    /// The sum, unless it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// An amount of money in cents of yuan (分), at most [`Cents::MAX`]. Sums are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u64", into = "u64")]
#[schemars(with = "u64")]
pub struct Cents(u64);

/// More than there is an amount for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is at most {} cents", Cents::MAX.0)]
pub struct NotAnAmount;

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount: ten million million yuan, which every reader of JSON numbers still holds exactly (2^53).
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// So many cents.
    ///
    /// # Errors
    /// More than [`Cents::MAX`].
    pub fn try_new(cents: u64) -> Result<Self, NotAnAmount> {
        if cents <= Self::MAX.0 { Ok(Self(cents)) } else { Err(NotAnAmount) }
    }

    /// How many.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The sum, unless it is more than [`Cents::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::try_new(sum).ok())
    }

    /// The difference, unless it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl TryFrom<u64> for Cents {
    type Error = NotAnAmount;
    fn try_from(cents: u64) -> Result<Self, NotAnAmount> {
        Self::try_new(cents)
    }
}
impl From<Cents> for u64 {
    fn from(amount: Cents) -> Self {
        amount.0
    }
}
impl fmt::Display for Cents {
    /// In yuan, `15000.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Personal text, encrypted under its person's data key before it reaches the domain. Only the vault opens it, with
/// the stream, event type and field it was sealed for; without the key it is noise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Sealed {
    /// Whose key opens it.
    pub of: PersonId,
    /// Base64 of nonce and ciphertext (XChaCha20-Poly1305).
    pub text: String,
}

/// Whether two half-open spans `[a0, a1)` and `[b0, b1)` share a moment.
pub fn overlaps(a: (Instant, Instant), b: (Instant, Instant)) -> bool {
    a.0 < b.1 && b.0 < a.1
}

/// Full years of age on `day` of somebody born on `birth` (born on 29 February: a year older on 1 March in common
/// years, as 民法典 counts by the birthday's date).
pub fn age_on(birth: Day, day: Day) -> u32 {
    day.years_since(birth).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn containment_is_a_prefix_test() {
        let (district, street) = (AreaCode::try_new("440402").unwrap(), AreaCode::try_new("440402001").unwrap());
        assert!(district.contains(&street) && !street.contains(&district));
        assert_eq!(street.parent(), Some(district));
    }

    #[test]
    fn one_district_has_six_digits_in_common() {
        let code = |text: &str| text.parse::<AreaCode>().unwrap();
        assert!(code("440402001001").shares_district(&code("440402")) && code("440402001").shares_district(&code("440402002001")));
        assert!(!code("440402001").shares_district(&code("440403001")));
    }

    #[test]
    fn codes_of_other_lengths_or_digits_are_refused() {
        for wrong in ["", "4", "440", "44040", "4404020", "44040２", "44040a", "4404020000000"] {
            assert_eq!(AreaCode::try_new(wrong), Err(NotAnAreaCode), "{wrong}");
            assert_eq!(wrong.parse::<AreaCode>(), Err(NotAnAreaCode), "{wrong}");
        }
    }

    #[test]
    fn published_codes_are_read_as_the_level_they_are_and_stored_ones_stay() {
        for (typed, code, level) in [
            ("440000000000", "44", AreaLevel::Province),
            ("440000", "44", AreaLevel::Province),
            ("44", "44", AreaLevel::Province),
            ("440400000000", "4404", AreaLevel::City),
            ("440400", "4404", AreaLevel::City),
            ("440402000000", "440402", AreaLevel::District),
            ("440402000", "440402", AreaLevel::District),
            ("440402", "440402", AreaLevel::District),
            ("440402001000", "440402001", AreaLevel::Street),
            ("440402100016", "440402100016", AreaLevel::Community),
            ("440402001010", "440402001010", AreaLevel::Community),
            ("440402001001000", "440402001001", AreaLevel::Community),
            ("440402001001010", "440402001001010", AreaLevel::Grid),
            ("110000", "11", AreaLevel::Province),
            ("440410", "440410", AreaLevel::District),
            ("441900003000", "441900003", AreaLevel::Street),
        ] {
            let area: AreaCode = typed.parse().unwrap();
            assert_eq!((area.as_str(), area.level()), (code, level), "{typed}");
        }
        let stored: AreaCode = serde_json::from_str("\"440402000000\"").unwrap();
        assert_eq!((stored.as_str(), stored.level()), ("440402000000", AreaLevel::Community));
        assert_eq!(serde_json::to_string(&stored).unwrap(), "\"440402000000\"");
    }

    #[test]
    fn a_city_lies_above_its_districts() {
        let code = |text: &str| text.parse::<AreaCode>().unwrap();
        let above = |text: &str| code(text).parent().map(String::from);
        assert_eq!((above("440402"), above("4404"), above("44")), (Some("4404".into()), Some("44".into()), None));
        assert!(code("44").contains(&code("440402001001")) && code("4404").shares_district(&code("440402001")));
        assert!(!code("4404").shares_district(&code("4405")) && !code("4404").contains(&code("44")));
        assert_eq!((code("4404").district(), code("440402001").district()), (None, Some(code("440402"))));
        let line = |text: &str| code(text).line().map(String::from).collect::<Vec<_>>();
        assert_eq!(line("440402001001"), ["440402001001", "440402001", "440402"]);
        assert_eq!(line("4404"), ["4404"]);
        assert_eq!((AreaLevel::City.below(), AreaLevel::Grid.below()), (Some(AreaLevel::District), None));
    }

    proptest! {
        #[test]
        fn what_is_published_of_an_area_is_that_area(code in "[1-9][1-9]([0-9][1-9]([0-9][1-9]([0-9]{2}[1-9]([0-9]{2}[1-9])?)?)?)?") {
            let published = format!("{code:0<12}");
            prop_assert_eq!(String::from(published.parse::<AreaCode>().unwrap()), code.clone());
            prop_assert_eq!(String::from(code.parse::<AreaCode>().unwrap()), code.clone());
            let stored = AreaCode::try_new(&published).unwrap();
            prop_assert_eq!(stored.as_str(), published.as_str());
            prop_assert!(code.parse::<AreaCode>().unwrap().contains(&stored));
        }
    }

    #[test]
    fn an_amount_is_neither_negative_nor_too_large() {
        let one = Cents::try_new(1).unwrap();
        assert_eq!((Cents::MAX.checked_add(one), Cents::ZERO.checked_sub(one)), (None, None));
        assert_eq!(Cents::try_new(Cents::MAX.get() + 1), Err(NotAnAmount));
        assert!(serde_json::from_str::<Cents>("-1").is_err() && serde_json::from_str::<Cents>("0.5").is_err());
        assert_eq!(Cents::try_new(1_500_005).unwrap().to_string(), "15000.05");
    }

    #[test]
    fn age_changes_on_the_birthday() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(age_on(day("2008-03-02"), day("2026-03-01")), 17);
        assert_eq!(age_on(day("2008-03-02"), day("2026-03-02")), 18);
    }
}
