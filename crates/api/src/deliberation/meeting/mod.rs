//! Meetings: convened with notice and agenda, sitting with a quorum, voting.

pub(crate) mod changes;
pub(crate) mod convening;
pub(crate) mod sitting;
pub(crate) mod voting;

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use gongyi_domain::{
    access::authority::Subject,
    deliberation::{
        decision::{Measure, Quorum as Demanded, Turnout},
        meeting::{MEETINGS, MeetingPhase as Stored, Notice},
        sitting::Capacity,
    },
    values::{AgendaItemId, CouncilId, MeetingId, MotionId, PersonId},
};
use gongyi_projections::{MeetingFilter as Filter, MeetingRow, PageArgs};

use self::{
    sitting::{MeetingAttendance, MeetingCourseEntry, SpeakersList},
    voting::Vote,
};
use super::{
    charters::TurnPolicy,
    councils::{self, Council},
    decision_rules::Threshold,
    minutes::{self, Minutes},
    motion::{self, Motion},
};
use crate::{
    access::{
        areas::{self, Area},
        personal::{Met, Named, PublicFunction},
    },
    door::Door,
    ids::{self, AgendaItemKey},
    list::List,
    outcome::payloads,
    paging::{self, Paged},
    phase::phase,
    scalars::{Area as AreaCode, Moment, Position},
    settings::PAGE_MAX_ROWS,
    table::wires,
};

phase! {
    /// How far a meeting has come.
    MeetingPhase of Stored {
        /// Convened.
        Convened,
        /// In session.
        Open,
        /// To go on another time.
        Adjourned,
        /// Over for good.
        Closed,
        /// Not held.
        Cancelled,
    }
}

/// As what somebody is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Capacity")]
pub enum MeetingCapacity {
    /// 议事代表: speaks and votes.
    Representative,
    /// 特邀专家: speaks, does not vote.
    Expert,
    /// 列席: may be given the word, does not vote.
    Observer,
}

wires! {
    MeetingCapacity => Capacity = |it| it.into();
}

/// Somebody who takes part in a meeting: named if they have accepted a seat in its council.
#[derive(Debug, Clone, Copy)]
pub struct Participant(Met);

impl Meeting {
    fn participant(&self, who: &PersonId) -> Participant {
        Participant::of(self.0.council, *who)
    }
}

impl Participant {
    /// Of a meeting of this council.
    pub(crate) fn of(council: CouncilId, person: PersonId) -> Self {
        Self(Met::in_public(person, PublicFunction::Seat(council)))
    }

    /// The name as the asker sees it; none once erased.
    pub(crate) async fn shown_name(self, door: &Door<'_>) -> Result<Option<String>, Error> {
        self.0.name(door).await
    }
}

/// Somebody who takes part in a meeting.
#[Object]
impl Participant {
    /// The person's global id; null where the name is masked.
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        self.0.id(&Door::of(ctx)?).await
    }
    /// The name, of representatives who have accepted their seat for whoever asks; else masked, `张*`, for those who may not see
    /// personal data; null once erased.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.0.name(&Door::of(ctx)?).await
    }
}

/// The charter's rules for the whole meeting, frozen when it was convened.
#[derive(SimpleObject)]
pub struct MeetingOrders {
    /// The charter's version.
    charter_version: u32,
    /// The share of all entitled that must be present.
    quorum: Threshold,
    /// Days from the notice to the meeting, at least.
    notice_days: u32,
    /// Who speaks when, and how long.
    turns: TurnPolicy,
}

/// An item of the agenda.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct AgendaItem {
    /// The global id; it names the meeting too.
    id: ID,
    /// Its number as printed, `2.1`.
    number: String,
    /// The id of the item it is a part of.
    part_of: Option<ID>,
    /// What is dealt with.
    title: String,
    #[graphql(skip)]
    motion: Option<MotionId>,
    /// It is being dealt with now.
    in_hand: bool,
    /// Who speaks on it.
    speakers: SpeakersList,
}

#[ComplexObject]
impl AgendaItem {
    /// The motion that is dealt with, if one is.
    async fn motion(&self, ctx: &Context<'_>) -> Result<Option<Motion>, Error> {
        motion::one_of(ctx, self.motion).await
    }
}

/// An invited guest.
#[derive(SimpleObject)]
pub struct InvitedGuest {
    /// Who.
    participant: Participant,
    /// As what.
    capacity: MeetingCapacity,
}

/// A sitting of a meeting, as announced.
#[derive(SimpleObject)]
pub struct MeetingSitting {
    /// What it is about.
    title: String,
    /// Where.
    place: String,
    /// From when.
    starts: Moment,
    /// Until when.
    ends: Moment,
    /// The meeting was closed before.
    called_off: bool,
}

