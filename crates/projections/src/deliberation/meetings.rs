//! Meetings and their minutes.
//!
//! - `state` is the domain's own, kept by its own fold; `course` and `votes` keep the times that state forgets.
//! - A meeting is looked for by its sittings: one that was adjourned to another day is there on both.
//! - What was published of minutes stays until it is published anew, whatever is edited meanwhile.

use std::collections::BTreeMap;

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        meeting::{Choice, Meeting, MeetingEvent, MeetingPhase},
        minutes::{Minutes, MinutesEvent, Resolution},
        sitting::Capacity,
    },
    values::{AreaCode, CouncilId, Instant, MeetingId, MotionId, PersonId, VoteId},
};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::{flag, json, meeting_phase},
    views::Views,
};

/// What happened in a meeting's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourseStep {
    /// It was opened, with a quorum.
    Opened,
    /// The quorum was lost.
    QuorumLost,
    /// The quorum was there again.
    QuorumReached,
    /// It was adjourned.
    Adjourned,
    /// It was resumed, with a quorum.
    Resumed,
    /// It was closed.
    Closed,
}

/// One step of a meeting's course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseEntry {
    /// What happened.
    pub step: CourseStep,
    /// When.
    pub at: Instant,
    /// Representatives in the room, where it is told.
    pub present: Option<u64>,
    /// Of how many, where it is told.
    pub entitled: Option<u64>,
    /// Until when it was adjourned, if that is known.
    pub until: Option<Instant>,
    /// Why it was adjourned.
    pub reason: Option<String>,
}

/// When a vote was taken, and why it counts for nothing if it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteCourse {
    /// When it was opened.
    pub opened: Instant,
    /// When it was closed.
    pub closed: Option<Instant>,
    /// Who is recused.
    pub recused: Vec<PersonId>,
    /// Why it was annulled.
    pub annulled: Option<String>,
}

row! {
    /// A meeting.
    MeetingRow in "meetings" {
        key {
            /// The meeting.
            id: MeetingId,
        }
        fixed {
            /// Whose.
            council: CouncilId,
            /// That council's area.
            area: AreaCode,
            /// When it was convened.
            #[serde(with = "ts_microseconds")]
            convened_at: Instant,
            /// Why the notice was shorter than the charter asks, if it was.
            short_notice: Option<String>,
        }
        rare {
            /// From when, as planned.
            #[serde(with = "ts_microseconds")]
            starts: Instant,
            /// Until when, as planned.
            #[serde(with = "ts_microseconds")]
            ends: Instant,
            /// From when its last sitting is, as planned: as `starts` if there is one only.
            #[serde(with = "ts_microseconds")]
            continues: Instant,
            /// How far it has come.
            #[serde(with = "meeting_phase")]
            phase: MeetingPhase,
            /// When its notice, agenda or sittings were changed last, as recorded.
            #[serde(with = "ts_microseconds")]
            revised_at: Instant,
            /// The event that did.
            revised: u64,
        }
        live {
            /// Why it was cancelled.
            cancel_reason: Option<String>,
            /// The domain's state.
            #[serde(with = "json")]
            state: Meeting,
            /// Its course, in order.
            #[serde(with = "json")]
            course: Vec<CourseEntry>,
            /// When its votes were taken.
            #[serde(with = "json")]
            votes: BTreeMap<VoteId, VoteCourse>,
        }
    }
}

row! {
    /// A sitting of a meeting, as announced: the first, and every continuation.
    SittingRow in "meeting_sittings" {
        key {
            /// Of which meeting.
            meeting: MeetingId,
            /// Which, from 1.
            number: u64,
        }
        live {
            /// From when.
            #[serde(with = "ts_microseconds")]
            starts: Instant,
            /// Until when.
            #[serde(with = "ts_microseconds")]
            ends: Instant,
            /// The meeting was closed before.
            #[serde(with = "flag")]
            called_off: bool,
        }
    }
}

row! {
    /// The minutes of a meeting.
    MinutesRow in "minutes" {
        key {
            /// The meeting.
            meeting: MeetingId,
        }
        live {
            /// The domain's state.
            #[serde(with = "json")]
            state: Minutes,
            /// When they were last published.
            #[serde(with = "ts_microseconds_option")]
            published_at: Option<Instant>,
            /// The revision that was published last.
            published_revision: Option<u32>,
            /// Its text.
            published_text: Option<String>,
            /// The meeting's resolutions, as published.
            #[serde(with = "json")]
            resolutions: Vec<Resolution>,
            /// Why they were reopened, if they are.
            reopened: Option<String>,
        }
    }
}

