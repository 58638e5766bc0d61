//! 项目与资金: funds, rounds, projects, community benefit activities, self-organisations.

pub mod community_activities;
pub mod funds;
pub mod project_starts;
#[expect(clippy::module_inception, reason = "the context has the name of what it is about")]
pub mod projects;
pub mod round;
pub mod self_organisations;

use gongyi_domain::{
    access::{authority::Subject, person::Person},
    deliberation::council::{Council, CouncilRefusal},
    projects::{applicant::Applicant, project::Project, project_terms::ProjectRefusal},
    values::{AreaCode, CouncilId, PersonId, ProjectId},
};

use crate::{
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// A council that works, with its area; the commit expects it unchanged.
async fn working_council(work: &Work<'_>, id: CouncilId) -> Result<(Council, AreaCode), Rejection> {
    let council = work.load::<Council>(id).await?.into_inner();
    let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
    council.require_working().map_err(refused)?;
    Ok((council, area))
}

/// Whoever applies or carries out works.
async fn require_working(work: &Work<'_>, applicant: Applicant) -> Result<(), Rejection> {
    match applicant {
        Applicant::Organisation(id) => drop(work.line(id).await?),
        Applicant::Council(id) => drop(working_council(work, id).await?),
    }
    Ok(())
}

/// What somebody does for who applies or carries out: its coordinators may, in this area.
async fn subject(work: &Work<'_>, applicant: Applicant, area: AreaCode, person: Option<PersonId>) -> Result<Subject, Rejection> {
    let organisations = match applicant {
        Applicant::Organisation(id) => work.line_of_any(id).await?.ids(),
        Applicant::Council(_) => vec![],
    };
    Ok(Subject { area: Some(area), organisations, person })
}

/// A project that was started, with what an act is about when it is about the project.
async fn project(work: &Work<'_>, id: ProjectId) -> Result<(Loaded<Project>, Subject), Rejection> {
    let project = work.load::<Project>(id).await?;
    let it = project.inner();
    let (Some(area), Some(carrier)) = (it.area.clone(), it.carrier) else { return Err(refused(ProjectRefusal::UnknownProject)) };
    let subject = subject(work, carrier, area, None).await?;
    Ok((project, subject))
}

/// Whether a person is registered with a home in the area.
async fn is_at_home(work: &Work<'_>, person: PersonId, area: &AreaCode) -> Result<bool, Rejection> {
    Ok(match work.load::<Person>(person).await?.inner() {
        Person::Registered { home_area, .. } => area.contains(home_area),
        Person::Unknown | Person::Erased => false,
    })
}
