//! Exact shares of a whole, and how far one must be reached. No floats: counts are compared by cross multiplication.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A share of a whole, `2/3`: more than nothing, at most all, in lowest terms. Stored as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Fraction {
    numerator: u32,
    denominator: u32,
}

/// The text or the numbers are no share of a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a share is written 2/3: more than nothing and at most the whole")]
pub struct NotAFraction;

impl Fraction {
    /// One half.
    pub const HALF: Self = Self { numerator: 1, denominator: 2 };
    /// One third.
    pub const THIRD: Self = Self { numerator: 1, denominator: 3 };
    /// Two thirds.
    pub const TWO_THIRDS: Self = Self { numerator: 2, denominator: 3 };
    /// Three quarters.
    pub const THREE_QUARTERS: Self = Self { numerator: 3, denominator: 4 };
    /// The whole.
    pub const ALL: Self = Self { numerator: 1, denominator: 1 };

    /// The share `numerator/denominator`, reduced.
    ///
    /// # Errors
    /// Nothing, more than the whole, or a denominator of zero.
    pub fn try_new(numerator: u32, denominator: u32) -> Result<Self, NotAFraction> {
        if numerator == 0 || numerator > denominator {
            return Err(NotAFraction);
        }
        let (mut divisor, mut rest) = (denominator, numerator);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Ok(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Over the line.
    pub fn numerator(self) -> u32 {
        self.numerator
    }

    /// Under the line.
    pub fn denominator(self) -> u32 {
        self.denominator
    }

    /// `part/whole` against this share. Exact for any counts: 64 by 32 bits fit into 128.
    fn compare(self, part: u64, whole: u64) -> std::cmp::Ordering {
        (u128::from(part) * u128::from(self.denominator)).cmp(&(u128::from(whole) * u128::from(self.numerator)))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}
impl FromStr for Fraction {
    type Err = NotAFraction;
    fn from_str(text: &str) -> Result<Self, NotAFraction> {
        let (numerator, denominator) = text.split_once('/').ok_or(NotAFraction)?;
        let number = |digits: &str| digits.trim().parse().map_err(|_| NotAFraction);
        Self::try_new(number(numerator)?, number(denominator)?)
    }
}
impl TryFrom<String> for Fraction {
    type Error = NotAFraction;
    fn try_from(text: String) -> Result<Self, NotAFraction> {
        text.parse()
    }
}
impl From<Fraction> for String {
    fn from(share: Fraction) -> Self {
        share.to_string()
    }
}

/// How far a share must be reached (民法典 art. 1259: 以上 includes the number itself, 超过 excludes it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// 超过、过半数: strictly more than the share.
    MoreThan(Fraction),
    /// 以上: the share itself is enough.
    AtLeast(Fraction),
}

impl Threshold {
    /// 过半数: strictly more than half.
    pub const MORE_THAN_HALF: Self = Self::MoreThan(Fraction::HALF);
    /// 三分之二以上: two thirds are enough.
    pub const AT_LEAST_TWO_THIRDS: Self = Self::AtLeast(Fraction::TWO_THIRDS);

    /// The share it names.
    pub fn share(self) -> Fraction {
        match self {
            Self::MoreThan(share) | Self::AtLeast(share) => share,
        }
    }

    /// Whether `part` of `whole` reaches it. Of nothing, nothing is reached: an empty room decides nothing.
    pub fn reached(self, part: u64, whole: u64) -> bool {
        whole > 0
            && match self {
                Self::MoreThan(share) => share.compare(part, whole).is_gt(),
                Self::AtLeast(share) => share.compare(part, whole).is_ge(),
            }
    }

    /// Whether any count could ever reach it: more than all is more than there is.
    pub fn is_reachable(self) -> bool {
        self != Self::MoreThan(Fraction::ALL)
    }
}
