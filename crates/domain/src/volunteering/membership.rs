//! A volunteer's membership in an organisation: a stream of its own, so that a large group's members do not meet in one.
//!
//! - Joined once at a time; who has left may join again.
//! - Who withdraws or is erased leaves every organisation, by a process; who returns joins anew.
//! - Members are read by their coordinators, name and phone included. So nobody is enlisted by the organisation alone:
//!   volunteers join themselves, or are enlisted by who has a say both there and where they live. A coordinator of an
//!   organisation acts for its members only.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{OrganisationId, VolunteerId},
};

const ONESELF_AND_KEEPERS: &[To] = &[
    To::Oneself,
    To::Holders(Role::Coordinator),
    To::Holders(Role::Organiser),
    To::Holders(Role::DistrictOfficer),
    To::Holders(Role::Operator),
];
/// Join an organisation; for somebody else, asked about the organisation and about the volunteer.
pub const JOIN_ORGANISATION: Act = Act { name: "joinOrganisation", open_to: ONESELF_AND_KEEPERS };
/// Leave it: also by the process that ends the memberships of who withdraws or is erased.
pub const LEAVE_ORGANISATION: Act = Act {
    name: "leaveOrganisation",
    open_to: &[
        To::Oneself,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Operator),
        To::Process,
    ],
};

/// The stream of a volunteer's membership in an organisation.
pub fn membership_stream(organisation: OrganisationId, volunteer: VolunteerId) -> Uuid {
    Uuid::new_v5(&organisation.0, volunteer.0.as_bytes())
}

/// Whether the membership holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    /// It holds now.
    pub joined: bool,
}

/// What may be asked of a membership.
#[derive(Debug, Clone)]
pub enum MembershipCommand {
    /// Join.
    Join {
        /// The organisation.
        organisation: OrganisationId,
        /// The volunteer.
        volunteer: VolunteerId,
    },
    /// Leave.
    Leave {
        /// The organisation.
        organisation: OrganisationId,
        /// The volunteer.
        volunteer: VolunteerId,
    },
}

/// What happened to a membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MembershipEvent {
    /// Joined.
    OrganisationJoined {
        /// The organisation.
        organisation: OrganisationId,
        /// The volunteer.
        volunteer: VolunteerId,
    },
    /// Left.
    OrganisationLeft {
        /// The organisation.
        organisation: OrganisationId,
        /// The volunteer.
        volunteer: VolunteerId,
    },
}
impl DomainEvent for MembershipEvent {}

refusals! {
    /// Why a membership is refused.
    pub enum MembershipRefusal {
        /// A member already.
        AlreadyMember("organisation", "已是该组织成员", "The volunteer is a member already"),
        /// Not a member.
        NotMember("organisation", "不是该组织成员", "The volunteer is not a member"),
    }
}

impl Membership {
    /// The volunteer is a member now.
    ///
    /// # Errors
    /// [`MembershipRefusal::NotMember`] for who never joined or has left.
    pub fn require_member(&self) -> Result<(), MembershipRefusal> {
        if self.joined { Ok(()) } else { Err(MembershipRefusal::NotMember) }
    }
}

impl Aggregate for Membership {
    const NAME: &'static str = "membership";
    type State = Self;
    type Command = MembershipCommand;
    type Event = MembershipEvent;
    type Error = MembershipRefusal;

    fn handle_command(membership: &Self, command: MembershipCommand) -> Result<Vec<MembershipEvent>, MembershipRefusal> {
        match (membership.joined, command) {
            (false, MembershipCommand::Join { organisation, volunteer }) => {
                Ok(vec![MembershipEvent::OrganisationJoined { organisation, volunteer }])
            }
            (true, MembershipCommand::Join { .. }) => Err(MembershipRefusal::AlreadyMember),
            (true, MembershipCommand::Leave { organisation, volunteer }) => {
                Ok(vec![MembershipEvent::OrganisationLeft { organisation, volunteer }])
            }
            (false, MembershipCommand::Leave { .. }) => Err(MembershipRefusal::NotMember),
        }
    }

    fn apply_event(_: Self, event: MembershipEvent) -> Self {
        match event {
            MembershipEvent::OrganisationJoined { .. } => Self { joined: true },
            MembershipEvent::OrganisationLeft { .. } => Self { joined: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    #[test]
    fn joined_once_at_a_time() {
        let (organisation, volunteer) = (OrganisationId(Uuid::from_u128(1)), VolunteerId(Uuid::from_u128(2)));
        let nobody = given::<Membership>([]);
        assert_eq!(nobody.require_member(), Err(MembershipRefusal::NotMember));
        nobody.when(MembershipCommand::Leave { organisation, volunteer }).then_refused(MembershipRefusal::NotMember);
        let joined = nobody.and(MembershipCommand::Join { organisation, volunteer });
        assert_eq!(joined.require_member(), Ok(()));
        joined.when(MembershipCommand::Join { organisation, volunteer }).then_refused(MembershipRefusal::AlreadyMember);
    }
}
