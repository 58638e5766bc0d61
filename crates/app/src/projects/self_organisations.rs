//! Self-organisations incubated through deliberation. Members join and leave as in any organisation of volunteering.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::motion::Motion,
    projects::incubation::{
        END_INCUBATION, INCUBATE_SELF_ORGANISATION, Incubation, IncubationCommand, IncubationRefusal, REGISTER_SELF_ORGANISATION,
    },
    values::{AreaCode, CouncilId, Day, MotionId, OrganisationId},
    volunteering::organisation::OrganisationKind,
};
use serde::Serialize;

use super::working_council;
use crate::{
    Command,
    rejection::{Rejection, refused},
    volunteering::organisations::FoundOrganisation,
    work::{Loaded, Work},
};

/// Found a self-organisation and begin its incubation.
#[derive(Debug, Serialize)]
pub struct IncubateSelfOrganisation {
    /// Its name, unique among organisations.
    pub name: String,
    /// The area it works in.
    pub area: AreaCode,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
    /// The council through whose deliberation it comes about.
    pub council: CouncilId,
    /// The motion that asked for it: adopted, and that council's.
    pub motion: Option<MotionId>,
    /// Since when; `None` for today.
    pub on: Option<Day>,
}

impl Command for IncubateSelfOrganisation {
    const ACT: &'static Act = &INCUBATE_SELF_ORGANISATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        let (council, within) = working_council(work, self.council).await?;
        let (today, on) = (work.today(), self.on.unwrap_or_else(|| work.today()));
        council.require_established(on).map_err(refused)?;
        if !within.contains(&self.area) {
            return Err(refused(IncubationRefusal::IncubatedElsewhere));
        }
        if let Some(id) = self.motion {
            let motion = work.load::<Motion>(id).await?.into_inner();
            motion.require_adopted().map_err(refused)?;
            if motion.council != Some(self.council) {
                return Err(refused(IncubationRefusal::MotionOfAnotherCouncil));
            }
        }
        let kind = OrganisationKind::SelfOrganisation;
        let found = FoundOrganisation { kind, name: self.name.clone(), area: self.area.clone(), parent: self.parent, credit_code: None };
        let organisation = found.decide(work).await?;
        let (council, motion) = (self.council, self.motion);
        work.load_and_decide::<Incubation>(organisation, IncubationCommand::Begin { organisation, council, motion, on, today }).await?;
        Ok(organisation)
    }
}

/// The incubation of an organisation, if the actor may do `act` to it.
async fn kept(work: &mut Work<'_>, act: &Act, id: OrganisationId) -> Result<Loaded<Incubation>, Rejection> {
    let line = work.line_of_any(id).await?;
    work.may(act, &line.subject(None))?;
    work.load::<Incubation>(id).await
}

/// Record a self-organisation's registration.
#[derive(Debug, Serialize)]
pub struct RegisterSelfOrganisation {
    /// Which.
    pub organisation: OrganisationId,
    /// The number it was given.
    pub number: String,
    /// When; `None` for today.
    pub on: Option<Day>,
}

impl Command for RegisterSelfOrganisation {
    const ACT: &'static Act = &REGISTER_SELF_ORGANISATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        let incubation = kept(work, Self::ACT, self.organisation).await?;
        let today = work.today();
        let command = IncubationCommand::Register { number: self.number.clone(), on: self.on.unwrap_or(today), today };
        work.decide::<Incubation>(incubation, command).await?;
        Ok(self.organisation)
    }
}

/// End a self-organisation's incubation.
#[derive(Debug, Serialize)]
pub struct EndIncubation {
    /// Which.
    pub organisation: OrganisationId,
    /// Why.
    pub reason: String,
}

impl Command for EndIncubation {
    const ACT: &'static Act = &END_INCUBATION;
    type Answer = OrganisationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<OrganisationId, Rejection> {
        let incubation = kept(work, Self::ACT, self.organisation).await?;
        work.decide::<Incubation>(incubation, IncubationCommand::End { reason: self.reason.clone() }).await?;
        Ok(self.organisation)
    }
}
