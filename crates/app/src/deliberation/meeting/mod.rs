//! Meetings: convened, sitting, voting, and their minutes.
//!
//! Meetings are locked: many check in, ask for the word and vote at once, and queue instead of colliding.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        council::Council,
        meeting::Meeting,
        motion::{Motion, MotionPhase},
        standing::Standing,
    },
    values::{MeetingId, MotionId, PersonId},
};

use super::motion::deciding;
use crate::{
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

pub mod convening;
pub mod minutes;
pub mod sitting;
pub mod voting;

/// The meeting, locked, if the actor may do `act` to it, about `person` if one is given.
async fn kept(work: &mut Work<'_>, act: &Act, meeting: MeetingId, person: Option<PersonId>) -> Result<Loaded<Meeting>, Rejection> {
    let loaded = work.lock::<Meeting>(meeting).await?;
    let area = loaded.inner().require_area().map_err(refused)?.clone();
    work.may(act, &Subject { person, ..Subject::area(area) })?;
    Ok(loaded)
}

/// The council of a meeting.
async fn council_of(work: &Work<'_>, meeting: &Meeting) -> Result<Council, Rejection> {
    let id = meeting.require_known().map_err(refused)?;
    Ok(work.load::<Council>(id).await?.into_inner())
}

/// The council of a meeting as it is today: empty once it is dissolved.
async fn standing(work: &Work<'_>, meeting: &Meeting) -> Result<Standing, Rejection> {
    Ok(council_of(work, meeting).await?.standing(work.today()))
}

/// Takes what still waits for the vote off the meeting's agenda.
async fn take_off(work: &Work<'_>, meeting: MeetingId, motions: impl IntoIterator<Item = MotionId>, reason: &str) -> Result<(), Rejection> {
    for id in motions {
        let motion = work.load::<Motion>(id).await?.into_inner();
        if motion.phase == MotionPhase::Scheduled && motion.meeting == Some(meeting) {
            deciding::taken_off_agenda(work, id, reason.to_owned()).await?;
        }
    }
    Ok(())
}
