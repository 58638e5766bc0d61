//! Areas.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_domain::{
    access::{area::AREAS, authority::Subject},
    values::{AreaCode, AreaLevel},
};
use gongyi_projections::{AreaFilter as Filter, AreaRow};

use crate::{
    door::Door,
    ids,
    paging::{self, Paged},
    scalars::{Area as Code, Position},
};

/// How large an area is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "AreaLevel", name = "AreaLevel")]
pub enum Level {
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

/// An administrative area.
pub struct Area(pub(crate) AreaRow);

/// An administrative area of the national table.
#[Object]
impl Area {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.code)
    }
    /// The code.
    fn code(&self) -> Code {
        Code(self.0.code.clone())
    }
    /// The name.
    fn name(&self) -> &str {
        &self.0.name
    }
    /// How large it is.
    fn level(&self) -> Level {
        self.0.code.level().into()
    }
    /// Nobody lives there: kept out of lists unless asked for.
    fn pseudo(&self) -> bool {
        self.0.pseudo
    }
    /// The next larger area, if it is listed.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        match self.0.code.parent() {
            Some(code) => area(&Door::of(ctx)?, code).await,
            None => Ok(None),
        }
    }
}

/// A listed area.
pub(crate) async fn area(door: &Door<'_>, code: AreaCode) -> Result<Option<Area>, Error> {
    Ok(door.load(code).await?.map(Area))
}

/// Which areas.
#[derive(Default, InputObject)]
pub struct AreaFilter {
    /// This area and those within it.
    within: Option<Code>,
    /// Also those where nobody lives.
    #[graphql(default)]
    include_pseudo: bool,
}

/// The root fields about areas.
#[derive(Default)]
pub struct AreaQueries;

#[Object]
impl AreaQueries {
    /// Areas by code. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn areas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which areas.")] filter: Option<AreaFilter>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Area>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let filter = filter.unwrap_or_default();
        let subject = filter.within.as_ref().map(|it| Subject::area(it.0.clone())).unwrap_or_default();
        door.may(&AREAS, &subject)?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter { within: filter.within.map(|it| it.0), include_pseudo: filter.include_pseudo };
        Ok(paging::paged(door.read(door.app.views().areas(&filter, &page).await)?, Area))
    }
}
