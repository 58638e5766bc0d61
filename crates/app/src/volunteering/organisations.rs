//! Founding, amending and dissolving organisations.

use gongyi_domain::{
    access::{
        authority::{Act, Subject},
        claim::Purpose,
        contact::normalised,
    },
    prose::tidied,
    values::{AreaCode, OrganisationId},
    volunteering::{
        credit_code::CreditCode,
        organisation::{
            AMEND_ORGANISATION, DISSOLVE_ORGANISATION, FOUND_ORGANISATION, Organisation, OrganisationCommand, OrganisationKind, Profile,
        },
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

/// Found an organisation.
#[derive(Debug, Serialize)]
pub struct FoundOrganisation {
    /// Kind.
    pub kind: OrganisationKind,
    /// Name, unique.
    pub name: String,
    /// The area it works in.
    pub area: AreaCode,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
    /// Its unified social credit code, as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
}

impl Command for FoundOrganisation {
    const ACT: &'static Act = &FOUND_ORGANISATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        work.require_area(&self.area).await?;
        let id = OrganisationId(Uuid::now_v7());
        let above = above(work, self.parent).await?;
        let credit_code = self.credit_code.as_deref().map(CreditCode::parse).transpose().map_err(refused)?;
        let profile = Profile { kind: self.kind, name: named(&self.name), area: self.area.clone(), parent: self.parent, credit_code };
        take(work, id, Purpose::OrganisationName, &profile.name).await?;
        if let Some(code) = &profile.credit_code {
            take(work, id, Purpose::OrganisationCreditCode, code.as_str()).await?;
        }
        work.load_and_decide::<Organisation>(id, OrganisationCommand::Found { profile, above }).await?;
        Ok(id)
    }
}

async fn above(work: &Work<'_>, parent: Option<OrganisationId>) -> Result<Vec<OrganisationId>, Rejection> {
    match parent {
        Some(parent) => Ok(work.line(parent).await?.ids()),
        None => Ok(vec![]),
    }
}

/// A name as it is claimed and stored, both the same.
fn named(text: &str) -> String {
    normalised(&tidied(text))
}

async fn take(work: &Work<'_>, id: OrganisationId, purpose: Purpose, value: &str) -> Result<(), Rejection> {
    work.take_claim(purpose, value, id.0).await
}

async fn release(work: &Work<'_>, id: OrganisationId, purpose: Purpose, value: &str) -> Result<(), Rejection> {
    work.release_claim(purpose, value, id.0).await
}

/// Change an organisation's name, area, parent or credit code.
#[derive(Debug, Serialize)]
pub struct AmendOrganisation {
    /// Which.
    pub organisation: OrganisationId,
    /// The new name; `None` stays.
    pub name: Option<String>,
    /// The new area; `None` stays.
    pub area: Option<AreaCode>,
    /// The new parent; `None` stays, `Some(None)` for none.
    pub parent: Option<Option<OrganisationId>>,
    /// The new credit code, as typed; `None` stays, `Some(None)` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<Option<String>>,
}

impl Command for AmendOrganisation {
    const ACT: &'static Act = &AMEND_ORGANISATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        let id = self.organisation;
        let line = work.line(id).await?;
        work.may(Self::ACT, &line.subject(None))?;
        let old = line.profile().clone();
        let mut profile = old.clone();
        if let Some(area) = &self.area {
            work.may(Self::ACT, &Subject::area(area.clone()))?;
            work.require_area(area).await?;
            profile.area = area.clone();
        }
        if let Some(name) = &self.name {
            profile.name = named(name);
        }
        profile.parent = self.parent.unwrap_or(old.parent);
        if profile.name != old.name {
            take(work, id, Purpose::OrganisationName, &profile.name).await?;
            release(work, id, Purpose::OrganisationName, &old.name).await?;
        }
        if let Some(code) = &self.credit_code {
            profile.credit_code = code.as_deref().map(CreditCode::parse).transpose().map_err(refused)?;
        }
        if profile.credit_code != old.credit_code {
            if let Some(code) = &profile.credit_code {
                take(work, id, Purpose::OrganisationCreditCode, code.as_str()).await?;
            }
            if let Some(code) = &old.credit_code {
                release(work, id, Purpose::OrganisationCreditCode, code.as_str()).await?;
            }
        }
        // A parent that stays may have been dissolved; a new one works.
        let above = match profile.parent {
            Some(parent) if profile.parent == old.parent => work.line_of_any(parent).await?.ids(),
            parent => above(work, parent).await?,
        };
        work.load_and_decide::<Organisation>(id, OrganisationCommand::Amend { id, profile, above }).await?;
        Ok(id)
    }
}

/// Dissolve an organisation that is done with its activities and projects; its name and credit code become free.
#[derive(Debug, Serialize)]
pub struct DissolveOrganisation {
    /// Which.
    pub organisation: OrganisationId,
}

impl Command for DissolveOrganisation {
    const ACT: &'static Act = &DISSOLVE_ORGANISATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        let line = work.line(self.organisation).await?;
        work.may(Self::ACT, &line.subject(None))?;
        let unfinished = work.views_now().await?.unfinished_of_organisation(self.organisation, work.now).await;
        unfinished.map_err(|error| Fault::Views(error.into()))?.require_none().map_err(refused)?;
        release(work, self.organisation, Purpose::OrganisationName, &line.profile().name).await?;
        if let Some(code) = &line.profile().credit_code {
            release(work, self.organisation, Purpose::OrganisationCreditCode, code.as_str()).await?;
        }
        work.load_and_decide::<Organisation>(self.organisation, OrganisationCommand::Dissolve).await?;
        Ok(self.organisation)
    }
}
