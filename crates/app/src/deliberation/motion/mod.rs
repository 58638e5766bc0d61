//! Motions, by the parts of their way that the domain knows: drafted, amended, decided, carried out.
//!
//! - Who drafts, joins, seconds or proposes sits in the council on that day: [`CouncilCase::in_the_council`]. What is one's
//!   own one may change and take back also after one's term.

use std::sync::Arc;

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        council::{Council, CouncilRefusal},
        motion::{Motion, MotionRefusal},
    },
    values::{AreaCode, CouncilId, MotionId, PersonId},
};

use crate::{
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

pub mod amending;
pub mod carrying_out;
pub mod deciding;
pub mod drafting;

/// A council as a motion's command meets it; the commit expects it unchanged.
pub(super) struct CouncilCase {
    pub(super) council: Council,
    pub(super) area: AreaCode,
}

impl CouncilCase {
    pub(super) async fn load(work: &Work<'_>, id: CouncilId) -> Result<Self, Rejection> {
        let council = work.load::<Council>(id).await?.into_inner();
        let area = council.area.clone().ok_or_else(|| refused(CouncilRefusal::UnknownCouncil))?;
        Ok(Self { council, area })
    }

    /// The actor may do this in the name of `by`, who sits in the council today.
    pub(super) async fn in_the_council(&self, work: &mut Work<'_>, act: &Act, by: PersonId) -> Result<(), Rejection> {
        let today = work.today();
        let own = work.actor.person() == Some(by);
        work.may(act, &self.council.subject(own.then_some(by), today))?;
        if !own {
            work.may_in_the_name_of(act, Subject::area(self.area.clone()), by).await?;
        }
        self.council.require_working().map_err(refused)?;
        let sits = self.council.is_representative(by, today);
        if sits { Ok(()) } else { Err(refused(CouncilRefusal::NotARepresentative)) }
    }

    /// The actor may do this for the council, which works.
    pub(super) fn for_the_council(&self, work: &mut Work<'_>, act: &Act) -> Result<(), Rejection> {
        work.may(act, &Subject::area(self.area.clone()))?;
        self.council.require_working().map_err(refused)?;
        Ok(())
    }
}

/// A motion with its council.
pub(super) struct MotionCase {
    pub(super) motion: Loaded<Motion>,
    pub(super) council: CouncilId,
    pub(super) case: CouncilCase,
}

impl MotionCase {
    pub(super) async fn load(work: &Work<'_>, id: MotionId) -> Result<Self, Rejection> {
        let motion = work.load::<Motion>(id).await?;
        let council = motion.inner().council.ok_or_else(|| refused(MotionRefusal::UnknownMotion))?;
        Ok(Self { motion, council, case: CouncilCase::load(work, council).await? })
    }

    /// The actor may do this to what is `by`'s own, or write it down for `by`.
    pub(super) async fn about_ones_own(&self, work: &mut Work<'_>, act: &Act, by: PersonId) -> Result<(), Rejection> {
        work.may_in_the_name_of(act, Subject::area(self.case.area.clone()), by).await
    }

    /// Decides and stages.
    pub(super) async fn decide(
        self,
        work: &Work<'_>,
        command: impl Into<gongyi_domain::deliberation::motion::MotionCommand>,
    ) -> Result<Arc<Motion>, Rejection> {
        work.decide::<Motion>(self.motion, command.into()).await
    }
}
