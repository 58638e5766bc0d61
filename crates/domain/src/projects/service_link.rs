//! What volunteers' service at an activity of volunteering was for: a project, or a community benefit activity.
//!
//! - The stream is the volunteering activity's own id: so its hours are counted for one purpose at most.
//! - A wrong link is taken back with a reason; then another may be made.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    prose::{Prose, REASON_MAX_CHARS},
    refusal::refusals,
    values::{ActivityId, CommunityActivityId, ProjectId},
};

const LINKERS: &[To] = &[To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Say what an activity's hours are for.
pub const LINK_SERVICE: Act = Act { name: "linkService", open_to: LINKERS };
/// Take that back.
pub const UNLINK_SERVICE: Act = Act { name: "unlinkService", open_to: LINKERS };

/// What service was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServicePurpose {
    /// A project.
    Project(ProjectId),
    /// A community benefit activity.
    CommunityActivity(CommunityActivityId),
}

/// A link's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLink {
    /// What the activity's service is for.
    pub purpose: Option<ServicePurpose>,
}

/// What may be asked of a link.
#[derive(Debug, Clone)]
pub enum ServiceLinkCommand {
    /// Make it.
    Link {
        /// The volunteering activity.
        activity: ActivityId,
        /// What its service is for.
        purpose: ServicePurpose,
    },
    /// Take it back.
    Unlink {
        /// Why.
        reason: String,
    },
}

/// What happened to a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceLinkEvent {
    /// Made.
    ServiceLinked {
        /// The volunteering activity.
        activity: ActivityId,
        /// What its service is for.
        purpose: ServicePurpose,
    },
    /// Taken back.
    ServiceUnlinked {
        /// What it was for.
        purpose: ServicePurpose,
        /// Why.
        reason: String,
    },
}
impl DomainEvent for ServiceLinkEvent {}

refusals! {
    /// Why a link is refused.
    pub enum ServiceLinkRefusal {
        /// For something already.
        ServiceIsLinked("activity", "该志愿活动已关联", "This activity's service is for something already"),
        /// For nothing.
        ServiceNotLinked("activity", "该志愿活动尚未关联", "This activity's service is not for anything yet"),
        /// No reason, or too long a one.
        UnlinkReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why in 1 to {most} characters"),
    }
}

impl Aggregate for ServiceLink {
    const NAME: &'static str = "service_link";
    type State = Self;
    type Command = ServiceLinkCommand;
    type Event = ServiceLinkEvent;
    type Error = ServiceLinkRefusal;

    fn handle_command(link: &Self, command: ServiceLinkCommand) -> Result<Vec<ServiceLinkEvent>, ServiceLinkRefusal> {
        match (link.purpose, command) {
            (None, ServiceLinkCommand::Link { activity, purpose }) => Ok(vec![ServiceLinkEvent::ServiceLinked { activity, purpose }]),
            (Some(_), ServiceLinkCommand::Link { .. }) => Err(ServiceLinkRefusal::ServiceIsLinked),
            (None, ServiceLinkCommand::Unlink { .. }) => Err(ServiceLinkRefusal::ServiceNotLinked),
            (Some(purpose), ServiceLinkCommand::Unlink { reason }) => {
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| ServiceLinkRefusal::UnlinkReasonUnfit { most })?;
                Ok(vec![ServiceLinkEvent::ServiceUnlinked { purpose, reason: reason.into() }])
            }
        }
    }

    fn apply_event(_: Self, event: ServiceLinkEvent) -> Self {
        match event {
            ServiceLinkEvent::ServiceLinked { purpose, .. } => Self { purpose: Some(purpose) },
            ServiceLinkEvent::ServiceUnlinked { .. } => Self { purpose: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::scenario::given;

    #[test]
    fn service_is_for_one_thing_at_a_time() {
        let purpose = ServicePurpose::Project(ProjectId(Uuid::from_u128(1)));
        let links = || ServiceLinkCommand::Link { activity: ActivityId(Uuid::from_u128(2)), purpose };
        let unlinks = |reason: &str| ServiceLinkCommand::Unlink { reason: reason.into() };
        let none = given::<ServiceLink>([]);
        none.when(unlinks("错误")).then_refused(ServiceLinkRefusal::ServiceNotLinked);
        let linked = none.and(links());
        linked.when(links()).then_refused(ServiceLinkRefusal::ServiceIsLinked);
        linked.when(unlinks(" ")).then_refused(ServiceLinkRefusal::UnlinkReasonUnfit { most: REASON_MAX_CHARS });
        linked.and(unlinks("错误")).when(links()).then_done();
    }
}