row! {
    /// Where a vote is or was taken.
    VoteRow in "meeting_votes" {
        key {
            /// The vote.
            id: VoteId,
        }
        fixed {
            /// In which meeting.
            meeting: MeetingId,
            /// On which motion, if it is one.
            motion: Option<MotionId>,
        }
    }
}

row! {
    /// Somebody invited to a meeting who is no representative.
    GuestRow in "meeting_guests" {
        key {
            /// To which meeting.
            meeting: MeetingId,
            /// Who.
            person: PersonId,
        }
        live {
            /// As what.
            capacity: Capacity,
        }
    }
}

row! {
    /// A ballot cast by name.
    MeetingBallotRow in "meeting_ballots" {
        key {
            /// In which vote.
            vote: VoteId,
            /// Who.
            person: PersonId,
        }
        fixed {
            /// In which meeting.
            meeting: MeetingId,
            /// What.
            choice: Choice,
            /// When, as recorded.
            #[serde(with = "ts_microseconds")]
            cast_at: Instant,
        }
    }
}

#[derive(Default)]
pub(crate) struct MeetingsFold {
    meetings: Rows<MeetingRow>,
    sittings: Rows<SittingRow>,
    minutes: Rows<MinutesRow>,
    votes: Rows<VoteRow>,
    guests: Rows<GuestRow>,
    meeting_ballots: Rows<MeetingBallotRow>,
}

fn entry(step: CourseStep, at: Instant, counts: Option<(u64, Option<u64>)>) -> CourseEntry {
    let (present, entitled) = counts.unzip();
    CourseEntry { step, at, present, entitled: entitled.flatten(), until: None, reason: None }
}

/// Whether an event changes what a calendar says of its meeting.
fn revises(event: &MeetingEvent) -> bool {
    use MeetingEvent as E;
    match event {
        E::MeetingConvened { .. }
        | E::MeetingAmended { .. }
        | E::ContinuationAnnounced { .. }
        | E::MeetingCancelled { .. }
        | E::MeetingAdjourned { .. }
        | E::MeetingResumed { .. }
        | E::MeetingClosed { .. } => true,
        E::GuestInvited { .. }
        | E::AbsenceExcused { .. }
        | E::AttendeeCame { .. }
        | E::AttendeeWent { .. }
        | E::QuorumReached { .. }
        | E::QuorumLost { .. }
        | E::MeetingOpened { .. }
        | E::ItemTakenUp { .. }
        | E::SpeakerListed { .. }
        | E::SpeakerUnlisted { .. }
        | E::SpeakerCalled { .. }
        | E::TurnEnded { .. }
        | E::VoteOpened { .. }
        | E::BallotCast { .. }
        | E::HandsCounted { .. }
        | E::VoteClosed { .. }
        | E::VoteAnnulled { .. } => false,
    }
}

/// The sittings as the meeting has them now.
fn sit(sittings: &mut Rows<SittingRow>, meeting: MeetingId, state: &Meeting, position: u64) {
    for (number, (notice, called_off)) in (1..).zip(state.sittings()) {
        let (starts, ends) = (notice.starts, notice.ends);
        sittings.put(SittingRow { meeting, number, starts, ends, called_off, position });
    }
}

