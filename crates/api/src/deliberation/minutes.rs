//! Minutes: what was published is everybody's to read, the draft is for those who keep them.

use async_graphql::{ComplexObject, Context, Error, ID, Object, SimpleObject};
use gongyi_app::deliberation::meeting::minutes::{ApproveMinutes, DraftMinutes, EditMinutes, PublishMinutes, ReopenMinutes};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::minutes::{EDIT_MINUTES, MinutesPhase as Stored, Resolution},
    values::{CouncilId, MeetingId, MotionId, PersonId},
};
use gongyi_projections::{MeetingRow, MinutesRow};

use super::{
    meeting::{MeetingPayload, Participant},
    motion::{self, Motion},
};
use crate::{door::Door, ids, list::List, loaders::MinutesOf, phase::phase, scalars::Moment, table::mutations};

phase! {
    /// How far minutes have come.
    MinutesPhase of Stored {
        /// Being written.
        Draft,
        /// Approved as they are.
        Approved,
        /// Published.
        Published,
    }
}

/// A resolution (决议) as the minutes print it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct MeetingResolution {
    /// The id of the vote that made it.
    vote_id: ID,
    #[graphql(skip)]
    motion: Option<MotionId>,
    /// What was asked.
    question: String,
    /// Whether it was carried.
    carried: bool,
    /// The printed reason, in Chinese.
    reason_zh: String,
    /// The printed reason, in English.
    reason_en: String,
}

#[ComplexObject]
impl MeetingResolution {
    /// The motion, if it was one.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        motion::one_of(ctx, self.motion).await
    }
}

/// The minutes (会议纪要) of a meeting.
pub struct Minutes {
    row: MinutesRow,
    /// Whose meeting's they are.
    council: CouncilId,
    /// The asker keeps them.
    keeps: bool,
}

/// The persons whom a text names by `@{person id}`, each once, in order.
fn named(text: &str) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = vec![];
    for part in text.split("@{").skip(1) {
        let person = part.split_once('}').and_then(|(id, _)| id.parse().ok());
        people.extend(person.filter(|person| !people.contains(person)));
    }
    people
}

impl Minutes {
    fn participant(&self, person: PersonId) -> Participant {
        Participant::of(self.council, person)
    }

    /// The published text as the asker sees it: people by the names that the asker sees.
    async fn published(&self, door: &Door<'_>) -> Result<Option<String>, Error> {
        let Some(text) = &self.row.published_text else { return Ok(None) };
        let mut shown = text.clone();
        for person in named(text) {
            let name = self.participant(person).shown_name(door).await?;
            shown = shown.replace(&format!("@{{{person}}}"), name.as_deref().unwrap_or("*"));
        }
        Ok(Some(shown))
    }

    fn shown_text(&self) -> Option<&str> {
        if self.keeps { Some(&self.row.state.text) } else { self.row.published_text.as_deref() }
    }
}

/// The minutes of a meeting. The text that is kept names people by `@{person id}`; the published one, by the names that the asker
/// sees.
#[Object]
impl Minutes {
    /// How far they have come.
    fn phase(&self) -> MinutesPhase {
        self.row.state.phase.into()
    }
    /// The newest revision, for those who keep them.
    fn revision(&self) -> Option<u32> {
        self.keeps.then_some(self.row.state.revision)
    }
    /// Its text, for those who keep them.
    fn text(&self) -> Option<&str> {
        self.keeps.then_some(self.row.state.text.as_str())
    }
    /// The revision that was published last.
    fn published_revision(&self) -> Option<u32> {
        self.row.published_revision
    }
    /// Its text.
    async fn published_text(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.published(&Door::of(ctx)?).await
    }
    /// When it was published.
    fn published_at(&self) -> Option<Moment> {
        self.row.published_at.map(Moment)
    }
    /// The meeting's resolutions, as published.
    #[graphql(complexity = "crate::paging::cost(None, None, child_complexity)")]
    fn resolutions(&self) -> List<MeetingResolution> {
        let resolution = |it: &Resolution| MeetingResolution {
            vote_id: ids::id(&it.vote),
            motion: it.motion,
            question: it.question.clone(),
            carried: it.carried,
            reason_zh: it.reason_zh.clone(),
            reason_en: it.reason_en.clone(),
        };
        self.row.resolutions.iter().map(resolution).collect()
    }
    /// Why published minutes were taken up again, if they are being changed.
    fn reopened(&self) -> Option<&str> {
        self.row.reopened.as_deref()
    }
    /// The people whom the text names, each once.
    #[graphql(complexity = "crate::paging::cost(None, None, child_complexity)")]
    fn people(&self) -> List<Participant> {
        self.shown_text().map(named).unwrap_or_default().into_iter().map(|person| self.participant(person)).collect()
    }
}

/// A meeting's minutes, as far as the asker may see them.
pub(super) async fn minutes(door: &Door<'_>, meeting: &MeetingRow) -> Result<Option<Minutes>, Error> {
    let keeps = door.allowed(&EDIT_MINUTES, &Subject::area(meeting.area.clone()));
    let row = door.load(MinutesOf(meeting.id)).await?;
    let council = meeting.council;
    Ok(row.filter(|row| keeps || row.published_text.is_some()).map(|row| Minutes { row, council, keeps }))
}

mutations! {
    /// The root fields that change minutes.
    pub struct MinutesMutations;

    /// Draft the minutes of a meeting that is over, from what happened in it.
    DraftMinutes -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// Replace the text of minutes.
    EditMinutes -> MeetingPayload {
        /// Of which meeting.
        meeting: MeetingId,
        /// The revision that was edited: nobody overwrites what somebody else has written meanwhile.
        revision: u32,
        /// The new text; people are named by `@{person id}`.
        text: String,
    }

    /// Approve minutes as they were read.
    ApproveMinutes -> MeetingPayload {
        /// Of which meeting.
        meeting: MeetingId,
        /// The revision that was read.
        revision: u32,
    }

    /// Publish approved minutes with the meeting's resolutions.
    PublishMinutes -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
    }

    /// Take published minutes up again; what was published stays until they are published anew.
    ReopenMinutes -> MeetingPayload {
        /// Which meeting.
        meeting: MeetingId,
        /// Why; public, so not about a person.
        reason: String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_text_names_each_person_once_and_bad_ids_name_nobody() {
        let [first, second] = [1, 2].map(|n| PersonId(Uuid::from_u128(n)));
        let text = format!("@{{{second}}} 发言；@{{{first}}}、@{{{second}}}；@{{无}} @{{{first}");
        assert_eq!(named(&text), [second, first]);
    }
}
