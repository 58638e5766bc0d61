//! Stars (星级): how they are given in a district, and setting that.

use async_graphql::{Context, Enum, Error, Object, SimpleObject};
use futures::TryFutureExt;
use gongyi_app::volunteering::star_schemes::SetStarScheme;
use gongyi_domain::{
    access::authority::Subject,
    values::{AreaCode as Code, AreaLevel, Minutes},
    volunteering::star_scheme::{Counts, Rating, STAR_SCHEME, StarScheme as Scheme},
};
use gongyi_projections::StarSchemeRow;

use crate::{
    access::{
        agents::Agent,
        areas::{self, Area},
    },
    door::Door,
    fault,
    list::List,
    loaders::StarsOf,
    outcome::payloads,
    scalars::{Area as AreaCode, Moment, Position},
    table::{mutations, wires},
};

/// Which confirmed hours count for stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Counts")]
pub enum StarsCount {
    /// Those with evidence of attendance only.
    Attested,
    /// Those entered by hand too.
    AttestedAndDeclared,
}

wires! {
    StarsCount => Counts = |counts| counts.into();
}

/// A volunteer's stars, by the scheme of the home district.
#[derive(SimpleObject)]
pub struct Stars {
    /// Stars, from 0.
    count: usize,
    /// Stars there are to reach.
    most: usize,
    /// Minutes that are missing for the next star; null with all of them.
    minutes_to_next: Option<u64>,
    /// Which confirmed hours count.
    counts: StarsCount,
}

impl Stars {
    pub(crate) async fn of(door: &Door<'_>, home_area: &Code, attested_minutes: u64, declared_minutes: u64) -> Result<Self, Error> {
        let row = match home_area.district() {
            Some(district) => door.load(StarsOf(district)).await?,
            None => None,
        };
        let scheme = row.map_or_else(Scheme::default, Scheme::from);
        let Rating { stars, minutes_to_next } = scheme.rating(attested_minutes, declared_minutes);
        Ok(Self { count: stars, most: scheme.thresholds.len(), minutes_to_next, counts: scheme.counts.into() })
    }
}

/// How stars are given in a district.
pub struct StarScheme {
    district: Code,
    row: Option<StarSchemeRow>,
    scheme: Scheme,
}

impl StarScheme {
    async fn of(door: &Door<'_>, district: Code) -> Result<Self, Error> {
        let row = door.load(StarsOf(district.clone())).await?;
        let scheme = row.clone().map_or_else(Scheme::default, Scheme::from);
        Ok(Self { district, row, scheme })
    }
}

/// How stars are given in a district; the national practice where the district has set nothing.
#[Object]
impl StarScheme {
    /// The code of the district.
    fn district_code(&self) -> AreaCode {
        AreaCode(self.district.clone())
    }
    /// The district.
    async fn district(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.district.clone()).await
    }
    /// The confirmed hours that each star takes, the first star's first.
    fn hours(&self) -> List<u32> {
        self.scheme.thresholds.iter().map(|threshold| threshold.0 / 60).collect()
    }
    /// Which confirmed hours count.
    fn counts(&self) -> StarsCount {
        self.scheme.counts.into()
    }
    /// When the district set it; null where the national practice holds.
    fn set_at(&self) -> Option<Moment> {
        self.row.as_ref().map(|row| Moment(row.set_at))
    }
    /// Who set it; null where the national practice holds.
    fn set_by(&self) -> Option<Agent> {
        self.row.as_ref().map(|row| Agent(row.set_by.clone()))
    }
}

/// The root field about stars.
#[derive(Default)]
pub struct StarQueries;

#[Object]
impl StarQueries {
    /// How stars are given in a district. Open to everybody.
    async fn star_scheme(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which district, by its six digits.")] district: AreaCode,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<StarScheme, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&STAR_SCHEME, &Subject::default())?;
        if district.0.level() != AreaLevel::District {
            return Err(fault::error(fault::Code::BadInput, "a district's code has six digits"));
        }
        StarScheme::of(&door, district.0).await
    }
}

payloads! {
    /// How stars are given in a district, after a command.
    StarSchemePayload(Code) {
        /// The district's stars.
        star_scheme: StarScheme = |door, district| StarScheme::of(door, district.clone()).map_ok(Some),
    }
}

mutations! {
    /// The root field that changes stars.
    pub struct StarMutations;

    /// Set how stars are given in a district. Stars change at once, for everybody at home there.
    SetStarScheme -> StarSchemePayload {
        /// Which district, by its six digits.
        district: AreaCode,
        /// The confirmed hours that each star takes, the first star's first: 1 to 10 rising numbers.
        hours: Vec<i32>,
        /// Which confirmed hours count.
        #[graphql(default_with = "StarsCount::AttestedAndDeclared")]
        counts: StarsCount,
    } = SetStarScheme { district, thresholds: hours.into_iter().map(minutes).collect(), counts };
}

/// Hours as minutes. Negative ones are none, and too many stay too many: the rule refuses both.
fn minutes(hours: i32) -> Minutes {
    Minutes(u32::try_from(hours).unwrap_or(0).saturating_mul(60))
}
