//! Convening and leading meetings.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    Command,
    deliberation::meeting::{
        convening::{AgendaDraft, AmendMeeting, CancelMeeting, ConveneMeeting, ExcuseAbsence, InviteToMeeting},
        sitting::{
            AdjournMeeting, CallNextSpeaker, CloseMeeting, EndTurn, OpenMeeting, Passage as Way, RecordPresence, RequestToSpeak,
            ResumeMeeting, TakeUpItem, WithdrawRequestToSpeak,
        },
    },
};
use gongyi_domain::{
    deliberation::meeting::Notice,
    refusal::Refusal,
    values::{MeetingId, PersonId},
};

use super::meetings::{self, Meeting, MeetingCapacity, SpeechSide};
use crate::{
    door::Door,
    ids::{self, AgendaItemKey},
    outcome::payloads,
    scalars::Moment,
    table::sent,
};

payloads! {
    /// A meeting, after a command.
    MeetingPayload(MeetingId) {
        /// The meeting.
        meeting: Meeting = |door, id| meetings::meeting(door, *id),
    }
}

/// Does a command to a meeting and answers with the meeting.
pub(super) async fn done<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<MeetingPayload, Error>
where
    C: Command<Answer = MeetingId> + Send + 'static,
{
    sent(&Door::of(ctx)?, command_id, command.map(|command| (command, |id| id))).await
}

/// When and where.
#[derive(InputObject)]
pub struct MeetingNoticeInput {
    /// What it is about.
    title: String,
    /// Where; an address or a room.
    place: String,
    /// From when.
    starts: Moment,
    /// Until when, as planned.
    ends: Moment,
}

impl From<MeetingNoticeInput> for Notice {
    fn from(notice: MeetingNoticeInput) -> Self {
        let MeetingNoticeInput { title, place, starts, ends } = notice;
        Self { title, place, starts: starts.0, ends: ends.0 }
    }
}

/// An item of the agenda, with its parts.
#[derive(InputObject)]
pub struct AgendaItemInput {
    /// Which item it is, when an agenda is amended; left out for a new one.
    id: Option<ID>,
    /// What is dealt with.
    title: String,
    /// The motion that is dealt with, if one is.
    motion: Option<ID>,
    /// Its parts, in order; four levels at most.
    #[graphql(default)]
    parts: Vec<AgendaItemInput>,
}

fn drafts(items: Vec<AgendaItemInput>) -> Result<Vec<AgendaDraft>, Refusal> {
    let draft = |item: AgendaItemInput| {
        let id = ids::named_maybe::<AgendaItemKey>(item.id.as_ref(), "agenda")?.map(|key| key.item);
        let motion = ids::named_maybe(item.motion.as_ref(), "agenda")?;
        Ok(AgendaDraft { id, title: item.title, motion, parts: drafts(item.parts)? })
    };
    items.into_iter().map(draft).collect()
}

