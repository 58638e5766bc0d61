//! Stars (星级) of a district's volunteers: how many hours each star takes, and which hours count.
//!
//! - One scheme a district, for the volunteers at home there; without one the national practice holds.
//! - Thresholds rise strictly: 1 to 10 of them, the first above zero.
//! - Stars are worked out from confirmed minutes whenever they are asked for, never stored: another scheme is another
//!   number of stars at once, and the ledgers stay as they are.
//!
//! The national practice is 100, 300, 600, 1000 and 1500 hours (志愿服务记录办法, 民函〔2012〕340号), of all that
//! is recorded. Attested and declared hours are never shown as one total; which of them a star rests on is a rule of
//! the district's, and is told wherever stars are told.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{AreaCode, AreaLevel, Minutes},
};

/// Most stars.
pub const STARS_MAX_COUNT: usize = 10;
/// Highest threshold, in minutes: 100,000 hours, more than a life of service.
pub const STAR_THRESHOLD_MAX_MINUTES: u32 = 100_000 * 60;
/// The thresholds where none are set, in minutes.
pub const STARS_DEFAULT_MINUTES: [Minutes; 5] =
    [Minutes(100 * 60), Minutes(300 * 60), Minutes(600 * 60), Minutes(1_000 * 60), Minutes(1_500 * 60)];

/// Set a district's stars.
pub const SET_STAR_SCHEME: Act = Act { name: "setStarScheme", open_to: &[To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)] };
/// Read a district's stars.
pub const STAR_SCHEME: Act = Act { name: "starScheme", open_to: &[To::Anyone] };

/// The stream of a district's stars.
pub fn star_scheme_stream(district: &AreaCode) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("gongyi:star-scheme:{district}").as_bytes())
}

/// Which confirmed hours count for stars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Those with evidence of attendance only.
    Attested,
    /// Those entered by hand too.
    #[default]
    AttestedAndDeclared,
}

impl Counts {
    /// The stored name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::AttestedAndDeclared => "attested_and_declared",
        }
    }
}

/// How stars are given in a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarScheme {
    /// What each star takes, the first star's first.
    pub thresholds: Vec<Minutes>,
    /// Which hours count.
    pub counts: Counts,
    /// Set by the district; else the national practice.
    pub is_set: bool,
}

impl Default for StarScheme {
    fn default() -> Self {
        Self { thresholds: STARS_DEFAULT_MINUTES.to_vec(), counts: Counts::default(), is_set: false }
    }
}

/// How many stars confirmed service makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    /// Stars, from 0.
    pub stars: usize,
    /// Minutes that are missing for the next star; `None` with all of them.
    pub minutes_to_next: Option<u64>,
}

impl StarScheme {
    /// The stars of so many confirmed minutes.
    pub fn rating(&self, attested_minutes: u64, declared_minutes: u64) -> Rating {
        let counted = match self.counts {
            Counts::Attested => attested_minutes,
            Counts::AttestedAndDeclared => attested_minutes.saturating_add(declared_minutes),
        };
        let stars = self.thresholds.iter().take_while(|threshold| u64::from(threshold.0) <= counted).count();
        let next = self.thresholds.get(stars);
        Rating { stars, minutes_to_next: next.map(|threshold| u64::from(threshold.0).saturating_sub(counted)) }
    }
}

/// What may be asked of a scheme.
#[derive(Debug, Clone)]
pub enum StarSchemeCommand {
    /// Set it; the same again changes nothing.
    Set {
        /// Whose.
        district: AreaCode,
        /// What each star takes.
        thresholds: Vec<Minutes>,
        /// Which hours count.
        counts: Counts,
    },
}

/// What happened to a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StarSchemeEvent {
    /// Set.
    StarSchemeSet {
        /// Whose.
        district: AreaCode,
        /// What each star takes, in minutes.
        thresholds: Vec<Minutes>,
        /// Which hours count.
        counts: Counts,
    },
}
impl DomainEvent for StarSchemeEvent {}

refusals! {
    /// Why a scheme is refused.
    pub enum StarSchemeRefusal {
        /// Stars are a district's.
        NotADistrict("district", "星级标准按区（县）设定", "Stars are set for a district"),
        /// Wrong thresholds.
        StarThresholdsUnfit { most: usize, most_hours: u32 }("hours",
            "星级时数须为 1 至 {most} 个逐级递增的正整数，每个不超过 {most_hours} 小时",
            "The hours of stars are 1 to {most} rising numbers above zero, each at most {most_hours}"),
    }
}

fn fit(thresholds: &[Minutes]) -> bool {
    let within = |minutes: &Minutes| (1..=STAR_THRESHOLD_MAX_MINUTES).contains(&minutes.0);
    (1..=STARS_MAX_COUNT).contains(&thresholds.len())
        && thresholds.iter().all(within)
        && thresholds.windows(2).all(|pair| pair[0] < pair[1])
}