/// The quorum as it is now.
#[derive(SimpleObject)]
pub struct MeetingQuorum {
    /// Representatives in the room.
    present: u64,
    /// Of how many; null before the meeting was opened.
    entitled: Option<u64>,
    /// Whether they are enough; null before the meeting was opened.
    reached: Option<bool>,
    /// What was compared, in Chinese.
    zh: Option<String>,
    /// What was compared, in English.
    en: Option<String>,
}

/// A meeting; shared, for thousands may look at one at once.
pub struct Meeting(Arc<MeetingRow>);

impl From<MeetingRow> for Meeting {
    fn from(row: MeetingRow) -> Self {
        Self(Arc::new(row))
    }
}

/// A council's meeting. Meetings are public.
#[Object]
impl Meeting {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// The council whose meeting it is.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>, Error> {
        councils::council(&Door::of(ctx)?, self.0.council).await
    }
    /// The code of that council's area.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// That council's area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// How far it has come.
    fn phase(&self) -> MeetingPhase {
        self.0.phase.into()
    }
    /// What it is about.
    fn title(&self) -> &str {
        self.0.state.notice.as_ref().map_or("", |notice| &notice.title)
    }
    /// Where.
    fn place(&self) -> &str {
        self.0.state.notice.as_ref().map_or("", |notice| &notice.place)
    }
    /// From when, as planned; of the first sitting, if there are several.
    fn starts(&self) -> Moment {
        Moment(self.0.starts)
    }
    /// Until when, as planned; of the first sitting, if there are several.
    fn ends(&self) -> Moment {
        Moment(self.0.ends)
    }
    /// Its sittings, in order: the first, and a continuation for every time it was adjourned until a later day or hour.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    fn sittings(&self) -> List<MeetingSitting> {
        let shown = |(notice, called_off): (&Notice, bool)| MeetingSitting {
            title: notice.title.clone(),
            place: notice.place.clone(),
            starts: Moment(notice.starts),
            ends: Moment(notice.ends),
            called_off,
        };
        self.0.state.sittings().map(shown).collect()
    }
    /// When it was convened.
    fn convened_at(&self) -> Moment {
        Moment(self.0.convened_at)
    }
    /// Why the notice was shorter than the charter asks, if it was.
    fn short_notice(&self) -> Option<&str> {
        self.0.short_notice.as_deref()
    }
    /// Why it was cancelled, if it was.
    fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }
    /// The charter's rules for the whole meeting.
    fn orders(&self) -> Option<MeetingOrders> {
        let orders = self.0.state.orders.as_ref()?;
        Some(MeetingOrders {
            charter_version: orders.charter_version,
            quorum: orders.quorum.into(),
            notice_days: orders.notice_days,
            turns: orders.turns.into(),
        })
    }
    /// The agenda: items in the order they are dealt with, parts after what they belong to.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn agenda(&self, ctx: &Context<'_>) -> Result<List<AgendaItem>, Error> {
        let (now, state, meeting) = (Door::of(ctx)?.now(), &self.0.state, self.0.id);
        let speakers = |item: AgendaItemId| match (state.speakers_of(item), &state.orders) {
            (Some(list), Some(orders)) => SpeakersList::new(self.0.council, &list, &orders.turns, now),
            (None, _) | (_, None) => SpeakersList::default(),
        };
        let items = state.agenda.items().iter().map(|item| AgendaItem {
            id: ids::id(&AgendaItemKey { meeting, item: item.id }),
            number: state.agenda.number(item.id).unwrap_or_default(),
            part_of: item.part_of.map(|item| ids::id(&AgendaItemKey { meeting, item })),
            title: item.title.clone(),
            motion: item.motion,
            in_hand: state.item == Some(item.id),
            speakers: speakers(item.id),
        });
        Ok(items.collect())
    }
    /// Experts and observers who are invited.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn invited(&self) -> List<InvitedGuest> {
        let guest =
            |(who, capacity): (&PersonId, &Capacity)| InvitedGuest { participant: self.participant(who), capacity: (*capacity).into() };
        self.0.state.invited.iter().map(guest).collect()
    }
    /// Representatives whose absence is excused.
    #[graphql(complexity = "room_cost(child_complexity)")]
    fn excused(&self) -> List<Participant> {
        self.0.state.excused.iter().map(|who| self.participant(who)).collect()
    }
    /// Everybody who has been in the room.
    #[graphql(complexity = "room_cost(child_complexity)")]
    fn attendances(&self) -> List<MeetingAttendance> {
        self.0.state.sitting.all().map(|(who, it)| MeetingAttendance::new(self.participant(&who), it)).collect()
    }
    /// The quorum as it is now, of the council as it is; while the meeting is not in session it is neither there nor broken.
    async fn quorum(&self, ctx: &Context<'_>) -> Result<MeetingQuorum, Error> {
        let (door, state) = (Door::of(ctx)?, &self.0.state);
        let council = if self.0.phase.is_over() { None } else { door.load(self.0.council).await? };
        let (present, entitled) = match council {
            Some(council) => {
                let council = council.state.standing(door.today());
                (state.present_of(&council).len() as u64, council.entitled())
            }
            None => (state.present(), state.entitled),
        };
        let entitled = Some(entitled).filter(|it| *it > 0);
        let gathers = matches!(self.0.phase, Stored::Convened | Stored::Open);
        let step = state.orders.as_ref().zip(entitled.filter(|_| gathers)).map(|(orders, entitled)| {
            let demanded = Demanded { counts: Turnout::Present, by: Measure::Heads, threshold: orders.quorum };
            demanded.step(present, entitled)
        });
        let (zh, en) = step.as_ref().map(|it| it.wording()).map(|it| (it.zh, it.en)).unzip();
        Ok(MeetingQuorum { present, entitled, reached: step.map(|it| it.held()), zh, en })
    }
    /// Its course, in order: how the quorum came and went, adjournments, the end.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn course(&self) -> List<MeetingCourseEntry> {
        self.0.course.iter().map(MeetingCourseEntry::from).collect()
    }
    /// Its votes, in the order they were opened.
    #[graphql(complexity = "paging::cost(None, None, child_complexity)")]
    fn votes(&self) -> Vec<Vote> {
        voting::votes(&self.0)
    }
    /// Its minutes, once they are published; for those who keep them, from the first draft on.
    async fn minutes(&self, ctx: &Context<'_>) -> Result<Option<Minutes>, Error> {
        minutes::minutes(&Door::of(ctx)?, &self.0).await
    }
}

