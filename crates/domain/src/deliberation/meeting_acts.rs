//! Who may do what in a meeting. One act a command, so that a command id sent again for another command is told apart.

use crate::access::authority::{Act, Role, To};

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
const ONESELF_AND_KEEPERS: &[To] =
    &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
/// Convene a meeting.
pub const CONVENE_MEETING: Act = Act { name: "conveneMeeting", open_to: KEEPERS };
/// Amend its notice or agenda.
pub const AMEND_MEETING: Act = Act { name: "amendMeeting", open_to: KEEPERS };
/// Cancel it.
pub const CANCEL_MEETING: Act = Act { name: "cancelMeeting", open_to: KEEPERS };
/// Invite an expert or an observer.
pub const INVITE_TO_MEETING: Act = Act { name: "inviteToMeeting", open_to: KEEPERS };
/// Excuse a representative's absence; they may excuse their own.
pub const EXCUSE_ABSENCE: Act = Act { name: "excuseAbsence", open_to: ONESELF_AND_KEEPERS };
/// Record who comes and goes.
pub const RECORD_PRESENCE: Act = Act { name: "recordPresence", open_to: KEEPERS };
/// Open it.
pub const OPEN_MEETING: Act = Act { name: "openMeeting", open_to: KEEPERS };
/// Break it off, to go on later.
pub const ADJOURN_MEETING: Act = Act { name: "adjournMeeting", open_to: KEEPERS };
/// Go on.
pub const RESUME_MEETING: Act = Act { name: "resumeMeeting", open_to: KEEPERS };
/// Close it for good.
pub const CLOSE_MEETING: Act = Act { name: "closeMeeting", open_to: KEEPERS };
/// Take up an item.
pub const TAKE_UP_ITEM: Act = Act { name: "takeUpItem", open_to: KEEPERS };
/// Ask for the word; who has no device is listed by who keeps the list.
pub const REQUEST_TO_SPEAK: Act = Act { name: "requestToSpeak", open_to: ONESELF_AND_KEEPERS };
/// No longer ask for it.
pub const WITHDRAW_REQUEST_TO_SPEAK: Act = Act { name: "withdrawRequestToSpeak", open_to: ONESELF_AND_KEEPERS };
/// Give the word to the next.
pub const CALL_NEXT_SPEAKER: Act = Act { name: "callNextSpeaker", open_to: KEEPERS };
/// End a turn of speech.
pub const END_TURN: Act = Act { name: "endTurn", open_to: KEEPERS };
/// Put a question to the vote.
pub const OPEN_VOTE: Act = Act { name: "openVote", open_to: KEEPERS };
/// Count hands, as a teller; two must agree.
pub const COUNT_HANDS: Act = Act { name: "countHands", open_to: KEEPERS };
/// Close a vote.
pub const CLOSE_VOTE: Act = Act { name: "closeVote", open_to: KEEPERS };
/// Annul a vote. What decided a motion is annulled by who may annul that decision too.
pub const ANNUL_VOTE: Act = Act { name: "annulVote", open_to: KEEPERS };
/// Cast a ballot by name.
pub const CAST_MEETING_BALLOT: Act = Act { name: "castMeetingBallot", open_to: &[To::Oneself] };
/// Read meetings; they are public.
pub const MEETINGS: Act = Act { name: "meetings", open_to: &[To::Anyone] };