/// What convening takes.
#[derive(InputObject)]
pub struct ConveneMeetingInput {
    /// Of which council.
    council: ID,
    /// When and where.
    notice: MeetingNoticeInput,
    /// What is dealt with; motions are put on the agenda with it.
    agenda: Vec<AgendaItemInput>,
    /// Why the notice is shorter than the charter asks, if it is; public.
    short_notice: Option<String>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What amending takes.
#[derive(InputObject)]
pub struct AmendMeetingInput {
    /// Which meeting.
    meeting: ID,
    /// When and where; left out, it stays.
    notice: Option<MeetingNoticeInput>,
    /// The whole agenda anew; left out, it stays. What was dealt with stays on it.
    agenda: Option<Vec<AgendaItemInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which meeting.
#[derive(InputObject)]
pub struct MeetingInput {
    /// Which meeting.
    pub(super) meeting: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    pub(super) command_id: Option<ID>,
}

impl MeetingInput {
    pub(super) fn read(&self) -> Result<MeetingId, Refusal> {
        ids::named(&self.meeting, "meeting")
    }
}

/// Which meeting, and why.
#[derive(InputObject)]
pub struct MeetingReasonInput {
    /// Which meeting.
    pub(super) meeting: ID,
    /// Why; public, so not about a person.
    pub(super) reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    pub(super) command_id: Option<ID>,
}

/// What adjourning takes.
#[derive(InputObject)]
pub struct AdjournMeetingInput {
    /// Which meeting.
    meeting: ID,
    /// Until when, if that is known.
    until: Option<Moment>,
    /// Why; public.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Whom to invite as what.
#[derive(InputObject)]
pub struct InviteToMeetingInput {
    /// To which meeting.
    meeting: ID,
    /// Whom.
    person: ID,
    /// As what.
    capacity: MeetingCapacity,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Whose absence.
#[derive(InputObject)]
pub struct ExcuseAbsenceInput {
    /// From which meeting.
    meeting: ID,
    /// Whose; one's own if not said.
    person: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "Way")]
pub enum Passage {
    /// Into the room.
    Came,
    /// Out of it.
    Went,
}

/// Who came or went.
#[derive(InputObject)]
pub struct RecordPresenceInput {
    /// At which meeting.
    meeting: ID,
    /// Who.
    person: ID,
    /// Which way.
    passage: Passage,
    /// When; now if not said, at most 24 hours ago.
    at: Option<Moment>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which item.
#[derive(InputObject)]
pub struct TakeUpItemInput {
    /// Which item of an agenda; its id names the meeting.
    item: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who asks for the word on what.
#[derive(InputObject)]
pub struct RequestToSpeakInput {
    /// On which item; its id names the meeting.
    item: ID,
    /// Who; oneself if not said.
    person: Option<ID>,
    /// For what.
    side: SpeechSide,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who no longer asks for the word on what.
#[derive(InputObject)]
pub struct WithdrawRequestToSpeakInput {
    /// On which item; its id names the meeting.
    item: ID,
    /// Who; oneself if not said.
    person: Option<ID>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Who is named, or else the asker.
fn named_or_own(ctx: &Context<'_>, person: Option<&ID>) -> Result<PersonId, Refusal> {
    let own = || Door::of(ctx).ok().and_then(|door| door.asker.actor.person());
    let nobody =
        || Refusal { code: "InvalidInput", field: Some("person"), zh: "请指明是谁".to_owned(), en: "Say who it is".to_owned() };
    match person {
        Some(id) => ids::named(id, "person"),
        None => own().ok_or_else(nobody),
    }
}

/// The root fields that convene and lead meetings.
#[derive(Default)]
pub struct MeetingMutations;

#[Object]
impl MeetingMutations {
    /// Convene a meeting of a council, with the charter's notice.
    async fn convene_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is convened.")] input: ConveneMeetingInput,
    ) -> Result<MeetingPayload, Error> {
        let ConveneMeetingInput { council, notice, agenda, short_notice, command_id } = input;
        let command = ids::named(&council, "council")
            .and_then(|council| Ok(ConveneMeeting { council, notice: notice.into(), agenda: drafts(agenda)?, short_notice }));
        done(ctx, command_id.as_ref(), command).await
    }

    /// Change the notice of a meeting that has not begun, or its agenda.
    async fn amend_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and how.")] input: AmendMeetingInput,
    ) -> Result<MeetingPayload, Error> {
        let AmendMeetingInput { meeting, notice, agenda, command_id } = input;
        let command = ids::named(&meeting, "meeting")
            .and_then(|meeting| Ok(AmendMeeting { meeting, notice: notice.map(Notice::from), agenda: agenda.map(drafts).transpose()? }));
        done(ctx, command_id.as_ref(), command).await
    }

    /// Call a meeting off.
    async fn cancel_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: MeetingReasonInput,
    ) -> Result<MeetingPayload, Error> {
        let MeetingReasonInput { meeting, reason, command_id } = input;
        let command = ids::named(&meeting, "meeting").map(|meeting| CancelMeeting { meeting, reason });
        done(ctx, command_id.as_ref(), command).await
    }

    /// Invite an expert or observer.
    async fn invite_to_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and to what.")] input: InviteToMeetingInput,
    ) -> Result<MeetingPayload, Error> {
        let InviteToMeetingInput { meeting, person, capacity, command_id } = input;
        let command = ids::named(&meeting, "meeting")
            .and_then(|meeting| Ok(InviteToMeeting { meeting, person: ids::named(&person, "person")?, capacity: capacity.into() }));
        done(ctx, command_id.as_ref(), command).await
    }