impl MeetingsFold {
    fn meeting(&mut self, change: &Change, event: &MeetingEvent) -> Result<(), FoldError> {
        use CourseStep as S;
        use MeetingEvent as E;
        let (id, position) = (MeetingId(change.stream.id), change.position);
        if let E::MeetingConvened { council, area, notice, short_notice, .. } = event {
            let state = Meeting::apply_event(Meeting::default(), event.clone());
            sit(&mut self.sittings, id, &state, position);
            return self.meetings.add(MeetingRow {
                id,
                council: *council,
                area: area.clone(),
                convened_at: change.recorded_at,
                short_notice: short_notice.clone(),
                starts: notice.starts,
                ends: notice.ends,
                continues: notice.starts,
                phase: MeetingPhase::Convened,
                revised_at: change.recorded_at,
                revised: position,
                cancel_reason: None,
                state,
                course: vec![],
                votes: BTreeMap::new(),
                position,
            });
        }
        let row = self.meetings.change(&(id,), position)?;
        row.state = Meeting::apply_event(std::mem::take(&mut row.state), event.clone());
        row.phase = row.state.phase;
        if let (Some(notice), Some(last)) = (&row.state.notice, row.state.announced()) {
            (row.starts, row.ends, row.continues) = (notice.starts, notice.ends, last.starts);
        }
        if revises(event) {
            (row.revised_at, row.revised) = (change.recorded_at, position);
            sit(&mut self.sittings, id, &row.state, position);
        }
        match event {
            E::MeetingCancelled { reason } => row.cancel_reason = Some(reason.clone()),
            E::MeetingOpened { at, present, entitled } => row.course.push(entry(S::Opened, *at, Some((*present, Some(*entitled))))),
            E::QuorumLost { at, present, entitled } => row.course.push(entry(S::QuorumLost, *at, Some((*present, Some(*entitled))))),
            E::QuorumReached { at, present, entitled } => row.course.push(entry(S::QuorumReached, *at, Some((*present, Some(*entitled))))),
            E::MeetingResumed { at, present, entitled } => row.course.push(entry(S::Resumed, *at, Some((*present, *entitled)))),
            E::MeetingAdjourned { at, until, reason } => {
                row.course.push(CourseEntry { until: *until, reason: Some(reason.clone()), ..entry(S::Adjourned, *at, None) });
            }
            E::MeetingClosed { at } => row.course.push(entry(S::Closed, *at, None)),
            E::GuestInvited { person, capacity } => {
                self.guests.put(GuestRow { meeting: id, person: *person, capacity: *capacity, position });
            }
            E::VoteOpened { vote, question, recused, at, .. } => {
                row.votes.insert(*vote, VoteCourse { opened: *at, closed: None, recused: recused.clone(), annulled: None });
                self.votes.add(VoteRow { id: *vote, meeting: id, motion: question.motion, position })?;
            }
            E::BallotCast { vote, person, choice, on: _ } => {
                let (vote, person, choice, cast_at) = (*vote, *person, *choice, change.recorded_at);
                self.meeting_ballots.add(MeetingBallotRow { vote, person, meeting: id, choice, cast_at, position })?;
            }
            E::VoteClosed { vote, at, .. } => {
                row.votes.entry(*vote).and_modify(|course| course.closed = Some(*at));
            }
            E::VoteAnnulled { vote, reason } => {
                row.votes.entry(*vote).and_modify(|course| course.annulled = Some(reason.clone()));
            }
            E::MeetingConvened { .. }
            | E::MeetingAmended { .. }
            | E::ContinuationAnnounced { .. }
            | E::AbsenceExcused { .. }
            | E::AttendeeCame { .. }
            | E::AttendeeWent { .. }
            | E::ItemTakenUp { .. }
            | E::SpeakerListed { .. }
            | E::SpeakerUnlisted { .. }
            | E::SpeakerCalled { .. }
            | E::TurnEnded { .. }
            | E::HandsCounted { .. } => {}
        }
        Ok(())
    }

