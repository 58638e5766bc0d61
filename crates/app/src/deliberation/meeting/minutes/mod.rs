//! Minutes of meetings: drafted from what happened, edited, approved, published with the resolutions, reopened.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        council::Council,
        decision::Outcome,
        meeting::{Meeting, MeetingEvent, MeetingPhase, VotePhase},
        minutes::{
            APPROVE_MINUTES, DRAFT_MINUTES, EDIT_MINUTES, Minutes, MinutesCommand, MinutesRefusal, PUBLISH_MINUTES, REOPEN_MINUTES,
            Resolution,
        },
    },
    values::MeetingId,
};
use gongyi_eventlog::StreamId;
use serde::Serialize;

use crate::{
    Command,
    rejection::{Fault, Rejection, refused},
    work::Work,
};

mod draft;

use draft::{Happened, draft};

/// The meeting, if the actor may do `act` to its minutes.
async fn held(work: &mut Work<'_>, act: &Act, meeting: MeetingId) -> Result<Meeting, Rejection> {
    let loaded = work.load::<Meeting>(meeting).await?.into_inner();
    let area = loaded.require_area().map_err(refused)?.clone();
    work.may(act, &Subject::area(area))?;
    Ok(loaded)
}

/// What its closed votes decided, in the order they were opened; annulled ones are no resolutions.
fn resolutions(meeting: &Meeting) -> Vec<Resolution> {
    let closed = meeting.votes.iter().filter_map(|(vote, it)| match &it.phase {
        VotePhase::Closed(decision) => Some((vote, &it.question, decision)),
        VotePhase::Open | VotePhase::Annulled => None,
    });
    closed
        .map(|(vote, question, decision)| {
            let reason = decision.verdict.reason();
            Resolution {
                vote: *vote,
                motion: question.motion,
                question: question.text.clone(),
                carried: decision.verdict.outcome == Outcome::Carried,
                reason_zh: reason.zh,
                reason_en: reason.en,
            }
        })
        .collect()
}

/// Draft the minutes of a meeting that is over, from what happened in it.
#[derive(Debug, Serialize)]
pub struct DraftMinutes {
    /// Of which meeting.
    pub meeting: MeetingId,
}

impl Command for DraftMinutes {
    const ACT: &'static Act = &DRAFT_MINUTES;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let meeting = held(work, Self::ACT, self.meeting).await?;
        let council_id = meeting.require_known().map_err(refused)?;
        if meeting.phase != MeetingPhase::Closed {
            return Err(refused(MinutesRefusal::MeetingNotOver));
        }
        let council = work.load::<Council>(council_id).await?.into_inner();
        let mut events = vec![];
        for recorded in work.app.log().read_streams(&[StreamId::of::<Meeting>(self.meeting)]).await.map_err(Fault::Log)? {
            events.push(work.app.upcasters().decode::<MeetingEvent>(&recorded).map_err(|fault| Fault::Session(fault.into()))?);
        }
        let day = meeting.notice.as_ref().map_or(work.today(), |notice| work.day_of(notice.starts));
        let happened = Happened {
            council: &council.name,
            meeting: &meeting,
            events: &events,
            representatives: &council.representatives(day).collect::<Vec<_>>(),
            resolutions: &resolutions(&meeting),
            zone: work.app.zone(),
        };
        let command = MinutesCommand::Draft { council: council_id, meeting: self.meeting, text: draft(&happened) };
        work.load_and_decide::<Minutes>(self.meeting, command).await?;
        Ok(self.meeting)
    }
}

/// Replace the text of minutes.
#[derive(Debug, Serialize)]
pub struct EditMinutes {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// The revision that was edited.
    pub revision: u32,
    /// The new text.
    pub text: String,
}

impl Command for EditMinutes {
    const ACT: &'static Act = &EDIT_MINUTES;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        held(work, Self::ACT, self.meeting).await?;
        let edit = MinutesCommand::Edit { revision: self.revision, text: self.text.clone() };
        work.load_and_decide::<Minutes>(self.meeting, edit).await?;
        Ok(self.meeting)
    }
}

/// Approve minutes as they were read.
#[derive(Debug, Serialize)]
pub struct ApproveMinutes {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// The revision that was read.
    pub revision: u32,
}

impl Command for ApproveMinutes {
    const ACT: &'static Act = &APPROVE_MINUTES;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        held(work, Self::ACT, self.meeting).await?;
        work.load_and_decide::<Minutes>(self.meeting, MinutesCommand::Approve { revision: self.revision }).await?;
        Ok(self.meeting)
    }
}

/// Publish approved minutes with the meeting's resolutions.
#[derive(Debug, Serialize)]
pub struct PublishMinutes {
    /// Of which meeting.
    pub meeting: MeetingId,
}

impl Command for PublishMinutes {
    const ACT: &'static Act = &PUBLISH_MINUTES;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        let meeting = held(work, Self::ACT, self.meeting).await?;
        let publish = MinutesCommand::Publish { resolutions: resolutions(&meeting) };
        work.load_and_decide::<Minutes>(self.meeting, publish).await?;
        Ok(self.meeting)
    }
}

/// Take published minutes up again.
#[derive(Debug, Serialize)]
pub struct ReopenMinutes {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Why; public.
    pub reason: String,
}

impl Command for ReopenMinutes {
    const ACT: &'static Act = &REOPEN_MINUTES;
    type Answer = MeetingId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<MeetingId, Rejection> {
        held(work, Self::ACT, self.meeting).await?;
        work.load_and_decide::<Minutes>(self.meeting, MinutesCommand::Reopen { reason: self.reason.clone() }).await?;
        Ok(self.meeting)
    }
}