    /// Excuse a representative's absence; they may excuse their own.
    async fn excuse_absence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose and from what.")] input: ExcuseAbsenceInput,
    ) -> Result<MeetingPayload, Error> {
        let command = ids::named(&input.meeting, "meeting")
            .and_then(|meeting| Ok(ExcuseAbsence { meeting, person: named_or_own(ctx, input.person.as_ref())? }));
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Record that somebody came or went. Representatives and guests of the council need no invitation.
    async fn record_presence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, which way, when.")] input: RecordPresenceInput,
    ) -> Result<MeetingPayload, Error> {
        let RecordPresenceInput { meeting, person, passage, at, command_id } = input;
        let command = ids::named(&meeting, "meeting").and_then(|meeting| {
            Ok(RecordPresence { meeting, person: ids::named(&person, "person")?, passage: passage.into(), at: at.map(|it| it.0) })
        });
        done(ctx, command_id.as_ref(), command).await
    }

    /// Open a meeting; the quorum must be there.
    async fn open_meeting(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: MeetingInput) -> Result<MeetingPayload, Error> {
        done(ctx, input.command_id.as_ref(), input.read().map(|meeting| OpenMeeting { meeting })).await
    }

    /// Break a meeting off, to go on later; everybody leaves the room.
    async fn adjourn_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, why, until when.")] input: AdjournMeetingInput,
    ) -> Result<MeetingPayload, Error> {
        let AdjournMeetingInput { meeting, until, reason, command_id } = input;
        let command = ids::named(&meeting, "meeting").map(|meeting| AdjournMeeting { meeting, until: until.map(|it| it.0), reason });
        done(ctx, command_id.as_ref(), command).await
    }

    /// Go on with an adjourned meeting; the quorum must be there.
    async fn resume_meeting(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: MeetingInput) -> Result<MeetingPayload, Error> {
        done(ctx, input.command_id.as_ref(), input.read().map(|meeting| ResumeMeeting { meeting })).await
    }

    /// Close a meeting for good; motions that were not put to the vote are off its agenda.
    async fn close_meeting(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: MeetingInput) -> Result<MeetingPayload, Error> {
        done(ctx, input.command_id.as_ref(), input.read().map(|meeting| CloseMeeting { meeting })).await
    }

    /// Take up an item of the agenda.
    async fn take_up_item(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] input: TakeUpItemInput) -> Result<MeetingPayload, Error> {
        let command = ids::named(&input.item, "item").map(|AgendaItemKey { meeting, item }| TakeUpItem { meeting, item });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Ask for the word: whoever is in the room.
    async fn request_to_speak(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and on what.")] input: RequestToSpeakInput,
    ) -> Result<MeetingPayload, Error> {
        let side = input.side.into();
        let command = ids::named(&input.item, "item").and_then(|AgendaItemKey { meeting, item }| {
            Ok(RequestToSpeak { meeting, item, person: named_or_own(ctx, input.person.as_ref())?, side })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// No longer ask for the word.
    async fn withdraw_request_to_speak(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who and on what.")] input: WithdrawRequestToSpeakInput,
    ) -> Result<MeetingPayload, Error> {
        let command = ids::named(&input.item, "item").and_then(|AgendaItemKey { meeting, item }| {
            Ok(WithdrawRequestToSpeak { meeting, item, person: named_or_own(ctx, input.person.as_ref())? })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Give the word to the next by the charter's turn policy; a running turn ends.
    async fn call_next_speaker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which meeting.")] input: MeetingInput,
    ) -> Result<MeetingPayload, Error> {
        done(ctx, input.command_id.as_ref(), input.read().map(|meeting| CallNextSpeaker { meeting })).await
    }

    /// End the running turn of speech.
    async fn end_turn(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which meeting.")] input: MeetingInput,
    ) -> Result<MeetingPayload, Error> {
        done(ctx, input.command_id.as_ref(), input.read().map(|meeting| EndTurn { meeting })).await
    }
}
