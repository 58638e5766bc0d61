//! Residents' covenants (居民公约): versions, what changed between them, and writing them down.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    clock::day_of,
    deliberation::covenants::{AdoptCovenant, FileCovenant, RepealCovenant, ReviseCovenant},
};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::covenant::{Adoption, COVENANTS, Version},
    values::{CovenantId, Day, MotionId},
};
use gongyi_projections::{CovenantFilter as Filter, CovenantRow};

use super::{
    councils::{self, Council},
    meeting::voting::{self, Vote},
    motion::{self, Motion},
    texts::{self, DIFFERENCE_COST_FIELDS, Text, TextDifference},
};
use crate::{
    access::areas::{self, Area},
    door::Door,
    ids,
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    scalars::{Area as AreaCode, Date, Position},
    table::mutations,
};

fn today(door: &Door<'_>) -> Day {
    day_of(door.now(), door.app.zone())
}

/// The decision that something rests on.
pub struct CovenantAdoption(Adoption);

/// The decision that a version of a covenant, or its repeal, rests on.
#[Object]
impl CovenantAdoption {
    /// The motion.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        motion::motion(&Door::of(ctx)?, self.0.motion).await
    }
    /// The vote that decided it.
    async fn vote(&self, ctx: &Context<'_>) -> Result<Option<Vote>, Error> {
        voting::of_id(&Door::of(ctx)?, self.0.vote).await
    }
    /// The day of the decision.
    fn on(&self) -> Date {
        Date(self.0.on)
    }
}

/// A version of a covenant.
pub struct CovenantVersion {
    number: u32,
    version: Version,
    before: Option<Version>,
}

/// A version of a covenant.
#[Object]
impl CovenantVersion {
    /// Which, from 1.
    fn number(&self) -> u32 {
        self.number
    }
    /// What it says.
    fn text(&self) -> Text {
        Text::from(&self.version.text)
    }
    /// The decision it rests on.
    fn adoption(&self) -> CovenantAdoption {
        CovenantAdoption(self.version.adoption)
    }
    /// From which day on it holds.
    fn effective(&self) -> Date {
        Date(self.version.effective)
    }
    /// The day it was filed (备案), once it was.
    fn filed(&self) -> Option<Date> {
        self.version.filed.map(Date)
    }
    /// What changed since the version before; null for the first.
    #[graphql(complexity = "DIFFERENCE_COST_FIELDS + child_complexity")]
    fn difference(&self) -> Option<TextDifference> {
        self.before.as_ref().map(|before| texts::difference_between(&before.text, &self.version.text))
    }
}

/// A covenant's repeal.
pub struct CovenantRepeal {
    adoption: Adoption,
    effective: Date,
}

/// A covenant's repeal.
#[Object]
impl CovenantRepeal {
    /// The decision it rests on.
    fn adoption(&self) -> CovenantAdoption {
        CovenantAdoption(self.adoption)
    }
    /// From which day on the covenant does not hold any more.
    fn effective(&self) -> Date {
        self.effective.clone()
    }
}

/// A covenant.
pub struct Covenant(CovenantRow);

impl Covenant {
    /// The version at this place of the list.
    fn version_at(&self, place: usize) -> Option<CovenantVersion> {
        let versions = &self.0.state.versions;
        let before = place.checked_sub(1).and_then(|before| versions.get(before)).cloned();
        Some(CovenantVersion { number: u32::try_from(place + 1).ok()?, version: versions.get(place)?.clone(), before })
    }
}

