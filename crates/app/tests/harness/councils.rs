//! Councils and motions of a test, and what is staged about them where no command of its own does it.

use gongyi_app::{
    Command, Rejection,
    deliberation::motion::{
        deciding::{abandoned, decided, put_to_vote, schedule, taken_off_agenda},
        drafting::{AcceptMotion, DraftMotion, ParagraphDraft, SecondMotion, SubmitMotion, TextDraft},
    },
    work::Work,
};
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{charter::CharterTerms, meeting::CONVENE_MEETING, motion::Motion, motion_category::MotionCategory},
    values::{CouncilId, MeetingId, MotionId, VoteId},
};
use serde::Serialize;
use uuid::Uuid;

use super::{District, Resident};

/// What a meeting does to a motion.
#[derive(Debug, Serialize)]
pub enum Meets {
    Schedules(CouncilId, MeetingId),
    TakesOff,
    Puts(MeetingId, VoteId, u32),
    Decides(VoteId, bool),
    Abandons(VoteId),
}

#[derive(Debug, Serialize)]
pub struct Meeting(pub MotionId, pub Meets);

gongyi_app::commands! { Meeting }

impl Command for Meeting {
    const ACT: &'static Act = &CONVENE_MEETING;
    type Answer = ();

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let Self(motion, what) = self;
        let area = work.load::<Motion>(*motion).await?.inner().area.clone();
        work.may(Self::ACT, &Subject { area, ..Subject::default() })?;
        let reason = || "时间不够".to_owned();
        match what {
            Meets::Schedules(council, meeting) => schedule(work, *council, *motion, *meeting).await,
            Meets::TakesOff => taken_off_agenda(work, *motion, reason()).await,
            Meets::Puts(meeting, vote, version) => put_to_vote(work, *motion, *meeting, *vote, *version).await,
            Meets::Decides(vote, adopted) => decided(work, *motion, *vote, *adopted).await,
            Meets::Abandons(vote) => abandoned(work, *motion, *vote, reason()).await,
        }?;
        Ok(())
    }
}

/// A text of new paragraphs.
pub fn text_of(title: &str, paragraphs: &[&str]) -> TextDraft {
    let paragraphs = paragraphs.iter().map(|text| ParagraphDraft { id: None, text: (*text).to_owned() });
    TextDraft { title: title.to_owned(), paragraphs: paragraphs.collect() }
}

impl District {
    /// A council of five seats in the area, with these representatives; a motion there needs two seconds.
    pub async fn establishes(&self, code: &str, people: &[&Resident<'_>]) -> CouncilId {
        let people = people.iter().map(|it| it.person).collect();
        self.establishes_council(code, CharterTerms::model(5), people).await
    }

    pub async fn motion(&self, motion: MotionId) -> Motion {
        self.app.state::<Motion>(motion).await.unwrap()
    }

    /// A motion before the council: drafted and submitted by the first, seconded by the others.
    pub async fn moves(&self, council: CouncilId, code: &str, people: [&Resident<'_>; 3]) -> MotionId {
        let motion = people[0].drafts(council).await.unwrap();
        people[0].does(&SubmitMotion { motion, by: people[0].person }).await.unwrap();
        for who in &people[1..] {
            who.does(&SecondMotion { motion, by: who.person }).await.unwrap();
        }
        self.organiser_in(code).await.does(&AcceptMotion { motion }).await.unwrap();
        motion
    }

    /// The meeting puts the motion on its agenda and to the vote, and the vote decides.
    pub async fn votes(&self, council: CouncilId, code: &str, motion: MotionId, adopted: bool) -> VoteId {
        let organiser = self.organiser_in(code).await;
        let (meeting, vote) = (MeetingId(Uuid::now_v7()), VoteId(Uuid::now_v7()));
        let version = self.motion(motion).await.version;
        for what in [Meets::Schedules(council, meeting), Meets::Puts(meeting, vote, version), Meets::Decides(vote, adopted)] {
            organiser.does(&Meeting(motion, what)).await.unwrap();
        }
        vote
    }
}

impl Resident<'_> {
    pub async fn drafts(&self, council: CouncilId) -> Result<MotionId, Rejection> {
        let text = text_of("增设路灯", &["在东门装十盏灯", "一年内完成"]);
        self.does(&DraftMotion { council, mover: self.person, category: MotionCategory::PublicFacilities, text }).await
    }
}
