//! What may exist once: a person by ID number, an account by phone, an organisation by name.
//!
//! - The stream's id is an HMAC of the claimed value under a vault key, so the log shows no value and one value has one
//!   stream.
//! - Held by one holder at a time; released, it can be claimed again, so that a mistyped number can be corrected and an
//!   erased person can come back.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{event::DomainEvent, refusal::refusals};

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A person's ID number.
    IdNumber,
    /// An account's phone number, its sign-in name.
    Phone,
    /// An organisation's name.
    OrganisationName,
    /// An organisation's unified social credit code.
    OrganisationCreditCode,
    /// The vote that a version of a covenant rests on, or its repeal.
    CovenantVote,
}

impl Purpose {
    /// The label the HMAC is made under.
    pub fn label(self) -> &'static str {
        match self {
            Self::IdNumber => "id_number",
            Self::Phone => "phone",
            Self::OrganisationName => "organisation_name",
            Self::OrganisationCreditCode => "organisation_credit_code",
            Self::CovenantVote => "covenant_vote",
        }
    }
}

/// Who holds the claim now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// The holder's id, if it is held.
    pub holder: Option<Uuid>,
}

/// What may be asked of a claim.
#[derive(Debug, Clone)]
pub enum ClaimCommand {
    /// Take it.
    Take {
        /// What is claimed.
        purpose: Purpose,
        /// Who shall hold it.
        holder: Uuid,
    },
    /// Let it go.
    Release {
        /// Who held it.
        holder: Uuid,
    },
}

/// What happened to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClaimEvent {
    /// It was taken.
    Claimed {
        /// What is claimed.
        purpose: Purpose,
        /// Who holds it.
        holder: Uuid,
    },
    /// It was let go.
    Released {
        /// Who held it.
        holder: Uuid,
    },
}
impl DomainEvent for ClaimEvent {}

refusals! {
    /// Why a claim is refused.
    pub enum ClaimRefusal {
        /// Another person has this ID number.
        IdNumberTaken("idNumber", "该证件号码已登记；曾退出的志愿者请登录后重新注册，或请工作人员办理",
            "This ID number is registered already; who has withdrawn signs in to register again, or asks the staff"),
        /// Another account has this phone number.
        PhoneTaken("phone", "该手机号已有账号", "This phone number has an account already"),
        /// Another organisation has this name.
        OrganisationNameTaken("name", "已有同名组织", "There is an organisation of this name already"),
        /// Another organisation has this credit code.
        CreditCodeTaken("creditCode", "该统一社会信用代码已登记", "Another organisation has this unified social credit code"),
        /// Another covenant rests on this decision.
        CovenantVoteTaken("motion", "该议题的决定已用于其他居民公约", "Another covenant rests on this motion's decision"),
    }
}

impl Aggregate for Claim {
    const NAME: &'static str = "claim";
    type State = Self;
    type Command = ClaimCommand;
    type Event = ClaimEvent;
    type Error = ClaimRefusal;

    fn handle_command(claim: &Self, command: ClaimCommand) -> Result<Vec<ClaimEvent>, ClaimRefusal> {
        match command {
            ClaimCommand::Take { purpose, holder } => match claim.holder {
                None => Ok(vec![ClaimEvent::Claimed { purpose, holder }]),
                Some(same) if same == holder => Ok(vec![]),
                Some(_) => Err(match purpose {
                    Purpose::IdNumber => ClaimRefusal::IdNumberTaken,
                    Purpose::Phone => ClaimRefusal::PhoneTaken,
                    Purpose::OrganisationName => ClaimRefusal::OrganisationNameTaken,
                    Purpose::OrganisationCreditCode => ClaimRefusal::CreditCodeTaken,
                    Purpose::CovenantVote => ClaimRefusal::CovenantVoteTaken,
                }),
            },
            ClaimCommand::Release { holder } if claim.holder == Some(holder) => Ok(vec![ClaimEvent::Released { holder }]),
            ClaimCommand::Release { .. } => Ok(vec![]),
        }
    }

    fn apply_event(_: Self, event: ClaimEvent) -> Self {
        match event {
            ClaimEvent::Claimed { holder, .. } => Self { holder: Some(holder) },
            ClaimEvent::Released { .. } => Self { holder: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    #[test]
    fn one_holder_at_a_time_and_free_again_after_release() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let take = |holder| ClaimCommand::Take { purpose: Purpose::IdNumber, holder };
        let held = given::<Claim>([]).and(take(one));
        held.when(take(one)).then([]);
        held.when(take(two)).then_refused(ClaimRefusal::IdNumberTaken);
        held.when(ClaimCommand::Release { holder: two }).then([]);
        let freed = held.and(ClaimCommand::Release { holder: one });
        assert_eq!(freed.when(take(two)).events().len(), 1);
    }
}
