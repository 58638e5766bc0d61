//! Who applies for and carries out projects.

use async_graphql::{Context, Error, ID, Object, OneofObject};
use gongyi_domain::{
    projects::applicant::Applicant as Stored,
    refusal::Refusal,
    values::{CouncilId, OrganisationId},
};

use crate::{
    deliberation::councils::{self, Council},
    door::Door,
    ids,
    table::{At, Wire},
    volunteering::organisations::{self, Organisation},
};

/// Who applies for or carries out a project: one of the two.
pub struct Applicant {
    pub(crate) organisation: Option<OrganisationId>,
    pub(crate) council: Option<CouncilId>,
}

/// Who applies for or carries out a project: an organisation or a council.
#[Object]
impl Applicant {
    /// The organisation, if it is one; self-organisations of residents are organisations too.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<Organisation>, Error> {
        match self.organisation {
            Some(id) => organisations::organisation(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// The council, if it is one.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        match self.council {
            Some(id) => councils::council(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// Its name.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        let door = Door::of(ctx)?;
        Ok(match (self.organisation, self.council) {
            (Some(id), _) => door.load(id).await?.map(|row| row.name),
            (None, Some(id)) => door.load(id).await?.map(|row| row.name),
            (None, None) => None,
        })
    }
}

/// Who applies or carries out.
#[derive(OneofObject)]
pub enum ApplicantInput {
    /// An organisation.
    Organisation(ID),
    /// A council.
    Council(ID),
}

impl Wire for ApplicantInput {
    type Sent = Self;
    type Taken = Stored;
    fn read(sent: Self, at: At<'_>) -> Result<Stored, Refusal> {
        match sent {
            Self::Organisation(id) => ids::named(&id, at.field).map(Stored::Organisation),
            Self::Council(id) => ids::named(&id, at.field).map(Stored::Council),
        }
    }
}
