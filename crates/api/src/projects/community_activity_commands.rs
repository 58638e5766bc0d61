//! What changes community activities.

use async_graphql::ID;
use gongyi_app::projects::community_activities::{
    BeginCommunityActivity, CancelCommunityActivity, CorrectPersonTimes, HoldCommunityActivity, VoidCommunityActivity,
};
use gongyi_domain::{
    projects::community_activity::Beginner,
    refusal::Refusal,
    values::{CommunityActivityId, CouncilId, PersonId, ProjectId},
};

use super::{
    community_activities::{self, CommunityActivity},
    evidence::Evidence,
};
use crate::{
    outcome::payloads,
    scalars::{Area, Date},
    table::{At, Oneself, Wire, mutations},
};

payloads! {
    /// A community activity, after a command.
    CommunityActivityPayload(CommunityActivityId) {
        /// The community activity.
        community_activity: CommunityActivity = |door, id| community_activities::community_activity(door, *id),
    }
}

/// A representative by id, oneself if not said; asked for only where there is a council.
pub(crate) struct Representative {
    named: bool,
    person: Result<PersonId, Refusal>,
}

impl Wire for Representative {
    type Sent = Option<ID>;
    type Taken = Self;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<Self, Refusal> {
        Ok(Self { named: sent.is_some(), person: Oneself::read(sent, at) })
    }
}

impl Representative {
    /// The representative as who begins an activity from the seat in a council; nobody without a council.
    fn beginner(self, council: Option<CouncilId>) -> Result<Option<Beginner>, Refusal> {
        match council {
            Some(council) => Ok(Some(Beginner { person: self.person?, council })),
            None if self.named => Err(Refusal {
                code: "InvalidInput",
                field: Some("council"),
                zh: "请指明代表所在的议事会".to_owned(),
                en: "Say in which council the representative sits".to_owned(),
            }),
            None => Ok(None),
        }
    }
}

mutations! {
    /// The root fields that change community activities.
    pub struct CommunityActivityMutations;

    /// Begin a community activity: a representative from the seat held today, or who carries out its project.
    BeginCommunityActivity -> CommunityActivityPayload {
        /// The council from whose seat a representative begins it.
        council: Option<CouncilId>,
        /// The representative, by the person's id; oneself if not said. Only with a council.
        begun_by: Representative,
        /// The project it is for.
        project: Option<ProjectId>,
        /// Its title.
        title: String,
        /// Where: in the council's or the project's area.
        area: Area,
    } = BeginCommunityActivity { begun_by: begun_by.beginner(council)?, project, title, area };

    /// Report that a community activity was held, and how many it reached.
    HoldCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// When; today if not said.
        on: Option<Date>,
        /// 服务人次: how many it reached, each time a person came.
        person_times: u32,
        /// What was done.
        report: String,
        /// Files that show it.
        evidence: Evidence,
    }

    /// Correct how many a community activity reached.
    CorrectPersonTimes -> CommunityActivityPayload {
        /// Of which community activity.
        community_activity: CommunityActivityId,
        /// How many it reached.
        person_times: u32,
        /// Why.
        reason: String,
    }

    /// Cancel a community activity before it is held.
    CancelCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// Why.
        reason: String,
    }

    /// Void what was reported of a community activity: it counts for nothing.
    VoidCommunityActivity -> CommunityActivityPayload {
        /// Which community activity.
        community_activity: CommunityActivityId,
        /// Why.
        reason: String,
    }
}
