//! Global ids: base64 of `Type:id`, so that one id says what it is of.
//!
//! - What lies within another thing carries both: a service record its volunteer, a shift its activity.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::STANDARD};
use gongyi_domain::{
    refusal::Refusal,
    values::{
        AccountId, ActivityId, AgendaItemId, AllocationId, AmendmentId, ApplicationId, AreaCode, AttendanceId, BookEntryId,
        CommunityActivityId, CouncilId, CovenantId, DisbursementId, ElectionId, FundId, MeetingId, MotionId, ObjectionId, OrganisationId,
        ParagraphId, PersonId, PollId, ProjectId, RecordId, ResidentIssueId, RollEntryId, RoundId, ShiftId, VolunteerId, VoteId,
    },
};

use crate::fault::{self, Code};

/// An id as it stands within its type.
pub(crate) trait Text: Sized {
    /// The id within its type.
    fn write(&self) -> String;
    /// The id within its type, if the text is one.
    fn read(text: &str) -> Option<Self>;
}

/// What is known by a global id. A type of the schema gets it by its line in [`crate::node`].
#[diagnostic::on_unimplemented(message = "`{Self}` has no global id", label = "not something that an id names")]
pub(crate) trait GlobalId: Text {
    /// The type's name in the schema.
    const TYPE: &'static str;
}

macro_rules! plain {
    ($($id:ident),+ $(,)?) => {$(
        impl Text for $id {
            fn write(&self) -> String {
                self.to_string()
            }
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}
plain! {
    PersonId, AccountId, VolunteerId, OrganisationId, ActivityId, CouncilId, ResidentIssueId, MotionId, ParagraphId, MeetingId,
    VoteId, CovenantId, ElectionId, PollId, RollEntryId, FundId, RoundId, ProjectId, CommunityActivityId,
}

impl Text for AreaCode {
    fn write(&self) -> String {
        self.to_string()
    }
    /// As it is stored: an id was given out by us, nobody typed it.
    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }
}

macro_rules! within {
    ($($(#[$doc:meta])* $key:ident { $outer:ident: $outer_id:ident, $inner:ident: $inner_id:ident })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $key {
            pub(crate) $outer: $outer_id,
            pub(crate) $inner: $inner_id,
        }
        impl Text for $key {
            fn write(&self) -> String {
                format!("{}/{}", self.$outer, self.$inner)
            }
            fn read(text: &str) -> Option<Self> {
                let (outer, inner) = text.split_once('/')?;
                Some(Self { $outer: outer.parse().ok()?, $inner: inner.parse().ok()? })
            }
        }
    )+};
}
within! {
    /// A service record in its volunteer's ledger.
    RecordKey { volunteer: VolunteerId, record: RecordId }
    /// A volunteer's membership in an organisation.
    MembershipKey { organisation: OrganisationId, volunteer: VolunteerId }
    /// A shift of an activity.
    ShiftKey { activity: ActivityId, shift: ShiftId }
    /// A stay at an activity.
    AttendanceKey { activity: ActivityId, attendance: AttendanceId }
    /// An amendment to a motion.
    AmendmentKey { motion: MotionId, amendment: AmendmentId }
    /// An item of a meeting's agenda.
    AgendaItemKey { meeting: MeetingId, item: AgendaItemId }
    /// A grant of a fund.
    GrantKey { fund: FundId, allocation: AllocationId }
    /// A payment of a fund.
    PaymentKey { fund: FundId, disbursement: DisbursementId }
    /// An application in a round.
    ApplicationKey { round: RoundId, application: ApplicationId }
    /// An objection in a round.
    ObjectionKey { round: RoundId, objection: ObjectionId }
    /// An entry of a project's books.
    BookEntryKey { project: ProjectId, entry: BookEntryId }
}

/// A volunteer's sign-up for a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SignUpKey {
    pub(crate) shift: ShiftKey,
    pub(crate) volunteer: VolunteerId,
}

impl Text for SignUpKey {
    fn write(&self) -> String {
        format!("{}/{}", self.shift.write(), self.volunteer)
    }
    fn read(text: &str) -> Option<Self> {
        let (shift, volunteer) = text.rsplit_once('/')?;
        Some(Self { shift: ShiftKey::read(shift)?, volunteer: volunteer.parse().ok()? })
    }
}

/// A self-organisation, known by its organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SelfOrganisationKey(pub(crate) OrganisationId);

impl Text for SelfOrganisationKey {
    fn write(&self) -> String {
        self.0.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// What commands and answers name that cannot be asked for by its id alone.
macro_rules! named_only {
    ($($id:ident $name:literal),+ $(,)?) => {$(
        impl GlobalId for $id {
            const TYPE: &'static str = $name;
        }
    )+};
}
named_only! {
    PersonId "Person", ParagraphId "Paragraph", RollEntryId "RollEntry", AmendmentKey "Amendment", AgendaItemKey "AgendaItem",
}

/// The global id.
pub(crate) fn id<T: GlobalId>(thing: &T) -> ID {
    ID(STANDARD.encode(format!("{}:{}", T::TYPE, thing.write())))
}

/// Type and id of a global id.
pub(crate) fn parts(id: &ID) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(id.as_bytes()).ok()?).ok()?;
    text.split_once(':').map(|(kind, id)| (kind.to_owned(), id.to_owned()))
}

fn of<T: GlobalId>(id: &ID) -> Option<T> {
    parts(id).filter(|(kind, _)| kind == T::TYPE).and_then(|(_, id)| T::read(&id))
}

/// The thing an argument of a query names.
pub(crate) fn asked<T: GlobalId>(id: &ID) -> Result<T, async_graphql::Error> {
    of(id).ok_or_else(|| fault::error(Code::BadInput, format!("not the id of a {}", T::TYPE)))
}

/// The thing a command's field names.
pub(crate) fn named<T: GlobalId>(id: &ID, field: &'static str) -> Result<T, Refusal> {
    of(id).ok_or_else(|| Refusal {
        code: "InvalidInput",
        field: Some(field),
        zh: "编号不正确".to_owned(),
        en: format!("This is not the id of a {}", T::TYPE),
    })
}

/// A command id that is no UUID.
pub(crate) fn not_a_command_id() -> Refusal {
    Refusal {
        code: "InvalidInput", field: Some("commandId"), zh: "命令编号须为 UUID".to_owned(), en: "A command id is a UUID".to_owned()
    }
}

/// As [`named`], if there is one.
pub(crate) fn named_maybe<T: GlobalId>(id: Option<&ID>, field: &'static str) -> Result<Option<T>, Refusal> {
    id.map(|id| named(id, field)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_id_says_what_it_is_of() {
        let volunteer = VolunteerId(Uuid::from_u128(7));
        let key = RecordKey { volunteer, record: RecordId(Uuid::from_u128(8)) };
        assert_eq!(asked::<RecordKey>(&id(&key)).unwrap(), key);
        assert_eq!(asked::<VolunteerId>(&id(&volunteer)).unwrap(), volunteer);
        assert!(asked::<AccountId>(&id(&volunteer)).is_err());
        let shift = ShiftKey { activity: ActivityId(Uuid::from_u128(9)), shift: ShiftId(Uuid::from_u128(10)) };
        let sign_up = SignUpKey { shift, volunteer };
        assert_eq!(asked::<SignUpKey>(&id(&sign_up)).unwrap(), sign_up);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "Volunteer:1", "????", "Vm9sdW50ZWVy", "Vm9sdW50ZWVyOng="] {
            assert_eq!(named::<VolunteerId>(&ID(text.to_owned()), "volunteer").unwrap_err().code, "InvalidInput", "{text}");
        }
    }
}