/// What a list of the people in the room costs: nobody pages through a room, and large ones are rare.
pub(super) fn room_cost(child: usize) -> usize {
    1 + PAGE_MAX_ROWS as usize * child
}

/// The meetings to come of a person: of the councils in which the person sits, and those the person is invited to; what
/// goes on or is adjourned too. The next first.
pub(crate) async fn to_come(door: &Door<'_>, person: PersonId, page: &PageArgs) -> Result<Paged<Meeting>, Error> {
    let phases = vec![Stored::Convened, Stored::Open, Stored::Adjourned];
    let filter = Filter { of_person: Some(person), going_on_at: Some(door.now()), phases, ..Filter::default() };
    Ok(paging::paged(door.read(door.app.views().meetings(&filter, false, page).await)?, Meeting::from))
}

/// A meeting; they are public.
pub(crate) async fn meeting(door: &Door<'_>, id: MeetingId) -> Result<Option<Meeting>, Error> {
    Ok(door.load(id).await?.map(Meeting))
}

payloads! {
    /// A meeting, after a command.
    MeetingPayload(MeetingId) {
        /// The meeting.
        meeting: Meeting = |door, id| meeting(door, *id),
    }
}

/// Which meetings.
#[derive(Default, InputObject)]
pub struct MeetingFilter {
    /// Of this council.
    council: Option<ID>,
    /// Of councils in this area or within it.
    area: Option<AreaCode>,
    /// With a sitting that ends after this moment, as planned.
    from: Option<Moment>,
    /// With a sitting that starts before this moment, as planned.
    to: Option<Moment>,
    /// In one of these phases.
    phases: Option<Vec<MeetingPhase>>,
}

/// The root fields about meetings.
#[derive(Default)]
pub struct MeetingQueries;

#[Object]
impl MeetingQueries {
    /// Meetings by the start of their first sitting. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn meetings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which meetings.")] filter: Option<MeetingFilter>,
        #[graphql(desc = "The latest first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Meeting>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        let (filter, descending) = (filter.unwrap_or_default(), descending.unwrap_or_default());
        door.may(&MEETINGS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let filter = Filter {
            council: filter.council.as_ref().map(ids::asked).transpose()?,
            area: filter.area.map(|it| it.0),
            of_person: None,
            going_on_at: None,
            from: filter.from.map(|it| it.0),
            to: filter.to.map(|it| it.0),
            phases: filter.phases.unwrap_or_default().into_iter().map(Stored::from).collect(),
        };
        Ok(paging::paged(door.read(door.app.views().meetings(&filter, descending, &page).await)?, Meeting::from))
    }

    /// One meeting; null if there is none. Open to everybody.
    async fn meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Meeting>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&MEETINGS, &Subject::default())?;
        meeting(&door, ids::asked(&id)?).await
    }
}