/// A residents' covenant (居民公约); every version was adopted by a motion. Covenants are public.
#[Object]
impl Covenant {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The council whose motions made it.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        councils::council(&Door::of(ctx)?, self.0.council).await
    }
    /// The code of the area where it holds.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area where it holds.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// Its last version's title.
    fn title(&self) -> &str {
        &self.0.title
    }
    /// Its versions, the first first; 200 at most.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn versions(&self) -> List<CovenantVersion> {
        (0..self.0.state.versions.len()).filter_map(|place| self.version_at(place)).collect()
    }
    /// The version that holds on a day; null if none does.
    fn in_force(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which day; today if not said.")] on: Option<Date>,
    ) -> Result<Option<CovenantVersion>, Error> {
        let day = on.map_or(today(&Door::of(ctx)?), |on| on.0);
        let holds = self.0.state.in_force(day);
        let place = holds.and_then(|holds| self.0.state.versions.iter().position(|version| version == holds));
        Ok(place.and_then(|place| self.version_at(place)))
    }
    /// What changed from one version to another, in either direction; null if there is none of them.
    #[graphql(complexity = "DIFFERENCE_COST_FIELDS + child_complexity")]
    fn difference(
        &self,
        #[graphql(desc = "From this version.")] from: u32,
        #[graphql(desc = "To this version.")] to: u32,
    ) -> Option<TextDifference> {
        let (from, to) = (self.0.state.version(from).ok()?, self.0.state.version(to).ok()?);
        Some(texts::difference_between(&from.text, &to.text))
    }
    /// Its repeal, if it was repealed.
    fn repeal(&self) -> Option<CovenantRepeal> {
        self.0.state.repealed.map(|(adoption, effective)| CovenantRepeal { adoption, effective: Date(effective) })
    }
}

/// A covenant; they are public.
pub(crate) async fn covenant(door: &Door<'_>, id: CovenantId) -> Result<Option<Covenant>, Error> {
    Ok(door.load(id).await?.map(Covenant))
}

/// Which covenants.
#[derive(Default, InputObject)]
pub struct CovenantFilter {
    /// Of this council.
    council: Option<ID>,
    /// Of councils in this area or within it.
    area: Option<AreaCode>,
    /// Also those that are repealed.
    #[graphql(default)]
    include_repealed: bool,
}

/// The root fields about covenants.
#[derive(Default)]
pub struct CovenantQueries;

#[Object]
impl CovenantQueries {
    /// Covenants by area and the day of their first decision. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn covenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which covenants.")] filter: Option<CovenantFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Covenant>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&COVENANTS, &Subject::default())?;
        let (filter, page) = (filter.unwrap_or_default(), paging::asked(ctx, first, after, last, before)?);
        let filter = Filter {
            council: filter.council.as_ref().map(ids::asked).transpose()?,
            area: filter.area.map(|it| it.0),
            standing_on: (!filter.include_repealed).then(|| today(&door)),
        };
        Ok(paging::paged(door.read(door.app.views().covenants(&filter, &page).await)?, Covenant))
    }

    /// One covenant; null if there is none. Open to everybody.
    async fn covenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Covenant>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&COVENANTS, &Subject::default())?;
        covenant(&door, ids::asked(&id)?).await
    }
}

payloads! {
    /// A covenant, after a command.
    CovenantPayload(CovenantId) {
        /// The covenant.
        covenant: Covenant = |door, id| covenant(door, *id),
    }
}

mutations! {
    /// The root fields that write covenants down.
    pub struct CovenantMutations;

    /// Write down the covenant that a motion adopted, by the charter's rule for covenants.
    AdoptCovenant -> CovenantPayload {
        /// The motion that adopted it; its text is the covenant's.
        motion: MotionId,
        /// From which day on it holds; from the day of the decision if not said.
        effective: Option<Date>,
    }

    /// Write down a covenant's next version, which a motion adopted.
    ReviseCovenant -> CovenantPayload {
        /// Which covenant.
        covenant: CovenantId,
        /// The motion that decided so.
        motion: MotionId,
        /// From which day on; from the day of the decision if not said.
        effective: Option<Date>,
    }

    /// Write down that a motion repealed a covenant.
    RepealCovenant -> CovenantPayload {
        /// Which covenant.
        covenant: CovenantId,
        /// The motion that decided so.
        motion: MotionId,
        /// From which day on; from the day of the decision if not said.
        effective: Option<Date>,
    }

    /// Write down that a version was filed (备案) with the authority.
    FileCovenant -> CovenantPayload {
        /// Which covenant.
        covenant: CovenantId,
        /// Which version, from 1.
        version: u32,
        /// The day; today if not said.
        on: Option<Date>,
    }
}
