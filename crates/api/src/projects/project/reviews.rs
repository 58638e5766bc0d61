//! What residents say of projects.

use async_graphql::{Context, Error, ID, Object};
use gongyi_app::projects::projects::ReviewProject;
use gongyi_domain::values::ProjectId;
use gongyi_projections::{ProjectReviewRow, RatingCount};

use super::ProjectPayload;
use crate::{
    access::personal::{Met, Named},
    door::Door,
    scalars::Moment,
    table::mutations,
};

/// A resident's review.
pub struct ProjectReview(pub(crate) ProjectReviewRow);

/// What a resident says of what a project did.
#[Object]
impl ProjectReview {
    /// Who, by the person's id; null where the name is masked.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Met::as_resident(self.0.person).id(&Door::of(ctx)?).await
    }
    /// The name; masked, `张*`, for those who may not see personal data; null once erased.
    async fn by_name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        Met::as_resident(self.0.person).name(&Door::of(ctx)?).await
    }
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.0.rating
    }
    /// In the resident's own words; null for those who may not see personal data, and once erased.
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        let (sight, _) = Met::as_resident(self.0.person).seen(&Door::of(ctx)?).await?;
        Ok(sight.text(self.0.text.as_deref()))
    }
    /// When.
    fn reviewed_at(&self) -> Moment {
        Moment(self.0.reviewed_at)
    }
}

/// How many residents gave a rating.
pub struct ProjectRating(pub(crate) RatingCount);

/// How many residents gave a rating.
#[Object]
impl ProjectRating {
    /// 1 to 5.
    fn rating(&self) -> u8 {
        self.0.rating
    }
    /// How many.
    fn count(&self) -> u64 {
        self.0.count
    }
}

mutations! {
    /// The root fields that review projects.
    pub struct ProjectReviewMutations;

    /// Say how well a project was carried out, for oneself, once.
    ReviewProject -> ProjectPayload {
        /// Which project.
        project: ProjectId,
        /// 1 to 5.
        rating: u8,
        /// In one's own words; kept sealed, shown to those who may see personal data.
        text: Option<String>,
    } for by
}