impl Aggregate for StarScheme {
    const NAME: &'static str = "star_scheme";
    type State = Self;
    type Command = StarSchemeCommand;
    type Event = StarSchemeEvent;
    type Error = StarSchemeRefusal;

    fn handle_command(scheme: &Self, command: StarSchemeCommand) -> Result<Vec<StarSchemeEvent>, StarSchemeRefusal> {
        let StarSchemeCommand::Set { district, thresholds, counts } = command;
        if district.level() != AreaLevel::District {
            return Err(StarSchemeRefusal::NotADistrict);
        }
        if !fit(&thresholds) {
            let most_hours = STAR_THRESHOLD_MAX_MINUTES / 60;
            return Err(StarSchemeRefusal::StarThresholdsUnfit { most: STARS_MAX_COUNT, most_hours });
        }
        if scheme.is_set && (&scheme.thresholds, scheme.counts) == (&thresholds, counts) {
            return Ok(vec![]);
        }
        Ok(vec![StarSchemeEvent::StarSchemeSet { district, thresholds, counts }])
    }

    fn apply_event(_: Self, event: StarSchemeEvent) -> Self {
        let StarSchemeEvent::StarSchemeSet { district: _, thresholds, counts } = event;
        Self { thresholds, counts, is_set: true }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::given;

    fn set(district: &str, hours: &[u32], counts: Counts) -> StarSchemeCommand {
        let thresholds = hours.iter().map(|hours| Minutes(hours.saturating_mul(60))).collect();
        StarSchemeCommand::Set { district: district.parse().unwrap(), thresholds, counts }
    }

    #[test]
    fn a_scheme_is_set_and_the_same_again_changes_nothing() {
        let set = |counts| set("440402", &[100, 300, 600, 1_000, 1_500], counts);
        // The district says so itself, even if it is what holds anyway.
        let scheme = given::<StarScheme>([]).and(set(Counts::default()));
        assert!(scheme.is_set);
        scheme.when(set(Counts::default())).then([]);
        assert_eq!(scheme.when(set(Counts::Attested)).events().len(), 1);
    }

    #[test]
    fn thresholds_rise_and_are_a_districts() {
        let default = given::<StarScheme>([]);
        let unfit = StarSchemeRefusal::StarThresholdsUnfit { most: 10, most_hours: 100_000 };
        for hours in [&[][..], &[0, 1], &[100, 100], &[300, 100], &[100_001], &[u32::MAX], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]] {
            default.when(set("440402", hours, Counts::default())).then_refused(unfit.clone());
        }
        default.when(set("440402001", &[100], Counts::default())).then_refused(StarSchemeRefusal::NotADistrict);
        default.when(set("440402", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 100_000], Counts::default())).then_done();
    }

    #[test]
    fn a_star_is_reached_with_its_last_minute_and_counts_what_the_scheme_says() {
        let both = StarScheme::default();
        let attested = StarScheme { counts: Counts::Attested, ..StarScheme::default() };
        let rating = |stars, minutes_to_next| Rating { stars, minutes_to_next };
        assert_eq!(both.rating(0, 0), rating(0, Some(6_000)));
        assert_eq!(both.rating(5_999, 0), rating(0, Some(1)));
        assert_eq!(both.rating(2_000, 4_000), rating(1, Some(12_000)));
        assert_eq!(attested.rating(2_000, 4_000), rating(0, Some(4_000)));
        assert_eq!(both.rating(90_000, 0), rating(5, None));
        assert_eq!(both.rating(u64::MAX, u64::MAX), rating(5, None));
    }

    proptest! {
        #[test]
        fn more_service_never_has_fewer_stars(
            steps in proptest::collection::vec(1u32..600_000, 1..=10), attested in 0u64..7_000_000, declared in 0u64..7_000_000, more in 0u64..1_000_000
        ) {
            let thresholds: Vec<_> = steps.iter().scan(0, |sum, step| { *sum += step; Some(Minutes(*sum)) }).collect();
            for counts in [Counts::Attested, Counts::AttestedAndDeclared] {
                let scheme = StarScheme { thresholds: thresholds.clone(), counts, is_set: true };
                let before = scheme.rating(attested, declared);
                prop_assert!(before.stars <= scheme.rating(attested + more, declared).stars);
                prop_assert!(before.stars <= scheme.rating(attested, declared + more).stars);
                // What is said to be missing is exactly what is missing.
                if let Some(missing) = before.minutes_to_next {
                    prop_assert_eq!(scheme.rating(attested + missing - 1, declared).stars, before.stars);
                    prop_assert_eq!(scheme.rating(attested + missing, declared).stars, before.stars + 1);
                }
            }
        }
    }
}