    fn minutes(&mut self, change: &Change, event: &MinutesEvent) -> Result<(), FoldError> {
        let (meeting, position) = (MeetingId(change.stream.id), change.position);
        if let MinutesEvent::MinutesDrafted { .. } = event {
            let (published_at, published_revision, published_text, reopened) = (None, None, None, None);
            let state = Minutes::apply_event(Minutes::default(), event.clone());
            let resolutions = vec![];
            return self.minutes.add(MinutesRow {
                meeting,
                state,
                published_at,
                published_revision,
                published_text,
                resolutions,
                reopened,
                position,
            });
        }
        let row = self.minutes.change(&(meeting,), position)?;
        row.state = Minutes::apply_event(std::mem::take(&mut row.state), event.clone());
        match event {
            MinutesEvent::MinutesPublished { revision, resolutions } => {
                (row.published_at, row.published_revision) = (Some(change.recorded_at), Some(*revision));
                row.published_text = Some(row.state.text.clone());
                (row.resolutions, row.reopened) = (resolutions.clone(), None);
            }
            MinutesEvent::MinutesReopened { reason } => row.reopened = Some(reason.clone()),
            MinutesEvent::MinutesDrafted { .. } | MinutesEvent::MinutesEdited { .. } | MinutesEvent::MinutesApproved { .. } => {}
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a meeting.
    Meeting(&'e MeetingEvent),
    /// Something befell its minutes.
    Minutes(&'e MinutesEvent),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Meeting(event) => Some(Concern::Meeting(event)),
        D::Minutes(event) => Some(Concern::Minutes(event)),
        D::Council(_)
        | D::ResidentIssue(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Election(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_) => None,
    }
}

impl Fold for MeetingsFold {
    const NAME: &'static str = "meetings";
    const KINDS: &'static [&'static str] = &["meeting", "minutes"];

    fn want(&mut self, change: &Change) {
        let id = MeetingId(change.stream.id);
        match concern(change) {
            Some(Concern::Meeting(event)) => {
                self.meetings.want((id,));
                if revises(event) {
                    self.sittings.want_by("meeting", id);
                }
                if let MeetingEvent::VoteOpened { vote, .. } = event {
                    self.votes.want((*vote,));
                } else if let MeetingEvent::GuestInvited { person, .. } = event {
                    self.guests.want((id, *person));
                } else if let MeetingEvent::BallotCast { vote, person, .. } = event {
                    self.meeting_ballots.want((*vote, *person));
                }
            }
            Some(Concern::Minutes(_)) => self.minutes.want((id,)),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Meeting(event)) => self.meeting(change, event),
            Some(Concern::Minutes(event)) => self.minutes(change, event),
            None => Ok(()),
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.meetings, &mut self.sittings, &mut self.minutes, &mut self.votes, &mut self.guests, &mut self.meeting_ballots]
    }
}

/// Which meetings.
#[derive(Debug, Clone, Default)]
pub struct MeetingFilter {
    /// Of this council.
    pub council: Option<CouncilId>,
    /// Of councils in this area or within it.
    pub area: Option<AreaCode>,
    /// Of councils in which this person sits now, or to which the person is invited.
    pub of_person: Option<PersonId>,
    /// That have a sitting that ends after this moment, as planned.
    pub from: Option<Instant>,
    /// That have a sitting that starts before this moment, as planned; the same one as `from`, if both are given.
    pub to: Option<Instant>,
    /// That are not over by this moment: not yet ended as planned, or opened and not closed.
    pub going_on_at: Option<Instant>,
    /// In one of these phases; in any if there is none.
    pub phases: Vec<MeetingPhase>,
}

impl Views {
    /// Meetings by the start of their first sitting; those that are not over, by the start of the last: the one to come.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn meetings(&self, filter: &MeetingFilter, descending: bool, page: &PageArgs) -> Result<Page<MeetingRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("m.council=?", filter.council.map(|id| id.to_string()));
        conditions.in_area("m.area", filter.area.as_ref());
        if let Some(person) = filter.of_person {
            let sits = "m.council IN (SELECT s.council FROM seats s WHERE s.person=? AND s.vacated_on IS NULL AND s.term_over=0)";
            let invited = "m.id IN (SELECT g.meeting FROM meeting_guests g WHERE g.person=?)";
            let person = person.to_string();
            conditions.holds(format!("({sits} OR {invited})"), vec![person.clone().into(), person.into()]);
        }
        if filter.from.is_some() || filter.to.is_some() {
            let mut sitting = Conditions::default();
            sitting.plain("s.meeting=m.id AND s.called_off=0");
            sitting.maybe("s.ends>?", filter.from.map(|at| at.timestamp_micros()));
            sitting.maybe("s.starts<?", filter.to.map(|at| at.timestamp_micros()));
            let binds = sitting.binds().to_vec();
            conditions.holds(format!("EXISTS(SELECT 1 FROM meeting_sittings s WHERE {})", sitting.sql()), binds);
        }
        conditions.maybe("(m.ends>? OR m.phase<>'convened')", filter.going_on_at.map(|at| at.timestamp_micros()));
        if !filter.phases.is_empty() {
            let phases: Vec<_> = filter.phases.iter().map(|phase| meeting_phase::name(*phase)).collect();
            conditions.with("m.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&phases)?);
        }
        let (name, start) = if filter.going_on_at.is_some() { ("meetings to come", "m.continues") } else { ("meetings", "m.starts") };
        let sort = Sort { name, columns: vec![SortColumn::plain(start), SortColumn::plain("m.id")], descending };
        Listing { select: MeetingRow::select("m"), from: "meetings m", conditions, sort }.page(self, page).await
    }

    /// Meetings by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn meetings_by_ids(&self, ids: &[MeetingId]) -> Result<Vec<MeetingRow>, QueryError> {
        let sql = format!("SELECT {} FROM meetings m WHERE m.id IN (SELECT value FROM json_each(?))", MeetingRow::select("m"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// Where these votes are or were taken, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn votes_by_ids(&self, ids: &[VoteId]) -> Result<Vec<VoteRow>, QueryError> {
        let sql = format!("SELECT {} FROM meeting_votes v WHERE v.id IN (SELECT value FROM json_each(?))", VoteRow::select("v"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// What somebody voted by name, the last first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn meeting_ballots_of(&self, person: PersonId, page: &PageArgs) -> Result<Page<MeetingBallotRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("o.person=?", person.to_string());
        let columns = vec![SortColumn::plain("o.cast_at"), SortColumn::plain("o.vote")];
        let sort = Sort { name: "meeting_ballots", columns, descending: true };
        Listing { select: MeetingBallotRow::select("o"), from: "meeting_ballots o", conditions, sort }.page(self, page).await
    }

    /// The minutes of these meetings, in no order; meetings without are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn minutes_by_meetings(&self, ids: &[MeetingId]) -> Result<Vec<MinutesRow>, QueryError> {
        let sql = format!("SELECT {} FROM minutes m WHERE m.meeting IN (SELECT value FROM json_each(?))", MinutesRow::select("m"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }
}
